"""How an operation reads in the chain that it belongs to."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from playground.models.tensors.source_text import ExpressionText


def step_texts(parsed: ExpressionText, node: ast.expr, nodes: Sequence[ast.expr]) -> tuple[str, str]:
    """The code of a call and what it adds to its tensor: `("A.t()", ".t()")`, `("A + …", "A + v[:, None]")`.

    Operands that are steps of their own are written as `…`; `nodes` are the arguments, the receiver first.
    """
    known = parsed.codes.get(node)
    if known is None:
        known = parsed.codes[node] = _code(parsed, node, nodes), _suffix(parsed, node)
    return known


def _code(parsed: ExpressionText, node: ast.expr, nodes: Sequence[ast.expr]) -> str:
    whole, receiver, text = parsed.span(node), _receiver(node), parsed.text
    if receiver is not None and _is_step(receiver):
        return _suffix(parsed, node)
    pieces, place = [], whole.start
    for operand in sorted(_opened(nodes), key=lambda operand: parsed.span(operand).start):
        span = parsed.span(operand)
        if operand is not receiver and _is_step(operand) and span.start >= place:
            pieces.append(text[place : span.start] + "…")
            place = span.stop
    pieces.append(text[place : whole.stop])
    return "".join(pieces)


def _suffix(parsed: ExpressionText, node: ast.expr) -> str:
    receiver, whole = _receiver(node), parsed.span(node)
    if receiver is None:
        return whole.of(parsed.text)
    text = parsed.text[parsed.span(receiver).stop : whole.stop]
    return text.lstrip(") ") if text.startswith((")", " ")) else text


def _opened(nodes: Sequence[ast.expr]) -> list[ast.expr]:
    """The arguments with lists and tuples opened up."""
    found: list[ast.expr] = []
    for node in nodes:
        found += _opened(node.elts) if isinstance(node, ast.List | ast.Tuple) else [node]
    return found


def _receiver(node: ast.expr) -> ast.expr | None:
    """The tensor that a method, property or index works on."""
    match node:
        case ast.Call(func=ast.Attribute(value=value)) if not _is_torch(value):
            return value
        case ast.Attribute(value=value) | ast.Subscript(value=value) if not _is_torch(value):
            return value
    return None


def _is_torch(node: ast.expr) -> bool:
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and node.id == "torch"


def _is_step(node: ast.expr) -> bool:
    """Whether computing a node makes a tensor, so that it has a step of its own."""
    if isinstance(node, ast.Call | ast.Subscript | ast.BinOp | ast.Compare):
        return True
    if isinstance(node, ast.UnaryOp):
        return not isinstance(node.operand, ast.Constant)
    return isinstance(node, ast.Attribute) and node.attr in ("T", "mT", "H", "values", "indices")
