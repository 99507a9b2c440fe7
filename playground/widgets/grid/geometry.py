"""Where the cells of a grid lie: pure arithmetic, with no state per row or column, so that any size works.

Facets (small multiples) are blocks of the same rows and columns, each with a title above and a gap to its right; all
blocks together form one sheet that scrolls in whole cells.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

Index = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class GridAxes:
    """Which axis runs down, which across, which are drawn as facets, and the indices of the others."""

    shape: tuple[int, ...] = ()
    row_axis: int | None = None
    column_axis: int | None = None
    fixed: tuple[tuple[int, int], ...] = ()
    facets: tuple[int, ...] = ()

    @property
    def rows(self) -> int:
        """The number of rows of one block."""
        return 1 if self.row_axis is None else self.shape[self.row_axis]

    @property
    def columns(self) -> int:
        """The number of columns of one block."""
        return 1 if self.column_axis is None else self.shape[self.column_axis]

    @property
    def empty(self) -> bool:
        """True if there are no elements."""
        return 0 in self.shape

    def index(self, row: int, column: int, facet: Index = ()) -> Index:
        """The full index of a cell."""
        places = {axis: min(place, max(0, self.shape[axis] - 1)) for axis, place in self.fixed}
        places.update(zip(self.facets, facet, strict=True))
        if self.row_axis is not None:
            places[self.row_axis] = row
        if self.column_axis is not None:
            places[self.column_axis] = column
        return tuple(places.get(axis, 0) for axis in range(len(self.shape)))

    def cell(self, index: Index) -> tuple[int, int, Index] | None:
        """Row, column and facet of an index; None if it is not on the sheet."""
        if len(index) != len(self.shape):
            return None
        shown = {self.row_axis, self.column_axis, *self.facets}
        places = dict(self.fixed)
        for axis, place in enumerate(index):
            if not 0 <= place < self.shape[axis]:
                return None
            if axis not in shown and place != min(places.get(axis, 0), self.shape[axis] - 1):
                return None
        row = 0 if self.row_axis is None else index[self.row_axis]
        column = 0 if self.column_axis is None else index[self.column_axis]
        return row, column, tuple(index[axis] for axis in self.facets)


def default_axes(shape: tuple[int, ...]) -> GridAxes:
    """The last two axes; a vector is one row, a scalar one cell."""
    rank = len(shape)
    return GridAxes(shape, rank - 2 if rank > 1 else None, rank - 1 if rank else None)


@dataclass(frozen=True, slots=True)
class Block:
    """A visible part of one facet: its index in the facet axes, and the pixel where its cell (0, 0) would start."""

    facet: Index
    rows: range
    columns: range
    left: int
    top: int


@dataclass(frozen=True, slots=True)
class GridGeometry:
    """A sheet in a view: cell size in pixels, header size, the first visible cell, and the size of the view."""

    axes: GridAxes
    cell_width: int
    cell_height: int
    left: int
    top: int
    view_width: int
    view_height: int
    first_row: int = 0
    first_column: int = 0
    right: int = 0
    title: int = 0

    @property
    def _title_rows(self) -> int:
        """The rows taken by a facet's title and column header, at least `title` pixels."""
        return -(-self.title // self.cell_height) if self.axes.facets else 0

    @property
    def _gap_columns(self) -> int:
        """The empty columns between facets, at least 20 pixels."""
        return -(-20 // self.cell_width) if self.axes.facets else 0

    @property
    def _step(self) -> tuple[int, int]:
        """Rows and columns from one block to the next."""
        return self.axes.rows + self._title_rows, self.axes.columns + self._gap_columns

    @property
    def fitting_columns(self) -> int:
        """The number of whole columns that fit into the view."""
        return max(1, (self.view_width - self.left - self.right) // self.cell_width)

    @property
    def fitting_rows(self) -> int:
        """The number of whole rows that fit into the view."""
        return max(1, (self.view_height - self.top) // self.cell_height)

    @property
    def blocks_across(self) -> int:
        """Facets side by side: the last facet axis, or as many as fit if there is only one."""
        if not self.axes.facets:
            return 1
        count = self.axes.shape[self.axes.facets[-1]]
        if len(self.axes.facets) == 2:
            return count
        return max(1, min(count, (self.fitting_columns + self._gap_columns) // self._step[1]))

    @property
    def blocks_down(self) -> int:
        """Facets one above the other."""
        if not self.axes.facets:
            return 1
        if len(self.axes.facets) == 2:
            return self.axes.shape[self.axes.facets[0]]
        return -(-self.axes.shape[self.axes.facets[0]] // self.blocks_across)

    @property
    def total_rows(self) -> int:
        """The rows of the whole sheet."""
        return 0 if self.axes.empty else self._step[0] * self.blocks_down

    @property
    def total_columns(self) -> int:
        """The columns of the whole sheet."""
        if self.axes.empty:
            return 0
        return self._step[1] * self.blocks_across - self._gap_columns

    def facet(self, down: int, across: int) -> Index | None:
        """The facet at a place of the mosaic; None beyond the last one."""
        if not self.axes.facets:
            return ()
        if len(self.axes.facets) == 2:
            return (down, across)
        number = down * self.blocks_across + across
        return (number,) if number < self.axes.shape[self.axes.facets[0]] else None

    def place_of_facet(self, facet: Index) -> tuple[int, int]:
        """The inverse of `facet`."""
        if not facet:
            return 0, 0
        return (facet[0], facet[1]) if len(facet) == 2 else divmod(facet[0], self.blocks_across)

    def blocks(self) -> Iterator[Block]:
        """The visible parts of all facets in view."""
        if self.axes.empty:
            return
        row_step, column_step = self._step
        title = self._title_rows
        last_row = min(self.total_rows, self.first_row + -(-(self.view_height - self.top) // self.cell_height))
        last_column = min(self.total_columns, self.first_column + -(-(self.view_width - self.left) // self.cell_width))
        for down in range(self.first_row // row_step, -(-last_row // row_step)):
            for across in range(self.first_column // column_step, -(-last_column // column_step)):
                facet = self.facet(down, across)
                if facet is None:
                    continue
                row0, column0 = down * row_step + title, across * column_step
                rows = range(max(0, self.first_row - row0), max(0, min(self.axes.rows, last_row - row0)))
                columns = range(
                    max(0, self.first_column - column0), max(0, min(self.axes.columns, last_column - column0))
                )
                if rows and columns:
                    yield Block(facet, rows, columns, self._x(column0), self._y(row0))

    def _x(self, sheet_column: int) -> int:
        return self.left + (sheet_column - self.first_column) * self.cell_width

    def _y(self, sheet_row: int) -> int:
        return self.top + (sheet_row - self.first_row) * self.cell_height

    def sheet_place(self, index: Index) -> tuple[int, int] | None:
        """An element's row and column on the sheet; None if it is not on it."""
        cell = self.axes.cell(index)
        if cell is None:
            return None
        row, column, facet = cell
        down, across = self.place_of_facet(facet)
        title = self._title_rows
        return down * self._step[0] + title + row, across * self._step[1] + column

    def rect(self, index: Index) -> tuple[int, int, int, int] | None:
        """Left, top, width and height of a cell in pixels, even if it is scrolled out of view."""
        place = self.sheet_place(index)
        if place is None:
            return None
        return self._x(place[1]), self._y(place[0]), self.cell_width, self.cell_height

    def index_at(self, x: float, y: float) -> Index | None:
        """The element under a pixel; None in headers, gaps and beyond the sheet."""
        if x < self.left or y < self.top or self.axes.empty:
            return None
        sheet_row = self.first_row + int(y - self.top) // self.cell_height
        sheet_column = self.first_column + int(x - self.left) // self.cell_width
        row_step, column_step = self._step
        down, row = divmod(sheet_row, row_step)
        across, column = divmod(sheet_column, column_step)
        row -= self._title_rows
        if down >= self.blocks_down or across >= self.blocks_across or not 0 <= row < self.axes.rows:
            return None
        facet = self.facet(down, across)
        if facet is None or column >= self.axes.columns:
            return None
        return self.axes.index(row, column, facet)
