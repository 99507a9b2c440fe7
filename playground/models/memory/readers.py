"""From a cell of the storage back to the elements that read it."""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd

import numpy as np
from numpy.typing import NDArray

from playground.models.memory.overlap import Run, span_of

UNKNOWN = -1
"""Stands for a number of readers that would take too long to count."""
BRANCHES = 256
SEARCH_STEPS = 8_000

Cells = NDArray[np.int64]


def cell_of(index: Sequence[int], strides: Sequence[int], offset: int) -> int:
    """The storage cell of an element: `cell_of((2, 1), (1, 4), 0) == 6`."""
    return offset + sum(i * stride for i, stride in zip(index, strides, strict=True))


def count_readers(shape: Sequence[int], strides: Sequence[int], offset: int, start: int, stop: int) -> Cells:
    """How many elements read each of the cells `start` to `stop` (exclusive); `UNKNOWN` where that is too hard.

    Takes the time of the cells asked for, not of the tensor: each axis is solved for, largest stride first.
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
    """Join axes that follow each other without gap (largest stride first): `[(3, 4), (4, 1)]` is `[(12, 1)]`."""
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
    """The indices of up to `limit` elements that read a cell, in row order: `((2, 1),)` for cell 6 of (1, 4)."""
    if 0 in shape or cell < offset:
        return ()
    order = sorted(range(len(shape)), key=lambda axis: -strides[axis])
    runs = [(shape[axis], strides[axis]) for axis in order]
    spans = [span_of(runs[place:]) for place in range(len(runs) + 1)]
    found: list[tuple[int, ...]] = []
    stack: list[tuple[int, tuple[int, ...]]] = [(cell - offset, ())]
    for _ in range(SEARCH_STEPS):
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
            highest = min(highest, lowest + SEARCH_STEPS)
        stack.extend((left - x * stride, (*chosen, x)) for x in range(highest, lowest - 1, -1))
    placed = [order.index(axis) for axis in range(len(shape))]
    return tuple(sorted(tuple(chosen[place] for place in placed) for chosen in found))
