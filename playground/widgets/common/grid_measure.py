"""How much room the headers of a grid take, and how large a grid would like to be."""

from __future__ import annotations

from PySide6.QtCore import QSize

from playground.widgets.common.axis_badge import BADGE
from playground.widgets.common.grid_geometry import GridAxes, GridGeometry
from playground.widgets.common.grid_picture import BAR, LABEL_HEIGHT
from playground.widgets.common.grid_zoom import CellSize

MAXIMUM_HINT = QSize(720, 420)
"""A grid asks for no more than this; what does not fit is scrolled."""

_DIGIT = 7.2


def fitted_geometry(
    axes: GridAxes, cell: CellSize, view: tuple[int, int], first: tuple[int, int], *, headers: bool
) -> GridGeometry:
    """The geometry of a view of this width and height, scrolled to `first` row and column."""
    left = top = right = 1
    if axes.row_axis is not None:
        left += BAR
        if headers:
            left += 9 + max(BADGE, round(len(str(max(0, axes.rows - 1))) * _DIGIT))
    if axes.column_axis is not None and not axes.facets:
        top += BAR + (LABEL_HEIGHT if headers else 0)
        right += _beside(view[0] - 1 - left - axes.columns * cell.width, cell.width) if headers else 0
    title = BADGE + 6 + BAR + (LABEL_HEIGHT if headers else 0) if axes.facets else 0
    return GridGeometry(axes, cell.width, cell.height, left, top, *view, *first, right=right, title=title)


def _beside(spare: int, cell_width: int) -> int:
    """The room right of the columns for the badge of their axis: over the last one's end rather than off the view."""
    wanted, least = 12 + BADGE, max(0, BADGE + 8 - cell_width // 2)
    return spare if least <= spare < wanted else wanted


def hinted_size(geometry: GridGeometry) -> QSize:
    """Room for all cells and headers, up to the largest hint."""
    width = geometry.left + max(1, geometry.total_columns) * geometry.cell_width + geometry.right + 1
    height = geometry.top + max(1, geometry.total_rows) * geometry.cell_height + 1
    return QSize(min(width, MAXIMUM_HINT.width()), min(height, MAXIMUM_HINT.height()))
