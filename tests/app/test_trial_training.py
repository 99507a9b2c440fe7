"""A new user trains on the Network page: is asked before it takes long, pauses, changes his mind, closes the window."""

import threading

import numpy as np
import pytest

from playground.models.network.run.estimate import MachineSpeed
from playground.models.network.training import cost
from playground.models.network.training.request import RUNS


@pytest.fixture
def network(network):
    """A small one, and no run left over."""
    RUNS.clear()
    network.type_number("depth", 4)
    network.type_number("width", 16)
    return network


def write_steps(network, steps):
    network.set_training(network.train.settings_window.steps, steps)
    assert network.state.network.training.steps == steps


def slow_machine(monkeypatch):
    monkeypatch.setattr(cost, "machine_speed", lambda: MachineSpeed(0.0, 0.0, 0.0))
    monkeypatch.setattr(cost, "multiply_seconds", lambda _dtype: 1e-5)


def test_a_long_training_is_asked_for_and_agreed_to_in_place(network, monkeypatch):
    slow_machine(monkeypatch)
    network.click("network.train.start")
    network.settle()
    banner = network.train.banner
    assert "A long training." in banner.message.text()
    assert network.train.reached == 0
    assert len(RUNS._runs) == 0, "nothing was drawn before the answer"
    network.click(banner.buttons[0])
    network.settle()
    assert network.train.reached == 120
    assert not banner.isVisible()
    network.click("network.train.rewind")
    network.settle()
    network.click("network.train.one")
    network.settle()
    assert network.train.reached == 121, "one step more is no new question"


def test_another_network_ends_the_training_of_the_one_before(network):
    write_steps(network, 20_000)
    network.begin_training()
    network.type_number("depth", 5)
    assert network.train.reached == 0
    assert not network.state.network.training.asked
    assert network.train.start.accessibleName() == "Train"
    assert network.page.network.depth == 5
    assert network.train.progress.fraction is None


def test_another_learning_rate_starts_a_run_of_its_own(network):
    for _ in range(2):
        network.click("network.train.one")
        network.settle()
    first = network.train._result.losses
    network.set_training(network.train.settings_window.rate, "0.5")
    assert network.train.reached == 0
    for _ in range(2):
        network.click("network.train.one")
        network.settle()
    second = network.train._result.losses
    assert second[0] == first[0]
    assert second[1] != first[1]


def test_pausing_and_going_on_is_one_run_and_rewinding_brings_the_same_weights_back(network):
    fresh = network.rms
    write_steps(network, 20_000)
    network.begin_training()
    network.click("network.train.start")
    network.settle()
    reached = network.train.reached
    assert 2 < reached < 20_000
    assert network.train.step_box.value == reached
    network.click("network.train.one")
    network.settle()
    assert network.train.reached == reached + 1
    network.click("network.train.rewind")
    network.settle()
    assert np.array_equal(network.rms, fresh)
    network.click("network.train.stop")
    network.settle()
    assert network.train.reached == 0
    assert np.array_equal(network.rms, fresh)


def test_the_window_closes_while_it_trains(network):
    write_steps(network, 20_000)
    network.begin_training()
    network.window.close()
    names = [thread.name for thread in threading.enumerate()]
    assert not any("training" in name for name in names)
