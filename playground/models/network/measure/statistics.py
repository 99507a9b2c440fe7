"""Statistics of tensors, exact and safe at the extremes, for many layers at once.

Moments are those of the finite values; nan and inf are counted apart. They are summed in float64, so float32 at 1e36
and 1e-30 neither overflows nor vanishes; float64 beyond 1e100 is scaled by a power of two first. `quick` sums in
float32 where the values allow it: the same numbers to about six digits. Of "dragging a network of 50 x 100 x 200" it
saves a half.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import torch

from playground.models.network.arrays import Counts, Floats
from playground.models.network.measure.histograms import Histogram, HistogramTable, choose_axis, count_layers
from playground.models.network.measure.moments import (
    SAFE_FLOAT32,
    FiniteRange,
    Moments,
    finite_range,
    is_safe,
    rows_at,
    short_moments,
    wide_moments,
)
from playground.models.network.measure.reductions import (
    Layers,
    as_floats,
    count_below,
    extremes_of,
    stacked,
    sum_rows,
    zeros_between,
)
from playground.models.network.spec.devices import summable

NEAR_ZERO = 1e-3
"""A value is near zero if it is not 0 and its magnitude is below this share of the layer's rms."""


@dataclass(frozen=True, slots=True, eq=False)
class TensorStatistics:
    """Statistics of a tensor. `std` is torch's (divided by count - 1); `near_zero_fraction`: 0 < |a| < 0.001 rms."""

    count: int
    mean: float
    std: float
    rms: float
    minimum: float
    maximum: float
    zero_fraction: float
    near_zero_fraction: float
    nan_count: int
    inf_count: int
    subnormal_count: int
    histogram: Histogram | None = None


_NOTHING = TensorStatistics(0, *(math.nan,) * 7, 0, 0, 0)


@dataclass(frozen=True, slots=True, eq=False)
class StatisticsTable:
    """`TensorStatistics` of all layers as columns, each (layers,); `histograms` if they were counted."""

    count: Counts
    mean: Floats
    std: Floats
    rms: Floats
    minimum: Floats
    maximum: Floats
    zeros: Counts
    near_zeros: Counts
    nans: Counts
    infs: Counts
    subnormals: Counts
    histograms: HistogramTable | None = None

    def __reduce__(self) -> tuple[object, ...]:
        """Pickled as two arrays: with twelve, half of the time would go into their headers."""
        floats = np.stack((self.mean, self.std, self.rms, self.minimum, self.maximum))
        counts = np.stack((self.count, self.zeros, self.near_zeros, self.nans, self.infs, self.subnormals))
        return _from_columns, (floats, counts, self.histograms)

    def part(self, layers: slice | list[int]) -> StatisticsTable:
        """Some of the layers, without histograms."""
        return StatisticsTable(
            self.count[layers],
            self.mean[layers],
            self.std[layers],
            self.rms[layers],
            self.minimum[layers],
            self.maximum[layers],
            self.zeros[layers],
            self.near_zeros[layers],
            self.nans[layers],
            self.infs[layers],
            self.subnormals[layers],
        )

    def layer(self, index: int) -> TensorStatistics:
        """The statistics of layer `index`, from 0."""
        count = int(self.count[index])
        share = 1 / count if count else math.nan
        return TensorStatistics(
            count,
            float(self.mean[index]),
            float(self.std[index]),
            float(self.rms[index]),
            float(self.minimum[index]),
            float(self.maximum[index]),
            int(self.zeros[index]) * share,
            int(self.near_zeros[index]) * share,
            int(self.nans[index]),
            int(self.infs[index]),
            int(self.subnormals[index]),
            None if self.histograms is None else self.histograms.layer(index),
        )


def _from_columns(floats: Floats, counts: Counts, histograms: HistogramTable | None) -> StatisticsTable:
    """The inverse of `StatisticsTable.__reduce__`."""
    mean, std, rms, minimum, maximum = floats
    count, zeros, near_zeros, nans, infs, subnormals = counts
    return StatisticsTable(
        count, mean, std, rms, minimum, maximum, zeros, near_zeros, nans, infs, subnormals, histograms
    )


def table_of(layers: Sequence[TensorStatistics | None]) -> StatisticsTable:
    """The statistics of layers that were described one by one, without histograms; no values where there are none."""
    known = [_NOTHING if one is None else one for one in layers]

    def floats(name: str) -> Floats:
        return np.array([getattr(one, name) for one in known], dtype=np.float64)

    def counts(name: str) -> Counts:
        return np.array([getattr(one, name) for one in known], dtype=np.int64)

    def shares(name: str) -> Counts:
        return np.array([round(getattr(one, name) * one.count) if one.count else 0 for one in known], dtype=np.int64)

    return StatisticsTable(
        counts("count"),
        floats("mean"),
        floats("std"),
        floats("rms"),
        floats("minimum"),
        floats("maximum"),
        shares("zero_fraction"),
        shares("near_zero_fraction"),
        counts("nan_count"),
        counts("inf_count"),
        counts("subnormal_count"),
    )


def measure(stack: torch.Tensor, quick: bool = False) -> StatisticsTable:
    """The statistics of each layer of a (layers, ...) stack; `quick` leaves near zero and subnormal uncounted."""
    original = summable(stack.detach()).reshape(len(stack), -1)
    x = as_floats(original)
    layers, count = x.shape
    finite = finite_range(x, *extremes_of(x))
    moments = _moments(x, finite, quick)
    low, high = finite.low, finite.high
    none = np.zeros(layers, dtype=np.int64)
    zeros = zeros_between(x, low, high)
    near, subnormal = (none, none) if quick else _small_counts(x, original.dtype, moments.rms, zeros)
    counts = np.full(layers, count, dtype=np.int64)
    std = np.where(low == high, 0.0, moments.std)
    return StatisticsTable(
        counts, moments.mean, std, moments.rms, low, high, zeros, near, finite.nans, finite.infs, subnormal
    )


def _moments(x: torch.Tensor, finite: FiniteRange, quick: bool) -> Moments:
    """In float32 where that is quick and safe, all other rows in float64."""
    lost, peak = finite.nans + finite.infs, np.fmax(np.abs(finite.low), np.abs(finite.high))
    if not quick or x.dtype != torch.float32:
        return wide_moments(x, peak, lost)
    short = (lost == 0) & is_safe(peak, SAFE_FLOAT32)
    columns = np.empty((3, len(x)))
    if short.any():
        part = rows_at(x, np.flatnonzero(short))
        columns[:, short] = short_moments(part, *sum_rows(part)).columns
    if not short.all():
        part = rows_at(x, np.flatnonzero(~short))
        columns[:, ~short] = wide_moments(part, peak[~short], lost[~short]).columns
    return Moments(*columns)


def _small_counts(x: torch.Tensor, dtype: torch.dtype, rms: Floats, zeros: Counts) -> tuple[Counts, Counts]:
    """The counts of values in each row that are near zero, and that are subnormal in their original dtype."""
    magnitude = x.abs()
    threshold = _rounded_up(np.nan_to_num(rms * NEAR_ZERO), x)[:, None]
    near = count_below(magnitude, threshold) - np.where(threshold[:, 0].cpu().numpy() > 0, zeros, 0)
    tiny = torch.finfo(dtype).tiny if dtype.is_floating_point else 0.0
    if not tiny:
        return near, np.zeros(len(x), dtype=np.int64)
    return near, count_below(magnitude, torch.full_like(threshold, tiny)) - zeros


def _rounded_up(bounds: Floats, like: torch.Tensor) -> torch.Tensor:
    """The smallest numbers in the dtype of `like` that are not less than the bounds, for an equivalent comparison."""
    exact = torch.from_numpy(bounds)
    rounded = exact.to(like.dtype)
    above = torch.nextafter(rounded, torch.tensor(math.inf, dtype=like.dtype))
    return torch.where(rounded.double() < exact, above, rounded).to(like.device)


def joined_tables(tables: Sequence[StatisticsTable]) -> StatisticsTable:
    """The tables of consecutive layers joined, without histograms."""
    if len(tables) == 1:
        return tables[0]
    columns = {
        field.name: np.concatenate([getattr(table, field.name) for table in tables])
        for field in fields(StatisticsTable)
        if field.name != "histograms"
    }
    return StatisticsTable(**columns, histograms=None)


def measure_layers(tensors: Layers, quick: bool = False) -> StatisticsTable:
    """The statistics of a tensor a layer, of whatever shapes."""
    return joined_tables([measure(stack, quick) for _start, stack in stacked(tensors)])


def describe_tensor(tensor: torch.Tensor, scale: str | None = "log") -> TensorStatistics:
    """The statistics of one tensor of any shape, with a histogram of all its values if there is a scale; nan
    for an empty tensor."""
    if not tensor.numel():
        return _NOTHING
    stack = tensor.detach().reshape(1, -1)
    table = measure(stack)
    if scale is None:
        return table.layer(0)
    axis = choose_axis(scale, table.rms, table.minimum, table.maximum)
    return replace(table, histograms=count_layers([stack], axis)).layer(0)
