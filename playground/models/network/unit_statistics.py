"""What only a batch of activations tells: dead units, saturation, how far inputs still differ."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from playground.models.network.activations import saturation_bounds
from playground.models.network.layer_statistics import Reductions, count_true, reductions_of
from playground.models.network.stacks import scratch

Floats = NDArray[np.float64]
KEEPS_DIGITS = 0.02
"""A difference of float32 sums that is at least this share of them has four digits or more."""


@dataclass(frozen=True, slots=True, eq=False)
class UnitTable:
    """One number a layer, each (layers,).

    `dead`: share of units that are 0 for every input. `saturated`: share of values where the activation's slope stays
    below 1 % of its steepest. `spread`: root mean square over the units of the std over the inputs. `cosine`: mean
    cosine between two different inputs' activations, inputs of all zeros left out; nan for fewer than two.
    """

    dead: Floats
    saturated: Floats
    spread: Floats
    cosine: Floats


@dataclass(frozen=True, slots=True, eq=False)
class UnitPart:
    """Dead units, spread and cosine of consecutive layers, (layers,) each; `found`: what the same passes over the
    values tell of each layer, where they were made in float32."""

    dead: Floats
    spread: Floats
    cosine: Floats
    found: Reductions | None = None


def measure_units(activations: torch.Tensor, quick: bool = False) -> UnitPart:
    """What a (layers, batch, width) stack tells, safe at the extremes of float32 and float64."""
    x = activations.detach()
    highest, lowest = x.flatten(1).amax(1), x.flatten(1).amin(1)
    peak = torch.maximum(highest.abs(), lowest.abs()).double().cpu().numpy()
    usual = bool(np.all((peak > 1e-12) & (peak < 1e12)))
    is_short = quick and usual and x.dtype == torch.float32
    wide = x if is_short else x.double()
    if not usual:
        exponents = np.frexp(np.where(np.isfinite(peak), peak, 1.0))[1]
        wide = torch.ldexp(wide, torch.from_numpy(-exponents).to(x.device)[:, None, None])
    else:
        exponents = np.zeros(len(x), dtype=np.int32)
    batch, width = x.shape[1:]
    norms, totals = torch.linalg.vector_norm(wide, dim=2), wide.sum(1)
    means = totals / batch
    spread = _squared_spread(wide, norms, means) / (max(1, batch - 1) * width)
    with np.errstate(over="ignore", invalid="ignore"):
        spreads = np.ldexp(np.sqrt(spread), exponents)
    found = None
    if is_short:
        found = reductions_of(lowest, highest, means.mean(1), torch.linalg.vector_norm(norms, dim=1))
    dead = _dead(x, totals, bool((lowest >= 0).all()) and usual)
    return UnitPart(dead, spreads, _cosines(wide, norms), found)


def _dead(x: torch.Tensor, totals: torch.Tensor, adds_up: bool) -> Floats:
    """The share of units that are 0 for every input: their totals are, which is enough where nothing cancels."""
    zero = totals == 0
    if not adds_up and bool(zero.any()):
        zero &= (x.amax(1) == 0) & (x.amin(1) == 0)
    return np.asarray(zero.double().mean(1).cpu().numpy(), dtype=np.float64)


def _squared_spread(x: torch.Tensor, norms: torch.Tensor, means: torch.Tensor) -> Floats:
    """The sum of squared distances from each unit's mean: exact in float64; in float32 by difference where that keeps
    its digits."""
    if x.dtype == torch.float32:
        whole = norms.double().square().sum(1).cpu().numpy()
        left = whole - x.shape[1] * means.double().square().sum(1).cpu().numpy()
        if bool(np.all(left >= KEEPS_DIGITS * whole)):
            return np.asarray(left, dtype=np.float64)
    away = torch.linalg.vector_norm(x - means[:, None], dim=(1, 2))
    return np.asarray(away.double().square().cpu().numpy(), dtype=np.float64)


def _cosines(x: torch.Tensor, norms: torch.Tensor) -> Floats:
    """The mean cosine over all pairs of different rows: (|sum of unit rows|^2 - n) / (n (n - 1))."""
    inverse = torch.where(norms > 0, 1 / norms, 0)
    rows = (norms > 0).sum(1).double().cpu().numpy()
    total = torch.bmm(inverse[:, None, :], x)
    square = total.square().sum((1, 2)).double().cpu().numpy()
    with np.errstate(invalid="ignore", divide="ignore"):
        cosine = (square - rows) / (rows * (rows - 1))
    return np.where(rows > 1, np.clip(cosine, -1, 1), math.nan)


def measure_saturation(preactivations: torch.Tensor, activation: str, low: Floats, high: Floats) -> Floats:
    """The saturated share of a (layers, batch, width) stack; `low` and `high` are its layers' extremes."""
    below, above = saturation_bounds(activation)
    z = preactivations.detach().reshape(len(preactivations), -1)
    count = z.shape[1]
    saturated = np.zeros(len(z), dtype=np.int64)
    unknown = ~(np.isfinite(low) & np.isfinite(high))
    if math.isfinite(below) and bool(np.any(unknown | (low <= below))):
        saturated += _count(z, np.less_equal, below)
    if math.isfinite(above) and bool(np.any(unknown | (high >= above))):
        saturated += _count(z, np.greater_equal, above)
    return saturated / count


def _count(z: torch.Tensor, compare: np.ufunc, bound: float) -> NDArray[np.int64]:
    """How many values of each row lie beyond a bound."""
    numbers = z if z.dtype in (torch.float32, torch.float64) else z.float()
    mask = scratch(z.shape, torch.bool, torch.device("cpu"), "mask")
    compare(numbers.cpu().numpy(), bound, out=mask.numpy())
    return count_true(mask)
