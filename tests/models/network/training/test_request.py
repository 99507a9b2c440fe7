from dataclasses import replace
from unittest.mock import patch

import numpy as np
import pytest

from playground.models.job import Job
from playground.models.network.measure.histograms import BINS, SLOTS
from playground.models.network.run.estimate import MachineSpeed
from playground.models.network.spec.spec import NetworkSpec
from playground.models.network.training import cost
from playground.models.network.training.optimisers import OptimiserSettings
from playground.models.network.training.page import cost_in_words, is_of, training_request, with_other_network
from playground.models.network.training.request import RUNS, TrainingRequest, compute_training
from playground.models.network.training.settings import TrainingSettings
from playground.models.problem import ProblemError
from playground.models.program.program import Program
from playground.models.state import NetworkState

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
    heard = []
    job = Job(lambda: any("step 4 of 30, backward" in words for words in heard), lambda _, words: heard.append(words))
    with patch("playground.models.job.SECONDS_BETWEEN_REPORTS", 0.0):
        result = compute_training(request_of(target=30, shown=-1), job)
    assert (result.reached, result.running) == (3, False)
    assert len(result.losses) == 3, "nothing was computed after the cancel, so the loss of step 3 is not known"
    on = compute_training(request_of(target=30, shown=-1))
    assert on.reached == 30
    RUNS.clear()
    assert np.array_equal(on.losses, compute_training(request_of(target=30, shown=-1)).losses)


def test_a_cancelled_training_shows_the_last_picture_it_took():
    compute_training(request_of(target=5, shown=-1))
    result = compute_training(request_of(target=30, shown=-1), Job(lambda: True))
    assert (result.reached, result.shown) == (5, 5)
    assert result.network.loss == compute_training(request_of(target=5, shown=5)).network.loss


def slow(monkeypatch, multiply):
    """A machine on which one multiplication takes so many seconds."""
    monkeypatch.setattr(cost, "machine_speed", lambda: MachineSpeed(0.0, 0.0, 0.0))
    monkeypatch.setattr(cost, "multiply_seconds", lambda _dtype: multiply)


def test_a_long_training_is_asked_for_with_its_time_and_memory(monkeypatch):
    slow(monkeypatch, 1e-5)
    request = request_of(target=30, shown=-1)
    with pytest.raises(ProblemError) as asked:
        compute_training(request)
    problem = asked.value.problem
    assert problem.severity == "warning"
    assert "30 steps take about " in problem.message
    assert problem.message.count(" s") == 3
    agree, fewer = problem.fixes
    assert (agree.target, fewer.target) == ("agree", "steps")
    assert 1 <= int(fewer.code.split()[0]) < 30
    assert RUNS.find(request) is None, "nothing was drawn"
    assert compute_training(request_of(target=30, shown=-1, agreed=30)).reached == 30


def test_a_single_long_step_is_asked_for_once(monkeypatch):
    slow(monkeypatch, 1e-4)
    with pytest.raises(ProblemError, match="1 step takes about"):
        compute_training(request_of(target=1, shown=-1))
    assert compute_training(request_of(target=1, shown=-1, agreed=1)).reached == 1
    RUNS.find(request_of()).run.seconds = 5.0
    assert compute_training(request_of(target=2, shown=-1, agreed=1)).reached == 2, "one step more is no new question"
    with pytest.raises(ProblemError, match="2 steps take about"):
        compute_training(request_of(target=4, shown=-1, agreed=1))


def test_what_a_step_took_is_what_the_next_ones_are_taken_to_take(monkeypatch):
    slow(monkeypatch, 1e-4)
    compute_training(request_of(target=4, shown=-1, agreed=4))
    run = RUNS.find(request_of()).run
    run.seconds = 4 * 0.01
    assert compute_training(request_of(target=30, shown=-1)).reached == 30, "26 steps of 10 ms"
    run.seconds = 30 * 4.0
    with pytest.raises(ProblemError, match="10 steps take about 40 s, 4 s each"):
        compute_training(request_of(target=40, shown=-1))


def test_the_memory_that_is_set_decides(monkeypatch):
    slow(monkeypatch, 0.0)
    needed = cost.training_cost(SPEC, SETTINGS, SPEC.width, 30).bytes
    with pytest.raises(ProblemError, match="Training this network needs about"):
        compute_training(replace(request_of(target=30), budget=needed - 1))
    with pytest.raises(ProblemError, match="A long training"):
        compute_training(replace(request_of(target=30), budget=2 * needed))
    assert compute_training(replace(request_of(target=30), budget=4 * needed)).reached == 30


def test_each_optimiser_is_charged_for_what_it_remembers():
    spec = NetworkSpec(width=2000, depth=2, batch=1)
    settings = [replace(SETTINGS, optimiser=name) for name in ("sgd", "momentum", "adam")]
    sizes = [cost.training_cost(spec, each, 64, 1).bytes for each in settings]
    weights = 4 * (2000 * 64 + 2000 * 2000)
    assert sizes[0] < sizes[1] < sizes[2]
    assert sizes[2] - sizes[1] >= 2 * weights


def test_the_memory_of_a_training_is_no_less_than_what_its_tensors_take():
    spec = replace(SPEC, width=300, depth=4)
    settings = replace(SETTINGS, optimiser="adam", target=3, shown=-1)
    compute_training(TrainingRequest(spec, settings))
    run = RUNS.find(TrainingRequest(spec, settings)).run
    parameters = sum(p.nbytes for p in run.state.parameters)
    states = run.state.nbytes
    assert states == 3 * parameters
    assert cost.training_cost(spec, settings, 64, 3).bytes >= 2 * states + parameters


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.01, "0.1 s"), (1.44, "1.4 s"), (95, "95 s"), (720, "12 min"), (11_160, "3.1 h")]
)
def test_a_duration_in_words(seconds, words):
    assert cost.duration_in_words(seconds) == words


def test_a_changed_rate_starts_a_run_of_its_own():
    one = compute_training(request_of(target=5))
    other = compute_training(request_of(target=5, rates=OptimiserSettings(learning_rate=0.2)))
    assert one.losses[0] == other.losses[0]
    assert one.losses[3] != other.losses[3]


def test_partial_pictures_are_shown(monkeypatch):
    monkeypatch.setattr("playground.models.network.training.request.SECONDS_BETWEEN_PICTURES", 0.0)
    monkeypatch.setattr("playground.models.network.training.request.time.monotonic", lambda: 0.0)
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


def test_the_page_asks_with_the_memory_that_is_set_and_knows_its_own_results():
    chosen = NetworkState(spec=SPEC, training=replace(SETTINGS, target=4, shown=-1))
    request = training_request(chosen, Program(), 10**9)
    assert request.budget == 10**9
    result = compute_training(request)
    assert is_of(result, chosen)
    assert is_of(result, replace(chosen, training=replace(chosen.training, target=9)))
    assert not is_of(result, replace(chosen, training=replace(chosen.training, target=0))), "stopped"
    assert not is_of(result, replace(chosen, spec=replace(SPEC, depth=4)))
    other = replace(chosen.training, rates=OptimiserSettings(learning_rate=0.2))
    assert not is_of(result, replace(chosen, training=other))
    assert cost_in_words(chosen).startswith("about ")


def test_another_network_has_agreed_to_nothing():
    chosen = NetworkState(spec=SPEC, training=replace(SETTINGS, target=4, agreed=4))
    assert with_other_network(chosen, replace(SPEC, width=13)).training == SETTINGS
    assert with_other_network(chosen, SPEC) == chosen
