"""Cells that are elements of other tensors: picked by index or order, moved or joined. torch itself finds which.

The same operation on the numbers 1, 2, 3, ... instead of the tensors' elements tells where each cell came from.
"""

from __future__ import annotations

import ast
from bisect import bisect_right
from dataclasses import dataclass, replace
from itertools import accumulate
from math import prod

import torch

from playground.models.provenance.calls import ComputedLine, NamedCall, axis_of, integer_of, named_call
from playground.models.provenance.story import CellStory, Index, SourceTensor, StoryLine, told_alone, unraveled

LARGEST = 1 << 20
"""The most elements of a tensor for which positions are computed."""

MOVING = frozenset({
    "gather", "index_select", "take_along_dim", "take", "masked_select", "flip", "fliplr", "flipud", "roll", "rot90",
    "repeat", "tile", "repeat_interleave", "tril", "triu", "diag", "diagonal", "diag_embed", "clone", "contiguous",
    "reshape", "view", "flatten", "ravel", "unflatten", "permute", "transpose", "t", "swapaxes", "swapdims", "movedim",
    "moveaxis", "unsqueeze", "squeeze", "expand", "expand_as", "narrow", "select", "unfold", "pad", "view_as",
    "reshape_as", "broadcast_to",
})  # fmt: skip
"""Words that move elements and compute nothing."""

JOINING = frozenset({"cat", "concat", "concatenate", "stack", "hstack", "vstack", "dstack", "column_stack"})
"""Words that join a list of tensors and compute nothing."""

WRITING = {
    "scatter": (2, "src"), "index_copy": (2, "source"), "index_put": (1, "values"), "select_scatter": (0, "src"),
    "slice_scatter": (0, "src"), "diagonal_scatter": (0, "src"), "masked_scatter": (1, "source"),
}  # fmt: skip
"""Words that write a second tensor into a copy of the first, and that argument's position."""
_SUMMING = {"accumulate", "reduce"}

MOVING_PROPERTIES = frozenset({"T", "mT"})
INDEXED = {"gather": (1, "index"), "take_along_dim": (0, "indices")}
"""Words with an index tensor of the result's shape: the story includes its number."""

ORDERED = {
    "sort": "in order", "topk": "of the top", "max": "largest", "min": "smallest", "median": "median",
    "kthvalue": "k-th smallest", "mode": "most frequent", "cummax": "largest so far", "cummin": "smallest so far",
}  # fmt: skip
"""Words that return values with their indices."""

_AXIS_PLACE = {"topk": 1, "kthvalue": 1}
_FIELDS = {"values": 0, "indices": 1}


@dataclass(frozen=True, slots=True, eq=False)
class PickStory:
    """`B[0,1]` is `A[0,3]`: `places` has for each cell 1 + the flat index of the element, 0 if there is none.

    With several operands, flat indices continue from one operand to the next.
    """

    name: str
    tensor: torch.Tensor
    operands: tuple[SourceTensor, ...]
    places: torch.Tensor
    index: SourceTensor | None = None

    def at(self, index: Index) -> CellStory | None:
        """The story of one element; None for an index outside."""
        told = told_alone(self.name, self.tensor, index)
        if told is None:
            return None
        place = int(self.places[index])
        if place == 0:
            return replace(told, conclusion="filled in")
        source = self._source(place - 1)
        if source.value != told.value:
            return told
        first = () if self.index is None else (self.index.line(index),)
        return replace(told, lines=(*first, source), conclusion="the element there")

    def _source(self, place: int) -> StoryLine:
        """The element at a flat index, counted through the operands in row-major order."""
        ends = list(accumulate(operand.tensor.numel() for operand in self.operands))
        number = bisect_right(ends, place)
        operand = self.operands[number]
        return operand.line(unraveled(place - ends[number] + operand.tensor.numel(), tuple(operand.tensor.shape)))


def pick_story(line: ComputedLine) -> PickStory | None:
    """`A[[2, 0]]`, `A.gather(1, i)`, `A.flip(0)[1:]`, `(A + v).repeat(2, 1)`, `torch.cat([A, B], 1)`."""
    bases = _bases(line.root)
    operands = tuple(operand for base in bases if (operand := line.operand(base)) is not None)
    count = sum(operand.tensor.numel() for operand in operands)
    if len(operands) < len(bases) or not 0 < count <= LARGEST or line.tensor.numel() > LARGEST:
        return None
    starts = accumulate((operand.tensor.numel() for operand in operands), initial=1)
    numbers = [_numbered(start, tuple(operand.tensor.shape)) for start, operand in zip(starts, operands, strict=False)]
    places = line.find(line.replaced(line.root, dict(zip(bases, numbers, strict=True))))
    if places is None or places.shape != line.tensor.shape or places.dtype != torch.int64:
        return None
    return PickStory(line.name, line.tensor, operands, places, _index_of(line))


def _numbered(start: int, shape: Index) -> str:
    """Code for a tensor of this shape with elements numbered from `start` on, in row-major order."""
    return f"(torch.arange({start}, {start + prod(shape)}).reshape({shape}))"


def _bases(node: ast.expr) -> tuple[ast.expr, ...]:
    """The sources of the elements, below all words that only move or join them; empty if no word does."""
    found = False
    while True:
        call = named_call(node)
        if call is not None and call.name in MOVING:
            node = call.owner
        elif isinstance(node, ast.Subscript) or (isinstance(node, ast.Attribute) and node.attr in MOVING_PROPERTIES):
            node = node.value
        elif call is not None and call.name in JOINING and isinstance(call.owner, ast.List | ast.Tuple):
            return tuple(call.owner.elts)
        elif call is not None and call.name in WRITING:
            return _written(call)
        else:
            return (node,) if found else ()
        found = True


def _written(call: NamedCall) -> tuple[ast.expr, ...]:
    """The tensor written into and what is written; empty if it is added instead."""
    place, name = WRITING[call.name]
    source = call.given(place, name)
    adds = call.keywords.keys() & _SUMMING or (call.name == "index_put" and len(call.arguments) > 2)
    return () if source is None or adds else (call.owner, source)


def _index_of(line: ComputedLine) -> SourceTensor | None:
    call = named_call(line.root)
    if call is None or call.name not in INDEXED:
        return None
    place, name = INDEXED[call.name]
    given = call.given(place, name)
    operand = line.operand(given) if given is not None else None
    return operand if operand is not None and operand.tensor.shape == line.tensor.shape else None


@dataclass(frozen=True, slots=True, eq=False)
class OrderStory:
    """A cell of `A.sort(1)[0]` or `[1]`: which element of the axis it is, or (`tells_place`) only its place."""

    name: str
    tensor: torch.Tensor
    operand: SourceTensor
    indices: torch.Tensor
    axis: int
    keeps_axis: bool
    word: str
    tells_place: bool

    def at(self, index: Index) -> CellStory | None:
        """The story of one element; None for an index outside."""
        told = told_alone(self.name, self.tensor, index)
        if told is None:
            return None
        place = int(self.indices[index])
        rest = self.axis + 1 if self.keeps_axis else self.axis
        source = self.operand.line((*index[: self.axis], place, *index[rest:]))
        if not self.tells_place and source.value != told.value:
            return told
        words = ORDERED[self.word]
        if self.word in ("sort", "topk"):
            words = f"at {index[self.axis]} {words}"
        if self.tells_place:
            words = f"its place on axis {self.axis}"
        return replace(told, lines=(source,), conclusion=words)


def order_story(line: ComputedLine) -> OrderStory | None:
    """`A.sort(1)[0]`, `A.topk(2).values`, `torch.max(A, 0)[1]`, `A.argsort(1)`."""
    pair, field = _pair(line.root)
    call = named_call(pair) if pair is not None else named_call(line.root)
    if call is None or (call.name not in ORDERED if pair is not None else call.name != "argsort"):
        return None
    operand = line.operand(call.owner)
    axis = _ordered_axis(call, operand.tensor.ndim) if operand is not None else None
    if operand is None or axis is None:
        return None
    indices = line.tensor if field == 1 else line.find(f"{line.text(pair)}[1]") if pair is not None else None
    if indices is None or indices.dtype != torch.int64 or indices.shape != line.tensor.shape:
        return None
    keeps = indices.ndim == operand.tensor.ndim
    word = call.name if call.name in ORDERED else "sort"
    return OrderStory(line.name, line.tensor, operand, indices, axis, keeps, word, field == 1)


def _pair(node: ast.expr) -> tuple[ast.expr | None, int]:
    """The part before `[0]`, `[1]`, `.values` or `.indices`, and which of the two is taken."""
    if isinstance(node, ast.Attribute) and node.attr in _FIELDS:
        return node.value, _FIELDS[node.attr]
    if isinstance(node, ast.Subscript) and (part := integer_of(node.slice)) in (0, 1):
        return node.value, int(part == 1)
    return None, 1


def _ordered_axis(call: NamedCall, rank: int) -> int | None:
    given = call.given(_AXIS_PLACE.get(call.name, 0), "dim", "axis")
    if given is not None:
        return axis_of(given, rank)
    return rank - 1 if rank and call.name not in ("max", "min", "median") else None
