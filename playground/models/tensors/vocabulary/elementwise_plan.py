"""Layouts of elementwise results without torch's own plans, whose first use imports a second's worth of modules.

The strides are those of ATen's TensorIterator (aten/src/ATen/TensorIterator.cpp, `reorder_dimensions`): the result's
axes lie in memory in the order in which those of its operands do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from playground.models.tensors.broadcast_alignment import broadcast_shape

Plan = Callable[..., Any]

_ARITHMETIC = frozenset({"+", "*", "add", "mul", "multiply", "maximum", "minimum", "fmax", "fmin"})
_COMPARING = frozenset({"==", "!=", "<", "<=", ">", ">=", "eq", "ne", "lt", "le", "gt", "ge", "isclose"})
_OF_FLOATS = frozenset({"/", "true_divide", "copysign", "xlogy"})
"""Words that make floats of whole numbers."""
_SAME = frozenset({"positive", "+x"})
"""Words that give their operand itself."""
_CHANNELS_LAST = (0, 2, 3, 1)
_TRUTH = frozenset({"isnan", "isinf", "isfinite", "signbit", "logical_not"})


def plan_of_two(name: str, call: Plan) -> Plan:
    """The plan of an operator or method of two operands; where dtypes need torch's own rules, torch plans."""

    def plan(*arguments: Any, **keywords: Any) -> Any:
        dtype = None if keywords or len(arguments) != 2 else _dtype_of_two(name, *arguments)
        if dtype is None:
            return call(*arguments, **keywords)
        common = torch.result_type(*arguments) if dtype is torch.bool else dtype
        return _planned([_cast(argument, common) for argument in arguments], dtype)

    return plan


def plan_of_one(name: str, call: Plan) -> Plan:
    """The plan of a function of one floating-point tensor; torch plans the others."""

    def plan(*arguments: Any, **keywords: Any) -> Any:
        tensor = arguments[0] if len(arguments) == 1 and not keywords else None
        if not isinstance(tensor, torch.Tensor) or not tensor.is_floating_point() or name in _SAME:
            return call(*arguments, **keywords)
        return _planned([tensor], torch.bool if name in _TRUTH else tensor.dtype)

    return plan


def _cast(argument: Any, dtype: torch.dtype) -> Any:
    """The operand in the dtype that the operation runs in: torch casts first, which may change the strides."""
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
    for order in (range(len(shape)), _CHANNELS_LAST):
        dense = _row_strides(shape, order) if len(order) == len(shape) else ()
        if dense and all(own == shape and _equal_where_long(shape, strides, dense) for own, strides, _ in operands):
            return dense
    same = all(sizes == shape and strides == operands[0][1] for sizes, strides, _ in operands)
    if same and _is_dense(shape, operands[0][1]):
        return operands[0][1]
    return _row_strides(shape, list(reversed(_memory_order(shape, [_stretched(shape, layout) for layout in operands]))))


def _equal_where_long(shape: tuple[int, ...], left: tuple[int, ...], right: tuple[int, ...]) -> bool:
    """Whether strides are equal along all axes but those of size 1, where they have no meaning."""
    return all(size == 1 or a == b for size, a, b in zip(shape, left, right, strict=True))


def _row_strides(shape: tuple[int, ...], order: Sequence[int]) -> tuple[int, ...]:
    """Dense strides with the axes in this order, slowest first."""
    strides, step = [0] * len(shape), 1
    for axis in reversed(order):
        strides[axis] = step
        step *= max(shape[axis], 1)
    return tuple(strides)


def _stretched(shape: tuple[int, ...], layout: Layout) -> tuple[int, ...]:
    """The strides of an operand in bytes, 0 along the axes where it is stretched."""
    sizes, strides, item = layout
    lead = len(shape) - len(sizes)
    own = (0 if size == 1 != shape[lead + k] else strides[k] * item for k, size in enumerate(sizes))
    return (0,) * lead + tuple(own)


def _memory_order(shape: tuple[int, ...], operands: Sequence[tuple[int, ...]]) -> list[int]:
    """The axes from the fastest in memory to the slowest, by insertion as TensorIterator sorts them."""
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
    """Whether the elements fill their storage without gap or overlap, in whatever order of axes."""
    step = 1
    for stride, size in sorted((stride, size) for stride, size in zip(strides, shape, strict=True) if size > 1):
        if stride != step:
            return False
        step *= size
    return True
