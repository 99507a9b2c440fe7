"""A computed line for tracing its cells: its tree, its operands, casts, and calls that reduce whole rows."""

from __future__ import annotations

import ast
import cmath
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch

from playground.models.evaluation.reader import short_text
from playground.models.language.source import dotted_name
from playground.models.language.vocabulary.copying import CASTS
from playground.models.provenance.story import (
    MOST_IN_ARITHMETIC,
    CellStory,
    Find,
    Index,
    SourceTensor,
    lines_shown,
    reduced_arithmetic,
    shares_storage,
    told_alone,
)

FUNCTION_OWNERS = ("torch", "torch.nn.functional", "torch.linalg", "torch.special")


@dataclass(frozen=True, slots=True, eq=False)
class ComputedLine:
    """A computed line: its name, tensor, text and syntax tree, the other tensors, and an evaluator for its parts."""

    name: str
    tensor: torch.Tensor
    code: str
    root: ast.expr
    named: tuple[tuple[str, torch.Tensor], ...]
    find: Find

    def text(self, part: ast.expr) -> str:
        """The characters of a part."""
        return ast.get_source_segment(self.code, part) or ""

    def operand(self, part: ast.expr) -> SourceTensor | None:
        """A part as an operand; None if it has no values."""
        text = self.text(part)
        value = None if text == "torch" else self.find(text)
        if value is None and text != "torch":
            value = self.find(f"torch.as_tensor({text})")
            if value is not None and value.ndim:
                return None  # several tensors, or a number, which has no axes
        number = part.operand if isinstance(part, ast.UnaryOp) else part
        plain = isinstance(part, ast.Name | ast.Attribute | ast.Call | ast.Subscript) or isinstance(
            number, ast.Constant
        )
        return None if value is None else SourceTensor(text if plain else f"({text})", value, self.named)

    def replaced(self, whole: ast.expr, texts: Mapping[ast.expr, str]) -> str:
        """The characters of `whole` with some parts replaced."""
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
    """`A.sum(1)` or `torch.sum(A, 1)`: the word, its tensor, and the remaining arguments."""

    name: str
    owner: ast.expr
    arguments: tuple[ast.expr, ...]
    keywords: Mapping[str, ast.expr]

    def given(self, place: int, *names: str) -> ast.expr | None:
        """The argument at a position after the tensor, or with one of these names."""
        if place < len(self.arguments):
            return self.arguments[place]
        return next((self.keywords[name] for name in names if name in self.keywords), None)


def named_call(node: ast.expr) -> NamedCall | None:
    """The call that a node is; None for anything else, and for functions without a tensor as first argument."""
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
    """The whole number that a node represents."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = integer_of(node.operand)
        return None if inner is None else -inner
    return node.value if isinstance(node, ast.Constant) and type(node.value) is int else None


def axis_of(node: ast.expr | None, rank: int) -> int | None:
    """The axis that a `dim` names; None if it cannot be determined."""
    axis = integer_of(node)
    return axis % rank if axis is not None and rank and -rank <= axis < rank else None


def axes_of(node: ast.expr | None, rank: int) -> tuple[int, ...]:
    """The axes that a `dim` names, in order; all without one; None if they cannot be determined."""
    if node is None:
        return tuple(range(rank))
    parts = node.elts if isinstance(node, ast.Tuple | ast.List) else [node]
    axes = [axis_of(part, rank) for part in parts]
    return tuple(sorted(axis for axis in axes if axis is not None)) if None not in axes else ()


RUNNING = {"cumsum": "sum", "cumprod": "product", "logcumsumexp": "logsumexp"}
SHARES = {"softmax": "softmax", "softmin": "softmin", "log_softmax": "log_softmax"}


@dataclass(frozen=True, slots=True, eq=False)
class AxisStory:
    """The elements along an axis that a cell was computed from: all of them, or (`runs`) those up to its own."""

    name: str
    tensor: torch.Tensor
    operand: SourceTensor
    axis: int
    word: str
    conclusion: str
    runs: bool

    def at(self, index: Index) -> CellStory | None:
        """The story of one element; None for an index outside."""
        told = told_alone(self.name, self.tensor, index)
        if told is None:
            return None
        place = index[self.axis]
        size = place + 1 if self.runs else self.tensor.shape[self.axis]
        shown = lines_shown(size)
        order = range(shown) if self.runs else (place, *(k for k in range(shown) if k != place))
        lines = tuple(self.operand.line((*index[: self.axis], k, *index[self.axis + 1 :])) for k in order[:shown])
        text = self._arithmetic(index, size) if size <= MOST_IN_ARITHMETIC else ""
        return replace(told, lines=lines, conclusion=self.conclusion, more=size - shown, arithmetic=text)

    def _arithmetic(self, index: Index, size: int) -> str:
        """The formula over the first `size` elements of the axis."""
        places: tuple[int | slice, ...] = (*index[: self.axis], slice(size), *index[self.axis + 1 :])
        row = self.operand.tensor[places]
        return "" if row.is_complex() else reduced_arithmetic(self.word, row.double(), index[self.axis])


def axis_story(line: ComputedLine) -> AxisStory | None:
    """`A.softmax(1)`, `torch.cumsum(A, dim=0)`."""
    call = named_call(line.root)
    if call is None or call.name not in RUNNING | SHARES:
        return None
    operand = line.operand(call.owner)
    axis = axis_of(call.given(0, "dim", "axis"), line.tensor.ndim)
    if operand is None or axis is None or operand.tensor.shape != line.tensor.shape:
        return None
    runs = call.name in RUNNING
    conclusion = RUNNING.get(call.name) or call.name
    return AxisStory(line.name, line.tensor, operand, axis, conclusion, conclusion, runs)


Number = bool | int | float | complex


@dataclass(frozen=True, slots=True, eq=False)
class CastStory:
    """`B[0,1] = 2` came from `A[0,1] = 2.7`, truncated toward zero."""

    name: str
    tensor: torch.Tensor
    operand: SourceTensor

    def at(self, index: Index) -> CellStory | None:
        """The story of one element; None for an index outside."""
        told = told_alone(self.name, self.tensor, index)
        if told is None:
            return None
        words = cast_words(_number(self.operand.tensor, index), _number(self.tensor, index), self.tensor.dtype)
        return replace(told, lines=(self.operand.line(index),), conclusion=words)


def cast_story(line: ComputedLine) -> CastStory | None:
    """`A.int()`, `A.to(torch.bfloat16)`, `A.type_as(v)`; None if nothing was cast."""
    call = named_call(line.root)
    operand = line.operand(call.owner) if call is not None and call.name in CASTS else None
    if operand is None or operand.tensor.shape != line.tensor.shape or shares_storage(operand.tensor, line.tensor):
        return None
    return CastStory(line.name, line.tensor, operand)


def cast_words(value: Number, result: Number, dtype: torch.dtype) -> str:
    """How a number was converted: `cast_words(2.7, 2, torch.int32) == "truncated toward zero"`."""
    name = str(dtype).removeprefix("torch.")
    if dtype == torch.bool:
        return "True: it is not 0" if result else "False: it is 0"
    if value == result or (cmath.isnan(value) and cmath.isnan(result)):
        return f"the same number as {name}"
    if isinstance(value, complex) and not isinstance(result, complex):
        return "its real part" if value.real == result else f"its real part, {cast_words(value.real, result, dtype)}"
    if isinstance(value, complex) or isinstance(result, complex):
        return f"each part rounded to {name}"
    if dtype.is_floating_point:
        return _float_words(value, result, dtype, name)
    limits = torch.iinfo(dtype)
    if isinstance(value, float):
        inside = math.isfinite(value) and limits.min <= int(value) <= limits.max
        return "truncated toward zero" if inside else f"{name} has no such number"
    return f"its last {limits.bits} bits as {name}"


def _float_words(value: float, result: Number, dtype: torch.dtype, name: str) -> str:
    limit = torch.finfo(dtype)
    assert not isinstance(result, complex)
    if not math.isfinite(result):
        return f"beyond the largest {name}, {short_text(limit.max)}"
    return f"too small for {name}" if result == 0 else f"rounded to the nearest {name}"


def _number(tensor: torch.Tensor, index: Index) -> Number:
    """One element as an exact Python number."""
    cell = tensor[index]
    number: Number = (cell.double() if cell.is_floating_point() else cell).item()
    return number
