"""The field of a plot: axes left and bottom, a grid at labelled ticks only, a crosshair, and the items between."""

from __future__ import annotations

from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent, QPainter, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QFrame, QSizePolicy, QWidget

from playground.widgets.common.axis_range import AxisRange
from playground.widgets.common.legend import paint_note
from playground.widgets.common.look import code_font, look, look_holder
from playground.widgets.common.painting import paint_box, text_width
from playground.widgets.common.plot_items import Curve, Entry, in_coordinates

LEFT, TOP, BOTTOM = 48, 8, 22
_DOT = 3.0
_PIXELS_A_TICK = 22
_DIGITS = 9
"""The height of a digit."""


class PlotCanvas(pg.GraphicsView):  # type: ignore[misc]
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
        super().__init__(parent, useOpenGL=False, background=None)
        self.x_range, self.y_range = AxisRange(), AxisRange()
        self.margins = (LEFT, TOP, 1, BOTTOM)
        self.x_name = ""
        self.ground = "panel"
        self.shows_x = True
        self.whole_x = True
        self.healthy: tuple[float, float] | None = None
        self.note = ""
        self.entries: list[Entry] = []
        self._crosshair: float | None = None
        self._crosshair_label = ""
        self.view = pg.ViewBox(enableMouse=False, enableMenu=False, defaultPadding=0)
        self.view.disableAutoRange()
        self.scene().addItem(self.view)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setCacheMode(pg.GraphicsView.CacheModeFlag.CacheNone)
        # Entries and ranges ask for repainting themselves; the scene would paint each change a second time.
        self.setViewportUpdateMode(pg.GraphicsView.ViewportUpdateMode.NoViewportUpdate)
        look_holder().changed.connect(self.take_look)

    def add(self, entry: Entry) -> None:
        """Put an entry into the plot."""
        entry.logarithmic, entry.shown_by = self.y_range.logarithmic, self.viewport()
        self.entries.append(entry)
        self.view.addItem(entry.graphics, ignoreBounds=True)
        entry.place()

    def remove(self, entry: Entry) -> None:
        """Take an entry out of the plot."""
        if entry in self.entries:
            self.entries.remove(entry)
            self.view.removeItem(entry.graphics)
            entry.repaint()

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
        self._apply_ranges()

    def _apply_ranges(self) -> None:
        x, y = self.x_range, self.y_range
        if x.high > x.low and y.high > y.low:
            self.view.setRange(xRange=(x.low, x.high), yRange=(y.low, y.high), padding=0, disableAutoRange=True)
        self.viewport().update()

    def set_crosshair(self, x: float | None, label: str = "") -> None:
        """Show the dotted line at an x, with its label inverted on the axis where that is drawn; None hides it."""
        if (x, label) != (self._crosshair, self._crosshair_label):
            self._crosshair, self._crosshair_label = x, label
            self.viewport().update()

    @property
    def crosshair(self) -> float | None:
        """Where the crosshair stands."""
        return self._crosshair

    def take_look(self) -> None:
        """Take the colours of the present look."""
        for entry in self.entries:
            entry.take_look()
        self.viewport().update()

    # Places

    def field(self) -> QRectF:
        """The rectangle of the data in pixels."""
        left, top, right, bottom = self.margins
        if not self.shows_x:
            bottom = 1
        return QRectF(left, top, max(1, self.width() - left - right), max(1, self.height() - top - bottom))

    def x_to_pixel(self, x: float) -> float:
        """Pixels from the left of the widget."""
        field, ends = self.field(), self.x_range
        return field.left() + field.width() * (x - ends.low) / ((ends.high - ends.low) or 1.0)

    def y_to_pixel(self, coordinate: float) -> float:
        """Pixels from the top of the widget; the coordinate is an exponent on a logarithmic axis."""
        field, ends = self.field(), self.y_range
        return field.bottom() - field.height() * (coordinate - ends.low) / ((ends.high - ends.low) or 1.0)

    def x_at(self, pixel: float) -> float:
        """The x below a pixel, within the range; a whole number where x counts layers or steps."""
        field, ends = self.field(), self.x_range
        x = ends.low + (ends.high - ends.low) * (pixel - field.left()) / field.width()
        x = min(max(x, ends.low), ends.high)
        return float(round(x)) if self.whole_x else x

    # What Qt asks

    def sizeHint(self) -> QSize:
        return QSize(400, 140)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 60)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        if event is not None:  # pyqtgraph calls this once by itself, while it is being built
            self.lay_out()

    def lay_out(self) -> None:
        """Give the data its rectangle."""
        self.view.setGeometry(self.field())
        self._apply_ranges()

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

    def drawBackground(self, painter: QPainter, _rect: QRectF) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        field = self.field()
        painter.fillRect(QRectF(0, 0, self.width(), self.height()), look().color(self.ground))
        if self.healthy is not None and self.y_range.high > self.y_range.low:
            low, high = in_coordinates(self.healthy, self.y_range.logarithmic)
            band = QRectF(QPointF(field.left(), self.y_to_pixel(high)), QPointF(field.right(), self.y_to_pixel(low)))
            painter.fillRect(band.intersected(field), look().color("healthy"))
        for coordinate, _ in self.y_ticks():
            y = round(self.y_to_pixel(coordinate))
            painter.fillRect(QRectF(field.left(), y, field.width(), 1), look().color("hairline"))
        painter.restore()

    def y_ticks(self) -> Sequence[tuple[float, str]]:
        """The labelled ticks of the value axis."""
        most, room = max(2, int(self.field().height() // _PIXELS_A_TICK)), self.margins[0] - 8
        ticks = self.y_range.labelled(most)
        while most > 2 and any(text_width(code_font(), label) > room for _, label in ticks):
            most -= 1
            ticks = self.y_range.labelled(most)
        return ticks

    def drawForeground(self, painter: QPainter, _rect: QRectF) -> None:
        painter.save()
        field, edge = self.field(), look().color("edge")
        painter.fillRect(QRectF(field.left() - 1, field.top(), 1, field.height() + 1), edge)
        painter.fillRect(QRectF(field.left() - 1, field.bottom(), field.width() + 1, 1), edge)
        painter.setFont(font := code_font())
        painter.setPen(look().color("text2"))
        for coordinate, label in self.y_ticks():
            base = min(max(round(self.y_to_pixel(coordinate)) + 4, _DIGITS), self.height() - 1)
            painter.drawText(QPointF(field.left() - 8 - text_width(font, label), base), label)
        if self.shows_x:
            self._paint_x_axis(painter, field)
        if self._crosshair is not None:
            self._paint_crosshair(painter, field, self._crosshair)
        if self.note:
            paint_note(painter, field, self.note)
        painter.restore()

    def _paint_x_axis(self, painter: QPainter, field: QRectF) -> None:
        font, base = code_font(), field.bottom() + 16
        covered = self._crosshair_box(field)
        painter.setPen(look().color("text2"))
        last = -1e9
        for x, label in self.x_range.labelled(max(2, int(field.width() // 80)), self.whole_x):
            width = text_width(font, label)
            left = min(max(self.x_to_pixel(x) - width / 2, field.left() - 2), field.right() - width + 1)
            hidden = covered is not None and left < covered.right() + 3 and left + width > covered.left() - 3
            if left > last + 6 and not hidden:
                painter.drawText(QPointF(round(left), base), label)
                last = left + width
        if self.x_name:
            painter.drawText(QPointF(field.left() - 8 - text_width(font, self.x_name), base), self.x_name)

    def _paint_crosshair(self, painter: QPainter, field: QRectF, x: float) -> None:
        pixel = round(self.x_to_pixel(x)) + 0.5
        pen = QPen(look().color("text"), 1)
        pen.setDashPattern([2, 2])
        painter.setPen(pen)
        painter.drawLine(QPointF(pixel, field.top()), QPointF(pixel, field.bottom()))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for entry in self.entries:
            if isinstance(entry, Curve) and entry.is_shown and entry.style == "curve":
                y = entry.at(x)
                coordinate = float(in_coordinates([y if y is not None else float("nan")], entry.logarithmic)[0])
                if self.y_range.low <= coordinate <= self.y_range.high:
                    painter.setPen(QPen(look().color("panel"), 1))
                    painter.setBrush(entry.color)
                    painter.drawEllipse(QPointF(pixel, self.y_to_pixel(coordinate)), _DOT, _DOT)
        box = self._crosshair_box(field)
        if box is not None:
            paint_box(painter, box, look().color("text"), None, 3)
            painter.setPen(look().color("panel"))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self._crosshair_label)

    def _crosshair_box(self, field: QRectF) -> QRectF | None:
        """Where the number of the crosshair stands on the axis."""
        if self._crosshair is None or not self.shows_x or not self._crosshair_label:
            return None
        width = text_width(code_font(), self._crosshair_label) + 10
        left = min(max(self.x_to_pixel(self._crosshair) - width / 2, field.left()), field.right() - width)
        return QRectF(round(left), field.bottom() + 4, width, 16)
