"""A new user on the Network page: drags gain, depth and init, reads the verdict, trains, pins, sends a layer on."""

import numpy as np
import pytest
import torch
from hand import LEFT
from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from playground.models.network.mean_field import weight_variance_of


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
    canvas = network.find("network.spread").canvas
    QTest.mouseClick(canvas, LEFT, pos=canvas.rect().center())
    network.settle()
    layer = network.state.network.layer
    assert 3 <= layer <= 8
    network.click("network.send")
    network.settle()
    assert network.window.pages.currentIndex() == 0
    sent = network.tensor()
    truth = network.page.network.layers[layer - 1].activation
    assert sent.shape == (200, 100)
    assert sent.double().square().mean().sqrt().item() == pytest.approx(truth.rms, rel=1e-6)


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
    start = view.map.to_pixel(*view.map.point).toPoint()
    target = view.map.to_pixel(1.761, 0.05).toPoint()
    steps = len(network.store.history.past)
    network.drag(view.map, start, target - start)
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
