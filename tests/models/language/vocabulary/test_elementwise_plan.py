"""Planned layouts of elementwise results against torch, on permuted, stretched, sliced and gapped operands."""

from __future__ import annotations

import random
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.models.language.torch_warnings import QUIET_TORCH
from playground.models.language.vocabulary import VOCABULARY, Word
from playground.models.problem import ProblemError


def _operand(rng: random.Random, shape: tuple[int, ...]) -> torch.Tensor:
    """A tensor that broadcasts to `shape`, laid out in some odd way."""
    sizes = [size if rng.random() < 0.75 else 1 for size in shape][rng.choice([0, 0, 0, 1]) :]
    order = list(range(len(sizes)))
    rng.shuffle(order)
    gaps = [size * rng.choice([1, 1, 2]) for size in sizes]
    base = torch.zeros([gaps[axis] for axis in order], dtype=rng.choice([torch.float32, torch.float64]))
    tensor = base.permute([order.index(axis) for axis in range(len(sizes))])
    tensor = tensor[tuple(slice(None, size) for size in sizes)]
    return tensor.expand(shape) if rng.random() < 0.2 else tensor


@pytest.mark.parametrize("name", ["+", "/", "<"])
def test_layouts_of_two_operands_are_those_of_torch(name: str) -> None:
    rng = random.Random(name)
    word = VOCABULARY[name]
    for _ in range(1500):
        shape = tuple(rng.choice([1, 2, 3, 4]) for _ in range(rng.randrange(5)))
        operands = [_operand(rng, shape), rng.choice([_operand(rng, shape), _operand(rng, shape), 2, 0.5])]
        assert word.plan is not None
        assert_same_layout(word.plan(*map(_meta, operands)), word.call(*operands))


@pytest.mark.parametrize("name", [".relu", ".isnan", "-x"])
def test_layouts_of_one_operand_are_those_of_torch(name: str) -> None:
    rng = random.Random(name)
    word = VOCABULARY[name]
    for _ in range(800):
        shape = tuple(rng.choice([1, 2, 3, 4]) for _ in range(rng.randrange(5)))
        operand = _operand(rng, shape).float()
        assert word.plan is not None
        assert_same_layout(word.plan(_meta(operand)), word.call(operand))


ELEMENTWISE = [
    word
    for word in VOCABULARY.values()
    if word.plan is not None and word.family in ("mapping", "operators") and word.name != "@"
]
CHOOSING = [VOCABULARY[name] for name in ("torch.where", "torch.masked_fill", ".masked_fill")]
OF_THREE = {"clamp", "clip", "addcmul", "addcdiv", "where", "lerp"}
TORCH_PLANS_FALSE = {"<<", ">>", "ldexp"}
"""Words of which torch has no plan for booleans, although it computes them."""


def _arguments(rng: random.Random, word: Word) -> tuple[list[Any], dict[str, Any]]:
    name = word.short_name
    sizes = [0, 1, 2, 3, 4] if rng.random() < 0.1 else [1, 2, 3, 4]
    shape = tuple(rng.choice(sizes) for _ in range(rng.randrange(5)))
    dtype = rng.choice([torch.float32, torch.float32, torch.float64, torch.int64, torch.int64, torch.bool])
    dtype = torch.int64 if name in TORCH_PLANS_FALSE and dtype is torch.bool else dtype
    tensors = [_operand(rng, shape).to(rng.choice([dtype, dtype, dtype, torch.float32])) for _ in range(3)]
    if name == "where":
        tensors[0] = tensors[0].bool()
    count = 3 if name in OF_THREE else 2 if word.stretches else 1
    few: list[Any] = [*tensors[:count]]
    if name == "masked_fill":
        few[1:] = [few[1].bool(), rng.choice([1, 2.5, torch.tensor(3)])]
    elif name == "prelu":
        few.append(torch.ones(rng.choice([1, shape[1] if len(shape) > 1 else 1])))
    elif word.stretches and rng.random() < 0.2:
        few[rng.choice([0, -1]) if name in ("**", "pow", "float_power", "-", "/") else -1] = rng.choice([2, 0.5])
    few += [0.1, 1.0] * (name == "threshold")
    return few, {"rounding_mode": rng.choice(["floor", "trunc", None])} if name in ("div", "divide") else {}


@pytest.mark.parametrize("word", [*ELEMENTWISE, *CHOOSING], ids=lambda word: word.name)
def test_strides_are_torchs_for_odd_layouts_empty_ones_too(word: Word) -> None:
    rng = random.Random(word.name)
    compared = 0
    for _ in range(60):
        few, named = _arguments(rng, word)
        try:
            with QUIET_TORCH:
                real = word.call(*few, **named)
        except (RuntimeError, TypeError, NotImplementedError, IndexError, AttributeError):
            continue
        assert word.plan is not None
        planned = word.plan(*map(_meta, few), **named)
        assert (planned.shape, planned.stride(), planned.dtype) == (real.shape, real.stride(), real.dtype), few
        compared += 1
    assert compared


def assert_same_layout(planned: torch.Tensor, real: torch.Tensor) -> None:
    assert (planned.shape, planned.stride(), planned.dtype) == (real.shape, real.stride(), real.dtype)


def _meta(value: object) -> object:
    if not isinstance(value, torch.Tensor):
        return value
    base = torch.empty(value.untyped_storage().nbytes() // value.element_size(), dtype=value.dtype, device="meta")
    return base.as_strided(value.shape, value.stride(), value.storage_offset())


@pytest.mark.parametrize(
    ("rows", "columns", "offset"), [(3, 4, 0), (5, 2, -2), (4, 4, 3), (2, 7, -5), (0, 3, 0), (6, 3, 1)]
)
@pytest.mark.parametrize("name", ["torch.tril_indices", "torch.triu_indices"])
def test_triangles_have_the_planned_number_of_elements(name: str, rows: int, columns: int, offset: int) -> None:
    word = VOCABULARY[name]
    assert word.plan is not None
    assert word.plan(rows, columns, offset).shape == word.call(rows, columns, offset).shape


@given(
    st.floats(-50, 50, allow_nan=False).map(lambda x: round(x, 2)) | st.integers(-50, 50),
    st.floats(-50, 50, allow_nan=False).map(lambda x: round(x, 2)) | st.integers(-50, 50),
    st.sampled_from([1, 2, 3, -1, 0.5, 0.1, -0.25]),
)
@settings(deadline=None, max_examples=400)
def test_ranges_have_the_planned_length(start: float, end: float, step: float) -> None:
    word = VOCABULARY["torch.arange"]
    assert word.plan is not None
    try:
        expected = torch.arange(start, end, step)
    except RuntimeError:
        with pytest.raises(ProblemError):
            word.plan(start, end, step)
        return
    planned = word.plan(start, end, step)
    assert (planned.shape, planned.dtype) == (expected.shape, expected.dtype)
