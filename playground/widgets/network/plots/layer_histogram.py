"""The histogram of one layer, sideways on the value axis of the distributions beside it."""

from __future__ import annotations

import math

import numpy as np
import pyqtgraph as pg
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from playground.models.formatting import digits
from playground.models.network.measure.histograms import Histogram
from playground.models.network.measure.statistics import TensorStatistics
from playground.widgets.heat import share_colors
from playground.widgets.look import code_font, look
from playground.widgets.network.plots.curve_plots import ORANGE
from playground.widgets.painting import text_width
from playground.widgets.plot.areas import Bars
from playground.widgets.plot.axis import TOP, AxisRange, PlotAxis, tick_text
from playground.widgets.plot.canvas import Strip
from playground.widgets.plot.export import Columns
from playground.widgets.plot.plot import Plot

RIGHT = 62
_LINE = 17


class LayerHistogram(Plot):
    """Bars from the left on the value axis of the map beside it, the rms as a line, below them the exact zeros."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Histogram of layer 1", x_column="count", shows_x=False, parent=parent)
        self.setObjectName("network.layer")
        self.legend.hide()
        self._histogram: Histogram | None = None
        self._numbers: TensorStatistics | None = None
        canvas = self.canvas
        canvas.steps_whole = False
        canvas.axes["left"].set_size(1)
        canvas.axes["left"].show_grid(False)
        canvas.axes["bottom"].whole = True
        self.right = PlotAxis("right", RIGHT)
        canvas.plotItem.setAxisItems({"right": self.right})
        self.right.setZValue(-200)
        canvas.plotItem.layout.setContentsMargins(0, TOP, 0, 0)
        self.bars = self.add(Bars("count"))
        self.rms = pg.InfiniteLine(angle=0)
        self.rms.setZValue(5)
        canvas.plotItem.addItem(self.rms, ignoreBounds=True)
        self.strip = Strip(canvas, "right", RIGHT)
        self.zeros = Bars("zeros")
        self.strip.view.addItem(self.zeros, ignoreBounds=True)
        canvas.place_note = self._place_count
        self.take_look()

    def show_layer(
        self, layer: int, numbers: TensorStatistics, histogram: Histogram | None, ends: AxisRange, own: bool
    ) -> None:
        """Show the histogram of a layer on a value axis; `own` labels its ends on the right."""
        self._numbers, self._histogram = numbers, histogram
        self.legend.set_title(f"Histogram of layer {layer}")
        for named in (self, self.canvas):
            named.setAccessibleName(self.legend.title)
        if histogram is None or ends.high <= ends.low:
            self.bars.set_data([0.0, 1.0], [0.0])
            self.rms.hide()
            self.strip.view.hide()
            self.strip.axis.hide()
            self.right.show_range(AxisRange())
            self.set_note("")
            return
        axis, largest = histogram.axis, max(1, int(histogram.counts.max(initial=0)))
        self.set_ranges(AxisRange(0.0, 1.0, unit=float(largest)), ends)
        edges = np.linspace(axis.low, axis.high, axis.rows + 1)
        self.bars.set_data(edges, histogram.counts / largest, 1 / max(1.0, self.canvas.view.width()))
        place = axis.position(numbers.rms)
        inside = math.isfinite(place) and ends.low <= place <= ends.high
        self.rms.setVisible(inside)
        if inside:
            self.rms.setPos(place)
        self._label(ends, place if inside else None, own)
        self._show_zeros(numbers)
        self.set_note(self.count_words())
        self.canvas.read_again()

    def _label(self, ends: AxisRange, rms: float | None, own: bool) -> None:
        """The names on the right: rms at its line, and the ends where the range is the layer's own."""
        ticks = [(rms, "rms")] if rms is not None else []
        if own and self._histogram is not None:
            near = 12 / max(1.0, self.canvas.view.height()) * (ends.high - ends.low)
            ticks += [
                (end, tick_text(self._histogram.axis.value(end)))
                for end in (ends.high, ends.low)
                if rms is None or abs(end - rms) > near
            ]
        self.right.show_range(AxisRange(ends.low, ends.high, ticks=tuple(ticks)))

    def _show_zeros(self, numbers: TensorStatistics) -> None:
        share = numbers.zero_fraction
        words = f"{round(share * numbers.count):,}"
        if text_width(code_font(), words) > RIGHT - 8:
            words = f"{share:.1%}"
        self.zeros.set_data([0.0, 1.0], [share], brush=QColor(int(share_colors(share)) & 0xFFFFFF))
        self.strip.axis.show_range(AxisRange(0.0, 1.0, ticks=((0.5, words),)))
        self.strip.view.show()
        self.strip.axis.show()

    def count_words(self) -> str:
        """What the lengths of the bars mean: "count, 0 to 664"."""
        if self._histogram is None:
            return ""
        largest = int(self._histogram.counts.max(initial=0))
        return f"{'sample' if self._histogram.sampled else 'count'}, 0 to {largest:,}"

    def _place_count(self) -> None:
        """The words stand at the end of the axis where the bars are shorter; where neither has room, nowhere."""
        note, view, bars = self.canvas.note_item, self.canvas.view, self.bars
        if not self.canvas.note:
            return
        (low, high), largest = view.viewRange()[1], view.viewRange()[0][1] or 1.0
        step = _LINE * (high - low) / max(1.0, view.height())
        free = view.width() - note.boundingRect().width()
        middles = (bars.edges[:-1] + bars.edges[1:]) / 2
        rms = float(self.rms.value()) if self.rms.isVisible() else math.nan
        for top, near in ((True, middles > high - step), (False, middles < low + step)):
            longest = float(bars.lengths[near].max(initial=0.0)) / largest * view.width()
            crossed = high - step < rms if top else rms < low + step
            if longest < free and not crossed:
                note.setAnchor((1, 0 if top else 1))
                note.setPos(view.width(), 0 if top else view.height())
                note.show()
                return
        note.hide()

    def take_look(self) -> None:
        super().take_look()
        if self._numbers is not None:
            self._show_zeros(self._numbers)
        self.strip.take_look()
        self.strip.view.setBorder(pg.mkPen(look().color("edge")))
        self.rms.setPen(pg.mkPen(look().axis_line(ORANGE), width=2))
        self.right.setPen(pg.mkPen(None))
        self.right.setTickPen(pg.mkPen(None))
        self.right.setTextPen(pg.mkPen(look().color("text")))
        self.strip.axis.setPen(pg.mkPen(None))
        self.strip.axis.setTextPen(pg.mkPen(look().color("text")))

    def readout(self, x: float, y: float) -> str:
        del x
        if self._histogram is None or not self._histogram.counts.size:
            return ""
        axis = self._histogram.axis
        row = math.floor((y - axis.low) / (axis.high - axis.low) * axis.rows)
        if not 0 <= row < axis.rows:
            return ""
        low, high = (digits(float(edge)) for edge in self._histogram.edges[row : row + 2])
        return f"{low} to {high}: {int(self._histogram.counts[row]):,}"

    def plot_columns(self) -> Columns:
        """The bin edges as values, and the counts."""
        if self._histogram is None:
            return {}
        edges = self._histogram.edges
        return {
            "low": edges[:-1].tolist(),
            "high": edges[1:].tolist(),
            "count": self._histogram.counts.astype(float).tolist(),
        }
