"""Cells that were cast: what another dtype made of each number, worked out from the number itself."""

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass, replace

import torch

from playground.models.tensors.cell_story import CellStory, Index, Operand, shares_storage, told_alone
from playground.models.tensors.cell_story_line import Line, named_call
from playground.models.tensors.cell_text import short_text
from playground.models.tensors.vocabulary.copying import CASTS

Number = bool | int | float | complex


@dataclass(frozen=True, slots=True, eq=False)
class CastStory:
    """`B[0,1] = 2` came from `A[0,1] = 2.7`, cut toward zero."""

    name: str
    tensor: torch.Tensor
    operand: Operand

    def at(self, index: Index) -> CellStory | None:
        """The story of one element; None for an index outside."""
        told = told_alone(self.name, self.tensor, index)
        if told is None:
            return None
        words = cast_words(_number(self.operand.tensor, index), _number(self.tensor, index), self.tensor.dtype)
        return replace(told, lines=(self.operand.line(index),), conclusion=words)


def cast_story(line: Line) -> CastStory | None:
    """`A.int()`, `A.to(torch.bfloat16)`, `A.type_as(v)`; None where nothing was cast."""
    call = named_call(line.root)
    operand = line.operand(call.owner) if call is not None and call.name in CASTS else None
    if operand is None or operand.tensor.shape != line.tensor.shape or shares_storage(operand.tensor, line.tensor):
        return None
    return CastStory(line.name, line.tensor, operand)


def cast_words(value: Number, result: Number, dtype: torch.dtype) -> str:
    """What became of a number: `cast_words(2.7, 2, torch.int32) == "cut toward zero"`."""
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
        return "cut toward zero" if inside else f"{name} has no such number"
    return f"its last {limits.bits} bits as {name}"


def _float_words(value: float, result: Number, dtype: torch.dtype, name: str) -> str:
    limit = torch.finfo(dtype)
    assert not isinstance(result, complex)
    if not math.isfinite(result):
        return f"beyond the largest {name}, {short_text(limit.max)}"
    return f"too small for {name}" if result == 0 else f"rounded to the nearest {name}"


def _number(tensor: torch.Tensor, index: Index) -> Number:
    """One element as Python's number, exactly."""
    cell = tensor[index]
    number: Number = (cell.double() if cell.is_floating_point() else cell).item()
    return number
