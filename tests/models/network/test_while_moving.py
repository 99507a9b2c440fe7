"""What a second process is asked, and that its answer is the one this process would have given."""

import pickle
from dataclasses import fields, is_dataclass, replace

import numpy as np
import pytest

from playground.models.network import request as requests
from playground.models.network.activations import ACTIVATIONS
from playground.models.network.init_schemes import INIT_SCHEMES
from playground.models.network.pinned_runs import PinnedRuns
from playground.models.network.request import NetworkRequest, compute_network
from playground.models.network.spec import NetworkSpec
from playground.models.network.while_moving import REHEARSAL, complete_moving, is_brief, run_moving, without_pins
from playground.models.outcome import Problem
from playground.models.tensors.program import Program

SMALL = NetworkSpec(depth=4, width=8, batch=6, activation="relu")
MOVING = NetworkRequest(SMALL, moving=True)


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
        replace(MOVING, spec=replace(SMALL, input="tensor:A"), program=Program()),
        replace(MOVING, spec=replace(SMALL, device="cuda")),
        replace(MOVING, spec=replace(SMALL, depth=0)),
        replace(MOVING, spec=replace(SMALL, activation="none such")),
        replace(MOVING, pins=(replace(SMALL, seed=987),)),
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
    request = replace(MOVING, spec=replace(SMALL, activation=activation))
    assert differences(elsewhere(request), compute_network(request)) == []


@pytest.mark.processor
@pytest.mark.parametrize("init", list(INIT_SCHEMES))
def test_the_answer_is_the_same_to_the_bit_for_each_init(init):
    request = replace(MOVING, spec=replace(SMALL, init=init, loss="cross_entropy", input="digits"), kind="weight")
    assert differences(elsewhere(request), compute_network(request)) == []


def test_pinned_networks_are_added_here_and_do_not_travel(monkeypatch):
    kept = PinnedRuns()
    monkeypatch.setattr("playground.models.network.pinned_runs.PINNED", kept)
    monkeypatch.setattr("playground.models.network.while_moving.PINNED", kept)
    monkeypatch.setattr(requests, "PINNED", kept)
    pin = replace(SMALL, gain=2.0)
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
    monkeypatch.setattr("playground.models.network.while_moving.PINNED", kept)
    pin = replace(SMALL, input="tensor:A")
    kept.keep(pin, Problem("There is no A."), None)
    assert is_brief(replace(MOVING, pins=(pin,)))


def test_only_a_small_message_travels():
    program_with_values = replace(MOVING, pins=(replace(SMALL, gain=2.0),), program=Program())
    assert len(pickle.dumps(without_pins(program_with_values))) < 2000
