"""Which cells of a block are lit, and which only repeat a stretched one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from playground.widgets.common.grid_geometry import Block
from playground.widgets.common.grid_picture import GridPicture
from playground.widgets.common.grid_style import LitRegion


def covered_part(picture: GridPicture, block: Block, region: LitRegion) -> tuple[range, range] | None:
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


def bright_cells(picture: GridPicture, block: Block) -> NDArray[np.bool_]:
    """Which cells keep their full heat: all, or those that are lit."""
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
