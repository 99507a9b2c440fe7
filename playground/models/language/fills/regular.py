"""Deterministic fills: zeros, ones, one value, the identity, consecutive integers, even steps."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch

from playground.models.formatting import shape_in_words
from playground.models.language.fills.fill import (
    FILLS,
    FLOATING,
    INTEGRAL,
    Fill,
    Parameter,
    cast,
    commas,
    dtype_named,
    dtype_text,
    inferred_dtype,
    parameter,
    read_dtype,
)
from playground.models.language.source import LiteralCall, as_sizes, number_text, sizes_text
from playground.models.program.sources import Made


def _sized_fill(name: str, label: str, description: str, function: Callable[..., torch.Tensor]) -> Fill:
    def code(made: Made) -> str:
        return f"torch.{name}({commas(sizes_text(made.shape), dtype_text(made, 'float32'))})"

    def build(made: Made) -> torch.Tensor:
        return function(made.shape, dtype=dtype_named(made.dtype))

    def recognise_call(call: LiteralCall, reshaped: tuple[int, ...] | None) -> Made | None:
        shape, dtype = as_sizes(call.positional), read_dtype(call, "float32")
        if (
            not call.positional
            or shape is None
            or dtype is None
            or "generator" in call.keywords
            or reshaped is not None
        ):
            return None
        return Made(name, shape, dtype)

    dtypes = (*FLOATING, *INTEGRAL, "bool")
    return Fill(name, label, description, code, build, recognise_call, (f"torch.{name}",), dtypes)


def _full_code(made: Made) -> str:
    value = cast(parameter(made, "value"), made.dtype)
    arguments = commas(
        sizes_text(()) if not made.shape else shape_in_words(made.shape),
        number_text(value),
        dtype_text(made, inferred_dtype(value)),
    )
    return f"torch.full({arguments})"


def _full_build(made: Made) -> torch.Tensor:
    return torch.full(made.shape, cast(parameter(made, "value"), made.dtype), dtype=dtype_named(made.dtype))


def _full_recognise(call: LiteralCall, reshaped: tuple[int, ...] | None) -> Made | None:
    if len(call.positional) != 2 or reshaped is not None or not isinstance(call.positional[0], tuple):
        return None
    shape, value = as_sizes((call.positional[0],)), call.positional[1]
    if shape is None or not isinstance(value, int | float) or "generator" in call.keywords:
        return None
    dtype = read_dtype(call, inferred_dtype(value))
    if dtype is None or (isinstance(value, float) and dtype not in FLOATING):
        return None
    return Made("full", shape, dtype, None, (("value", value),))


def _eye_code(made: Made) -> str:
    rows, columns = made.shape
    sizes = f"{rows}" if rows == columns else f"{rows}, {columns}"
    return f"torch.eye({commas(sizes, dtype_text(made, 'float32'))})"


def _eye_build(made: Made) -> torch.Tensor:
    return torch.eye(*made.shape, dtype=dtype_named(made.dtype))


def _eye_recognise(call: LiteralCall, reshaped: tuple[int, ...] | None) -> Made | None:
    sizes, dtype = as_sizes(call.positional), read_dtype(call, "float32")
    if (
        sizes is None
        or len(sizes) not in (1, 2)
        or dtype is None
        or reshaped is not None
        or "generator" in call.keywords
    ):
        return None
    return Made("eye", (sizes[0], sizes[-1]), dtype) if all(isinstance(n, int) for n in call.positional) else None


def register_constants() -> None:
    """Add the constant fills."""
    FILLS.register(_sized_fill("zeros", "Zeros", "Every element 0.", torch.zeros))
    FILLS.register(_sized_fill("ones", "Ones", "Every element 1.", torch.ones))
    FILLS.register(
        Fill(
            "full",
            "One value",
            "Every element the same value.",
            _full_code,
            _full_build,
            _full_recognise,
            ("torch.full",),
            (*FLOATING, *INTEGRAL, "bool"),
            (Parameter("value", 7.0, "the value of each element"),),
        )
    )
    FILLS.register(
        Fill(
            "eye",
            "Identity",
            "1 on the main diagonal, 0 elsewhere.",
            _eye_code,
            _eye_build,
            _eye_recognise,
            ("torch.eye",),
            (*FLOATING, *INTEGRAL, "bool"),
            ranks=(2,),
        )
    )


def _reshape_text(made: Made) -> str:
    return "" if len(made.shape) == 1 else f".reshape({sizes_text(made.shape)})"


def _one_dimensional(shape: tuple[int, ...] | None, count: int) -> tuple[int, ...] | None:
    """The shape of a run of `count` numbers; None if it does not fit."""
    if shape is None:
        return (count,)
    return shape if math.prod(shape) == count else None


def _arange_code(made: Made) -> str:
    start, count = int(parameter(made, "start")), math.prod(made.shape)
    write = (lambda n: f"{n}.") if made.dtype in FLOATING else str
    default = "float32" if made.dtype in FLOATING else "int64"
    limits = write(count) if start == 0 else f"{write(start)}, {write(start + count)}"
    return f"torch.arange({commas(limits, dtype_text(made, default))}){_reshape_text(made)}"


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
    arguments = commas(*limits, str(math.prod(made.shape)), dtype_text(made, "float32"))
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
    """Add the counting fills."""
    FILLS.register(
        Fill(
            "arange",
            "Count up",
            "0, 1, 2, ... in row-major order: each value shows where it came from.",
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
            "Evenly spaced from start to end, including both.",
            _linspace_code,
            _linspace_build,
            _linspace_recognise,
            ("torch.linspace",),
            FLOATING,
            (Parameter("start", 0.0, "the first value"), Parameter("end", 1.0, "the last value")),
        )
    )
