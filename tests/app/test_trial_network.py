"""A new user on the Network page: drags gain, depth and init, reads the verdict, trains, pins, sends a layer on."""

import numpy as np
import pytest
import torch
from hand import SHIFT
from plot_hand import click, drag, place, point
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication

from playground.models.formatting import digits
from playground.models.network.theory.mean_field import weight_variance_of


def slide(network, field, pixels, steps=8):
    slider = network.in_view(network.find(f"network.{field}.slider"))
    start = QPoint(round(slider.handle_x()), slider.height() // 2)
    network.drag(slider, start, QPoint(pixels, 0), steps)
    network.settle()


def test_the_gain_at_which_fifty_tanh_layers_neither_vanish_nor_explode(network):
    network.pick("network.activation", "tanh")
    network.pick("network.input", "standard normal")
    network.settle()
    network.type_number("gain", 0.7)
    assert network.verdict.startswith("Activations vanish: ×0.7")
    vanishing = network.rms
    assert vanishing[-1] < 1e-6

    steps = len(network.store.history.past)
    slide(network, "gain", 12, steps=12)
    assert len(network.store.history.past) == steps + 1, "one drag, one step"
    assert 0.95 < network.spec.gain < 1.6
    assert not any(word in network.verdict for word in ("vanish", "explode"))
    measured, theory = network.rms, np.array(network.page.theory.prediction.rms)
    assert np.abs(np.log(measured / theory)).max() < np.log(1.5), "theory and measurement agree"

    network.type_number("gain", 1.4)
    assert network.verdict.startswith("Healthy.")
    network.type_number("gain", 2.5)
    assert network.verdict.startswith("Gradients explode")
    network.click("network.fix.0")
    network.settle()
    assert "explode" not in network.verdict
    network.undo()
    assert network.spec.gain == 2.5


def test_the_depth_is_dragged_and_the_first_layers_stay_as_they_are(network):
    before = network.rms
    slide(network, "depth", -12)
    after = network.rms
    assert 1 < len(after) < 50
    assert np.array_equal(before[: len(after)], after), "the same noise while the depth changes"
    slide(network, "depth", 14)
    assert len(network.rms) > len(after)


def test_why_float16_dies_at_layer_five(network):
    network.pick("network.activation", "none")
    network.pick("network.input", "standard normal")
    network.pick("network.init", "normal, std by hand")
    network.settle()
    network.type_number("weight_std", 1)
    network.pick("network.dtype", "float16")
    network.settle()
    assert "The first inf is at layer 5" in network.verdict
    assert "float16 ends at 65504." in network.verdict
    layers = network.page.network.layers
    assert [layer.activation.inf_count > 0 for layer in layers[:5]] == [False] * 4 + [True]
    assert network.rms[3] * 10 > torch.finfo(torch.float16).max
    names = [button.text() for button in network.panel("network").verdict.buttons]
    assert names[0] == "Gain 0.1"
    assert "bfloat16" not in names, "it only moves the end"
    network.pick("network.dtype", "bfloat16")
    network.settle()
    ended = next(number for number, layer in enumerate(network.page.network.layers, 1) if layer.activation.inf_count)
    assert f"is at layer {ended}" in network.verdict
    network.click("network.fix.0")
    network.settle()
    assert network.verdict.startswith("Healthy.")


def test_he_cures_relu_and_the_pinned_one_stays_for_comparison(network):
    sick = network.spec
    assert network.verdict.startswith("Activations vanish")
    network.click("network.pin")
    network.settle()
    network.click("network.fix.0")
    network.settle()
    assert network.spec.init == "kaiming_normal"
    assert network.verdict.startswith("The signal keeps its size.")
    assert network.state.network.pins == (sick,)
    assert network.page.pins[0].spec == sick


def test_a_layer_is_sent_to_the_tensors_page(network):
    network.type_number("depth", 10)
    spread = network.find("network.spread")
    click(spread, place(spread, 6))
    network.settle()
    layer = network.state.network.layer
    assert layer == 6
    network.click("network.send")
    network.settle()
    assert network.window.pages.currentIndex() == 0
    sent = network.tensor()
    truth = network.page.network.layers[layer - 1].activation
    assert sent.shape == (200, 100)
    assert sent.double().square().mean().sqrt().item() == pytest.approx(truth.rms, rel=1e-6)


def test_a_curve_is_hidden_in_the_legend_to_see_another_and_comes_back_by_undo_or_a_click(network):
    network.type_number("depth", 10)
    spread = network.find("network.spread")

    def click_std():
        item = next(item for item in spread.legend.plan(spread.legend.width()).placed if item.text == "std")
        network.click(spread.legend, item.box().center().toPoint())
        network.settle()

    assert spread.std.isVisible()
    click_std()
    assert network.state.network.hidden == {"network.spread: std"}
    assert not spread.std.isVisible()
    assert spread.rms.isVisible()
    assert "std" in [entry.name for entry in spread.legend.listed()], "a click there brings it back"
    network.type_number("gain", 1.2)
    assert not spread.std.isVisible(), "another network has it hidden, too"
    network.undo()
    assert not spread.std.isVisible()
    network.undo()
    assert spread.std.isVisible()
    assert not network.state.network.hidden
    click_std()
    click_std()
    assert spread.std.isVisible()


def test_layers_are_looked_at_closely_and_all_plots_follow(network):
    """Zoom into layers 8 to 16 by a rectangle, read a value there, see all again."""
    network.type_number("depth", 30)
    views = network.panel("network").views
    spread = views.spread
    low, high = spread.canvas.y_range.low, spread.canvas.y_range.high
    drag(spread, place(spread, 8, high), place(spread, 16, low), keys=SHIFT)
    network.until(spread.canvas.back.isVisible)
    for plot in views.plots():
        assert plot.canvas.view.viewRange()[0] == pytest.approx([8, 16], abs=0.2)
    rms = network.rms[11]
    point(spread, place(spread, 12, np.log10(rms)))
    network.until(spread.canvas.readout_item.isVisible)
    assert spread.canvas.readout_item.toPlainText() in {f"layer 12  {name} {digits(rms)}" for name in ("rms", "std")}
    network.type_number("gain", 1.1)
    assert spread.canvas.view.viewRange()[0] == pytest.approx([8, 16], abs=0.2), "it stays where the user put it"
    network.click(spread.canvas.back)
    for plot in views.plots():
        assert plot.canvas.view.viewRange()[0] == pytest.approx([0.5, 30.5])
    assert not spread.canvas.back.isVisible()


def test_some_steps_are_trained_and_rewound_to_the_same_weights(network):
    network.pick("network.init", "He normal")
    network.settle()
    network.type_number("depth", 4)
    network.type_number("width", 32)
    fresh = network.rms
    train = network.train
    network.set_training(train.settings_window.steps, 20_000)
    for _ in range(3):
        network.click("network.train.one")
        network.settle()
    assert train.reached == 3
    assert not np.array_equal(network.rms, fresh), "the plots show step 3"
    network.begin_training()
    network.click("network.train.start")
    network.settle()
    reached = train.reached
    assert 5 < reached < 20_000
    network.settle()
    assert train.reached == reached, "paused"
    network.click("network.train.rewind")
    network.settle()
    assert np.array_equal(network.rms, fresh)


def test_the_point_of_the_phase_diagram_is_dragged(network):
    network.pick("network.activation", "tanh")
    network.type_number("depth", 6)
    network.click("network.open.phase")
    network.settle()
    view = network.opened("network.phase")
    network.until(lambda: view.map.point is not None, timeout=60_000)
    steps = len(network.store.history.past)
    drag(view.map, place(view.map, *view.map.point), place(view.map, 1.761, 0.05))
    network.settle()
    assert len(network.store.history.past) == steps + 1
    assert weight_variance_of(network.spec, 100) == pytest.approx(1.761, abs=0.05)
    assert network.spec.bias_std**2 == pytest.approx(0.05, abs=0.005)
    assert network.find("network.gain").value == pytest.approx(network.spec.gain)
    view.close()
    network.window.activateWindow()
    QApplication.processEvents()
    network.undo()
    assert network.spec.bias_std == 0


@pytest.mark.parametrize(
    ("field", "number", "words"),
    [("gain", 0, "0"), ("gain", "1e30", "inf"), ("width", 1, ""), ("batch", 1, "")],
)
def test_odd_numbers_have_a_verdict(network, field, number, words):
    network.type_number("depth", 8)
    network.type_number(field, number)
    assert network.verdict
    assert words in network.verdict
    assert len(network.rms) == 8
