"""Loops, ladder and drawing beside the letters."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from plot_hand import labels
from PySide6.QtCore import QRectF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from playground.models.einsum.ladder import LadderResult, RungTime
from playground.widgets.einsum.ladder_view import LadderChart, measured_time
from playground.widgets.plot.export import svg_bytes


def test_the_loops_copied_out_run(driven):
    d = driven()
    loops = d.part("loops")
    loops.copy()
    tensors = dict(zip(d.panel.result.plan.names, d.panel.result.tensors, strict=False))
    exec(QApplication.clipboard().text(), {"torch": torch}, tensors)
    assert torch.equal(tensors[d.panel.result.plan.result_name], d.panel.result.tensor)


def test_the_ladder_runs_when_asked(driven):
    d = driven()
    d.panel.details.tabs.setCurrentIndex(5)
    ladder = d.panel.details.ladder
    ladder._size.setCurrentIndex(0)
    QTest.mouseClick(d.part("ladder.run"), Qt.MouseButton.LeftButton)
    columns = ladder.chart.plot_columns()
    assert columns["way"] == ["three loops", "rows", "broadcasting", "einsum", "@"]
    assert all(seconds > 0 for seconds in columns["seconds"])


def test_the_ladder_is_a_plot_with_a_bar_for_each_way(qtbot):
    ways = (("three loops", 1.0, 4), ("rows", 0.1, 8), ("@", 1e-5, 8))
    times = tuple(RungTime(name, name, seconds, rows, 8, 0.0) for name, seconds, rows in ways)
    chart = LadderChart()
    qtbot.addWidget(chart)
    chart.resize(600, 160)
    chart.set_result(LadderResult(8, times))
    chart.show()
    assert chart.bars.lengths[::2] == pytest.approx(np.log10(np.array([1e-5, 0.1, 1.0]) / 5e-6))
    assert labels(chart) == ["@", "rows", "three loops"]
    assert [words for _, words in chart.numbers.range_shown.ticks] == ["10 us", "100 ms  x10000", "1 s*  x1.00e5"]
    text = svg_bytes(chart).decode()
    assert all(words in text for words in ("three loops", "1 ms", "100 ms", "matrix product ladder"))
    assert chart.readout(0.1, 2.5) == "three loops: 1 s"
    chart.set_result(None)
    assert not chart.canvas.isVisible()


def test_times_in_words():
    assert measured_time(0.0000123) == "12.3 us"
    assert measured_time(1.5) == "1.5 s"


def test_everything_is_drawn_in_every_tab(driven):
    d = driven("bhqd,bhkd->bhqk", "Q", "K")
    for tab in range(6):
        d.panel.details.tabs.setCurrentIndex(tab)
        assert not d.panel.grab().isNull()
    d.type("bhqd,bhkd->bhq1")
    assert not d.panel.grab().isNull()


def test_a_size_has_room_between_two_nodes_or_stands_above(five):
    view = five.panel.details.diagram
    lines = {line.label: line for line in view._diagram.lines}
    assert view._room(QRectF(0, 0, 300, 100), view._diagram, lines["j"]) < 40
    assert view._room(QRectF(0, 0, 900, 100), view._diagram, lines["j"]) > 100
    assert view._room(QRectF(0, 0, 300, 100), view._diagram, lines["i"]) == math.inf
    view.grab()
