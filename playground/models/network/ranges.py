"""The ranges of the plots' axes, in exponents of ten: chosen from the numbers, still while the hand is dragging."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from playground.models.network.histograms import Axis
from playground.models.network.request import NetworkPageResult

Floats = NDArray[np.float64]
LEAST = 4
MARGIN = 0.4
"""The fewest decades of a range, and what is left beyond the last labels."""


@dataclass(frozen=True, slots=True)
class PlotRanges:
    """(low, high) of each plot: `values` in the coordinate of the distributions' scale, the others as exponents."""

    depth: int
    scale: str
    values: tuple[float, float]
    spread: tuple[float, float]
    gradients: tuple[float, float]


def decades(curves: Iterable[Floats], around_one: bool) -> tuple[float, float]:
    """Whole exponents that hold all positive finite numbers of the curves; with `around_one`, 0.5 to 2 as well."""
    known = [curve[np.isfinite(curve) & (curve > 0)] for curve in curves]
    numbers = np.concatenate([np.empty(0), *known])
    low = math.floor(math.log10(float(numbers.min()))) if len(numbers) else 0
    high = math.ceil(math.log10(float(numbers.max()))) if len(numbers) else 0
    if around_one:
        low, high = min(low, -1), max(high, 1)
    spare = LEAST - (high - low)
    if spare > 0:
        low, high = low - spare // 2, high + spare - spare // 2
    return low - MARGIN, high + MARGIN


def ranges_of(page: NetworkPageResult) -> PlotRanges:
    """The ranges that hold everything a page shows."""
    tables, prediction = page.network.tables, page.theory.prediction
    spread = [tables["activation"].rms, tables["activation"].std]
    gradients = [tables["activation_gradient"].rms, tables["weight_gradient"].rms]
    spread += [prediction.rms] if prediction.rms is not None else []
    for pin in page.pins:
        if pin.curves is not None:
            spread.append(pin.curves.rms)
            gradients += [pin.curves.activation_gradient, pin.curves.weight_gradient]
    if page.band is not None:
        spread += [page.band.low.rms, page.band.high.rms]
    histograms = tables[page.request.kind].histograms
    axis = histograms.axis if histograms is not None else Axis(page.request.scale, -1, 1, 1)
    return PlotRanges(
        page.network.depth,
        axis.scale,
        (axis.low * axis.unit, axis.high * axis.unit) if axis.scale == "linear" else (axis.low, axis.high),
        decades(spread, around_one=True),
        decades(gradients, around_one=False),
    )


def held(before: PlotRanges | None, now: PlotRanges, moving: bool) -> PlotRanges:
    """While the hand drags, the ranges before, grown only where the numbers leave them; the new ones otherwise."""
    if before is None or not moving or before.scale != now.scale:
        return now
    return _grown(before, now)


def _grown(before: PlotRanges, now: PlotRanges) -> PlotRanges:
    def both(old: tuple[float, float], new: tuple[float, float]) -> tuple[float, float]:
        return min(old[0], new[0]), max(old[1], new[1])

    return PlotRanges(
        now.depth,
        now.scale,
        both(before.values, now.values),
        both(before.spread, now.spread),
        both(before.gradients, now.gradients),
    )
