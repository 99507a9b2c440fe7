"""Axes and indices that a tensor does not have."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

import torch

from playground.models.formatting import count_in_words, shape_in_words
from playground.models.language.failures.call import FailedCall
from playground.models.problem import Problem

_AXIS_PARAMETERS = frozenset(
    [
        "dim",
        "dim0",
        "dim1",
        "dim2",
        "dims",
        "axis",
        "axis0",
        "axis1",
        "dimension",
        "source",
        "destination",
        "start_dim",
        "end_dim",
    ]
)
_ONE_MORE = frozenset({"unsqueeze", "stack", "diag_embed"})


def axis_problem(call: FailedCall) -> Problem | None:
    """An axis that is out of range, or given twice."""
    tensors = call.tensors
    if not tensors or (call.word.family == "facts" and not isinstance(call.positional[0], torch.Tensor)):
        return None
    name, tensor = tensors[0]
    rank = tensor.ndim + (call.word.short_name in _ONE_MORE)
    for parameter, value in call.arguments.items():
        if parameter not in _AXIS_PARAMETERS:
            continue
        axes = list(_integers(value))
        for axis in axes:
            if not -max(rank, 1) <= axis < max(rank, 1):
                return _no_such_axis(call, name, tensor, axis, rank)
        plain = [axis % max(rank, 1) for axis in axes]
        if len(set(plain)) < len(plain):
            twice = next(axis for axis in plain if plain.count(axis) > 1)
            return call.problem(f"Axis {twice} is named twice in {_written(axes)}.", "axis twice", call.span_of(value))
    return None


def permutation_problem(call: FailedCall) -> Problem | None:
    """A permutation that omits an axis."""
    if call.word.short_name != "permute":
        return None
    tensor, order = call.arguments.get("input"), list(_integers(call.arguments.get("dims")))
    if not isinstance(tensor, torch.Tensor) or len(order) == tensor.ndim:
        return None
    name = call.tensors[0][0]
    axes = ", ".join(map(str, range(tensor.ndim)))
    return call.problem(
        f"{name} {shape_in_words(tensor.shape)} has {count_in_words(tensor.ndim, 'axis', 'axes')}, and "
        f"{count_in_words(len(order), 'is', 'are')} named. "
        f"permute must name each of {axes} once.",
        f"{len(order)} of {tensor.ndim} axes",
    )


def matrix_problem(call: FailedCall) -> Problem | None:
    """`.t()` of more than two axes, `.mT` of fewer."""
    if call.word.short_name not in ("t", "mT") or not call.tensors:
        return None
    name, tensor = call.tensors[0]
    shape, rank = tuple(tensor.shape), tensor.ndim
    written = f".{call.word.short_name}" + ("()" if call.word.short_name == "t" else "")
    has = f"{name} {shape_in_words(shape)} has {count_in_words(rank, 'axis', 'axes')}"
    receiver = call.nodes[0]
    if rank > 2:
        swaps = (((-2, -1), ".mT"), ((0, 1), ".transpose(0, 1)"))
        fixes = tuple(
            call.replaced(call.span, call.postfixed(receiver, code), shape_in_words(tensor.transpose(*axes).shape))
            for axes, code in swaps
        )
        return call.problem(f"{has}, and {written} swaps the two of a matrix.", f"{rank} axes", fixes=fixes)
    column = call.replaced(call.span, call.postfixed(receiver, "[:, None]"), shape_in_words((*shape, 1)))
    return call.problem(
        f"{has}, and {written} swaps the last two of a matrix.",
        count_in_words(rank, "axis", "axes"),
        fixes=(column,) * (rank == 1),
    )


def reversal_warning(call: FailedCall) -> Problem | None:
    """`.T` of a tensor without exactly two axes, which torch computes with a warning."""
    tensor = call.positional[0] if call.word.name == ".T" else None
    if not isinstance(tensor, torch.Tensor) or tensor.ndim in (0, 2):
        return None
    rank, shape = tensor.ndim, shape_in_words(tensor.shape)
    reversed_axes = ", ".join(map(str, reversed(range(rank))))
    codes = (f".permute({reversed_axes})", ".mT") if rank > 2 else ("[:]",)
    does = "reverses them all" if rank > 2 else "changes nothing"
    advice = " .mT swaps the last two." if rank > 2 else ""
    return Problem(
        f"{call.tensors[0][0]} {shape} has {count_in_words(rank, 'axis', 'axes')}: .T {does}, and torch warns that "
        f"it will be an error.{advice}",
        call.span,
        tuple(call.replaced(call.span, call.postfixed(call.nodes[0], code), "()") for code in codes),
        badge=f".T of {count_in_words(rank, 'axis', 'axes')}",
        severity="warning",
    )


def index_problem(call: FailedCall) -> Problem | None:
    """An index beyond its axis, too many indices, or an index of the wrong type."""
    if call.word.name != "[]" or not isinstance(call.positional[0], torch.Tensor):
        return None
    tensor, index = call.positional
    name = call.name_of(call.nodes[0])
    parts = index if isinstance(index, tuple) else (index,)
    nodes = call.nodes[1].elts if isinstance(index, tuple) and isinstance(call.nodes[1], ast.Tuple) else [call.nodes[1]]
    used = sum(_axes_used(part) for part in parts)
    if used > tensor.ndim:
        shape, axes = shape_in_words(tensor.shape), count_in_words(tensor.ndim, "axis", "axes")
        return call.problem(f"{used} indices for {name} {shape}, which has {axes}.", f"{used} indices")
    axis = 0
    for place, (part, node) in enumerate(zip(parts, nodes, strict=False)):
        if part is Ellipsis:
            axis = tensor.ndim - sum(_axes_used(later) for later in parts[place + 1 :])
            continue
        found = _type_problem(call, parts, part, node, axis) or _mask_problem(call, tensor, axis, part, node)
        found = found or _beyond_problem(call, tensor, axis, part, node)
        if found is not None:
            return found
        axis += _axes_used(part)
    return None


def _type_problem(call: FailedCall, parts: tuple[Any, ...], part: Any, node: ast.expr, axis: int) -> Problem | None:
    """A fraction, a tensor of fractions, a step backwards."""
    span = call.parsed.span(node)
    if isinstance(part, float):
        return call.problem("An index must be a whole number.", "no whole number", span)
    if isinstance(part, torch.Tensor) and part.is_floating_point():
        return call.problem(
            f"{call.name_of(node)} is {str(part.dtype)[6:]}: an index must be integers or booleans.",
            "float index",
            span,
            (call.replaced(span, call.postfixed(node, ".long()")),),
        )
    if isinstance(part, slice) and part.step is not None and part.step <= 0:
        is_whole_axis = len(parts) == 1 and part == slice(None, None, -1)
        flipped = call.postfixed(call.nodes[0], f".flip({axis})")
        fix = call.replaced(call.span, flipped, meaning="a copy in reversed order")
        words = "torch has no negative steps, because it has no negative strides. flip makes a copy."
        return call.problem(words, "negative step", span, (fix,) if is_whole_axis else ())
    return None


def _beyond_problem(call: FailedCall, tensor: torch.Tensor, axis: int, part: Any, node: ast.expr) -> Problem | None:
    """A number beyond the end of its axis."""
    size = tensor.shape[axis] if axis < tensor.ndim else 0
    beyond = next((number for number in _integers(part) if not -size <= number < size), None)
    if beyond is None or isinstance(part, slice):
        return None
    return call.problem(
        f"Axis {axis} of {call.name_of(call.nodes[0])} has size {size}: its indices are {_range(size)}, so {beyond} "
        "is out of range.",
        f"{beyond} of {size}",
        call.parsed.span(node),
    )


def _mask_problem(call: FailedCall, tensor: torch.Tensor, axis: int, part: Any, node: ast.expr) -> Problem | None:
    if not isinstance(part, torch.Tensor) or part.dtype is not torch.bool:
        return None
    for offset, size in enumerate(part.shape):
        own = tensor.shape[axis + offset] if axis + offset < tensor.ndim else None
        if own != size:
            return call.problem(
                f"The mask {shape_in_words(part.shape)} has {size} along its axis {offset}, where axis "
                f"{axis + offset} of {call.name_of(call.nodes[0])} has {own}. A mask must have the sizes of the axes "
                "that it selects from.",
                f"{size} against {own}",
                call.parsed.span(node),
            )
    return None


def _no_such_axis(call: FailedCall, name: str, tensor: torch.Tensor, axis: int, rank: int) -> Problem:
    shape = shape_in_words(tensor.shape)
    if not rank:
        return call.problem(f"{name} has no axes: it is a single number.", "no axes", call.span_of(axis))
    places = "places" if rank > tensor.ndim else "axes"
    return call.problem(
        f"{name} {shape} has {places} {_range(rank)} (or -{rank} to -1, from the end), but no {axis}.",
        f"no axis {axis}",
        call.span_of(axis),
    )


def _axes_used(part: Any) -> int:
    if part is None or part is Ellipsis or isinstance(part, bool):
        return 0
    return part.ndim if isinstance(part, torch.Tensor) and part.dtype is torch.bool else 1


def _integers(value: Any) -> Iterator[int]:
    if isinstance(value, int) and not isinstance(value, bool):
        yield value
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _integers(part)
    elif isinstance(value, torch.Tensor) and value.dtype is torch.int64 and value.numel() and not value.is_meta:
        yield from (int(value.min()), int(value.max()))


def _range(size: int) -> str:
    return {0: "none", 1: "0", 2: "0 and 1"}.get(size, f"0 to {size - 1}")


def _written(axes: list[int]) -> str:
    return f"({', '.join(map(str, axes))})"
