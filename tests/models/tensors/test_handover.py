"""Tensors handed over from Python: one moment for all panels, and every later moment noticed."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.models.job import Job
from playground.models.memory.layout import describe_layout, storage_identity
from playground.models.state import PlaygroundState
from playground.models.tensors.evaluation import evaluate
from playground.models.tensors.handover import program_of, refreshed
from playground.models.tensors.program import Expression, Program
from playground.models.tensors.program_request import compute_program, program_request


def values(program: Program, name: str) -> list[float]:
    tensor = evaluate(program)[name].tensor
    assert tensor is not None
    return tensor.flatten().tolist()


def test_what_python_writes_is_seen_by_all_or_by_none() -> None:
    x = torch.ones(4)
    program = program_of({"x": x}).appended("y", Expression("x + 5"))
    assert values(program, "y") == [6.0] * 4
    x.add_(1)
    assert (values(program, "x"), values(program, "y")) == ([1.0] * 4, [6.0] * 4)
    card = compute_program(program_request(PlaygroundState(program=program)), Job()).card("x")
    assert card is not None
    assert card.summary is not None
    assert card.summary.mean == 1
    fresh = refreshed(program)
    assert (values(fresh, "x"), values(fresh, "y")) == ([2.0] * 4, [7.0] * 4)
    card = compute_program(program_request(PlaygroundState(program=fresh)), Job()).card("x")
    assert card is not None
    assert card.summary is not None
    assert card.summary.mean == 2
    assert refreshed(fresh) is fresh
    assert fresh != program


def test_changes_without_a_version_are_seen_too() -> None:
    array, tensor = np.arange(3.0), torch.zeros(3)
    program = program_of({"a": array, "t": tensor})
    array[1] = 7
    tensor.data[0] = float("nan")
    fresh = refreshed(program)
    assert values(fresh, "a") == [0, 7, 2]
    assert refreshed(fresh, thoroughly=True) is fresh, "a nan equals itself"
    large = np.zeros(1 << 20)
    program = program_of({"a": large})
    large[5] = 1
    assert refreshed(program) is program
    assert values(refreshed(program, thoroughly=True), "a")[5] == 1


def test_only_what_shares_the_memory_is_taken_anew() -> None:
    x, other = torch.zeros(2, 3), torch.zeros(2)
    program = program_of({"x": x, "y": x.t(), "other": other})
    x[0, 0] = 1
    fresh = refreshed(program)
    assert values(fresh, "y")[0] == 1
    assert fresh.get("other") == program.get("other")
    assert [storage_identity(evaluate(fresh)[n].tensor) for n in "xy"].count(
        storage_identity(evaluate(fresh)["x"].tensor)
    ) == 2


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 5), st.integers(0, 5), st.integers(1, 3), st.sampled_from(["<f4", "<i8", "<u1"]), st.booleans())
def test_numpy_views_of_one_array_are_on_one_storage(first, second, step, kind, mixed) -> None:
    """Whether they share, and where, is numpy's own answer."""
    base = np.arange(24).astype(kind)
    one, two = base[first:18:step], base[second:].reshape(-1)[: 24 - second]
    handed = {"one": torch.from_numpy(one) if mixed else one, "two": two}
    tensors = {name: line.tensor for name, line in evaluate(program_of(handed)).items()}
    assert torch.equal(tensors["one"], torch.from_numpy(one))
    assert torch.equal(tensors["two"], torch.from_numpy(two))
    assert ("two" in describe_layout(tensors["one"], tensors).shares_with) == np.may_share_memory(one, two)
    distance = (tensors["one"].data_ptr() - tensors["two"].data_ptr()) if np.may_share_memory(one, two) else None
    assert distance in (None, one.ctypes.data - two.ctypes.data)


def test_a_huge_expanded_array_is_no_copy() -> None:
    array = np.broadcast_to(np.float32(3), (10**6, 10**6))
    tensor = evaluate(program_of({"a": array}))["a"].tensor
    assert tensor.shape == (10**6, 10**6)
    assert tensor.untyped_storage().nbytes() < 100


def test_conjugated_and_inference_tensors_are_taken() -> None:
    with torch.inference_mode():
        frozen = torch.ones(3)
    program = program_of({"z": torch.tensor([1 + 2j]).conj(), "f": frozen})
    assert values(program, "z") == [1 - 2j]
    assert refreshed(program, thoroughly=True) is program
