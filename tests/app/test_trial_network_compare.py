"""A new user compares networks: pins them, feeds them tensors of the program, presses each fix, drags in both maps."""

import numpy as np
import pytest
from hand import CONTROL, KEY, LEFT
from plot_hand import drag, place
from PySide6.QtTest import QTest

SEVERITIES = ("good", "warning", "error")


@pytest.fixture
def network(network):
    """A small one."""
    network.type_number("depth", 20)
    network.type_number("batch", 40)
    return network


def test_three_pins_are_ghosts_in_all_plots_and_a_table(network):
    network.click("network.pin")
    network.settle()
    for gain in (1.3, 1.414):
        network.type_number("gain", gain)
        network.click("network.pin")
        network.settle()
    assert not network.find("network.pin").isEnabled(), "what is pinned is not pinned again"
    views, pins = network.panel("network").views, network.panel("network").pins
    assert [row.name for row in pins.rows] == [f"relu, normal, 1/fan_in, gain {gain}" for gain in ("1", "1.3", "1.414")]
    for plot in (views.distributions.heat, views.spread, views.gradients, views.zeros):
        ghosts = [one for one in plot.canvas.entries if getattr(one, "number", 0) and one.is_shown]
        assert [ghost.number for ghost in ghosts] == [1, 2, 3], plot.title
    network.click("network.compare")
    table = network.opened("network.comparison").rows.rows
    assert [row.cells[0] for row in table] == ["now: relu, normal, 1/fan_in, gain 1.414", "gain 1", "gain 1.3",
                                               "relu, normal, 1/fan_in, gain 1.414"]  # fmt: skip
    assert [row.verdict for row in table[1:]] == [pin.verdict for pin in network.page.pins]
    pins.rows[1].setFocus()
    network.key(KEY.Key_Delete, widget=pins.rows[1])
    network.settle()
    assert len(network.page.pins) == len(network.opened("network.comparison").rows.rows) - 1 == 2
    QTest.keyClick(network.opened("network.comparison").rows, KEY.Key_Z, CONTROL)
    network.settle()
    assert len(network.state.network.pins) == 3, "undo from the window of the table"


@pytest.mark.parametrize(("activation", "init"), [("relu", "normal, 1/fan_in"), ("gelu", "torch.nn.Linear"),
                                                  ("sigmoid", "xavier normal"), ("tanh", "zeros")])  # fmt: skip
def test_each_button_of_a_verdict_helps_and_does_what_its_tooltip_says(network, activation, init):
    network.type_number("depth", 40)
    network.choose_field("activation", activation)
    network.choose_field("init", init)
    banner = network.panel("network").verdict
    before, labels = banner.severity, [button.text() for button in banner.buttons]
    assert before == "error"
    assert labels
    for number, label in enumerate(labels):
        button = network.find(f"network.fix.{number}")
        assert button.text() == label
        promised = button.toolTip()
        network.click(button)
        network.settle()
        assert SEVERITIES.index(banner.severity) < SEVERITIES.index(before), label
        assert network.page.verdict.lead in promised
        network.undo()
        network.settle()


def test_tensors_of_the_program_are_fed_renamed_changed_and_deleted(network):
    network.key(KEY.Key_1, CONTROL, network.window)
    for line in ("rows = torch.ones(7, 5)", "single = torch.tensor(3.0)", "sick = torch.tensor([[1.0, float('nan')]])"):
        network.add_line(line)
    network.key(KEY.Key_2, CONTROL, network.window)
    network.settle()
    network.choose_field("input", "single")
    assert network.verdict.startswith("single has no axes. Inputs need axis 0")
    network.click("network.fix.0")
    network.settle()
    assert network.state.network.spec.input == "normal"
    network.choose_field("input", "sick")
    assert network.verdict.startswith("The input is not finite.  It contains 1 nan, and every layer passes them on.")
    network.choose_field("input", "rows")
    assert (network.page.network.batch, network.page.network.features) == (7, 5)
    assert network.state.network.spec.loss == "mean_square", "only digits have labels"

    network.key(KEY.Key_1, CONTROL, network.window)
    network.edit_line("rows", "torch.ones(7, 5) * 4")
    network.select("rows")
    network.rename("images")
    network.key(KEY.Key_2, CONTROL, network.window)
    network.settle()
    assert network.state.network.spec.tensor_name == "images"
    assert network.page.network.input.rms == 4

    network.key(KEY.Key_1, CONTROL, network.window)
    network.select("images")
    network.key(KEY.Key_Delete, widget=network.panel("tensors").list)
    network.key(KEY.Key_2, CONTROL, network.window)
    network.settle()
    assert "images, but the program has no tensor with that name" in network.verdict


def test_the_measured_map_is_dragged_as_one_step_and_its_words_follow(network):
    network.click("network.open.phase")
    view = network.opened("network.phase")
    network.until(lambda: view.map.point is not None)
    tabs = view.tabs
    QTest.mouseClick(tabs, LEFT, pos=tabs.tabRect(1).center())
    network.settle()
    assert view.words.text().startswith("Here layer 20 has ")
    steps = len(network.store.history.past)
    gain, layer = view.map.point
    drag(view.map, place(view.map, np.log2(gain), layer), place(view.map, 0.5, 33))
    network.settle()
    assert len(network.store.history.past) == steps + 1
    depth = network.state.network.spec.depth
    assert depth in {32, 33, 34}
    assert network.find("network.depth").value == depth
    assert view.words.text().startswith(f"Here layer {depth} has ")
    assert not network.state.network.moving
    QTest.keyClick(view.map.canvas, KEY.Key_Z, CONTROL)
    network.settle()
    assert network.state.network.spec.depth == 20, "undo from the window of the map"


def test_the_map_is_closed_while_it_computes_and_opened_again(network):
    network.click("network.open.phase")
    view = network.opened("network.phase")
    QTest.mouseClick(view.tabs, LEFT, pos=view.tabs.tabRect(1).center())
    view.close()
    network.settle()
    network.click("network.open.phase")
    network.settle()
    assert view.isVisible()
    assert view.words.text().startswith("Here layer 20 has ")
    assert not view.cancel.isVisible()
