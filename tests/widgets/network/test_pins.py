from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtTest import QTest

from playground.models.formatting import digits
from playground.models.network.page import comparison, ranges_of
from playground.models.network.request import compute_network, network_request
from playground.models.network.spec.spec import NetworkSpec
from playground.models.state import NetworkState, PlaygroundState
from playground.widgets.network.layer_numbers import gradient_rows, spread_rows
from playground.widgets.network.pins import ROW, PinsSection
from playground.widgets.network.plots.curve_plots import GradientPlot, SpreadPlot, ZerosPlot
from playground.widgets.network.plots.distribution_plot import DistributionPlot, layer_range
from playground.widgets.network.plots.ghosts import tag
from playground.widgets.plot.curve import in_coordinates

SPEC = NetworkSpec(depth=12, width=20, batch=16, activation="tanh", init="lecun_normal")
SICK = replace(SPEC, activation="relu", gain=0.3)
SHORT = replace(SPEC, depth=5)


def page_of(*pins, **fields):
    state = NetworkState(**{"spec": SPEC, "pins": pins, "band": False, **fields})
    return compute_network(network_request(PlaygroundState(network=state)))


PAGE = page_of(SICK, SHORT)


def ghosts_of(entries):
    return [entry for entry in entries if getattr(entry, "style", "").startswith("pinned") and entry.is_shown]


@pytest.mark.parametrize(
    ("make", "curves"),
    [
        (SpreadPlot, {"pinned": "rms"}),
        (GradientPlot, {"pinned": "activation_gradient", "pinned dotted": "weight_gradient"}),
        (ZerosPlot, {"pinned": "zeros", "pinned dotted": "dead"}),
    ],
)
def test_every_plot_has_a_numbered_ghost_of_each_pin(qtbot, make, curves):
    plot = make()
    qtbot.addWidget(plot)
    plot.show_page(PAGE, ranges_of(PAGE))
    for style, name in curves.items():
        ghosts = [ghost for ghost in ghosts_of(plot.canvas.entries) if ghost.style == style]
        for ghost, pin in zip(ghosts, PAGE.pins, strict=True):
            assert np.array_equal(ghost.y, getattr(pin.curves, name))
        assert [ghost.number for ghost in ghosts] == ([1, 2] if style == "pinned" else [0, 0])
    plot.resize(400, 200)
    plot.grab()
    alone = page_of(SICK)
    plot.show_page(alone, ranges_of(alone))
    assert [ghost.number for ghost in ghosts_of(plot.canvas.entries)] == [0] * len(curves)


FIELD = QRectF(0, 0, 500, 100)


def tag_of(ghost, depth):
    """Where the number stands in a field that shows 10 decades."""
    y = 100 - (in_coordinates(ghost.y, True) + 5) * 10
    return tag((ghost.x - 0.5) * 500 / depth, y, FIELD, ghost.number)


def test_the_number_of_a_ghost_is_seen_where_the_pinned_network_is_deeper_or_less_deep(qtbot):
    for depth in (4, 200):
        page = page_of(SICK, SHORT, spec=replace(SPEC, depth=depth))
        plot = SpreadPlot()
        qtbot.addWidget(plot)
        plot.show_page(page, ranges_of(page))
        for ghost in ghosts_of(plot.canvas.entries):
            place = tag_of(ghost, depth)
            assert place is not None
            assert FIELD.left() <= place.center().x() <= FIELD.right()


def test_the_number_of_a_ghost_at_the_edge_of_a_plot_is_whole():
    x = np.array([0.0, 500.0])
    for y in (0.0, 100.0):
        assert FIELD.contains(tag(x, np.array([y, y]), FIELD, 1))
    assert tag(x, np.array([-1.0, -1.0]), FIELD, 1) is None


def test_the_numbers_of_several_pinned_networks_have_names_of_their_own():
    page = page_of(SICK, SHORT)
    names = [name for name, _, _ in (*spread_rows(page, 1), *gradient_rows(page, 1))]
    assert [name for name in names if "pinned" in name] == [
        "rms, pinned 1",
        "rms, pinned 2",
        "pinned 1, activations",
        "pinned 1, weights",
    ]
    alone = page_of(SICK)
    names = [name for name, _, _ in (*spread_rows(alone, 1), *gradient_rows(alone, 1))]
    assert f"rms, {alone.pins[0].name}" in names
    assert "pinned, activations" in names


def test_the_numbers_of_ghosts_stand_apart_in_short_networks_too(qtbot):
    page = page_of(replace(SPEC, depth=3), replace(SPEC, depth=3, gain=1.1), spec=replace(SPEC, depth=3, gain=0.9))
    plot = SpreadPlot()
    qtbot.addWidget(plot)
    plot.show_page(page, ranges_of(page))
    one, two = (tag_of(ghost, 3) for ghost in ghosts_of(plot.canvas.entries))
    assert not one.intersects(two)


def test_up_to_ten_layers_each_has_its_number_on_the_axis():
    for depth in (1, 2, 5, 8, 10):
        assert [text for _, text in layer_range(depth).ticks] == [str(layer) for layer in range(1, depth + 1)]
    assert len(layer_range(50).ticks) <= 8


def test_the_distributions_show_where_the_rms_of_each_pin_lies(qtbot):
    plot = DistributionPlot()
    qtbot.addWidget(plot)
    plot.show_page(PAGE, ranges_of(PAGE))
    ghosts = [ghost for ghost in ghosts_of(plot.heat.canvas.entries) if ghost is not plot.ground]
    assert [list(ghost.y) for ghost in ghosts] == [list(pin.curves.rms) for pin in PAGE.pins]
    plot.grab()
    weights = page_of(SICK, kind="weight")
    plot.show_page(weights, ranges_of(weights))
    assert not [ghost for ghost in ghosts_of(plot.heat.canvas.entries) if ghost is not plot.ground]


def test_the_legend_says_what_differs(qtbot):
    plot = SpreadPlot()
    qtbot.addWidget(plot)
    plot.show_page(PAGE, ranges_of(PAGE))
    ghosts = ghosts_of(plot.canvas.entries)
    assert ghosts[0].name == "pinned: 1 relu, gain 0.3; 2 depth 5"
    assert [list(ghost.columns()) for ghost in ghosts] == [["pinned: relu, gain 0.3"], ["pinned: depth 5"]]


def test_the_table_is_made_of_the_verdicts_and_of_measured_numbers():
    rows = comparison(PAGE)
    assert [row.mark for row in rows] == ["", "1", "2"]
    assert rows[0].cells[0].startswith("now: tanh")
    assert rows[0].verdict == PAGE.verdict.plain()
    assert rows[1].cells[:2] == ("relu, gain 0.3", PAGE.pins[0].verdict.partition(". ")[0].removesuffix("."))
    tables = PAGE.network.tables
    gradient = tables["activation_gradient"].rms
    assert rows[0].cells[2:4] == (digits(tables["activation"].rms[-1]), digits(gradient[0] / gradient[-1]))
    gone = page_of(replace(SPEC, input="tensor:gone"))
    assert comparison(gone)[1].cells[2:] == ("", "", "", "")


def test_the_table_opens_follows_the_page_and_takes_a_network_up(qtbot):
    section = PinsSection()
    qtbot.addWidget(section)
    section.show()
    assert section.compare.isHidden()
    section.show_pins(PAGE.request.pins, SPEC)
    section.show_page(PAGE)
    assert [row.number for row in section.rows] == [1, 2]
    taken = []
    section.taken.connect(taken.append)
    QTest.mouseClick(section.compare, Qt.MouseButton.LeftButton)
    view = section._comparison
    view.grab()
    assert view.windowType() == Qt.WindowType.Tool, "undo works while it is in front"
    assert len(view.rows.rows) == 3
    place = view.rows.rect().topLeft()
    place.setX(60)
    place.setY(ROW * 2 + 10)
    QTest.mouseClick(view.rows, Qt.MouseButton.LeftButton, pos=place)
    assert taken == [SICK]
    QTest.keyClick(view.rows, Qt.Key.Key_Down)
    QTest.keyClick(view.rows, Qt.Key.Key_Return)
    assert taken == [SICK, SHORT]
    section.show_pins((SICK,), SPEC)
    section.show_page(page_of(SICK))
    assert len(view.rows.rows) == 2
    assert section.rows[0].number == 0
