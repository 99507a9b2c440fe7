"""Statistics of tensors, exact and safe at the extremes, for many layers at once.

Moments are those of the finite values; nan and inf are counted apart. They are summed in float64, so float32 at 1e36
and 1e-30 neither overflows nor vanishes; float64 beyond 1e100 is scaled by a power of two first. `quick` sums in
float32 where the values allow it: the same numbers to about six digits.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from numpy.typing import NDArray

from playground.models.network.histograms import CACHED, Histogram, HistogramTable, choose_axis, count_layers
from playground.models.network.stacks import scratch, stacked

NEAR_ZERO = 1e-3
"""A value is near zero where it is not 0 and its magnitude is below this share of the layer's rms."""
SAFE_FLOAT32 = (1e-12, 1e12)
HARMLESS = 0.9
"""Up to this share of the mean square, the square of the mean may be taken away from it without losing digits."""
SAFE_FLOAT64 = (1e-100, 1e100)

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class TensorStatistics:
    """One tensor in numbers. `std` is torch's (divided by count - 1); `near_zero_fraction`: 0 < |a| < 0.001 rms."""

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


@dataclass(frozen=True, slots=True, eq=False)
class StatisticsTable:
    """`TensorStatistics` of all layers as columns, each (layers,); `histograms` where they were counted."""

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


@dataclass(frozen=True, slots=True, eq=False)
class Reductions:
    """What one pass over each layer's values gives: extremes, mean and Euclidean norm, each (layers,)."""

    low: Floats
    high: Floats
    mean: Floats
    norm: Floats


def reduce_rows(x: torch.Tensor, wide: torch.Tensor | None = None) -> Reductions:
    """The reductions of each row of a (layers, values) tensor; mean and norm in the precision of `wide`, its copy."""
    wide = x if wide is None else wide
    return reductions_of(x.amin(1), x.amax(1), wide.mean(1), torch.linalg.vector_norm(wide, dim=1))


def reductions_of(low: torch.Tensor, high: torch.Tensor, mean: torch.Tensor, norm: torch.Tensor) -> Reductions:
    """Four (layers,) tensors as reductions."""
    low_, high_, mean_, norm_ = _numbers(torch.stack((low.to(norm), high.to(norm), mean, norm)))
    return Reductions(low_, high_, mean_, norm_)


def count_true(mask: torch.Tensor) -> Counts:
    """How many are true in each row of a (layers, values) mask."""
    rows = mask.cpu().numpy()
    if not np.count_nonzero(rows):
        return np.zeros(len(rows), dtype=np.int64)
    return np.array([np.count_nonzero(row) for row in rows], dtype=np.int64)


def count_zeros(x: torch.Tensor) -> Counts:
    """How many values of each row are exactly 0. On the CPU by numpy, which compares ten times as fast as torch."""
    mask = scratch(x.shape, torch.bool, x.device, "mask")
    if x.device.type == "cpu":
        np.equal(x.numpy(), 0, out=mask.numpy())
        return count_true(mask)
    return count_true(torch.eq(x, 0, out=mask))


def count_below(x: torch.Tensor, bounds: torch.Tensor) -> Counts:
    """How many values of each row are below its bound, (layers, 1)."""
    mask = scratch(x.shape, torch.bool, x.device, "mask")
    if x.device.type == "cpu":
        np.less(x.numpy(), bounds.numpy(), out=mask.numpy())
        return count_true(mask)
    return count_true(torch.lt(x, bounds, out=mask))


def _safe(peak: Floats, limits: tuple[float, float]) -> bool:
    """Whether squares of values up to these peaks neither overflow nor vanish. nan and inf are not."""
    return bool(np.all((peak == 0) | ((peak > limits[0]) & (peak < limits[1]))))


def _numbers(tensor: torch.Tensor) -> Floats:
    return tensor.cpu().double().numpy()


def _moments(x: torch.Tensor, found: Reductions) -> tuple[Floats, Floats, Floats]:
    """Mean, std and rms of each row of a finite (layers, values) float tensor whose squares are in range."""
    count = x.shape[1]
    mean, rms = found.mean, found.norm / math.sqrt(count)
    if x.dtype == torch.float32 and bool(np.all(mean**2 <= HARMLESS * rms**2)):
        return mean, np.sqrt((rms**2 - mean**2) * count / max(1, count - 1)), rms
    away = x - torch.from_numpy(mean).to(x)[:, None]
    return mean, _numbers(torch.linalg.vector_norm(away, dim=1)) / math.sqrt(max(1, count - 1)), rms


def _moments_at_extremes(x: torch.Tensor) -> tuple[float, float, float]:
    """Mean, std and rms of the finite values of one row, scaled by a power of two into the middle of float64."""
    row = x.double()
    row = row[torch.isfinite(row)]
    if not row.numel():
        return math.nan, math.nan, math.nan
    peak = float(row.abs().max())
    _, exponent = math.frexp(peak)
    halves = (-exponent // 2, -exponent - -exponent // 2)
    scaled = row * 2.0 ** halves[0] * 2.0 ** halves[1]
    mean, std, rms = _moments(scaled[None], reduce_rows(scaled[None]))

    def back(value: float) -> float:
        try:
            return math.ldexp(value, exponent)
        except OverflowError:
            return math.inf

    return back(float(mean[0])), back(float(std[0])), back(float(rms[0]))


def _finite_range(x: torch.Tensor, low: Floats, high: Floats) -> tuple[Floats, Floats, bool]:
    """The extremes of each row's finite values, from those of all its values, and whether all are finite."""
    odd = np.flatnonzero(~(np.isfinite(low) & np.isfinite(high)))
    for row in odd:
        finite = x[row][torch.isfinite(x[row])]
        low[row] = float(finite.min()) if finite.numel() else math.nan
        high[row] = float(finite.max()) if finite.numel() else math.nan
    return low, high, not len(odd)


def measure(stack: torch.Tensor, quick: bool = False, found: Reductions | None = None) -> StatisticsTable:
    """The statistics of each layer of a (layers, ...) stack; `quick` leaves near zero and subnormal uncounted.

    `found` holds the reductions of a float32 stack where somebody has made them already.
    """
    original = stack.detach().reshape(len(stack), -1)
    x = original if original.dtype in (torch.float32, torch.float64) else original.float()
    layers, count = x.shape
    wide = x if quick and x.dtype == torch.float32 else x.double()
    found = found or reduce_rows(x, wide)
    low, high, finite = _finite_range(x, found.low, found.high)
    peak = np.fmax(np.abs(low), np.abs(high))
    if finite and wide.dtype == torch.float32 and not _safe(peak, SAFE_FLOAT32):
        wide = x.double()
        found = reduce_rows(x, wide)
    if finite and _safe(peak, SAFE_FLOAT32 if wide.dtype == torch.float32 else SAFE_FLOAT64):
        mean, std, rms = _moments(wide, found)
    else:
        rows = [_moments_at_extremes(row) for row in x]
        mean, std, rms = (np.array([row[i] for row in rows]) for i in range(3))
    none = np.zeros(layers, dtype=np.int64)
    nans = none if finite else count_true(torch.isnan(x))
    infs = none if finite else count_true(torch.isinf(x))
    zeros = count_zeros(x) if bool(np.any((low <= 0) & (high >= 0))) else none
    near, subnormal = (none, none) if quick else _small_counts(x, original.dtype, rms, zeros)
    counts = np.full(layers, count, dtype=np.int64)
    return StatisticsTable(counts, mean, std, rms, low, high, zeros, near, nans, infs, subnormal)


def _small_counts(x: torch.Tensor, dtype: torch.dtype, rms: Floats, zeros: Counts) -> tuple[Counts, Counts]:
    """How many values of each row are near zero, and how many are subnormal in the dtype they came in."""
    magnitude = x.abs()
    threshold = torch.from_numpy(np.nan_to_num(rms * NEAR_ZERO)).to(x)[:, None]
    near = count_below(magnitude, threshold) - np.where(threshold[:, 0].cpu().numpy() > 0, zeros, 0)
    tiny = torch.finfo(dtype).tiny if dtype.is_floating_point else 0.0
    if not tiny:
        return near, np.zeros(len(x), dtype=np.int64)
    return near, count_below(magnitude, torch.full_like(threshold, tiny)) - zeros


def joined(tables: Sequence[StatisticsTable]) -> StatisticsTable:
    """The tables of consecutive layers as one, without histograms."""
    if len(tables) == 1:
        return tables[0]
    columns = {
        field.name: np.concatenate([getattr(table, field.name) for table in tables])
        for field in fields(StatisticsTable)
        if field.name != "histograms"
    }
    return StatisticsTable(**columns, histograms=None)


def measure_stacks(
    stacks: Iterable[tuple[int, torch.Tensor]], quick: bool = False, found: Mapping[int, Reductions] | None = None
) -> StatisticsTable:
    """The statistics of all layers of some stacks, in their order; `found`: reductions by a stack's first layer."""
    if found:
        return joined([measure(stack, quick, found.get(start)) for start, stack in stacks])
    at_once = 2**40 if quick else CACHED
    return joined(
        [
            measure(part, quick)
            for _start, stack in stacks
            for part in torch.split(stack, max(1, at_once // max(1, stack[0].numel())))
        ]
    )


def measure_layers(tensors: Sequence[torch.Tensor], quick: bool = False) -> StatisticsTable:
    """The statistics of a tensor a layer, of whatever shapes."""
    return measure_stacks(stacked(tensors), quick)


def describe_tensor(tensor: torch.Tensor, scale: str = "log") -> TensorStatistics:
    """The statistics of one tensor of any shape, with a histogram of all its values; an empty tensor's are nan."""
    if not tensor.numel():
        nan = math.nan
        return TensorStatistics(0, nan, nan, nan, nan, nan, nan, nan, 0, 0, 0)
    stack = tensor.detach().reshape(1, -1)
    table = measure(stack)
    axis = choose_axis(scale, table.rms, table.minimum, table.maximum)
    numbers = stack if stack.is_floating_point() else stack.double()
    histograms = count_layers([numbers], axis)
    return replace(table, histograms=histograms).layer(0)
