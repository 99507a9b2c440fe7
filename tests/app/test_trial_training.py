"""A new user trains on the Network page: is asked before it takes long, pauses, changes his mind, closes the window."""

import threading

import numpy as np
import pytest
from hand import CONTROL, KEY
from PySide6.QtWidgets import QLineEdit

from playground.models.network import training_cost
from playground.models.network.estimate import MachineSpeed
from playground.models.network.training_request import RUNS


@pytest.fixture
def network(hand):
    """The page with a small network on one seed, and no run left over."""
    RUNS.clear()
    hand.key(KEY.Key_2, CONTROL, hand.window)
    hand.click("network.band")
    hand.settle(60_000)
    for field, number in (("depth", 4), ("width", 16)):
        write(hand, f"network.{field}", number)
    return hand


def write(hand, part, number):
    line = hand.in_view(hand.find(part)).findChild(QLineEdit)
    hand.write(line, str(number))
    hand.key(KEY.Key_Return, widget=line)
    hand.settle(60_000)


def train(hand):
    return hand.panel("network").train


def rms(hand):
    return np.array(hand.panel("network").views.page.network.tables["activation"].rms)


def slow_machine(monkeypatch):
    monkeypatch.setattr(training_cost, "machine_speed", lambda: MachineSpeed(0.0, 0.0, 0.0))
    monkeypatch.setattr(training_cost, "multiply_seconds", lambda _dtype: 1e-5)


def test_a_long_training_is_asked_for_and_agreed_to_in_place(network, monkeypatch):
    slow_machine(monkeypatch)
    network.click("network.train.start")
    network.settle(60_000)
    banner = train(network).banner
    assert "A long training." in banner.message.text()
    assert train(network).reached == 0
    assert len(RUNS._runs) == 0, "nothing was drawn before the answer"
    network.click(banner.buttons[0])
    network.settle(60_000)
    assert train(network).reached == 120
    assert not banner.isVisible()
    network.click("network.train.rewind")
    network.settle(60_000)
    network.click("network.train.one")
    network.settle(60_000)
    assert train(network).reached == 121, "one step more is no new question"


def test_another_network_ends_the_training_of_the_one_before(network):
    write_steps(network, 20_000)
    network.click("network.train.start")
    network.until(lambda: train(network).reached > 2, timeout=60_000)
    write(network, "network.depth", 5)
    assert train(network).reached == 0
    assert not network.state.network.training.asked
    assert train(network).start.accessibleName() == "Train"
    assert network.panel("network").views.page.network.depth == 5
    assert train(network).progress.fraction is None


def test_another_learning_rate_starts_a_run_of_its_own(network):
    for _ in range(2):
        network.click("network.train.one")
        network.settle(60_000)
    first = train(network)._result.losses
    settings = train(network).settings_window
    network.click("network.train.choices")
    line = settings.rate.findChild(QLineEdit)
    network.write(line, "0.5")
    network.key(KEY.Key_Return, widget=line)
    settings.hide()
    network.settle(60_000)
    assert train(network).reached == 0
    for _ in range(2):
        network.click("network.train.one")
        network.settle(60_000)
    second = train(network)._result.losses
    assert second[0] == first[0]
    assert second[1] != first[1]


def test_pausing_and_going_on_is_one_run_and_rewinding_brings_the_same_weights_back(network):
    fresh = rms(network)
    write_steps(network, 20_000)
    network.click("network.train.start")
    network.until(lambda: train(network).reached > 2, timeout=60_000)
    network.click("network.train.start")
    network.settle(60_000)
    reached = train(network).reached
    assert 2 < reached < 20_000
    assert train(network).step_box.value == reached
    network.click("network.train.one")
    network.settle(60_000)
    assert train(network).reached == reached + 1
    network.click("network.train.rewind")
    network.settle(60_000)
    assert np.array_equal(rms(network), fresh)
    network.click("network.train.stop")
    network.settle(60_000)
    assert train(network).reached == 0
    assert np.array_equal(rms(network), fresh)


def test_the_window_closes_while_it_trains(network):
    write_steps(network, 20_000)
    network.click("network.train.start")
    network.until(lambda: train(network).reached > 2, timeout=60_000)
    network.window.close()
    names = [thread.name for thread in threading.enumerate()]
    assert not any("training" in name for name in names)


def write_steps(hand, steps):
    network = hand.panel("network")
    settings = network.train.settings_window
    hand.click("network.train.choices")
    line = settings.steps.findChild(QLineEdit)
    hand.write(line, str(steps))
    hand.key(KEY.Key_Return, widget=line)
    settings.hide()
    hand.settle(60_000)
    assert hand.state.network.training.steps == steps
