"""A box for one number: typed, stepped with arrows, keys and wheel; integers may be of any size."""

from __future__ import annotations

import math
import re
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

from playground.widgets.look import code_font, look, look_holder
from playground.widgets.painting import paint_arrows, paint_box

_INTEGER = re.compile(r"[+-]?[0-9]+", re.ASCII)
_FLOAT = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)
_LONGEST = 400


def float_text(value: float, decimals: int | None = None) -> str:
    """A float as a user would type it: `decimals` digits if that is exact, else the shortest text that reads back."""
    if decimals is not None and math.isfinite(value) and 1e-3 <= abs(value) < 1e6:
        fixed = f"{value:.{decimals}f}"
        if math.isclose(float(fixed), value, rel_tol=1e-9):
            return fixed
    text = repr(float(value))
    if "e" in text:
        mantissa, exponent = text.split("e")
        return f"{mantissa.removesuffix('.0')}e{int(exponent)}"
    return text.removesuffix(".0")


def box_text(value: float, decimals: int | None) -> str:
    """An integer if `decimals` is None, otherwise a float: `box_text(3.0, None) == "3"`."""
    return str(int(value)) if decimals is None else float_text(value, decimals)


def read_number(text: str, name: str, decimals: int | None) -> tuple[float | None, str]:
    """The number in a text, an int if `decimals` is None; or None, and the reason."""
    stripped = text.strip()
    if not stripped:
        return None, f"{name} is empty."
    if len(stripped) > _LONGEST:
        return None, f"{name} has {len(stripped)} digits."
    if decimals is None:
        if not _INTEGER.fullmatch(stripped):
            return None, f"{name} must be a whole number in digits 0 to 9."
        return int(stripped), ""
    if not _FLOAT.fullmatch(stripped):
        return None, f"{name} must be a number such as 0.5 or 1e-3."
    value = float(stripped)
    if math.isinf(value):
        return None, f"{name} is beyond the largest float64, 1.8e308."
    return value, ""


HEIGHT = 24
WIDTH = 64
_WHEEL_PAUSE_MS = 600
_PATIENCE_MS = 2000


class NumberBox(QAbstractSpinBox):
    """Holds an int (`decimals=None`) or a float, between `minimum` and `maximum` if given.

    `changed(value)` is emitted for each legal value while the user types or steps; all changes of one gesture share
    `gesture`. Any text may be typed. Return, or losing focus, replaces an illegal value by the last legal one and emits
    the reason: `given_up(text)`. Esc restores the value from before the box got focus.
    """

    changed = Signal(object)
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
        self._said: list[float] = []
        """The value before this gesture and the values it emitted; empty once the last one has come back."""
        self._late: float | None = None
        """A value that arrived while a later one was pending; it counts if nothing else arrives for a while."""
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(_PATIENCE_MS)
        self._patience.timeout.connect(self._on_patience_ended)
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
        look_holder().changed.connect(self._clear_ground)
        self._clear_ground()
        self.lineEdit().textEdited.connect(self._on_text_edited)
        self.editingFinished.connect(self._on_editing_finished)
        self.set_value(value)

    @property
    def value(self) -> float:
        """The last legal value."""
        return self._value

    @property
    def gesture(self) -> Hashable:
        """Equal for all changes that one undo should take back together."""
        return ("number", id(self), self._gestures)

    def set_value(self, value: float) -> None:
        """Show a number without a signal; text being typed stays if the number is unchanged.

        The answer to an edit arrives late: an answer to an earlier edit changes nothing.
        """
        if value in self._said[:-1] and value != self._value:
            self._late = value
            self._patience.start()
            return
        self._said, self._late = [], None
        is_typed = self.hasFocus() or self.lineEdit().isModified()
        if value != self._value or not is_typed:
            self._value = self._before = value
            self._show_text(is_typed)

    def _show_text(self, keeps_caret: bool) -> None:
        text, line = self._text_of(self._value), self.lineEdit()
        if text != line.text():
            caret = line.cursorPosition() if keeps_caret else 0  # show the first digits of a number that is too long
            line.setText(text)
            line.setCursorPosition(caret)

    def set_range(self, minimum: float | None, maximum: float | None) -> None:
        """Set other limits; the current value stays until it is edited."""
        self._minimum, self._maximum = minimum, maximum

    def _text_of(self, value: float) -> str:
        return box_text(value, self._decimals)

    def _parsed(self, text: str) -> tuple[float | None, str]:
        """The number in a text, or None and the reason, within the limits."""
        value, reason = read_number(text, self._name, self._decimals)
        if value is None:
            return None, reason
        if self._minimum is not None and value < self._minimum:
            return None, f"{self._name} must be at least {self._text_of(self._minimum)}."
        if self._maximum is not None and value > self._maximum:
            return None, f"{self._name} must be at most {self._text_of(self._maximum)}."
        return value, ""

    @Slot()
    def _clear_ground(self) -> None:
        """Make the line edit transparent, so that the box shows through."""
        palette = QPalette()
        palette.setColor(QPalette.ColorRole.Base, Qt.GlobalColor.transparent)
        self.lineEdit().setPalette(palette)

    def _take(self, value: float) -> None:
        if value != self._value:
            self._said = [*(self._said or [self._value]), value]
            self._value = value
            self.changed.emit(value)

    @Slot(str)
    def _on_text_edited(self, text: str) -> None:
        value, _ = self._parsed(text)
        if value is not None:
            self._take(value)

    @Slot()
    def _on_editing_finished(self) -> None:
        value, reason = self._parsed(self.lineEdit().text())
        self.lineEdit().setText(self._text_of(self._value))
        if value is None:
            self.given_up.emit(reason)
        self._before = self._value
        self._end_gesture()

    @Slot()
    def _on_patience_ended(self) -> None:
        """The last edit was not accepted: show the value that arrived instead, unless the user is typing."""
        if self.lineEdit().isModified():
            self._patience.start()
        elif self._late is not None:
            self._said = []
            self.set_value(self._late)

    @Slot()
    def _end_gesture(self) -> None:
        self._gestures += 1
        self.gesture_ended.emit()

    def revert(self) -> None:
        """Restore the value from before the box got focus."""
        value = self._before
        self.lineEdit().setText(self._text_of(value))
        self._take(value)
        self.selectAll()

    # Overrides of Qt.

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
        self.lineEdit().setText(self._text_of(value))
        self._take(value)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.lineEdit().text() != self._text_of(self._before):
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
        self._clear_ground()  # a style sheet gives the line edit its own background when it is first shown

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
        if self.lineEdit().geometry().contains(event.rect()):  # only the number changed
            with QPainter(self) as painter:
                painter.fillRect(event.rect(), look().color("panel"))
            return
        option = QStyleOptionSpinBox()
        self.initStyleOption(option)
        control, style = QStyle.ComplexControl.CC_SpinBox, self.style()
        up = style.subControlRect(control, option, QStyle.SubControl.SC_SpinBoxUp, self)
        down = style.subControlRect(control, option, QStyle.SubControl.SC_SpinBoxDown, self)
        enabled = self.isEnabled()
        border = "edge" if not enabled else "text2" if self.underMouse() else "field"
        arrow = "text2" if enabled else "text3"
        with QPainter(self) as painter:
            paint_box(painter, self.rect(), look().color("panel"), look().color(border))
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
    """True if a scroll area around this widget can use the wheel."""
    area = widget.parentWidget()
    while area is not None:
        if isinstance(area, QAbstractScrollArea) and area.verticalScrollBar().maximum() > 0:
            return True
        area = area.parentWidget()
    return False
