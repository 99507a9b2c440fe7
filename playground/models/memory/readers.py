"""Maps storage cells to the elements that read them: which, how many, and whether they overlap.

An index `i` reads cell `offset + sum(i[d] * stride[d])`. The set of cells is a sum of arithmetic progressions, which
merge, split and count in closed form except in contrived cases, which a bounded search decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import gcd, prod

import numpy as np
import torch
from numpy.typing import NDArray

from playground.models.evaluation.reader import TensorReader, Window

BITSET_CELLS = 1 << 20
"""Spans up to this many cells are counted with one bit per cell, in well under a millisecond."""
SEARCH_STEPS = 500
"""Larger spans are searched for a collision in at most this many steps."""

Run = tuple[int, int]
"""Size and stride of an axis: the cells `0, stride, ..., (size - 1) * stride`."""


@dataclass(frozen=True, slots=True)
class Reach:
    """`overlap`: two indices share a cell; `cells`: the number of distinct cells read. None: not decided."""

    overlap: bool | None
    cells: int | None


def span_of(runs: Sequence[Run]) -> int:
    """The distance from the first cell to the last one: `span_of([(3, 4), (4, 1)]) == 11`."""
    return sum((size - 1) * stride for size, stride in runs)


def measure_reach(shape: Sequence[int], strides: Sequence[int]) -> Reach:
    """Count the cells that a tensor reads: `measure_reach((3, 3), (0, 1)) == Reach(overlap=True, cells=3)`."""
    if 0 in shape:
        return Reach(False, 0)
    runs = sorted((run for run in zip(shape, strides, strict=True) if run[0] > 1), key=lambda run: run[1])
    stretched = any(stride == 0 for _, stride in runs)
    runs, merged_twice = _merged([run for run in runs if run[1]])
    overlap: bool | None = stretched or merged_twice
    cells: int | None = 1
    for cluster in _clusters(runs):
        reach = _measure_cluster(cluster)
        cells = None if cells is None or reach.cells is None else cells * reach.cells
        if reach.overlap or (reach.overlap is None and not overlap):
            overlap = reach.overlap if overlap is not True else True
    return Reach(overlap, cells)


def _merged(runs: Sequence[Run]) -> tuple[list[Run], bool]:
    """Merge progressions that together form one, and tell whether a merged one reaches any cell twice.

    `(m, t)` and `(n, k*t)` give every multiple of `t` up to `m - 1 + (n - 1) * k` if `k <= m`, each once if `k == m`.
    """
    joined: list[Run] = []
    twice = False
    for size, stride in runs:
        for place, (size_below, stride_below) in enumerate(joined):
            factor, rest = divmod(stride, stride_below)
            if rest == 0 and factor <= size_below:
                joined[place] = (size_below + (size - 1) * factor, stride_below)
                twice = twice or factor < size_below
                break
        else:
            joined.append((size, stride))
    return joined, twice


def _clusters(runs: list[Run]) -> Iterator[list[Run]]:
    """Split the runs (smallest stride first) where the larger ones step over everything below."""
    start, below = 0, 0
    for place in range(len(runs)):
        if place > start:
            step = gcd(*(stride for _, stride in runs[place:]))
            if step > below:
                yield runs[start:place]
                start = place
        below += (runs[place][0] - 1) * runs[place][1]
    if runs:
        yield runs[start:]


def _measure_cluster(runs: list[Run]) -> Reach:
    step = gcd(*(stride for _, stride in runs))
    runs = [(size, stride // step) for size, stride in runs]
    elements = prod(size for size, _ in runs)
    if len(runs) == 1:
        return Reach(False, elements)
    if len(runs) == 2:
        cells = elements - _collisions_of_pair(*runs)
        return Reach(cells < elements, cells)
    span = span_of(runs)
    if span < BITSET_CELLS:
        cells = _count_bits(runs)
        return Reach(cells < elements, cells)
    if all(stride > span_of(runs[:place]) for place, (_, stride) in enumerate(runs)):
        return Reach(False, elements)
    if elements > span + 1 or any(_collisions_of_pair(a, b) for i, a in enumerate(runs) for b in runs[:i]):
        return Reach(True, None)
    overlap = _search_collision(runs[::-1])
    return Reach(overlap, elements if overlap is False else None)


def _collisions_of_pair(first: Run, second: Run) -> int:
    """The number of elements of two progressions on a cell that another already reached (chains of `(b, -a)`)."""
    step = gcd(first[1], second[1])
    return max(0, first[0] - second[1] // step) * max(0, second[0] - first[1] // step)


def _count_bits(runs: Sequence[Run]) -> int:
    reached = 1
    for size, stride in runs:
        have = 1
        while have < size:
            more = min(have, size - have)
            reached |= reached << (stride * more)
            have += more
    return reached.bit_count()


def _search_collision(runs: Sequence[Run]) -> bool | None:
    """Whether `sum(x * stride) == 0` has a solution besides zero with `|x| < size`; None if the search gives up."""
    spans = [span_of(runs[place:]) for place in range(len(runs) + 1)]
    steps = [gcd(*(stride for _, stride in runs[place:])) if runs[place:] else 0 for place in range(len(runs) + 1)]
    stack = [(0, 0, False)]
    for _ in range(SEARCH_STEPS):
        if not stack:
            return False
        place, total, moved = stack.pop()
        if place == len(runs):
            if total == 0 and moved:
                return True
            continue
        size, stride = runs[place]
        rest = spans[place + 1]
        lowest = max(1 - size if moved else 0, -((rest + total) // stride))
        highest = min(size - 1, (rest - total) // stride)
        if highest - lowest > SEARCH_STEPS:
            return None
        for x in range(lowest, highest + 1):
            following = total + x * stride
            if steps[place + 1] == 0 or following % steps[place + 1] == 0:
                stack.append((place + 1, following, moved or x != 0))
    return None


UNKNOWN = -1
"""Means that the readers would take too long to count."""
BRANCHES = 256
READER_SEARCH_STEPS = 8_000

Cells = NDArray[np.int64]


def cell_of(index: Sequence[int], strides: Sequence[int], offset: int) -> int:
    """The storage cell of an element: `cell_of((2, 1), (1, 4), 0) == 6`."""
    return offset + sum(i * stride for i, stride in zip(index, strides, strict=True))


def count_readers(shape: Sequence[int], strides: Sequence[int], offset: int, start: int, stop: int) -> Cells:
    """The number of elements that read each cell from `start` to `stop` (exclusive); `UNKNOWN` if that is too hard.

    The time depends on the cells requested, not on the tensor: solves for each axis, largest stride first.
    """
    cells = np.arange(start, stop, dtype=np.int64) - offset
    if 0 in shape:
        return np.zeros(len(cells), np.int64)
    stretch, runs = 1, []
    for size, stride in zip(shape, strides, strict=True):
        if stride == 0:
            stretch *= size
        elif size > 1:
            runs.append((size, stride))
    runs = _joined(sorted(runs, key=lambda run: -run[1]))
    counts, complete = _count(runs, cells, [BRANCHES])
    if not complete:
        counts = np.where((cells >= 0) & (cells <= span_of(runs)), UNKNOWN, 0)
    return np.where(counts == UNKNOWN, UNKNOWN, counts * stretch)


def _joined(runs: list[Run]) -> list[Run]:
    """Merge axes that continue each other without gaps (largest stride first): `[(3, 4), (4, 1)]` is `[(12, 1)]`."""
    joined: list[Run] = []
    for size, stride in runs:
        if joined and joined[-1][1] == size * stride:
            joined[-1] = (joined[-1][0] * size, stride)
        else:
            joined.append((size, stride))
    return joined


def _count(runs: list[Run], cells: Cells, branches: list[int]) -> tuple[Cells, bool]:
    if not runs:
        return (cells == 0).astype(np.int64), True
    size, stride = runs[0]
    if len(runs) == 1:
        hit = (cells % stride == 0) & (cells >= 0) & (cells // stride < size)
        return hit.astype(np.int64), True
    if len(runs) == 2:
        return _count_pair(runs[0], runs[1], cells), True
    rest = span_of(runs[1:])
    lowest = np.maximum(0, -((rest - cells) // stride))
    highest = np.minimum(size - 1, cells // stride)
    counts = np.zeros(len(cells), np.int64)
    for branch in range(int(np.max(highest - lowest, initial=-1)) + 1):
        branches[0] -= 1
        if branches[0] < 0:
            return counts, False
        further, complete = _count(runs[1:], cells - (lowest + branch) * stride, branches)
        if not complete:
            return counts, False
        counts += np.where(lowest + branch <= highest, further, 0)
    return counts, True


def _count_pair(first: Run, second: Run, cells: Cells) -> Cells:
    """Solutions of `x * a + y * b == cell` with `0 <= x < n`, `0 <= y < m`: one residue class of x in a range."""
    (n, a), (m, b) = first, second
    step = gcd(a, b)
    period = b // step
    inverse = pow(a // step, -1, period) if period > 1 else 0
    residue = (cells // step % period) * inverse % period
    lowest = np.maximum(0, -(((m - 1) * b - cells) // a))
    highest = np.minimum(n - 1, cells // a)
    first_x = lowest + (residue - lowest) % period
    counts = np.where(first_x <= highest, (highest - first_x) // period + 1, 0)
    return np.where(cells % step == 0, counts, 0).astype(np.int64)


def elements_of_cell(
    shape: Sequence[int], strides: Sequence[int], offset: int, cell: int, limit: int = 64
) -> tuple[tuple[int, ...], ...]:
    """The indices of up to `limit` elements that read a cell, in row-major order: `((2, 1),)` for cell 6 of (1, 4)."""
    if 0 in shape or cell < offset:
        return ()
    order = sorted(range(len(shape)), key=lambda axis: -strides[axis])
    runs = [(shape[axis], strides[axis]) for axis in order]
    spans = [span_of(runs[place:]) for place in range(len(runs) + 1)]
    found: list[tuple[int, ...]] = []
    stack: list[tuple[int, tuple[int, ...]]] = [(cell - offset, ())]
    for _ in range(READER_SEARCH_STEPS):
        if not stack or len(found) >= limit:
            break
        left, chosen = stack.pop()
        place = len(chosen)
        if place == len(runs):
            if left == 0:
                found.append(chosen)
            continue
        size, stride = runs[place]
        lowest, highest = 0, min(size, limit) - 1
        if stride:
            lowest, highest = max(0, -((spans[place + 1] - left) // stride)), min(size - 1, left // stride)
            highest = min(highest, lowest + READER_SEARCH_STEPS)
        stack.extend((left - x * stride, (*chosen, x)) for x in range(highest, lowest - 1, -1))
    placed = [order.index(axis) for axis in range(len(shape))]
    return tuple(sorted(tuple(chosen[place] for place in placed) for chosen in found))


class StorageReader:
    """A window onto the storage of a tensor, in cells of its dtype: `StorageReader(t).read(0, 12)`.

    Copies only the cells requested. Does not apply the tensor's conjugate or negative bit, which is not part of the
    storage. Two readers of one storage and dtype are equal.
    """

    __slots__ = ("_bytes", "_cells", "_reader", "_tensor", "cells", "dtype", "itemsize", "storage_bytes")

    def __init__(self, tensor: torch.Tensor) -> None:
        storage = tensor.untyped_storage()
        self.itemsize = tensor.itemsize
        self.storage_bytes = storage.nbytes()
        self.cells = self.storage_bytes // self.itemsize
        self.dtype = str(tensor.dtype).removeprefix("torch.")
        empty = torch.empty(0, dtype=tensor.dtype, device=tensor.device)
        self._cells = empty.set_(storage, 0, (self.cells,), (1,))
        empty_bytes = torch.empty(0, dtype=torch.uint8, device=tensor.device)
        self._bytes = empty_bytes.set_(storage, 0, (self.storage_bytes,), (1,))
        self._reader = TensorReader(self._cells)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, StorageReader):
            return False
        mine, theirs = self._bytes.untyped_storage(), other._bytes.untyped_storage()
        return self.dtype == other.dtype and mine._cdata == theirs._cdata

    def __hash__(self) -> int:
        return hash((self.dtype, self.storage_bytes))

    def read(self, start: int, stop: int) -> Window:
        """The cells `start` to `stop` (exclusive) as one row of a window."""
        return self._reader.read(None, 0, range(1), range(start, stop))

    def strided(self, size: tuple[int, ...], stride: tuple[int, ...], offset: int) -> TensorReader:
        """The values that `as_strided` gives on this storage; the arguments must lie within it."""
        return TensorReader(self._cells.as_strided(size, stride, offset))

    def text(self, cell: int) -> str:
        """The exact text of a cell."""
        return self._reader.text((cell,))

    def cell_bytes(self, cell: int) -> bytes:
        """The bytes of a cell in memory order, including nan payloads."""
        return self.raw(cell * self.itemsize, (cell + 1) * self.itemsize)

    def raw(self, start: int, stop: int) -> bytes:
        """The bytes `start` to `stop` (exclusive) of the storage."""
        return self._bytes[max(0, start) : max(0, stop)].cpu().numpy().tobytes()
