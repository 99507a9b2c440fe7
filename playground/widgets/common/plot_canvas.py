"""The field of a plot: axes left and bottom, a grid at labelled ticks only, a crosshair, and the items between."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QWidget

from playground.widgets.common.axis_range import AxisRange
from playground.widgets.common.legend import paint_note
from playground.widgets.common.look import code_font, look, look_holder
from playground.widgets.common.painting import paint_box
from playground.widgets.common.plot_field import PlotField
from playground.widgets.common.plot_items import Curve, Entry, PlotScale, in_coordinate

_DOT = 3.0


class PlotCanvas(PlotField):
    """Shows entries in ranges that the model gives; nothing here moves or zooms by itself.

    `pointed(x)` while the pointer or the arrow keys are on it, None when it leaves; `pressed(x)` and `dragged(x)` with
    the button down, `released()` when it is let go.
    """

    pointed = Signal(object)
    walked = Signal(object)
    """Where the arrow keys pointed; `pointed` says it too."""

    pressed = Signal(float)
    dragged = Signal(float)
    released = Signal()
    menu_wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.note = ""
        self.entries: list[Entry] = []
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        look_holder().changed.connect(self.take_look)

    def add(self, entry: Entry) -> None:
        """Put an entry into the plot."""
        entry.logarithmic, entry.shown_by = self.y_range.logarithmic, self
        self.entries.append(entry)
        entry.place()

    def remove(self, entry: Entry) -> None:
        """Take an entry out of the plot."""
        if entry in self.entries:
            self.entries.remove(entry)
            entry.shown_by = None
            self.update()

    def set_ranges(self, x: AxisRange, y: AxisRange) -> None:
        """Show these ranges."""
        if (x, y) == (self.x_range, self.y_range):
            return
        changed_scale = y.logarithmic != self.y_range.logarithmic
        self.x_range, self.y_range = x, y
        if changed_scale:
            for entry in self.entries:
                entry.logarithmic = y.logarithmic
                entry.place()
        self.update()

    def take_look(self) -> None:
        """Take the colours of the present look."""
        for entry in self.entries:
            entry.take_look()
        self.update()

    # What Qt asks

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        x = self.x_at(event.position().x())
        self.pointed.emit(x)
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.dragged.emit(x)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.pressed.emit(self.x_at(event.position().x()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.released.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.mousePressEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.pointed.emit(None)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu_wanted.emit(event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        ends = self.x_range
        step = 1.0 if self.whole_x else (ends.high - ends.low) / 50
        now = self._crosshair if self._crosshair is not None else ends.low - step
        moves = {
            Qt.Key.Key_Left: now - step,
            Qt.Key.Key_Right: now + step,
            Qt.Key.Key_PageDown: now - 10 * step,
            Qt.Key.Key_PageUp: now + 10 * step,
            Qt.Key.Key_Home: ends.low,
            Qt.Key.Key_End: ends.high,
        }
        key = Qt.Key(event.key())
        if key in moves:
            x = min(max(moves[key], ends.low), ends.high)
            place = float(round(x)) if self.whole_x else x
            self.pointed.emit(place)
            self.walked.emit(place)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._crosshair is not None:
            self.pressed.emit(self._crosshair)
            self.released.emit()
        else:
            event.ignore()

    # Painting, in pixels of the widget

    def paintEvent(self, _event: QPaintEvent) -> None:
        ratio = self.devicePixelRatioF()
        with QPainter(self) as painter:
            self.paint_ground(painter, ratio)
            self._paint_data(painter, ratio)

    def paint_canvas(self, painter: QPainter, size: QSize) -> None:
        """Paint all of it at a size, as a picture or drawing of the plot needs it."""
        self._paper = size
        self.draw_ground(painter)
        self._paint_data(painter, painter.device().devicePixelRatioF())
        self._paper = None

    def _paint_data(self, painter: QPainter, ratio: float) -> None:
        """The entries, what is left out of the range, and the crosshair over all."""
        field, x, y = self.field(), self.x_range, self.y_range
        if x.high > x.low and y.high > y.low:
            across, up = field.width() / (x.high - x.low), field.height() / (y.high - y.low)
            scale = PlotScale(field, x.low, across, y.low, up, ratio)
            painter.save()
            painter.setClipRect(field)
            for entry in sorted(self.entries, key=_layer):
                if entry.is_shown:
                    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
                    entry.paint(painter, scale)
            painter.restore()
        painter.setFont(code_font())
        if self._crosshair is not None:
            self._paint_crosshair(painter, field, self._crosshair)
        if self.note:
            paint_note(painter, field, self.note)

    def _paint_crosshair(self, painter: QPainter, field: QRectF, x: float) -> None:
        pixel = round(self.x_to_pixel(x)) + 0.5
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        pen = QPen(look().color("text"), 1)
        pen.setDashPattern([2, 2])
        painter.setPen(pen)
        painter.drawLine(QPointF(pixel, field.top()), QPointF(pixel, field.bottom()))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for entry in self.entries:
            if isinstance(entry, Curve) and entry.is_shown and entry.style == "curve":
                y = entry.at(x)
                coordinate = in_coordinate(math.nan if y is None else y, entry.logarithmic)
                if self.y_range.low <= coordinate <= self.y_range.high:
                    painter.setPen(QPen(look().color("panel"), 1))
                    painter.setBrush(entry.color)
                    painter.drawEllipse(QPointF(pixel, self.y_to_pixel(coordinate)), _DOT, _DOT)
        box = self.crosshair_box(field)
        if box is not None:
            paint_box(painter, box, look().color("text"), None, 3)
            painter.setPen(look().color("panel"))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self._crosshair_label)


def _layer(entry: Entry) -> int:
    return entry.layer
