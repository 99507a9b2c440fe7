"""Tensors that cannot be joined, and axes that cannot be cut into parts of one size."""

from __future__ import annotations

import torch

from playground.models.outcome import Problem
from playground.models.tensors.failures.call import FailedCall
from playground.models.words import count_in_words, shape_in_words

_SPLITS = {"hsplit": (1, 1), "vsplit": (0, 2), "dsplit": (2, 3)}
"""The axis that each cuts, and how many axes it asks for."""


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
            f"{word} takes {axes} or more, and {name} {_shape(tensor)} has {tensor.ndim}.", f"{tensor.ndim} of {axes}"
        )
    axis = min(axis, tensor.ndim - 1)
    if not isinstance(parts, int) or parts < 1:
        return None
    code = f".tensor_split({parts}, {axis})"
    return call.problem(
        f"Axis {axis} of {name} is {tensor.shape[axis]}, which {parts} parts of one size do not fill.",
        f"{tensor.shape[axis]} by {parts}",
        fixes=(call.replaced(call.span, call.postfixed(call.nodes[0], code)),),
    )


def joining_problem(call: FailedCall) -> Problem | None:
    """Tensors to be joined whose other axes differ."""
    word = call.word.short_name
    if word not in ("cat", "concat", "concatenate", "stack", "hstack", "vstack", "dstack") or len(call.tensors) < 2:
        return None
    first_name, first = call.tensors[0]
    axis = call.arguments.get("dim", 0)
    for name, tensor in call.tensors[1:]:
        if word == "stack" and tensor.shape != first.shape:
            return call.problem(
                f"{first_name} is {_shape(first)} and {name} is {_shape(tensor)}. stack takes tensors of one shape.",
                "two shapes",
            )
        if word in ("cat", "concat", "concatenate"):
            if tensor.ndim != first.ndim:
                return call.problem(
                    f"{first_name} has {first.ndim} axes and {name} has {tensor.ndim}. cat takes the same number.",
                    "other rank",
                )
            for place, (size, other) in enumerate(zip(first.shape, tensor.shape, strict=True)):
                if size != other and isinstance(axis, int) and place != axis % max(first.ndim, 1):
                    return call.problem(
                        f"Axis {place} of {first_name} is {size}, that of {name} is {other}. Along all axes but {axis} "
                        "they have to be equal.",
                        f"{size} against {other}",
                    )
    return None


def _shape(tensor: torch.Tensor) -> str:
    return shape_in_words(tuple(tensor.shape))
