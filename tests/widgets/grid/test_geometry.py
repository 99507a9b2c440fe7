"""Cells, facets and scrolling as plain arithmetic."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.widgets.grid.geometry import GridAxes, GridGeometry, default_axes


def geometry(axes, **changes):
    values = {"cell_width": 50, "cell_height": 24, "left": 30, "top": 24, "view_width": 700, "view_height": 500}
    return GridGeometry(axes, **(values | changes))


@pytest.mark.parametrize("shape", [(3, 4), (5,), (), (2, 3, 4)])
def test_each_visible_cell_is_found_where_it_is_drawn(shape):
    found = geometry(default_axes(shape))
    for index in itertools.product(*map(range, shape)):
        rect = found.rect(index)
        if rect is None:
            assert len(shape) == 3
            assert index[0] != 0
            continue
        x, y, width, height = rect
        assert found.index_at(x + width / 2, y + height / 2) == index


@given(
    st.tuples(*[st.integers(1, 5)] * 4), st.integers(1, 2), st.integers(0, 20), st.integers(0, 20), st.integers(5, 60)
)
@settings(deadline=None, max_examples=200)
def test_facets_cover_each_cell_once(shape, count, first_row, first_column, cell):
    axes = GridAxes(shape, 2, 3, ((0, 0), (1, 0)), (0, 1)[2 - count :])
    found = geometry(axes, cell_width=cell, cell_height=cell, first_row=first_row, first_column=first_column, title=40)
    seen = set()
    for block in found.blocks():
        for row, column in itertools.product(block.rows, block.columns):
            x, y = block.left + (column + 0.5) * cell, block.top + (row + 0.5) * cell
            index = found.index_at(x, y)
            assert index == axes.index(row, column, block.facet)
            assert index not in seen
            seen.add(index)
            left, top, _, _ = found.rect(index)
            assert (left, top) == (block.left + column * cell, block.top + row * cell)
            assert x < found.view_width + cell
            assert y < found.view_height + cell


def test_sheets_of_any_size_take_no_memory():
    axes = GridAxes((10**15, 10**12), 0, 1)
    found = geometry(axes, first_row=10**15 - 20, first_column=10**12 - 14)
    blocks = list(found.blocks())
    assert len(blocks) == 1
    assert blocks[0].rows.stop == 10**15
    assert found.index_at(31, 25) == (10**15 - 20, 10**12 - 14)


def test_gaps_and_headers_are_no_cells():
    found = geometry(GridAxes((2, 3, 4), 1, 2, (), (0,)), title=40)
    assert found.index_at(5, 100) is None
    assert found.index_at(35, 26) is None
    assert found.total_rows == 3 + 2
    assert geometry(default_axes((0, 3))).total_rows == 0


def test_an_index_off_the_sheet_has_no_place():
    axes = GridAxes((2, 3, 4), 1, 2, ((0, 1),))
    assert axes.cell((0, 0, 0)) is None
    assert axes.cell((1, 2, 3)) == (2, 3, ())
    assert axes.cell((1, 2)) is None
    assert axes.cell((1, 3, 0)) is None
    assert axes.index(2, 3) == (1, 2, 3)
