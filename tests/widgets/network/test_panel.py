from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from plot_hand import click, place, point
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from playground.models.network.request import compute_network, network_request
from playground.models.network.send_layer import compute_layer_tensor
from playground.models.network.spec.activations import ACTIVATIONS
from playground.models.network.spec.inits import INIT_SCHEMES
from playground.models.network.spec.spec import NetworkSpec
from playground.models.problem import Fix, Problem, ProblemError
from playground.models.state import NetworkState, PlaygroundState
from playground.widgets.look import look
from playground.widgets.network.panel import NetworkPanel
from playground.widgets.network.verdict_banner import VerdictBanner

SPEC = NetworkSpec(depth=20, width=24, batch=16, activation="relu", init="lecun_normal")


@pytest.fixture
def panel(qtbot):
    made = NetworkPanel()
    qtbot.addWidget(made)
    made.resize(1360, 796)
    made.edits = []

    def follow(state, gesture):
        made.edits.append((state, gesture))
        made.accept_state(state)

    made.follow = follow
    made.edited.connect(made.follow)
    show(made, NetworkState(spec=SPEC, band=False))
    made.show()
    return made


@cache
def computed(network):
    return compute_network(network_request(PlaygroundState(network=network)))


def show(panel, network):
    """Give the panel a state and, if there is one, its result; else its problem."""
    panel.accept_state(PlaygroundState(network=network))
    try:
        panel.show_result(computed(network))
    except ProblemError as error:
        panel.show_problem(error.problem)


def part(panel, name):
    found = panel.findChild(QWidget, name)
    assert found is not None, name
    return found


@pytest.mark.parametrize(
    "name",
    [
        *("depth", "width", "batch", "activation", "init", "gain", "dtype", "seed"),
        *("distributions", "spread", "gradients", "layer", "pin", "train", "verdict"),
    ],
)
def test_every_part_has_its_name_and_says_what_it_is(panel, name):
    assert part(panel, f"network.{name}").accessibleName()


def test_every_control_has_a_tooltip(panel):
    for field in (*panel.controls.numbers, *panel.controls.choices, "seed", "band", "reset", "pin", "kind", "scale"):
        assert part(panel, f"network.{field}").toolTip(), field


# State to controls


def test_a_state_sets_all_controls_and_emits_nothing(panel):
    other = NetworkSpec(depth=7, width=9, batch=11, activation="gelu", init="normal", weight_std=0.25, gain=1.5,
                        bias_std=0.125, normalisation="rms", residual="scaled", dtype="float64", seed=42)  # fmt: skip
    show(panel, NetworkState(spec=other, band=False, kind="weight", scale="linear", own_range=True))
    assert panel.edits == []
    for field in ("depth", "width", "batch", "weight_std", "gain", "bias_std"):
        assert panel.controls.numbers[field].value == getattr(other, field)
    for field in ("activation", "init", "normalisation", "residual", "dtype"):
        choice = panel.controls.choices[field]
        assert choice.names[choice.box.currentIndex()] == getattr(other, field)
    assert part(panel, "network.seed").value == 42
    assert part(panel, "network.kind").currentText() == "weights"
    assert part(panel, "network.own_range").isChecked()


@pytest.mark.parametrize(
    ("init", "shown"), [("normal", "weight_std"), ("constant", "weight_value"), ("orthogonal", ""), ("zeros", "")]
)
def test_the_box_for_what_an_init_takes_shows_with_it_alone(panel, init, shown):
    show(panel, NetworkState(spec=replace(SPEC, init=init), band=False))
    for field in ("weight_std", "weight_value"):
        assert panel.controls.numbers[field].isVisibleTo(panel) == (field == shown)


def test_registries_fill_the_boxes(panel):
    assert panel.controls.choices["activation"].names == list(ACTIVATIONS)
    assert panel.controls.choices["init"].names == list(INIT_SCHEMES)


def test_before_the_first_result_nothing_is_judged(qtbot):
    banner = VerdictBanner()
    qtbot.addWidget(banner)
    banner.resize(900, banner.height())
    image = banner.grab().toImage()
    colors = {image.pixelColor(x, y).name() for x in range(0, 60, 2) for y in range(0, banner.height() - 2, 2)}
    assert colors == {look().color("panel").name()}


# Gesture to edited


def test_a_number_beyond_the_slider_can_be_typed(panel, qtbot):
    for field, text in (("gain", "1e30"), ("bias_std", "2.5")):
        box = part(panel, f"network.{field}")
        line = box.lineEdit()
        box.setFocus()
        line.selectAll()
        qtbot.keyClicks(line, text)
        qtbot.keyClick(line, Qt.Key.Key_Return)
        assert getattr(panel.state.network.spec, field) == float(text)


def test_typing_a_depth_edits_it(panel, qtbot):
    box = part(panel, "network.depth")
    box.setFocus()
    box.lineEdit().selectAll()
    qtbot.keyClicks(box.lineEdit(), "37")
    qtbot.keyClick(box.lineEdit(), Qt.Key.Key_Return)
    assert panel.state.network.spec.depth == 37
    assert not panel.state.network.moving


def test_a_drag_of_the_gain_is_one_gesture_and_ends_still(panel, qtbot):
    slider = part(panel, "network.gain.slider")
    middle, start = slider.height() // 2, round(slider.handle_x())
    QTest.mousePress(slider, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(start, middle))
    for step in range(1, 9):
        QTest.mouseMove(slider, QPoint(start + 2 * step, middle))
    moved = [state.network for state, _ in panel.edits]
    assert len(moved) > 3
    assert all(network.moving for network in moved)
    with qtbot.waitSignal(panel.gesture_ended):
        QTest.mouseRelease(
            slider, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(start + 16, middle)
        )
    assert not panel.state.network.moving
    assert panel.state.network.spec.gain == moved[-1].spec.gain > 1
    assert len({gesture for _, gesture in panel.edits}) == 1


@pytest.mark.parametrize("field", ["activation", "init", "normalisation", "residual", "dtype"])
def test_choosing_edits_the_field(panel, field):
    choice = panel.controls.choices[field]
    for row, name in enumerate(choice.names):
        choice.box.setCurrentIndex(row)
        assert getattr(panel.state.network.spec, field) == name


def test_another_input_takes_a_loss_that_it_has_labels_for(panel):
    panel.controls.choices["loss"].chosen.emit("loss", "cross_entropy")
    assert panel.state.network.spec.input == "digits"
    panel.controls.choices["input"].chosen.emit("input", "normal")
    assert panel.state.network.spec.loss == "mean_square"


def test_pin_take_up_and_unpin(panel, qtbot):
    qtbot.mouseClick(part(panel, "network.pin"), Qt.MouseButton.LeftButton)
    assert panel.state.network.pins == (SPEC,)
    assert not part(panel, "network.pin").isEnabled()
    show(panel, replace(panel.state.network, spec=replace(SPEC, init="kaiming_normal")))
    row = panel.pins.rows[0]
    assert "Activations vanish" in row.verdict
    qtbot.mouseClick(row, Qt.MouseButton.LeftButton, pos=QPoint(40, 12))
    assert panel.state.network.spec == SPEC
    panel.pins.removed.emit(SPEC)
    assert panel.state.network.pins == ()


def test_pins_answer_to_the_keyboard(panel, qtbot):
    show(panel, replace(panel.state.network, pins=(replace(SPEC, gain=2.0),)))
    row = panel.pins.rows[0]
    qtbot.keyClick(row, Qt.Key.Key_Return)
    assert panel.state.network.spec.gain == 2.0
    qtbot.keyClick(row, Qt.Key.Key_Delete)
    assert panel.state.network.pins == ()


def test_the_number_of_seeds_is_set_where_a_band_is_drawn(panel, qtbot):
    assert not part(panel, "network.seeds").isVisible()
    qtbot.mouseClick(part(panel, "network.band"), Qt.MouseButton.LeftButton)
    assert panel.state.network.band
    box = part(panel, "network.seeds")
    assert box.isVisible()
    box.setFocus()
    box.lineEdit().selectAll()
    qtbot.keyClicks(box.lineEdit(), "7")
    assert panel.state.network.seeds == 7
    show(panel, panel.state.network)
    assert panel.views.spread.band.name == "7 seeds, 5 to 95 %"


def test_a_fix_button_sets_the_network(panel, qtbot):
    show(panel, NetworkState(spec=replace(SPEC, depth=40, width=64), band=False))
    verdict = part(panel, "network.verdict")
    assert "Activations vanish" in verdict.text()
    assert [button.text() for button in verdict.buttons][:2] == ["Init He", "Gain 1.414"]
    qtbot.mouseClick(verdict.buttons[1], Qt.MouseButton.LeftButton)
    assert panel.state.network.spec.gain == 1.414
    show(panel, panel.state.network)
    assert "vanish" not in verdict.text()


def test_a_click_chooses_a_layer_and_pointing_shows_its_numbers(panel, qtbot):
    spread = panel.views.spread
    there = place(spread, 7)
    point(spread, there)
    qtbot.waitUntil(lambda: panel.views.layer == 7, timeout=20_000)
    assert panel.state.network.layer == 1
    click(spread, there)
    assert panel.state.network.layer == 7
    point(spread, place(spread, 12))
    qtbot.waitUntil(lambda: panel.views.layer == 12, timeout=20_000)
    point(spread, QPoint(2, 2))
    qtbot.waitUntil(lambda: panel.views.layer == 7, timeout=20_000)
    for plot in (panel.views.distributions.heat, panel.views.gradients, panel.views.zeros):
        assert plot.canvas.crosshair == 7


def test_sending_a_layer_asks_for_its_tensor(panel, qtbot):
    panel.accept_state(replace(panel.state, network=replace(panel.state.network, layer=4)))
    with qtbot.waitSignal(panel.asked) as asked:
        qtbot.mouseClick(part(panel, "network.send"), Qt.MouseButton.LeftButton)
    side, request = asked.args
    assert side == "layer_tensor"
    assert (request.layer, request.kind, request.spec) == (4, "activation", SPEC)


def test_what_is_sent_is_what_is_seen_while_the_depth_shrinks(panel, qtbot):
    """The picture of 20 layers stays until that of 5 is there."""
    panel.accept_state(replace(panel.state, network=replace(panel.state.network, layer=18)))
    panel.accept_state(replace(panel.state, network=replace(panel.state.network, spec=replace(SPEC, depth=5))))
    with qtbot.waitSignal(panel.asked) as asked:
        qtbot.mouseClick(part(panel, "network.send"), Qt.MouseButton.LeftButton)
    request = asked.args[1]
    assert 1 <= request.layer <= request.spec.depth
    assert compute_layer_tensor(request).tensor.shape == (SPEC.batch, SPEC.width)


# Result to what is painted


def test_the_curves_are_the_results_numbers(panel):
    page = compute_network(network_request(panel.state))
    panel.show_result(page)
    assert np.array_equal(panel.views.spread.rms.y, page.network.tables["activation"].rms)
    assert np.array_equal(panel.views.gradients.weights.y, page.network.tables["weight_gradient"].rms)
    assert np.array_equal(panel.views.spread.theory.y, page.theory.prediction.rms)
    rows = {name: value for name, value, _ in panel.views.zero_numbers.rows}
    assert rows["nan, inf"] == "0, 0"
    assert panel.views.title.text() == "Layer 1"
    assert panel.views.words.text().startswith("384 values")


def test_the_heat_map_paints_the_colours_of_the_counts(panel):
    image = panel.views.distributions.heat.grab().toImage()
    colors = {
        image.pixelColor(x, y).name() for x in range(60, image.width() - 10, 7) for y in range(10, image.height())
    }
    assert len(colors) > 20


def test_theory_is_drawn_only_where_it_applies(panel):
    assert len(panel.views.spread.theory.x) == 20
    show(panel, NetworkState(spec=replace(SPEC, normalisation="layer"), band=False))
    assert len(panel.views.spread.theory.x) == 0
    assert "layer norm" in panel.theory.reason.text()
    assert panel.theory.numbers.rows == ()


def test_axes_hold_still_while_the_hand_moves(panel):
    before = panel.views.spread.canvas.y_range
    show(panel, NetworkState(spec=replace(SPEC, gain=1.2), band=False, moving=True))
    assert panel.views.spread.canvas.y_range == before
    show(panel, NetworkState(spec=replace(SPEC, gain=1.2), band=False))
    assert panel.views.spread.canvas.y_range != before


@pytest.mark.parametrize("scale", ["log", "linear", "signed_log"])
@pytest.mark.parametrize(
    "spec", [SPEC, NetworkSpec(depth=45), NetworkSpec(depth=3, init="zeros"), NetworkSpec(depth=1)]
)
def test_every_scale_paints_every_network(panel, scale, spec):
    show(panel, NetworkState(spec=spec, scale=scale, own_range=True, band=False, layer=40))
    assert not panel.grab().isNull()
    assert panel.views.layer == min(40, spec.depth)
    values = panel.views.distributions.heat.canvas.y_range
    for tick, text in values.ticks or ():
        assert values.low <= tick <= values.high, f"{text} would stand over another label"


@pytest.mark.parametrize("size", [(1000, 576), (1360, 796), (1920, 1100), (640, 400)])
def test_any_size_keeps_the_layout(panel, size):
    panel.resize(*size)
    panel.grab()
    assert panel.views.spread.canvas.field().width() > 100
    assert panel.views.distributions.heat.canvas.field().left() == panel.views.zeros.canvas.field().left()


def test_every_plot_exports_its_numbers(panel):
    for plot in (panel.views.spread, panel.views.gradients, panel.views.zeros):
        columns = plot.plot_columns()
        assert len(columns["layer"]) == 20
    assert len(panel.views.histogram.plot_columns()["count"]) > 10
    assert len(panel.views.distributions.heat.plot_columns()["count"]) % 20 == 0


# Problem to banner


def test_a_problem_dims_the_plots_and_offers_its_fixes(panel, qtbot):
    show(panel, replace(panel.state.network, spec=replace(SPEC, normalisation="batch", batch=1)))
    verdict = part(panel, "network.verdict")
    assert "needs at least 2 inputs" in verdict.text()
    assert panel.views.veil.isVisible()
    assert len(panel.views.spread.rms.y) == 20
    qtbot.mouseClick(verdict.buttons[0], Qt.MouseButton.LeftButton)
    assert panel.state.network.spec.batch == 2
    show(panel, panel.state.network)
    assert not panel.views.veil.isVisible()


def test_a_long_run_is_agreed_to_in_place(panel, qtbot):
    ask = Problem(
        "It takes about 12 s.", lead="A long run.", severity="warning", fixes=(Fix("Run it", target="confirm"),)
    )
    panel.show_problem(ask)
    qtbot.mouseClick(part(panel, "network.verdict").buttons[0], Qt.MouseButton.LeftButton)
    assert panel.state.network.confirmed == SPEC


def test_where_layers_are_too_narrow_for_theory_there_are_no_numbers_of_it(panel):
    wide = replace(SPEC, depth=4, width=64)
    show(panel, NetworkState(spec=wide, band=False))
    assert "q*" in [row[0] for row in panel.theory.numbers.rows]
    show(panel, NetworkState(spec=replace(wide, depth=40, width=2), band=False))
    assert not panel.theory.numbers.rows
    assert "at width 2" in panel.theory.reason.text()


def test_cancel_shows_after_half_a_second_of_work(panel, qtbot):
    verdict = part(panel, "network.verdict")
    panel.show_busy(True)
    assert not verdict.cancel.isVisible()
    qtbot.waitUntil(verdict.cancel.isVisible, timeout=20_000)
    panel.show_progress(0.4, "forward, layer 20 of 50")
    with qtbot.waitSignal(panel.cancelled):
        qtbot.mouseClick(verdict.cancel, Qt.MouseButton.LeftButton)
    panel.show_busy(False)
    assert not verdict.cancel.isVisible()


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("depth", "0", "Depth must be at least 1."),
        ("depth", "501", "Depth must be at most 500."),
        ("width", "2.5", "Width must be a whole number"),
        ("gain", "1e400", "Gain is beyond the largest float64"),
        ("seed", "-1", "Seed must be"),
        ("seeds", "1001", "Seeds must be at most 1000."),
    ],
)
def test_what_a_box_refuses_is_said_in_the_banner_until_the_next_edit(panel, qtbot, field, typed, words):
    """What was typed until then may have been legal, and its result may come later."""
    show(panel, NetworkState(spec=SPEC))
    box = part(panel, f"network.{field}")
    box.setFocus()
    box.lineEdit().selectAll()
    qtbot.keyClicks(box.lineEdit(), typed)
    small = replace(panel.state.network, spec=replace(panel.state.network.spec, depth=3, width=4), band=False)
    panel.show_result(computed(small))
    assert part(panel, "network.verdict").text().startswith(panel._page.verdict.lead), "it may be half of a number"
    qtbot.keyClick(box.lineEdit(), Qt.Key.Key_Return)
    assert part(panel, "network.verdict").text().startswith(panel._page.verdict.lead)
    assert f"Rejected. {words}" in part(panel, "network.verdict").reason.text()
    panel.show_result(computed(replace(small, spec=replace(small.spec, depth=2))))
    assert f"Rejected. {words}" in part(panel, "network.verdict").reason.text(), "until the next edit"
    show(panel, replace(panel.state.network, layer=2))
    assert "Rejected" not in part(panel, "network.verdict").reason.text()


def test_a_fix_changes_what_it_names_and_not_what_was_set_since_the_verdict(panel, qtbot):
    """The next network may take seconds, while the last one's verdict still stands there."""
    sick = replace(SPEC, depth=40, width=64, init="lecun_normal", activation="relu")
    show(panel, NetworkState(spec=sick, band=False))
    deeper = replace(sick, depth=300, seed=7)
    panel.accept_state(replace(panel.state, network=replace(panel.state.network, spec=deeper)))
    button = next(button for button in part(panel, "network.verdict").buttons if button.text() == "Init He")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert panel.state.network.spec == replace(deeper, init="kaiming_normal")


def test_the_fixes_come_in_the_tab_order_where_they_stand(panel, qtbot):
    """They are made when a verdict comes, which would put them after everything else in the window."""
    show(panel, NetworkState(spec=replace(SPEC, depth=40, width=64), band=False))
    buttons = part(panel, "network.verdict").buttons
    assert len(buttons) == 3
    follower = panel.verdict.cancel
    for button in buttons:
        follower = follower.nextInFocusChain()
        assert follower is button
    assert panel.views.isAncestorOf(follower.nextInFocusChain())
