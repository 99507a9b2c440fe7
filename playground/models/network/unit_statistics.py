"""What only a batch of activations tells: dead units, saturation, how far inputs still differ."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from playground.models.network.activations import saturation_bounds
from playground.models.network.layer_statistics import count_true

Floats = NDArray[np.float64]


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


def measure_units(activations: torch.Tensor, quick: bool = False) -> tuple[Floats, Floats, Floats]:
    """(dead, spread, cosine) of a (layers, batch, width) stack, safe at the extremes of float32 and float64."""
    x = activations.detach()
    high, low = x.amax(1), x.amin(1)
    dead = ((high == 0) & (low == 0)).double().mean(1).cpu().numpy()
    peak = torch.maximum(high.abs().amax(1), low.abs().amax(1)).double().cpu().numpy()
    usual = bool(np.all((peak > 1e-12) & (peak < 1e12)))
    wide = x if quick and usual and x.dtype == torch.float32 else x.double()
    if not usual:
        exponents = np.frexp(np.where(np.isfinite(peak), peak, 1.0))[1]
        wide = torch.ldexp(wide, torch.from_numpy(-exponents).to(x.device)[:, None, None])
    else:
        exponents = np.zeros(len(x), dtype=np.int32)
    batch, width = x.shape[1:]
    means = wide.mean(1, keepdim=True)
    spread = torch.linalg.vector_norm(wide - means, dim=(1, 2)) / math.sqrt(max(1, batch - 1) * width)
    with np.errstate(over="ignore"):
        spreads = np.ldexp(spread.double().cpu().numpy(), exponents)
    return dead, spreads, _cosines(wide)


def _cosines(x: torch.Tensor) -> Floats:
    """The mean cosine over all pairs of different rows: (|sum of unit rows|^2 - n) / (n (n - 1))."""
    norms = torch.linalg.vector_norm(x, dim=2)
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
        saturated += count_true(z <= below)
    if math.isfinite(above) and bool(np.any(unknown | (high >= above))):
        saturated += count_true(z >= above)
    return saturated / count
