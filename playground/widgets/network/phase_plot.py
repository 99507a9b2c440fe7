"""The plot of a phase diagram: a diverging map around 1, the edge drawn as a line, and a point to drag."""

from __future__ import annotations

import math

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import QWidget

from playground.widgets.common.heat import rgba_of, value_colors
from playground.widgets.common.look import look
from playground.widgets.plot.axis import AxisRange
from playground.widgets.plot.curve import Curve
from playground.widgets.plot.export import Columns
from playground.widgets.plot.plot import Plot
from playground.widgets.plot.segments import Floats
from playground.widgets.plot.ticks import tick_text

LEFT, BOTTOM = 64, 44
POINT = 16.0
FACTOR = math.log(4.0)
"""How far from 1 the colours go: a factor of 4 has the full colour in theory; measured maps scale with the depth."""

_STEPS = 511
_ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


class Cells(pg.ImageItem):  # type: ignore[misc]  # pyqtgraph has no types
    """The map; a `smooth` one runs from cell to cell."""

    is_smooth = False

    def paint(self, painter: QPainter, *args: object) -> None:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self.is_smooth)
        super().paint(painter, *args)


class PhasePlot(Plot):
    """`show_map(...)`; `dragged(x, y)` while the point is moved by hand or keys, `released()` at the end.

    `there(point)` brings the place under the mouse, (x, y), or None where it left the field.
    """

    dragged = Signal(float, float)
    released = Signal()
    there = Signal(object)
    said = Signal(str, str)

    value_name = "value"
    """What its colours show, the column of the numbers."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Phase diagram", parent=parent)
        self.legend.hide()
        canvas = self.canvas
        canvas.steps_whole = False
        canvas.axes["left"].set_size(LEFT)
        canvas.axes["left"].grid = False
        canvas.axes["bottom"].set_size(BOTTOM)
        canvas.plotItem.layout.setContentsMargins(0, 12, 16, 0)
        self._x = self._y = np.array([0.0, 1.0])
        self._values: Floats = np.zeros((0, 0))
        self._names = ("", "")
        self._span = FACTOR
        self._logarithmic = False
        self._keyed = False
        self._set: tuple[float, float] | None = None
        """Where the point was put last while the hand held it."""
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

        `span` is the |ln value| that has the full colour; a `smooth` map runs from cell to cell.
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
            # Each value lies in the middle of its cell, so that half a cell is over at each end.
            self.cells.setRect(QRectF(left - wide / 2, float(self._y[0]) - high / 2, right - left + wide, high * rows))
        self.edge.set_data([self._placed(float(value)) for value in edge[0]], edge[1])
        self.show_point(point)
        self.take_look()

    def _placed(self, x: float) -> float:
        """Where an x lies: its power of two on a logarithmic axis."""
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
        """Where the point lies."""
        return self._real(self.target.pos())

    def _real(self, place: QPointF) -> tuple[float, float]:
        """The point of the diagram at a place, inside it."""
        x = min(max(place.x(), self.canvas.x_range.low), self.canvas.x_range.high)
        y = min(max(place.y(), self.canvas.y_range.low), self.canvas.y_range.high)
        return (2.0**x if self._logarithmic else x), y

    @property
    def is_held(self) -> bool:
        """Whether the hand holds the point."""
        return bool(self.target.moving)

    def show_point(self, point: tuple[float, float]) -> None:
        """Move the point; while the hand holds it, not before that lets go."""
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
        self.there.emit(None)  # what holds there is said of the point itself
        self.dragged.emit(*self.point)

    @Slot(object)
    def _on_chosen(self, place: QPointF) -> None:
        self._move_to(place)
        self._let_go()

    @Slot()
    def _let_go(self) -> None:
        """The hand, or the key that it held, is gone."""
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
        # A key that is let go while another widget has the keyboard is not told of here.
        if event.type() in (QEvent.Type.FocusOut, QEvent.Type.Hide) and self._keyed:
            self._let_go()
        return super().eventFilter(watched, event)

    def _step(self, event: QKeyEvent) -> None:
        """Two pixels, and up and down on the measured map at least a layer."""
        self._keyed = True
        across, down = _ARROWS[Qt.Key(event.key())]
        far = 4.0 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1.0
        x, y = self.canvas.view.viewPixelSize()
        layer = 0.0 if self.cells.is_smooth else 1.0
        place = self.target.pos()
        self._move_to(QPointF(place.x() + 2 * across * x * far, place.y() - down * max(2 * y, layer) * far))

    # The look

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
        """Tell the window, which has a line for it."""
        self.said.emit(words, role)

    # For the export

    def plot_name(self) -> str:
        """The name of the files."""
        return f"Phase diagram {self.value_name}"

    def plot_columns(self) -> Columns:
        """One row a cell: where it lies, and its value, nan where none is known."""
        rows, columns = self._values.shape
        if not rows * columns:
            return {}
        x_name, y_name = self._names
        return {
            x_name: np.tile(self._x, rows),
            y_name: np.repeat(self._y, columns),
            self.value_name: self._values.ravel(),
        }
