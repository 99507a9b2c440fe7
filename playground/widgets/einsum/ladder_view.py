"""One matrix product computed five ways, timed on request, as bars on a logarithmic scale."""

from __future__ import annotations

import math

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QSize, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from playground.models.einsum.ladder import SIZES, LadderRequest, LadderResult, RungTime
from playground.models.einsum.ways import measured_time
from playground.models.formatting import digits
from playground.models.problem import Problem
from playground.widgets.controls.buttons import Button
from playground.widgets.controls.fields import ComboBox
from playground.widgets.controls.tooltip import set_tooltip
from playground.widgets.plot.areas import Bars
from playground.widgets.plot.axis import BOTTOM, AxisRange, PlotAxis
from playground.widgets.plot.export import Columns
from playground.widgets.plot.plot import Plot
from playground.widgets.text.labels import TextLabel

ROW = 20
NAME_WIDTH = 96
NUMBER_WIDTH = 132
NOTE = "The same product with three Python loops, row by row, by broadcasting, with einsum and with @."


class LadderChart(Plot):
    """A bar for each way on a logarithmic axis of time, and how many times as long as the fastest it takes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("matrix product ladder", x_name="time", x_column="seconds", parent=parent)
        self.setObjectName("einsum.ladder.chart")
        self.legend.hide()
        self._times: tuple[RungTime, ...] = ()
        canvas = self.canvas
        canvas.steps_whole = False
        canvas.axes["left"].set_size(NAME_WIDTH)
        canvas.axes["left"].show_grid(False)
        self.numbers = PlotAxis("right", NUMBER_WIDTH)
        canvas.plotItem.setAxisItems({"right": self.numbers})
        self.bars = self.add(Bars("seconds", "heat_positive"))
        self.take_look()
        self.set_result(None)

    def set_result(self, result: LadderResult | None) -> None:
        """Show these times, the first at the top."""
        self._times = () if result is None else result.times
        words = "; ".join(f"{time.name} {measured_time(time.seconds)}" for time in self._times)
        for named in (self, self.canvas):
            named.setAccessibleName("times of five ways to multiply matrices")
            named.setAccessibleDescription(words)
        seconds = np.array([time.seconds for time in self._times[::-1]])
        rows = np.arange(len(seconds))
        self.canvas.setVisible(len(seconds) > 0)
        if not len(seconds):
            return
        fastest = float(seconds.min())
        low, high = math.log10(fastest / 2), math.log10(float(seconds.max()) * 1.1)
        decades = range(math.ceil(low), math.floor(high) + 1)
        time_axis = AxisRange(0.0, high - low, ticks=tuple((e - low, measured_time(10.0**e)) for e in decades))
        names = tuple((row + 0.5, time.name) for row, time in enumerate(self._times[::-1]))
        self.set_ranges(time_axis, AxisRange(0.0, float(len(rows)), ticks=names))
        numbers = tuple((row + 0.5, _number(time, fastest)) for row, time in enumerate(self._times[::-1]))
        self.numbers.show_range(AxisRange(0.0, float(len(rows)), ticks=numbers))
        edges = np.stack((rows + 0.25, rows + 0.75), axis=1).ravel()
        lengths = np.zeros(len(edges) - 1)
        lengths[::2] = np.log10(seconds) - low
        self.bars.set_data(edges, lengths)
        self.refresh()

    def minimumSizeHint(self) -> QSize:
        return QSize(200, 5 * ROW + BOTTOM)

    def readout(self, x: float, y: float) -> str:
        del x
        row = len(self._times) - 1 - math.floor(y)
        return (
            f"{self._times[row].code}: {measured_time(self._times[row].seconds)}" if 0 <= row < len(self._times) else ""
        )

    def plot_columns(self) -> Columns:
        """Name, code, seconds, and the share of rows that was timed."""
        return {
            "way": [time.name for time in self._times],
            "code": [time.code for time in self._times],
            "seconds": [time.seconds for time in self._times],
            "measured_rows": [time.measured for time in self._times],
            "rows": [time.rows for time in self._times],
        }

    def take_look(self) -> None:
        super().take_look()
        self.numbers.setPen(pg.mkPen(None))


def _number(time: RungTime, fastest: float) -> str:
    """`12.3 us  x34`; a star where it is scaled up from a part of the rows."""
    words = measured_time(time.seconds) + ("" if time.measured == time.rows else "*")
    return words if time.seconds == fastest else f"{words}  x{digits(time.seconds / fastest)}"


class LadderView(QWidget):
    """`run_wanted(LadderRequest)` when the button is pressed."""

    run_wanted = Signal(object)
    noted = Signal(str)
    """ Emits "ladder" after a run: a lesson may ask for it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.chart = LadderChart()
        self._size = ComboBox(code=True)
        self._size.setObjectName("einsum.ladder.size")
        for size in SIZES:
            self._size.addItem(f"{size} x {size}", size)
        self._size.setCurrentIndex(SIZES.index(64))
        set_tooltip(self._size, "The size of both matrices")
        self._run = Button("Run")
        self._run.setObjectName("einsum.ladder.run")
        set_tooltip(self._run, "Time all five ways on this machine")
        self._run.clicked.connect(self._on_run)
        self._words = TextLabel(NOTE, "text2")
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for widget in (self._size, self._run):
            row.addWidget(widget)
        row.addWidget(self._words, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self.chart, 1)

    @Slot()
    def _on_run(self) -> None:
        self._run.setEnabled(False)
        self._words.set_text("running")
        self.run_wanted.emit(LadderRequest(int(self._size.currentData())))

    def show_answer(self, outcome: object, final: bool) -> None:
        """Show times as they arrive, or the reason why there are none."""
        if isinstance(outcome, LadderResult):
            self.chart.set_result(outcome)
            partly = any(time.measured < time.rows for time in outcome.times)
            self._words.set_text("* scaled up from the first rows" if partly else f"{outcome.size} x {outcome.size}")
        elif isinstance(outcome, Problem):
            self._words.set_text(str(outcome), "error")
        if final:
            self._run.setEnabled(True)
            if isinstance(outcome, LadderResult):
                self.noted.emit("ladder")

    def set_progress(self, words: str) -> None:
        """Say which way is running."""
        self._words.set_text(words)
