"""The phase diagram as a plot: theory over weight and bias variance, or measurements over gain and depth."""

from __future__ import annotations

import math

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QCloseEvent, QKeyEvent, QPainter
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from playground.models.network.theory.phase import KINDS, PhaseRequest, PhaseResult
from playground.models.problem import Problem
from playground.widgets.controls.buttons import Button
from playground.widgets.controls.problem_banner import ProblemBanner
from playground.widgets.controls.section import Hairline, TitleLine
from playground.widgets.controls.tabs import TabRow
from playground.widgets.heat import rgba_of, value_colors
from playground.widgets.look import look
from playground.widgets.painting import fill_background
from playground.widgets.plot.axis import AxisRange, tick_text
from playground.widgets.plot.curve import Curve
from playground.widgets.plot.export import Columns
from playground.widgets.plot.plot import Plot
from playground.widgets.plot.segments import Floats
from playground.widgets.text.labels import RunsLabel, TextLabel

LEFT, BOTTOM = 64, 44
POINT = 16.0
FACTOR = math.log(4.0)
"""The range of the colours: in theory a factor of 4 has the full colour; measured maps scale with the depth."""

_STEPS = 511
_ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


class Cells(pg.ImageItem):  # type: ignore[misc]  # pyqtgraph has no types
    """The map; a `smooth` one interpolates between cells."""

    is_smooth = False

    def paint(self, painter: QPainter, *args: object) -> None:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self.is_smooth)
        super().paint(painter, *args)


class PhasePlot(Plot):
    """`show_map(...)`; `dragged(x, y)` while the point is moved with mouse or keys, `released()` at the end.

    `there(point)` carries the place under the mouse, (x, y), or None if it left the field.
    """

    dragged = Signal(float, float)
    released = Signal()
    there = Signal(object)
    said = Signal(str, str)

    value_name = "value"
    """The quantity its colours show; also the column name in exports."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Phase diagram", parent=parent)
        self.legend.hide()
        canvas = self.canvas
        canvas.steps_whole = False
        canvas.axes["left"].set_size(LEFT)
        canvas.axes["left"].show_grid(False)
        canvas.axes["bottom"].set_size(BOTTOM)
        canvas.plotItem.layout.setContentsMargins(0, 12, 16, 0)
        self._x = self._y = np.array([0.0, 1.0])
        self._values: Floats = np.zeros((0, 0))
        self._names = ("", "")
        self._span = FACTOR
        self._logarithmic = False
        self._keyed = False
        self._set: tuple[float, float] | None = None
        """The point's last position during a drag."""
        self.cells = Cells(axisOrder="row-major")
        self.cells.setZValue(-5)
        canvas.plotItem.addItem(self.cells, ignoreBounds=True)
        self.edge = self.add(Curve("edge", "theory", in_legend=False))
        self.target = pg.TargetItem(size=POINT, symbol="o", movable=True)
        self.target.setZValue(10)
        canvas.plotItem.addItem(self.target, ignoreBounds=True)
        self.target.sigPositionChanged.connect(self._on_target_moved)
        self.target.sigPositionChangeFinished.connect(self._let_go)
        canvas.view.chosen.connect(self._on_chosen)
        canvas.place_pointed.connect(self._on_place_pointed)
        canvas.readout = None
        canvas.installEventFilter(self)
        self.take_look()

    def show_map(
        self,
        cells: tuple[Floats, Floats, Floats],
        edge: tuple[Floats, Floats],
        point: tuple[float, float],
        *,
        names: tuple[str, str],
        logarithmic_x: bool = False,
        smooth: bool = False,
        span: float = FACTOR,
    ) -> None:
        """Draw the cells `(x, y, values)`, `values[row, column]` at `x[column]`, `y[row]`, and the edge over them.

        `span` is the |ln value| that has the full colour; a `smooth` map interpolates between cells.
        """
        if (names, logarithmic_x) != (self._names, self._logarithmic):
            self.canvas.view.show_home()
        self._x, self._y, self._values = cells
        self._names, self._span, self._logarithmic = names, span, logarithmic_x
        self.legend.set_title(self.plot_name())
        left, right = (self._placed(float(end)) for end in (self._x[0], self._x[-1]))
        x = AxisRange(left, right, ticks=self._doublings(), text=self._x_words)
        self.set_ranges(x, AxisRange(float(self._y[0]), float(self._y[-1])))
        rows, columns = self._values.shape
        wide, high = (right - left) / max(1, columns - 1), float(self._y[-1] - self._y[0]) / max(1, rows - 1)
        self.cells.is_smooth = smooth
        self.cells.setVisible(bool(self._values.size))
        if self._values.size:
            with np.errstate(divide="ignore", invalid="ignore"):
                logs = np.clip(np.log(self._values), -span, span)
            self.cells.setImage(logs, levels=(-span, span))
            # Each value lies in the middle of its cell, so half a cell extends past each end.
            self.cells.setRect(QRectF(left - wide / 2, float(self._y[0]) - high / 2, right - left + wide, high * rows))
        self.edge.set_data([self._placed(float(value)) for value in edge[0]], edge[1])
        self.show_point(point)
        self.take_look()

    def _placed(self, x: float) -> float:
        """The coordinate of an x: its power of two on a logarithmic axis."""
        if not self._logarithmic:
            return x
        return math.log2(x) if x > 0 else math.nan

    def _x_words(self, place: float) -> str:
        return tick_text(2.0**place if self._logarithmic else place)

    def _doublings(self) -> tuple[tuple[float, str], ...] | None:
        """On a logarithmic axis, powers of two."""
        if not self._logarithmic:
            return None
        low, high = (math.log2(float(end)) for end in (self._x[0], self._x[-1]))
        powers = range(math.ceil(low), math.floor(high) + 1)
        return tuple((float(power), tick_text(2.0**power)) for power in powers[:: max(1, len(powers) // 8)])

    # The point

    @property
    def point(self) -> tuple[float, float]:
        """The point's position."""
        return self._real(self.target.pos())

    def _real(self, place: QPointF) -> tuple[float, float]:
        """The diagram's point at a place, clamped to the diagram."""
        x = min(max(place.x(), self.canvas.x_range.low), self.canvas.x_range.high)
        y = min(max(place.y(), self.canvas.y_range.low), self.canvas.y_range.high)
        return (2.0**x if self._logarithmic else x), y

    @property
    def is_held(self) -> bool:
        """True while the user holds the point."""
        return bool(self.target.moving)

    def show_point(self, point: tuple[float, float]) -> None:
        """Move the point; if the user holds it, only after they let go."""
        if self.is_held:
            self._set = point
            return
        x, y = self.canvas.x_range, self.canvas.y_range
        place = self._placed(max(point[0], 1e-300))
        self.target.blockSignals(True)
        self.target.setPos(min(max(place, x.low), x.high), min(max(point[1], y.low), y.high))
        self.target.blockSignals(False)

    def _move_to(self, place: QPointF) -> None:
        x, y = self.canvas.x_range, self.canvas.y_range
        self.target.setPos(min(max(place.x(), x.low), x.high), min(max(place.y(), y.low), y.high))

    @Slot(object)
    def _on_target_moved(self, _target: object) -> None:
        self.there.emit(None)  # the text then describes the point itself
        self.dragged.emit(*self.point)

    @Slot(object)
    def _on_chosen(self, place: QPointF) -> None:
        self._move_to(place)
        self._let_go()

    @Slot()
    def _let_go(self) -> None:
        """Called when the mouse button or key is released."""
        self._keyed = False
        put, self._set = self._set, None
        self.show_point(self.point if put is None else put)
        self.released.emit()

    @Slot(object)
    def _on_place_pointed(self, place: QPointF | None) -> None:
        if not self.is_held:
            self.there.emit(None if place is None else self._real(place))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.key() in _ARROWS:
            if event.type() == QEvent.Type.KeyPress:
                self._step(event)
            elif event.type() == QEvent.Type.KeyRelease and not event.isAutoRepeat() and self._keyed:
                self._let_go()
            return True
        # A key released while another widget has the focus is not reported here.
        if event.type() in (QEvent.Type.FocusOut, QEvent.Type.Hide) and self._keyed:
            self._let_go()
        return super().eventFilter(watched, event)

    def _step(self, event: QKeyEvent) -> None:
        """Two pixels; vertically on the measured map at least one layer."""
        self._keyed = True
        across, down = _ARROWS[Qt.Key(event.key())]
        far = 4.0 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1.0
        x, y = self.canvas.view.viewPixelSize()
        layer = 0.0 if self.cells.is_smooth else 1.0
        place = self.target.pos()
        self._move_to(QPointF(place.x() + 2 * across * x * far, place.y() - down * max(2 * y, layer) * far))

    # Appearance

    def take_look(self) -> None:
        super().take_look()
        values = np.exp(np.linspace(-1.0, 1.0, _STEPS) * self._span)
        self.cells.setLookupTable(rgba_of(value_colors(np.log(values), self._span, strong=True)))
        self.canvas.view.setBackgroundColor(look().color("sunken"))
        self.target.setPen(pg.mkPen(look().color("accent"), width=2))
        self.target.setHoverPen(pg.mkPen(look().color("accent"), width=3))
        self.target.setBrush(look().color("panel"))
        self.target.setHoverBrush(look().color("panel"))
        style = {"color": look().text2, "font-size": "13px", "font-family": "Inter"}
        for axis, name in zip(("bottom", "left"), self._names, strict=True):
            self.canvas.plotItem.setLabel(axis, name, **style)
        self.canvas.axes["bottom"].set_size(BOTTOM)
        self.canvas.axes["left"].set_size(LEFT)

    def say(self, words: str, role: str = "text2") -> None:
        """Report it to the window, which has a line for it."""
        self.said.emit(words, role)

    # For exporting

    def plot_name(self) -> str:
        """The default file name."""
        return f"Phase diagram {self.value_name}"

    def plot_columns(self) -> Columns:
        """One row per cell: its position and value, nan if unknown."""
        rows, columns = self._values.shape
        if not rows * columns:
            return {}
        x_name, y_name = self._names
        return {
            x_name: np.tile(self._x, rows),
            y_name: np.repeat(self._y, columns),
            self.value_name: self._values.ravel(),
        }


NAMES = {
    "theory": ("weight variance, fan_in × var W", "bias variance"),
    "measured": ("gain", "layer"),
}
VALUE_NAMES = {"theory": "chi1", "measured": "rms relative to layer 1"}
SIDES = "orange below 1, blue above"
MEANINGS = {
    "theory": f"chi1, the factor per layer on a squared gradient: {SIDES}.",
    "measured": f"The rms of a layer divided by that of layer 1: {SIDES}.",
}


class PhaseDiagramView(QWidget):
    """`show_result(result)`, `show_progress(fraction, words)`, `show_problem(problem)`.

    `kind_wanted(kind)` requests another diagram, `fields_dragged(spec, gesture)` carries the network at the dragged
    point, `cancelled()` is a press on Cancel.
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
        self.map.canvas.setAccessibleName("Phase diagram; arrow keys move the current setting")
        self.meaning = TextLabel(MEANINGS["theory"], "text2")
        self.words = RunsLabel()
        self.words.setObjectName("network.phase.words")
        self.there = TextLabel("", "text2", right=True)
        self.progress = TextLabel("", "text2", right=True)
        self.cancel = Button("Cancel", "quiet")
        self.cancel.setObjectName("network.phase.cancel")
        self.cancel.hide()
        self.banner = ProblemBanner(first=0)
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
        """Draw a diagram, or the part computed so far."""
        kind = result.request.kind
        if self._result is None or self._result.request.kind != kind:
            self._on_pointed(None)  # the last reading was from the other diagram
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
        """Move the point to another setting of the same diagram; the next drag starts from that network."""
        if self._result is None or self._result.request.kind != request.kind:
            return
        self._result = self._result.at(request)
        self.map.show_point(self._result.point)
        self.words.set_content(self._result.words)

    def show_progress(self, fraction: float, words: str) -> None:
        """Show progress; empty at the end."""
        self._running = fraction < 1.0
        self.progress.set_text(f"{words}  {fraction:.0%}" if self._running else "")
        self.cancel.setText("Cancel")
        self.cancel.setVisible(self._running)

    def show_problem(self, problem: Problem) -> None:
        """Show why there is no such diagram; the last one stays."""
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
        """Show the result of an export in place of the meaning, until something is pointed at."""
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
        """Stop computing a diagram that is not visible."""
        if self._running:
            self._on_cancel()
        super().closeEvent(event)
