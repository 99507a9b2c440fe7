"""The gate for all offers: a fix is tried exactly as its button applies it, and shown only if it helps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from playground.models.problem import Fix, Problem, ProblemError

MOST_TRIED = 40
"""The most fixes tried and shown."""


def helpful(problem: Problem, attempt: Callable[[Fix], str | None]) -> Problem:
    """The problem with those of its fixes that help.

    `attempt` applies a fix and returns the resulting shape in words ("" if there is none); it returns None or raises a
    `ProblemError` if there is still a problem. The shape replaces the one that the fix promised.
    """
    kept: list[Fix] = []
    for fix in problem.fixes[:MOST_TRIED]:
        try:
            shape = attempt(fix)
        except ProblemError:
            continue
        if shape is not None:
            kept.append(replace(fix, gives=shape) if shape and fix.gives.startswith("(") else fix)
    return problem if tuple(kept) == problem.fixes else replace(problem, fixes=tuple(kept))
