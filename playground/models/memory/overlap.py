"""Do two indices of a tensor land on one cell, and how many different cells does it reach?

An index `i` reads cell `offset + sum(i[d] * stride[d])`. The set of cells is a sum of arithmetic progressions, which
merge, split and count in closed form in all but contrived cases; those are decided by a bounded search.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import gcd, prod

BITSET_CELLS = 1 << 20
"""Spans up to this many cells are counted one bit a cell, in well under a millisecond."""
SEARCH_STEPS = 500
"""Larger ones are searched for one collision in at most this many steps."""

Run = tuple[int, int]
"""Size and stride of an axis: the cells `0, stride, ..., (size - 1) * stride`."""


@dataclass(frozen=True, slots=True)
class Reach:
    """`overlap`: whether two indices share a cell; `cells`: how many different ones are read. None: not decided."""

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
    """Join progressions that together are one, and whether any cell of a joined one is reached twice.

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
    """Cut the runs (smallest stride first) where the larger ones move in steps wider than all that lies below."""
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
    """How many elements of two progressions land on a cell that another one already reached (chains of `(b, -a)`)."""
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
    """Whether `sum(x * stride) == 0` has a solution besides zero with `|x| < size`; None when the search gives up."""
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
