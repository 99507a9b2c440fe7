"""Scrolls a grid in whole cells, with scroll bars that reach beyond 2^31 rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QScrollBar

from playground.widgets.common.grid_geometry import Index

if TYPE_CHECKING:
    from playground.widgets.common.tensor_grid import TensorGrid

_BAR_LIMIT = 1_000_000_000
_ROWS_A_NOTCH = 3


class GridScroll:
    """The first visible row and column of the sheet."""

    def __init__(self, grid: TensorGrid) -> None:
        self._grid = grid
        self.first = (0, 0)
        self._rest = [0.0, 0.0]
        self._setting = False

    def reset(self) -> None:
        """Back to the first cell."""
        self.first = (0, 0)

    def last(self) -> tuple[int, int]:
        """The largest first row and column."""
        view = self._grid.maximumViewportSize()
        roomy = self._grid.geometry_for(self._grid.zoom.cell(self._grid), view.width(), view.height())
        if roomy.total_rows <= roomy.fitting_rows and roomy.total_columns <= roomy.fitting_columns:
            return 0, 0  # all fits without scroll bars, even if there are some now
        geometry = self._grid.present_geometry()
        return (
            max(0, geometry.total_rows - geometry.fitting_rows),
            max(0, geometry.total_columns - geometry.fitting_columns),
        )

    def update_ranges(self) -> None:
        """Fit the scroll bars to sheet and view."""
        last = self.last()
        self.first = (min(self.first[0], last[0]), min(self.first[1], last[1]))
        geometry = self._grid.present_geometry()
        self._setting = True
        pages = (geometry.fitting_rows, geometry.fitting_columns)
        for bar, end, first, page in zip(self._bars(), last, self.first, pages, strict=True):
            scale = _bar_scale(end)
            bar.setRange(0, -(-end // scale))
            bar.setPageStep(max(1, page // scale))
            bar.setSingleStep(1)
            bar.setValue(-(-first // scale))
        self._setting = False

    def _bars(self) -> tuple[QScrollBar, QScrollBar]:
        return self._grid.verticalScrollBar(), self._grid.horizontalScrollBar()

    def take_bars(self) -> None:
        """The user moved a bar."""
        if self._setting:
            return
        first = [min(end, bar.value() * _bar_scale(end)) for bar, end in zip(self._bars(), self.last(), strict=True)]
        self.first = (first[0], first[1])

    def go(self, row: int, column: int) -> None:
        """Make a cell of the sheet the first one, as far as there is more to show."""
        last = self.last()
        self.first = (max(0, min(row, last[0])), max(0, min(column, last[1])))
        self.update_ranges()
        self._grid.viewport().update()

    def reveal(self, index: Index) -> None:
        """Scroll as little as brings a cell into view."""
        geometry = self._grid.present_geometry()
        place = geometry.sheet_place(index)
        if place is None:
            return
        row, column = self.first
        row = min(row, place[0]) if place[0] < row else max(row, place[0] - geometry.fitting_rows + 1)
        column = min(column, place[1]) if place[1] < column else max(column, place[1] - geometry.fitting_columns + 1)
        if (row, column) != self.first:
            self.go(row, column)

    def put(self, index: Index, point: QPointF) -> None:
        """Scroll so that a cell lies under a point."""
        geometry = self._grid.present_geometry()
        place = geometry.sheet_place(index)
        if place is not None:
            row = place[0] - max(0, int(point.y() - geometry.top) // geometry.cell_height)
            column = place[1] - max(0, int(point.x() - geometry.left) // geometry.cell_width)
            self.go(row, column)

    def wheel(self, event: QWheelEvent) -> None:
        """Scroll; where there is nothing more to show, leave the event to what lies around the grid."""
        geometry = self._grid.present_geometry()
        pixels, angle = event.pixelDelta(), event.angleDelta()
        if not pixels.isNull():
            moves = [pixels.y() / geometry.cell_height, pixels.x() / geometry.cell_width]
        else:
            notch = max(_ROWS_A_NOTCH, 60 // geometry.cell_height)
            moves = [angle.y() / 120 * notch, angle.x() / 120 * notch]
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and not moves[1]:
            moves = [0.0, moves[0]]
        steps = []
        for axis in (0, 1):
            self._rest[axis] += moves[axis]
            whole = int(self._rest[axis])
            self._rest[axis] -= whole
            steps.append(whole)
        if self.last() == (0, 0):
            event.ignore()
            return
        event.accept()
        self.go(self.first[0] - steps[0], self.first[1] - steps[1])


def _bar_scale(end: int) -> int:
    return max(1, -(-end // _BAR_LIMIT))
