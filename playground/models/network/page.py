"""What the Network page shows beside its plots: the table of pinned networks, the axis ranges, the status line."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch

from playground.models.formatting import bytes_in_words, count_in_words, digits
from playground.models.network.arrays import Floats
from playground.models.network.measure.histograms import Axis
from playground.models.network.pinned import PinnedResult, curves_of, setting_name
from playground.models.network.request import LayerPage, NetworkPageResult
from playground.models.network.spec.spec import DTYPES, NetworkSpec

HEADS = ("network", "verdict", "last rms", "gradient 1 / last", "zeros, last", "dead, last")
MEANINGS = (
    "What differs from the current network",
    "The verdict on its numbers",
    "rms of the last layer's activations",
    "RMS of the gradient at the first layer's activations, divided by that at the last layer's",
    "Share of the last layer's values that are exactly 0",
    "Share of the last layer's units that are 0 for every input",
)


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """A network: `mark` is the number of its ghost, "" for the current one; `cells` are the columns under `HEADS`."""

    mark: str
    spec: NetworkSpec
    cells: tuple[str, ...]
    severity: str
    verdict: str


def comparison(page: NetworkPageResult) -> tuple[ComparisonRow, ...]:
    """The current network first, then the pinned ones in their order."""
    spec, verdict = page.request.spec, page.verdict
    present = PinnedResult(
        spec, f"now: {setting_name(spec)}", curves_of(page.network), verdict.plain(), verdict.severity
    )
    return tuple(_row(str(place) if place else "", one) for place, one in enumerate((present, *page.pins)))


def _row(mark: str, one: PinnedResult) -> ComparisonRow:
    lead = one.verdict.partition(". ")[0].removesuffix(".")
    numbers = ("", "", "", "")
    if one.curves is not None:
        gradient = one.curves.activation_gradient
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = float(gradient[0] / gradient[-1])
        shares = (float(one.curves.zeros[-1]), float(one.curves.dead[-1]))
        numbers = (digits(float(one.curves.rms[-1])), digits(reach), f"{shares[0]:.0%}", f"{shares[1]:.0%}")
    return ComparisonRow(mark, one.spec, (one.name, lead, *numbers), one.severity, one.verdict)


LEAST = 4
MARGIN = 0.4
HEADROOM = 0.12
"""The fewest decades of a range, the margin beyond the last labels, and the headroom above the largest value."""
REACH = 100.0
"""How far theory is drawn beyond the limits of the number type, where there are no measured values."""


@dataclass(frozen=True, slots=True)
class AxisSpan:
    """The range an axis shows, and the range that its numbers need."""

    low: float
    high: float
    least: float
    most: float

    def held(self, now: AxisSpan) -> AxisSpan:
        """This range, with each end moved to that of `now` only if the numbers of `now` exceed it."""
        low = self.low if now.least >= self.low else now.low
        high = self.high if now.most <= self.high else now.high
        return AxisSpan(low, high, now.least, now.most)


@dataclass(frozen=True, slots=True)
class PlotRanges:
    """The range of each plot: `values` in the coordinate of the distributions' scale, the others as exponents."""

    depth: int
    scale: str
    values: AxisSpan
    spread: AxisSpan
    gradients: AxisSpan


def decades(curves: Iterable[Floats], around_one: bool) -> AxisSpan:
    """Whole exponents that include all positive finite numbers of the curves; with `around_one`, also 0.1 to 10."""
    known = [curve[np.isfinite(curve) & (curve > 0)] for curve in curves]
    numbers = np.concatenate([np.empty(0), *known])
    least = math.log10(float(numbers.min())) if len(numbers) else 0.0
    most = math.log10(float(numbers.max())) if len(numbers) else 0.0
    low, high = math.floor(least), math.ceil(most)
    if around_one:
        low, high = min(low, -1), max(high, 1)
    spare = max(0, LEAST - (high - low))
    return AxisSpan(low - spare // 2 - MARGIN, high + spare - spare // 2 + MARGIN, least, most)


@dataclass(frozen=True, slots=True)
class End:
    """A positive limit of a number type, and its text: "float16 ends at 65504"."""

    value: float
    words: str


def ends_of(page: LayerPage) -> tuple[End, ...]:
    """The smallest and the largest number of the network's dtype; none for a watched module that mixes several."""
    dtype = page.network.dtype
    if not dtype:
        return ()
    known = torch.finfo(DTYPES[dtype])
    ends = (known.smallest_normal * known.eps, known.max)
    return tuple(End(value, f"{dtype} ends at {digits(value)}") for value in ends)


def near_ends(page: LayerPage, curves: Iterable[Floats]) -> tuple[End, ...]:
    """The number type's limits that these curves approach or pass; pinned networks may have other types."""
    known = [curve[np.isfinite(curve) & (curve > 0)] for curve in (within_reach(curve, page) for curve in curves)]
    numbers = np.concatenate([np.empty(0), *known])
    if not len(numbers):
        return ()
    low, high = float(numbers.min()), float(numbers.max())
    return tuple(end for end in ends_of(page) if low / REACH <= end.value <= high * REACH)


def within_reach(curve: Floats, page: LayerPage) -> Floats:
    """The theory curve, cut off slightly beyond the limits of the number type."""
    if page.network.dtype == "float64" or not ends_of(page):
        return curve
    smallest, largest = (end.value for end in ends_of(page))
    known = np.isfinite(curve) & (curve > 0)
    return np.where(known, np.clip(curve, smallest / REACH, largest * REACH), np.nan)


def ranges_of(page: LayerPage) -> PlotRanges:
    """The ranges that include everything a page shows."""
    tables, predicted = page.network.tables, page.predicted_rms
    spread = [tables["activation"].rms, tables["activation"].std]
    gradients = [tables["activation_gradient"].rms, tables["weight_gradient"].rms]
    spread += [within_reach(predicted, page)] if predicted is not None else []
    for pin in page.pins:
        if pin.curves is not None:
            depth = page.network.depth  # a pinned network may extend beyond the part that is drawn
            spread.append(pin.curves.rms[:depth])
            gradients += [pin.curves.activation_gradient[:depth], pin.curves.weight_gradient[:depth]]
    if page.band is not None:
        spread += [page.band.low.rms, page.band.high.rms]
    histograms = tables[page.kind].histograms
    axis = histograms.axis if histograms is not None else Axis("log", -1, 1, 1)
    unit = axis.unit if axis.scale == "linear" else 1.0
    low, high = axis.low * unit, axis.high * unit
    return PlotRanges(
        page.network.depth,
        axis.scale,
        AxisSpan(low, high + HEADROOM * (high - low), low, high),
        decades(spread, around_one=True),
        decades(gradients, around_one=False),
    )


def held(before: PlotRanges | None, now: PlotRanges, moving: bool) -> PlotRanges:
    """During a drag, the earlier ranges, extended only as needed; otherwise the new ones."""
    if before is None or not moving or before.scale != now.scale:
        return now
    return PlotRanges(
        now.depth,
        now.scale,
        before.values.held(now.values),
        before.spread.held(now.spread),
        before.gradients.held(now.gradients),
    )


def sizes_in_words(page: NetworkPageResult) -> str:
    """`"50 layers, 497,400 weights, 1.99 MB"`: including the output layer's, without biases."""
    spec, weights = page.request.spec, page.estimate.weights
    size = bytes_in_words(weights * spec.torch_dtype.itemsize)
    return f"{count_in_words(spec.depth, 'layer')}, {count_in_words(weights, 'weight')}, {size}"


def run_in_words(page: NetworkPageResult) -> str:
    """`"ran in 6.1 ms"`: weights, one forward and one backward pass; "" while the hand moves."""
    if page.network.quick:
        return ""
    seconds = page.network.seconds
    return f"ran in {digits(seconds, 2)} s" if seconds >= 1 else f"ran in {digits(1000 * seconds, 2)} ms"
