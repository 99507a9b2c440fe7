"""The values of an operation's operands and result, as lines behind those of the program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

from playground.models.job import Job
from playground.models.tensors.broadcast_alignment import broadcast_shape
from playground.models.tensors.broadcast_lines import LineOperation
from playground.models.tensors.broadcast_operators import BROADCAST_OPERATORS
from playground.models.tensors.evaluation import Evaluated, evaluate
from playground.models.tensors.program import Expression, Program

LARGEST_UNASKED = 1 << 26
"""Bytes that the panel computes on its own account; beyond them only lines of the program are computed."""

WIDEST = 16
"""Bytes of an element at most: complex128."""


@dataclass(frozen=True, slots=True)
class BroadcastRequest:
    """The tensors that may be used, and either a line with its operations or chosen operands.

    `scope` holds the lines in front of `line`; `place` chooses one of its operations (None: the one worth looking at).
    `offered`: nobody chose a pair, so a second operand that fits is looked for.
    """

    scope: Program
    names: tuple[str, ...] = ()
    line: str = ""
    text: str = ""
    place: int | None = None
    operands: tuple[str, ...] = ()
    operator: str = "+"
    gradient: bool = False
    budget: int | None = None
    offered: bool = False


@dataclass(frozen=True, slots=True)
class OperationLines:
    """The program with a line for each operand that is no tensor's name, and for the result.

    `operands` and `outcome` are the names of all these, `added` those that are no lines of the user's.
    """

    program: Program
    operands: tuple[str, ...]
    outcome: str
    added: tuple[str, ...]


def lines_of(request: BroadcastRequest, operation: LineOperation) -> OperationLines:
    """The lines to evaluate for one operation; a number among the operands becomes a tensor without axes."""
    program = request.scope
    names: list[str] = []
    for text in operation.operands:
        name = text
        if text not in request.scope.names:
            name = _unused("operand", program, request.names)
            program = program.appended(name, Expression(f"torch.as_tensor({text})"))
        names.append(name)
    added = tuple(name for name in names if name not in request.scope.names)
    if request.line and operation.is_whole_line:
        return OperationLines(
            program.appended(request.line, Expression(request.text)), tuple(names), request.line, added
        )
    outcome = _unused("outcome", program, request.names)
    # as written: beside a number torch picks the dtype otherwise than beside a tensor without axes
    operator = BROADCAST_OPERATORS[operation.operator]
    code = operation.text if operation.text and not operator.reduces else operator.code(operation.operands)
    return OperationLines(program.appended(outcome, Expression(code)), tuple(names), outcome, (*added, outcome))


def _unused(base: str, program: Program, names: tuple[str, ...]) -> str:
    number = 0
    while f"{base}{number}" in program.names or f"{base}{number}" in names:
        number += 1
    return f"{base}{number}"


def evaluate_lines(request: BroadcastRequest, lines: OperationLines, job: Job) -> Mapping[str, Evaluated]:
    """The values; a result that only this panel asks for, and that is large, is planned alone."""
    if lines.outcome not in lines.added:
        return evaluate(lines.program, request.budget, job)
    values = evaluate(lines.program.without(lines.outcome), request.budget, job)
    shapes = [tuple(meta.shape) for name in lines.operands if (meta := values[name].meta) is not None]
    shape = broadcast_shape(shapes)
    if len(shapes) == len(lines.operands) and shape is not None and prod(shape) * WIDEST > LARGEST_UNASKED:
        return {**evaluate(lines.program, 0, job), **values}
    return evaluate(lines.program, request.budget, job)
