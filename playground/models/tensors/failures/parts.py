"""Tensors that cannot be joined, and axes that cannot be cut into parts of one size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from playground.models.outcome import Problem
from playground.models.tensors.failures.call import FailedCall
from playground.models.words import count_in_words, joined, shape_in_words

_SPLITS = {"hsplit": (1, 1), "vsplit": (0, 2), "dsplit": (2, 3)}
"""The axis that each cuts, and how many axes it asks for."""


def _as_column(tensor: torch.Tensor) -> torch.Tensor:
    return tensor if tensor.ndim > 1 else tensor.reshape(-1, 1)


_JOINED: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    **dict.fromkeys(("cat", "concat", "concatenate", "stack"), torch.Tensor.detach),
    "hstack": torch.atleast_1d,
    "vstack": torch.atleast_2d,
    "dstack": torch.atleast_3d,
    "column_stack": _as_column,
}
"""Words that join tensors, and what each makes of them first."""
_ALONG = {"hstack": 1, "vstack": 0, "dstack": 2, "column_stack": 1}
"""The axis along which each joins, of vectors the last."""


def split_problem(call: FailedCall) -> Problem | None:
    """An axis that so many parts of one size do not fill, or that is not there."""
    word, parts = call.word.short_name, call.arguments.get("indices_or_sections")
    if word not in _SPLITS or not call.tensors:
        return None
    name, tensor = call.tensors[0]
    axis, least = _SPLITS[word]
    if tensor.ndim < least:
        axes = count_in_words(least, "axis", "axes")
        return call.problem(
            f"{word} takes {axes} or more, and {name} {shape_in_words(tensor.shape)} has {tensor.ndim}.",
            f"{tensor.ndim} of {axes}",
        )
    axis = min(axis, tensor.ndim - 1)
    if type(parts) is not int or parts < 1 or tensor.shape[axis] % parts == 0:
        return None
    code = f".tensor_split({parts}, {axis})"
    return call.problem(
        f"Axis {axis} of {name} is {tensor.shape[axis]}, which {parts} parts of one size do not fill.",
        f"{tensor.shape[axis]} by {parts}",
        fixes=(call.replaced(call.span, call.postfixed(call.nodes[0], code)),),
    )


@dataclass(frozen=True, slots=True)
class _Part:
    """One of the tensors that are joined: its name, its shape, and the shape that the word gives it first."""

    name: str
    own: tuple[int, ...]
    shape: tuple[int, ...]


def joining_problem(call: FailedCall) -> Problem | None:
    """Tensors to be joined whose other axes differ, or that have none."""
    word = call.word.short_name
    if word not in _JOINED:
        return None
    shaped = _JOINED[word]
    parts = [_Part(name, tuple(tensor.shape), tuple(shaped(tensor).shape)) for name, tensor in call.tensors]
    if word == "stack":
        return _stacking_problem(call, parts)
    for part in parts:
        if not part.shape:
            return call.problem(f"{part.name} has no axis to join along. stack makes a new one.", "no axes")
    parts = [part for part in parts if part.shape != (0,)]  # torch leaves these out, whatever the others are
    return next((problem for other in parts[1:] if (problem := _mismatch(call, parts[0], other)) is not None), None)


def _stacking_problem(call: FailedCall, parts: Sequence[_Part]) -> Problem | None:
    for other in parts[1:]:
        if other.shape != parts[0].shape:
            first = f"{parts[0].name} is {shape_in_words(parts[0].shape)}"
            message = f"{first} and {other.name} is {shape_in_words(other.shape)}. stack takes tensors of one shape."
            return call.problem(message, "two shapes")
    return None


def _mismatch(call: FailedCall, first: _Part, other: _Part) -> Problem | None:
    """Why these two cannot be joined; None where they can."""
    word, rank = call.word.short_name, len(first.shape)
    read = [f"{part.name} as {shape_in_words(part.shape)}" for part in (first, other) if part.shape != part.own]
    note = f"{word} takes {joined(read)}. " if read else ""
    if len(other.shape) != rank:
        has = f"{first.name} has {count_in_words(rank, 'axis', 'axes')} and {other.name} has {len(other.shape)}"
        return call.problem(f"{note}{has}. {word} takes the same number.", "other rank")
    along = call.arguments.get("dim", 0) if word not in _ALONG else min(_ALONG[word], rank - 1)
    if not isinstance(along, int):
        return None
    for axis, (size, its) in enumerate(zip(first.shape, other.shape, strict=True)):
        if size != its and axis != along % max(rank, 1):
            return call.problem(
                f"{note}Axis {axis} of {first.name} is {size}, that of {other.name} is {its}. "
                f"Along all axes but {along} they have to be equal.",
                f"{size} against {its}",
            )
    return None
