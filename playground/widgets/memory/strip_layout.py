"""The layout of a storage's cells: rows, wrapped where the strides repeat."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QRectF
from PySide6.QtGui import QRegion

CELL = 26
LABELS = 18
ROW_GAP = 6
ROW = CELL + LABELS + ROW_GAP
LEFT = 4
TOP = 2
NARROWEST = 4
ARC_ROOM = 38
"""The space above the row where the axis arrows start."""


@dataclass(frozen=True, slots=True)
class StripLayout:
    """`cells` cells, `columns` per row, each `cell_width` wide; `first_row` is the first row shown.

    The axis arrows are drawn above `arc_row` (-1: none).
    """

    cells: int
    columns: int
    cell_width: int
    first_row: int = 0
    arc_row: int = -1

    @property
    def rows(self) -> int:
        """The number of rows of the whole storage."""
        return -(-self.cells // self.columns)

    @property
    def has_arcs(self) -> bool:
        """True if the row with the arrows is at or below the first row shown."""
        return self.arc_row >= self.first_row

    def height(self) -> int:
        """The height of all rows."""
        return TOP + self.rows * ROW - ROW_GAP + (ARC_ROOM if self.arc_row >= 0 else 0)

    def fitting_rows(self, height: float) -> int:
        """The number of whole rows that fit into a viewport of this height; at least 1."""
        return max(1, int((height - TOP - (ARC_ROOM if self.arc_row >= 0 else 0) + ROW_GAP) // ROW))

    def visible(self, height: float) -> range:
        """The cells to be painted in a viewport of this height."""
        rows = max(1, int(-(-(height - TOP) // ROW)))
        start = self.first_row * self.columns
        return range(min(start, self.cells), min(self.cells, start + rows * self.columns))

    def row_top(self, row: int) -> float:
        """The y of the upper edge of a row's cells."""
        above = ARC_ROOM if self.first_row <= self.arc_row <= row else 0
        return TOP + (row - self.first_row) * ROW + above

    def rect(self, cell: int) -> QRectF:
        """The square of a cell in the viewport."""
        row, column = divmod(cell, self.columns)
        return QRectF(LEFT + column * self.cell_width, self.row_top(row), self.cell_width, CELL)

    def area(self, cell: int) -> QRect:
        """The rectangle of a cell with its number and frame."""
        return self.rect(cell).adjusted(-2, -2, 3, LABELS + 2).toAlignedRect()

    def at(self, point: QPointF) -> int | None:
        """The cell under a point; its number below it counts as the cell."""
        row = self.first_row + int((point.y() - TOP) // ROW)
        while row > self.first_row and self.row_top(row) > point.y():
            row -= 1
        below = point.y() - self.row_top(row)
        column = (point.x() - LEFT) // self.cell_width
        if not 0 <= below <= CELL + LABELS or not 0 <= column < self.columns:
            return None
        cell = int(row * self.columns + column)
        return cell if 0 <= cell < self.cells else None


def touched_cells(strip: StripLayout, cells: range, region: QRegion | None) -> list[range]:
    """The runs of cells that touch a region; without a region, one run of all cells."""
    if region is None or not cells or region.boundingRect().height() > 3 * ROW:
        return [cells]
    runs: list[range] = []
    for cell in cells:
        if not region.intersects(strip.area(cell)):
            continue
        if runs and runs[-1].stop == cell:
            runs[-1] = range(runs[-1].start, cell + 1)
        else:
            runs.append(range(cell, cell + 1))
    return runs


def fit_columns(width: int, cell_width: int, cells: int, strides: tuple[int, ...]) -> int:
    """The number of cells per row: all if they fit, otherwise the largest multiple of the largest stride that fits."""
    room = max(1, (width - 2 * LEFT) // cell_width)
    if cells <= room:
        return max(1, cells)
    period = max((stride for stride in strides if 1 < stride <= room), default=1)
    return room // period * period if room // period * period >= NARROWEST else room
