"""Mean, std and rms of each row of a (layers, values) table, in the precision that its values need.

`short_moments` sums in float32, which works if no square overflows or vanishes. `wide_moments` works for every value
of every dtype: in float64, scaled by powers of two if needed, ignoring nan and inf.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from playground.models.network.arrays import Counts, Floats
from playground.models.network.measure.reductions import count_nans, count_true, mask_of, numbers, sum_rows

SAFE_FLOAT32 = (1e-12, 1e12)
SAFE_FLOAT64 = (1e-100, 1e100)
HARMLESS = 0.9
"""Up to this share of the mean square, the square of the mean can be subtracted from it without losing digits."""


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Columns of numbers, each (layers,); `std` is torch's, divided by count - 1."""

    mean: Floats
    std: Floats
    rms: Floats

    @property
    def columns(self) -> tuple[Floats, Floats, Floats]:
        """Mean, std, rms."""
        return self.mean, self.std, self.rms


@dataclass(frozen=True, slots=True, eq=False)
class FiniteRange:
    """The extremes of each row's finite values, nan if there are none, and the counts of nan and inf."""

    low: Floats
    high: Floats
    nans: Counts
    infs: Counts


def is_safe(peak: Floats, limits: tuple[float, float]) -> NDArray[np.bool_]:
    """True for each peak if squares of values up to it neither overflow nor vanish; False for nan and inf."""
    return np.asarray((peak == 0) | ((peak > limits[0]) & (peak < limits[1])), dtype=np.bool_)


def finite_range(x: torch.Tensor, low: Floats, high: Floats) -> FiniteRange:
    """The finite extremes of each row, from the extremes of all its values."""
    nans, infs = np.zeros((2, len(x)), dtype=np.int64)
    known = np.isfinite(low) & np.isfinite(high)
    if not known.all():
        odd = np.flatnonzero(~known)
        low, high = low.copy(), high.copy()
        rows = rows_at(x, odd)
        nans[odd] = count_nans(rows)
        finite = mask_of(rows, np.isfinite, torch.isfinite)
        infs[odd] = x.shape[1] - count_true(finite) - nans[odd]
        low[odd], high[odd] = _extremes_where(rows, finite)
    return FiniteRange(low, high, nans, infs)


def _extremes_where(rows: torch.Tensor, finite: torch.Tensor) -> tuple[Floats, Floats]:
    """The extremes of the marked values in each row, nan if none is marked."""
    if not finite.any():
        nothing = np.full(len(rows), math.nan)
        return nothing, nothing
    low = numbers(torch.where(finite, rows, math.inf).amin(1))
    high = numbers(torch.where(finite, rows, -math.inf).amax(1))
    return np.where(low <= high, low, math.nan), np.where(low <= high, high, math.nan)


def rows_at(x: torch.Tensor, places: NDArray[np.intp]) -> torch.Tensor:
    """The rows at some places, in rising order; without a copy if they are consecutive."""
    first, last = int(places[0]), int(places[-1])
    if last - first == len(places) - 1:
        return x[first : last + 1]
    return x[torch.from_numpy(places).to(x.device)]


def short_moments(x: torch.Tensor, mean: Floats, norm: Floats) -> Moments:
    """For float32 values with squares in range, from each row's mean and norm: about six digits."""
    count = x.shape[1]
    rms = norm / math.sqrt(count)
    away = np.maximum(0, rms**2 - mean**2) * count
    rows = np.flatnonzero(mean**2 > HARMLESS * rms**2)
    if len(rows):
        narrow = rows_at(x, rows) - torch.from_numpy(mean[rows]).to(x)[:, None]
        narrow -= narrow.mean(1, keepdim=True)  # the mean itself was rounded, by more than the width of a narrow row
        away[rows] = sum_rows(narrow)[1] ** 2
    return Moments(mean, np.sqrt(away / max(1, count - 1)), rms)


def wide_moments(x: torch.Tensor, peak: Floats, lost: Counts) -> Moments:
    """Of the finite values of each row; `peak` is their largest magnitude, `lost` counts the others."""
    count = x.shape[1] - lost
    exponents = _exponents(peak)
    finite = mask_of(x, np.isfinite, torch.isfinite) if lost.any() else None
    wide = _times_powers(widened(x, finite), exponents)
    average, norm = sum_rows(wide)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        mean, square = average * (x.shape[1] / count), norm**2 / count
        std = np.sqrt(_squares_away(wide, finite, mean, count) / np.maximum(1, count - 1))
        rms = np.minimum(np.ldexp(np.sqrt(square), exponents), peak)  # no rounding takes it beyond the largest float
        return Moments(np.clip(np.ldexp(mean, exponents), -peak, peak), np.ldexp(std, exponents), rms)


def _squares_away(wide: torch.Tensor, finite: torch.Tensor | None, mean: Floats, count: Counts) -> Floats:
    """The sum of the squared distances of each row's finite values from their mean."""
    away = wide - torch.from_numpy(mean).to(wide)[:, None]
    left, norm = sum_rows(away if finite is None else torch.where(finite, away, 0))
    missed = left * wide.shape[1]  # the mean itself was rounded
    return np.maximum(0, norm**2 - missed**2 / count)


def widened(x: torch.Tensor, finite: torch.Tensor | None = None) -> torch.Tensor:
    """The values in float64, 0 for those that are not marked as finite."""
    if finite is not None:
        return torch.where(finite, x, 0).double()
    return x.double()


def scaled_rows(x: torch.Tensor, peak: Floats) -> tuple[torch.Tensor, NDArray[np.int32]]:
    """Scale rows with squares outside float64's range by the power of two that takes their peak to about 1; returns
    the exponents to scale back."""
    exponents = _exponents(peak)
    return _times_powers(x, exponents), exponents


def _exponents(peak: Floats) -> NDArray[np.int32]:
    """The exponents of the peaks, if not all squares are safe without scaling."""
    known = np.nan_to_num(peak)
    if is_safe(known, SAFE_FLOAT64).all():
        return np.zeros(len(peak), dtype=np.int32)
    return np.asarray(np.frexp(known)[1], dtype=np.int32)


def _times_powers(x: torch.Tensor, exponents: NDArray[np.int32]) -> torch.Tensor:
    """Each row divided by a power of two, in two steps, since a factor may itself be out of range."""
    if not exponents.any():
        return x
    half = -exponents // 2
    for part in (half, -exponents - half):
        x = x * torch.from_numpy(np.ldexp(1.0, part)).to(x).view(-1, *[1] * (x.dim() - 1))
    return x
