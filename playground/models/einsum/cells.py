"""Which cells feed which: from a cell of the result to the operands' and back."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

from playground.models.einsum.labels import Indexing

Index = tuple[int, ...]
Pattern = tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Region:
    """The cells whose index agrees with `pattern` wherever that is not None, and has equal places on `tied` axes.

    `Region((1, None))` is row 1; `Region((None, None), ((0, 1),))` is the diagonal.
    """

    shape: tuple[int, ...]
    pattern: Pattern
    tied: tuple[tuple[int, ...], ...] = ()

    def contains(self, index: Index) -> bool:
        """Whether this cell is in the region."""
        agrees = all(want is None or want == place for want, place in zip(self.pattern, index, strict=True))
        return agrees and all(len({index[axis] for axis in axes}) == 1 for axes in self.tied)

    @property
    def count(self) -> int:
        """The number of cells."""
        tied = {axis for axes in self.tied for axis in axes}
        free = [
            size
            for axis, (size, want) in enumerate(zip(self.shape, self.pattern, strict=True))
            if want is None and axis not in tied
        ]
        return math.prod(free) * math.prod(self.shape[axes[0]] for axes in self.tied)

    def patterns(self, limit: int = 1000) -> Iterator[Pattern]:
        """The region as rectangles: one, or one for each place on the diagonals, at most `limit`."""
        ranges = [range(self.shape[axes[0]]) for axes in self.tied]
        for places in itertools.islice(itertools.product(*ranges), limit):
            pattern = list(self.pattern)
            for axes, place in zip(self.tied, places, strict=True):
                for axis in axes:
                    pattern[axis] = place
            yield tuple(pattern)


def feeding_cells(indexing: Indexing, index: Index) -> tuple[Region, ...]:
    """For each operand the cells that go into the result at `index`."""
    at = dict(zip(indexing.output_labels, index, strict=True))
    regions = []
    for labels, shape in zip(indexing.input_labels, indexing.shapes, strict=True):
        pattern: list[int | None] = []
        for label, size in zip(labels, shape, strict=True):
            place = at.get(label)
            pattern.append(0 if place is not None and size == 1 else place)
        regions.append(Region(shape, tuple(pattern), _tied(labels, at)))
    return tuple(regions)


def _tied(labels: tuple[str, ...], known: dict[str, int]) -> tuple[tuple[int, ...], ...]:
    """The axes that run together: those of one summed letter that stands more than once."""
    groups = (
        tuple(axis for axis, label in enumerate(labels) if label == name)
        for name in dict.fromkeys(labels)
        if name not in known
    )
    return tuple(axes for axes in groups if len(axes) > 1)


def fed_cells(indexing: Indexing, operand: int, index: Index) -> Region | None:
    """The cells of the result that this cell of an operand goes into; None where it is used nowhere."""
    at: dict[str, int] = {}
    labels, shape = indexing.input_labels[operand], indexing.shapes[operand]
    for label, place, size in zip(labels, index, shape, strict=True):
        if at.setdefault(label, place) != place:
            return None
        if size == 1 and indexing.labels[label].size != 1:
            del at[label]
    pattern = tuple(at.get(label) for label in indexing.output_labels)
    return Region(indexing.output_shape, pattern)
