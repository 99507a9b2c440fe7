"""The elementwise operations inside a program line: their operands, places and values."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

from playground.models.broadcasting.alignment import broadcast_shape
from playground.models.broadcasting.operators import BROADCAST_OPERATORS
from playground.models.evaluation.evaluate import Evaluated, evaluate
from playground.models.job import Job
from playground.models.language.source import ExpressionText, parse_expression
from playground.models.problem import ProblemError, Span
from playground.models.program.program import Program
from playground.models.program.sources import Expression

_SIGNS: dict[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**",
    ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^", ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=",
    ast.Gt: ">", ast.GtE: ">=",
}  # fmt: skip
_METHODS = {
    "add": "+", "sub": "-", "subtract": "-", "mul": "*", "multiply": "*", "div": "/", "divide": "/",
    "true_divide": "/", "floor_divide": "//", "remainder": "%", "pow": "**", "eq": "==", "ne": "!=", "lt": "<",
    "le": "<=", "gt": ">", "ge": ">=", "bitwise_and": "&", "bitwise_or": "|", "bitwise_xor": "^",
}  # fmt: skip
_CALLS = {**_METHODS, **{one.name: one.name for one in BROADCAST_OPERATORS.values() if one.call}}
_FUNCTION_OWNERS = ("torch", "torch.nn.functional")


@dataclass(frozen=True, slots=True)
class LineOperation:
    """One operation: its sign, its text, the texts of its operands, and their places in the line."""

    operator: str
    text: str
    operands: tuple[str, ...]
    spans: tuple[Span, ...]
    is_whole_line: bool


def line_operations(text: str) -> tuple[LineOperation, ...]:
    """The operations of a line in the order they are computed, inner ones first; empty if it has an error.

    `line_operations("(A + v) * 2")` gives `A + v` and then `(A + v) * 2`.
    """
    try:
        parsed = parse_expression(text)
    except ProblemError:
        return ()
    found: list[LineOperation] = []
    _visit(parsed, parsed.root, found)
    return tuple(found)


def _visit(parsed: ExpressionText, node: ast.AST, found: list[LineOperation]) -> None:
    for child in ast.iter_child_nodes(node):
        _visit(parsed, child, found)
    operator, operands = _operation(node)
    if operator and isinstance(node, ast.expr) and not all(map(_is_number, operands)):
        found.append(
            LineOperation(
                operator,
                parsed.segment(node),
                tuple(parsed.segment(operand) for operand in operands),
                tuple(parsed.span(operand) for operand in operands),
                node is parsed.root and not BROADCAST_OPERATORS[operator].reduces,
            )
        )


def _operation(node: ast.AST) -> tuple[str, list[ast.expr]]:
    match node:
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _SIGNS:
            return _SIGNS[type(op)], [left, right]
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _SIGNS:
            return _SIGNS[type(op)], [left, right]
        case ast.Call(func=ast.Attribute(value=owner, attr=name), args=args, keywords=keywords) if name in _CALLS:
            operator = BROADCAST_OPERATORS[_CALLS[name]]
            is_function = _dotted(owner) in _FUNCTION_OWNERS
            operands = args if is_function else [owner, *args]
            fits = len(operands) == operator.count and (is_function or name != "where")
            if fits and (not keywords or operator.reduces):
                return operator.name, operands
    return "", []


_NUMBER_METHODS = ("size", "numel", "nelement", "dim", "stride", "storage_offset", "element_size")


def _is_number(node: ast.expr) -> bool:
    """True if this is a number by its form: `3`, `-10**6`, `torch.pi`, `A.shape[0]`, `A.size(1)`, `len(A)`."""
    match node:
        case ast.Constant() | ast.Call(func=ast.Name()):
            return True
        case ast.UnaryOp(operand=inner):
            return _is_number(inner)
        case ast.BinOp(left=left, right=right):
            return _is_number(left) and _is_number(right)
        case ast.Subscript(value=ast.Attribute(attr="shape") | ast.Call(func=ast.Attribute(attr="size" | "stride"))):
            return True
        case ast.Call(func=ast.Attribute(attr=name)):
            return name in _NUMBER_METHODS
        case ast.Attribute(attr=name):
            return name == "ndim" or _dotted(node).startswith("torch.")
    return False


def _dotted(node: ast.expr) -> str:
    """The dotted name of a node, such as `torch.nn.functional`; empty if it is anything but names and dots."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(names)]) if isinstance(node, ast.Name) else ""


def line_with_operand(text: str, span: Span, code: str) -> str:
    """The line with one operand replaced."""
    return text[: span.start] + code + text[span.stop :]


LARGEST_UNASKED = 1 << 26
"""The most bytes that the panel computes for itself; beyond them, only lines of the program are computed."""

WIDEST = 16
"""The largest element size in bytes: complex128."""


@dataclass(frozen=True, slots=True)
class BroadcastRequest:
    """The tensors that may be used, and either a line with its operations or chosen operands.

    `scope` holds the lines before `line`; `place` chooses one of its operations (None: the most interesting one).
    `offered`: nobody chose a pair, so a fitting second operand is searched for.
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
    """The program with an extra line for each operand that is not a tensor's name, and one for the result.

    `operands` and `outcome` are their names, `added` those that are not the user's lines.
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
    # as written: torch promotes dtypes differently for a number than for a tensor without axes
    operator = BROADCAST_OPERATORS[operation.operator]
    code = operation.text if operation.text and not operator.reduces else operator.code(operation.operands)
    return OperationLines(program.appended(outcome, Expression(code)), tuple(names), outcome, (*added, outcome))


def _unused(base: str, program: Program, names: tuple[str, ...]) -> str:
    number = 0
    while f"{base}{number}" in program.names or f"{base}{number}" in names:
        number += 1
    return f"{base}{number}"


def evaluate_lines(request: BroadcastRequest, lines: OperationLines, job: Job) -> Mapping[str, Evaluated]:
    """The values; a large result that only this panel needs is planned but not computed."""
    if lines.outcome not in lines.added:
        return evaluate(lines.program, request.budget, job)
    values = evaluate(lines.program.without(lines.outcome), request.budget, job)
    shapes = [tuple(meta.shape) for name in lines.operands if (meta := values[name].meta) is not None]
    shape = broadcast_shape(shapes)
    if len(shapes) == len(lines.operands) and shape is not None and prod(shape) * WIDEST > LARGEST_UNASKED:
        return {**evaluate(lines.program, 0, job), **values}
    return evaluate(lines.program, request.budget, job)
