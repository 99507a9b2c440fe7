"""Fills of constants: zeros, ones, one value, the identity."""

from __future__ import annotations

from collections.abc import Callable

import torch

from playground.models.tensors.fills.fill import (
    FILLS,
    FLOATING,
    INTEGRAL,
    Fill,
    Parameter,
    cast,
    dtype_named,
    dtype_text,
    inferred_dtype,
    joined,
    parameter,
    read_dtype,
)
from playground.models.tensors.literals import LiteralCall, as_sizes, number_text, sizes_text
from playground.models.tensors.sources import Made
from playground.models.words import shape_in_words


def _sized_fill(name: str, label: str, description: str, function: Callable[..., torch.Tensor]) -> Fill:
    def code(made: Made) -> str:
        return f"torch.{name}({joined(sizes_text(made.shape), dtype_text(made, 'float32'))})"

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
    arguments = joined(
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
    return f"torch.eye({joined(sizes, dtype_text(made, 'float32'))})"


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
    """Add the fills of constants."""
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
