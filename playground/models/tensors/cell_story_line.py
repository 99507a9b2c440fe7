"""A computed line as the stories of its cells read it: its syntax tree, its operands, the call that it is."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass

import torch

from playground.models.tensors.cell_story import Find, Operand
from playground.models.tensors.literals import dotted_name

FUNCTION_OWNERS = ("torch", "torch.nn.functional", "torch.linalg", "torch.special")


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A computed line: its name, tensor, text and syntax tree, the other tensors, and what evaluates parts of it."""

    name: str
    tensor: torch.Tensor
    code: str
    root: ast.expr
    named: tuple[tuple[str, torch.Tensor], ...]
    find: Find

    def text(self, part: ast.expr) -> str:
        """The characters of a part."""
        return ast.get_source_segment(self.code, part) or ""

    def operand(self, part: ast.expr) -> Operand | None:
        """A part as an operand; None where it has no values."""
        text = self.text(part)
        value = None if text == "torch" else self.find(text)
        if value is None and text != "torch":
            value = self.find(f"torch.as_tensor({text})")
            if value is not None and value.ndim:
                return None  # several tensors made one: a number has no axes
        number = part.operand if isinstance(part, ast.UnaryOp) else part
        plain = isinstance(part, ast.Name | ast.Attribute | ast.Call | ast.Subscript) or isinstance(
            number, ast.Constant
        )
        return None if value is None else Operand(text if plain else f"({text})", value, self.named)

    def replaced(self, whole: ast.expr, texts: Mapping[ast.expr, str]) -> str:
        """The characters of `whole` with those of parts in it written anew."""
        raw = self.text(whole).encode()
        first = self._place(whole.lineno, whole.col_offset)
        for part in sorted(texts, key=lambda part: (part.lineno, part.col_offset), reverse=True):
            start = self._place(part.lineno, part.col_offset) - first
            stop = self._place(part.end_lineno or 1, part.end_col_offset or 0) - first
            raw = raw[:start] + texts[part].encode() + raw[stop:]
        return raw.decode()

    def _place(self, line: int, column: int) -> int:
        """The number of the byte at a line and column of the syntax tree."""
        return sum(map(len, self.code.encode().splitlines(keepends=True)[: line - 1])) + column


@dataclass(frozen=True, slots=True)
class NamedCall:
    """`A.sum(1)` and `torch.sum(A, 1)` alike: the word, the tensor it is about, the arguments behind that."""

    name: str
    owner: ast.expr
    arguments: tuple[ast.expr, ...]
    keywords: Mapping[str, ast.expr]

    def given(self, place: int, *names: str) -> ast.expr | None:
        """The argument at a place behind the tensor, or under one of these names."""
        if place < len(self.arguments):
            return self.arguments[place]
        return next((self.keywords[name] for name in names if name in self.keywords), None)


def named_call(node: ast.expr) -> NamedCall | None:
    """The call that a node is; None for anything else, and for functions without a tensor in front."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return None
    keywords = {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg is not None}
    owner, arguments = node.func.value, list(node.args)
    if dotted_name(owner) in FUNCTION_OWNERS:
        if not arguments:
            return None
        owner = arguments.pop(0)
    return NamedCall(node.func.attr, owner, tuple(arguments), keywords)


def integer_of(node: ast.expr | None) -> int | None:
    """The whole number that a node spells out."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = integer_of(node.operand)
        return None if inner is None else -inner
    return node.value if isinstance(node, ast.Constant) and type(node.value) is int else None


def axis_of(node: ast.expr | None, rank: int) -> int | None:
    """The axis that a `dim` names; None where it cannot be read."""
    axis = integer_of(node)
    return axis % rank if axis is not None and rank and -rank <= axis < rank else None


def axes_of(node: ast.expr | None, rank: int) -> tuple[int, ...]:
    """The axes that a `dim` names, in order; all without one; none where it cannot be read."""
    if node is None:
        return tuple(range(rank))
    parts = node.elts if isinstance(node, ast.Tuple | ast.List) else [node]
    axes = [axis_of(part, rank) for part in parts]
    return tuple(sorted(axis for axis in axes if axis is not None)) if None not in axes else ()
