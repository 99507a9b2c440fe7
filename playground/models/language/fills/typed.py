"""The fill of typed numbers: `torch.tensor([...])`."""

from __future__ import annotations

import itertools
import math
from typing import Any

import torch

from playground.models.language.fills.fill import (
    FILLS,
    FLOATING,
    INTEGRAL,
    Fill,
    cast,
    commas,
    dtype_named,
    dtype_text,
    inferred_dtype,
    read_dtype,
)
from playground.models.language.source import LiteralCall, number_text, sizes_text
from playground.models.program.sources import Made

MAXIMUM_VALUES = 10_000
"""Up to this many numbers of a `torch.tensor([...])` are stored as numbers; longer ones stay text."""


def nested(flat: list[Any], shape: tuple[int, ...]) -> Any:
    """Flat values in row-major order as nested tuples of this shape."""
    if not shape:
        return flat[0]
    step = math.prod(shape[1:])
    return tuple(nested(flat[k * step : (k + 1) * step], shape[1:]) for k in range(shape[0]))


def nested_shape(values: Any) -> tuple[int, ...] | None:
    """The shape of nested tuples; None if they are ragged or contain anything but numbers."""
    if isinstance(values, bool | int | float):
        return ()
    if not isinstance(values, tuple):
        return None
    shapes = {nested_shape(value) for value in values}
    if not shapes:
        return (0,)
    inner = shapes.pop()
    return None if shapes or inner is None else (len(values), *inner)


def _flat(values: Any) -> list[Any]:
    return list(itertools.chain.from_iterable(map(_flat, values))) if isinstance(values, tuple) else [values]


def _fitted(values: Any, shape: tuple[int, ...]) -> Any:
    """The nested values cut to `shape` and padded with zeros, as for a dragged size."""
    if not shape:
        while isinstance(values, tuple):
            values = values[0] if values else 0
        return values
    rows = values if isinstance(values, tuple) else (values,)
    return tuple(_fitted(rows[k] if k < len(rows) else 0, shape[1:]) for k in range(shape[0]))


def _written(values: Any, dtype: str) -> str:
    if isinstance(values, tuple):
        return f"[{', '.join(_written(value, dtype) for value in values)}]"
    return number_text(cast(values, dtype))


def _values(made: Made) -> Any:
    values = dict(made.parameters).get("values", 0)
    return values if nested_shape(values) == made.shape else _fitted(values, made.shape)


def _values_code(made: Made) -> str:
    values = _values(made)
    flat = _flat(values)
    default = inferred_dtype(cast(flat[0], made.dtype)) if flat else "float32"
    written = _written(values, made.dtype)
    text = f"torch.tensor({commas(written, dtype_text(made, default))})"
    if nested_shape(values) == made.shape:
        return text
    return f"{text}.reshape({sizes_text(made.shape)})"


def _values_build(made: Made) -> torch.Tensor:
    flat = [cast(value, made.dtype) for value in _flat(_values(made))]
    return torch.tensor(flat, dtype=dtype_named(made.dtype)).reshape(made.shape)


def _values_recognise(call: LiteralCall, reshaped: tuple[int, ...] | None) -> Made | None:
    if len(call.positional) != 1 or "generator" in call.keywords:
        return None
    values = call.positional[0]
    shape = nested_shape(values)
    if shape is None or math.prod(shape) > MAXIMUM_VALUES:
        return None
    if reshaped is not None:
        if math.prod(shape) or math.prod(reshaped):
            return None
        shape = reshaped
    flat = _flat(values)
    kinds = {inferred_dtype(value) for value in flat}
    natural = "float32" if "float32" in kinds or not kinds else "int64" if "int64" in kinds else "bool"
    dtype = read_dtype(call, natural)
    if dtype is None or (natural == "float32" and dtype not in FLOATING and flat):
        return None
    return Made("values", shape, dtype, None, (("values", values),))


def register_typed() -> None:
    """Add the fill of typed numbers."""
    FILLS.register(
        Fill(
            "values",
            "Typed values",
            "The numbers as typed.",
            _values_code,
            _values_build,
            _values_recognise,
            ("torch.tensor",),
            (*FLOATING, *INTEGRAL, "bool"),
        )
    )
