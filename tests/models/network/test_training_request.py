from dataclasses import replace

import numpy as np
import pytest

from playground.models.job import Job
from playground.models.network.optimisers import OptimiserSettings
from playground.models.network.spec import NetworkSpec
from playground.models.network.step_histograms import BINS, SLOTS
from playground.models.network.training_request import RUNS, TrainingRequest, compute_training
from playground.models.network.training_settings import TrainingSettings
from playground.models.outcome import ProblemError
from playground.models.tensors.program import Program

SPEC = NetworkSpec(depth=3, width=12, batch=50, activation="relu", init="kaiming_normal")
SETTINGS = TrainingSettings(rates=OptimiserSettings(learning_rate=0.1), steps=30)


@pytest.fixture(autouse=True)
def _no_runs_left():
    RUNS.clear()


def request_of(**fields):
    return TrainingRequest(SPEC, replace(SETTINGS, **fields))


def test_nothing_asked_shows_step_0():
    result = compute_training(request_of())
    assert (result.reached, result.shown, len(result.losses)) == (0, 0, 1)
    assert result.network.loss == result.losses[0]
    assert result.counts.shape == (0, SLOTS)


def test_going_on_gives_what_one_run_gives():
    parts = [compute_training(request_of(target=target, shown=-1)) for target in (5, 6, 30)]
    RUNS.clear()
    whole = compute_training(request_of(target=30, shown=-1))
    assert np.array_equal(parts[-1].losses, whole.losses)
    assert parts[-1].network.loss == whole.network.loss
    assert whole.shown == 30
    assert len(whole.losses) == 31
    assert whole.losses[-1] == whole.network.loss


def test_rewinding_shows_the_same_network_again():
    first = compute_training(request_of(target=10, shown=-1))
    compute_training(request_of(target=30, shown=-1))
    again = compute_training(request_of(target=30, shown=10))
    assert again.shown == 10
    assert again.reached == 30
    assert np.array_equal(again.network.tables["activation"].rms, first.network.tables["activation"].rms)
    assert np.array_equal(again.network.tables["weight_gradient"].std, first.network.tables["weight_gradient"].std)
    start = compute_training(request_of(target=30, shown=0))
    assert start.network.loss == start.losses[0]


def test_the_histogram_over_steps_is_that_of_the_chosen_layer():
    one = compute_training(replace(request_of(target=12, shown=-1), layer=1))
    three = compute_training(replace(request_of(target=12, shown=-1), layer=3))
    assert one.counts.shape == (12, SLOTS)
    assert (one.counts.sum(1) == 50 * 12).all()
    assert not np.array_equal(one.counts, three.counts)
    assert one.counts[:, :BINS].sum() > 0


def test_a_cancelled_training_pauses_with_what_it_reached():
    asked = []

    def cancelled():
        asked.append(1)
        return len(asked) > 13

    result = compute_training(request_of(target=30, shown=-1), Job(is_cancelled=cancelled))
    assert result.reached == 3
    assert not result.running
    assert compute_training(request_of(target=30, shown=-1)).reached == 30


def test_a_changed_rate_starts_a_run_of_its_own():
    one = compute_training(request_of(target=5))
    other = compute_training(request_of(target=5, rates=OptimiserSettings(learning_rate=0.2)))
    assert one.losses[0] == other.losses[0]
    assert one.losses[3] != other.losses[3]


def test_partial_pictures_are_shown(monkeypatch):
    monkeypatch.setattr("playground.models.network.training_request.SECONDS_BETWEEN_PICTURES", 0.0)
    monkeypatch.setattr("playground.models.network.training_request.time.monotonic", lambda: 0.0)
    shown = []
    compute_training(request_of(target=5, shown=-1), Job(show=shown.append))
    assert [picture.reached for picture in shown] == [1, 2, 3, 4]
    assert all(picture.running for picture in shown)
    assert shown[2].network.depth == 3


def test_tensors_of_the_program_are_trained_on():
    program = Program.parse("X = torch.randn(40, 4)\ny = (X[:, 0] > 0).long()")
    request = TrainingRequest(
        SPEC, replace(SETTINGS, task="tensors", inputs="X", targets="y", target=60, shown=-1), program=program
    )
    result = compute_training(request)
    assert result.losses[-1] < result.losses[0]
    with pytest.raises(ProblemError, match="no tensor 'Z'"):
        compute_training(replace(request, settings=replace(request.settings, inputs="Z")))


def test_a_faulty_spec_is_refused_as_everywhere():
    with pytest.raises(ProblemError, match="depth is 0"):
        compute_training(TrainingRequest(replace(SPEC, depth=0), SETTINGS))


def test_a_result_depends_on_its_request_alone():
    fresh = compute_training(request_of(target=6, shown=2))
    compute_training(request_of(target=25, shown=-1))
    again = compute_training(request_of(target=6, shown=2))
    assert (again.reached, again.shown) == (6, 2)
    assert np.array_equal(again.losses, fresh.losses)
    assert np.array_equal(again.gradient_norms, fresh.gradient_norms)
    assert np.array_equal(again.counts, fresh.counts)
    assert len(fresh.losses) == 7


def test_a_failure_is_told_only_where_the_request_reaches_it():
    spec = NetworkSpec(depth=3, width=12, batch=50, activation="relu", init="kaiming_normal")
    settings = replace(SETTINGS, rates=OptimiserSettings(learning_rate=1e20), target=20, shown=-1)
    failed = compute_training(TrainingRequest(spec, settings))
    assert failed.failure is not None
    before = compute_training(TrainingRequest(spec, replace(settings, target=failed.reached)))
    assert before.failure is None
    assert before.reached == failed.reached


def test_what_would_not_fit_into_memory_is_refused_before_anything_is_drawn():
    huge = NetworkSpec(depth=500, width=4096, batch=65_536)
    with pytest.raises(ProblemError, match="Training this network needs about"):
        compute_training(TrainingRequest(huge, replace(SETTINGS, target=1)))
