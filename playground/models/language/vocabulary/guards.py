"""Values that a word must not get: torch crashes on them, or makes more tensors than a line can use."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch

from playground.models.formatting import shape_in_words

Guard = Callable[[Mapping[str, Any]], str]
"""Why a call with these named arguments is refused; empty if it is allowed."""

MOST_PARTS = 10_000
"""The most tensors that one call may return."""


def only_finite(arguments: Mapping[str, Any]) -> str:
    """LAPACK writes out of bounds when computing eigenvalues of inf or nan."""
    matrix = arguments.get("A")
    if not isinstance(matrix, torch.Tensor) or matrix.is_meta or matrix.dtype not in _CHECKED:
        return ""
    if bool(torch.isfinite(matrix).all()):
        return ""
    return "The eigenvalues of a matrix with inf or nan are undefined, and torch would crash the app."


_CHECKED = (torch.float32, torch.float64, torch.complex64, torch.complex128)


def no_overflow(arguments: Mapping[str, Any]) -> str:
    """The least integer divided by -1 overflows, and the processor kills the process."""
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
    except RuntimeError:  # the shapes do not fit: torch reports that itself
        return ""
    name = str(dtype)[6:]
    return f"{least} / -1 is {-least}, beyond the largest {name}, and torch would crash the app."


def _are_whole(*values: Any) -> bool:
    """True if these are integers, or computed tensors of integers."""
    return all(
        (isinstance(value, int) and abs(value) < 2**63)
        or (isinstance(value, torch.Tensor) and not value.is_meta and not value.dtype.is_floating_point
            and not value.dtype.is_complex)
        for value in values
    )  # fmt: skip


def _axis(tensor: torch.Tensor, dim: Any) -> int:
    """The size of an axis; 0 if there is no such axis."""
    return tensor.shape[dim] if isinstance(dim, int) and -tensor.ndim <= dim < tensor.ndim else 0


def few_parts(arguments: Mapping[str, Any]) -> str:
    """Splitting an axis of a million makes a million tensors, but a line can use only one."""
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
    return f"That would make {parts:,} tensors, but a line picks one by index. The limit is {MOST_PARTS:,}."


def few_passes(arguments: Mapping[str, Any]) -> str:
    """Each order of a difference is a pass over the axis, up to its length."""
    tensor, order = arguments.get("input"), arguments.get("n", 1)
    if not isinstance(tensor, torch.Tensor) or not isinstance(order, int):
        return ""
    passes = min(order, _axis(tensor, arguments.get("dim", -1)))
    if passes <= MOST_PARTS:
        return ""
    return f"That would take {passes:,} passes over the axis. The limit is {MOST_PARTS:,}."


def one_axis(arguments: Mapping[str, Any]) -> str:
    """`combinations`, `meshgrid` and the repeats of `repeat_interleave` take no matrices."""
    inputs = arguments.get("tensors", (arguments.get("repeats", arguments.get("input")),))
    for tensor in inputs if isinstance(inputs, list | tuple) else ():
        if isinstance(tensor, torch.Tensor) and tensor.ndim > 1:
            return f"This takes tensors with one axis, but one has {tensor.ndim}."
    return ""


def share_of_one(arguments: Mapping[str, Any]) -> str:
    """A quantile needs a share from 0 to 1."""
    share = arguments.get("q")
    if isinstance(share, int | float) and not 0 <= share <= 1:
        return f"q must be a share from 0 to 1, but {share} is not."
    return ""


def within_axis(arguments: Mapping[str, Any]) -> str:
    """k cannot exceed the size of the axis."""
    tensor, count, dim = arguments.get("input"), arguments.get("k"), arguments.get("dim", -1)
    if not isinstance(tensor, torch.Tensor) or not isinstance(count, int) or not isinstance(dim, int):
        return ""
    if not -max(tensor.ndim, 1) <= dim < max(tensor.ndim, 1):
        return ""
    size = _axis(tensor, dim) if tensor.ndim else 1
    return "" if 0 <= count <= size else f"The axis has size {size}, but k is {count}."


def whole_classes(arguments: Mapping[str, Any]) -> str:
    """Classes must be int64."""
    classes = arguments.get("input", arguments.get("tensor"))
    if not isinstance(classes, torch.Tensor) or classes.dtype is torch.int64:
        return ""
    return f"Classes must be int64, but these are {str(classes.dtype)[6:]}."


def fitting_bias(arguments: Mapping[str, Any]) -> str:
    """A convolution adds one number of the bias to each output channel."""
    weight, bias = arguments.get("weight"), arguments.get("bias")
    if not isinstance(weight, torch.Tensor) or not isinstance(bias, torch.Tensor) or not weight.ndim:
        return ""
    if tuple(bias.shape) == tuple(weight.shape[:1]):
        return ""
    channels, shape = weight.shape[0], shape_in_words(bias.shape)
    return f"The bias must have one number for each of the {channels} output channels, but it has shape {shape}."


def no_axes(arguments: Mapping[str, Any]) -> str:
    """The ends of `linspace` must be numbers, or tensors with one number."""
    for name in ("start", "end"):
        value = arguments.get(name)
        if isinstance(value, torch.Tensor) and value.ndim:
            return f"{name} must be a number, but this is a tensor of shape {shape_in_words(value.shape)}."
    return ""


def one_row(arguments: Mapping[str, Any]) -> str:
    """All elements are compared with the same boundaries."""
    boundaries = arguments.get("boundaries")
    if not isinstance(boundaries, torch.Tensor) or boundaries.ndim == 1:
        return ""
    return f"The boundaries must have one axis, but these have shape {shape_in_words(boundaries.shape)}."


def true_or_false(arguments: Mapping[str, Any]) -> str:
    """A mask must be boolean."""
    mask = arguments.get("mask")
    if not isinstance(mask, torch.Tensor) or mask.dtype is torch.bool:
        return ""
    return f"A mask must be bool, but this one is {str(mask.dtype)[6:]}."


def fitting_source(part: Callable[..., torch.Tensor]) -> Guard:
    """A source must have the shape of the part that it replaces."""

    def guard(arguments: Mapping[str, Any]) -> str:
        others = {name: value for name, value in arguments.items() if name not in ("input", "src")}
        tensor, source = arguments.get("input"), arguments.get("src")
        if not isinstance(tensor, torch.Tensor) or not isinstance(source, torch.Tensor):
            return ""
        try:
            shape = part(tensor, **others).shape
        except (RuntimeError, IndexError, TypeError, ValueError):  # torch itself reports what is wrong with these
            return ""
        if source.shape == shape:
            return ""
        return f"The part has shape {shape_in_words(shape)}, but src has {shape_in_words(source.shape)}."

    return guard


def _slice(
    tensor: torch.Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> torch.Tensor:
    axis = dim % tensor.ndim if -tensor.ndim <= dim < tensor.ndim else tensor.ndim
    return tensor[(slice(None),) * axis + (slice(start, end, step),)]


GUARDS: dict[str, Guard] = {
    "diff": few_passes,
    "one_hot": whole_classes,
    "bucketize": one_row,
    "masked_select": true_or_false,
    "slice_scatter": fitting_source(_slice),
    "diagonal_scatter": fitting_source(torch.diagonal),
    **dict.fromkeys(("linspace", "logspace"), no_axes),
    **dict.fromkeys(("combinations", "meshgrid", "repeat_interleave"), one_axis),
    **dict.fromkeys(("quantile", "nanquantile"), share_of_one),
    **dict.fromkeys(("topk", "kthvalue"), within_axis),
    **dict.fromkeys(("conv1d", "conv2d", "conv3d"), fitting_bias),
    **dict.fromkeys(("split", "chunk", "tensor_split", "unbind", "hsplit", "vsplit", "dsplit"), few_parts),
}
"""Checks of shapes and numbers only, before planning, by a word's short name."""
AXES_FIRST = frozenset({
    "median", "nanmedian", "mode", "quantile", "nanquantile", "sort", "argsort", "msort", "topk", "kthvalue", "unique",
    "unique_consecutive", "softmax", "log_softmax", "softmin", "slice_scatter"
})  # fmt: skip
"""Words with plans in torch that do not check whether an axis exists, by their short names."""
VALUE_GUARDS: dict[str, Guard] = {"eigvals": only_finite, "div": no_overflow, "divide": no_overflow}
"""Checks of values, once the call is known to fit."""
