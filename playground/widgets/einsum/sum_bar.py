"""What each term gives to a sum, as shares of a bar; long sums in groups, so that no piece is thinner than it shows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from playground.models.einsum.terms import CellSum, Number

MOST_SEGMENTS = 120


@dataclass(frozen=True, slots=True)
class Segment:
    """A share of the sum of all |products|, from 0 to 1; `number` is that of its last term."""

    share: float
    is_negative: bool
    number: int


def segments_of(cell_sum: CellSum) -> tuple[Segment, ...]:
    """One segment a term, or for each group of neighbours one of what is added and one of what is taken away."""
    count = len(cell_sum.products)
    if count < 2 or cell_sum.block > 1:
        return ()
    values = _signed(cell_sum.products)
    total = float(np.abs(values).sum())
    if not 0 < total < math.inf:
        return ()
    starts = np.arange(0, count, -(-count // MOST_SEGMENTS))
    added = np.add.reduceat(np.maximum(values, 0), starts) / total
    taken = np.add.reduceat(np.maximum(-values, 0), starts) / total
    ends = np.append(starts[1:], count) - 1
    pairs = zip(added.tolist(), taken.tolist(), ends.tolist(), strict=True)
    both = ((share, sign, last) for more, less, last in pairs for share, sign in ((more, False), (less, True)))
    return tuple(Segment(share, sign, last) for share, sign, last in both if share > 0)


def _signed(products: Sequence[Number]) -> NDArray[np.float64]:
    """Real products as they are, complex ones by their size; integers beyond floats count as infinite."""
    if isinstance(products[0], complex):
        return np.array([abs(product) for product in products], float)
    try:
        return np.array(products, float)
    except OverflowError:
        return np.full(len(products), np.inf)
