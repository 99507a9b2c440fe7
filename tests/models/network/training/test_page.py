import math
from dataclasses import replace

import numpy as np
import pytest

from playground.models.formatting import digits
from playground.models.network.spec.spec import NetworkSpec
from playground.models.network.training.optimisers import OptimiserSettings
from playground.models.network.training.page import (
    invitation,
    loss_range,
    progress_in_words,
    reached_loss,
    settings_in_words,
)
from playground.models.network.training.pinned import (
    PinnedTrainingRequest,
    compute_pinned_training,
    pinned_training_request,
)
from playground.models.network.training.request import TrainingRequest, compute_training
from playground.models.network.training.settings import TrainingSettings
from playground.models.program.program import Program
from playground.models.state import NetworkState

SPEC = NetworkSpec(depth=3, width=12, batch=50, activation="relu", init="kaiming_normal")
SETTINGS = TrainingSettings(rates=OptimiserSettings(learning_rate=0.1), target=30, shown=-1)


def test_a_network_that_learns_is_said_to():
    result = compute_training(TrainingRequest(SPEC, SETTINGS))
    words = progress_in_words(result)
    assert words.startswith("The plots show step 30. The loss falls from `")
    assert f"`{digits(reached_loss(result.losses))}`" in words


def test_a_loss_that_stays_at_guessing_is_said_to():
    dead = replace(SPEC, init="zeros")
    words = progress_in_words(compute_training(TrainingRequest(dead, replace(SETTINGS, target=5, shown=0))))
    assert words == "The plots show step 0. The loss stays at `2.303`, which is guessing, ln 10."


def test_before_training_the_loss_is_compared_with_guessing():
    words = progress_in_words(compute_training(TrainingRequest(SPEC, replace(SETTINGS, target=0))))
    assert "Before training the loss is `" in words
    assert "guessing, ln 10 gives `2.303`" in words


def test_pinned_runs_are_named():
    result = compute_training(TrainingRequest(SPEC, SETTINGS))
    assert progress_in_words(result, (("He", np.full(20, 1.93)),)).endswith("He reaches `1.93`.")


def test_a_pinned_run_that_broke_says_when():
    result = compute_training(TrainingRequest(SPEC, SETTINGS))
    broken = np.array([2.0, 3.0, math.inf, math.nan])
    assert progress_in_words(result, (("He", broken),)).endswith("He fails at step 2.")


@pytest.mark.parametrize(("rate", "words"), [(1e10, "1e10"), (0.00001, "1e-5"), (0.01, "0.01"), (2.5e-7, "2.5e-7")])
def test_learning_rates_are_written_as_they_are_typed(rate, words):
    settings = TrainingSettings(rates=OptimiserSettings(learning_rate=rate))
    assert settings_in_words(settings) == f"120 steps, SGD {words}"


def test_settings_and_invitation():
    assert settings_in_words(TrainingSettings()) == "120 steps, SGD 0.01"
    assert invitation(TrainingSettings()).startswith("Not trained yet. Play trains 120 steps on the digits")
    assert invitation(TrainingSettings(task="tensors")) == "Choose the tensors of inputs and targets to train on."
    assert "A and y" in invitation(TrainingSettings(task="tensors", inputs="A", targets="y"))


@pytest.mark.parametrize(
    "losses",
    [
        [2.3],
        [2.3, 2.3001],
        [0.0, 0.0],
        [3.0, 1.2, 0.4],
        [1e-8, 5.0],
        [1e30, 1.0],
        [math.nan, 2.0],
        [math.inf],
        [],
        [-1.0, 1.0],
    ],
)
def test_the_range_holds_every_finite_loss(losses):
    low, high, logarithmic = loss_range(np.array(losses, dtype=float))
    assert low < high
    for value in losses:
        if math.isfinite(value):
            place = math.log10(value) if logarithmic else value
            assert low - 1e-9 <= place <= high + 1e-9


def test_a_flat_loss_looks_flat():
    low, high, _ = loss_range(2.3026 + np.linspace(-1e-5, 1e-5, 50))
    assert high - low > 0.2


def test_pinned_losses_are_those_of_their_own_runs():
    pins = (replace(SPEC, gain=0.5), replace(SPEC, width=9), replace(SPEC, depth=0))
    result = compute_pinned_training(PinnedTrainingRequest(pins, SETTINGS))
    assert len(result.runs) == 2
    for (name, losses), spec in zip(result.runs, pins, strict=False):
        assert "relu" in name
        assert np.array_equal(losses, compute_training(TrainingRequest(spec, SETTINGS)).losses[:30])
    shorter = compute_pinned_training(PinnedTrainingRequest(pins, replace(SETTINGS, target=4)))
    assert np.array_equal(shorter.runs[0][1], result.runs[0][1][:4])


def test_pins_are_trained_only_when_something_is():
    pinned = NetworkState(spec=SPEC, pins=(SPEC, replace(SPEC, gain=2.0)))
    assert pinned_training_request(pinned, Program()) is None
    request = pinned_training_request(replace(pinned, training=SETTINGS), Program())
    assert request.pins == (replace(SPEC, gain=2.0),)
    assert pinned_training_request(replace(pinned, training=SETTINGS, pins=()), Program()) is None
