"""The distributions of all layers as a heat map of counts, with exact zeros in a separate row below."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pyqtgraph as pg
from numpy.typing import ArrayLike
from PySide6.QtCore import QPointF, QRectF, QSignalBlocker, QSize, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from playground.models.formatting import digits
from playground.models.network.measure.histograms import Axis, HistogramTable
from playground.models.network.page import PlotRanges
from playground.models.network.pinned import Curves
from playground.models.network.request import LayerPage
from playground.widgets.controls.buttons import IconButton
from playground.widgets.controls.fields import ComboBox
from playground.widgets.controls.tooltip import set_tooltip
from playground.widgets.heat import counts_table, image_of
from playground.widgets.look import code_font, look, words_font
from playground.widgets.network.plots.ghosts import Ghost, add_ghosts, show_ghosts
from playground.widgets.painting import baseline, text_width
from playground.widgets.plot.areas import Counts
from playground.widgets.plot.axis import AxisRange, layer_ticks, power_text, tick_text
from playground.widgets.plot.canvas import Strip
from playground.widgets.plot.curve import Curve, Entry
from playground.widgets.plot.export import Columns
from playground.widgets.plot.legend import LegendLine
from playground.widgets.plot.plot import HeatMap
from playground.widgets.plot.segments import Floats
from playground.widgets.text.labels import TextLabel

KIND_WORDS = {
    "activation": "activations",
    "preactivation": "pre-activations",
    "activation_gradient": "activation grads",
    "weight": "weights",
    "weight_gradient": "weight grads",
}
SCALE_WORDS = {"log": "log |a|", "linear": "value", "signed_log": "signed log"}
BAR, NUMBER = 72, 54
SEND_WORDS = "Send this layer's values to the Tensors page, as an imported tensor"
SAMPLE_WIDTH = 120  # the room that the theory's sample needs in the header


@lru_cache(maxsize=16)
def layer_range(depth: int) -> AxisRange:
    """The x axis that all layer plots share, with half a layer of room at both ends."""
    places = range(1, depth + 1) if depth <= 10 else layer_ticks(1, depth)  # up to ten labels all fit
    ticks = tuple((float(place), str(int(place))) for place in places)
    return AxisRange(0.5, depth + 0.5, ticks=ticks)


def value_range(axis: Axis, ranges: PlotRanges) -> AxisRange:
    """The value axis in its scale's coordinate, labelled with values."""
    low, high = ranges.values.low, ranges.values.high
    if axis.scale == "log":
        return AxisRange(low, high, logarithmic=True)
    if axis.scale == "linear":
        return AxisRange(low / axis.unit, high / axis.unit, unit=axis.unit)
    step = max(1, round((high - low) / 8))
    powers = range(step, int(high) + 1, step)
    above = [(float(p), power_text(p + axis.floor)) for p in powers]
    below = [(-p, f"-{text}") for p, text in above if -p >= low]  # there is headroom only above
    ticks = (*reversed(below), (0.0, "0"), *above)
    return AxisRange(low, high, ticks=ticks, text=lambda place: tick_text(axis.value(place)))


class CountLegend(QWidget):
    """`count 1 [colours] 1,765`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._largest, self._sampled = 0, 0
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_counts(self, largest: int, sampled: int) -> None:
        """Set the count at the end of the colour scale, and how many values per layer were counted (0: all)."""
        if (largest, sampled) != (self._largest, self._sampled):
            self._largest, self._sampled = largest, sampled
            more = f" At most about {sampled:,} values per layer are counted." if sampled else ""
            set_tooltip(self, f"Colours are the logarithm of the count, from 1 to {largest:,}.{more}")
            self.update()

    def end_words(self) -> str:
        """The largest count: in full up to 99,999, otherwise as a power."""
        return f"{self._largest:,}" if self._largest < 100_000 else digits(self._largest)

    def _words(self) -> str:
        return "sample" if self._sampled else "count"

    def sizeHint(self) -> QSize:
        return QSize(round(text_width(words_font(), "sample")) + 16 + 12 + BAR + 8 + NUMBER, 24)

    def paintEvent(self, _event: QPaintEvent) -> None:
        rect, font = QRectF(self.rect()), words_font()
        base, end = baseline(rect, font), self.end_words()
        right = rect.right() - NUMBER
        with QPainter(self) as painter:
            painter.setPen(look().color("text2"))
            painter.setFont(code_font())
            painter.drawText(QPointF(right + 8, base), end)
            bar = QRectF(right - BAR, rect.center().y() - 4, BAR, 9)
            painter.drawImage(bar, image_of(counts_table()[None, 61:]))
            painter.drawText(QPointF(bar.left() - 12, base), "1")
            painter.setFont(font)
            painter.drawText(QPointF(bar.left() - 20 - text_width(font, self._words()), base), self._words())


class Distributions(HeatMap):
    """The count map and, below it, one cell per layer, coloured by its share of exact zeros."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Distributions", x_name="layer", shows_x=False, parent=parent)
        self.setObjectName("network.distributions")
        self.setAccessibleName("Distributions, layer by layer")
        self.legend.hide()
        self.canvas.note_is_of_range = True
        self.strip = Strip(self.canvas)
        self.shares = Counts()
        self.strip.view.addItem(self.shares, ignoreBounds=True)
        self.strip.axis.show_range(AxisRange(0.0, 1.0, ticks=((0.5, "0"),)))
        self.strip.view.setXLink(self.canvas.view)
        self.below = pg.InfiniteLine(angle=90)
        self.strip.view.addItem(self.below, ignoreBounds=True)
        self.canvas.cursors.append(self.below)
        self.take_look()

    def show_shares(self, shares: Floats) -> None:
        """Show each layer's share of zeros, from 0 to 1."""
        self.strip.view.set_home(0, *self.canvas.view.home[0])
        self.shares.set_shares(shares, QRectF(0.5, 0.0, len(shares), 1.0))

    def take_look(self) -> None:
        super().take_look()
        self.shares.take_look()
        self.strip.take_look()

    def plot_columns(self) -> Columns:
        if not self.shares.counts.size:
            return super().plot_columns()
        shares = self.shares.counts.ravel()
        layers = np.arange(1, len(shares) + 1)
        return {**super().plot_columns(), "layer of zeros": layers.tolist(), "share of zeros": shares.tolist()}


class DistributionPlot(QWidget):
    """Header, heat map, row of zeros. `kind_chosen` and `scale_chosen` emit the choices in the header's boxes."""

    kind_chosen = Signal(str)
    scale_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.heat = Distributions()
        self.ground = self.heat.add(Curve("", "pinned", role="panel", in_legend=False))
        self.theory = self.heat.add(Curve("rms, theory", "theory"))
        self.ground.key = self.theory.key
        self._ghosts: list[Ghost] = []
        self._axis: tuple[str, str] = ("", "")
        self._widths: list[int] = []
        self.kind = _choice(KIND_WORDS, "network.kind", "Which tensors of each layer to count")
        tip = "The value axis: decades of |a|, the value, or decades of both signs"
        self.scale = _choice(SCALE_WORDS, "network.scale", tip, code=True)
        self.counts = CountLegend()
        self.samples = LegendLine("")
        self.samples.clicked.connect(self._on_sample_clicked)
        self.send = IconButton("arrow-right", SEND_WORDS)
        self.send.setObjectName("network.send.values")
        self.send.hide()
        self.kind.currentIndexChanged.connect(self._on_kind_chosen)
        self.scale.currentIndexChanged.connect(self._on_scale_chosen)
        self._title = TextLabel("Distributions", bold=True, fixed=True)
        self._lay_out()

    def _lay_out(self) -> None:
        header = QHBoxLayout()
        header.setContentsMargins(0, 0, 0, 0)
        header.setSpacing(8)
        header.addWidget(self._title)
        header.addWidget(self.kind)
        header.addWidget(self.samples, 1)
        self._room = TextLabel("")
        header.addWidget(self._room, 1)
        header.addWidget(self.scale)
        header.addWidget(self.counts)
        header.addWidget(self.send)
        self._header = header
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(header)
        column.addWidget(self.heat, 1)

    def show_choices(self, kind: str, scale: str) -> None:
        """Set the header's boxes to the state."""
        for box, names, name in ((self.kind, KIND_WORDS, kind), (self.scale, SCALE_WORDS, scale)):
            row = list(names).index(name)
            if row != box.currentIndex():
                with QSignalBlocker(box):
                    box.setCurrentIndex(row)
                box.update()

    def show_page(self, page: LayerPage, ranges: PlotRanges) -> None:
        """Draw the counts of the chosen kind."""
        table = page.network.tables[page.kind]
        if table.histograms is None:
            return
        found = table.histograms
        axis = found.axis
        self.heat.value_of = axis.value
        self.heat.set_ranges(layer_range(page.network.depth), value_range(axis, ranges))
        if self._axis != (page.kind, axis.scale):  # a zoom into other values has no meaning here
            self._axis = page.kind, axis.scale
            self.heat.canvas.view.show_home(1)
        largest = int(found.counts.max(initial=1))
        self.heat.set_counts(found.counts.T, 1.0, axis.low, axis.high, largest=largest)
        self.counts.set_counts(largest, found.sampled)
        self.heat.show_shares(table.zeros / np.maximum(1, table.count))
        self.heat.set_note(_left_out(found, table.nans.sum(), table.infs.sum()))
        rms = page.predicted_rms if page.kind == "activation" else None
        layers = np.arange(1, page.network.depth + 1)
        if rms is None or axis.scale == "linear":
            self._show_theory([], [])
        else:
            places = rms if axis.scale == "log" else np.array([axis.position(float(value)) for value in rms])
            self._show_theory(layers, places)
        self._show_ghosts(page, axis)
        self.samples.set_entries([self.theory])
        self.heat.legend.set_title(f"Distributions of the {KIND_WORDS[page.kind]}")
        self.heat.refresh()

    def _show_theory(self, layers: ArrayLike, places: ArrayLike) -> None:
        for curve in (self.ground, self.theory):
            curve.set_data(layers, places)

    def _show_ghosts(self, page: LayerPage, axis: Axis) -> None:
        """Draw the rms of pinned networks, if the map shows activations and the axis can show it."""
        pins = page.pins if page.kind == "activation" and axis.scale != "linear" else ()
        add_ghosts(self.heat, self._ghosts, "pinned", len(pins))

        def place(curves: Curves) -> Floats:
            return curves.rms if axis.scale == "log" else np.array([axis.position(float(rms)) for rms in curves.rms])

        show_ghosts(self._ghosts, pins, place, "")

    def set_crosshair(self, layer: float | None) -> None:
        """Show the crosshair in map and zeros."""
        self.heat.set_crosshair(layer)

    def set_slim(self, slim: bool) -> None:
        """Offer to send the values from here if there is no room for the histogram, which otherwise offers it."""
        self.send.setVisible(slim)
        self._fit_header(self.width())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_header(event.size().width())

    def _fit_header(self, width: int) -> None:
        """Showing a part may activate a layout that resizes this widget: that width counts once the part is shown."""
        self._widths.append(width)
        if len(self._widths) == 1:
            while self._widths:
                self._show_what_fits(self._widths[-1])
                del self._widths[0]

    def _show_what_fits(self, width: int) -> None:
        """The boxes stay; title, counts and the theory's sample are each shown whole or hidden, in this order."""
        gap = self._header.spacing()
        room = width - self.kind.width() - self.scale.width() - gap
        room -= 0 if self.send.isHidden() else self.send.sizeHint().width() + gap
        for part, needed in (
            (self._title, self._title.sizeHint().width()),
            (self.counts, self.counts.sizeHint().width()),
            (self.samples, SAMPLE_WIDTH),
        ):
            room -= needed + gap
            part.setVisible(room >= 0)
        self._room.setVisible(room < 0)

    @Slot(object)
    def _on_sample_clicked(self, entry: Entry) -> None:
        self.heat.toggled.emit(self.heat.key_of(entry))

    @Slot(int)
    def _on_kind_chosen(self, row: int) -> None:
        self.kind_chosen.emit(list(KIND_WORDS)[row])

    @Slot(int)
    def _on_scale_chosen(self, row: int) -> None:
        self.scale_chosen.emit(list(SCALE_WORDS)[row])


def _choice(words: dict[str, str], name: str, tip: str, code: bool = False) -> ComboBox:
    box = ComboBox(code=code)
    for text in words.values():
        box.addItem(text)
    box.setFixedWidth(box.sizeHint().width())
    box.setObjectName(name)
    set_tooltip(box, tip)
    return box


def _left_out(found: HistogramTable, nans: int, infs: int) -> str:
    """The values outside all bins, in words: "2 below, 1,000 nan"."""
    below, above = int(found.below.sum()), int(found.above.sum())
    parts = ((below, "below"), (above, "above"), (int(nans), "nan"), (int(infs), "inf"))
    return ", ".join(f"{count:,} {word}" for count, word in parts if count)
