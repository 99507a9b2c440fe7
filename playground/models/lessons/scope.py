"""The names available to a lesson's texts and checks: the tensors of its start, and its measures."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch

from playground.models.evaluation.evaluate import Evaluated, evaluate
from playground.models.formatting import digits
from playground.models.job import Job
from playground.models.language.source import parse_expression
from playground.models.lessons.lesson import Lesson
from playground.models.lessons.measures import Measurement, take_measure, value_of_line
from playground.models.problem import ProblemError, refuse
from playground.models.program.program import Program

MOST_NUMBERS = 1000
LONGEST_SHOWN = 60
_HOLE = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """Names and their values, computed once per lesson by running its start and taking its measures."""

    values: Mapping[str, Evaluated]
    environment: Mapping[str, torch.Tensor]

    def value_of(self, text: str) -> Any:
        """The result of a line: a tensor, a number, a shape; raises `ProblemError` if it fails.

        In addition to the language of programs it supports `and`, `or` and `not`; `not` of a failing line is true.
        """
        return self._visit(parsed_text(text), text.strip())

    def is_true(self, text: str) -> bool:
        """True if a check holds; one that torch refuses does not. Raises `ProblemError` if it would take too much."""
        try:
            return bool(self.value_of(text))
        except ProblemError as error:
            if error.problem.badge in ("too large", "too long"):
                raise ProblemError(replace(error.problem, lead=f"{shortened(text)}:")) from error
            return False
        except RuntimeError:
            return False

    def filled(self, text: str) -> str:
        """The text with each `{line}` replaced by the line's result: "row 1 is {r[1]}"."""
        return _HOLE.sub(lambda hole: self._filling(hole[1]), text)

    def _filling(self, text: str) -> str:
        try:
            value = self.value_of(text)
            count = value.numel() if isinstance(value, torch.Tensor) else 1
            if count > MOST_NUMBERS:
                refuse(
                    f"{count:,} numbers are too many for a sentence; the limit is {MOST_NUMBERS:,}.", badge="too many"
                )
            return in_words(value)
        except ProblemError as error:
            raise ProblemError(replace(error.problem, lead=f"{{{shortened(text)}}}:")) from error

    def _visit(self, node: ast.expr, text: str) -> Any:
        match node:
            case ast.BoolOp(op=ast.And(), values=parts):
                return all(bool(self._visit(part, text)) for part in parts)
            case ast.BoolOp(values=parts):
                return any(bool(self._visit(part, text)) for part in parts)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return not self.is_true(ast.get_source_segment(text, operand) or text)
        return value_of_line(ast.get_source_segment(text, node) or text, self.environment)


def shortened(text: str) -> str:
    """A text shortened for a message."""
    return text.strip() if len(text) <= LONGEST_SHOWN else f"{text.strip()[:LONGEST_SHOWN]}..."


def parsed_text(text: str) -> ast.expr:
    """The syntax tree of a check or a placeholder; raises `ProblemError` if it is invalid."""
    return parse_expression(text.strip()).root


def holes(text: str) -> list[str]:
    """The contents of a text's braces."""
    return _HOLE.findall(text)


def unfilled(text: str) -> str:
    """The text with dots for each `{line}`, shown while its numbers are being computed."""
    return _HOLE.sub("...", text)


def make_scope(lesson: Lesson, job: Job | None = None) -> Scope:
    """Run a lesson's start and take its measures."""
    values = evaluate(Program.parse(lesson.start.program), None, job)
    environment = {name: one.tensor for name, one in values.items() if one.tensor is not None}
    for measure in lesson.measures:
        if job is not None:
            job.check()
        environment[measure.name] = as_tensor(take_measure(measure, values))
    return Scope(values, environment)


def as_tensor(value: Measurement) -> torch.Tensor:
    """A measured number as a tensor, so that checks can compute with it; floats keep all their digits."""
    return torch.tensor(value, dtype=torch.float64 if isinstance(value, float) else None)


def in_words(value: object) -> str:
    """A value in a sentence: numbers with three digits and thousands separators, tensors as nested lists."""
    if isinstance(value, torch.Tensor):
        return in_words(value.tolist())
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:,.0f}" if value.is_integer() and abs(value) < 1e6 else digits(value)
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, tuple):
        return str(tuple(value))
    if isinstance(value, list):
        return "[" + ", ".join(in_words(one) for one in value) + "]"
    return str(value)
