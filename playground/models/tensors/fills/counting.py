"""Fills that count: whole numbers in a row, even steps."""

from __future__ import annotations

import math

import torch

from playground.models.tensors.fills.fill import (
    FILLS,
    FLOATING,
    Fill,
    Parameter,
    dtype_named,
    dtype_text,
    joined,
    parameter,
    read_dtype,
)
from playground.models.tensors.literals import LiteralCall, number_text, sizes_text
from playground.models.tensors.sources import Made


def _reshape_text(made: Made) -> str:
    return "" if len(made.shape) == 1 else f".reshape({sizes_text(made.shape)})"


def _one_dimensional(shape: tuple[int, ...] | None, count: int) -> tuple[int, ...] | None:
    """The shape that a run of `count` numbers takes, None if it does not fit."""
    if shape is None:
        return (count,)
    return shape if math.prod(shape) == count else None


def _arange_code(made: Made) -> str:
    start, count = int(parameter(made, "start")), math.prod(made.shape)
    write = (lambda n: f"{n}.") if made.dtype in FLOATING else str
    default = "float32" if made.dtype in FLOATING else "int64"
    limits = write(count) if start == 0 else f"{write(start)}, {write(start + count)}"
    return f"torch.arange({joined(limits, dtype_text(made, default))}){_reshape_text(made)}"


def _arange_build(made: Made) -> torch.Tensor:
    start, count = int(parameter(made, "start")), math.prod(made.shape)
    number = float if made.dtype in FLOATING else int
    return torch.arange(number(start), number(start + count), dtype=dtype_named(made.dtype)).reshape(made.shape)


def _arange_recognise(call: LiteralCall, reshaped: tuple[int, ...] | None) -> Made | None:
    numbers = call.positional
    if len(numbers) not in (1, 2) or any(isinstance(n, bool) or not isinstance(n, int | float) for n in numbers):
        return None
    start, end = (0, numbers[0]) if len(numbers) == 1 else numbers
    if not all(math.isfinite(n) and n == int(n) and abs(n) < 2**53 for n in (start, end)) or end < start:
        return None
    whole = all(isinstance(n, int) for n in numbers)
    dtype = read_dtype(call, "int64" if whole else "float32")
    if dtype is None or "generator" in call.keywords or (whole and dtype in FLOATING):
        return None
    shape = _one_dimensional(reshaped, int(end) - int(start))
    parameters = (("start", int(start)),) if start else ()
    return None if shape is None else Made("arange", shape, dtype, None, parameters)


def _linspace_code(made: Made) -> str:
    limits = (number_text(float(parameter(made, name))) for name in ("start", "end"))
    arguments = joined(*limits, str(math.prod(made.shape)), dtype_text(made, "float32"))
    return f"torch.linspace({arguments}){_reshape_text(made)}"


def _linspace_build(made: Made) -> torch.Tensor:
    start, end = float(parameter(made, "start")), float(parameter(made, "end"))
    return torch.linspace(start, end, math.prod(made.shape), dtype=dtype_named(made.dtype)).reshape(made.shape)


def _linspace_recognise(call: LiteralCall, reshaped: tuple[int, ...] | None) -> Made | None:
    dtype = read_dtype(call, "float32")
    if len(call.positional) != 3 or dtype is None or "generator" in call.keywords:
        return None
    start, end, steps = call.positional
    plain = all(isinstance(n, int | float) and not isinstance(n, bool) for n in (start, end))
    if not plain or not isinstance(steps, int) or isinstance(steps, bool) or steps < 0:
        return None
    shape = _one_dimensional(reshaped, steps)
    parameters = (("end", float(end)), ("start", float(start)))
    return None if shape is None else Made("linspace", shape, dtype, None, parameters)


def register_counting() -> None:
    """Add the fills that count."""
    FILLS.register(
        Fill(
            "arange",
            "Count up",
            "0, 1, 2, ... in row order: each value says where it came from.",
            _arange_code,
            _arange_build,
            _arange_recognise,
            ("torch.arange",),
            parameters=(Parameter("start", 0, "the first value"),),
        )
    )
    FILLS.register(
        Fill(
            "linspace",
            "Even steps",
            "Evenly spaced from start to end, both included.",
            _linspace_code,
            _linspace_build,
            _linspace_recognise,
            ("torch.linspace",),
            FLOATING,
            (Parameter("start", 0.0, "the first value"), Parameter("end", 1.0, "the last value")),
        )
    )
