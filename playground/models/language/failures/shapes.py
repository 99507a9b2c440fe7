"""Shapes that do not fit an operation: reshape, view, expand, matrix products, joining, splitting, einsum."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from math import prod
from typing import Any

import torch

from playground.models.broadcasting.explain import explain_broadcast
from playground.models.einsum.plan import plan_einsum
from playground.models.formatting import count_in_words, joined, shape_in_words
from playground.models.language.failures.call import FailedCall
from playground.models.memory.view_rule import explain_view
from playground.models.problem import Fix, Problem, ProblemError, Span

_SPLITS = {"hsplit": (1, 1), "vsplit": (0, 2), "dsplit": (2, 3)}
"""The axis that each splits, and how many axes it needs."""


def _as_column(tensor: torch.Tensor) -> torch.Tensor:
    return tensor if tensor.ndim > 1 else tensor.reshape(-1, 1)


_JOINED: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    **dict.fromkeys(("cat", "concat", "concatenate", "stack"), torch.Tensor.detach),
    "hstack": torch.atleast_1d,
    "vstack": torch.atleast_2d,
    "dstack": torch.atleast_3d,
    "column_stack": _as_column,
}
"""Words that join tensors, and the conversion that each applies first."""
_ALONG = {"hstack": 1, "vstack": 0, "dstack": 2, "column_stack": 1}
"""The axis along which each joins; the last for vectors."""


def split_problem(call: FailedCall) -> Problem | None:
    """An axis that cannot be split into equal parts, or that does not exist."""
    word, parts = call.word.short_name, call.arguments.get("indices_or_sections")
    if word not in _SPLITS or not call.tensors:
        return None
    name, tensor = call.tensors[0]
    axis, least = _SPLITS[word]
    if tensor.ndim < least:
        axes = count_in_words(least, "axis", "axes")
        return call.problem(
            f"{word} takes {axes} or more, but {name} {shape_in_words(tensor.shape)} has {tensor.ndim}.",
            f"{tensor.ndim} of {axes}",
        )
    axis = min(axis, tensor.ndim - 1)
    if type(parts) is not int or parts < 1 or tensor.shape[axis] % parts == 0:
        return None
    code = f".tensor_split({parts}, {axis})"
    return call.problem(
        f"Axis {axis} of {name} is {tensor.shape[axis]}, which does not divide into {parts} equal parts.",
        f"{tensor.shape[axis]} by {parts}",
        fixes=(call.replaced(call.span, call.postfixed(call.nodes[0], code)),),
    )


@dataclass(frozen=True, slots=True)
class _Part:
    """One of the joined tensors: its name, its shape, and the shape after the word's conversion."""

    name: str
    own: tuple[int, ...]
    shape: tuple[int, ...]


def joining_problem(call: FailedCall) -> Problem | None:
    """Tensors to join that differ in their other axes, or have no axes."""
    word = call.word.short_name
    if word not in _JOINED:
        return None
    shaped = _JOINED[word]
    parts = [_Part(name, tuple(tensor.shape), tuple(shaped(tensor).shape)) for name, tensor in call.tensors]
    if word == "stack":
        return _stacking_problem(call, parts)
    for part in parts:
        if not part.shape:
            return call.problem(f"{part.name} has no axis to join along. stack adds a new one.", "no axes")
    parts = [part for part in parts if part.shape != (0,)]  # torch skips these, whatever the others are
    return next((problem for other in parts[1:] if (problem := _mismatch(call, parts[0], other)) is not None), None)


def _stacking_problem(call: FailedCall, parts: Sequence[_Part]) -> Problem | None:
    for other in parts[1:]:
        if other.shape != parts[0].shape:
            first = f"{parts[0].name} is {shape_in_words(parts[0].shape)}"
            message = f"{first} and {other.name} is {shape_in_words(other.shape)}. stack needs tensors of one shape."
            return call.problem(message, "two shapes")
    return None


def _mismatch(call: FailedCall, first: _Part, other: _Part) -> Problem | None:
    """Why these two cannot be joined; None if they can."""
    word, rank = call.word.short_name, len(first.shape)
    read = [f"{part.name} as {shape_in_words(part.shape)}" for part in (first, other) if part.shape != part.own]
    note = f"{word} takes {joined(read)}. " if read else ""
    if len(other.shape) != rank:
        has = f"{first.name} has {count_in_words(rank, 'axis', 'axes')} and {other.name} has {len(other.shape)}"
        return call.problem(f"{note}{has}. {word} needs the same number of axes.", "other rank")
    along = call.arguments.get("dim", 0) if word not in _ALONG else min(_ALONG[word], rank - 1)
    if not isinstance(along, int):
        return None
    for axis, (size, its) in enumerate(zip(first.shape, other.shape, strict=True)):
        if size != its and axis != along % max(rank, 1):
            return call.problem(
                f"{note}Axis {axis} of {first.name} is {size}, that of {other.name} is {its}. "
                f"All axes except {along} must have equal sizes.",
                f"{size} against {its}",
            )
    return None


def broadcast_problem(call: FailedCall) -> Problem | None:
    """The axes of two operands that clash, with every edit of one of them as a fix of the line."""
    if not call.word.stretches:
        return None
    pairs = [(n, v) for n, v in zip(call.nodes, call.positional, strict=False) if isinstance(v, torch.Tensor)]
    if len(pairs) < 2:
        return None
    texts = [call.parsed.segment(node) for node, _ in pairs]
    shapes = [tuple(value.shape) for _, value in pairs]
    problem = explain_broadcast(*shapes, names=texts, spelling="index").problem
    if problem is None:
        return None
    places = {text: call.parsed.span(node) for text, (node, _) in zip(texts, pairs, strict=True)}
    fixes = tuple(
        Fix(call.replaced(place, fix.code).code, fix.gives, fix.meaning, fix.code)
        for fix in problem.fixes
        if (place := places.get(fix.target)) is not None
    )
    span = call.parsed.span(pairs[-1][0])
    return Problem(problem.message, span, fixes, lead=problem.lead, badge=problem.badge)


def reshape_problem(call: FailedCall) -> Problem | None:
    """Sizes with a different number of elements, or a view that the strides do not allow."""
    word = call.word.short_name
    if word not in ("reshape", "view", "view_as", "reshape_as", "unflatten"):
        return None
    given = call.arguments
    tensor = given.get("input")
    if not isinstance(tensor, torch.Tensor):
        return None
    other = given.get("other")
    wanted = tuple(other.shape) if isinstance(other, torch.Tensor) else given.get("shape", given.get("sizes"))
    shape = tuple(tensor.shape)
    if word == "unflatten":
        axis = given.get("dim")
        if not isinstance(axis, int) or not isinstance(wanted, list | tuple) or not -len(shape) <= axis < len(shape):
            return None
        axis %= len(shape)
        wanted = (*shape[:axis], *wanted, *shape[axis + 1 :])
    if wanted and isinstance(wanted[0], torch.dtype):
        return _dtype_view_problem(call, tensor, wanted[0])
    if not isinstance(wanted, list | tuple) or not all(isinstance(size, int) for size in wanted):
        return None
    name = call.tensors[0][0]
    explained = explain_view(shape, tensor.stride(), wanted, itemsize=tensor.element_size(), name=name)
    if explained.allowed:
        return None
    if explained.blocking is not None and word in ("reshape", "reshape_as", "unflatten"):
        return None
    badge = "no view" if explained.blocking else f"{tensor.numel()} elements"
    receiver = call.parsed.segment(call.nodes[0])
    fixes = tuple(
        Fix(call.replaced(call.span, receiver + fix.code).code, fix.gives, fix.meaning, fix.code)
        for fix in explained.fixes
        if fix.code.startswith(".")
    )
    return call.problem(explained.message, badge, fixes=fixes)


def _dtype_view_problem(call: FailedCall, tensor: torch.Tensor, dtype: torch.dtype) -> Problem:
    name = call.tensors[0][0]
    old, new = tensor.element_size(), torch.empty(0, dtype=dtype).element_size()
    last = tensor.shape[-1] if tensor.ndim else 1
    return call.problem(
        f"An element of {str(dtype)[6:]} takes {new} bytes, one of {name} takes {old}. The bytes can be reread only if "
        f"the last axis has stride 1 and holds whole elements: here it has size {last} and stride "
        f"{tensor.stride()[-1] if tensor.ndim else 0}.",
        f"{old} and {new} bytes",
    )


def expand_problem(call: FailedCall) -> Problem | None:
    """A size that cannot be stretched, or too few sizes."""
    if call.word.short_name not in ("expand", "expand_as", "broadcast_to"):
        return None
    given = call.arguments
    tensor, other = given.get("input"), given.get("other")
    wanted = tuple(other.shape) if isinstance(other, torch.Tensor) else given.get("sizes", given.get("size"))
    if not isinstance(tensor, torch.Tensor) or not isinstance(wanted, list | tuple):
        return None
    name, shape = call.tensors[0][0], tuple(tensor.shape)
    if len(wanted) < len(shape):
        return call.problem(
            f"{name} has {len(shape)} axes, and {len(wanted)} sizes are given. expand cannot remove axes.",
            "too few sizes",
        )
    lead = len(wanted) - len(shape)
    for axis, (size, new) in enumerate(zip(shape, wanted[lead:], strict=True)):
        if new not in (-1, size) and size != 1:
            return call.problem(
                f"Axis {axis} of {name} is {size}, but only a size of 1 can be stretched to {new}.",
                f"{size} to {new}",
            )
    if -1 in wanted[:lead]:
        return call.problem("-1 keeps a size, but a new axis has no size to keep.", "-1 in front")
    return None


def product_problem(call: FailedCall) -> Problem | None:
    """Inner sizes of a matrix product that differ, or operands with too few or too many axes."""
    ranks: dict[str, tuple[int, int]] = {
        "mm": (2, 2),
        "bmm": (3, 3),
        "mv": (2, 1),
        "dot": (1, 1),
        "vdot": (1, 1),
        "outer": (1, 1),
    }
    word = call.word.short_name
    if word not in (*ranks, "matmul", "@", "inner") or len(call.tensors) != 2:
        return None
    (left_name, left), (right_name, right) = call.tensors
    for (name, tensor), rank in zip(call.tensors, ranks.get(word, (-1, -1)), strict=True):
        if rank >= 0 and tensor.ndim != rank:
            shape = shape_in_words(tensor.shape)
            return call.problem(
                f"{word} needs a tensor with {rank} axes here, but {name} {shape} has {tensor.ndim}.",
                f"{tensor.ndim} axes",
            )
    if not left.ndim or not right.ndim:
        name = left_name if not left.ndim else right_name
        return call.problem(
            f"{name} is a single number, but a matrix product needs axes. Use * to multiply by a number.", "no axes"
        )
    if word == "outer":
        return None
    axis = right.ndim - 1 if word == "inner" else max(right.ndim - 2, 0)
    inner, other = left.shape[-1], right.shape[axis]
    if inner != other:
        return call.problem(
            f"Axis {left.ndim - 1} of {left_name} is {inner}, axis {axis} of {right_name} is {other}. A product sums "
            "over both together, so they must be equal.",
            f"{inner} against {other}",
            fixes=_product_fixes(call, left, right),
        )
    if left.dtype != right.dtype:
        return dtype_problem(call)
    return None


def dtype_problem(call: FailedCall) -> Problem:
    """Two dtypes where torch needs one, with casts as fixes."""
    (left_name, left), *_ = call.tensors
    right_name, right = next((name, one) for name, one in call.tensors if one.dtype != left.dtype)
    wide = reduce(torch.promote_types, (tensor.dtype for _, tensor in call.tensors))
    narrow = [node for node, tensor in call.tensor_nodes if tensor.dtype != wide]
    fix = call.all_postfixed(narrow, f".to({wide})")
    return call.problem(
        f"{left_name} is {str(left.dtype)[6:]} and {right_name} is {str(right.dtype)[6:]}. torch multiplies matrices "
        "of one dtype.",
        "two dtypes",
        fixes=(replace(fix, target=call.postfixed(narrow[0], fix.target)) if len(narrow) == 1 else fix,),
    )


def _product_fixes(call: FailedCall, left: torch.Tensor, right: torch.Tensor) -> tuple[Fix, ...]:
    """The products that become possible by transposing one operand."""
    if call.word.short_name not in ("matmul", "@", "mm") or left.ndim != 2 or right.ndim != 2:
        return ()
    nodes = [n for n, v in zip(call.nodes, call.positional, strict=False) if isinstance(v, torch.Tensor)]
    fixes = []
    for place, (a, b) in enumerate(((left.t(), right), (left, right.t()))):
        if a.shape[1] == b.shape[0]:
            code = call.postfixed(nodes[place], ".t()")
            fixes.append(call.replaced(call.parsed.span(nodes[place]), code, shape_in_words((a.shape[0], b.shape[1]))))
    return tuple(reversed(fixes))


def einsum_problem(call: FailedCall) -> Problem | None:
    """The problem with an einsum equation, at its character in the line."""
    equation = call.positional[0] if call.positional else None
    if call.word.short_name != "einsum" or not isinstance(equation, str):
        return None
    tensors = call.tensors
    try:
        plan_einsum(equation, *(tuple(t.shape) for _, t in tensors), names=[name for name, _ in tensors])
    except ProblemError as error:
        return _in_line(call, equation, error.problem)
    return dtype_problem(call) if len({t.dtype for _, t in tensors}) > 1 else None


def _in_line(call: FailedCall, equation: str, problem: Problem) -> Problem:
    text, whole = call.parsed.text, call.parsed.span(call.nodes[0])
    start = text.find(equation, whole.start, whole.stop)
    if start < 0 or not equation:
        return Problem(problem.message, whole, lead=problem.lead, badge=problem.badge)
    span = problem.span or Span(0, len(equation))
    inside = Span(start, start + len(equation))
    fixes = tuple(_einsum_fix(call, inside, fix) for fix in problem.fixes)
    return Problem(problem.message, Span(start + span.start, start + span.stop), fixes, problem.lead, problem.badge)


def _einsum_fix(call: FailedCall, equation: Span, fix: Fix) -> Fix:
    """The edit of the line for a fix: of the equation, or of the operand that it targets."""
    kind, _, operand = fix.target.partition(".")
    if kind != "operand":
        return Fix(call.replaced(equation, fix.code).code, fix.gives, fix.meaning, fix.code)
    node, _ = call.tensor_nodes[int(operand)]
    name = call.name_of(node)
    method = fix.code.removeprefix(name if name.isidentifier() else f"({name})")
    return call.replaced(call.parsed.span(node), call.postfixed(node, method), fix.gives, fix.meaning)


def size_problem(call: FailedCall) -> Problem | None:
    """Sizes below 0, fractional sizes, or sizes with a product too large for any storage."""
    given: Any = call.arguments.get("size", call.arguments.get("sizes"))
    if given is None and call.word.short_name == "tile":
        given = call.arguments.get("dims")
    if call.word.family not in ("making", "copying") or given is None:
        return None
    sizes = list(given) if isinstance(given, list | tuple) else [given]
    for size in sizes:
        if isinstance(size, float):
            return call.problem(
                f"A size must be a whole number, but {size:g} is not.", "no whole number", call.span_of(size)
            )
        if isinstance(size, int) and size < 0:
            return call.problem(f"A size must be at least 0, not {size}.", "below 0", call.span_of(size))
    whole = [size for size in sizes if isinstance(size, int)]
    own = prod(tensor.numel() for _, tensor in call.tensors[:1])
    if len(whole) == len(sizes) and prod(whole) * own >= 2**60:
        return call.problem(
            f"That would be {float(prod(whole) * own):.3g} elements, more than torch can count.", "too many elements"
        )
    return None


SHAPE_EXPLAINERS: tuple[Callable[[FailedCall], Problem | None], ...] = (
    broadcast_problem,
    reshape_problem,
    expand_problem,
    product_problem,
    joining_problem,
    split_problem,
    einsum_problem,
    size_problem,
)
