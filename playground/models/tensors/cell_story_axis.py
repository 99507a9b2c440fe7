"""Cells that take a whole row of numbers each: matrix products, running sums, softmax."""

from __future__ import annotations

import ast
from dataclasses import dataclass

import torch

from playground.models.tensors.broadcast_alignment import broadcast_shape
from playground.models.tensors.cell_story import (
    MAXIMUM_TERMS,
    CellStory,
    Index,
    Operand,
    StoryLine,
    aligned,
    element_label,
)
from playground.models.tensors.cell_story_line import Line, axis_of, named_call
from playground.models.tensors.cell_story_words import bracketed_text, reduced_arithmetic
from playground.models.tensors.window import TensorReader

PRODUCTS = ("matmul", "mm", "mv", "dot", "bmm", "vdot")
RUNNING = {"cumsum": "sum", "cumprod": "product", "logcumsumexp": "logsumexp"}
SHARES = {"softmax": "softmax", "softmin": "softmin", "log_softmax": "log_softmax"}


@dataclass(frozen=True, slots=True, eq=False)
class ProductStory:
    """`C[0,1] = A[0,0]*B[0,1] + ...`: each term with its two numbers."""

    name: str
    tensor: torch.Tensor
    left: Operand
    right: Operand

    def at(self, index: Index) -> CellStory | None:
        """The story of one element; None for an index outside."""
        reader = TensorReader(self.tensor)
        if not reader.holds(index):
            return None
        size = self.left.tensor.shape[-1]
        shown = size if size <= MAXIMUM_TERMS else MAXIMUM_TERMS - 1
        lines = []
        for k in range(shown):
            left, right = (
                operand.line(place)
                for operand, place in zip((self.left, self.right), self._places(index, k), strict=True)
            )
            lines.append(
                StoryLine(f"{left.label}*{right.label}", f"{bracketed_text(left.value)}*{bracketed_text(right.value)}")
            )
        return CellStory(element_label(self.name, index), reader.text(index), tuple(lines), "sum", size - shown)

    def _places(self, index: Index, k: int) -> tuple[Index, Index]:
        """The two elements of the k-th term; leading axes are batches and broadcast."""
        left, right = self.left.tensor, self.right.tensor
        rest = index
        column: Index = ()
        row: Index = ()
        if right.ndim > 1:
            rest, column = rest[:-1], rest[-1:]
        if left.ndim > 1:
            rest, row = rest[:-1], rest[-1:]
        return (
            (*aligned(rest, left.shape[:-2]), *row, k) if left.ndim > 1 else (k,),
            (*aligned(rest, right.shape[:-2]), k, *column) if right.ndim > 1 else (k,),
        )


def product_story(line: Line) -> ProductStory | None:
    """`A @ B`, `A.mv(v)`, `torch.matmul(A, B)`."""
    root, parts = line.root, []
    call = named_call(root)
    if isinstance(root, ast.BinOp) and isinstance(root.op, ast.MatMult):
        parts = [root.left, root.right]
    elif call is not None and call.name in PRODUCTS and len(call.arguments) == 1:
        parts = [call.owner, call.arguments[0]]
    operands = [operand for part in parts if (operand := line.operand(part)) is not None]
    if len(operands) != 2 or any(operand.tensor.ndim == 0 for operand in operands):
        return None
    left, right = operands
    batch = broadcast_shape([tuple(left.tensor.shape[:-2]), tuple(right.tensor.shape[:-2])])
    shape = (*(batch or ()), *left.tensor.shape[-2:-1], *right.tensor.shape[-1:][: right.tensor.ndim - 1])
    return ProductStory(line.name, line.tensor, left, right) if shape == tuple(line.tensor.shape) else None


@dataclass(frozen=True, slots=True, eq=False)
class AxisStory:
    """The elements along an axis that a cell was made of: its own and all others, or (`runs`) those up to its own."""

    name: str
    tensor: torch.Tensor
    operand: Operand
    axis: int
    word: str
    conclusion: str
    runs: bool

    def at(self, index: Index) -> CellStory | None:
        """The story of one element; None for an index outside."""
        reader = TensorReader(self.tensor)
        if not reader.holds(index):
            return None
        place = index[self.axis]
        size = place + 1 if self.runs else self.tensor.shape[self.axis]
        shown = size if size <= MAXIMUM_TERMS else MAXIMUM_TERMS - 1
        order = range(size) if self.runs else (place, *(k for k in range(size) if k != place))
        lines = tuple(self.operand.line((*index[: self.axis], k, *index[self.axis + 1 :])) for k in order[:shown])
        places: tuple[int | slice, ...] = (*index[: self.axis], slice(size), *index[self.axis + 1 :])
        row = self.operand.tensor[places]
        text = "" if row.is_complex() else reduced_arithmetic(self.word, row.double(), place)
        head = element_label(self.name, index)
        return CellStory(head, reader.text(index), lines, self.conclusion, size - shown, text)


def axis_story(line: Line) -> AxisStory | None:
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
