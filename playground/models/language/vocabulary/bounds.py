"""Upper bounds on what a call allocates, in bytes, from its arguments alone: no call may exceed them.

The bounds are loose by design: they only decide whether a line is small enough to run without a plan.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import torch

WORD = 8
"""Bytes of the widest element."""

HUGE = 1 << 80
"""Means "no bound is known": plan first."""


def leaves(arguments: Any) -> Iterator[Any]:
    """All arguments with lists and tuples flattened."""
    if isinstance(arguments, list | tuple):
        for argument in arguments:
            yield from leaves(argument)
    else:
        yield arguments


def tensors(arguments: Any) -> list[torch.Tensor]:
    """The tensors among the arguments, in order."""
    if isinstance(arguments, torch.Tensor):
        return [arguments]
    found: list[torch.Tensor] = []
    if isinstance(arguments, list | tuple):
        for argument in arguments:
            if isinstance(argument, torch.Tensor):
                found.append(argument)
            elif isinstance(argument, list | tuple):
                found += tensors(argument)
    return found


def whole_numbers(arguments: Any) -> list[int]:
    """The integers among the arguments."""
    return [leaf for leaf in leaves(arguments) if isinstance(leaf, int) and not isinstance(leaf, bool)]


def nothing(_: Sequence[Any]) -> int:
    """A view: no byte."""
    return 0


def width(arguments: Any) -> int:
    """The bytes of the widest possible result element: 16 if anything is complex."""
    return 2 * WORD if any(map(_is_complex, leaves(arguments))) else WORD


def _is_complex(leaf: Any) -> bool:
    if isinstance(leaf, torch.Tensor | torch.dtype):
        return leaf.is_complex if isinstance(leaf, torch.dtype) else leaf.is_complex()
    return isinstance(leaf, complex)


def operands(arguments: Sequence[Any]) -> int:
    """At most as many elements as all operands together; twice that for values with indices."""
    return 2 * width(arguments) * sum(tensor.numel() for tensor in tensors(arguments))


def listed(arguments: Sequence[Any]) -> int:
    """As many elements as numbers listed, plus those of tensors among them."""
    return operands(arguments) + width(arguments) * sum(1 for _ in leaves(arguments))


def binned(arguments: Sequence[Any]) -> int:
    """The number of bins, 100 by default, plus a copy of the operand."""
    return operands(arguments) + WORD * (100 + sum(abs(number) for number in whole_numbers(arguments)))


def stretched(arguments: Sequence[Any]) -> int:
    """The elements of the operands broadcast together (their product if they do not fit, which fails anyway)."""
    shapes = [tensor.shape for tensor in tensors(arguments)]
    rank = max((len(shape) for shape in shapes), default=0)
    padded = [(1,) * (rank - len(shape)) + tuple(shape) for shape in shapes]
    return width(arguments) * int(math.prod(max(sizes) for sizes in zip(*padded, strict=True)))


def product(arguments: Sequence[Any]) -> int:
    """At most the product of the operands' elements."""
    return width(arguments) * math.prod(tensor.numel() for tensor in tensors(arguments))


def sizes(arguments: Sequence[Any]) -> int:
    """At most the product of all integers and of the operands' elements."""
    numbers = math.prod(max(abs(number), 1) for number in whole_numbers(arguments))
    return 2 * numbers * max(product(arguments), WORD)


def squared_sizes(arguments: Sequence[Any]) -> int:
    """The square of `sizes`: one number or one vector makes a square matrix."""
    numbers = sum(abs(number) for number in whole_numbers(arguments))
    elements = sum(tensor.numel() for tensor in tensors(arguments))
    return width(arguments) * (numbers + elements + 1) ** 2


def counted(arguments: Sequence[Any]) -> int:
    """The length of `arange(start, end, step)`."""
    values = [leaf.item() if _is_number(leaf) else leaf for leaf in leaves(arguments)]
    numbers = [float(value) for value in values if isinstance(value, int | float)]
    if not all(math.isfinite(number) for number in numbers) or not numbers:
        return HUGE
    start, end, step = (0.0, numbers[0], 1.0) if len(numbers) == 1 else (*numbers, 1.0)[:3]
    return int(abs(end - start) / abs(step) + 2) * WORD if step else HUGE


def _is_number(leaf: Any) -> bool:
    """True if this is a computed tensor with one number."""
    return isinstance(leaf, torch.Tensor) and not leaf.ndim and not leaf.is_meta


def multiplied(arguments: Sequence[Any]) -> int:
    """The result of a matrix product, and the copies that broadcasting batches may need."""
    found = tensors(arguments)
    if len(found) < 2:
        return operands(arguments)
    left, right = found[-2:]
    if left.ndim < 2 or right.ndim < 2:
        return operands(arguments)
    batch = stretched([left[..., :1, :1], right[..., :1, :1]])
    rows, inner, columns = left.shape[-2], left.shape[-1], right.shape[-1]
    return operands(arguments) + batch * (rows * columns + rows * inner + inner * columns)


def contracted(arguments: Sequence[Any]) -> int:
    """An einsum: the product of the sizes of the output's letters; of all letters for three operands or more."""
    found, equation = tensors(arguments), arguments[0] if arguments else None
    if not isinstance(equation, str) or "." in equation:
        return product(arguments)
    left, _, right = equation.replace(" ", "").partition("->")
    letters: dict[str, int] = {}
    for term, tensor in zip(left.split(","), found, strict=False):
        for letter, size in zip(term, tensor.shape, strict=False):
            letters[letter] = max(size, letters.get(letter, 1))
    kept = letters if len(found) > 2 or "->" not in equation else {k: n for k, n in letters.items() if k in right}
    return operands(arguments) + width(arguments) * math.prod(kept.values())


def padded(arguments: Sequence[Any]) -> int:
    """Each axis lengthened by the total padding."""
    extra = sum(abs(number) for number in whole_numbers(arguments))
    found = tensors(arguments)
    return width(arguments) * math.prod(size + extra for tensor in found for size in tensor.shape)


def indexed(arguments: Sequence[Any]) -> int:
    """An index with tensors or lists: as many elements as they have together, for each index of the other axes."""
    tensor, index = arguments
    parts = list(index) if isinstance(index, tuple) else [index]
    used = [_axes_used(part) for part in parts]
    axis, left, shapes = 0, int(tensor.numel()), list[tuple[int, ...]]()
    for place, part in enumerate(parts):
        if part is Ellipsis:
            axis = max(axis, tensor.ndim - sum(used[place + 1 :]))
        if isinstance(part, torch.Tensor | list | bool):
            shapes.append(_places(part))
            for size in tensor.shape[axis : axis + used[place]]:
                left //= max(size, 1)
        axis += used[place]
    if not shapes:
        return 0
    rank = max(map(len, shapes))
    padded = [(1,) * (rank - len(shape)) + shape for shape in shapes]
    places: int = math.prod(max(sizes) for sizes in zip(*padded, strict=True))
    return width(arguments) * left * places


def _axes_used(part: Any) -> int:
    """The number of axes that a part of an index covers."""
    if part is None or part is Ellipsis or isinstance(part, bool):
        return 0
    return part.ndim if isinstance(part, torch.Tensor) and part.dtype is torch.bool else 1


def _places(part: Any) -> tuple[int, ...]:
    """The shape of an index; for a mask, that of all its elements flattened."""
    is_mask = isinstance(part, torch.Tensor) and part.dtype is torch.bool
    if isinstance(part, torch.Tensor) and not is_mask:
        return tuple(part.shape)
    return (part.numel() if is_mask else sum(1 for _ in leaves(part)),)


MOST_LOOKED_AT = 1 << 26
"""The most elements of an integer tensor for which its largest value is searched."""


def by_values(arguments: Sequence[Any]) -> int:
    """A shape that depends on integer values: as many elements as the largest value, for each element."""
    total = sizes(arguments)
    for tensor in tensors(arguments):
        if tensor.is_meta or tensor.is_floating_point() or tensor.is_complex() or not tensor.numel():
            continue
        if tensor.numel() > MOST_LOOKED_AT:
            return HUGE
        total *= max(int(tensor.max()) + 1, 1) if tensor.dtype is not torch.bool else 1
    return total


def repeated_elements(arguments: Sequence[Any]) -> int:
    """Each element, or each slice of an axis, repeated by its own count."""
    found = tensors(arguments)
    repeats = found[-1] if found else None
    if repeats is None or repeats.is_floating_point() or repeats.is_complex() or not repeats.numel():
        return by_values(arguments)
    if repeats.is_meta or repeats.numel() > MOST_LOOKED_AT:
        return HUGE
    if len(found) < 2 and len(arguments) > 1:
        return by_values(arguments)
    slices = -(-found[0].numel() // repeats.numel()) if len(found) > 1 else 1
    return width(arguments) * 2 * max(1, int(repeats.double().abs().sum()) + 1) * max(1, slices)
