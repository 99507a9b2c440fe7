"""The phase diagram: by theory over weight and bias variance, or measured over gain and depth."""

from __future__ import annotations

import math

from PySide6.QtCore import QSize, Signal, Slot
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from playground.models.network.phase_diagram import KINDS, PhaseRequest, PhaseResult
from playground.models.outcome import Problem
from playground.widgets.common.buttons import Button
from playground.widgets.common.painting import fill_background
from playground.widgets.common.problem_banner import ProblemBanner
from playground.widgets.common.runs_label import RunsLabel
from playground.widgets.common.section import Hairline, TitleLine
from playground.widgets.common.tabs import TabRow
from playground.widgets.common.text_label import TextLabel
from playground.widgets.network.phase_plot import FACTOR, PhasePlot

NAMES = {
    "theory": ("weight variance, fan_in × var W", "bias variance"),
    "measured": ("gain", "layer"),
}
VALUE_NAMES = {"theory": "chi1", "measured": "rms over that of layer 1"}
SIDES = "orange below 1, blue above"
MEANINGS = {
    "theory": f"chi1, what a layer multiplies a squared gradient by: {SIDES}.",
    "measured": f"The rms of a layer over that of layer 1: {SIDES}.",
}


class PhaseDiagramView(QWidget):
    """`show_result(result)`, `show_progress(fraction, words)`, `show_problem(problem)`.

    `kind_wanted(kind)` asks for another diagram, `fields_dragged(spec, gesture)` is the network whose point was dragged
    to, `cancelled()` the press on Cancel.
    """

    kind_wanted = Signal(str)
    fields_dragged = Signal(object, object)
    gesture_ended = Signal()
    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("network.phase")
        self.setWindowTitle("Phase diagram")
        self._result: PhaseResult | None = None
        self._drags = 0
        self._running = False
        fill_background(self, "panel")
        self.tabs = TabRow("Theory", "Measured")
        self.tabs.setObjectName("network.phase.kind")
        self.tabs.setAccessibleName("Which diagram")
        self.map = PhasePlot()
        self.map.setObjectName("network.phase.map")
        self.map.canvas.setAccessibleName("Phase diagram; arrow keys move the present setting")
        self.meaning = TextLabel(MEANINGS["theory"], "text2")
        self.words = RunsLabel()
        self.words.setObjectName("network.phase.words")
        self.there = TextLabel("", "text2", right=True)
        self.progress = TextLabel("", "text2", right=True)
        self.cancel = Button("Cancel", "quiet")
        self.cancel.setObjectName("network.phase.cancel")
        self.cancel.hide()
        self.banner = ProblemBanner()
        line = TitleLine("Phase diagram")
        line.add(self.tabs)
        line.add_right(self.progress)
        line.add_right(self.cancel)
        below = QVBoxLayout()
        below.setContentsMargins(16, 4, 16, 12)
        below.setSpacing(4)
        second = QHBoxLayout()
        second.addWidget(self.meaning, 1)
        second.addWidget(self.there)
        self.there.hide()
        below.addWidget(self.banner)
        below.addWidget(self.words)
        below.addLayout(second)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(line)
        column.addWidget(Hairline())
        column.addWidget(self.map, 1)
        column.addLayout(below)
        self.tabs.currentChanged.connect(self._on_tab)
        self.map.dragged.connect(self._on_dragged)
        self.map.released.connect(self._on_released)
        self.map.there.connect(self._on_pointed)
        self.map.said.connect(self._on_said)
        self.cancel.clicked.connect(self._on_cancel)

    def sizeHint(self) -> QSize:
        return QSize(640, 540)

    def show_result(self, result: PhaseResult) -> None:
        """Draw a diagram, or the part of it that is there."""
        kind = result.request.kind
        if self._result is None or self._result.request.kind != kind:
            self._on_pointed(None)  # what was read there was read in the other diagram
        self._result = result
        self.map.value_name = VALUE_NAMES[kind]
        self.tabs.blockSignals(True)
        self.tabs.setCurrentIndex(KINDS.index(kind))
        self.tabs.blockSignals(False)
        self.banner.set_problem(None)
        measured = kind == "measured"
        span = FACTOR if not measured else max(FACTOR, math.log(10.0))
        self.map.show_map(
            (result.x, result.y, result.values),
            result.edge,
            result.point,
            names=NAMES[kind],
            logarithmic_x=measured,
            smooth=not measured,
            span=span,
        )
        self.meaning.set_text(MEANINGS[kind])
        self.words.set_content(result.words)
        if result.done:
            self.show_progress(1.0, "")

    def show_setting(self, request: PhaseRequest) -> None:
        """Move the point to another setting of the same diagram; what is dragged next starts from that network."""
        if self._result is None or self._result.request.kind != request.kind:
            return
        self._result = self._result.at(request)
        self.map.show_point(self._result.point)
        self.words.set_content(self._result.words)

    def show_progress(self, fraction: float, words: str) -> None:
        """Say how far it is; nothing at the end."""
        self._running = fraction < 1.0
        self.progress.set_text(f"{words}  {fraction:.0%}" if self._running else "")
        self.cancel.setText("Cancel")
        self.cancel.setVisible(self._running)

    def show_problem(self, problem: Problem) -> None:
        """Say why there is no such diagram; the last one stays."""
        self.banner.set_problem(problem)
        self.show_progress(1.0, "")

    @Slot(int)
    def _on_tab(self, index: int) -> None:
        self.kind_wanted.emit(KINDS[index])

    @Slot(float, float)
    def _on_dragged(self, x: float, y: float) -> None:
        if self._result is not None:
            self.fields_dragged.emit(self._result.fields_at(x, y), ("phase", self._drags))

    @Slot()
    def _on_released(self) -> None:
        self._drags += 1
        self.gesture_ended.emit()

    @Slot(object)
    def _on_pointed(self, point: object) -> None:
        words = ""
        if self._result is not None and isinstance(point, tuple):
            words = self._result.value_in_words(*point)
        self.there.set_text(words, "text2")
        self.there.setVisible(bool(words))
        self.meaning.setVisible(not words)

    @Slot(str, str)
    def _on_said(self, words: str, role: str) -> None:
        """What came of an export stands where the meaning does, until something is pointed at."""
        self.there.set_text(words, role)
        self.there.show()
        self.meaning.hide()

    @Slot()
    def _on_cancel(self) -> None:
        if not self._running:
            self.kind_wanted.emit(KINDS[self.tabs.currentIndex()])
            return
        self.cancelled.emit()
        self.show_progress(1.0, "")
        if self._result is not None and not self._result.done:
            self.progress.set_text("stopped")
            self.cancel.setText("Start again")
            self.cancel.show()

    def closeEvent(self, event: QCloseEvent) -> None:
        """A diagram that nobody sees is not computed on."""
        if self._running:
            self._on_cancel()
        super().closeEvent(event)
