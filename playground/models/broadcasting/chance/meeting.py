"""Which axes of a call's operands must be equal, and which of them meet none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from playground.models.einsum.equation import ELLIPSIS, parse_equation
from playground.models.language.vocabulary import Word
from playground.models.problem import ProblemError

Axis = tuple[int, int]
"""An operand's number and one of its axes."""


@dataclass(frozen=True, slots=True)
class AxesMeeting:
    """The pairs of axes that must be equal, and the `free` axes, which meet none and could meet another.

    `kind` says how operands meet: "stretch", "matmul", "einsum", "linear", "classes", "mask", "joined" or "other".
    `aligned`: operands of one shape meet axis by axis.
    """

    kind: str
    pairs: tuple[tuple[Axis, Axis], ...] = ()
    free: tuple[Axis, ...] = ()
    aligned: bool = False
    quiet: frozenset[tuple[Axis, Axis]] = field(default=frozenset())


Shapes = Sequence[tuple[int, ...]]


def meeting_of(
    word: Word, positional: Sequence[Any], keywords: Mapping[str, Any], shapes: Shapes
) -> AxesMeeting | None:
    """How the operands of a call meet; None for words of which nothing is known."""
    if word.name == "torch.einsum":
        return _einsum(str(positional[0]), shapes) if positional else None
    if word.name == "[]":
        return _index(positional[1], shapes)
    if word.short_name in _MEETINGS:
        return _MEETINGS[word.short_name](shapes)
    return stretched_meeting(shapes) if word.stretches else None


def stretched_meeting(shapes: Shapes) -> AxesMeeting:
    """Operands aligned at the right: neighbours of sizes other than 1 meet, axes beyond the shorter are free."""
    rank = max(map(len, shapes), default=0)
    pairs: list[tuple[Axis, Axis]] = []
    for position in range(rank):
        here = [
            (operand, position - rank + len(shape))
            for operand, shape in enumerate(shapes)
            if position - rank + len(shape) >= 0 and shape[position - rank + len(shape)] != 1
        ]
        pairs += [(here[0], other) for other in here[1:]]
    with_axes = [shape for shape in shapes if shape]
    least = min(map(len, with_axes), default=0)
    free = tuple(
        (operand, axis)
        for operand, shape in enumerate(shapes)
        for axis, size in enumerate(shape[: len(shape) - least])
        if size != 1
    )
    return AxesMeeting("stretch", tuple(pairs), free, aligned=len(set(map(len, with_axes))) == 1)


def _matmul(shapes: Shapes) -> AxesMeeting | None:
    if len(shapes) != 2 or not shapes[0] or not shapes[1]:
        return None
    left, right = shapes
    inner = max(len(right) - 2, 0)
    pairs: list[tuple[Axis, Axis]] = [((0, len(left) - 1), (1, inner))]
    free: list[Axis] = [(0, len(left) - 2)] if len(left) > 1 else []
    free += [(1, len(right) - 1)] if len(right) > 1 else []
    quiet: set[tuple[Axis, Axis]] = set()
    batches = max(len(left), len(right)) - 2
    for back in range(3, batches + 3):
        ours, theirs = len(left) - back, len(right) - back
        if ours >= 0 and theirs >= 0 and 1 not in (left[ours], right[theirs]):
            pairs.append(((0, ours), (1, theirs)))
            if len(left) == len(right):
                quiet.add(pairs[-1])
        elif ours >= 0 and theirs < 0:
            free.append((0, ours))
        elif theirs >= 0 and ours < 0:
            free.append((1, theirs))
    return AxesMeeting("matmul", tuple(pairs), tuple(free), quiet=frozenset(quiet))


def _linear(shapes: Shapes) -> AxesMeeting | None:
    if len(shapes) < 2 or len(shapes[1]) != 2 or not shapes[0]:
        return None
    pairs: list[tuple[Axis, Axis]] = [((0, len(shapes[0]) - 1), (1, 1))]
    if len(shapes) > 2 and len(shapes[2]) == 1:
        pairs.append(((1, 0), (2, 0)))
    return AxesMeeting("linear", tuple(pairs), ((1, 0),))


def _inner(shapes: Shapes) -> AxesMeeting | None:
    if len(shapes) != 2 or not all(shapes):
        return None
    last = [(operand, len(shape) - 1) for operand, shape in enumerate(shapes)]
    return AxesMeeting("other", ((last[0], last[1]),), quiet=frozenset({(last[0], last[1])}))


def _classes(shapes: Shapes) -> AxesMeeting | None:
    """cross_entropy: scores (N, C, ...) and targets (N, ...); axis 1 of the scores holds the classes."""
    if len(shapes) < 2 or len(shapes[0]) != len(shapes[1]) + 1 or len(shapes[0]) < 2:
        return stretched_meeting(shapes[:2]) if len(shapes) >= 2 else None
    rest = [0, *range(2, len(shapes[0]))]
    pairs = tuple(((0, axis), (1, place)) for place, axis in enumerate(rest))
    return AxesMeeting("classes", pairs, ((0, 1),))


def _einsum(equation: str, shapes: Shapes) -> AxesMeeting | None:
    try:
        parsed = parse_equation(equation)
    except ProblemError:
        return None
    if len(parsed.inputs) != len(shapes):
        return None
    homes: dict[str, list[Axis]] = {}
    for operand, (term, shape) in enumerate(zip(parsed.inputs, shapes, strict=True)):
        spread = len(shape) - len(term.letters)
        axis = 0
        for label in term.labels:
            if label == ELLIPSIS:
                for back in range(spread, 0, -1):
                    homes.setdefault(f"...{back}", []).append((operand, axis))
                    axis += 1
                continue
            homes.setdefault(label, []).append((operand, axis))
            axis += 1
    pairs, quiet, free = [], set(), []
    for label, places in homes.items():
        pairs += [(places[0], other) for other in places[1:]]
        if len(places) == 1:
            free += places
        is_batch = label in parsed.output_labels or label.startswith("...")
        if (len({axis for _, axis in places}) == 1 and is_batch) or len({operand for operand, _ in places}) == 1:
            quiet |= {(places[0], other) for other in places[1:]}
    return AxesMeeting("einsum", tuple(pairs), tuple(free), quiet=frozenset(quiet))


def _index(index: Any, shapes: Shapes) -> AxesMeeting | None:
    """A mask meets the axes that it picks from; all other axes are free."""
    parts = index if isinstance(index, tuple) else (index,)
    axis, operand, pairs = 0, 1, []
    for part in parts:
        if part is None:
            continue
        if part is Ellipsis:
            return None
        if isinstance(part, torch.Tensor):
            if part.dtype is torch.bool:
                pairs += [((0, axis + k), (operand, k)) for k in range(part.ndim)]
                axis += part.ndim
            else:
                axis += 1
            operand += 1
        else:
            axis += 1
    if not pairs or len(parts) > 1:
        return AxesMeeting("mask", tuple(pairs), quiet=frozenset(pairs)) if pairs else None
    free = tuple((0, place) for place in range(len(pairs), len(shapes[0])))
    return AxesMeeting("mask", tuple(pairs), free)


def _joined(shapes: Shapes) -> AxesMeeting | None:
    return None


_MEETINGS: dict[str, Callable[[Shapes], AxesMeeting | None]] = {
    **dict.fromkeys(("@", "matmul", "mm", "mv", "bmm", "dot", "vdot"), _matmul),
    "linear": _linear,
    "inner": _inner,
    "cross_entropy": _classes,
    "nll_loss": _classes,
}
