"""The values of a watched module's tensors, kept to be counted on a common axis and to be handed on.

Whole while they fit the memory set aside for them; of a tensor that does not, an evenly spaced sample, which is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from playground.models.network.devices import summable
from playground.models.network.histograms import Histogram, HistogramTable, choose_axis, count_values
from playground.models.network.layer_statistics import TensorStatistics
from playground.models.network.stacks import CHUNK

KEPT_BYTES = 256 * 2**20
"""All tensors of one watched module that are kept whole; and all that the list of watched modules keeps for sending."""
SAMPLE = 2**16
"""Of a tensor with more values, about so many are counted, evenly spaced: a plot of all layers is there at once."""
Entry = TypeVar("Entry")


@dataclass(frozen=True, slots=True, eq=False)
class KeptValues:
    """A tensor as it was, on the CPU, in a memory of its own; or where not `whole` a flat sample of its values."""

    tensor: torch.Tensor
    whole: bool


class Keeper:
    """Copies tensors until `budget` bytes are full, and takes samples from then on."""

    def __init__(self, budget: int = KEPT_BYTES) -> None:
        self._left = budget

    def keep(self, tensor: torch.Tensor) -> KeptValues:
        """A copy of a dense tensor, or a sample of it where it is too large: at most 65,536 values, evenly spaced."""
        count, size = tensor.numel(), tensor.numel() * tensor.element_size()
        if size <= self._left or count <= SAMPLE:
            self._left = max(0, self._left - size)
            return KeptValues(tensor.detach().to("cpu", copy=True, memory_format=torch.contiguous_format), True)
        return KeptValues(tensor.detach().flatten()[:: -(-count // SAMPLE)].to("cpu", copy=True), False)


def as_numbers(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor as real numbers that can be counted: complex ones as their two parts, truth values as 0 and 1."""
    tensor = summable(tensor)
    values = torch.view_as_real(tensor.resolve_conj()) if tensor.is_complex() else tensor
    if values.is_floating_point():
        return values
    return values.to(torch.uint8).double() if values.dtype == torch.bool else values.double()


def count_kind(
    kept: Sequence[KeptValues | None], statistics: Sequence[TensorStatistics | None], scale: str
) -> HistogramTable:
    """Count what was kept of each layer's tensor on one axis of a scale; a layer without one has only zeros."""
    axis = choose_axis(scale, *(_column(statistics, name) for name in ("rms", "minimum", "maximum")))
    counts = np.zeros((len(kept), axis.rows), np.int64)
    below, above = np.zeros(len(kept), np.int64), np.zeros(len(kept), np.int64)
    known = [(row, _some_of(v.tensor)) for row, v in enumerate(kept) if v is not None and v.tensor.numel()]
    for (size, _dtype), group in groupby(known, lambda entry: (len(entry[1]), entry[1].dtype)):
        for some in batched(group, max(1, CHUNK // size)):
            rows = [row for row, _values in some]
            counts[rows], below[rows], above[rows] = count_values(torch.stack([values for _row, values in some]), axis)
    sampled = SAMPLE if any(v is not None and (not v.whole or v.tensor.numel() > SAMPLE) for v in kept) else 0
    return HistogramTable(axis, counts, below, above, sampled)


def _some_of(tensor: torch.Tensor) -> torch.Tensor:
    flat = tensor.flatten()
    return as_numbers(flat[:: -(-len(flat) // SAMPLE)]).flatten()


def batched(entries: Iterable[Entry], size: int) -> Iterator[list[Entry]]:
    """Lists of at most so many entries, in their order."""
    rest = iter(entries)
    while some := list(islice(rest, size)):
        yield some


def _column(statistics: Sequence[TensorStatistics | None], name: str) -> NDArray[np.float64]:
    values = [np.nan if one is None else getattr(one, name) for one in statistics]
    return np.array(values, dtype=np.float64)


def count_alone(values: KeptValues, statistics: TensorStatistics, scale: str) -> Histogram:
    """The histogram of one tensor on the range of its own values."""
    table = count_kind([values], [statistics], scale)
    return table.layer(0)
