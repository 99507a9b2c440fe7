"""Own models: what was watched, each module's layers in the order they ran, with plots and a verdict."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QSize, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from playground.models.network.layer_statistics import TensorStatistics
from playground.models.network.watch import Watched, layer_title, rms_of, verdict_in_words
from playground.models.words import count_in_words
from playground.widgets.common.combo_box import ComboBox
from playground.widgets.common.painting import fill_background
from playground.widgets.common.plots import AxisRange, Bars, Curve, Plot
from playground.widgets.common.problem_banner import ProblemBanner
from playground.widgets.common.runs import Run
from playground.widgets.common.runs_label import RunsLabel
from playground.widgets.common.section import Hairline, TitleLine
from playground.widgets.common.text_label import TextLabel
from playground.widgets.common.tooltip import set_tooltip
from playground.widgets.network.watch_table import WatchTable

SKY, ORANGE, PINK = 4, 1, 3
EMPTY = "Nothing was watched yet. In Python: `playground.watch(model, batch)` runs a module once and lists it here."


class WatchView(QWidget):
    """`show_watched(entries)` lists what was watched, the newest chosen; `layer_chosen(row)` tells the chosen layer."""

    layer_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("network.watch")
        self.setWindowTitle("Own models")
        self._entries: tuple[Watched, ...] = ()
        self._layer = 0
        fill_background(self, "panel")
        self.which = ComboBox(code=True)
        self.which.setObjectName("network.watch.which")
        self.which.setMinimumWidth(180)
        set_tooltip(self.which, "What was watched")
        self.summary = TextLabel("", "text2")
        self.banner = ProblemBanner()
        self.verdict = RunsLabel()
        self.verdict.setObjectName("network.watch.verdict")
        self.table = WatchTable()
        self.plot = Plot("rms of the outputs and of their gradients", x_name="layer")
        self.plot.setObjectName("network.watch.plot")
        self.outputs = self.plot.add(Curve("outputs", axis=ORANGE))
        self.gradients = self.plot.add(Curve("gradients", axis=SKY))
        self.histogram = Plot("Outputs of the layer", x_column="value")
        self.histogram.setObjectName("network.watch.histogram")
        self.histogram.canvas.whole_x = False
        self.bars = self.histogram.add(Bars("count", axis=SKY))
        self._lay_out()
        self.which.activated.connect(self._on_which)
        self.table.chosen.connect(self._on_layer)
        self.plot.pressed.connect(self._on_plot)
        self.plot.dragged.connect(self._on_plot)
        self.show_watched(())

    def _lay_out(self) -> None:
        line = TitleLine("Own models")
        line.add(self.which)
        line.add(self.summary, 100)
        words = QVBoxLayout()
        words.setContentsMargins(16, 8, 16, 8)
        words.addWidget(self.banner)
        words.addWidget(self.verdict)
        plots = QHBoxLayout()
        plots.setContentsMargins(16, 8, 16, 12)
        plots.setSpacing(24)
        plots.addWidget(self.plot, 3)
        plots.addWidget(self.histogram, 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(line)
        column.addWidget(Hairline())
        column.addLayout(words)
        column.addWidget(Hairline())
        column.addWidget(self.table, 3)
        column.addWidget(Hairline())
        column.addLayout(plots, 2)

    def sizeHint(self) -> QSize:
        return QSize(1120, 640)

    def show_watched(self, entries: tuple[Watched, ...]) -> None:
        """List what was watched, the newest chosen."""
        newest = entries[-1:] != self._entries[-1:]
        chosen = len(entries) - 1 if newest else min(self.which.currentIndex(), len(entries) - 1)
        self._entries = entries
        self.which.clear()
        for entry in entries:
            self.which.addItem(entry.name[:60])
        self.which.setEnabled(bool(entries))
        self.which.setCurrentIndex(chosen)
        self._show_entry(chosen)

    def _show_entry(self, index: int) -> None:
        if not 0 <= index < len(self._entries):
            self.verdict.set_content(EMPTY)
            self.summary.set_text("")
            self.table.show_layers(())
            return
        result = self._entries[index].result
        mode = "in training mode" if result.training else "in evaluation mode"
        loss = "" if result.loss is None else f", loss {result.loss:.4g}"
        self.summary.set_text(
            f"{result.kind[:60]} {mode}, {count_in_words(len(result.layers), 'layer')} ran, "
            f"{count_in_words(result.parameter_count, 'parameter')}{loss}"
        )
        self.banner.set_problem(result.problem)
        severity, sentences = verdict_in_words(result)
        role = {"error": "error", "warning": "warning"}.get(severity, "good")
        notes = tuple(Run(f"  {note}", "words", "text2") for note in result.notes)
        self.verdict.set_content((Run(" ".join(sentences), "bold", role), *notes))
        self.table.show_layers(result.layers)
        self._show_plot(index)
        self._layer = -1
        if result.layers:
            self._on_layer(0)

    def _show_plot(self, index: int) -> None:
        result = self._entries[index].result
        x = np.arange(1, len(result.layers) + 1)
        values, gradients = rms_of(result), rms_of(result, gradient=True)
        both = np.concatenate([values, gradients])
        both = both[np.isfinite(both) & (both > 0)]
        low, high = (np.floor(np.log10(both.min())), np.ceil(np.log10(both.max()))) if len(both) else (-1.0, 0.0)
        self.plot.set_ranges(
            AxisRange(1, max(2, len(x))), AxisRange(float(low), float(max(high, low + 1)), logarithmic=True)
        )
        self.outputs.set_data(x, values)
        self.gradients.set_data(x, gradients)
        self.plot.refresh()

    @property
    def layer(self) -> int:
        """The chosen row, from 0."""
        return self._layer

    @Slot(int)
    def _on_layer(self, row: int) -> None:
        index = self.which.currentIndex()
        if row == self._layer or not 0 <= index < len(self._entries):
            return
        layers = self._entries[index].result.layers
        if not 0 <= row < len(layers):
            return
        self._layer = row
        self.table.choose(row)
        self.plot.set_crosshair(float(row + 1), str(row + 1))
        self.histogram.legend.set_title(f"Outputs of {layer_title(layers[row])[:48]}")
        self._show_histogram(layers[row].activation)
        self.layer_chosen.emit(row)

    def _show_histogram(self, statistics: TensorStatistics | None) -> None:
        found = None if statistics is None else statistics.histogram
        if found is None:
            self.bars.set_data([0.0, 1.0], [0.0])
            self.histogram.set_note("no values")
            return
        axis = found.axis
        edges = np.linspace(axis.low, axis.high, axis.rows + 1)
        powers = range(int(np.ceil(axis.low)), int(np.floor(axis.high)) + 1)
        shown = powers[:: max(1, len(powers) // 5)]
        ticks = tuple((float(power), f"1e{power}" if power else "1") for power in shown)
        self.histogram.set_ranges(
            AxisRange(axis.low, axis.high, ticks=ticks), AxisRange(0.0, float(max(1, found.counts.max(initial=1))))
        )
        self.bars.set_data(edges, found.counts)
        zeros = round((statistics.zero_fraction if statistics else 0.0) * (statistics.count if statistics else 0))
        self.histogram.set_note(f"|value|; {zeros:,} exactly 0" if zeros else "|value|")
        self.histogram.refresh()

    @Slot(float)
    def _on_plot(self, x: float) -> None:
        self._on_layer(round(x) - 1)

    @Slot(int)
    def _on_which(self, index: int) -> None:
        self._show_entry(index)
