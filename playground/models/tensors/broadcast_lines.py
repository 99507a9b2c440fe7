"""The elementwise operations inside a line of the program, each with its operands and where they stand."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from playground.models.outcome import ProblemError, Span
from playground.models.tensors.broadcast_operators import BROADCAST_OPERATORS
from playground.models.tensors.source_text import ExpressionText, parse_expression

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
    """One operation: its sign, its text, the texts of its operands, and where these stand in the line."""

    operator: str
    text: str
    operands: tuple[str, ...]
    spans: tuple[Span, ...]
    is_whole_line: bool


def line_operations(text: str) -> tuple[LineOperation, ...]:
    """The operations of a line in the order in which they are computed, the inner ones first; none if it has an error.

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
    """Whether this is a number by its form: `3`, `-10**6`, `torch.pi`, `A.shape[0]`, `A.size(1)`, `len(A)`."""
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
    """`torch.nn.functional` of such a node; empty if it is anything but names and dots."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(names)]) if isinstance(node, ast.Name) else ""


def with_operand(text: str, span: Span, code: str) -> str:
    """The line with one operand written anew."""
    return text[: span.start] + code + text[span.stop :]
