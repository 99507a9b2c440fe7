"""Cells that take a whole row of numbers each: running sums, softmax."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from playground.models.tensors.cell_story import (
    MOST_IN_ARITHMETIC,
    CellStory,
    Index,
    Operand,
    lines_shown,
    told_alone,
)
from playground.models.tensors.cell_story_line import Line, axis_of, named_call
from playground.models.tensors.cell_story_words import reduced_arithmetic

RUNNING = {"cumsum": "sum", "cumprod": "product", "logcumsumexp": "logsumexp"}
SHARES = {"softmax": "softmax", "softmin": "softmin", "log_softmax": "log_softmax"}


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
