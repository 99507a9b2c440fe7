"""Histograms of values for many layers on one axis, and of magnitudes over training steps.

Three axes: "log" counts |a| by decades, "linear" the value itself, "signed_log" sign and magnitude with zero in the
middle. Exact zeros, nan and inf are never in a bin; values off the axis are counted as below or above.

A float32 is sign, exponent, mantissa; its exponent and first mantissa bit number the half octaves [2^e, 1.5 * 2^e) and
[1.5 * 2^e, 2^(e + 1)). Counting them needs no logarithm, so every training step can count all layers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from playground.models.network.arrays import Counts, Floats
from playground.models.network.measure.reductions import as_floats, count_zeros, stacked

SCALES = ("log", "linear", "signed_log")
SAMPLE = 2048
"""How many values of a layer are counted while the hand is dragging: of "dragging a network of 50 x 100 x 200", that
saves a third."""
RUN = 16
MOST_ROWS = 256
LINEAR_ROWS = 128
EDGE = 1e-6
"""Values closer than this share of the axis to its ends count as on it: the ends are rounded values themselves."""
ROUNDED = (1e-7, 3e-5)
"""float32 rounding near the axis's end: the relative error of the logarithm, and the error of the place in bins."""
NARROW = 1e-9
"""A linear axis must be wider than this share of its values: bins of a few rounding errors would show only rounding."""
FAR = 4
"""If a linear axis starts more than this many of its lengths from 0, float32 has no digits left for the bins."""
DECADES_BELOW = 3


@dataclass(frozen=True, slots=True)
class Axis:
    """`rows` equal bins from `low` to `high` in the coordinate of the scale.

    log: log10 |a|. linear: a / unit. signed_log: sign(a) (log10 |a| - floor), 0 for everything below the floor.
    """

    scale: str
    low: float
    high: float
    rows: int
    floor: float = 0.0
    unit: float = 1.0

    def value(self, position: float) -> float:
        """The value at a coordinate: `Axis("log", -3, 1, 64).value(-2)` is 0.01."""
        if self.scale == "log":
            return float(10.0 ** min(position, 308.0))
        if self.scale == "linear":
            return position * self.unit
        if position == 0:
            return 0.0
        return math.copysign(10.0 ** min(abs(position) + self.floor, 308.0), position)

    def position(self, value: float) -> float:
        """The coordinate of a value; nan if the scale has no place for it (0 on the log scale)."""
        if self.scale == "linear":
            return value / self.unit
        if value == 0 or not math.isfinite(value):
            return 0.0 if self.scale == "signed_log" and value == 0 else math.nan
        if self.scale == "log":
            return math.log10(abs(value))
        return math.copysign(max(0.0, math.log10(abs(value)) - self.floor), value)

    def edges(self) -> Floats:
        """The `rows` + 1 bin edges as values."""
        positions = np.linspace(self.low, self.high, self.rows + 1)
        return np.array([self.value(float(p)) for p in positions])


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """Counts between edges (one more than counts), and the values below and above; `sampled` is the sample size."""

    axis: Axis
    counts: Counts
    below: int
    above: int
    sampled: int = 0

    @property
    def edges(self) -> Floats:
        """The bin edges as values: of |a| on the log scale."""
        return self.axis.edges()


@dataclass(frozen=True, slots=True, eq=False)
class HistogramTable:
    """One histogram per layer on a shared axis: `counts` is (layers, rows); `sampled` values per layer, 0 for all."""

    axis: Axis
    counts: Counts
    below: Counts
    above: Counts
    sampled: int = 0

    def part(self, layers: list[int]) -> HistogramTable:
        """Those of some of the layers, on the same axis."""
        return HistogramTable(self.axis, self.counts[layers], self.below[layers], self.above[layers], self.sampled)

    def layer(self, index: int) -> Histogram:
        """The histogram of layer `index`, from 0."""
        return Histogram(self.axis, self.counts[index], int(self.below[index]), int(self.above[index]), self.sampled)


def choose_axis(scale: str, rms: Floats, minimum: Floats, maximum: Floats) -> Axis:
    """The axis for all layers: on the log scale from 3 decades below the smallest rms to the largest |a|."""
    peaks = np.fmax(np.abs(minimum), np.abs(maximum))
    peaks = peaks[np.isfinite(peaks) & (peaks > 0)]
    spreads = rms[np.isfinite(rms) & (rms > 0)]
    if not len(peaks) or not len(spreads):
        return Axis(scale, -1.0, 1.0, 32)
    floor = max(math.floor(math.log10(float(spreads.min()))) - DECADES_BELOW, -324)
    top = _top(math.log10(float(peaks.max())), floor)
    if scale == "linear":
        unit = 10.0 ** max(-300, min(307, top - 1))
        low = float(np.nanmin(minimum[np.isfinite(minimum)])) / unit
        high = float(np.nanmax(maximum[np.isfinite(maximum)])) / unit
        if high - low <= NARROW * max(abs(low), abs(high)):
            low, high = low - 0.5, high + 0.5
        return Axis(scale, low, high, LINEAR_ROWS, unit=unit)
    decades = max(1, top - floor)
    if scale == "log":
        return Axis(scale, floor, top, decades * _rows_per_decade(decades))
    return Axis(scale, -decades, decades, 2 * decades * _rows_per_decade(2 * decades), floor=floor)


def _top(peak: float, floor: int) -> int:
    """The decade at which an axis must end for a peak with this logarithm, so that rounding keeps it inside."""
    rows = _rows_per_decade(2 * max(1, math.ceil(peak) - floor))
    return math.ceil(peak + ROUNDED[0] * abs(peak) + ROUNDED[1] / rows)


def _rows_per_decade(decades: int) -> int:
    rows = 16
    while rows > 1 and rows * decades > MOST_ROWS:
        rows //= 2
    return rows


def _positions(axis: Axis, values: torch.Tensor) -> torch.Tensor:
    """The coordinate of every value, (layers, values); -inf or nan for values in no bin."""
    if axis.scale == "linear":
        return values * (1 / axis.unit) if axis.unit < 1e300 else values / axis.unit
    magnitude = values.abs().log_().mul_(1 / math.log(10))
    if axis.scale == "log":
        return magnitude
    away = magnitude.sub_(axis.floor).clamp_(min=0).nan_to_num_(0)
    position = away.copysign(values)
    return torch.where(values == 0, torch.nan, position)


def _count_magnitudes(values: torch.Tensor, axis: Axis) -> tuple[Counts, Counts, Counts]:
    """The log scale by numpy, which saves a fifth of "a network of 50 x 100 x 200, all statistics": its logarithm is
    many times as fast. What has none is moved below the axis, and taken off there."""
    layers, rows = len(values), axis.rows
    slots, scale = rows + 2, axis.rows / (axis.high - axis.low)
    magnitude = np.abs(values.numpy())
    off_axis = magnitude.dtype.type(10.0 ** max(axis.low - 1, -320.0))
    outside = magnitude == 0
    if not np.isfinite(magnitude.max()) or off_axis == 0:
        outside |= ~np.isfinite(magnitude)
        np.copyto(magnitude, np.inf, where=outside)
        moved = rows + 1
    else:
        np.maximum(magnitude, off_axis, out=magnitude)
        moved = 0
    index = np.log10(magnitude, out=magnitude)
    index *= scale
    index += 1 - axis.low * scale
    np.clip(index, 0, rows + 1, out=index)
    places = index.astype(np.intp)
    places += np.arange(0, layers * slots, slots)[:, None]
    table = np.bincount(places.ravel(), minlength=layers * slots).reshape(layers, slots)
    table[:, moved] -= [np.count_nonzero(row) for row in outside]
    return table[:, 1 : rows + 1], table[:, 0], table[:, rows + 1]


def _is_far(axis: Axis) -> bool:
    return axis.scale == "linear" and max(abs(axis.low), abs(axis.high)) > FAR * (axis.high - axis.low)


def count_values(stack: torch.Tensor, axis: Axis, sample: int = 0) -> tuple[Counts, Counts, Counts]:
    """(counts, below, above) of a (layers, ...) stack; with `sample`, of about that many evenly spaced values."""
    values = stack.detach().reshape(len(stack), -1)
    if sample and values.shape[1] > sample:
        values = _sampled(values, sample)
    values = as_floats(values)
    if axis.unit < 1e-37 or axis.unit > 1e37 or _is_far(axis):
        values = values.double()
    if axis.scale == "log" and values.device.type == "cpu":
        return _count_magnitudes(values, axis)
    layers, rows = len(values), axis.rows
    index = _positions(axis, values).sub_(axis.low).mul_(rows / (axis.high - axis.low))
    if axis.scale == "linear":
        index = torch.where((index - rows).abs() < EDGE * rows, rows - 0.5, index)
        index = torch.where(index.abs() < EDGE * rows, 0.5, index)
    nowhere = ~torch.isfinite(values) | (values == 0)
    index = index.clamp_(-1, rows).floor_().add_(1).nan_to_num_(rows + 2)
    index.masked_fill_(nowhere, rows + 2)
    slots = rows + 3
    flat = index.to(torch.int64) + torch.arange(0, layers * slots, slots, device=index.device)[:, None]
    table = torch.bincount(flat.view(-1), minlength=layers * slots).view(layers, slots).cpu().numpy()
    return table[:, 1 : rows + 1], table[:, 0], table[:, rows + 1]


def _sampled(values: torch.Tensor, sample: int) -> torch.Tensor:
    """About so many values of each row, in evenly spaced runs of RUN: reading a run costs no more than one value."""
    step = max(1, values.shape[1] * RUN // sample) | 1
    starts = values[:, : values.shape[1] - RUN + 1 : step]
    runs = values.as_strided((*starts.shape, RUN), (*starts.stride(), values.stride(1)), starts.storage_offset())
    return runs.flatten(1)


def count_layers(stacks: Iterable[torch.Tensor], axis: Axis, sample: int = 0) -> HistogramTable:
    """The histograms of consecutive stacks, joined in layer order."""
    parts = [count_values(stack, axis, sample) for stack in stacks]
    counts, below, above = (np.concatenate([part[i] for part in parts]) for i in range(3))
    return HistogramTable(axis, counts, below, above, sample)


LOW_OCTAVE, HIGH_OCTAVE = -60, 36
BINS = 2 * (HIGH_OCTAVE - LOW_OCTAVE)
ZERO, BELOW, ABOVE, NOT_FINITE = BINS, BINS + 1, BINS + 2, BINS + 3
SLOTS = BINS + 4
_BIAS = 127
_FIRST = 2 * (LOW_OCTAVE + _BIAS)
_LAST = 2 * (HIGH_OCTAVE + _BIAS)
_NOT_FINITE = 2 * 255
KEYS = 512

StepCounts = NDArray[np.int32]


def count_magnitudes(layers: Sequence[torch.Tensor], check: Callable[[], None] | None = None) -> StepCounts:
    """(layers, SLOTS): counts for each layer by half octave of |value|, then zeros, below, above, and nan or inf.

    A float64 value is first rounded to float32, which only moves values across an edge they already touch, except
    beyond 3.4e38, where it counts as inf. `check()` is called periodically and may raise.
    """
    parts = []
    for _start, stack in stacked(layers):
        if check is not None:
            check()
        values = stack.reshape(len(stack), -1).float().contiguous().cpu()
        # Shift the sign out to the left, the rest of the mantissa to the right; the shift fills in ones for negatives.
        keys = values.view(torch.int32).bitwise_left_shift(1).bitwise_right_shift_(23).bitwise_and_(KEYS - 1)
        keys += torch.arange(0, len(stack) * KEYS, KEYS, dtype=torch.int32)[:, None]
        counts = torch.bincount(keys.view(-1), minlength=len(stack) * KEYS).view(len(stack), KEYS).numpy()
        parts.append(_slots(counts, count_zeros(values)))
    return np.concatenate(parts)


def _slots(counts: NDArray[np.int64], zeros: NDArray[np.int64]) -> StepCounts:
    slots = np.zeros((len(counts), SLOTS), dtype=np.int32)
    slots[:, :BINS] = counts[:, _FIRST:_LAST]
    slots[:, ZERO] = zeros
    slots[:, BELOW] = counts[:, :_FIRST].sum(1) - zeros
    slots[:, ABOVE] = counts[:, _LAST:_NOT_FINITE].sum(1)
    slots[:, NOT_FINITE] = counts[:, _NOT_FINITE:].sum(1)
    return slots
