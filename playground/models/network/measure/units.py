"""What only a batch of activations tells: dead units, saturation, and how much inputs still differ."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from playground.models.network.arrays import Counts, Floats
from playground.models.network.measure.moments import SAFE_FLOAT32, is_safe, rows_at, scaled_rows, widened
from playground.models.network.measure.reductions import (
    add_rows,
    as_floats,
    count_true,
    extremes_of,
    mask_of,
    numbers,
    sum_rows,
)
from playground.models.network.spec.activations import saturation_bounds
from playground.models.network.spec.devices import summable

KEEPS_DIGITS = 0.02
"""A difference of float32 sums of at least this share of them has four digits or more."""
FAINT = {np.dtype(np.float32): 1e-15, np.dtype(np.float64): 1e-140}
"""Below this norm, squares in a row have vanished, by the dtype of the sum."""


@dataclass(frozen=True, slots=True, eq=False)
class UnitTable:
    """One number a layer, each (layers,), nan where it was not measured.

    `count`: the units, 0 where none are told apart. `dead`: share of units that are 0 for every input. `saturated`:
    share of values where the activation's slope stays below 1 % of its steepest. `spread`: root mean square over the
    units of the std over the inputs. `cosine`: mean cosine between two different inputs' activations, inputs of all
    zeros left out; nan for fewer than two.
    """

    count: Counts
    dead: Floats
    saturated: Floats
    spread: Floats
    cosine: Floats

    def part(self, layers: list[int]) -> UnitTable:
        """Some of the layers."""
        columns = (self.count, self.dead, self.saturated, self.spread, self.cosine)
        return UnitTable(*(column[layers] for column in columns))  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, eq=False)
class UnitPart:
    """Dead units, spread and cosine of consecutive layers, (layers,) each."""

    dead: Floats
    spread: Floats
    cosine: Floats


def measure_units(activations: torch.Tensor, quick: bool = False) -> UnitPart:
    """What a (layers, batch, width) stack tells, safe at the extremes of float32 and float64."""
    x = summable(activations.detach())
    low, high = extremes_of(x.flatten(1))
    peak = np.maximum(np.abs(low), np.abs(high))
    short = is_safe(peak, SAFE_FLOAT32) & (quick and x.dtype == torch.float32)
    columns = np.empty((3, len(x)))
    for measured, rows in ((_measure_short, np.flatnonzero(short)), (_measure_wide, np.flatnonzero(~short))):
        if len(rows):
            columns[:, rows] = measured(rows_at(x, rows), low[rows], peak[rows])
    return UnitPart(*columns)


def _measure_short(x: torch.Tensor, low: Floats, _peak: Floats) -> tuple[Floats, Floats, Floats]:
    """Float32 values whose squares are in range, summed in float32."""
    norms = row_norms(x)
    totals, cosines = _sums(x, norms, x)
    squares = np.square(norms, dtype=np.float64).sum(1)
    spread = _squared_spread(x, squares, totals / x.shape[1]) / _spread_count(x)
    return _dead(x, totals, bool((low >= 0).all())), np.sqrt(spread), cosines


def _measure_wide(x: torch.Tensor, low: Floats, peak: Floats) -> tuple[Floats, Floats, Floats]:
    """Dead units, spread and cosine in float64, the rows scaled where their squares would leave it."""
    scaled, exponents = scaled_rows(widened(x), np.where(np.isfinite(peak), peak, 1.0))
    totals, cosines = _sums(scaled, row_norms(scaled), x)
    spread = _exact_spread(scaled) / _spread_count(x)
    with np.errstate(over="ignore", invalid="ignore"):
        spreads = np.ldexp(np.sqrt(spread), exponents)
    nothing_vanishes = bool((low >= 0).all()) and not exponents.any()
    return _dead(x, totals, nothing_vanishes), spreads, cosines


def row_norms(x: torch.Tensor) -> NDArray[np.floating]:
    """The Euclidean norm of each last row of a (layers, rows, values) tensor, in its dtype: (layers, rows)."""
    norms: NDArray[np.floating] = torch.linalg.vector_norm(x, dim=2).cpu().numpy()
    return norms


def _spread_count(x: torch.Tensor) -> int:
    return max(1, x.shape[1] - 1) * x.shape[2]


def _sums(x: torch.Tensor, norms: NDArray[np.floating], unscaled: torch.Tensor) -> tuple[Floats, Floats]:
    """The sum of each layer's rows, (layers, width), and the mean cosine between two of them, (layers,), in one pass:
    rows are divided by their norms, ignoring rows of zeros. Values lost in scaling are taken from `unscaled`."""
    clear = norms >= FAINT[norms.dtype]
    shares = np.zeros((len(x), 2, x.shape[1]), dtype=norms.dtype)
    shares[:, 0] = 1
    np.divide(1, norms, out=shares[:, 1], where=clear)
    sums = add_rows(torch.from_numpy(shares).to(x), x)
    directions, rows = sums[:, 1], clear.sum(1)
    faint = np.nonzero((norms < FAINT[norms.dtype]) & (norms.max(1) > 0)[:, None])
    if len(faint[0]):
        _add_faint(unscaled, faint, directions, rows)
    return sums[:, 0], _cosines(directions, rows)


def _add_faint(x: torch.Tensor, places: tuple[NDArray[np.intp], ...], directions: Floats, rows: Counts) -> None:
    """Add the directions of rows so far below their layer's peak that their squares vanished, unless all 0."""
    layers, within = (torch.from_numpy(place).to(x.device) for place in places)
    found = x[layers, within].double()
    peak = numbers(found.abs().amax(1))
    scaled, _exponents = scaled_rows(found, peak)
    kept = peak > 0
    units = numbers(scaled)[kept]
    np.add.at(directions, places[0][kept], units / np.linalg.norm(units, axis=1, keepdims=True))
    np.add.at(rows, places[0][kept], 1)


def _dead(x: torch.Tensor, totals: Floats, adds_up: bool) -> Floats:
    """The share of units that are 0 for every input: their totals are 0, which is enough if nothing cancels."""
    zero = totals == 0
    if not adds_up and zero.any():
        zero &= ((x.amax(1) == 0) & (x.amin(1) == 0)).cpu().numpy()
    return np.asarray(zero.mean(1), dtype=np.float64)


def _squared_spread(x: torch.Tensor, squares: Floats, means: Floats) -> Floats:
    """The sum of squared deviations from each unit's mean: by subtraction if that keeps float32's digits."""
    left: Floats = squares - x.shape[1] * np.square(means).sum(1)
    lost = np.flatnonzero(~(left >= KEEPS_DIGITS * squares))
    if len(lost):
        left[lost] = _exact_spread(rows_at(x, lost))
    return left


def _exact_spread(x: torch.Tensor) -> Floats:
    """From the differences to the first input, which are exactly 0 if all inputs give the same."""
    away = x - x[:, :1]
    away -= away.mean(1, keepdim=True)
    return np.square(sum_rows(away.flatten(1))[1])


def _cosines(directions: Floats, rows: Counts) -> Floats:
    """The mean cosine over all pairs of different rows: (|sum of unit rows|^2 - n) / (n (n - 1))."""
    square = np.square(directions).sum(1)
    with np.errstate(invalid="ignore", divide="ignore"):
        cosine = (square - rows) / (rows * (rows - 1))
    return np.where(rows > 1, np.clip(cosine, -1, 1), math.nan)


def measure_saturation(preactivations: torch.Tensor, activation: str, low: Floats, high: Floats) -> Floats:
    """The saturated share of a (layers, batch, width) stack; `low` and `high` are its layers' extremes, or nan."""
    below, above = saturation_bounds(activation)
    z = as_floats(preactivations.detach().flatten(1))
    saturated = np.zeros(len(z), dtype=np.int64)
    unknown = ~(np.isfinite(low) & np.isfinite(high))
    if math.isfinite(below) and bool(np.any(unknown | (low <= below))):
        saturated += count_true(mask_of(z, np.less_equal, torch.le, below))
    if math.isfinite(above) and bool(np.any(unknown | (high >= above))):
        saturated += count_true(mask_of(z, np.greater_equal, torch.ge, above))
    return saturated / z.shape[1]
