"""Plans the layouts of results: elementwise ones, and upper bounds if values decide the shape.

The strides are those of ATen's TensorIterator (aten/src/ATen/TensorIterator.cpp, `reorder_dimensions`): the result's
axes have the same order in memory as those of its operands.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any

import torch

from playground.models.broadcasting.alignment import broadcast_shape
from playground.models.einsum.plan import plan_einsum
from playground.models.problem import refuse

Plan = Callable[..., Any]

_ARITHMETIC = frozenset({"+", "*", "add", "mul", "multiply", "maximum", "minimum", "fmax", "fmin"})
_COMPARING = frozenset({"==", "!=", "<", "<=", ">", ">=", "eq", "ne", "lt", "le", "gt", "ge", "isclose"})
_OF_FLOATS = frozenset({"/", "true_divide", "copysign", "xlogy"})
"""Words that turn whole numbers into floats."""
_SAME = frozenset({"positive", "+x"})
"""Words that return their operand itself."""
_NUMBERS_APART = frozenset({"**", "pow", "float_power", "clamp", "clip", "clamp_min", "clamp_max", "lerp"})
"""Words with numbers that are settings of the kernel, not operands."""
_POWERS = frozenset({"**", "pow", "float_power"})
_UNCAST = frozenset({"complex", "polar"})
"""Words that read their operands in their own dtype, although the result has another."""
_LIKE = frozenset({"nan_to_num", "relu6", "hardtanh", "deg2rad", "rad2deg", "prelu"})
"""Words that fill a tensor with their operand's layout."""
_ROWS = frozenset({"masked_fill", "logsigmoid"})
"""Words that fill a row-major tensor."""
_CHANNELS_LAST = (0, 2, 3, 1)
_TRUTH = frozenset({"isnan", "signbit", "logical_not"})


def plan_of_two(name: str, call: Plan) -> Plan:
    """The plan of an operator or method with several operands; asks torch if dtypes need its rules."""

    def plan(*arguments: Any, **keywords: Any) -> Any:
        dtype = None if keywords or len(arguments) != 2 else _dtype_of_two(name, *arguments)
        if dtype is None:
            return _laid_out(name, call(*arguments, **keywords), arguments, keywords)
        common = torch.result_type(*arguments) if dtype is torch.bool else dtype
        return _planned([_cast(argument, common) for argument in arguments], dtype)

    return plan


def plan_of_one(name: str, call: Plan) -> Plan:
    """The plan of a function of one tensor; asks torch for the dtype unless that is floating point."""

    def plan(*arguments: Any, **keywords: Any) -> Any:
        if name in _SAME:
            return call(*arguments, **keywords)
        tensor = arguments[0]
        if name in _IN_STEPS:
            return _IN_STEPS[name](tensor)
        if name in _LIKE:
            return _like(tensor, call(*arguments, **keywords).dtype)
        if len(arguments) > 1 or keywords or not isinstance(tensor, torch.Tensor) or not tensor.is_floating_point():
            return _laid_out(name, call(*arguments, **keywords), arguments[:1], {})
        if name in _ROWS:
            return _in_rows(tensor.shape, tensor.dtype)
        return _planned([tensor], torch.bool if name in _TRUTH else tensor.dtype)

    return plan


def _laid_out(name: str, planned: Any, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Any:
    """torch's plan, with the strides that its kernels produce: the plans differ along axes of size 1, and others."""
    given = [*(reversed(arguments) if name == "rsub" else arguments), *keywords.values()]
    if not isinstance(planned, torch.Tensor):
        return planned
    if name in _ROWS or (name in _POWERS and not isinstance(given[0], torch.Tensor)):
        return _in_rows(planned.shape, planned.dtype)
    if name == "ldexp":
        return _plan_ldexp(planned.dtype, *given)
    if name in _NUMBERS_APART | _POWERS:
        given = [argument for argument in given if isinstance(argument, torch.Tensor)]
    return _with_strides(planned, given, name)


def _with_strides(planned: torch.Tensor, arguments: Sequence[Any], name: str) -> torch.Tensor:
    tensors = [argument for argument in arguments if isinstance(argument, torch.Tensor)]
    numbers = [argument for argument in arguments if isinstance(argument, int | float)]
    if not tensors or name in _UNCAST:
        return _planned(tensors, planned.dtype) if tensors else planned
    common = planned.dtype if planned.dtype is not torch.bool else reduce(torch.promote_types, map(_dtype, tensors))
    if name == "where":  # the condition is not cast
        condition = next((tensor for tensor in tensors if tensor.dtype is torch.bool), tensors[0])
        rest = [_cast(tensor, planned.dtype) for tensor in tensors if tensor is not condition]
        return _planned([condition, *rest, *numbers], planned.dtype)
    return _planned([*(_cast(tensor, common) for tensor in tensors), *numbers], planned.dtype)


def _in_rows(shape: Sequence[int], dtype: torch.dtype) -> torch.Tensor:
    return torch.empty(tuple(shape), dtype=dtype, device="meta")


def _plan_ldexp(dtype: torch.dtype, tensor: torch.Tensor, exponent: torch.Tensor) -> torch.Tensor:
    """A special kernel for whole exponents, into a tensor laid out like the first; otherwise a product with a power."""
    if tensor.is_floating_point() and not exponent.is_floating_point():
        fits = broadcast_shape([tuple(tensor.shape), tuple(exponent.shape)]) == tuple(tensor.shape)
        return _like(tensor, dtype) if fits else _planned([tensor, exponent], dtype)
    power = _in_rows(exponent.shape, dtype)
    if tensor.is_floating_point() and tensor.dtype is not torch.get_default_dtype():
        common = torch.result_type(torch.empty((), dtype=tensor.dtype), exponent)
        power = _cast(_planned([2.0, _cast(exponent, common)], common), dtype)
    return _planned([_cast(tensor, dtype), power], dtype)


def _plan_isinf(tensor: torch.Tensor) -> torch.Tensor:
    """`x.abs() == inf`, of the real part first; whole numbers never are."""
    if tensor.is_complex():
        return _plan_isinf(torch.real(tensor))
    if not tensor.is_floating_point():
        return _like(tensor, torch.bool)
    return _planned([_planned([tensor], tensor.dtype), 1], torch.bool)


def _plan_isfinite(tensor: torch.Tensor) -> torch.Tensor:
    """`(x == x) * (x.abs() != inf)`, of the real part first; whole numbers always are."""
    if tensor.is_complex():
        return _plan_isfinite(torch.real(tensor))
    if not tensor.is_floating_point():
        return _like(tensor, torch.bool)
    return _planned([_planned([tensor, tensor], torch.bool), _plan_isinf(tensor)], torch.bool)


_IN_STEPS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {"isinf": _plan_isinf, "isfinite": _plan_isfinite}
"""Words that torch computes with several kernels in sequence."""


def _like(tensor: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """The operand's exact strides, if it is dense."""
    if not _is_dense(tuple(tensor.shape), tensor.stride()):
        return _planned([tensor], dtype)
    return torch.empty_strided(tensor.shape, tensor.stride(), dtype=dtype, device="meta")


def _dtype(tensor: torch.Tensor) -> torch.dtype:
    return tensor.dtype


def _cast(argument: Any, dtype: torch.dtype) -> Any:
    """The operand in the operation's dtype: torch casts first, which may change the strides."""
    return argument.to(dtype) if isinstance(argument, torch.Tensor) else argument


def _dtype_of_two(name: str, left: Any, right: Any) -> torch.dtype | None:
    if not all(isinstance(value, torch.Tensor | int | float) for value in (left, right)):
        return None
    if name in _COMPARING:
        return torch.bool
    common = torch.result_type(left, right)
    if name in _ARITHMETIC or (
        name in ("-", "sub", "subtract", "//", "floor_divide", "%") and common is not torch.bool
    ):
        return common
    if name in _OF_FLOATS:
        return common if common.is_floating_point or common.is_complex else torch.get_default_dtype()
    return None


def _planned(arguments: Sequence[Any], dtype: torch.dtype) -> torch.Tensor:
    tensors = [argument for argument in arguments if isinstance(argument, torch.Tensor)]
    shape = broadcast_shape([tuple(tensor.shape) for tensor in tensors])
    if shape is None:
        raise ValueError("the shapes do not broadcast")
    layouts = [(tuple(tensor.shape), tensor.stride(), tensor.element_size()) for tensor in tensors]
    numbers: list[Layout] = [((), (), 1)] * (len(arguments) - len(tensors))
    strides = elementwise_strides(shape, [*layouts, *numbers])
    return torch.empty_strided(shape, strides, dtype=dtype, device="meta")


Layout = tuple[tuple[int, ...], tuple[int, ...], int]
"""Shape, strides in elements, bytes of an element."""


def elementwise_strides(shape: tuple[int, ...], operands: Sequence[Layout]) -> tuple[int, ...]:
    """The strides, in elements, that torch gives the result of an elementwise operation on these operands."""
    alike = all(own == shape for own, _, _ in operands)
    for order in (range(len(shape)), _CHANNELS_LAST):
        dense = _row_strides(shape, order) if len(order) == len(shape) and alike else ()
        if dense and (0 in shape or all(_equal_where_long(shape, strides, dense) for _, strides, _ in operands)):
            return dense
    same = all(sizes == shape and strides == operands[0][1] for sizes, strides, _ in operands)
    if same and _is_dense(shape, operands[0][1]):
        return operands[0][1]
    fastest_first = _memory_order(shape, [_stretched(shape, layout) for layout in operands])
    if fastest_first == list(reversed(range(len(shape)))):
        return _row_strides(shape, range(len(shape)))
    strides, step = [0] * len(shape), 1
    for axis in fastest_first:
        strides[axis] = step
        step *= shape[axis]
    return tuple(strides)


def _equal_where_long(shape: tuple[int, ...], left: tuple[int, ...], right: tuple[int, ...]) -> bool:
    """True if strides are equal along all axes except those of size 1, where they have no meaning."""
    return all(size == 1 or a == b for size, a, b in zip(shape, left, right, strict=True))


def _row_strides(shape: tuple[int, ...], order: Sequence[int]) -> tuple[int, ...]:
    """Dense strides with the axes in this order, slowest first."""
    strides, step = [0] * len(shape), 1
    for axis in reversed(order):
        strides[axis] = step
        step *= max(shape[axis], 1)
    return tuple(strides)


def _stretched(shape: tuple[int, ...], layout: Layout) -> tuple[int, ...]:
    """The strides of an operand in bytes; 0 along stretched axes."""
    sizes, strides, item = layout
    lead = len(shape) - len(sizes)
    own = (0 if size == 1 != shape[lead + k] else strides[k] * item for k, size in enumerate(sizes))
    return (0,) * lead + tuple(own)


def _memory_order(shape: tuple[int, ...], operands: Sequence[tuple[int, ...]]) -> list[int]:
    """The axes from fastest to slowest in memory, by the insertion sort of TensorIterator."""
    order = list(reversed(range(len(shape))))
    for last in range(1, len(order)):
        moving = last
        for place in reversed(range(last)):
            comparison = _compared(shape, operands, order[place], order[moving])
            if comparison > 0:
                order[place], order[moving] = order[moving], order[place]
                moving = place
            elif comparison < 0:
                break
    return order


def _compared(shape: tuple[int, ...], operands: Sequence[tuple[int, ...]], first: int, second: int) -> int:
    """1 if `first` is slower in memory than `second`, -1 if faster, 0 if no operand tells."""
    for strides in operands:
        left, right = strides[first], strides[second]
        if not left or not right:
            continue
        if left != right:
            return 1 if left > right else -1
        if shape[first] > shape[second]:
            return 1
    return 0


def _is_dense(shape: tuple[int, ...], strides: tuple[int, ...]) -> bool:
    """True if the elements fill their storage without gaps or overlaps, in any order of axes."""
    step = 1
    if 0 in shape:
        return True
    for stride, size in sorted((stride, size) for stride, size in zip(strides, shape, strict=True) if size > 1):
        if stride != step:
            return False
        step *= size
    return True


def meta(shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
    """A tensor without values."""
    return torch.empty(shape, dtype=dtype, device="meta")


def suggested_format(tensor: torch.Tensor) -> torch.memory_format:
    """The order in which torch lays out a normalised batch of images: channels last if the tensor is.

    A slice of the channels, which is not dense, also keeps them last, judging by the strides only: this is the rule of
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
    """Known only for a whole number of repeats."""
    if isinstance(repeats, torch.Tensor):
        raise ValueError("the repeats are in a tensor that is not computed")
    return torch.repeat_interleave(tensor, repeats, dim)


def plan_nonzero(tensor: torch.Tensor, **_: Any) -> torch.Tensor:
    """At most one row per element."""
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
    """Refuse: the shape depends on values."""
    raise ValueError("its size depends on values that are too large or not computed")


MAXIMUM_ELEMENTS = 2**60
"""The most elements of 8 bytes that torch can count."""


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
    """The product of two matrices is row-major; torch plans anything else."""
    if not isinstance(left, torch.Tensor) or not isinstance(right, torch.Tensor):
        return left @ right
    if left.ndim != 2 or right.ndim != 2 or left.shape[1] != right.shape[0] or left.dtype != right.dtype:
        return left @ right
    return meta((left.shape[0], right.shape[1]), left.dtype)


def plan_linspace(start: float, end: float, steps: int, *, dtype: torch.dtype | None = None, **_: Any) -> torch.Tensor:
    """The given number of steps."""
    return meta((steps,), dtype or torch.get_default_dtype())


def plan_cartesian(*tensors: torch.Tensor) -> torch.Tensor:
    """One row per combination; a single vector is returned unchanged."""
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
    """Row and column of each element of a triangle, one column per element."""

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
    """The shape of an einsum from its letters; the storage has the size of its largest intermediate."""
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
    """The bytes of the largest intermediate, in torch's contraction order."""
    if not isinstance(equation, str) or len(operands) < 3:
        return 0
    cost = plan_einsum(equation, *(tuple(tensor.shape) for tensor in operands)).cost
    return cost.largest_intermediate * operands[0].element_size()


VALUE_PLANS: set[Callable[..., Any]] = {plan_nonzero, plan_masked_select}
"""Plans that are upper bounds, because the number of elements depends on values."""
