"""The constants and plain-number functions that a line may use."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch

DTYPES: dict[str, torch.dtype] = {
    f"torch.{name}": getattr(torch, name)
    for name in (
        *("float32", "float64", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool"),
        *("uint16", "uint32", "uint64", "complex64", "complex128"),
        *("float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz"),
        *("float", "double", "half", "long", "int", "short", "cfloat", "cdouble"),
    )
}

MEMORY_FORMATS = {
    f"torch.{name}": getattr(torch, name)
    for name in ("contiguous_format", "channels_last", "channels_last_3d", "preserve_format")
}

CONSTANTS: dict[str, Any] = {
    **DTYPES,
    "torch.pi": math.pi,
    "torch.e": math.e,
    "torch.inf": math.inf,
    "torch.nan": math.nan,
    "torch.newaxis": None,
    **MEMORY_FORMATS,
}
"""The value of a dotted name without brackets."""

NUMBER_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "len": len,
    "int": int,
    "float": float,
    "complex": complex,
    "abs": abs,
    "slice": slice,
    "tuple": tuple,
    "list": list,
}
"""Python's own functions that a line may call, on numbers, shapes and slices."""

NUMBER_FUNCTION_HELP = {
    "len": "The size of axis 0, or the length of a shape.",
    "int": "The whole part of a number.",
    "float": "A number as floating point.",
    "complex": "A complex number from its two parts.",
    "abs": "A number without its sign; a tensor element by element.",
    "slice": "The slice start:stop:step.",
    "tuple": "A shape or list as a tuple.",
    "list": "A shape or tuple as a list.",
}
