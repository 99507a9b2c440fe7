"""Paints the cells of a grid: heat, digits, glyphs, highlighted regions, repeated cells, the selected cell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from playground.models.evaluation.reader import Glyph, Window
from playground.widgets.grid.geometry import Block, GridGeometry
from playground.widgets.grid.style import FADED_HEAT, STRETCHED_HEAT, GridPicture, LitRegion, cell_image, heat_colors
from playground.widgets.look import code_font, look
from playground.widgets.painting import text_width

PADDING = 6
_TRIANGLE, _GAP = 8, 2


def paint_digit_glyph(painter: QPainter, cell: QRectF, glyph: Glyph, base: float, width: float) -> None:
    """The mark in a cell with digits; `base` is the digits' baseline and `width` their width in pixels."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if glyph == Glyph.NAN:
        _paint_nan(painter, cell, base)
    elif glyph in (Glyph.POSITIVE_INFINITY, Glyph.NEGATIVE_INFINITY):
        up = glyph == Glyph.POSITIVE_INFINITY
        painter.setFont(code_font())
        painter.setPen(look().color("panel"))
        word = "inf" if up else "-inf"
        left = cell.right() - PADDING - text_width(code_font(), word)
        painter.drawText(QPointF(left, base), word)
        # If the word leaves no room for the triangle, the inverted cell and the word are enough.
        margin = 6 if left - cell.left() >= 6 + _TRIANGLE + _GAP else 3
        if left - cell.left() >= margin + _TRIANGLE + _GAP:
            middle = cell.center().y()
            place = QRectF(cell.left() + margin, middle - 4, _TRIANGLE, 7)
            _paint_triangle(painter, place, up, look().color("panel"))
    elif glyph == Glyph.CLIPPED:
        _paint_corner(painter, cell, 10)
    elif glyph == Glyph.SUBNORMAL:
        pen = QPen(look().color("text"), 1)
        pen.setDashPattern([1, 2])
        painter.setPen(pen)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        y = round(base + 4)
        painter.drawLine(QPointF(cell.right() - PADDING - width, y), QPointF(cell.right() - PADDING, y))
    painter.restore()


def _paint_nan(painter: QPainter, cell: QRectF, base: float) -> None:
    red = look().color("error")
    inner = cell.adjusted(2, 2, -1, -1)
    painter.setPen(QPen(red, 1))
    painter.drawLine(inner.topLeft(), inner.bottomRight())
    painter.drawLine(inner.bottomLeft(), inner.topRight())
    width = text_width(code_font(), "nan")
    left = cell.center().x() - width / 2
    painter.fillRect(QRectF(left - 2, cell.center().y() - 8, width + 4, 16), look().color("panel"))
    painter.setFont(code_font())
    painter.drawText(QPointF(left, base), "nan")


def paint_small_glyph(painter: QPainter, cell: QRectF, glyph: Glyph) -> None:
    """The mark in a cell of 10 to 14 px without digits."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if glyph == Glyph.NAN:
        painter.fillRect(cell.adjusted(1, 1, 0, 0), look().color("panel"))
        painter.setPen(QPen(look().color("error"), 1.6))
        inner = cell.adjusted(3.5, 3.5, -2.5, -2.5)
        painter.drawLine(inner.topLeft(), inner.bottomRight())
        painter.drawLine(inner.bottomLeft(), inner.topRight())
    elif glyph in (Glyph.POSITIVE_INFINITY, Glyph.NEGATIVE_INFINITY):
        inner = cell.adjusted(3.5, 4.5, -2.5, -3.5)
        _paint_triangle(painter, inner, glyph == Glyph.POSITIVE_INFINITY, look().color("panel"))
    elif glyph == Glyph.CLIPPED:
        _paint_corner(painter, cell, cell.height() / 2)
    elif glyph == Glyph.SUBNORMAL:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look().color("text"))
        painter.drawEllipse(cell.center() + QPointF(0.5, 0.5), 1.2, 1.2)
    painter.restore()


def _paint_triangle(painter: QPainter, box: QRectF, up: bool, color: QColor) -> None:
    tip, foot = (box.top(), box.bottom()) if up else (box.bottom(), box.top())
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    painter.drawPolygon(
        QPolygonF([QPointF(box.left(), foot), QPointF(box.right(), foot), QPointF(box.center().x(), tip)])
    )


def _paint_corner(painter: QPainter, cell: QRectF, size: float) -> None:
    right, top = cell.right() + 0.5, cell.top() + 0.5
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(look().color("text"))
    painter.drawPolygon(QPolygonF([QPointF(right - size, top), QPointF(right, top), QPointF(right, top + size)]))


def covered_part(picture: GridPicture, block: Block, region: LitRegion) -> tuple[range, range] | None:
    """The rows and columns of a block that a highlighted region covers."""
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


def bright_cells(picture: GridPicture, block: Block) -> NDArray[np.bool_]:
    """Which cells keep their full heat: all, or the highlighted ones."""
    shape = (len(block.rows), len(block.columns))
    if not picture.marks.lit:
        return np.ones(shape, bool)
    bright = np.zeros(shape, bool)
    for region in picture.marks.lit:
        covered = covered_part(picture, block, region)
        if covered is not None:
            rows, columns = covered
            top, left = block.rows.start, block.columns.start
            bright[
                max(0, rows.start - top) : max(0, rows.stop - top),
                max(0, columns.start - left) : max(0, columns.stop - left),
            ] = True
    return bright


def stretched_cells(picture: GridPicture, block: Block) -> NDArray[np.bool_]:
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


LINES_FROM = 7
_WORDLESS = frozenset({int(Glyph.NAN), int(Glyph.POSITIVE_INFINITY), int(Glyph.NEGATIVE_INFINITY)})


def paint_block(painter: QPainter, picture: GridPicture, block: Block, window: Window) -> None:
    """Paint one facet's visible cells."""
    geometry = picture.geometry
    left = block.left + block.columns.start * geometry.cell_width
    top = block.top + block.rows.start * geometry.cell_height
    area = QRect(left, top, len(block.columns) * geometry.cell_width, len(block.rows) * geometry.cell_height)
    kinds = window.kinds(picture.scale)
    bright = bright_cells(picture, block)
    stretched = stretched_cells(picture, block)
    weight = np.where(stretched, STRETCHED_HEAT, np.where(bright, 1.0, FADED_HEAT))
    image = cell_image(heat_colors(window.magnitudes, kinds, picture.scale, weight, picture.strong))
    painter.drawImage(area, image)
    _paint_hatching(painter, geometry, area, block, stretched)
    if geometry.cell_height >= LINES_FROM:
        _paint_lines(painter, geometry, area)
    if picture.characters:
        _paint_digits(painter, picture, block, window, kinds=kinds, bright=bright & ~stretched)
    elif geometry.cell_height >= 10:
        _paint_small_glyphs(painter, geometry, block, kinds)
    _paint_regions(painter, picture, block, area)


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
    """Draw lines as filled rectangles: a pen takes ten times as long."""
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
        covered = covered_part(picture, block, region)
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
    """Draw 2 px of accent colour inside a cell, or around a rectangle of cells."""
    width = 2 if picture.geometry.cell_height >= 10 else 1
    grown = 0 if picture.geometry.cell_height >= 10 else 1
    painter.setPen(
        QPen(look().color(role), width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.SquareCap, Qt.PenJoinStyle.MiterJoin)
    )
    painter.setBrush(Qt.BrushStyle.NoBrush)
    inset = width / 2
    painter.drawRect(QRectF(rect).adjusted(inset - grown, inset - grown, 1 - inset + grown, 1 - inset + grown))
