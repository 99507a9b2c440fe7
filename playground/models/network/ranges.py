"""The ranges of the plots' axes, in exponents of ten: chosen from the numbers, still while the hand is dragging."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch

from playground.models.network.arrays import Floats
from playground.models.network.histograms import Axis
from playground.models.network.request import NetworkPageResult
from playground.models.words import digits

LEAST = 4
MARGIN = 0.4
HEADROOM = 0.12
"""The fewest decades of a range, what is left beyond the last labels, and the share left above the largest value."""
REACH = 100.0
"""How far theory is followed beyond the ends of the number type, where no measured value can be."""


@dataclass(frozen=True, slots=True)
class Span:
    """What an axis shows, and what the numbers on it need."""

    low: float
    high: float
    least: float
    most: float

    def held(self, now: Span) -> Span:
        """This range, each end moved to that of `now` only where the numbers of `now` leave it."""
        low = self.low if now.least >= self.low else now.low
        high = self.high if now.most <= self.high else now.high
        return Span(low, high, now.least, now.most)


@dataclass(frozen=True, slots=True)
class PlotRanges:
    """The range of each plot: `values` in the coordinate of the distributions' scale, the others as exponents."""

    depth: int
    scale: str
    values: Span
    spread: Span
    gradients: Span


def decades(curves: Iterable[Floats], around_one: bool) -> Span:
    """Whole exponents that hold all positive finite numbers of the curves; with `around_one`, 0.1 to 10 too."""
    known = [curve[np.isfinite(curve) & (curve > 0)] for curve in curves]
    numbers = np.concatenate([np.empty(0), *known])
    least = math.log10(float(numbers.min())) if len(numbers) else 0.0
    most = math.log10(float(numbers.max())) if len(numbers) else 0.0
    low, high = math.floor(least), math.ceil(most)
    if around_one:
        low, high = min(low, -1), max(high, 1)
    spare = max(0, LEAST - (high - low))
    return Span(low - spare // 2 - MARGIN, high + spare - spare // 2 + MARGIN, least, most)


@dataclass(frozen=True, slots=True)
class End:
    """A positive number beyond which a number type has none, and that in words: "float16 ends at 65504"."""

    value: float
    words: str


def ends_of(page: NetworkPageResult) -> tuple[End, ...]:
    """The smallest and the largest number of the network's dtype; none for a watched module, which may mix them."""
    if not page.network.batch:
        return ()
    dtype = page.network.spec.torch_dtype
    known = torch.finfo(dtype)
    return tuple(
        End(value, f"{page.network.spec.dtype} ends at {digits(value)}")
        for value in (known.smallest_normal * known.eps, known.max)
    )


def near_ends(page: NetworkPageResult, curves: Iterable[Floats]) -> tuple[End, ...]:
    """The ends of the number type that these curves come near or pass; those of pinned networks have other types."""
    known = [curve[np.isfinite(curve) & (curve > 0)] for curve in (within_reach(curve, page) for curve in curves)]
    numbers = np.concatenate([np.empty(0), *known])
    if not len(numbers):
        return ()
    low, high = float(numbers.min()), float(numbers.max())
    return tuple(end for end in ends_of(page) if low / REACH <= end.value <= high * REACH)


def within_reach(curve: Floats, page: NetworkPageResult) -> Floats:
    """What theory says, cut off a little beyond the ends of the number type."""
    if page.network.spec.dtype == "float64" or not ends_of(page):
        return curve
    smallest, largest = (end.value for end in ends_of(page))
    known = np.isfinite(curve) & (curve > 0)
    return np.where(known, np.clip(curve, smallest / REACH, largest * REACH), np.nan)


def ranges_of(page: NetworkPageResult) -> PlotRanges:
    """The ranges that hold everything a page shows."""
    tables, prediction = page.network.tables, page.theory.prediction
    spread = [tables["activation"].rms, tables["activation"].std]
    gradients = [tables["activation_gradient"].rms, tables["weight_gradient"].rms]
    spread += [within_reach(prediction.rms, page)] if prediction.rms is not None else []
    for pin in page.pins:
        if pin.curves is not None:
            depth = page.network.depth  # a pinned network may go on where nothing of it is drawn
            spread.append(pin.curves.rms[:depth])
            gradients += [pin.curves.activation_gradient[:depth], pin.curves.weight_gradient[:depth]]
    if page.band is not None:
        spread += [page.band.low.rms, page.band.high.rms]
    histograms = tables[page.request.kind].histograms
    axis = histograms.axis if histograms is not None else Axis(page.request.scale, -1, 1, 1)
    unit = axis.unit if axis.scale == "linear" else 1.0
    low, high = axis.low * unit, axis.high * unit
    return PlotRanges(
        page.network.depth,
        axis.scale,
        Span(low, high + HEADROOM * (high - low), low, high),
        decades(spread, around_one=True),
        decades(gradients, around_one=False),
    )


def held(before: PlotRanges | None, now: PlotRanges, moving: bool) -> PlotRanges:
    """While the hand drags, the ranges before, grown only where the numbers leave them; the new ones otherwise."""
    if before is None or not moving or before.scale != now.scale:
        return now
    return PlotRanges(
        now.depth,
        now.scale,
        before.values.held(now.values),
        before.spread.held(now.spread),
        before.gradients.held(now.gradients),
    )
