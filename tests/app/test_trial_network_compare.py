"""A new user compares networks: pins them, feeds them tensors of the program, presses each fix, drags in both maps."""

import pytest
from hand import CONTROL, KEY, LEFT
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget

SEVERITIES = ("good", "warning", "error")


@pytest.fixture
def network(hand):
    """The page, with one seed and a small network."""
    hand.key(KEY.Key_2, CONTROL, hand.window)
    hand.click("network.band")
    hand.settle(60_000)
    type_number(hand, "depth", 20)
    type_number(hand, "batch", 40)
    return hand


def type_number(hand, field, number):
    line = hand.in_view(hand.find(f"network.{field}")).findChild(QLineEdit)
    hand.write(line, str(number))
    hand.key(KEY.Key_Return, widget=line)
    hand.settle(60_000)


def pick(hand, field, words):
    hand.pick(hand.in_view(hand.find(f"network.{field}", QComboBox)), words)
    hand.settle(60_000)


def page(hand):
    return hand.panel("network").views.page


def verdict(hand):
    return hand.said("network.verdict")


def opened(hand, name):
    return next(widget for widget in hand.window.findChildren(QWidget, name) if widget.isVisible())


def test_three_pins_are_ghosts_in_all_plots_and_a_table(network):
    network.click("network.pin")
    network.settle(60_000)
    for gain in (1.3, 1.414):
        type_number(network, "gain", gain)
        network.click("network.pin")
        network.settle(60_000)
    assert not network.find("network.pin").isEnabled(), "what is pinned is not pinned again"
    views, pins = network.panel("network").views, network.panel("network").pins
    assert [row.name for row in pins.rows] == [f"relu, normal, 1/fan_in, gain {gain}" for gain in ("1", "1.3", "1.414")]
    for plot in (views.distributions.heat, views.spread, views.gradients, views.zeros):
        ghosts = [one for one in plot.canvas.entries if getattr(one, "number", 0) and one.is_shown]
        assert [ghost.number for ghost in ghosts] == [1, 2, 3], plot.title
    network.click("network.compare")
    table = opened(network, "network.comparison").rows.rows
    assert [row.cells[0] for row in table] == ["now: relu, normal, 1/fan_in, gain 1.414", "gain 1", "gain 1.3",
                                               "relu, normal, 1/fan_in, gain 1.414"]  # fmt: skip
    assert [row.verdict for row in table[1:]] == [pin.verdict for pin in page(network).pins]
    pins.rows[1].setFocus()
    network.key(KEY.Key_Delete, widget=pins.rows[1])
    network.settle(60_000)
    assert len(page(network).pins) == len(opened(network, "network.comparison").rows.rows) - 1 == 2
    QTest.keyClick(opened(network, "network.comparison").rows, KEY.Key_Z, CONTROL)
    network.settle(60_000)
    assert len(network.state.network.pins) == 3, "undo from the window of the table"


@pytest.mark.parametrize(("activation", "init"), [("relu", "normal, 1/fan_in"), ("gelu", "torch.nn.Linear"),
                                                  ("sigmoid", "xavier normal"), ("tanh", "zeros")])  # fmt: skip
def test_each_button_of_a_verdict_helps_and_does_what_its_tooltip_says(network, activation, init):
    type_number(network, "depth", 40)
    pick(network, "activation", activation)
    pick(network, "init", init)
    banner = network.panel("network").verdict
    before, labels = banner.severity, [button.text() for button in banner.buttons]
    assert before == "error"
    assert labels
    for place, label in enumerate(labels):
        button = network.find(f"network.fix.{place}")
        assert button.text() == label
        promised = button.toolTip()
        network.click(button)
        network.settle(60_000)
        assert SEVERITIES.index(banner.severity) < SEVERITIES.index(before), label
        assert page(network).verdict.lead in promised
        network.undo()
        network.settle(60_000)


def test_tensors_of_the_program_are_fed_renamed_changed_and_deleted(network):
    network.key(KEY.Key_1, CONTROL, network.window)
    for line in ("rows = torch.ones(7, 5)", "single = torch.tensor(3.0)", "sick = torch.tensor([[1.0, float('nan')]])"):
        network.add_line(line)
    network.key(KEY.Key_2, CONTROL, network.window)
    network.settle(60_000)
    pick(network, "input", "single")
    assert verdict(network).startswith("single has no axes. Inputs need axis 0")
    network.click("network.fix.0")
    network.settle(60_000)
    assert network.state.network.spec.input == "normal"
    pick(network, "input", "sick")
    assert verdict(network).startswith("The input is not finite.  It holds 1 nan and 0 inf")
    pick(network, "input", "rows")
    assert (page(network).network.batch, page(network).network.features) == (7, 5)
    assert network.state.network.spec.loss == "mean_square", "only digits have labels"

    network.key(KEY.Key_1, CONTROL, network.window)
    network.edit_line("rows", "torch.ones(7, 5) * 4")
    network.select("rows")
    network.rename("images")
    network.key(KEY.Key_2, CONTROL, network.window)
    network.settle(60_000)
    assert network.state.network.spec.tensor_name == "images"
    assert page(network).network.input.rms == 4

    network.key(KEY.Key_1, CONTROL, network.window)
    network.select("images")
    network.key(KEY.Key_Delete, widget=network.panel("tensors").list)
    network.key(KEY.Key_2, CONTROL, network.window)
    network.settle(60_000)
    assert "images, and the program has none of that name" in verdict(network)


def test_the_measured_map_is_dragged_as_one_step_and_its_words_follow(network):
    network.click("network.open.phase")
    view = opened(network, "network.phase")
    network.until(lambda: view.map.point is not None)
    tabs = view.tabs
    QTest.mouseClick(tabs, LEFT, pos=tabs.tabRect(1).center())
    network.settle(60_000)
    assert view.words.text().startswith("Here layer 20 has ")
    steps = len(network.store.history.past)
    start = view.map.to_pixel(*view.map.point).toPoint()
    target = view.map.to_pixel(1.414, 33).toPoint()
    network.drag(view.map, start, target - start)
    network.settle(60_000)
    assert len(network.store.history.past) == steps + 1
    depth = network.state.network.spec.depth
    assert depth in {32, 33, 34}
    assert network.find("network.depth").value == depth
    assert view.words.text().startswith(f"Here layer {depth} has ")
    assert not network.state.network.moving
    QTest.keyClick(view.map, KEY.Key_Z, CONTROL)
    network.settle(60_000)
    assert network.state.network.spec.depth == 20, "undo from the window of the map"


def test_the_map_is_closed_while_it_computes_and_opened_again(network):
    network.click("network.open.phase")
    view = opened(network, "network.phase")
    QTest.mouseClick(view.tabs, LEFT, pos=view.tabs.tabRect(1).center())
    view.close()
    network.settle(60_000)
    network.click("network.open.phase")
    network.settle(60_000)
    assert view.isVisible()
    assert view.words.text().startswith("Here layer 20 has ")
    assert not view.cancel.isVisible()
