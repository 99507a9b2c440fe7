"""Plots of one number per layer: spread, gradients, zeros and dead units, each created once and given new data."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from PySide6.QtWidgets import QWidget

from playground.models.network.measure.statistics import StatisticsTable
from playground.models.network.page import AxisSpan, PlotRanges, near_ends
from playground.models.network.pinned import Curves
from playground.models.network.request import LayerPage
from playground.models.network.verdict.healthy import BAND, band_in_words
from playground.widgets.network.plots.distribution_plot import layer_range
from playground.widgets.network.plots.ghosts import Ghost, add_ghosts, show_ghosts
from playground.widgets.plot.areas import Band
from playground.widgets.plot.axis import AxisRange
from playground.widgets.plot.curve import Curve
from playground.widgets.plot.plot import Plot
from playground.widgets.plot.segments import Floats

SKY, ORANGE, PINK, GREEN = 4, 1, 3, 2
"""Colours of the axes, reused: this page has no axis letters."""


def known_layers(values: Floats, table: StatisticsTable | None = None) -> tuple[Floats, Floats]:
    """The layers, from 1, that have values in a table, and these: a curve goes on over those that have none at all.

    Without a table, those whose value is no nan.
    """
    known = ~np.isnan(values) if table is None else table.count > 0
    return np.flatnonzero(known).astype(np.float64) + 1, values[known]


class LayerPlot(Plot):
    """A plot over the layers, with ghosts of the pinned networks."""

    def __init__(self, title: str, name: str, shows_x: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(title, x_name="layer", shows_x=shows_x, parent=parent)
        self.setObjectName(name)
        self.setAccessibleName(f"{title}, layer by layer")
        self._ghosts: dict[str, list[Ghost]] = {}
        self._ends: list[Curve] = []
        self._narrow = False

    def set_narrow(self, narrow: bool) -> None:
        """With little room, omit from the legend what the tooltips and the other plots say."""
        self._narrow = narrow
        self.refresh()

    def show_ghosts(self, page: LayerPage, style: str, of: Callable[[Curves], Floats], words: str) -> None:
        """Draw one curve per pinned network; if `words` end in ":", the legend says what differs."""
        kept = self._ghosts.setdefault(style, [])
        add_ghosts(self, kept, style, len(page.pins))
        show_ghosts(kept, page.pins, of, words)

    def show_ends(self, page: LayerPage, curves: list[Floats], span: AxisSpan) -> None:
        """Draw the number type's limit, if these curves come near it and the logarithmic axis includes it."""
        ends = [end for end in near_ends(page, curves) if span.low <= math.log10(end.value) <= span.high]
        while len(self._ends) < len(ends):
            self._ends.append(self.add(Curve("", "pinned dotted", role="error")))
        layers = np.arange(1, page.network.depth + 1)
        for place, curve in enumerate(self._ends):
            if place < len(ends):
                curve.name, curve.short_name = ends[place].words, ends[place].words.partition(" at ")[0]
                curve.set_data(layers, np.full(len(layers), ends[place].value))
            else:
                curve.set_data([], [])


class SpreadPlot(LayerPlot):
    """std and rms of each layer's activations, theory, the band over seeds, the healthy band."""

    may_be_linear = True

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Spread", "network.spread", parent=parent)
        self.std = self.add(Curve("std", axis=SKY))
        self.rms = self.add(Curve("rms", axis=ORANGE))
        self.theory = self.add(Curve("rms, theory", "theory"))
        self.theory.short_name = "theory"
        self.band = self.add(Band("seeds", axis=ORANGE))
        self.set_healthy(*BAND, band_in_words())

    def set_narrow(self, narrow: bool) -> None:
        self.band.in_legend = not narrow
        self.set_healthy(*BAND, "" if narrow else band_in_words())
        super().set_narrow(narrow)

    def show_page(self, page: LayerPage, ranges: PlotRanges) -> None:
        """Draw a result."""
        layers = np.arange(1, page.network.depth + 1)
        self.set_ranges(
            layer_range(page.network.depth), AxisRange(ranges.spread.low, ranges.spread.high, logarithmic=True)
        )
        table = page.network.tables["activation"]
        self.std.set_data(*known_layers(table.std, table))
        self.rms.set_data(*known_layers(table.rms, table))
        theory = page.predicted_rms
        self.theory.set_data([], []) if theory is None else self.theory.set_data(layers, theory)
        if page.band is None:
            self.band.set_data([], [], [])
        else:
            self.band.name = f"{page.band.done} seeds, 5 to 95 %"
            self.band.set_data(layers, page.band.low.rms, page.band.high.rms)
        self.show_ends(page, [table.rms] if theory is None else [table.rms, theory], ranges.spread)
        self.show_ghosts(page, "pinned", lambda curves: curves.rms, "pinned" if self._narrow else "pinned:")
        self.refresh()


class GradientPlot(LayerPlot):
    """RMS of the loss's gradients with respect to activations and weights."""

    may_be_linear = True

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Gradients of the loss, rms", "network.gradients", parent=parent)
        self.legend.set_title("Gradients of the loss, rms", "Gradients, rms")
        self.activations = self.add(Curve("activations", axis=SKY))
        self.weights = self.add(Curve("weights", axis=PINK))
        self.theory = self.add(Curve("theory", "theory"))
        self.band = self.add(Band("seeds", axis=SKY, in_legend=False))

    def show_page(self, page: LayerPage, ranges: PlotRanges) -> None:
        """Draw a result."""
        layers = np.arange(1, page.network.depth + 1)
        self.set_ranges(
            layer_range(page.network.depth), AxisRange(ranges.gradients.low, ranges.gradients.high, logarithmic=True)
        )
        for curve, kind in ((self.activations, "activation_gradient"), (self.weights, "weight_gradient")):
            table = page.network.tables[kind]
            curve.set_data(*known_layers(table.rms, table))
        self.set_note(_why_empty(page.network.tables["activation_gradient"]))
        theory = page.predicted_gradients
        self.theory.set_data([], []) if theory is None else self.theory.set_data(layers, theory)
        if page.band is None:
            self.band.set_data([], [], [])
        else:
            self.band.set_data(layers, page.band.low.activation_gradient, page.band.high.activation_gradient)
        self.show_ends(page, [self.activations.y, self.weights.y], ranges.gradients)
        self.show_ghosts(page, "pinned", lambda curves: curves.activation_gradient, "pinned")
        words = "" if self._narrow else "pinned, weights"
        self.show_ghosts(page, "pinned dotted", lambda curves: curves.weight_gradient, words)
        self.refresh()


def _why_empty(table: StatisticsTable) -> str:
    """Why nothing is drawn on a logarithmic axis, or ""."""
    if not table.count.any():
        return "no gradient was computed"
    if np.isnan(table.rms).all():
        return "no finite gradient in any layer"
    return "" if (table.rms > 0).any() else "every gradient is exactly 0"


def _percent(share: float) -> str:
    return f"{100 * share:.3g}%"


PERCENT = tuple((share, f"{share:.0%}") for share in (0.0, 0.5, 1.0))
ENDS = (PERCENT[0], (0.5, ""), PERCENT[-1])


class ZerosPlot(LayerPlot):
    """Shares of values that are 0, of units that are 0 for every input, and of saturated values."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Zeros and dead units", "network.zeros", shows_x=True, parent=parent)
        self.legend.set_title("Zeros and dead units", "Zeros")
        self.zeros = self.add(Curve("values that are 0", axis=SKY))
        self.dead = self.add(Curve("units 0 for every input", axis=ORANGE))
        self.broken = self.add(Curve("nan or inf", role="error"))
        self.saturated = self.add(Curve("saturated", axis=GREEN))
        self.zeros.short_name, self.dead.short_name = "zeros", "dead units"
        self.is_low = False
        self.words_of = _percent

    def show_page(self, page: LayerPage, _ranges: PlotRanges) -> None:
        """Draw a result."""
        self.set_ranges(
            layer_range(page.network.depth),
            AxisRange(0.0, 1.0, ticks=ENDS if self.is_low else PERCENT, text=_percent),
        )
        table, units = page.network.tables["activation"], page.network.units
        zeros, broken = (of / np.maximum(1, table.count) for of in (table.zeros, table.nans + table.infs))
        self.zeros.set_data(*known_layers(zeros, table))
        self.dead.set_data(*known_layers(units.dead))
        self.broken.set_data(*known_layers(broken, table)) if broken.any() else self.broken.set_data([], [])
        is_told = np.nan_to_num(units.saturated).any() and not np.array_equal(units.saturated, zeros)
        self.saturated.set_data(*known_layers(units.saturated)) if is_told else self.saturated.set_data([], [])
        self.show_ghosts(page, "pinned", lambda curves: curves.zeros, "pinned")
        self.show_ghosts(page, "pinned dotted", lambda curves: curves.dead, "" if self._narrow else "pinned, dead")
        self.refresh()
