"""Values that a word must not get: torch ends the process at them, or makes more tensors than a line can use."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch

Guard = Callable[[Mapping[str, Any]], str]
"""Why a call with these arguments, by name, is not made; empty where it is."""

MOST_PARTS = 10_000
"""Tensors that one call may give."""


def only_finite(arguments: Mapping[str, Any]) -> str:
    """LAPACK's eigenvalues of inf and nan write where they must not."""
    matrix = arguments.get("A")
    if not isinstance(matrix, torch.Tensor) or matrix.is_meta or matrix.dtype not in _CHECKED:
        return ""
    if bool(torch.isfinite(matrix).all()):
        return ""
    return "The eigenvalues of a matrix with inf or nan are not defined, and torch would end the app over them."


_CHECKED = (torch.float32, torch.float64, torch.complex64, torch.complex128)


def no_overflow(arguments: Mapping[str, Any]) -> str:
    """The least integer divided by -1 has no result, and the processor stops the process that asks."""
    left, right = arguments.get("input"), arguments.get("other")
    if arguments.get("rounding_mode") != "trunc" or not _are_whole(left, right):
        return ""
    dtype = torch.result_type(left, right)  # type: ignore[arg-type]
    if dtype not in (torch.int32, torch.int64):
        return ""
    least = torch.iinfo(dtype).min
    above, below = (torch.as_tensor(value).to(dtype) for value in (left, right))
    try:
        if not bool((above == least).any()):
            return ""
        if not bool(((above == least) & (below == -1)).any()):
            return ""
    except RuntimeError:  # the shapes do not fit: torch says so itself
        return ""
    name = str(dtype)[6:]
    return f"{least} / -1 is {-least}, beyond the largest {name}, and torch would end the app over it."


def _are_whole(*values: Any) -> bool:
    """Whether these are integers, or tensors of integers whose values are there."""
    return all(
        (isinstance(value, int) and abs(value) < 2**63)
        or (isinstance(value, torch.Tensor) and not value.is_meta and not value.dtype.is_floating_point
            and not value.dtype.is_complex)
        for value in values
    )  # fmt: skip


def _axis(tensor: torch.Tensor, dim: Any) -> int:
    """The size of an axis; 0 where there is none."""
    return tensor.shape[dim] if isinstance(dim, int) and -tensor.ndim <= dim < tensor.ndim else 0


def few_parts(arguments: Mapping[str, Any]) -> str:
    """Splitting an axis of a million makes a million tensors, of which a line takes one."""
    tensor, dim = arguments.get("input"), arguments.get("dim", 0)
    if not isinstance(tensor, torch.Tensor):
        return ""
    size = _axis(tensor, dim)
    length = arguments.get("split_size", arguments.get("split_size_or_sections"))
    count = arguments.get("chunks", arguments.get("indices_or_sections"))
    if isinstance(length, int):
        parts = math.ceil(size / length) if length > 0 else 0
    elif isinstance(count, int):
        parts = min(count, size) if "chunks" in arguments else count
    else:
        parts = size if length is None and count is None else 0
    if parts <= MOST_PARTS:
        return ""
    return f"That would make {parts:,} tensors, and a line gives one: pick it by index. {MOST_PARTS:,} are the most."


def few_passes(arguments: Mapping[str, Any]) -> str:
    """Each order of a difference is a pass over the axis, up to its length."""
    tensor, order = arguments.get("input"), arguments.get("n", 1)
    if not isinstance(tensor, torch.Tensor) or not isinstance(order, int):
        return ""
    passes = min(order, _axis(tensor, arguments.get("dim", -1)))
    if passes <= MOST_PARTS:
        return ""
    return f"That would take {passes:,} passes over the axis. {MOST_PARTS:,} are the most."


GUARDS: dict[str, Guard] = {
    "diff": few_passes,
    **dict.fromkeys(("split", "chunk", "tensor_split", "unbind", "hsplit", "vsplit", "dsplit"), few_parts),
}
"""Looked at by shapes and numbers alone, before anything is planned, by the short name of a word."""
VALUE_GUARDS: dict[str, Guard] = {"eigvals": only_finite, "div": no_overflow, "divide": no_overflow}
"""Those that look at values, once the call is known to fit."""
