"""Cells that are elements of another tensor, picked by index, by order, or moved: which one, found by torch itself.

The same operation on the numbers 1, 2, 3, ... in place of the tensor's elements says where each cell was taken from.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from math import prod

import torch

from playground.models.tensors.cell_story import CellStory, Index, Operand, element_label
from playground.models.tensors.cell_story_line import Line, NamedCall, axis_of, integer_of, named_call
from playground.models.tensors.window import TensorReader

LARGEST = 1 << 20
"""Elements of a tensor up to which its positions are written out."""

MOVING = frozenset({
    "gather", "index_select", "take_along_dim", "take", "masked_select", "flip", "fliplr", "flipud", "roll", "rot90",
    "repeat", "tile", "repeat_interleave", "tril", "triu", "diag", "diagonal", "diag_embed", "clone", "contiguous",
    "reshape", "view", "flatten", "ravel", "unflatten", "permute", "transpose", "t", "swapaxes", "swapdims", "movedim",
    "moveaxis", "unsqueeze", "squeeze", "expand", "expand_as", "narrow", "select", "unfold", "pad", "view_as",
    "reshape_as", "broadcast_to",
})  # fmt: skip
"""Words that move elements and compute nothing."""

MOVING_PROPERTIES = frozenset({"T", "mT"})
INDEXED = {"gather": (1, "index"), "take_along_dim": (0, "indices")}
"""Words whose index tensor has the shape of the result: its number is told too."""

ORDERED = {
    "sort": "in order", "topk": "of the top", "max": "largest", "min": "smallest", "median": "median",
    "kthvalue": "k-th smallest", "mode": "most frequent", "cummax": "largest so far", "cummin": "smallest so far",
}  # fmt: skip
"""Words that give values with their indices."""

_AXIS_PLACE = {"topk": 1, "kthvalue": 1}
_FIELDS = {"values": 0, "indices": 1}


@dataclass(frozen=True, slots=True, eq=False)
class PickStory:
    """`B[0,1]` is `A[0,3]`: `places` holds for each cell 1 + the flat index of the element, 0 where there is none."""

    name: str
    tensor: torch.Tensor
    operand: Operand
    places: torch.Tensor
    index: Operand | None = None

    def at(self, index: Index) -> CellStory | None:
        """The story of one element; None for an index outside."""
        reader = TensorReader(self.tensor)
        if not reader.holds(index):
            return None
        head, value = element_label(self.name, index), reader.text(index)
        place = int(self.places[index])
        if place == 0:
            return CellStory(head, value, (), "filled in")
        source = self.operand.line(unraveled(place - 1, tuple(self.operand.tensor.shape)))
        if source.value != value:
            return CellStory(head, value)
        first = () if self.index is None else (self.index.line(index),)
        return CellStory(head, value, (*first, source), "the element there")


def unraveled(place: int, shape: Index) -> Index:
    """The index of the element at a place in row order."""
    index = []
    for size in reversed(shape):
        index.append(place % size)
        place //= size
    return tuple(reversed(index))


def pick_story(line: Line) -> PickStory | None:
    """`A[[2, 0]]`, `A.gather(1, i)`, `A.flip(0)[1:]`, `(A + v).repeat(2, 1)`."""
    base, found = _base(line.root)
    operand = line.operand(base) if found else None
    if operand is None or not 0 < operand.tensor.numel() <= LARGEST or line.tensor.numel() > LARGEST:
        return None
    shape = tuple(operand.tensor.shape)
    numbers = f"(torch.arange(1, {prod(shape) + 1}).reshape({shape}))"
    places = line.find(line.replaced(line.root, base, numbers))
    if places is None or places.shape != line.tensor.shape or places.dtype != torch.int64:
        return None
    return PickStory(line.name, line.tensor, operand, places, _index_of(line))


def _base(node: ast.expr) -> tuple[ast.expr, bool]:
    """What the elements are taken from, below all words that only move them; and whether there is such a word."""
    found = False
    while True:
        call = named_call(node)
        if call is not None and call.name in MOVING:
            node = call.owner
        elif isinstance(node, ast.Subscript) or (isinstance(node, ast.Attribute) and node.attr in MOVING_PROPERTIES):
            node = node.value
        else:
            return node, found
        found = True


def _index_of(line: Line) -> Operand | None:
    call = named_call(line.root)
    if call is None or call.name not in INDEXED:
        return None
    place, name = INDEXED[call.name]
    given = call.given(place, name)
    operand = line.operand(given) if given is not None else None
    return operand if operand is not None and operand.tensor.shape == line.tensor.shape else None


@dataclass(frozen=True, slots=True, eq=False)
class OrderStory:
    """A cell of `A.sort(1)[0]` or `[1]`: which element of the axis it is, and (`tells_place`) the place alone."""

    name: str
    tensor: torch.Tensor
    operand: Operand
    indices: torch.Tensor
    axis: int
    keeps_axis: bool
    word: str
    tells_place: bool

    def at(self, index: Index) -> CellStory | None:
        """The story of one element; None for an index outside."""
        reader = TensorReader(self.tensor)
        if not reader.holds(index):
            return None
        place = int(self.indices[index])
        rest = self.axis + 1 if self.keeps_axis else self.axis
        source = self.operand.line((*index[: self.axis], place, *index[rest:]))
        value, head = reader.text(index), element_label(self.name, index)
        if not self.tells_place and source.value != value:
            return CellStory(head, value)
        words = ORDERED[self.word]
        if self.word in ("sort", "topk"):
            words = f"at {index[self.axis]} {words}"
        return CellStory(head, value, (source,), f"its place on axis {self.axis}" if self.tells_place else words)


def order_story(line: Line) -> OrderStory | None:
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
    """What stands in front of `[0]`, `[1]`, `.values` or `.indices`, and which of the two is taken."""
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
