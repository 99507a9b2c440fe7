"""Draws the visible part of a tensor: reads each window in view once, and paints it with headers and titles."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter

from playground.models.evaluation.reader import TensorReader, Window
from playground.widgets.grid.geometry import Block, GridAxes
from playground.widgets.grid.painter import paint_block, paint_selected
from playground.widgets.grid.style import BAR, LABEL_HEIGHT, AxisLabel, GridPicture
from playground.widgets.look import code_font, look, words_font
from playground.widgets.painting import paint_lit
from playground.widgets.text.badges import BADGE, paint_axis_badge


def paint_headers(painter: QPainter, picture: GridPicture, block: Block, first: bool) -> None:
    """Bars along a block in the colours of its axes; indices and badges if headers are shown."""
    geometry, axes, marks = picture.geometry, picture.geometry.axes, picture.marks
    left = block.left + block.columns.start * geometry.cell_width
    top = block.top + block.rows.start * geometry.cell_height
    width, height = len(block.columns) * geometry.cell_width, len(block.rows) * geometry.cell_height
    lit = _lit_places(picture)
    bar_top = min(geometry.top, top) if not axes.facets else top
    if axes.column_axis is not None:
        _paint_bar(painter, QRectF(left, bar_top - BAR - 1, width + 1, BAR), marks.label(axes.column_axis).colour)
        if picture.headers:
            _paint_column_labels(painter, picture, block, bar_top - BAR - 1, lit.get(axes.column_axis, frozenset()))
    if axes.row_axis is not None:
        _paint_bar(painter, QRectF(left - BAR - 1, top, BAR, height + 1), marks.label(axes.row_axis).colour)
        if picture.headers and first:
            _paint_row_labels(painter, picture, block, left - BAR - 1, lit.get(axes.row_axis, frozenset()))


def _lit_places(picture: GridPicture) -> dict[int, frozenset[int]]:
    """By axis, the indices with a bold header."""
    places: dict[int, set[int]] = {}
    indices = [region.index for region in picture.marks.lit]
    if picture.marks.selected is not None:
        indices.append(picture.marks.selected)
    for index in indices:
        for axis, place in enumerate(index):
            if place is not None:
                places.setdefault(axis, set()).add(place)
    return {axis: frozenset(found) for axis, found in places.items()}


def _paint_bar(painter: QPainter, rect: QRectF, colour: int) -> None:
    painter.fillRect(rect, look().axis_line(colour))
    inner = rect.adjusted(1, 1, -1, -1)
    painter.fillRect(inner, look().axis_fill(colour))


def _label_font(bold: bool) -> QFont:
    return code_font(12, QFont.Weight.Bold if bold else QFont.Weight.Normal)


def _paint_column_labels(
    painter: QPainter, picture: GridPicture, block: Block, bottom: float, bold: frozenset[int]
) -> None:
    geometry, axes = picture.geometry, picture.geometry.axes
    metrics = QFontMetricsF(_label_font(False))
    advance = metrics.horizontalAdvance("0")
    base = round(bottom - LABEL_HEIGHT / 2 - 1 + metrics.capHeight() / 2)
    badge = min(block.left + block.columns.stop * geometry.cell_width + 12, geometry.view_width - BADGE)
    for column in _spaced(block.columns, geometry.cell_width, advance):
        centre = block.left + (column + 0.5) * geometry.cell_width
        text = str(column)
        if not axes.facets and centre + len(text) * advance / 2 > badge - 4:
            break  # part of a number beside the badge would read as a different number
        painter.setFont(_label_font(column in bold))
        painter.setPen(look().color("text" if column in bold else "text2"))
        painter.drawText(QPointF(round(centre - len(text) * advance / 2), base), text)
    if not axes.facets:
        label = picture.marks.label(axes.column_axis or 0)
        painter.fillRect(QRectF(badge - 4, bottom - LABEL_HEIGHT, BADGE + 8, LABEL_HEIGHT), look().color("panel"))
        _paint_badge(painter, picture, QPointF(badge, bottom - LABEL_HEIGHT + 1), label)


def _paint_row_labels(
    painter: QPainter, picture: GridPicture, block: Block, right: float, bold: frozenset[int]
) -> None:
    geometry, axes = picture.geometry, picture.geometry.axes
    metrics = QFontMetricsF(_label_font(False))
    advance = metrics.horizontalAdvance("0")
    for row in _spaced(block.rows, geometry.cell_height, metrics.height() / 2):
        centre = block.top + (row + 0.5) * geometry.cell_height
        text = str(row)
        painter.setFont(_label_font(row in bold))
        painter.setPen(look().color("text" if row in bold else "text2"))
        painter.drawText(QPointF(right - 9 - len(text) * advance, round(centre + metrics.capHeight() / 2)), text)
    if not axes.facets:
        label = picture.marks.label(axes.row_axis or 0)
        _paint_badge(painter, picture, QPointF(right - 6 - BADGE, geometry.top - BAR - LABEL_HEIGHT), label)


def _paint_badge(painter: QPainter, picture: GridPicture, corner: QPointF, label: AxisLabel) -> None:
    width = paint_axis_badge(painter, corner.x(), corner.y(), label.colour, label.text)
    if label.text == picture.marks.lit_label:
        paint_lit(painter, QRectF(round(corner.x()), round(corner.y()), width, BADGE))


def _spaced(places: range, cell: int, glyph: float) -> range:
    """The indices that get a label, spaced so that labels do not touch: every one, every 5th, 10th, 50th, ..."""
    need = (len(str(places.stop)) + 1.2) * glyph
    step = 1
    factors = (5, 2)
    while step * cell < need:
        step *= factors[0]
        factors = factors[::-1]
    return range(-(-places.start // step) * step, places.stop, step)


def paint_facet_title(painter: QPainter, picture: GridPicture, block: Block) -> None:
    """The line above a facet: each facet axis's badge and index, or only the indices if there is no room."""
    geometry, font = picture.geometry, code_font()
    x = float(block.left + block.columns.start * geometry.cell_width)
    y = block.top - BAR - 2 - BADGE / 2 - (LABEL_HEIGHT if picture.headers else 0)
    base = y + QFontMetricsF(font).capHeight() / 2
    room = len(block.columns) * geometry.cell_width + 16
    advance = QFontMetricsF(font).horizontalAdvance("0")
    places = list(zip(geometry.axes.facets, block.facet, strict=True))
    full = sum(BADGE + 12 + len(str(place)) * advance for _, place in places)
    painter.setFont(font)
    if full > room:
        text = ",".join(str(place) for _, place in places)
        if len(text) * advance <= room:
            painter.setPen(look().color("text2"))
            painter.drawText(QPointF(x, base), text)
        return
    for axis, place in places:
        label = picture.marks.label(axis)
        paint_axis_badge(painter, x, y - BADGE / 2, label.colour, label.text)
        x += BADGE + 4
        painter.setFont(font)
        painter.setPen(look().color("text2"))
        painter.drawText(QPointF(x, base), str(place))
        x += len(str(place)) * advance + 8


_KEPT = 64


class GridSheet:
    """Caches the windows read so far; `forget` drops them when the values change."""

    def __init__(self) -> None:
        self._windows: dict[tuple[object, ...], Window] = {}

    def forget(self) -> None:
        """Read everything again at the next paint."""
        self._windows.clear()

    def paint(self, painter: QPainter, picture: GridPicture, reader: TensorReader) -> None:
        """Paint all visible blocks with their headers."""
        blocks = list(picture.geometry.blocks())
        for block in blocks:
            paint_block(painter, picture, block, self._window(block, picture.geometry.axes, reader))
            if picture.geometry.axes.facets and block.rows.start == 0:
                paint_facet_title(painter, picture, block)
        drawn: set[int] = set()
        for block in blocks:
            paint_headers(painter, picture, block, block.top not in drawn)
            drawn.add(block.top)

    def _window(self, block: Block, axes: GridAxes, reader: TensorReader) -> Window:
        key = (block.facet, block.rows, block.columns, axes.fixed)
        if key not in self._windows:
            if len(self._windows) > _KEPT:
                self._windows.clear()
            fixed = {**dict(axes.fixed), **dict(zip(axes.facets, block.facet, strict=True))}
            self._windows[key] = reader.read(axes.row_axis, axes.column_axis, block.rows, block.columns, fixed)
        return self._windows[key]


def paint_selected_cell(painter: QPainter, picture: GridPicture) -> None:
    """Paint the outline of the selected cell if it is in view."""
    if picture.marks.selected is None:
        return
    rect = picture.geometry.rect(picture.marks.selected)
    if rect is not None and rect[0] >= picture.geometry.left and rect[1] >= picture.geometry.top:
        paint_selected(painter, picture, QRect(*rect))


def paint_words(painter: QPainter, room: QRect, words: str) -> None:
    """Paint a sentence instead of values."""
    painter.setFont(words_font())
    painter.setPen(look().color("text2"))
    flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
    painter.drawText(room.adjusted(0, 4, -4, 0), flags, words)


def described(reader: TensorReader | None, index: tuple[int, ...] | None) -> str:
    """The tensor, or one of its cells, in words: "3 by 4, float32", "[1, 2] = 26"; empty without a tensor."""
    if reader is None:
        return ""
    if index is not None and reader.holds(index):
        return f"[{', '.join(map(str, index))}] = {reader.text(index)}"
    return f"{' by '.join(map(str, reader.shape)) or 'a single number'}, {reader.dtype}"
