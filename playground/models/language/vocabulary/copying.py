"""Words that copy the elements, in another order, number or type."""

from __future__ import annotations

import torch

from playground.models.language.vocabulary.bounds import operands, repeated_elements, sizes
from playground.models.language.vocabulary.plans import plan_repeat_interleave
from playground.models.language.vocabulary.word import both, function, method

_SHORTHANDS = (
    ("float", "float32"),
    ("double", "float64"),
    ("half", "float16"),
    ("bfloat16", "bfloat16"),
    ("int", "int32"),
    ("long", "int64"),
    ("short", "int16"),
    ("char", "int8"),
    ("byte", "uint8"),
    ("bool", "bool"),
)
CASTS = frozenset({"to", "type", "type_as", *(name for name, _dtype in _SHORTHANDS)})
"""Words that give every element another dtype."""


def register_copying() -> None:
    """Add copies and casts to the vocabulary."""
    _orders()
    _casts()


def _orders() -> None:
    both(
        "clone",
        "(*, memory_format=torch.preserve_format)",
        "A copy with its own storage; dense strides are kept.",
        "copying",
        "copy",
        need=operands,
    )
    both(
        "roll",
        "(shifts, dims=None)",
        "Shift elements along axes; those shifted out re-enter at the other end.",
        "copying",
        "copy",
        need=operands,
    )
    both("rot90", "(k=1, dims=(0, 1))", "Rotate by k quarter turns, in two axes.", "copying", "copy", need=operands)
    flipped = "Reverse axes: a copy, because torch has no negative strides."
    method("flip", "(*dims)", flipped, "copying", "copy", need=operands)
    function("flip", "(input, dims)", flipped, "copying", "copy", need=operands)
    both("fliplr", "()", "Reverse axis 1.", "copying", "copy", need=operands)
    both("flipud", "()", "Reverse axis 0.", "copying", "copy", need=operands)
    method("repeat", "(*sizes)", "Copies side by side, with a count for each axis.", "copying", "copy", need=sizes)
    method("tile", "(*dims)", "Copies side by side; missing leading counts are 1.", "copying", "copy", need=sizes)
    function(
        "tile", "(input, dims)", "Copies side by side; missing leading counts are 1.", "copying", "copy", need=sizes
    )
    repeated = "Each element several times in a row."
    both(
        "repeat_interleave",
        "(repeats, dim=None)",
        repeated,
        "copying",
        "copy",
        need=repeated_elements,
        plan=plan_repeat_interleave,
    )


def _casts() -> None:
    method(
        "to",
        "(dtype, *, memory_format=torch.preserve_format)",
        "As another dtype; the same tensor if it has that dtype.",
        "copying",
        "copy",
        need=operands,
        call=_to,
    )
    method("type", "(dtype)", "The same as to.", "copying", "copy", need=operands, call=_type)
    method("type_as", "(other)", "As the dtype of other.", "copying", "copy", need=operands)
    for name, dtype in _SHORTHANDS:
        arguments = "(*, memory_format=torch.preserve_format)"
        method(name, arguments, f"As {dtype}; the same tensor if it is that already.", "copying", "copy", need=operands)


def _type(tensor: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    if not isinstance(dtype, torch.dtype):
        raise TypeError("type takes a dtype, for example torch.float64.")
    return tensor.to(dtype)


def _to(
    tensor: torch.Tensor,
    dtype: torch.dtype | torch.Tensor | None = None,
    *,
    memory_format: torch.memory_format = torch.preserve_format,
) -> torch.Tensor:
    if dtype is None and memory_format is not torch.preserve_format:
        dtype = tensor.dtype
    if isinstance(dtype, torch.Tensor):
        dtype = dtype.dtype
    if not isinstance(dtype, torch.dtype):
        raise TypeError("to takes a dtype, for example torch.float64: everything here is on the CPU")
    return tensor.to(dtype, memory_format=memory_format)
