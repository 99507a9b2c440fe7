"""A box for one number: typed, stepped with arrows, keys and wheel; integers may be of any size."""

from __future__ import annotations

from collections.abc import Hashable

from PySide6.QtCore import QEvent, QRect, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import (
    QEnterEvent,
    QFocusEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QShowEvent,
    QValidator,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QAbstractSpinBox, QSizePolicy, QStyle, QStyleOptionSpinBox, QWidget

from playground.widgets.common.look import code_font, look, look_holder
from playground.widgets.common.number_text import number_text, read_number
from playground.widgets.common.painting import paint_arrows, paint_box

HEIGHT = 24
WIDTH = 64
_WHEEL_PAUSE_MS = 600


class NumberBox(QAbstractSpinBox):
    """Holds an int (`decimals=None`) or a float, between `minimum` and `maximum` where they are given.

    `changed(value)` comes with each legal value while it is typed or stepped; all that belong to one gesture share
    `gesture`. `refused(text)` says why what is typed is not taken, "" when it is; Return, or going elsewhere, takes it
    back and says why once more: `given_up(text)`. Esc goes back too.
    """

    changed = Signal(object)
    refused = Signal(str)
    given_up = Signal(str)
    gesture_ended = Signal()

    def __init__(
        self,
        value: float = 0,
        minimum: float | None = None,
        maximum: float | None = None,
        *,
        decimals: int | None = None,
        step: float = 1,
        name: str = "value",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._minimum, self._maximum, self._decimals, self._step, self._name = minimum, maximum, decimals, step, name
        self._value: float = value
        self._before: float = value
        self._reason = ""
        self._gestures = 0
        self._wheel_pause = QTimer(self)
        self._wheel_pause.setSingleShot(True)
        self._wheel_pause.setInterval(_WHEEL_PAUSE_MS)
        self._wheel_pause.timeout.connect(self._end_gesture)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFont(code_font())
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.lineEdit().setFont(code_font())
        self.lineEdit().setProperty("bare", True)
        look_holder().changed.connect(self._color_text)
        self._color_text()
        self.lineEdit().textEdited.connect(self._on_text_edited)
        self.editingFinished.connect(self._on_editing_finished)
        self.set_value(value)

    @property
    def value(self) -> float:
        """The last legal number."""
        return self._value

    @property
    def gesture(self) -> Hashable:
        """Equal for all changes that one undo should take back together."""
        return ("number", id(self), self._gestures)

    @property
    def reason(self) -> str:
        """Why the text is not taken, or ""."""
        return self._reason

    def set_value(self, value: float) -> None:
        """Show a number without a signal; what is being typed stays as it is while the number is the old one."""
        has_focus = self.hasFocus()
        if not has_focus:
            self._before = value
        if value != self._value or not has_focus:
            self._value = value
            text = self._text_of(value)
            if text != self.lineEdit().text():
                self.lineEdit().setText(text)
                self.lineEdit().home(False)  # where it is too long, its first digits are those to be seen
            self._set_reason("")

    def set_range(self, minimum: float | None, maximum: float | None) -> None:
        """Take other limits; the present value stays until it is edited."""
        self._minimum, self._maximum = minimum, maximum

    def _text_of(self, value: float) -> str:
        return number_text(value, self._decimals)

    def _parsed(self, text: str) -> tuple[float | None, str]:
        """The number that a text means, or None and why it means none here."""
        value, reason = read_number(text, self._name, self._decimals)
        if value is None:
            return None, reason
        if self._minimum is not None and value < self._minimum:
            return None, f"{self._name} must be at least {self._text_of(self._minimum)}."
        if self._maximum is not None and value > self._maximum:
            return None, f"{self._name} must be at most {self._text_of(self._maximum)}."
        return value, ""

    def _set_reason(self, reason: str) -> None:
        if reason != self._reason:
            self._reason = reason
            self._color_text()
            self.refused.emit(reason)
            self.update()

    @Slot()
    def _color_text(self) -> None:
        """Let the box shine through its line edit, and write in red what is not taken."""
        palette = QPalette()
        palette.setColor(QPalette.ColorRole.Base, Qt.GlobalColor.transparent)
        if self._reason:
            palette.setColor(QPalette.ColorRole.Text, look().color("error"))
        self.lineEdit().setPalette(palette)

    def _take(self, value: float) -> None:
        if value != self._value:
            self._value = value
            self.changed.emit(value)

    @Slot(str)
    def _on_text_edited(self, text: str) -> None:
        value, reason = self._parsed(text)
        self._set_reason(reason)
        if value is not None:
            self._take(value)

    @Slot()
    def _on_editing_finished(self) -> None:
        self.lineEdit().setText(self._text_of(self._value))
        reason = self._reason
        self._set_reason("")
        if reason:
            self.given_up.emit(reason)
        self._before = self._value
        self._end_gesture()

    @Slot()
    def _end_gesture(self) -> None:
        self._gestures += 1
        self.gesture_ended.emit()

    def revert(self) -> None:
        """Go back to the value that was there when the keyboard came."""
        self._set_reason("")
        value = self._before
        self.lineEdit().setText(self._text_of(value))
        self._take(value)
        self.selectAll()

    # Qt asks these.

    def validate(self, text: str, position: int) -> object:
        return QValidator.State.Acceptable, text, position

    def stepEnabled(self) -> QAbstractSpinBox.StepEnabledFlag:
        flags = QAbstractSpinBox.StepEnabledFlag.StepNone
        if self._minimum is None or self._value > self._minimum:
            flags |= QAbstractSpinBox.StepEnabledFlag.StepDownEnabled
        if self._maximum is None or self._value < self._maximum:
            flags |= QAbstractSpinBox.StepEnabledFlag.StepUpEnabled
        return flags

    def stepBy(self, steps: int) -> None:
        value = self._value + steps * self._step
        if self._decimals is not None:
            value = round(value, 12)
        if self._minimum is not None:
            value = max(value, self._minimum)
        if self._maximum is not None:
            value = min(value, self._maximum)
        self._set_reason("")
        self.lineEdit().setText(self._text_of(value))
        self._take(value)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and (self._value != self._before or self._reason):
            self.revert()
            event.accept()
            return
        super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._before = self._value
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.lineEdit().home(False)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._color_text()  # a style sheet gives the line edit a ground of its own when it is first shown

    def wheelEvent(self, event: QWheelEvent) -> None:
        if not self.hasFocus() and can_scroll(self):
            event.ignore()
            return
        super().wheelEvent(event)
        self._wheel_pause.start()

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(WIDTH, HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(40, HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        fill = "error_fill" if self._reason else "panel"
        if self.lineEdit().geometry().contains(event.rect()):  # only the number is another
            with QPainter(self) as painter:
                painter.fillRect(event.rect(), look().color(fill))
            return
        option = QStyleOptionSpinBox()
        self.initStyleOption(option)
        control, style = QStyle.ComplexControl.CC_SpinBox, self.style()
        up = style.subControlRect(control, option, QStyle.SubControl.SC_SpinBoxUp, self)
        down = style.subControlRect(control, option, QStyle.SubControl.SC_SpinBoxDown, self)
        enabled = self.isEnabled()
        border = "error" if self._reason else "edge" if not enabled else "text2" if self.underMouse() else "field"
        arrow = "text2" if enabled else "text3"
        with QPainter(self) as painter:
            paint_box(painter, self.rect(), look().color(fill), look().color(border))
            painter.fillRect(QRect(up.left() - 1, 1, 1, self.height() - 2), look().color("hairline"))
            flags = self.stepEnabled()
            paint_arrows(
                painter,
                up,
                down,
                arrow if flags & QAbstractSpinBox.StepEnabledFlag.StepUpEnabled else "edge",
                arrow if flags & QAbstractSpinBox.StepEnabledFlag.StepDownEnabled else "edge",
            )


def can_scroll(widget: QWidget) -> bool:
    """Whether the wheel over this widget is wanted by a scroll area around it."""
    area = widget.parentWidget()
    while area is not None:
        if isinstance(area, QAbstractScrollArea) and area.verticalScrollBar().maximum() > 0:
            return True
        area = area.parentWidget()
    return False
