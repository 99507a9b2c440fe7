"""The equation and what it gives in one line, for where the panel is folded away."""

from __future__ import annotations

from collections.abc import Sequence

from playground.models.outcome import Problem
from playground.widgets.common.runs import Run
from playground.widgets.einsum.letters import equation_marks

LONGEST = 80
"""Characters of a longer equation that are shown."""


def equation_runs(equation: str) -> tuple[Run, ...]:
    """`ij,kj->ik`, each letter underlined in its colour."""
    shown = equation[:LONGEST]
    axes = {mark.start: mark.axis for mark in equation_marks(equation) if mark.start < LONGEST}
    return tuple(Run(character, "code", axis=axes.get(at)) for at, character in enumerate(shown))


def summary_runs(
    equation: str, operands: Sequence[str], problem: Problem | None, gives: Sequence[Run] | None
) -> tuple[Run, ...]:
    """`ij,kj->ik of A, B gives C (3, 3)`, or what is wrong; `gives` is None before there is a result."""
    if not equation.strip():
        return (Run("no equation yet"),)
    asked = (*equation_runs(equation), Run(" of "), Run(", ".join(operands), "code"))
    if problem is not None:
        return (*asked, Run(f": {problem}"))
    return asked if gives is None else (*asked, Run(" gives "), *gives)
