"""What a second process is asked, and that its answer is the one this process would have given."""

import pickle
from dataclasses import fields, is_dataclass, replace

import numpy as np
import pytest
import torch

from playground.models.job import CancelledError, Job
from playground.models.network import request as requests
from playground.models.network import request as seeds
from playground.models.network.page import held, ranges_of
from playground.models.network.pinned import PinnedRuns, difference, setting_name
from playground.models.network.request import (
    REHEARSAL,
    NetworkRequest,
    complete_moving,
    compute_network,
    is_brief,
    network_request,
    run_moving,
    run_seeds,
    without_pins,
)
from playground.models.network.run.estimate import LONG_SECONDS, estimate, multiply_seconds
from playground.models.network.send_layer import HandedLayer, LayerTensorRequest, compute_layer_tensor
from playground.models.network.spec.activations import ACTIVATIONS
from playground.models.network.spec.inits import INIT_SCHEMES
from playground.models.network.spec.spec import NetworkSpec
from playground.models.network.verdict.cures import all_cures
from playground.models.network.verdict.verdict import SEVERITIES
from playground.models.problem import Problem, ProblemError
from playground.models.program.program import Program
from playground.models.program.sources import Imported, TensorReference
from playground.models.state import NetworkState, PlaygroundState

SMALL = NetworkSpec(depth=6, width=10, batch=8, activation="tanh", init="lecun_normal")


def state_of(**fields):
    return PlaygroundState(network=NetworkState(**{"spec": SMALL, "band": False, **fields}))


def compute(state, job=None):
    return compute_network(network_request(state), job)


def test_equal_states_ask_for_the_same_and_pointing_asks_for_nothing():
    assert network_request(state_of()) == network_request(state_of(layer=3))
    assert network_request(state_of()) != network_request(state_of(scale="linear"))
    assert hash(network_request(state_of())) == hash(network_request(state_of()))


def test_while_the_hand_moves_histograms_are_samples_and_seeds_wait():
    request = network_request(state_of(moving=True, band=True, own_range=True))
    assert (request.moving, request.seeds, request.own_range) == (True, 0, False)
    assert network_request(state_of(band=True)).seeds == 20


def test_the_band_grows_and_is_that_of_the_single_runs():
    shown = []
    page = compute(state_of(band=True, seeds=12), Job(show=shown.append))
    assert [one.band.done for one in shown if one.band is not None] == [5, 10]
    assert shown[0].band is None
    assert page.band.done == 12
    runs = [compute(state_of(spec=replace(SMALL, seed=seed))).network.tables["activation"].rms for seed in range(12)]
    assert page.band.low.rms == pytest.approx(np.quantile(runs, 0.05, axis=0), rel=1e-5)
    assert page.band.high.rms == pytest.approx(np.quantile(runs, 0.95, axis=0), rel=1e-5)
    assert run_seeds(SMALL, 3).done == 3


def test_pins_are_named_by_what_differs():
    other = replace(SMALL, init="kaiming_normal", gain=1.5)
    page = compute(state_of(pins=(other, SMALL)))
    assert page.pins[0].name == "He normal, gain 1.5"
    assert page.pins[1].name == setting_name(SMALL)
    assert page.pins[0].curves.rms == pytest.approx(
        compute(state_of(spec=other)).network.tables["activation"].rms, rel=1e-6
    )
    assert difference(SMALL, replace(SMALL, weight_std=3.0)) == "the same"


def test_pins_of_one_activation_init_and_gain_are_named_by_what_tells_them_apart_first():
    relu = NetworkSpec(activation="relu", init="kaiming_normal", input="digits", loss="cross_entropy")
    pins = (relu, replace(relu, normalisation="layer"), replace(relu, init="orthogonal"))
    assert [setting_name(pin, pins) for pin in pins] == [
        "norm none, relu, He normal, gain 1",
        "norm layer, relu, He normal, gain 1",
        "relu, orthogonal, gain 1",
    ]


def test_a_pin_that_cannot_run_says_why_and_spoils_nothing():
    page = compute(state_of(pins=(replace(SMALL, input="tensor:gone"),)))
    assert page.pins[0].curves is None
    assert "gone" in page.pins[0].verdict


def test_a_tensor_of_the_program_feeds_the_network():
    tensor = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    program = Program().appended("X", Imported(TensorReference(tensor)))
    spec = replace(SMALL, input="tensor:X")
    state = replace(state_of(spec=spec), program=program)
    page = compute(state)
    assert (page.network.batch, page.network.features) == (5, 3)
    assert page.network.input.rms == pytest.approx(float(tensor.square().mean().sqrt()))
    assert page.theory.prediction.rms is not None
    with pytest.raises(ProblemError, match="no tensor with that name"):
        compute(state_of(spec=spec))


@pytest.mark.parametrize(
    ("tensor", "words"),
    [
        (torch.tensor(3.0), "X has no axes. Inputs need axis 0 to count them and at least one more."),
        (torch.zeros(0, 4), "X is (0, 4) and has no values to use as input."),
        (torch.zeros(3, 2, dtype=torch.complex64), "X is complex, but the layers are real."),
    ],
    ids=["no axes", "empty", "complex"],
)
def test_a_tensor_that_cannot_be_fed_says_why_and_offers_another_input(tensor, words):
    program = Program().appended("X", Imported(TensorReference(tensor)))
    with pytest.raises(ProblemError) as caught:
        compute(replace(state_of(spec=replace(SMALL, input="tensor:X")), program=program))
    assert caught.value.problem.message.startswith(words)
    assert [fix.gives for fix in caught.value.problem.fixes] == ["input standard normal"]


@pytest.mark.parametrize("dtype", [torch.bool, torch.int64, torch.uint8, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("shape", [(9,), (5, 3), (4, 2, 3)])
def test_any_other_tensor_is_fed_row_by_row(dtype, shape):
    tensor = torch.ones(shape).to(dtype)
    program = Program().appended("X", Imported(TensorReference(tensor)))
    network = compute(replace(state_of(spec=replace(SMALL, input="tensor:X")), program=program)).network
    assert (network.batch, network.features) == (min(shape[0], SMALL.batch), max(1, tensor[0].numel()))


def test_long_runs_are_asked_for_first_and_run_once_agreed():
    long = replace(SMALL, depth=400, width=1024, batch=1000)
    state = replace(state_of(spec=long), memory_budget=64 * 10**9)
    with pytest.raises(ProblemError) as caught:
        compute(state)
    problem = caught.value.problem
    assert problem.severity == "warning"
    assert problem.fixes[0].target == "confirm"
    assert network_request(replace(state, network=replace(state.network, confirmed=long))).confirmed
    for fix in problem.fixes[1:]:
        smaller = replace(long, **{fix.target: int(fix.code)})
        larger = replace(long, **{fix.target: int(fix.code) + 1})
        assert estimate(smaller, smaller.width).seconds <= LONG_SECONDS < estimate(larger, larger.width).seconds


def test_what_does_not_fit_the_memory_is_refused_even_when_agreed_to():
    huge = replace(SMALL, depth=500, width=4096)
    state = replace(state_of(spec=huge, confirmed=huge), memory_budget=4 * 10**9)
    with pytest.raises(ProblemError, match="the limit is 4 GB") as caught:
        compute(state)
    assert "8,384,6" in str(caught.value) or "8,388,608,000" in str(caught.value)
    for fix in caught.value.problem.fixes:
        sizes = [estimate(spec, spec.width).bytes for spec in (replace(huge, **{fix.target: int(fix.code) + more})
                                                              for more in (0, 1))]  # fmt: skip
        assert sizes[0] <= 4 * 10**9 < sizes[1]


def test_what_the_verdict_offers_was_tried_and_says_what_came_of_it():
    """By rule bfloat16 is offered for a float16 that overflows; 50 layers of ×19 overflow it all the same."""
    shown = []
    sick = NetworkSpec(depth=50, width=40, batch=8, weight_std=3.0, dtype="float16")
    page = compute(state_of(spec=sick), Job(show=shown.append))
    assert "bfloat16" in [fix.label for fix in all_cures(sick, page.verdict.illness)], "by rule"
    assert not shown[0].verdict.fixes, "nothing is offered before it was tried"
    assert "bfloat16" not in [fix.label for fix in page.verdict.fixes]
    assert page.verdict.lead == shown[0].verdict.lead
    for fix in page.verdict.fixes:
        after = compute(state_of(spec=fix.spec)).verdict
        assert SEVERITIES.index(after.severity) < SEVERITIES.index(page.verdict.severity)
        assert fix.outcome == f"{after.lead} {after.text}".replace("`", "")
    assert not compute(state_of(spec=sick, moving=True)).verdict.fixes


def test_with_many_inputs_what_is_offered_was_tried_with_some(monkeypatch):
    sick = NetworkSpec(depth=50, width=40, batch=800, weight_std=3.0)
    whole = compute(state_of(spec=sick)).verdict
    for batch, word in ((20, "Tried with 20 inputs: "), (1, None)):
        monkeypatch.setattr(requests, "MOST_TRIAL_OPERATIONS", 6 * 50 * 40 * 40 * (batch + 0.5))
        verdict = compute(state_of(spec=replace(sick, seed=batch))).verdict
        assert bool(verdict.fixes) == (word is not None)
        assert [fix.label for fix in verdict.fixes] == [fix.label for fix in whole.fixes if word]
        assert all(fix.outcome.startswith(word) and fix.spec.batch == 800 for fix in verdict.fixes)


def test_a_pin_that_takes_long_is_not_run_beside_another_network():
    long = replace(SMALL, depth=400, width=1024, batch=1000)
    shown = []
    page = compute(replace(state_of(pins=(long,)), memory_budget=64 * 10**9), Job(show=shown.append))
    assert shown[0].network is page.network, "the page does not wait for its pins"
    assert page.pins[0].curves is None
    assert page.pins[0].verdict.startswith("Not run here. It takes about")


def test_to_pin_a_network_runs_nothing_again():
    page = compute(state_of(spec=replace(SMALL, seed=3)))
    pinned = compute(state_of(spec=replace(SMALL, seed=3), pins=(replace(SMALL, seed=3),)))
    assert pinned.network is page.network
    assert pinned.pins[0].curves.rms == pytest.approx(page.network.tables["activation"].rms)
    assert compute(state_of(spec=replace(SMALL, seed=3), kind="weight")).network is not page.network


def test_the_seeds_give_way_to_a_newer_request():
    steps = []

    def superseded():
        steps.append(1)
        return len(steps) > 4

    with pytest.raises(CancelledError):
        run_seeds(SMALL, 200, job=Job(is_superseded=superseded))
    assert len(steps) == 5


def test_many_seeds_end_when_they_have_kept_the_page_busy_for_a_few_seconds(monkeypatch):
    """A thousand typed into the box kept it busy for half a minute; what ran by then is a band of so many."""
    monkeypatch.setattr(seeds, "PATIENCE_SECONDS", 0.0)
    shown = []
    band = run_seeds(SMALL, 1000, show=shown.append)
    assert (band.done, band.wanted) == (seeds.ALWAYS, 1000)
    assert run_seeds(SMALL, 7).done == 7


@pytest.mark.parametrize("layer", [0, 4, 50])
def test_a_layer_that_the_network_has_not_is_refused_in_words(layer):
    with pytest.raises(ProblemError, match=f"There is no layer {layer} to send: the network has 3 layers"):
        compute_layer_tensor(LayerTensorRequest(replace(SMALL, depth=3), "activation", layer))


def test_bytes_grow_linearly_with_depth():
    sizes = [estimate(replace(SMALL, depth=depth, width=200), 200).bytes for depth in (100, 200, 300)]
    assert sizes[2] - sizes[1] == pytest.approx(sizes[1] - sizes[0], rel=0.01)


@pytest.mark.parametrize("kind", ["activation", "preactivation", "activation_gradient", "weight", "weight_gradient"])
@pytest.mark.parametrize("scale", ["log", "linear", "signed_log"])
def test_every_kind_on_every_scale(kind, scale):
    page = compute(state_of(kind=kind, scale=scale, own_range=True))
    table = page.network.tables[kind]
    counted = table.histograms.counts.sum(1) + table.histograms.below + table.histograms.above + table.zeros
    assert list(counted) == list(table.count)
    assert len(page.own) == 6
    for own, total, zeros in zip(page.own, table.count, table.zeros, strict=True):
        assert int(own.counts.sum()) + own.below + own.above + zeros == total


def test_axes_hold_still_while_the_hand_moves_and_only_grow():
    before = ranges_of(compute(state_of()))
    smaller = ranges_of(compute(state_of(spec=replace(SMALL, gain=0.2), moving=True)))
    kept = held(before, smaller, moving=True)
    assert kept.spread.high == before.spread.high
    assert kept.spread.low == min(before.spread.low, smaller.spread.low)
    nearly = ranges_of(compute(state_of(spec=replace(SMALL, gain=1.05), moving=True)))
    assert held(before, nearly, moving=True).spread.low == before.spread.low
    assert held(before, smaller, moving=False) == smaller


def test_a_layer_arrives_as_an_imported_tensor_under_a_free_name():
    request = LayerTensorRequest(SMALL, "weight", 2)
    state = HandedLayer(request, torch.ones(2)).added_to(PlaygroundState())
    again = HandedLayer(request, torch.ones(2)).added_to(state)
    assert again.program.names == ("w2", "w2_2")
    assert again.selection == "w2_2"


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_the_estimate_grows_with_what_is_done_and_is_never_nothing(dtype):
    few = estimate(replace(SMALL, dtype=dtype), 10)
    many = estimate(replace(SMALL, dtype=dtype, depth=60, width=40), 40)
    assert 0 < few.seconds < many.seconds
    assert multiply_seconds(NetworkSpec(dtype=dtype).torch_dtype) > 0


MOVING_SMALL = NetworkSpec(depth=4, width=8, batch=6, activation="relu")
MOVING = NetworkRequest(MOVING_SMALL, moving=True)


def differences(one, other, path="page"):
    """The places where two results differ, seconds left out."""
    if path.endswith(".seconds"):
        return []
    if is_dataclass(one):
        return [
            found
            for field in fields(one)
            for found in differences(getattr(one, field.name), getattr(other, field.name), f"{path}.{field.name}")
        ]
    if isinstance(one, dict):
        return [found for key in one | other for found in differences(one[key], other[key], f"{path}[{key!r}]")]
    if isinstance(one, np.ndarray):
        return [] if np.array_equal(one, other, equal_nan=one.dtype.kind == "f") else [path]
    if isinstance(one, tuple | list):
        if len(one) != len(other):
            return [path]
        return [
            x for place, pair in enumerate(zip(one, other, strict=True)) for x in differences(*pair, f"{path}[{place}]")
        ]
    return [] if one == other or (one != one and other != other) else [path]


def elsewhere(request):
    """What comes back through the pipes of another process."""
    there = pickle.loads(pickle.dumps(without_pins(request)))
    return complete_moving(request, pickle.loads(pickle.dumps(run_moving(there))))


def test_a_small_network_of_a_moving_hand_is_brief():
    assert is_brief(MOVING)
    assert is_brief(REHEARSAL)


@pytest.mark.parametrize(
    "request_",
    [
        replace(MOVING, moving=False),
        replace(MOVING, spec=NetworkSpec(depth=500, width=4096, batch=200)),
        replace(MOVING, spec=replace(MOVING_SMALL, input="tensor:A"), program=Program()),
        replace(MOVING, spec=replace(MOVING_SMALL, device="cuda")),
        replace(MOVING, spec=replace(MOVING_SMALL, depth=0)),
        replace(MOVING, spec=replace(MOVING_SMALL, activation="none such")),
        replace(MOVING, pins=(replace(MOVING_SMALL, seed=987),)),
        replace(MOVING, budget=10_000),
    ],
    ids=[
        "exact",
        "long",
        "fed by a tensor",
        "on a gpu",
        "refused",
        "unknown",
        "beside a pin that has not run",
        "beyond the memory limit",
    ],
)
def test_what_must_be_computed_here_is_not(request_):
    assert not is_brief(request_)


@pytest.mark.processor
@pytest.mark.parametrize("activation", list(ACTIVATIONS))
def test_the_answer_is_the_same_to_the_bit_for_each_activation(activation):
    request = replace(MOVING, spec=replace(MOVING_SMALL, activation=activation))
    assert differences(elsewhere(request), compute_network(request)) == []


@pytest.mark.processor
@pytest.mark.parametrize("init", list(INIT_SCHEMES))
def test_the_answer_is_the_same_to_the_bit_for_each_init(init):
    request = replace(
        MOVING, spec=replace(MOVING_SMALL, init=init, loss="cross_entropy", input="digits"), kind="weight"
    )
    assert differences(elsewhere(request), compute_network(request)) == []


def test_pinned_networks_are_added_here_and_do_not_travel(monkeypatch):
    kept = PinnedRuns()
    monkeypatch.setattr("playground.models.network.pinned.PINNED", kept)
    monkeypatch.setattr("playground.models.network.request.PINNED", kept)
    monkeypatch.setattr(requests, "PINNED", kept)
    pin = replace(MOVING_SMALL, gain=2.0)
    request = replace(MOVING, pins=(pin,))
    assert not is_brief(request)
    compute_network(replace(request, moving=False))
    assert is_brief(request)
    assert without_pins(request) == MOVING
    page = elsewhere(request)
    assert page.request == request
    assert page.pins[0].spec == pin
    assert page.pins[0].curves is not None
    assert differences(page, compute_network(request)) == []


def test_a_pin_that_was_refused_is_known_too(monkeypatch):
    kept = PinnedRuns()
    monkeypatch.setattr("playground.models.network.request.PINNED", kept)
    pin = replace(MOVING_SMALL, input="tensor:A")
    kept.keep(pin, Problem("There is no A."), None)
    assert is_brief(replace(MOVING, pins=(pin,)))


def test_only_a_small_message_travels():
    program_with_values = replace(MOVING, pins=(replace(MOVING_SMALL, gain=2.0),), program=Program())
    assert len(pickle.dumps(without_pins(program_with_values))) < 2000
