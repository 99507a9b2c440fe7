"""Whether an equation that does not fit yet may still be on its way to one that does."""

from __future__ import annotations

import string
from collections.abc import Iterator, Sequence
from dataclasses import replace

from playground.models.einsum.equation import ARROW, ELLIPSIS, Equation, parse_equation
from playground.models.einsum.labels import Shape, index_labels
from playground.models.outcome import Problem, ProblemError

NOTE = "note"
"""The severity of what is only not finished."""


def is_unfinished(text: str, shapes: Sequence[Shape]) -> bool:
    """Whether typing on at the end can make an equation of these operands.

    >>> is_unfinished("ij,j", [(3, 4), (4, 5)]), is_unfinished("ij,i", [(3, 4), (4, 5)])
    (True, False)
    """
    return any(_fits(candidate, shapes) for candidate in _continued(text.rstrip(), shapes))


def while_typing(problem: Problem) -> Problem:
    """What to say of it while the hand types: what is unfinished needs no mending yet."""
    return replace(problem, fixes=(), span=None) if problem.severity == NOTE else problem


def once_left(problem: Problem) -> Problem:
    """What to say of it when the hand has gone: it does not fit."""
    return replace(problem, severity="error") if problem.severity == NOTE else problem


def _continued(text: str, shapes: Sequence[Shape]) -> Iterator[str]:
    """Ways to go on: the other half of an arrow, the other dots, letters and terms that are missing."""
    if text.endswith("-"):
        yield f"{text}>"
        return
    dots = len(text) - len(text.rstrip("."))
    if 0 < dots < len(ELLIPSIS):
        text += "." * (len(ELLIPSIS) - dots)
        yield text
    if ARROW not in text:
        yield from _filled(text, shapes)


def _filled(text: str, shapes: Sequence[Shape]) -> Iterator[str]:
    """The last term and those that are not there yet, filled with letters of their own."""
    try:
        equation = parse_equation(text)
    except ProblemError:
        return
    given = len(equation.inputs)
    if given > len(shapes):
        return
    missing = max(0, len(shapes[given - 1]) - len(equation.inputs[-1].letters))
    for count in range(missing, -1, -1):
        letters = iter(sorted(set(string.ascii_letters) - set(text)))
        counts = (count, *(len(shape) for shape in shapes[given:]))
        parts = ["".join(letter for _, letter in zip(range(size), letters, strict=False)) for size in counts]
        yield text + ",".join(parts) + (ARROW if _sums(equation) else "")


def _sums(equation: Equation) -> bool:
    """Without an ellipsis, all may be summed, so that no output can be the fault."""
    return not any(term.has_ellipsis for term in equation.inputs)


def _fits(text: str, shapes: Sequence[Shape]) -> bool:
    try:
        index_labels(parse_equation(text), shapes)
    except ProblemError:
        return False
    return True
