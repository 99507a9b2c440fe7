"""Paints a grid: heat, digits, glyphs, headers in axis colours, lit regions, the selected cell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QBrush, QFont, QFontMetricsF, QPainter, QPen

from playground.models.tensors.window import Glyph, Window
from playground.widgets.common.axis_badge import BADGE, paint_axis_badge
from playground.widgets.common.grid_geometry import Block, GridGeometry
from playground.widgets.common.grid_glyphs import paint_digit_glyph, paint_small_glyph
from playground.widgets.common.grid_style import (
    FADED_HEAT,
    STRETCHED_HEAT,
    GridMarks,
    LitRegion,
    heat_colors,
    image_of,
)
from playground.widgets.common.look import code_font, look

BAR = 4
LABEL_HEIGHT = 18
PADDING = 6
LINES_FROM = 7
_WORDLESS = frozenset({int(Glyph.NAN), int(Glyph.POSITIVE_INFINITY), int(Glyph.NEGATIVE_INFINITY)})


@dataclass(slots=True)
class GridPicture:
    """All that one paint needs: geometry, marks, the heat's scale, characters a cell, and what to read from."""

    geometry: GridGeometry
    marks: GridMarks
    scale: float
    characters: int
    headers: bool

    @property
    def strong(self) -> bool:
        """Whether the heat alone speaks, with stronger colours."""
        return self.geometry.cell_height < 14


def paint_block(painter: QPainter, picture: GridPicture, block: Block, window: Window) -> None:
    """One facet's visible cells."""
    geometry = picture.geometry
    left = block.left + block.columns.start * geometry.cell_width
    top = block.top + block.rows.start * geometry.cell_height
    area = QRect(left, top, len(block.columns) * geometry.cell_width, len(block.rows) * geometry.cell_height)
    kinds = window.kinds(picture.scale)
    bright = _bright(picture, block)
    stretched = _stretched(picture, block)
    weight = np.where(stretched, STRETCHED_HEAT, np.where(bright, 1.0, FADED_HEAT))
    image = image_of(heat_colors(window.magnitudes, kinds, picture.scale, weight, picture.strong))
    painter.drawImage(area, image)
    _paint_hatching(painter, geometry, area, block, stretched)
    if geometry.cell_height >= LINES_FROM:
        _paint_lines(painter, geometry, area)
    if picture.characters:
        _paint_digits(painter, picture, block, window, kinds=kinds, bright=bright & ~stretched)
    elif geometry.cell_height >= 10:
        _paint_small_glyphs(painter, geometry, block, kinds)
    _paint_regions(painter, picture, block, area)


def _covered(picture: GridPicture, block: Block, region: LitRegion) -> tuple[range, range] | None:
    """Rows and columns of a block that a lit region covers."""
    axes = picture.geometry.axes
    if len(region.index) != len(axes.shape):
        return None
    places = {**dict(axes.fixed), **dict(zip(axes.facets, block.facet, strict=True))}
    spans = {axes.row_axis: range(axes.rows), axes.column_axis: range(axes.columns)}
    for axis, place in enumerate(region.index):
        if place is None:
            continue
        if axis in spans and axis is not None:
            spans[axis] = range(place, place + 1)
        elif place != places.get(axis, 0):
            return None
    rows = spans[axes.row_axis] if axes.row_axis is not None else range(1)
    columns = spans[axes.column_axis] if axes.column_axis is not None else range(1)
    return rows, columns


def _bright(picture: GridPicture, block: Block) -> NDArray[np.bool_]:
    """Which cells keep their full heat: all, or those that are lit."""
    shape = (len(block.rows), len(block.columns))
    if not picture.marks.lit:
        return np.ones(shape, bool)
    bright = np.zeros(shape, bool)
    for region in picture.marks.lit:
        covered = _covered(picture, block, region)
        if covered is not None:
            rows, columns = covered
            top, left = block.rows.start, block.columns.start
            bright[
                max(0, rows.start - top) : max(0, rows.stop - top),
                max(0, columns.start - left) : max(0, columns.stop - left),
            ] = True
    return bright


def _stretched(picture: GridPicture, block: Block) -> NDArray[np.bool_]:
    """Cells that only repeat the one at index 0 of a stretched axis."""
    axes, marks = picture.geometry.axes, picture.marks
    mask = np.zeros((len(block.rows), len(block.columns)), bool)
    if axes.row_axis in marks.stretched:
        mask |= (np.arange(block.rows.start, block.rows.stop) > 0)[:, None]
    if axes.column_axis in marks.stretched:
        mask |= (np.arange(block.columns.start, block.columns.stop) > 0)[None, :]
    places = {**dict(axes.fixed), **dict(zip(axes.facets, block.facet, strict=True))}
    if any(places.get(axis, 0) > 0 for axis in marks.stretched if axis not in (axes.row_axis, axes.column_axis)):
        mask[:] = True
    return mask


def _paint_hatching(
    painter: QPainter, geometry: GridGeometry, area: QRect, block: Block, stretched: NDArray[np.bool_]
) -> None:
    if not stretched.any() or geometry.cell_height < 5:
        return
    brush = QBrush(look().color("edge"), Qt.BrushStyle.BDiagPattern)
    for row in range(len(block.rows)):
        for start, stop in _stretches(stretched[row]):
            painter.fillRect(
                QRect(
                    area.left() + start * geometry.cell_width,
                    area.top() + row * geometry.cell_height,
                    (stop - start) * geometry.cell_width,
                    geometry.cell_height,
                ),
                brush,
            )


def _stretches(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """The runs of True: `[F, T, T] -> [(1, 3)]`."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return [(int(start), int(stop)) for start, stop in zip(edges[::2], edges[1::2], strict=True)]


def _paint_lines(painter: QPainter, geometry: GridGeometry, area: QRect) -> None:
    """Filled rectangles: lines drawn with a pen take ten times as long."""
    color = look().color("edge")
    color.setAlphaF(0.75)
    right, bottom = area.left() + area.width(), area.top() + area.height()
    for x in range(area.left(), right + 1, geometry.cell_width):
        painter.fillRect(x, area.top(), 1, area.height() + 1, color)
    for y in range(area.top(), bottom + 1, geometry.cell_height):
        painter.fillRect(area.left(), y, area.width() + 1, 1, color)


def _paint_digits(
    painter: QPainter,
    picture: GridPicture,
    block: Block,
    window: Window,
    *,
    kinds: NDArray[np.uint8],
    bright: NDArray[np.bool_],
) -> None:
    geometry = picture.geometry
    font = code_font()
    painter.setFont(font)
    metrics = QFontMetricsF(font)
    advance = metrics.horizontalAdvance("0")
    lift = (geometry.cell_height + metrics.capHeight()) / 2
    strong, soft = QPen(look().color("text")), QPen(look().color("text2"))
    texts = window.texts(picture.characters)
    painter.setPen(strong)
    pen_is_strong = True
    for row_place, row in enumerate(block.rows):
        y = round(block.top + row * geometry.cell_height + lift)
        for column_place, column in enumerate(block.columns):
            kind = int(kinds[row_place, column_place])
            text = texts[row_place][column_place]
            right = block.left + (column + 1) * geometry.cell_width - PADDING
            wants_strong = bool(bright[row_place, column_place])
            if wants_strong != pen_is_strong:
                painter.setPen(strong if wants_strong else soft)
                pen_is_strong = wants_strong
            if kind not in _WORDLESS:
                painter.drawText(QPointF(right - len(text) * advance, y), text)
            if kind:
                cell = QRectF(
                    block.left + column * geometry.cell_width,
                    block.top + row * geometry.cell_height,
                    geometry.cell_width,
                    geometry.cell_height,
                )
                paint_digit_glyph(painter, cell, Glyph(kind), y, len(text) * advance)
                painter.setPen(strong if pen_is_strong else soft)


def _paint_small_glyphs(painter: QPainter, geometry: GridGeometry, block: Block, kinds: NDArray[np.uint8]) -> None:
    for row, column in np.argwhere(kinds > 0):
        cell = QRectF(
            block.left + (block.columns.start + int(column)) * geometry.cell_width,
            block.top + (block.rows.start + int(row)) * geometry.cell_height,
            geometry.cell_width,
            geometry.cell_height,
        )
        paint_small_glyph(painter, cell, Glyph(kinds[row, column]))


def _paint_regions(painter: QPainter, picture: GridPicture, block: Block, area: QRect) -> None:
    geometry = picture.geometry
    for region in picture.marks.lit:
        covered = _covered(picture, block, region)
        if covered is None:
            continue
        rows, columns = covered
        rect = QRectF(
            block.left + columns.start * geometry.cell_width,
            block.top + rows.start * geometry.cell_height,
            len(columns) * geometry.cell_width,
            len(rows) * geometry.cell_height,
        )
        color = look().color("accent") if region.colour is None else look().axis_line(region.colour)
        painter.save()
        painter.setClipRect(area.adjusted(0, 0, 1, 1))
        painter.setPen(QPen(color, 2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.SquareCap, Qt.PenJoinStyle.MiterJoin))
        painter.drawRect(rect.adjusted(1, 1, 0, 0))
        painter.restore()


def paint_selected(painter: QPainter, picture: GridPicture, rect: QRect, role: str = "accent") -> None:
    """2 px of accent inside a cell, or around a rectangle of cells."""
    width = 2 if picture.geometry.cell_height >= 10 else 1
    grown = 0 if picture.geometry.cell_height >= 10 else 1
    painter.setPen(
        QPen(look().color(role), width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.SquareCap, Qt.PenJoinStyle.MiterJoin)
    )
    painter.setBrush(Qt.BrushStyle.NoBrush)
    inset = width / 2
    painter.drawRect(QRectF(rect).adjusted(inset - grown, inset - grown, 1 - inset + grown, 1 - inset + grown))


def paint_headers(painter: QPainter, picture: GridPicture, block: Block, first: bool) -> None:
    """Bars along a block in the colours of its axes; indices and badges where headers are shown."""
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
    """By axis, the indices whose header is set in bold."""
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
    for column in _spaced(block.columns, geometry.cell_width, advance):
        centre = block.left + (column + 0.5) * geometry.cell_width
        text = str(column)
        painter.setFont(_label_font(column in bold))
        painter.setPen(look().color("text" if column in bold else "text2"))
        painter.drawText(QPointF(round(centre - len(text) * advance / 2), base), text)
    right = block.left + block.columns.stop * geometry.cell_width + 12
    right = min(right, geometry.view_width - BADGE)
    if not axes.facets:
        label = picture.marks.label(axes.column_axis or 0)
        painter.fillRect(QRectF(right - 4, bottom - LABEL_HEIGHT, BADGE + 8, LABEL_HEIGHT), look().color("panel"))
        paint_axis_badge(painter, right, bottom - LABEL_HEIGHT + 1, label.colour, label.text)


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
        paint_axis_badge(painter, right - 6 - BADGE, geometry.top - BAR - LABEL_HEIGHT, label.colour, label.text)


def _spaced(places: range, cell: int, glyph: float) -> range:
    """The places that get a label, so far apart that labels do not touch: each, each 5th, 10th, 50th, ..."""
    need = (len(str(places.stop)) + 1.2) * glyph
    step = 1
    factors = (5, 2)
    while step * cell < need:
        step *= factors[0]
        factors = factors[::-1]
    return range(-(-places.start // step) * step, places.stop, step)


def paint_facet_title(painter: QPainter, picture: GridPicture, block: Block) -> None:
    """The line above a facet: the badge of each facet axis and its index."""
    geometry = picture.geometry
    x = float(block.left + block.columns.start * geometry.cell_width)
    limit = block.left + block.columns.stop * geometry.cell_width
    y = block.top - BAR - 2 - BADGE / 2 - (LABEL_HEIGHT if picture.headers else 0)
    font = code_font()
    for axis, place in zip(geometry.axes.facets, block.facet, strict=True):
        label = picture.marks.label(axis)
        if x + BADGE + 14 < limit + 20:
            paint_axis_badge(painter, x, y - BADGE / 2, label.colour, label.text)
            x += BADGE + 4
        painter.setFont(font)
        painter.setPen(look().color("text2"))
        text = str(place)
        painter.drawText(QPointF(x, y + QFontMetricsF(font).capHeight() / 2), text)
        x += QFontMetricsF(font).horizontalAdvance(text) + 8
