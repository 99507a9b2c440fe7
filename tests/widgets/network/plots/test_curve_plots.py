"""Where a number type ends is drawn where the axis reaches there, and named in the legend."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch

from playground.models.network.page import ranges_of
from playground.models.network.request import compute_network, network_request
from playground.models.network.spec.spec import NetworkSpec
from playground.models.network.watch.watch import measure_module
from playground.models.state import NetworkState, PlaygroundState
from playground.widgets.network.plots.curve_plots import GradientPlot, SpreadPlot

SPEC = NetworkSpec(depth=30, width=30, batch=20, activation="relu", init="lecun_normal")


@cache
def page(**fields):
    spec = replace(SPEC, **fields)
    return compute_network(network_request(PlaygroundState(network=NetworkState(spec=spec, band=False))))


def named(plot):
    return [entry.name for entry in plot.canvas.entries if entry.is_shown and " ends at " in entry.name]


@pytest.mark.parametrize(
    ("fields", "spread", "gradients"),
    [
        ({"dtype": "float16", "activation": "identity", "init": "normal"}, ["float16 ends at 65504"], []),
        (
            {"dtype": "float16", "depth": 50, "input": "digits", "loss": "cross_entropy"},
            ["float16 ends at 5.96e-8"],
            ["float16 ends at 5.96e-8"],
        ),
        ({"activation": "identity", "init": "normal", "depth": 60}, ["float32 ends at 3.40e38"], []),
        ({"dtype": "float32"}, [], []),
    ],
    ids=["overflow", "underflow", "float32", "healthy"],
)
def test_the_end_of_the_number_type_is_drawn_where_the_axis_reaches_it(qtbot, fields, spread, gradients):
    found = page(**fields)
    for plot, expected in ((SpreadPlot(), spread), (GradientPlot(), gradients)):
        qtbot.addWidget(plot)
        plot.resize(760, 150)
        plot.show_page(found, ranges_of(found))
        assert named(plot) == expected
        healthy = page(init="kaiming_normal")
        plot.show_page(healthy, ranges_of(healthy))
        assert not named(plot)


def test_a_pinned_network_of_another_type_draws_no_end_of_this_one(qtbot):
    """It reaches to 1e-8 in float32; the float16 network itself explodes."""
    half = replace(SPEC, dtype="float16", activation="identity", init="normal", depth=50)
    pinned = NetworkState(spec=half, pins=(replace(SPEC, depth=50),), band=False)
    found = compute_network(network_request(PlaygroundState(network=pinned)))
    ranges = ranges_of(found)
    assert ranges.spread.low < -7.3
    plot = SpreadPlot()
    qtbot.addWidget(plot)
    plot.show_page(found, ranges)
    assert named(plot) == ["float16 ends at 65504"]


class Raises(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first = torch.nn.Linear(3, 3)

    def forward(self, x):
        self.first(x)
        raise RuntimeError("half way")


def test_an_empty_plot_of_gradients_says_why(qtbot):
    plot = GradientPlot()
    qtbot.addWidget(plot)
    broken = measure_module(Raises(), torch.randn(4, 3)).page()
    for found, words in (
        (page(init="zeros"), "every gradient is exactly 0"),
        (page(activation="identity", init="normal", dtype="float16"), "no finite gradient in any layer"),
        (broken, "no gradient was computed"),
        (page(init="kaiming_normal"), ""),
    ):
        plot.show_page(found, ranges_of(found))
        assert plot.canvas.note == words


def test_the_line_lies_at_the_largest_number_over_all_layers_and_is_in_the_export(qtbot):
    found = page(dtype="float16", activation="identity", init="normal")
    plot = SpreadPlot()
    qtbot.addWidget(plot)
    plot.show_page(found, ranges_of(found))
    columns = plot.plot_columns()
    line = columns["float16 ends at 65504"]
    assert np.array_equal(line, np.full(30, 65504.0))
