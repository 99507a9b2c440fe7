"""Each fill writes text that plain torch runs to the same tensor, and knows its own text again."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.models.evaluation.evaluate import evaluate
from playground.models.language.fills import FILLS, default_made, dtype_named, made_code, make, resized
from playground.models.problem import ProblemError
from playground.models.program.program import Program, parse_source
from playground.models.program.sources import Expression, Made

SHAPES = [(), (0,), (1,), (5,), (3, 4), (2, 0, 3), (2, 3, 4), (1, 1, 1, 2)]


def examples() -> list[Made]:
    made = []
    for fill in FILLS.values():
        for dtype in fill.dtypes:
            for shape in SHAPES:
                if fill.fits_rank(len(shape)):
                    made.append(
                        Made(
                            fill.name, shape, dtype, 3 if fill.seeded else None, parameters_for(fill.name, dtype, shape)
                        )
                    )
    return made


def parameters_for(fill: str, dtype: str, shape: tuple[int, ...]) -> tuple[tuple[str, object], ...]:
    whole = not dtype_named(dtype).is_floating_point
    if fill == "values":
        numbers = iter(range(10_000))
        return (("values", nested(shape, lambda: next(numbers) % 7 if whole else next(numbers) / 4 - 1)),)
    return {
        "arange": (("start", 2),),
        "full": (("value", (1 if dtype == "bool" else 3) if whole else -0.5),),
        "linspace": (("end", 2.5), ("start", -1.0)),
        "normal": (("mean", 1.5), ("std", 0.25)),
        "randint": (("high", 9), ("low", 1)),
    }.get(fill, ())


def nested(shape: tuple[int, ...], number: Any) -> Any:
    return tuple(nested(shape[1:], number) for _ in range(shape[0])) if shape else number()


def plain(code: str) -> torch.Tensor:
    return eval(code, {"torch": torch})


def same(left: torch.Tensor, right: torch.Tensor) -> bool:
    return (left.dtype, left.shape, left.stride()) == (right.dtype, right.shape, right.stride()) and torch.equal(
        left.nan_to_num(nan=77.0), right.nan_to_num(nan=77.0)
    )


@pytest.mark.parametrize("made", examples(), ids=lambda made: f"{made.fill}-{made.dtype}-{made.shape}")
def test_code_is_what_is_made(made: Made) -> None:
    code = made_code(made)
    tensor = make(made)
    assert (tuple(tensor.shape), tensor.dtype) == (made.shape, dtype_named(made.dtype))
    assert same(plain(code), tensor), code
    meta = make(made, "meta")
    assert (meta.shape, meta.stride(), meta.dtype) == (tensor.shape, tensor.stride(), tensor.dtype)


@pytest.mark.parametrize("made", examples(), ids=lambda made: f"{made.fill}-{made.dtype}-{made.shape}")
def test_text_is_recognised(made: Made) -> None:
    found = parse_source(made_code(made))
    assert isinstance(found, Made), made_code(made)
    assert made_code(found) == made_code(made)
    assert (found.fill, found.shape, found.dtype, found.seed) == (made.fill, made.shape, made.dtype, made.seed)
    assert same(make(found), make(made))


@pytest.mark.parametrize("made", examples()[::7], ids=lambda made: f"{made.fill}-{made.dtype}-{made.shape}")
def test_a_made_line_and_its_text_as_an_expression_evaluate_alike(made: Made) -> None:
    code = made_code(made)
    results = evaluate(Program().appended("a", made).appended("b", Expression(code)))
    assert results["b"].tensor is not None, results["b"].problem
    assert same(results["a"].tensor, results["b"].tensor)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("torch.arange(12.).reshape(3, 4)", "torch.arange(12.).reshape(3, 4)"),
        ("torch.arange(12.0).reshape((3,4))", "torch.arange(12.).reshape(3, 4)"),
        ("torch.arange(12.).view(3, 4)", "torch.arange(12.).reshape(3, 4)"),
        ("torch.arange(5)", "torch.arange(5)"),
        ("torch.arange(1., 4.)", "torch.arange(1., 4.)"),
        ("torch.zeros((3, 4))", "torch.zeros(3, 4)"),
        ("torch.ones([2, 2], dtype=torch.int64)", "torch.ones(2, 2, dtype=torch.int64)"),
        ("torch.full((3,), 7)", "torch.full((3,), 7)"),
        ("torch.full((3, 4), 7.0)", "torch.full((3, 4), 7.)"),
        ("torch.eye(3)", "torch.eye(3)"),
        ("torch.eye(3, 4)", "torch.eye(3, 4)"),
        ("torch.linspace(0, 1, 5)", "torch.linspace(0., 1., 5)"),
        (
            "torch.randn(3, 4, generator=torch.Generator().manual_seed(0))",
            "torch.randn(3, 4, generator=torch.Generator().manual_seed(0))",
        ),
        ("torch.randn(3, 4)", "torch.randn(3, 4, generator=torch.Generator().manual_seed(0))"),
        (
            "torch.rand(2, generator=torch.Generator().manual_seed(7))",
            "torch.rand(2, generator=torch.Generator().manual_seed(7))",
        ),
        (
            "torch.randint(10, (3,), generator=torch.Generator().manual_seed(1))",
            "torch.randint(0, 10, (3,), generator=torch.Generator().manual_seed(1))",
        ),
        ("torch.tensor([10., 20., 30.])", "torch.tensor([10., 20., 30.])"),
        ("torch.tensor([[1, 2], [3, 4]])", "torch.tensor([[1, 2], [3, 4]])"),
        ("torch.tensor([1, 2.5])", "torch.tensor([1., 2.5])"),
        ("torch.tensor([True, False])", "torch.tensor([True, False])"),
        ("torch.tensor(3)", "torch.tensor(3)"),
        ("torch.tensor([torch.inf, -torch.inf, torch.nan])", "torch.tensor([torch.inf, -torch.inf, torch.nan])"),
    ],
)
def test_pasted_text_stays_draggable(text: str, code: str) -> None:
    made = parse_source(text)
    assert isinstance(made, Made)
    assert made_code(made) == code
    if "generator" in text or "rand" not in text:
        assert same(plain(text), make(made))


@pytest.mark.parametrize(
    "text",
    [
        "torch.arange(12.).reshape(3, 5)",
        "torch.arange(12.).reshape(-1, 4)",
        "torch.arange(0, 12, 2)",
        "torch.arange(2.5)",
        "torch.zeros(n)",
        "torch.zeros(3).t()",
        "torch.zeros(3, device='cpu')",
        "torch.zeros(3, requires_grad=True)",
        "torch.tensor([[1, 2], [3]])",
        "torch.tensor([1.5], dtype=torch.int64)",
        "torch.full((3,), 2.5, dtype=torch.int64)",
        "torch.eye(3, dtype=torch.complex64)",
        "torch.randn(3, generator=g)",
        "torch.zeros()",
        "torch.zeros(-1)",
        "zeros(3)",
        "torch.zeros(3",
    ],
)
def test_other_text_stays_as_typed(text: str) -> None:
    assert parse_source(text) == Expression(text)


@given(st.lists(st.lists(st.floats(allow_subnormal=True, width=64), min_size=3, max_size=3), min_size=1, max_size=3))
@settings(deadline=None, max_examples=200)
def test_any_numbers_survive_the_text(rows: list[list[float]]) -> None:
    made = Made("values", (len(rows), 3), "float64", None, (("values", tuple(map(tuple, rows))),))
    again = plain(made_code(made))
    assert torch.equal(again.nan_to_num(nan=1.25), torch.tensor(rows, dtype=torch.float64).nan_to_num(nan=1.25))
    assert math.copysign(1, again[0, 0]) == math.copysign(1, rows[0][0]) or math.isnan(rows[0][0])


def test_dragging_typed_values_cuts_and_pads_and_comes_back() -> None:
    made = parse_source("torch.tensor([[1, 2, 3], [4, 5, 6]])")
    assert isinstance(made, Made)
    assert made_code(resized(made, 1, 2)) == "torch.tensor([[1, 2], [4, 5]])"
    assert made_code(resized(made, 0, 3)) == "torch.tensor([[1, 2, 3], [4, 5, 6], [0, 0, 0]])"
    assert made_code(resized(resized(made, 1, 1), 1, 3)) == made_code(made)
    empty = resized(made, 0, 0)
    assert same(plain(made_code(empty)), make(empty))


@pytest.mark.parametrize("fill", FILLS, ids=str)
def test_defaults_can_be_made_and_resized(fill: str) -> None:
    made = default_made(fill)
    assert made.shape == (3, 4)
    assert same(plain(made_code(made)), make(made))
    assert make(resized(made, 0, 5)).shape == (5, 4)
    assert FILLS[fill].description.endswith(".")


def test_what_cannot_be_made_is_said() -> None:
    for made, words in [
        (Made("zeros", (-1,)), "size -1"),
        (Made("zeros", (2**40, 2**40)), "2^60"),
        (Made("eye", (3,)), "2 axes"),
        (Made("zeros", (3,), "complex64"), "complex64"),
        (Made("randint", (3,), "int64", 0, (("high", 1), ("low", 5))), "from 5"),
        (Made("normal", (3,), "float32", 0, (("mean", 0.0), ("std", -1.0))), "deviation"),
    ]:
        with pytest.raises(ProblemError) as caught:
            make(made)
        assert words in str(caught.value)


def test_same_seed_same_draws() -> None:
    made = Made("normal", (100,), "float32", 5)
    assert torch.equal(make(made), make(made))
    assert not torch.equal(make(made), make(Made("normal", (100,), "float32", 6)))
