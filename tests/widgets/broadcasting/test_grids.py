"""Grids in a row: values whole where there is room, then names; sizes are not cut."""

import pytest
import torch
from PySide6.QtWidgets import QApplication

from playground.models.evaluation.reader import TensorReader
from playground.widgets.broadcasting.grids import BroadcastGrids, ShownGrid
from playground.widgets.text.runs import runs_width

LONG = "a_rather_long_tensor_name_for_weights"


def shown(*grids, width, height=132):
    made = BroadcastGrids()
    made.resize(width, height)
    made.show_grids(grids)
    made.show()
    QApplication.processEvents()
    return made


def grid(title, tensor, sign="", shape=None, **more):
    reader = TensorReader(tensor) if tensor is not None else None
    return ShownGrid(title, tuple(tensor.shape) if shape is None else shape, reader, sign=sign, **more)


@pytest.fixture
def make(qtbot):
    kept = []

    def one(*grids, **size):
        kept.append(shown(*grids, **size))
        qtbot.addWidget(kept[-1])
        return kept[-1]

    return one


def test_four_rows_and_three_columns_of_fractions_need_no_scroll_bar(make):
    values = torch.tensor([[1.14, 0.35, 1.77], [1.51, 0.35, 2.04], [0.63, 1.13, 2.11], [1.42, 1.53, 2.74]])
    grids = make(grid("A", values), grid("B", values > 1, "+"), grid("C", values, "="), width=484)
    for one in grids.shown():
        assert one.horizontalScrollBar().maximum() == one.verticalScrollBar().maximum() == 0
    window = grids.shown()[0].reader.read(0, 1, range(4), range(3), {})
    characters = grids.shown()[0].zoom.cell(grids.shown()[0]).characters
    assert [window.fitted(row, 1, characters) for row in range(4)] == ["0.35", "0.35", "1.13", "1.53"]


def test_more_rows_scroll_without_hiding_a_column(make):
    one = make(grid("A", torch.ones(30, 4) / 3), width=700).shown()[0]
    assert one.verticalScrollBar().maximum() > 0
    assert one.horizontalScrollBar().maximum() == 0


@pytest.mark.parametrize("width", [700, 232])
def test_sizes_stand_behind_a_long_name(make, width):
    title = make(grid(LONG, torch.ones(6, 5, 4)), width=width).columns[0].title
    assert title.text().endswith("(6, 5, 4)")
    assert runs_width(title.runs) <= title.width()
    assert title.text().startswith(f"{LONG} " if width == 700 else "a_r")


def test_what_is_too_large_has_its_name_and_sizes(make):
    note = "too large to show values"
    title = make(grid("huge", None, shape=(1000000, 1000000), note=note), width=700).columns[0].title
    assert title.text() == "huge (1000000, 1000000)"


def test_values_come_before_the_rest_of_a_name(make):
    wide = torch.ones(2, 4) / 3
    grids = make(grid("torch.arange(12).reshape(3, 4)", torch.ones(3, 4)), grid("B", wide, "+"), width=360)
    assert all(one.horizontalScrollBar().maximum() == 0 for one in grids.shown())
    assert grids.columns[0].title.text().startswith("tor")
