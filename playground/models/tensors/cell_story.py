"""How an element came about: the elements that an elementwise line, a view or a reduction took it from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice, product
from math import prod

import torch

from playground.models.tensors.window import TensorReader

Index = tuple[int, ...]
Find = Callable[[str], torch.Tensor | None]
MAXIMUM_TERMS = 6
LONGEST_TEXT = 24
"""An operand that is longer stands as an ellipsis before its index."""


@dataclass(frozen=True, slots=True)
class StoryLine:
    """One element that went in: its name as one would write it, and its exact text."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class CellStory:
    """`B[1,2] = 26`, the lines it came from, and what was made of them ("sum"); `more` lines are left out."""

    head: str
    value: str
    lines: tuple[StoryLine, ...] = ()
    conclusion: str = ""
    more: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Operand:
    """A tensor that goes in, with the text that stands for it and the named tensors it may be a view of."""

    text: str
    tensor: torch.Tensor
    named: tuple[tuple[str, torch.Tensor], ...] = ()

    def line(self, index: Index) -> StoryLine:
        """The element at an index of this operand."""
        return StoryLine(self.label(index), TensorReader(self.tensor).text(index))

    def label(self, index: Index) -> str:
        """`v[1]` rather than `v[:, None][1,0]`: the element of the named tensor that lies in the same place."""
        place = int(self.tensor.storage_offset()) + sum(
            i * stride for i, stride in zip(index, self.tensor.stride(), strict=True)
        )
        for name, tensor in self.named:
            if shares_storage(tensor, self.tensor) and tensor.dtype == self.tensor.dtype:
                found = index_at_place(tensor, place)
                if found is not None:
                    return element_label(name, found)
        return element_label(self.text if len(self.text) <= LONGEST_TEXT else "…", index)


def shares_storage(first: torch.Tensor, second: torch.Tensor) -> bool:
    """Whether two tensors lie in one storage."""
    return first.untyped_storage().data_ptr() == second.untyped_storage().data_ptr() != 0


def element_label(text: str, index: Index) -> str:
    """`element_label("A", (1, 2)) == "A[1,2]"`; a single number has no index."""
    if not index:
        return text
    return f"{text}[{','.join(map(str, index))}]"


def index_at_place(tensor: torch.Tensor, place: int) -> Index | None:
    """The index whose element lies at this place of the storage; None where there is none or more than one."""
    rest = place - int(tensor.storage_offset())
    index = [0] * tensor.ndim
    strides = tuple(tensor.stride())
    for axis in sorted(range(tensor.ndim), key=lambda a: -strides[a]):
        stride, size = strides[axis], tensor.shape[axis]
        if size == 1:
            continue
        if stride == 0:
            return None
        index[axis] = min(rest // stride, size - 1)
        rest -= index[axis] * stride
    return tuple(index) if rest == 0 else None


@dataclass(frozen=True, slots=True, eq=False)
class Story:
    """Tells of any element of one tensor: `story.at((1, 2))`."""

    name: str
    tensor: torch.Tensor
    operands: tuple[Operand, ...] = ()
    conclusion: str = ""
    reduced: tuple[int, ...] = ()
    keeps_axes: bool = False
    base: torch.Tensor | None = None

    def at(self, index: Index) -> CellStory | None:
        """The story of one element; None for an index outside."""
        reader = TensorReader(self.tensor)
        if not reader.holds(index):
            return None
        head, value = element_label(self.name, index), reader.text(index)
        if self.base is not None:
            inner = self._index_in_base(index)
            if inner is None or TensorReader(self.base).text(inner) != value:
                return CellStory(head, value)
            index = inner
        if self.reduced:
            return self._reduction(head, value, index)
        lines = tuple(operand.line(_aligned(index, operand.tensor)) for operand in self.operands)
        return CellStory(head, value, lines, self.conclusion)

    def _index_in_base(self, index: Index) -> Index | None:
        """The element of the operation's result that this view of it looks at."""
        assert self.base is not None
        place = sum(i * stride for i, stride in zip(index, self.tensor.stride(), strict=True))
        return index_at_place(self.base, place + int(self.tensor.storage_offset()))

    def _reduction(self, head: str, value: str, index: Index) -> CellStory:
        """The first elements of those that were made one, in row order."""
        operand = self.operands[0]
        shape = operand.tensor.shape
        kept = [axis for axis in range(len(shape)) if axis not in self.reduced]
        places = dict(zip(kept, (index[axis] for axis in kept) if self.keeps_axes else index, strict=True))
        size = prod(shape[axis] for axis in self.reduced)
        shown = size if size <= MAXIMUM_TERMS else MAXIMUM_TERMS - 1
        lines = []
        for inner in islice(product(*(range(shape[axis]) for axis in self.reduced)), shown):
            whole = places | dict(zip(self.reduced, inner, strict=True))
            lines.append(operand.line(tuple(whole[axis] for axis in range(len(shape)))))
        return CellStory(head, value, tuple(lines), self.conclusion, size - shown)


def _aligned(index: Index, tensor: torch.Tensor) -> Index:
    """The element of a broadcast operand that goes into an element of the result."""
    own = index[len(index) - tensor.ndim :] if tensor.ndim else ()
    return tuple(0 if size == 1 else place for place, size in zip(own, tensor.shape, strict=True))
