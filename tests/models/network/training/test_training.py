import math

import numpy as np
import pytest
import torch

from playground.models.job import CancelledError, Job
from playground.models.network.measure.histograms import (
    BELOW,
    BINS,
    HIGH_OCTAVE,
    LOW_OCTAVE,
    NOT_FINITE,
    SLOTS,
    ZERO,
    count_magnitudes,
)
from playground.models.network.run.build import build
from playground.models.network.spec.noise import BANK
from playground.models.network.spec.spec import NetworkSpec
from playground.models.network.training.optimisers import OptimiserSettings, optimiser_step
from playground.models.network.training.settings import TrainingSettings
from playground.models.network.training.tasks import TASKS, make_task
from playground.models.network.training.training import TrainingRun, network_at
from playground.models.problem import ProblemError

SPEC = NetworkSpec(depth=3, width=12, batch=50, activation="relu", init="kaiming_normal", input="digits",
                   loss="cross_entropy")  # fmt: skip
TENSORS = {
    "X": torch.randn(30, 5, generator=torch.Generator().manual_seed(1)),
    "y": torch.arange(30) % 3,
    "t": torch.randn(30, 2, generator=torch.Generator().manual_seed(2)),
}


def settings_of(**fields):
    return TrainingSettings(**({"task": "digits", "rates": OptimiserSettings(learning_rate=0.1)} | fields))


def equal(one, other):
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize(
    ("optimiser", "oracle"),
    [
        ("sgd", lambda p: torch.optim.SGD(p, lr=0.1)),
        ("momentum", lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9)),
        ("adam", lambda p: torch.optim.Adam(p, lr=0.1)),
    ],
)
def test_a_run_is_the_usual_training_loop_to_the_last_bit(optimiser, oracle):
    settings = settings_of(optimiser=optimiser)
    task = make_task(SPEC, settings, {})
    run = TrainingRun(task, settings)
    run.advance_to(25)
    network = task.network.requiring_grad()
    network = network.with_parameters(tuple(p.clone().detach().requires_grad_() for p in network.parameters))
    torch_optimiser = oracle(network.parameters)
    for step in range(25):
        fed = task.with_batch(network, task.batch_of(step))
        torch_optimiser.zero_grad()
        loss = torch.nn.functional.cross_entropy(fed.logits(fed.forward(fed.inputs)), fed.labels)
        loss.backward()
        torch_optimiser.step()
        assert run.losses[step] == loss.item()
    assert equal(run.state.parameters, [p.detach() for p in network.parameters])


@pytest.mark.parametrize("task", list(TASKS))
def test_every_task_learns(task):
    settings = settings_of(task=task, inputs="X", targets="y", optimiser="adam",
                           rates=OptimiserSettings(learning_rate=0.01))  # fmt: skip
    made = make_task(SPEC, settings, TENSORS)
    run = TrainingRun(made, settings)
    run.advance_to(150)
    assert run.failure is None
    assert np.mean(run.losses[-20:]) < 0.8 * made.guess


def test_own_numbers_are_regressed():
    settings = settings_of(task="tensors", inputs="X", targets="t")
    made = make_task(SPEC, settings, TENSORS)
    network = made.network
    expected = torch.nn.functional.mse_loss(network.logits(network.forward(network.inputs)), network.targets)
    assert torch.equal(network.loss(network.forward(network.inputs)), expected)
    assert made.guess == pytest.approx(TENSORS["t"].double().var(0, correction=0).mean().item())
    TrainingRun(made, settings).advance_to(3)


def test_the_guess_is_the_loss_of_the_best_constant():
    made = make_task(SPEC, settings_of(), {})
    counts = made.targets.bincount().double()
    constant = (counts / counts.sum()).log().expand(len(made.targets), 10)
    assert made.guess == math.log(10)
    assert made.guess == pytest.approx(torch.nn.functional.cross_entropy(constant, made.targets).item(), abs=1e-3)
    uneven = make_task(
        SPEC, settings_of(task="tensors", inputs="X", targets="z"), TENSORS | {"z": torch.arange(30) // 20}
    )
    counts = uneven.targets.bincount().double()
    constant = (counts / counts.sum()).log().expand(30, 2)
    assert uneven.guess == pytest.approx(torch.nn.functional.cross_entropy(constant, uneven.targets).item())
    assert made.guess_words == "guessing, ln 10"


def test_each_epoch_goes_through_every_example_once():
    made = make_task(SPEC, settings_of(), {})
    turn = len(made.inputs) // 50
    for epoch in (0, 3):
        seen = torch.cat([made.batch_of(step) for step in range(epoch * turn, (epoch + 1) * turn)])
        assert len(seen.unique()) == turn * 50
    assert not torch.equal(made.batch_of(0), made.batch_of(turn))


@pytest.mark.parametrize("optimiser", ["sgd", "adam"])
@pytest.mark.parametrize("snapshot_bytes", [10**9, 60_000, 1])
def test_rewinding_gives_the_same_weights_bit_for_bit(optimiser, snapshot_bytes):
    settings = settings_of(optimiser=optimiser)
    task = make_task(SPEC, settings, {})
    run = TrainingRun(task, settings, snapshot_bytes)
    fresh = {0: run.state_at(0).parameters}
    for step in range(1, 41):
        run.advance_to(step)
        fresh[step] = [p.clone() for p in run.state.parameters]
    for step in (0, 1, 7, 16, 17, 39, 40):
        state = run.state_at(step)
        assert state.step == step
        assert equal(state.parameters, fresh[step])
    assert equal(run.state_at(0).parameters, task.network.parameters)


def test_going_on_after_a_rewind_gives_what_an_unbroken_run_gives():
    settings = settings_of(optimiser="momentum")
    broken, whole = (TrainingRun(make_task(SPEC, settings, {}), settings, 50_000) for _ in range(2))
    broken.advance_to(11)
    broken.state_at(3)
    broken.advance_to(30)
    whole.advance_to(30)
    assert broken.losses == whole.losses
    assert equal(broken.state.parameters, whole.state.parameters)


def test_dropout_draws_anew_at_each_step_and_the_same_again():
    spec = NetworkSpec(depth=2, width=12, batch=50, activation="relu", init="kaiming_normal", dropout=0.5)
    settings = settings_of()
    one, other = (TrainingRun(make_task(spec, settings, {}), settings) for _ in range(2))
    one.advance_to(6)
    other.advance_to(6)
    assert one.losses == other.losses
    assert network_at(one.task, one.state_at(2)).spec.seed != network_at(one.task, one.state_at(3)).spec.seed


def test_a_cancelled_run_pauses_between_steps():
    settings = settings_of()
    run = TrainingRun(make_task(SPEC, settings, {}), settings)
    run.advance_to(100, Job(is_cancelled=lambda: run.reached >= 7))
    assert run.reached == 7
    assert len(run.losses) == 7


def test_nan_stops_with_the_layer_where_it_began():
    spec = NetworkSpec(depth=8, width=12, batch=20, init="normal", weight_std=1.0, dtype="float16", gain=20.0)
    settings = settings_of()
    task = make_task(spec, settings, {})
    run = TrainingRun(task, settings)
    run.advance_to(50)
    failure = run.failure
    assert failure is not None
    assert failure.what == "activations"
    x = task.with_batch(task.network, task.batch_of(failure.step)).inputs
    for layer in range(failure.layer):
        assert torch.isfinite(x).all()
        x = network_at(task, run.state).layer(layer, x)
    assert not torch.isfinite(x).all()
    assert run.reached == failure.step
    assert f"layer {failure.layer}" in failure.words()


def test_a_rate_far_too_large_stops_and_keeps_the_last_finite_weights():
    settings = settings_of(rates=OptimiserSettings(learning_rate=1e20))
    run = TrainingRun(make_task(SPEC, settings, {}), settings)
    run.advance_to(50)
    assert run.failure is not None
    assert run.failure.what in ("weights", "activations", "loss", "gradients")
    assert run.reached < 10
    run.advance_to(50)
    assert run.reached < 10


def test_gradients_that_overflow_on_the_way_back_are_found():
    spec = NetworkSpec(depth=2, width=4, batch=4, dtype="float32", activation="identity")
    settings = settings_of(task="tensors", inputs="X", targets="t")
    tensors = {"X": TENSORS["X"] * 1e-3, "t": TENSORS["t"] * 1e19}
    run = TrainingRun(make_task(spec, settings, tensors), settings)
    run.advance_to(10)
    assert run.failure is not None


@pytest.mark.parametrize(
    ("inputs", "targets", "words"),
    [
        (math.nan, 1.0, "The inputs of step 0 contain nan for any network. No step can be made."),
        (1.0, math.inf, "The targets of step 0 contain inf for any network. No step can be made."),
    ],
)
def test_what_is_fed_is_blamed_where_it_is_not_finite_and_not_the_first_layer(inputs, targets, words):
    settings = settings_of(task="tensors", inputs="X", targets="t")
    tensors = {"X": TENSORS["X"] * inputs, "t": TENSORS["t"] * targets}
    run = TrainingRun(make_task(SPEC, settings, tensors), settings)
    run.advance_to(10)
    assert run.failure is not None
    assert run.failure.words() == words


def bin_edges():
    """The BINS + 1 edges of |value|: 2^-60, 1.5 * 2^-60, 2^-59, ..., 2^36."""
    octaves = np.arange(LOW_OCTAVE, HIGH_OCTAVE + 1, dtype=np.float64)
    edges = np.stack([np.exp2(octaves), 1.5 * np.exp2(octaves)], axis=1).ravel()
    return edges[: BINS + 1]


def test_histograms_are_those_of_numpy():
    generator = torch.Generator().manual_seed(0)
    layers = [torch.randn(40, 30, generator=generator) * scale for scale in (1, 1e-4, 1e-9, 3e7)]
    counts = count_magnitudes(layers)
    for layer, row in zip(layers, counts, strict=True):
        values = np.abs(layer.double().numpy()).ravel()
        assert np.array_equal(row[:BINS], np.histogram(values, bin_edges())[0])
        assert row.sum() == 1200
    assert counts.shape == (4, SLOTS)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_histograms_keep_zeros_and_what_is_not_finite_apart(dtype):
    values = torch.tensor([0.0, -0.0, math.inf, -math.inf, math.nan, 1.0, -1.0], dtype=dtype)
    row = count_magnitudes([values])[0]
    assert (row[ZERO], row[NOT_FINITE], row[BELOW]) == (2, 3, 0)
    assert row[np.searchsorted(bin_edges(), 1.0)] == 2


def test_a_long_run_keeps_a_bounded_number_of_histograms():
    spec = NetworkSpec(depth=1, width=2, batch=2)
    settings = settings_of(task="regression", rates=OptimiserSettings(learning_rate=1e-6))
    run = TrainingRun(make_task(spec, settings, {}), settings)
    run.advance_to(1100)
    steps = run.column_steps()
    assert len(steps) <= 512
    assert set(np.diff(steps)) == {run.column_stride}


@pytest.mark.parametrize(
    ("inputs", "targets", "message"),
    [
        ("", "y", "No tensor is chosen as inputs"),
        ("X", "Q", "no tensor 'Q'"),
        ("X", "short", "Axis 0 of X is 30, axis 0 of short is 4"),
        ("X", "negative", "from -2 to 3"),
        ("empty", "y", "no values"),
        ("scalar", "y", "no axes"),
    ],
)
def test_tensors_that_do_not_fit_are_refused_in_words(inputs, targets, message):
    tensors = TENSORS | {
        "short": torch.zeros(4),
        "negative": torch.tensor([-2, 3]),
        "empty": torch.zeros(0, 3),
        "scalar": torch.tensor(1.0),
    }
    with pytest.raises(ProblemError, match=message):
        make_task(SPEC, settings_of(task="tensors", inputs=inputs, targets=targets), tensors)


def test_step_0_is_the_network_of_the_spec():
    task = make_task(SPEC, settings_of(), {})
    assert equal(task.network.parameters, build(SPEC).parameters)


def cancelled_at(words):
    """A job that is cancelled as soon as it hears these words, and what it heard."""
    heard = []
    return Job(lambda: any(words in told for told in heard), lambda _, told: heard.append(told)), heard


@pytest.mark.parametrize("words", ["step 2 of 100, forward, layer 2", "step 2 of 100, backward, layer 1"])
def test_a_step_is_left_between_layers_when_cancelled(words):
    settings = settings_of()
    run = TrainingRun(make_task(SPEC, settings, {}), settings)
    job, heard = cancelled_at(words)
    run.advance_to(100, job)
    assert words in heard[-1], "no layer more was computed"
    assert run.reached == len(run.losses) == 1
    run.advance_to(5)
    whole = TrainingRun(make_task(SPEC, settings, {}), settings)
    whole.advance_to(5)
    assert equal(run.state.parameters, whole.state.parameters)


def test_the_shares_that_are_told_rise_to_the_whole():
    settings, shares = settings_of(), []
    run = TrainingRun(make_task(SPEC, settings, {}), settings)
    run.advance_to(4, Job(report=lambda share, _: shares.append(share)))
    assert shares == sorted(shares)
    assert 0 < shares[0] < 0.25
    assert 0.75 < shares[-1] <= 1


def test_an_update_is_left_between_parameters_when_cancelled():
    settings = settings_of(optimiser="adam")
    task = make_task(SPEC, settings, {})
    state = TrainingRun(task, settings).state
    asked = []

    def stop_at_the_third():
        asked.append(1)
        if len(asked) == 3:
            raise CancelledError

    with pytest.raises(CancelledError):
        optimiser_step("adam", state.parameters, state.parameters, state.optimiser, settings.rates,
                       check=stop_at_the_third)  # fmt: skip


def test_going_back_is_left_between_layers_when_cancelled():
    settings = settings_of()
    run = TrainingRun(make_task(SPEC, settings, {}), settings, snapshot_bytes=0)
    run.advance_to(9)
    assert not run.losses[9:]
    with pytest.raises(CancelledError):
        run.state_at(7, Job(lambda: True))
    assert run.state_at(7).step == 7


def test_large_weights_are_drawn_one_layer_after_the_other(monkeypatch):
    monkeypatch.setattr(BANK, "keeps", lambda *_: False)
    spec = NetworkSpec(depth=6, width=12, batch=20)
    job, heard = cancelled_at("drawing, layer 3")
    with pytest.raises(CancelledError):
        make_task(spec, settings_of(), {}, job)
    assert len(heard) <= 3
