"""Paints the cells of a grid: heat, digits, glyphs, lit regions, the selected cell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QBrush, QFontMetricsF, QPainter, QPen

from playground.models.tensors.window import Glyph, Window
from playground.widgets.common.grid_geometry import Block, GridGeometry
from playground.widgets.common.grid_glyphs import paint_digit_glyph, paint_small_glyph
from playground.widgets.common.grid_picture import GridPicture
from playground.widgets.common.grid_regions import bright_cells, covered_part, stretched_cells
from playground.widgets.common.grid_style import (
    FADED_HEAT,
    STRETCHED_HEAT,
    heat_colors,
    image_of,
)
from playground.widgets.common.look import code_font, look

PADDING = 6
LINES_FROM = 7
_WORDLESS = frozenset({int(Glyph.NAN), int(Glyph.POSITIVE_INFINITY), int(Glyph.NEGATIVE_INFINITY)})


def paint_block(painter: QPainter, picture: GridPicture, block: Block, window: Window) -> None:
    """One facet's visible cells."""
    geometry = picture.geometry
    left = block.left + block.columns.start * geometry.cell_width
    top = block.top + block.rows.start * geometry.cell_height
    area = QRect(left, top, len(block.columns) * geometry.cell_width, len(block.rows) * geometry.cell_height)
    kinds = window.kinds(picture.scale)
    bright = bright_cells(picture, block)
    stretched = stretched_cells(picture, block)
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
    """2 px of accent inside a cell, or around a rectangle of cells."""
    width = 2 if picture.geometry.cell_height >= 10 else 1
    grown = 0 if picture.geometry.cell_height >= 10 else 1
    painter.setPen(
        QPen(look().color(role), width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.SquareCap, Qt.PenJoinStyle.MiterJoin)
    )
    painter.setBrush(Qt.BrushStyle.NoBrush)
    inset = width / 2
    painter.drawRect(QRectF(rect).adjusted(inset - grown, inset - grown, 1 - inset + grown, 1 - inset + grown))
