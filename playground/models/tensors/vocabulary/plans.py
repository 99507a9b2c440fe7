"""Plans of shapes that depend on values: their upper bound, as meta tensors."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch

from playground.models.einsum.plan import plan_einsum
from playground.models.outcome import refuse
from playground.models.tensors.broadcast_alignment import broadcast_shape


def meta(shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
    """A tensor without values."""
    return torch.empty(shape, dtype=dtype, device="meta")


def suggested_format(tensor: torch.Tensor) -> torch.memory_format:
    """The order in which torch lays out a normalised batch of images: channels last where those of the tensor are.

    A slice of the channels, which is not dense, keeps them last too, by the strides alone: the rule is that of
    `is_channels_last_strides_2d` in c10/core/MemoryFormat.h.
    """
    formats = {4: torch.channels_last, 5: torch.channels_last_3d}
    least, strides = 0, tensor.stride()
    if tensor.ndim not in formats or 0 in tensor.shape or not strides[1] or tensor.is_contiguous():
        return torch.contiguous_format
    if tensor.is_contiguous(memory_format=formats[tensor.ndim]):
        return formats[tensor.ndim]
    for axis in (1, *range(tensor.ndim - 1, 1, -1), 0):
        if strides[axis] < least or (axis == 0 and least == strides[1]):
            return torch.contiguous_format
        least = strides[axis] * tensor.shape[axis]
    return formats[tensor.ndim]


def plan_repeat_interleave(tensor: torch.Tensor, repeats: Any, dim: int | None = None) -> torch.Tensor:
    """Known for a whole number of repeats only."""
    if isinstance(repeats, torch.Tensor):
        raise ValueError("how often each element is repeated stands in a tensor whose values are not computed")
    return torch.repeat_interleave(tensor, repeats, dim)


def plan_nonzero(tensor: torch.Tensor, **_: Any) -> torch.Tensor:
    """At most a row for each element."""
    return meta((tensor.numel(), tensor.ndim), torch.int64)


def plan_masked_select(tensor: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """At most all elements."""
    shape = broadcast_shape([tuple(tensor.shape), tuple(mask.shape)])
    if shape is None:
        raise ValueError("the mask does not broadcast with the tensor")
    return meta((math.prod(shape),), tensor.dtype)


def plan_unique(name: str) -> Callable[..., Any]:
    """The plan of `unique` or `unique_consecutive`: at most all elements, or all slices of an axis."""
    order = ("sorted", "return_inverse", "return_counts", "dim")[name != "unique" :]

    def plan(tensor: torch.Tensor, *given: Any, **named: Any) -> Any:
        named = dict(zip(order, given, strict=False)) | named
        dim = named.get("dim")
        if dim is None:
            values, count, inverse = meta((tensor.numel(),), tensor.dtype), tensor.numel(), tuple(tensor.shape)
        else:
            count = tensor.size(dim)
            values, inverse = meta(tuple(tensor.shape), tensor.dtype), (count,)
        parts = [values]
        if named.get("return_inverse"):
            parts.append(meta(inverse, torch.int64))
        if named.get("return_counts"):
            parts.append(meta((count,), torch.int64))
        return values if len(parts) == 1 else tuple(parts)

    VALUE_PLANS.add(plan)
    return plan


def plan_unknown(*_: Any, **__: Any) -> torch.Tensor:
    """The shape stands in the values."""
    raise ValueError("its size depends on values, and they are too large or not computed")


MAXIMUM_ELEMENTS = 2**60
"""With elements of 8 bytes this is what torch can count."""


def plan_arange(*limits: float, dtype: torch.dtype | None = None, **given: Any) -> torch.Tensor:
    """The length of a range, and its dtype: whole numbers give int64."""
    start, end, step = (0, limits[0], 1) if len(limits) == 1 else (*limits, 1)[:3]
    if "start" in given or "end" in given or "step" in given:
        start, end, step = given.get("start", start), given.get("end", end), given.get("step", step)
    if not step or not all(map(math.isfinite, (start, end, step))) or (end - start) / step < 0:
        refuse(f"A range from {start} to {end} in steps of {step} does not end.")
    whole = all(isinstance(number, int) for number in (start, end, step))
    count = -((start - end) // step) if whole else math.ceil((end - start) / step)
    if count >= MAXIMUM_ELEMENTS:
        refuse(f"That would be {float(count):.3g} elements, more than torch can count.")
    return meta((int(count),), dtype or (torch.int64 if whole else torch.float32))


def plan_eye(n: int, m: int | None = None, *, dtype: torch.dtype | None = None, **_: Any) -> torch.Tensor:
    """A matrix of n rows and n or m columns."""
    columns = n if m is None else m
    if n * columns >= MAXIMUM_ELEMENTS:
        refuse(f"That would be {float(n * columns):.3g} elements, more than torch can count.")
    return meta((n, columns), dtype or torch.float32)


def plan_matmul(left: Any, right: Any) -> Any:
    """The product of two matrices lies in row order; of anything else torch knows."""
    if not isinstance(left, torch.Tensor) or not isinstance(right, torch.Tensor):
        return left @ right
    if left.ndim != 2 or right.ndim != 2 or left.shape[1] != right.shape[0] or left.dtype != right.dtype:
        return left @ right
    return meta((left.shape[0], right.shape[1]), left.dtype)


def plan_linspace(start: float, end: float, steps: int, *, dtype: torch.dtype | None = None, **_: Any) -> torch.Tensor:
    """So many steps."""
    return meta((steps,), dtype or torch.get_default_dtype())


def plan_cartesian(*tensors: torch.Tensor) -> torch.Tensor:
    """A row for each combination; a single vector stays itself."""
    if len(tensors) < 2 or any(tensor.ndim != 1 for tensor in tensors):
        return torch.cartesian_prod(*tensors)
    count = math.prod(tensor.numel() for tensor in tensors)
    if count * len(tensors) >= MAXIMUM_ELEMENTS:
        refuse(f"That would be {float(count):.3g} rows, more than torch can count.")
    return meta((count, len(tensors)), tensors[0].dtype)


def plan_outer(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """A row for each element of one vector, a column for each of the other."""
    if left.ndim != 1 or right.ndim != 1:
        return torch.outer(left, right)
    return meta((left.numel(), right.numel()), torch.result_type(left, right))


def plan_triangle(upper: bool) -> Any:
    """Row and column of each element of a triangle: as many columns as the triangle has elements."""

    def plan(row: int, col: int, offset: int = 0, **_: Any) -> torch.Tensor:
        below = _triangle(row, col, offset - 1 if upper else offset)
        return meta((2, row * col - below if upper else below), torch.int64)

    return plan


def _triangle(rows: int, columns: int, offset: int) -> int:
    """The number of elements on and below a diagonal: rows grow by one until they are full."""
    first = min(max(-offset, 0), rows)
    full = min(max(columns - offset, first), rows)
    growing = (full - first) * (first + full + 1 + 2 * offset) // 2
    return growing + (rows - full) * columns


def plan_einsum_shape(equation: str, *operands: Any) -> torch.Tensor:
    """The shape of an einsum from its letters alone; its largest intermediate result is the storage's size."""
    if not isinstance(equation, str):
        return torch.einsum(equation, *operands)
    tensors = operands[0] if len(operands) == 1 and isinstance(operands[0], list | tuple) else operands
    plan = plan_einsum(equation, *(tuple(tensor.shape) for tensor in tensors))
    if len({tensor.dtype for tensor in tensors}) > 1:
        raise ValueError("the operands have different dtypes")
    if len(tensors) == 1:
        return torch.einsum(equation, *tensors)
    return meta(plan.output_shape, tensors[0].dtype)


def einsum_intermediate_bytes(equation: Any, operands: Sequence[torch.Tensor]) -> int:
    """The bytes of the largest result on the way, in the order of contraction that torch takes."""
    if not isinstance(equation, str) or len(operands) < 3:
        return 0
    cost = plan_einsum(equation, *(tuple(tensor.shape) for tensor in operands)).cost
    return cost.largest_intermediate * operands[0].element_size()


VALUE_PLANS: set[Callable[..., Any]] = {plan_nonzero, plan_masked_select}
"""Plans that are an upper bound: how many elements there will be stands in the values."""
