"""How large the cells of a grid are: by themselves as large as fits, or as the hand turned the wheel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QKeyEvent

from playground.widgets.common.grid_style import DIGITS, GLYPHS, LEVELS, SMALL_DIGITS

if TYPE_CHECKING:
    from playground.widgets.common.tensor_grid import TensorGrid

_DIGIT = 7.2
_COMPACT_WIDTH = 28
_MAXIMUM_CHARACTERS = 24
LEAST_FACETS = 1


@dataclass(frozen=True, slots=True)
class CellSize:
    """Pixels of a cell and the characters that fit into it."""

    width: int
    height: int
    characters: int


class GridZoom:
    """Holds the level of zoom; None follows the size of the view."""

    def __init__(self, compact: bool) -> None:
        self.level: int | None = None
        self.compact = compact
        self.characters = 0

    def size(self, level: int) -> CellSize:
        """The cell size at a level: wide enough for the tensor's whole numbers."""
        plain = LEVELS[level]
        if not plain.characters:
            return CellSize(plain.width, plain.height, 0)
        characters, width = plain.characters, plain.width
        need = min(self.characters, _MAXIMUM_CHARACTERS)
        if self.compact and level <= DIGITS:
            characters = need or plain.characters
            width = max(_COMPACT_WIDTH, round(characters * _DIGIT) + 10)
        elif need > characters:
            characters, width = need, max(width, round(need * _DIGIT) + 12)
        return CellSize(width, plain.height, max(characters, need))

    def wanted(self, grid: TensorGrid) -> CellSize:
        """The size that the grid would like, whatever room there is."""
        if self.level is not None:
            return self.size(self.level)
        return self.size(SMALL_DIGITS if self.compact else DIGITS)

    def present_level(self, grid: TensorGrid) -> int:
        """The level shown: chosen, or the largest with digits that fits; scrolling where none does."""
        if self.level is not None:
            return self.level
        if self.compact:
            return SMALL_DIGITS
        if self._fits(DIGITS, grid):
            return DIGITS
        if grid.axes.facets:
            # Small multiples are there to be seen together: they give up digits before they scroll.
            return next((level for level in range(SMALL_DIGITS, LEAST_FACETS, -1) if self._fits(level, grid)), GLYPHS)
        return SMALL_DIGITS

    def _fits(self, level: int, grid: TensorGrid) -> bool:
        view, cell = grid.maximumViewportSize(), self.size(level)
        geometry = grid.geometry_for(cell, view.width(), view.height())
        high = geometry.top + geometry.total_rows * cell.height + 1 <= view.height()
        wide = geometry.left + geometry.total_columns * cell.width + geometry.right <= view.width()
        return high and wide

    def cell(self, grid: TensorGrid) -> CellSize:
        """The size shown."""
        return self.size(self.present_level(grid))

    def turn(self, angle: int, grid: TensorGrid, position: QPointF) -> None:
        """Zoom in (positive) or out, keeping the cell under the pointer where it is."""
        if angle:
            self.step(1 if angle > 0 else -1, grid, position)

    def step(self, by: int, grid: TensorGrid, position: QPointF | None = None) -> None:
        """Go some levels up or down."""
        before = self.present_level(grid)
        level = max(0, min(len(LEVELS) - 1, before + by))
        if level == before:
            return
        point = position if position is not None else QPointF(0, 0)
        index = grid.index_at(point)
        self.level = level
        grid.refresh()
        if index is not None:
            grid.sheet.put(index, point)
        grid.updateGeometry()

    def key(self, event: QKeyEvent, grid: TensorGrid) -> bool:
        """Ctrl and plus, minus or 0."""
        if not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            return False
        if event.key() in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.step(1, grid)
        elif event.key() == Qt.Key.Key_Minus:
            self.step(-1, grid)
        elif event.key() == Qt.Key.Key_0:
            self.level = None
            grid.refresh()
        else:
            return False
        return True
