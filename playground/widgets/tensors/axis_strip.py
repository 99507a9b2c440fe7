"""The axes as a row of chips: type or drag a size, drag a chip to permute, press a plus to add an axis."""

from __future__ import annotations

from collections.abc import Hashable

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QEnterEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractSpinBox, QSizePolicy, QWidget

from playground.models.formatting import shape_in_words
from playground.models.program.gesture import insert_axis
from playground.widgets.controls.buttons import IconButton
from playground.widgets.controls.layouts import FlowLayout
from playground.widgets.controls.number_box import NumberBox
from playground.widgets.controls.tooltip import set_tooltip
from playground.widgets.look import code_font, look
from playground.widgets.painting import paint_arrows
from playground.widgets.text.badges import CHIP_HEIGHT, badge_width, chip_width, paint_axis_chip

EDGE = 6
PIXELS_A_STEP = 8
_ARROWS = 17


class SizeBox(NumberBox):
    """The number in a chip, without its own frame."""

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
    """Its signals carry the axis: a new size with its gesture, a move to another place, a squeeze, a gesture's end."""

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
        self.cross = IconButton("x", "Squeeze: remove this axis of size 1", f".squeeze({axis})", parent=self)
        self.cross.setObjectName(f"shape.squeeze.{axis}")
        self.cross.clicked.connect(self._on_cross)
        self.cross.hide()
        self.setAccessibleName(f"Axis {axis}")

    @property
    def value(self) -> int:
        """The size shown."""
        return int(self.box.value)

    def set_size(self, size: int, *, maximum: int | None, resizable: bool, how: str) -> None:
        """Show a size; `how` describes how to change it."""
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
            f"Axis {self.axis}: drag to move it, drag its right edge to resize it",
            "Alt+Left and Alt+Right move it",
        )
        self._place()
        self.updateGeometry()
        self.update()

    def set_dragging(self, dragging: bool) -> None:
        """Look lifted, or not."""
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

    # Mouse

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
        """End the drag without emitting; returns its kind."""
        dragged, self._drag = self._drag, ""
        self.set_dragging(False)
        self.unsetCursor()
        return dragged

    def _stop(self) -> None:
        """Called when the user lets go, or when the release went to another window."""
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


class AxisStrip(QWidget):
    """Shows a shape, and emits what the user does with its axes."""

    size_edited = Signal(int, object, object)
    moved = Signal(int, int, object)
    inserted = Signal(int)
    squeezed = Signal(int)
    let_go = Signal()
    reverted = Signal()
    refused = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.chips: list[SizeChip] = []
        self.pluses: list[IconButton] = []
        self._flow = FlowLayout(self, 8, centred=True)
        self._carried: int | None = None
        self._carries = 0
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName("Axes")
        self._add_plus(0)

    def set_shape(
        self, name: str, shape: tuple[int, ...], limits: tuple[int, ...] | None, resizable: bool, made: bool
    ) -> None:
        """Show a tensor's axes; `limits` are the largest sizes that slicing can give (None: any size)."""
        while len(self.chips) > len(shape):
            for widgets in (self.chips, self.pluses):
                widget = widgets.pop()
                self._flow.removeWidget(widget)
                widget.hide()
                widget.deleteLater()
        while len(self.chips) < len(shape):
            self._add_chip(len(self.chips))
            self._add_plus(len(self.pluses))
        for axis, chip in enumerate(self.chips):
            limit = None if limits is None else limits[axis]
            how = "type, scroll or drag" if made else f"type, scroll or drag to cut; there are {limit}"
            chip.set_size(shape[axis], maximum=limit, resizable=resizable, how=how)
            set_tooltip(chip.cross, "Squeeze: remove this axis of size 1", f"{name}.squeeze({axis})")
        for place, plus in enumerate(self.pluses):
            method, index = insert_axis(place, len(shape))
            gives = shape_in_words((*shape[:place], 1, *shape[place:]))
            set_tooltip(
                plus, "Insert an axis of size 1 here", f"{name}{method.code}  {name}{index.code}", f"gives {gives}"
            )
            plus.setAccessibleName(f"Insert an axis of size 1 at {place}")
        self.updateGeometry()

    def _add_chip(self, axis: int) -> None:
        chip = SizeChip(axis, self)
        chip.size_edited.connect(self.size_edited)
        chip.carried.connect(self._on_carried)
        chip.let_go.connect(self._on_let_go)
        chip.reverted.connect(self._on_reverted)
        chip.squeezed.connect(self.squeezed)
        chip.moved_by_key.connect(self._on_moved_by_key)
        chip.refused.connect(self.refused)
        self._flow.addWidget(chip)
        chip.show()
        self.chips.append(chip)

    def _add_plus(self, place: int) -> None:
        plus = IconButton("plus", "Insert an axis of size 1 here", framed=True, parent=self)
        plus.setObjectName(f"shape.insert.{place}")
        plus.clicked.connect(self._on_plus)
        self._flow.addWidget(plus)
        plus.show()
        self.pluses.append(plus)

    @Slot()
    def _on_plus(self) -> None:
        plus = self.sender()
        if isinstance(plus, IconButton) and plus in self.pluses:
            self.inserted.emit(self.pluses.index(plus))

    @Slot(int, QPoint)
    def _on_carried(self, axis: int, place: QPoint) -> None:
        """Move the carried axis to the chip under the pointer; each move starts from the initial order."""
        if self._carried is None:
            self._carried = axis
            self._carries += 1
        target = self._chip_at(self.mapFromGlobal(place))
        for chip in self.chips:
            chip.set_dragging(chip.axis == target)
        self.moved.emit(self._carried, target, ("carry", id(self), self._carries))

    def _chip_at(self, point: QPoint) -> int:
        nearest = min(self.chips, key=lambda chip: (chip.geometry().center() - point).manhattanLength())
        return nearest.axis

    @Slot()
    def _on_let_go(self) -> None:
        self._stop_carrying()
        self.let_go.emit()

    @Slot()
    def _on_reverted(self) -> None:
        self._stop_carrying()
        self.reverted.emit()

    def drop(self) -> None:
        """End a drag without emitting, because its axis has changed."""
        self._stop_carrying()
        for chip in self.chips:
            chip.drop()

    def _stop_carrying(self) -> None:
        self._carried = None
        for chip in self.chips:
            chip.set_dragging(False)

    @Slot(int, int)
    def _on_moved_by_key(self, axis: int, place: int) -> None:
        if 0 <= place < len(self.chips):
            self._carries += 1
            self.moved.emit(axis, place, ("carry", id(self), self._carries))
            self.let_go.emit()
            self.chips[place].setFocus()
