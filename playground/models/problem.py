"""Errors as values: what is wrong, where, and how to fix it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` to `stop` (exclusive) of the typed text."""

    start: int
    stop: int

    def of(self, text: str) -> str:
        """The characters of `text` in this span: `Span(0, 2).of("ij,jk") == "ij"`."""
        return text[self.start : self.stop]


@dataclass(frozen=True, slots=True)
class Fix:
    """A ready edit: `code` is the text that replaces the faulty line, equation or operand; `gives` names its result.

    `Fix("v[:, None]", gives="(3, 4)", target="v")` reads as a button "v[:, None] gives (3, 4)".
    """

    code: str
    gives: str = ""
    meaning: str = ""
    target: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that does not fit, in one or two sentences that name the axis, the operand and the sizes.

    >>> str(Problem("Neither is 1.", lead="Axis 1 of A is 4, axis 0 of v is 3."))
    'Axis 1 of A is 4, axis 0 of v is 3. Neither is 1.'

    `lead` is the bold part of the message ("j has two sizes"), `badge` the two or three words for a card ("4 against
    3"), `severity` is "error", "warning" or "note" (for unfinished input).
    """

    message: str
    span: Span | None = None
    fixes: tuple[Fix, ...] = ()
    lead: str = ""
    badge: str = ""
    severity: str = "error"

    def __str__(self) -> str:
        return f"{self.lead} {self.message}" if self.lead else self.message


def together(problems: Sequence[Problem]) -> Problem:
    """Several problems merged into one that states each of them once."""
    if len(problems) == 1:
        return problems[0]
    return Problem(
        " ".join(dict.fromkeys(str(problem) for problem in problems)),
        fixes=tuple(fix for problem in problems for fix in problem.fixes),
        severity="error" if any(problem.severity == "error" for problem in problems) else problems[0].severity,
    )


class ProblemError(Exception):
    """Carries a `Problem` from a parser or planner to the place that turns it into a result.

    >>> from playground import plan_einsum
    >>> try:
    ...     plan_einsum("ij,jk->ik", (3, 4), (5, 6))
    ... except ProblemError as error:
    ...     print(error.problem.severity)
    error
    """

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def refuse(
    message: str, span: Span | None = None, fixes: tuple[Fix, ...] = (), *, lead: str = "", badge: str = ""
) -> NoReturn:
    """Raise a `ProblemError` for a `Problem` with these parts."""
    raise ProblemError(Problem(message, span, fixes, lead=lead, badge=badge))
