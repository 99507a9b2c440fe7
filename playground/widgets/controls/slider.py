"""A slider of 16 px, and the row of label, slider and number box used for most controls."""

from __future__ import annotations

import math
from collections.abc import Hashable

from PySide6.QtCore import QPointF, QRectF, QSignalBlocker, QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QAbstractSlider, QHBoxLayout, QSizePolicy, QSlider, QWidget

from playground.widgets.controls.focus_ring import PAINTS_FOCUS
from playground.widgets.controls.number_box import NumberBox, can_scroll
from playground.widgets.look import look
from playground.widgets.painting import paint_box
from playground.widgets.text.labels import TextLabel

POSITIONS = 10_000
FINE = 20
"""With Shift the handle moves this many times slower than the pointer."""
_HANDLE = 16
_GROOVE = 4
_RING_SPACE = 3
_LABEL_WIDTH = 72
_ROW = 32
_ARROWS = {Qt.Key.Key_Left.value: -1, Qt.Key.Key_Down.value: -1, Qt.Key.Key_Right.value: 1, Qt.Key.Key_Up.value: 1}


class Slider(QSlider):
    """A horizontal slider over positions 0 to `POSITIONS`; a click anywhere moves the handle there.

    While Shift is held, a drag or an arrow key moves it `FINE` times less.
    """

    reset = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._hand: float | None = None
        """The pointer's position at the last move of a fine drag."""
        self._exact = 0.0
        """The position of a fine drag, with its fraction."""
        self.setRange(0, POSITIONS)
        self.setSingleStep(POSITIONS // 100)
        self.setPageStep(POSITIONS // 10)
        self.setProperty(PAINTS_FOCUS, True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(94, 24)

    def minimumSizeHint(self) -> QSize:
        return QSize(48, 24)

    def _span(self) -> tuple[float, float]:
        margin = _HANDLE / 2 + _RING_SPACE
        return margin, max(margin + 1.0, self.width() - margin)

    def handle_x(self) -> float:
        """The middle of the handle."""
        left, right = self._span()
        return left + (right - left) * (self.value() - self.minimum()) / max(1, self.maximum() - self.minimum())

    def _position_at(self, x: float) -> int:
        left, right = self._span()
        share = min(1.0, max(0.0, (x - left) / (right - left)))
        return round(self.minimum() + share * (self.maximum() - self.minimum()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        self.setSliderDown(True)
        self._hand = None
        is_fine = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if abs(event.position().x() - self.handle_x()) > _HANDLE / 2 and not is_fine:
            self.setSliderPosition(self._position_at(event.position().x()))
        self._follow(event)
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.isSliderDown():
            self._follow(event)

    def _follow(self, event: QMouseEvent) -> None:
        """Move to the pointer; with Shift, move slowly from the current place."""
        x = event.position().x()
        if not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            if event.type() == QMouseEvent.Type.MouseMove:
                self.setSliderPosition(self._position_at(x))
            self._hand = None
            return
        if self._hand is None:
            self._hand, self._exact = x, float(self.sliderPosition())
        left, right = self._span()
        moved = self._exact + (x - self._hand) / (right - left) * (self.maximum() - self.minimum()) / FINE
        self._hand, self._exact = x, min(max(moved, self.minimum()), self.maximum())
        self.setSliderPosition(round(self._exact))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.setSliderDown(False)
            self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.reset.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if not self.hasFocus() and can_scroll(self):
            event.ignore()
        else:
            super().wheelEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Backspace, Qt.Key.Key_Delete):
            self.reset.emit()
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier and event.key() in _ARROWS:
            self.setSliderPosition(self.sliderPosition() + _ARROWS[event.key()] * self.singleStep() // FINE)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        enabled, middle, x = self.isEnabled(), self.height() / 2, self.handle_x()
        left, right = self._span()
        groove = QRectF(left - _HANDLE / 2, middle - _GROOVE / 2, right - left + _HANDLE, _GROOVE)
        with QPainter(self) as painter:
            paint_box(painter, groove, look().color("edge"), None, _GROOVE / 2)
            if enabled:
                groove.setRight(x)
                paint_box(painter, groove, look().color("accent"), None, _GROOVE / 2)
            focused = self.hasFocus() and enabled
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            hot = focused or self.isSliderDown()
            border = look().color("accent" if hot else "field" if enabled else "edge")
            painter.setPen(QPen(border, 2 if hot else 1))
            painter.setBrush(look().color("panel" if enabled or not look().dark else "window"))
            radius = _HANDLE / 2 - (1 if hot else 0.5)
            painter.drawEllipse(QPointF(x, middle), radius, radius)
            if focused:
                painter.setPen(QPen(look().color("accent"), 1.5))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawEllipse(QPointF(x, middle), _HANDLE / 2 + 2, _HANDLE / 2 + 2)


class SliderRow(QWidget):
    """Label, slider and number box for one number; `logarithmic` spaces the slider evenly in the logarithm.

    `changed(value)` is emitted live; all changes of one drag, one edit or one turn of the wheel share `gesture`, and
    `gesture_ended` follows when the user lets go. A double click on the slider or label restores the initial value.
    The box accepts any number between `hard_minimum` and `hard_maximum`, the slider only its own range.
    """

    changed = Signal(object)
    given_up = Signal(str)
    gesture_ended = Signal()

    def __init__(
        self,
        label: str,
        minimum: float,
        maximum: float,
        value: float,
        *,
        decimals: int | None = None,
        logarithmic: bool = False,
        step: float | None = None,
        hard_minimum: float | None = None,
        hard_maximum: float | None = None,
        label_width: int = _LABEL_WIDTH,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._minimum, self._maximum, self._decimals, self._logarithmic = minimum, maximum, decimals, logarithmic
        self._default: float = value
        self._gestures = 0
        self._settled: tuple[float, str] | None = None
        """The number shown by both box and handle, and its text in the box."""
        self.label = TextLabel(label, "text2")
        self.label.setFixedWidth(label_width)
        self.slider = Slider()
        self.slider.setAccessibleName(label)
        self.box = NumberBox(
            value,
            minimum if hard_minimum is None else hard_minimum,
            maximum if hard_maximum is None else hard_maximum,
            decimals=decimals,
            step=(1 if decimals is None else 10.0**-decimals * 10) if step is None else step,
            name=label,
        )
        self.box.setAccessibleName(label)
        self.setFixedHeight(_ROW)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for widget in (self.label, self.slider, self.box):
            row.addWidget(widget)
        self.slider.valueChanged.connect(self._on_slider_moved)
        self.slider.sliderReleased.connect(self._end_gesture)
        self.slider.reset.connect(self._on_reset)
        self.slider.actionTriggered.connect(self._on_slider_action)
        self.box.changed.connect(self._on_box_changed)
        self.box.given_up.connect(self.given_up)
        self.box.gesture_ended.connect(self._end_gesture)
        self.set_value(value)

    @property
    def value(self) -> float:
        """The current number."""
        return self.box.value

    def _describe(self) -> None:
        """Give the number to screen readers; the slider only knows its position."""
        self.slider.setAccessibleDescription(self.box.text())

    @property
    def gesture(self) -> Hashable:
        """Equal for all changes that one undo should take back together."""
        return ("slider", id(self), self._gestures)

    def set_value(self, value: float) -> None:
        """Show a number without a signal. While the handle is held, it stays under the pointer."""
        if (value, self.box.text()) == self._settled:
            return
        self.box.set_value(value)
        position = self._position_of(value)
        if position != self.slider.value() and not self.slider.isSliderDown():
            with QSignalBlocker(self.slider):
                self.slider.setValue(position)
            self.slider.update()
        self._describe()
        self._settled = None if self.slider.isSliderDown() else (value, self.box.text())

    def set_range(self, minimum: float, maximum: float) -> None:
        """Give the slider another range; the box keeps its limits."""
        self._minimum, self._maximum, self._settled = minimum, maximum, None
        self.set_value(self.value)

    def _position_of(self, value: float) -> int:
        low, high = self._minimum, self._maximum
        inside = min(max(value, low), high)
        if high <= low:
            return 0
        if self._logarithmic:
            share = math.log(max(inside, low) / low) / math.log(high / low)
        else:
            share = (inside - low) / (high - low)
        return round(share * POSITIONS)

    def _value_at(self, position: int) -> float:
        share, low, high = position / POSITIONS, self._minimum, self._maximum
        value = low * (high / low) ** share if self._logarithmic else low + (high - low) * share
        if self._decimals is None:
            return round(value)
        if self._logarithmic:
            return float(f"{value:.3g}")
        return round(value, self._decimals)

    def _emit(self, value: float) -> None:
        self._settled = None
        self._describe()
        self.changed.emit(value)

    @Slot(int)
    def _on_slider_moved(self, position: int) -> None:
        value = self._value_at(position)
        self._settled = None
        if value != self.box.value:
            self.box.set_value(value)
            self._emit(value)

    @Slot(int)
    def _on_slider_action(self, action: int) -> None:
        """Make keys move by at least one whole number, even if one slider position is less."""
        if self._decimals is not None or self._logarithmic:
            return
        steps = {
            QAbstractSlider.SliderAction.SliderSingleStepAdd.value: 1,
            QAbstractSlider.SliderAction.SliderSingleStepSub.value: -1,
        }
        if action in steps and not self.slider.isSliderDown():
            value = min(max(self.box.value + steps[action], self._minimum), self._maximum)
            self.slider.setSliderPosition(self._position_of(value))

    @Slot(object)
    def _on_box_changed(self, value: float) -> None:
        with QSignalBlocker(self.slider):
            self.slider.setValue(self._position_of(value))
        self.slider.update()
        self._emit(value)

    @Slot()
    def _on_reset(self) -> None:
        if self._default != self.value:
            self.set_value(self._default)
            self._emit(self._default)
            self._end_gesture()

    @Slot()
    def _end_gesture(self) -> None:
        self._gestures += 1
        self.gesture_ended.emit()
        self.set_value(self.box.value)  # another number may have arrived while the handle was held
