"""A new user on the Network page: drags gain, depth and init, reads the verdict, trains, pins, sends a layer on."""

import numpy as np
import pytest
import torch
from hand import CONTROL, KEY, LEFT
from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from playground.models.network.mean_field import weight_variance_of


@pytest.fixture
def network(hand):
    """The page, with one seed instead of a band of twenty."""
    hand.key(KEY.Key_2, CONTROL, hand.window)
    hand.click("network.band")
    hand.settle(60_000)
    return hand


def page(hand):
    """What the plots show."""
    return hand.panel("network").views.page


def spec(hand):
    return hand.state.network.spec


def verdict(hand):
    return hand.said("network.verdict")


def type_number(hand, field, number):
    line = hand.in_view(hand.find(f"network.{field}")).findChild(QLineEdit)
    hand.write(line, str(number))
    hand.key(KEY.Key_Return, widget=line)
    hand.settle(60_000)


def slide(hand, field, pixels, steps=8):
    slider = hand.in_view(hand.find(f"network.{field}.slider"))
    start = QPoint(round(slider.handle_x()), slider.height() // 2)
    hand.drag(slider, start, QPoint(pixels, 0), steps)
    hand.settle(60_000)


def rms(hand):
    return np.array([layer.activation.rms for layer in page(hand).network.layers])


def test_the_gain_at_which_fifty_tanh_layers_neither_vanish_nor_explode(network):
    network.pick("network.activation", "tanh")
    network.pick("network.input", "standard normal")
    network.settle(60_000)
    type_number(network, "gain", 0.7)
    assert verdict(network).startswith("Activations vanish: ×0.7")
    vanishing = rms(network)
    assert vanishing[-1] < 1e-6

    steps = len(network.store.history.past)
    slide(network, "gain", 12, steps=12)
    assert len(network.store.history.past) == steps + 1, "one drag, one step"
    assert 0.95 < spec(network).gain < 1.6
    assert verdict(network).startswith("Healthy.")
    measured, theory = rms(network), np.array(page(network).theory.prediction.rms)
    assert np.abs(np.log(measured / theory)).max() < np.log(1.5), "theory and measurement agree"

    type_number(network, "gain", 2.5)
    assert verdict(network).startswith("Gradients explode")
    network.click("network.fix.0")
    network.settle(60_000)
    assert verdict(network).startswith("Healthy.")
    network.undo()
    assert spec(network).gain == 2.5


def test_the_depth_is_dragged_and_the_first_layers_stay_as_they_are(network):
    before = rms(network)
    slide(network, "depth", -12)
    after = rms(network)
    assert 1 < len(after) < 50
    assert np.array_equal(before[: len(after)], after), "the same noise while the depth changes"
    slide(network, "depth", 14)
    assert len(rms(network)) > len(after)


def test_why_float16_dies_at_layer_five(network):
    network.pick("network.activation", "none")
    network.pick("network.input", "standard normal")
    network.pick("network.init", "normal, std by hand")
    network.settle(60_000)
    type_number(network, "weight_std", 1)
    network.pick("network.dtype", "float16")
    network.settle(60_000)
    assert "The first inf is at layer 5, nan from layer 6: float16 ends at 65504." in verdict(network)
    layers = page(network).network.layers
    assert [layer.activation.inf_count > 0 for layer in layers[:5]] == [False] * 4 + [True]
    assert rms(network)[3] * 10 > torch.finfo(torch.float16).max
    names = [button.text() for button in network.panel("network").verdict.buttons]
    assert names[0] == "Gain 0.1"
    assert "bfloat16" not in names, "it only moves the end to layer 38"
    network.pick("network.dtype", "bfloat16")
    network.settle(60_000)
    assert "The first inf is at layer 38" in verdict(network)
    network.click("network.fix.0")
    network.settle(60_000)
    assert verdict(network).startswith("Healthy.")


def test_he_cures_relu_and_the_pinned_one_stays_for_comparison(network):
    sick = spec(network)
    assert verdict(network).startswith("Activations vanish")
    network.click("network.pin")
    network.settle(60_000)
    network.click("network.fix.0")
    network.settle(60_000)
    assert spec(network).init == "kaiming_normal"
    assert verdict(network).startswith("Healthy.")
    assert network.state.network.pins == (sick,)
    assert page(network).pins[0].spec == sick


def test_a_layer_is_sent_to_the_tensors_page(network):
    type_number(network, "depth", 10)
    canvas = network.find("network.spread").canvas
    QTest.mouseClick(canvas, LEFT, pos=canvas.rect().center())
    network.settle(60_000)
    layer = network.state.network.layer
    assert 3 <= layer <= 8
    network.click("network.send")
    network.settle(60_000)
    assert network.window.pages.currentIndex() == 0
    sent = network.tensor()
    truth = page(network).network.layers[layer - 1].activation
    assert sent.shape == (200, 100)
    assert sent.double().square().mean().sqrt().item() == pytest.approx(truth.rms, rel=1e-6)


def test_some_steps_are_trained_and_rewound_to_the_same_weights(network):
    network.pick("network.init", "He normal")
    network.settle(60_000)
    type_number(network, "depth", 4)
    type_number(network, "width", 32)
    fresh = rms(network)
    train = network.panel("network").train
    for _ in range(3):
        network.click("network.train.one")
        network.settle(60_000)
    assert train.reached == 3
    assert not np.array_equal(rms(network), fresh), "the plots show step 3"
    network.click("network.train.start")
    network.until(lambda: train.reached > 4)
    network.click("network.train.start")
    network.settle(60_000)
    reached = train.reached
    assert 3 < reached <= 120
    network.settle(60_000)
    assert train.reached == reached, "paused"
    network.click("network.train.rewind")
    network.settle(60_000)
    assert np.array_equal(rms(network), fresh)


def test_the_point_of_the_phase_diagram_is_dragged(network):
    network.pick("network.activation", "tanh")
    type_number(network, "depth", 6)
    network.click("network.open.phase")
    network.settle(60_000)
    view = next(widget for widget in network.window.findChildren(QWidget, "network.phase") if widget.isVisible())
    network.until(lambda: view.map.point is not None, timeout=60_000)
    start = view.map.to_pixel(*view.map.point).toPoint()
    target = view.map.to_pixel(1.761, 0.05).toPoint()
    steps = len(network.store.history.past)
    network.drag(view.map, start, target - start)
    network.settle(60_000)
    assert len(network.store.history.past) == steps + 1
    assert weight_variance_of(spec(network), 100) == pytest.approx(1.761, abs=0.05)
    assert spec(network).bias_std ** 2 == pytest.approx(0.05, abs=0.005)
    assert network.find("network.gain").value == pytest.approx(spec(network).gain)
    view.close()
    network.window.activateWindow()
    QApplication.processEvents()
    network.undo()
    assert spec(network).bias_std == 0


@pytest.mark.parametrize(
    ("field", "number", "words"),
    [("gain", 0, "0"), ("gain", "1e30", "inf"), ("width", 1, ""), ("batch", 1, "")],
)
def test_odd_numbers_have_a_verdict(network, field, number, words):
    type_number(network, "depth", 8)
    type_number(network, field, number)
    assert verdict(network)
    assert words in verdict(network)
    assert len(rms(network)) == 8
