"""Draws what is visible of a tensor: reads the windows that are in view, each once, and paints them with headers."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QPainter

from playground.models.tensors.window import TensorReader, Window
from playground.widgets.common.grid_geometry import Block, GridAxes
from playground.widgets.common.grid_headers import paint_facet_title, paint_headers
from playground.widgets.common.grid_painter import paint_block, paint_selected
from playground.widgets.common.grid_picture import GridPicture
from playground.widgets.common.look import look, words_font

_KEPT = 64


class GridSheet:
    """Holds the windows read so far; `forget` them when the values change."""

    def __init__(self) -> None:
        self._windows: dict[tuple[object, ...], Window] = {}

    def forget(self) -> None:
        """Read everything anew at the next paint."""
        self._windows.clear()

    def paint(self, painter: QPainter, picture: GridPicture, reader: TensorReader) -> None:
        """All visible blocks with their headers."""
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
    """The outline of the selected cell, where it is in view."""
    if picture.marks.selected is None:
        return
    rect = picture.geometry.rect(picture.marks.selected)
    if rect is not None and rect[0] >= picture.geometry.left and rect[1] >= picture.geometry.top:
        paint_selected(painter, picture, QRect(*rect))


def paint_words(painter: QPainter, room: QRect, words: str) -> None:
    """A sentence in place of values."""
    painter.setFont(words_font())
    painter.setPen(look().color("text2"))
    flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
    painter.drawText(room.adjusted(0, 4, -4, 0), flags, words)


def described(reader: TensorReader | None, index: tuple[int, ...] | None) -> str:
    """The tensor, or one of its cells, in words: "3 by 4, float32", "[1, 2] = 26"; nothing without a tensor."""
    if reader is None:
        return ""
    if index is not None and reader.holds(index):
        return f"[{', '.join(map(str, index))}] = {reader.text(index)}"
    return f"{' by '.join(map(str, reader.shape)) or 'a single number'}, {reader.dtype}"
