"""An axis as a chip: its size is typed, scrolled or dragged at the right edge; the chip is dragged to permute."""

from __future__ import annotations

from collections.abc import Hashable

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QEnterEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractSpinBox, QSizePolicy, QWidget

from playground.widgets.common.axis_badge import badge_width
from playground.widgets.common.axis_chip import CHIP_HEIGHT, chip_width, paint_axis_chip
from playground.widgets.common.buttons import IconButton
from playground.widgets.common.look import code_font, look
from playground.widgets.common.number_box import NumberBox
from playground.widgets.common.painting import paint_arrows
from playground.widgets.common.tooltip import set_tooltip

EDGE = 6
PIXELS_A_STEP = 8
_ARROWS = 17


class SizeBox(NumberBox):
    """The number of a chip, without a frame of its own."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(1, 0, name="The size", parent=parent)
        self.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.setFont(code_font(13))
        self.lineEdit().setFont(code_font(13))
        self.setProperty("bare", True)  # the focus ring goes around the chip
        self.arrows = True

    def paintEvent(self, _event: QPaintEvent) -> None:
        if not self.arrows:
            return
        middle = self.height() // 2
        up = QRect(self.width() - _ARROWS, 1, _ARROWS - 1, middle - 1)
        down = QRect(self.width() - _ARROWS, middle, _ARROWS - 1, middle - 1)
        flags = self.stepEnabled()
        with QPainter(self) as painter:
            paint_arrows(
                painter,
                up,
                down,
                "text2" if flags & QAbstractSpinBox.StepEnabledFlag.StepUpEnabled else "edge",
                "text2" if flags & QAbstractSpinBox.StepEnabledFlag.StepDownEnabled else "edge",
            )


class SizeChip(QWidget):
    """Signals carry the axis: a new size with its gesture, a drag to another place, a squeeze, the end of a gesture."""

    size_edited = Signal(int, object, object)
    carried = Signal(int, QPoint)
    let_go = Signal()
    reverted = Signal()
    squeezed = Signal(int)
    moved_by_key = Signal(int, int)
    refused = Signal(str)

    def __init__(self, axis: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.axis = axis
        self._state = "normal"
        self._drag = ""
        self._press = QPoint()
        self._start_size = 0
        self._gestures = 0
        self._resizable = True
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setProperty("frames", True)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.box = SizeBox(self)
        self.box.setObjectName(f"shape.axis.{axis}")
        self.box.changed.connect(self._on_typed)
        self.box.gesture_ended.connect(self.let_go)
        self.box.given_up.connect(self.refused)
        self.cross = IconButton("x", "Squeeze this axis of size 1 away", f".squeeze({axis})", parent=self)
        self.cross.setObjectName(f"shape.squeeze.{axis}")
        self.cross.clicked.connect(self._on_cross)
        self.cross.hide()
        self.setAccessibleName(f"Axis {axis}")

    @property
    def value(self) -> int:
        """The size shown."""
        return int(self.box.value)

    def set_size(self, size: int, *, maximum: int | None, resizable: bool, how: str) -> None:
        """Show a size; `how` says what changing it does."""
        self._resizable = resizable
        self.box.set_range(0, maximum)
        self.box.set_value(size)
        self.box.setReadOnly(not resizable)
        self.box.arrows = size != 1 and resizable
        self.cross.setVisible(size == 1)
        self.box.setAccessibleName(f"Size of axis {self.axis}")
        set_tooltip(self.box, f"Size of axis {self.axis}: {how}")
        set_tooltip(
            self,
            f"Axis {self.axis}: drag it to another place, its right edge to another size",
            "Alt+Left, Alt+Right move it",
        )
        self._place()
        self.updateGeometry()
        self.update()

    def set_dragging(self, dragging: bool) -> None:
        """Look taken up, or not."""
        self._state = "dragging" if dragging else "normal"
        self.update()

    def _place(self) -> None:
        left = 23 + badge_width(str(self.axis)) + 3
        self.box.setGeometry(left, 2, self.width() - left - 1, self.height() - 4)
        self.cross.setGeometry(self.width() - 20, 5, 20, 22)
        self.cross.raise_()

    def sizeHint(self) -> QSize:
        return QSize(chip_width(self.axis, str(self.value)), CHIP_HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def resizeEvent(self, _event: object) -> None:
        self._place()

    def paintEvent(self, _event: QPaintEvent) -> None:
        state = self._state
        if state == "normal" and (self.underMouse() or self.box.hasFocus()):
            state = "hover"
        with QPainter(self) as painter:
            paint_axis_chip(painter, QRectF(self.rect()), self.axis, state)
            if not self.box.arrows and not self.cross.isVisibleTo(self):
                painter.fillRect(self.width() - 19, 2, 4, self.height() - 4, look().color("raised"))

    # The hand

    @property
    def _gesture(self) -> Hashable:
        return ("chip", id(self), self._gestures)

    @Slot(object)
    def _on_typed(self, value: object) -> None:
        self.size_edited.emit(self.axis, value, self.box.gesture)

    @Slot()
    def _on_cross(self) -> None:
        self.squeezed.emit(self.axis)

    def _on_edge(self, position: QPoint) -> bool:
        return self._resizable and position.x() >= self.width() - EDGE

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        self._press = event.globalPosition().toPoint()
        self._gestures += 1
        self._start_size = self.value
        self._drag = "edge" if self._on_edge(event.position().toPoint()) else "press"
        self.setFocus(Qt.FocusReason.MouseFocusReason)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        place = event.globalPosition().toPoint()
        if self._drag and not event.buttons() & Qt.MouseButton.LeftButton:
            self._stop()
        if not self._drag:
            edge = self._on_edge(event.position().toPoint())
            self.setCursor(Qt.CursorShape.SplitHCursor if edge else Qt.CursorShape.OpenHandCursor)
            return
        way = place - self._press
        if self._drag == "edge":
            self.set_dragging(True)
            size = max(0, self._start_size + round(way.x() / PIXELS_A_STEP))
            self.size_edited.emit(self.axis, size, self._gesture)
        elif self._drag == "carry" or way.manhattanLength() > 6:
            self._drag = "carry"
            self.set_dragging(True)
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
            self.carried.emit(self.axis, place)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._stop()

    def drop(self) -> str:
        """End the drag without a word; which it was."""
        dragged, self._drag = self._drag, ""
        self.set_dragging(False)
        self.unsetCursor()
        return dragged

    def _stop(self) -> None:
        """The hand let go, or the release went to another window."""
        if self.drop() in ("edge", "carry"):
            self.let_go.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        if event.key() == Qt.Key.Key_Escape and self._drag:
            self._drag = ""
            self.set_dragging(False)
            self.reverted.emit()
        elif step and event.modifiers() & Qt.KeyboardModifier.AltModifier:
            self.moved_by_key.emit(self.axis, self.axis + step)
        elif event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down) and self._resizable:
            self.box.stepBy(1 if event.key() == Qt.Key.Key_Up else -1)
        elif event.key() == Qt.Key.Key_Delete and self.value == 1:
            self.squeezed.emit(self.axis)
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self._resizable and event.angleDelta().y():
            self.box.wheelEvent(event)
        else:
            event.ignore()

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.update()
