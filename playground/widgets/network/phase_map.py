"""The picture of a phase diagram: a diverging map around 1, the edge drawn as a line, and a point to drag."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QHideEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from playground.widgets.common.heat import packed, value_colors
from playground.widgets.common.look import code_font, look, look_holder, words_font
from playground.widgets.common.painting import text_width
from playground.widgets.common.plot_lines import line_path
from playground.widgets.common.ticks import linear_ticks, tick_text

Floats = NDArray[np.float64]
LEFT, TOP, RIGHT, BOTTOM = 64, 12, 16, 44
POINT = 7.0
FACTOR = math.log(4.0)
"""How far from 1 the colours go: a factor of 4 has the full colour in theory; measured maps scale with the depth."""

_ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


class PhaseMap(QWidget):
    """`show_map(...)`; `dragged(x, y)` while the point is moved by hand or keys, `released()` at the end.

    `pointed` brings the place under the mouse, (x, y), or None where it left the field.
    """

    dragged = Signal(float, float)
    released = Signal()
    pointed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._x = self._y = np.array([0.0, 1.0])
        self._values: Floats = np.zeros((0, 0))
        self._point = (0.0, 0.0)
        self._names = ("", "")
        self._edge: tuple[Floats, Floats] = (np.zeros(0), np.zeros(0))
        self._logarithmic_x = self._smooth = False
        self._span = FACTOR
        self._image = QImage()
        self._held = self._keyed = False
        self._set: tuple[float, float] | None = None
        """Where the point was put last while the hand held it."""
        look_holder().changed.connect(self._take_look)

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
        self._x, self._y, self._values = cells
        self._edge, self._names, self._smooth = edge, names, smooth
        self._logarithmic_x, self._span = logarithmic_x, span
        self.show_point(point)
        self._take_look()

    @property
    def point(self) -> tuple[float, float]:
        """Where the point lies."""
        return self._point

    def show_point(self, point: tuple[float, float]) -> None:
        """Move the point; while the hand holds it, not before that lets go."""
        if self._held:
            self._set = point
        elif point != self._point:
            self._point = point
            self.update()

    def _take_look(self) -> None:
        if self._values.size:
            with np.errstate(divide="ignore", invalid="ignore"):
                logs = np.log(self._values)
            unknown = np.isnan(self._values)
            colors = value_colors(
                np.clip(np.nan_to_num(logs, nan=0.0), -self._span, self._span), self._span, strong=True
            )
            ground = look().color("sunken")
            colors[unknown] = packed(np.array([ground.red(), ground.green(), ground.blue()], float))
            data = np.ascontiguousarray(colors[::-1])
            height, width = data.shape
            self._image = QImage(data.data, width, height, width * 4, QImage.Format.Format_RGB32).copy()
        self.update()

    # Places

    def field(self) -> QRectF:
        """The rectangle of the map in pixels."""
        return QRectF(LEFT, TOP, max(10, self.width() - LEFT - RIGHT), max(10, self.height() - TOP - BOTTOM))

    def _scaled(self, x: float) -> float:
        return math.log(x) if self._logarithmic_x and x > 0 else x

    def to_pixel(self, x: float, y: float) -> QPointF:
        """Where a point of the diagram lies in pixels, kept inside the field."""
        field = self.field()
        left, right = self._scaled(float(self._x[0])), self._scaled(float(self._x[-1]))
        across = (self._scaled(max(x, 1e-300) if self._logarithmic_x else x) - left) / ((right - left) or 1.0)
        up = (y - self._y[0]) / ((self._y[-1] - self._y[0]) or 1.0)
        across, up = min(max(across, 0.0), 1.0), min(max(float(up), 0.0), 1.0)
        return QPointF(field.left() + across * field.width(), field.bottom() - up * field.height())

    def from_pixel(self, place: QPointF) -> tuple[float, float]:
        """The point of the diagram at a pixel."""
        field = self.field()
        across = min(max((place.x() - field.left()) / field.width(), 0.0), 1.0)
        up = min(max((field.bottom() - place.y()) / field.height(), 0.0), 1.0)
        left, right = self._scaled(float(self._x[0])), self._scaled(float(self._x[-1]))
        x = left + across * (right - left)
        return (math.exp(x) if self._logarithmic_x else x), float(self._y[0] + up * (self._y[-1] - self._y[0]))

    def sizeHint(self) -> QSize:
        return QSize(560, 380)

    # The hand

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._held = True
            self.pointed.emit(None)  # what holds there is said of the point itself
            self._move_to(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._held:
            self._move_to(event.position())
        else:
            inside = self.field().contains(event.position())
            self.pointed.emit(self.from_pixel(event.position()) if inside else None)

    def leaveEvent(self, event: QEvent) -> None:
        self.pointed.emit(None)
        super().leaveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._let_go()

    def _let_go(self) -> None:
        """The hand, or the key that it held, is gone."""
        if self._held or self._keyed:
            self._held = self._keyed = False
            put, self._set = self._set, None
            self.show_point(self._point if put is None else put)
            self.released.emit()

    def _move_to(self, place: QPointF) -> None:
        self._point = self.from_pixel(place)
        self.update()
        self.dragged.emit(*self._point)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() not in _ARROWS:
            super().keyPressEvent(event)
            return
        self._keyed = True
        across, down = _ARROWS[Qt.Key(event.key())]
        far = 4.0 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1.0
        # A step is two pixels, and up and down on the measured map at least a layer.
        layer = 0.0 if self._smooth else self.field().height() / max(1.0, float(self._y[-1] - self._y[0]))
        self._move_to(self.to_pixel(*self._point) + QPointF(2 * across, max(2.0, layer) * down) * far)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() in _ARROWS and not event.isAutoRepeat():
            self._let_go()
        else:
            super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """A key that is let go while another widget has the keyboard is not told of here."""
        if self._keyed and not self._held:
            self._let_go()
        super().focusOutEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self._let_go()
        super().hideEvent(event)

    # Painting

    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            self.paint_map(painter)

    def paint_map(self, painter: QPainter) -> None:
        """Paint all of it at its own size."""
        painter.fillRect(self.rect(), look().color("panel"))
        field = self.field()
        if not self._image.isNull():
            painter.save()
            painter.setClipRect(field)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self._smooth)
            painter.drawImage(self._cells(field), self._image)
            self._paint_edge(painter)
            painter.restore()
        painter.setPen(look().color("edge"))
        painter.drawRect(field)
        self._paint_axes(painter, field)
        self._paint_point(painter)

    def _cells(self, field: QRectF) -> QRectF:
        """Where the picture lies: each value in the middle of its cell, so that half a cell is over at each end."""
        left, right = (self.to_pixel(float(x), float(self._y[0])).x() for x in (self._x[0], self._x[-1]))
        rows, columns = self._values.shape
        wide, high = (right - left) / max(1, columns - 1) / 2, field.height() / max(1, rows - 1) / 2
        return QRectF(left - wide, field.top() - high, right - left + 2 * wide, field.height() + 2 * high)

    def _paint_edge(self, painter: QPainter) -> None:
        """The line where the value is 1, broken where it leaves the field."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(look().color("text"), 1.4))
        places = [self.to_pixel(float(x), float(y)) for x, y in zip(*self._edge, strict=True)]
        x, y = (np.array([of(place) for place in places]) for of in (QPointF.x, QPointF.y))
        painter.drawPath(line_path(x, y))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _paint_axes(self, painter: QPainter, field: QRectF) -> None:
        font = code_font()
        painter.setFont(font)
        painter.setPen(look().color("text2"))
        for value in self._x_ticks():
            x = self.to_pixel(value, 0).x()
            label = tick_text(value)
            painter.drawText(QPointF(round(x - text_width(font, label) / 2), field.bottom() + 16), label)
        for value in linear_ticks(float(self._y[0]), float(self._y[-1]), 6):
            label = tick_text(value)
            y = self.to_pixel(0 if not self._logarithmic_x else float(self._x[0]), value).y()
            painter.drawText(QPointF(field.left() - 8 - text_width(font, label), y + 4), label)
        painter.setFont(words_font())
        x_name, y_name = self._names
        painter.drawText(QPointF(field.right() - text_width(words_font(), x_name), field.bottom() + 36), x_name)
        painter.save()
        painter.translate(14, field.top() + text_width(words_font(), y_name))
        painter.rotate(-90)
        painter.drawText(QPointF(0, 0), y_name)
        painter.restore()

    def _x_ticks(self) -> list[float]:
        low, high = float(self._x[0]), float(self._x[-1])
        if not self._logarithmic_x:
            return list(linear_ticks(low, high, 8))
        doublings = range(math.ceil(math.log2(low)), math.floor(math.log2(high)) + 1)
        return [2.0**power for power in doublings][:: max(1, len(doublings) // 8)]

    def _paint_point(self, painter: QPainter) -> None:
        place = self.to_pixel(*self._point)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(look().color("panel"), 4))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(place, POINT, POINT)
        painter.setPen(QPen(look().color("accent"), 2))
        painter.setBrush(look().color("panel"))
        painter.drawEllipse(place, POINT, POINT)
