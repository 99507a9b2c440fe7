"""One matrix product computed five ways, timed on request, as bars on a logarithmic scale."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from playground.models.einsum.ladder import SIZES, LadderRequest, LadderResult, RungTime
from playground.models.formatting import digits
from playground.models.problem import Problem
from playground.widgets.controls.buttons import Button
from playground.widgets.controls.fields import ComboBox
from playground.widgets.controls.tooltip import set_tooltip
from playground.widgets.look import code_font, look, look_holder, words_font
from playground.widgets.painting import paint_text, text_width
from playground.widgets.text.labels import TextLabel

ROW = 20
NAME_WIDTH = 96
NUMBER_WIDTH = 132


def measured_time(seconds: float) -> str:
    """`measured_time(0.0000123) == "12.3 us"`."""
    for unit, factor in (("s", 1.0), ("ms", 1e3), ("us", 1e6)):
        if seconds * factor >= 1 or unit == "us":
            return f"{digits(seconds * factor)} {unit}"
    raise AssertionError("the last unit takes all")


class LadderChart(QWidget):
    """The bars: name, time, and the ratio to `@`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("einsum.ladder.chart")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("times of five ways to multiply matrices")
        self._result: LadderResult | None = None
        self.note = "The same product with three Python loops, row by row, by broadcasting, with einsum and with @."
        look_holder().changed.connect(self.update)

    def set_result(self, result: LadderResult | None) -> None:
        """Show these times."""
        self._result = result
        words = "" if result is None else "; ".join(f"{t.name} {measured_time(t.seconds)}" for t in result.times)
        self.setAccessibleDescription(words)
        self.updateGeometry()
        self.update()

    def minimumSizeHint(self) -> QSize:
        return QSize(200, 5 * ROW)

    def plot_name(self) -> str:
        """The default file name."""
        return "matrix product ladder"

    def plot_columns(self) -> dict[str, Sequence[object]]:
        """Name, code, seconds, and the share of rows that was timed."""
        times = () if self._result is None else self._result.times
        return {
            "way": [time.name for time in times],
            "code": [time.code for time in times],
            "seconds": [time.seconds for time in times],
            "measured_rows": [time.measured for time in times],
            "rows": [time.rows for time in times],
        }

    def paint_plot(self, painter: QPainter, rect: QRectF) -> None:
        """Paint the bars into a rectangle."""
        painter.fillRect(rect, look().color("panel"))
        if self._result is None or not self._result.times:
            flags = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignTop
            painter.setFont(words_font())
            painter.setPen(look().color("text2"))
            painter.drawText(rect, flags, self.note)
            return
        times = self._result.times
        fastest = min(time.seconds for time in times)
        slowest = max(time.seconds for time in times)
        for row, time in enumerate(times):
            self._paint_row(
                painter, QRectF(rect.left(), rect.top() + row * ROW, rect.width(), ROW), time, fastest, slowest
            )

    def _paint_row(self, painter: QPainter, rect: QRectF, time: RungTime, fastest: float, slowest: float) -> None:
        base = rect.top() + 14
        paint_text(painter, rect.left(), base, time.name, words_font(), color=look().color("text"))
        room = max(20.0, rect.width() - NAME_WIDTH - NUMBER_WIDTH)
        span = math.log10(slowest / fastest * 2) or 1.0
        width = room * math.log10(time.seconds / fastest * 2) / span
        painter.fillRect(QRectF(rect.left() + NAME_WIDTH, rect.top() + 5, width, 10), look().color("heat_positive"))
        words = measured_time(time.seconds) + ("" if time.measured == time.rows else "*")
        ratio = "" if time.seconds == fastest else f"x{digits(time.seconds / fastest)}"
        right = rect.right() - 64
        paint_text(
            painter, right - text_width(code_font(), words), base, words, code_font(), color=look().color("text")
        )
        x = rect.right() - text_width(code_font(), ratio)
        paint_text(painter, x, base, ratio, code_font(), color=look().color("text2"))

    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            self.paint_plot(painter, QRectF(self.rect()))


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
        self._words = TextLabel("", "text2")
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
