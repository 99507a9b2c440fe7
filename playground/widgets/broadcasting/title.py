"""The title line of the Broadcast panel: operands, operator, the operation of the line, and the verdict."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPointF, QRect, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox, QSizePolicy, QWidget

from playground.models.broadcasting.operators import SEARCHED
from playground.widgets.controls.buttons import Button, IconButton
from playground.widgets.controls.fields import HEIGHT, ComboBox, CutLineEdit
from playground.widgets.controls.layouts import FlowTitle
from playground.widgets.controls.tooltip import set_tooltip
from playground.widgets.look import code_font, icon, look, words_font
from playground.widgets.painting import baseline, elided, paint_box, text_width
from playground.widgets.text.labels import TextLabel

_MOST, _LEAST, _RIGHT = 168, 50, 24
_PLACEHOLDER = "other"
_ICONS = {"good": "check", "error": "circle-alert", "warning": "triangle-alert"}


class OperandChoice(ComboBox):
    """A tensor by name, or any expression typed instead; `committed(text)` on choice or Enter."""

    committed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        self._shown = ""
        super().__init__(code=True, parent=parent)
        self.setEditable(True)
        self.line = edit = CutLineEdit(self)
        self.setLineEdit(edit)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.setCompleter(None)  # type: ignore[arg-type]
        edit.setFrame(False)
        edit.setFont(code_font())
        edit.setMaxLength(2000)
        edit.setPlaceholderText(_PLACEHOLDER)
        edit.setStyleSheet("background: transparent; border: none; padding: 0px")
        edit.editingFinished.connect(self._on_committed)
        self.activated.connect(self._on_committed)

    def set_choices(self, names: tuple[str, ...], text: str) -> None:
        """Offer these names and show `text`; text being typed is left alone."""
        if self.line.hasFocus() and self.line.isModified():
            return
        items = list(names) if text in names or not text else [text, *names]
        blocked = self.blockSignals(True)
        if [self.itemText(row) for row in range(self.count())] != items:
            self.clear()
            self.addItems(items)
        if self.currentText() != text:
            self.setCurrentText(text)
            self.line.setCursorPosition(0)
        self.blockSignals(blocked)
        if text != self._shown:
            self._shown = text
            self.updateGeometry()

    @Slot()
    def _on_committed(self) -> None:
        text = self.currentText().strip()
        if text and text != self._shown:
            self._shown = text
            self.line.setModified(False)
            self.committed.emit(text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.line.isModified():
            self.setCurrentText(self._shown)
            self.line.setModified(False)
            return
        super().keyPressEvent(event)

    def sizeHint(self) -> QSize:
        width = round(text_width(code_font(), self._shown or _PLACEHOLDER)) + 16 + _RIGHT
        return QSize(min(max(width, _LEAST), _MOST), HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(_LEAST, HEIGHT)

    def paintEvent(self, _event: QPaintEvent) -> None:
        border = "edge" if not self.isEnabled() else "text2" if self.underMouse() else "field"
        with QPainter(self) as painter:
            paint_box(painter, self.rect(), look().color("panel"), look().color(border))
            place = QRect(self.width() - 21, (self.height() - 14) // 2, 14, 14)
            icon("chevron-down", "text2" if self.isEnabled() else "text3").paint(painter, place)


class VerdictLine(QWidget):
    """An icon and a few words: fits, clashes, or fits with a warning; plain text without an operation."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("broadcast.verdict")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._text, self._role = "", "good"
        set_tooltip(self, "Do the shapes fit, and how many operands are stretched?")
        self.setAccessibleName("Broadcast verdict")

    def text(self) -> str:
        """The words."""
        return self._text

    @property
    def role(self) -> str:
        """The colour: "good", "warning", "error"; "offer" is none."""
        return self._role

    def set_verdict(self, text: str, role: str) -> None:
        """Show other words."""
        self._text, self._role = text, role
        self.setAccessibleDescription(text)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(round(text_width(words_font(), self._text)) + 23 if self._text else 0, 24)

    def minimumSizeHint(self) -> QSize:
        return QSize(min(110, self.sizeHint().width()), 24)

    def paintEvent(self, _event: QPaintEvent) -> None:
        if not self._text:
            return
        font = words_font()
        text = elided(font, self._text, self.width() - 22)
        left = self.width() - round(text_width(font, text)) - 1
        with QPainter(self) as painter:
            if self._role in _ICONS:
                icon(_ICONS[self._role], self._role).paint(painter, QRect(left - 22, 4, 16, 16))
            painter.setFont(font)
            painter.setPen(look().color(self._role if self._role in _ICONS else "text2"))
            painter.drawText(QPointF(left, baseline(QRectF(self.rect()), font)), text)


class OperandBar(QObject):
    """Operand boxes and operator, the `parts` of a title line; `chosen(operands, operator)` when one changes."""

    chosen = Signal(object, str)

    def __init__(self, operators: tuple[str, ...], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.operator = ComboBox(code=True)
        self.operator.setObjectName("broadcast.operator")
        set_tooltip(self.operator, "The elementwise operator")
        self.operator.addItems(list(operators))
        self.operator.activated.connect(self._on_changed)
        self.boxes = [OperandChoice() for _ in range(3)]
        for box, name, words in zip(
            self.boxes,
            ("broadcast.operand", "broadcast.other", "broadcast.operand.2"),
            ("The first operand: a tensor, or any expression", "The second operand: a tensor, or any expression",
             "The third operand: a tensor, or any expression"),
            strict=True,
        ):  # fmt: skip
            box.setObjectName(name)
            set_tooltip(box, words, "v[:, None]")
            box.committed.connect(self._on_changed)
        self.third = IconButton("plus", "Add or remove a third operand")
        self.third.setObjectName("broadcast.third")
        self.third.clicked.connect(self._on_third_clicked)
        self.boxes[2].hide()

    @property
    def parts(self) -> tuple[QWidget, ...]:
        """From left to right."""
        return (self.boxes[0], self.operator, self.boxes[1], self.boxes[2], self.third)

    @property
    def operands(self) -> tuple[str, ...]:
        """The texts of the boxes that are shown."""
        return tuple(box.currentText().strip() for box in self.boxes if not box.isHidden())

    def show_choice(
        self, names: tuple[str, ...], operands: tuple[str, ...], operator: str, chains: bool = False
    ) -> None:
        """Show operands and operator, offering all tensors by name; `chains`: a third operand is possible."""
        blocked = self.operator.blockSignals(True)
        if self.operator.findText(operator) < 0:
            self.operator.addItem(operator)
        self.operator.setCurrentText(operator)
        self.operator.blockSignals(blocked)
        self.operator.setFixedWidth(round(text_width(code_font(), operator)) + 38)
        for place, box in enumerate(self.boxes):
            shown = place < max(2, len(operands))
            box.setVisible(shown)
            if shown:
                box.set_choices(names, operands[place] if place < len(operands) else "")
        self.third.setVisible(chains and len(operands) > 1)
        self.third.set_icon_name("minus" if len(operands) > 2 else "plus")

    @Slot()
    def _on_third_clicked(self) -> None:
        """Add a third operand, at first the first tensor; or remove it."""
        operands = self.operands
        shown = operands[:2] if len(operands) > 2 else (*operands, self.boxes[0].itemText(0))
        self.chosen.emit(shown, self.operator.currentText())

    @Slot()
    def _on_changed(self) -> None:
        operands = self.operands
        if all(operands):
            self.chosen.emit(operands, self.operator.currentText())


TIGHT_NAME, ROOMY_NAME = 72, 120
"""The narrowest that a box with a longer name becomes, among other boxes and beside buttons."""


class BroadcastTitle(FlowTitle):
    """Controls only; the panel implements them. In a narrow panel they take two or three lines."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bar = OperandBar(SEARCHED, self)
        self.operation = ComboBox(code=True)
        self.operation.setObjectName("broadcast.operation")
        set_tooltip(self.operation, "Which operation of the line is shown")
        self.back = _button("back", "Go back to the operation of the selected line", "")
        self.keep = _button("keep", "Add this operation to the program", "Keep as line", "secondary")
        self.more = _button("more", "Show every single edit that makes the shapes fit", "")
        self.gradient = _button("gradient", "The gradient of a stretched operand: the sum over its copies", "Gradient")
        self.gradient.setCheckable(True)
        self.verdict = VerdictLine()
        flow = self.flow
        flow.add(TextLabel("Broadcast", bold=True, fixed=True))
        for widget in self.bar.parts:
            tied = widget is self.bar.third
            flow.add(widget, tied=tied, tight=TIGHT_NAME, roomy=ROOMY_NAME)
        flow.add(self.operation, tight=ROOMY_NAME, roomy=ROOMY_NAME)
        flow.add(self.back)
        for button in (self.keep, self.more, self.gradient):
            flow.add(button, right=True)
        flow.add(self.verdict, right=True, leads=True)
        hidden: tuple[QWidget, ...] = (self.operation, self.back, self.keep, self.more)
        for widget in hidden:
            widget.hide()

    def show_operations(self, operations: tuple[str, ...], place: int) -> None:
        """Offer the operations of a line, if there are several."""
        blocked = self.operation.blockSignals(True)
        self.operation.clear()
        self.operation.addItems([f"in {text}" for text in operations])
        self.operation.setCurrentIndex(place)
        self.operation.blockSignals(blocked)
        self.operation.setVisible(len(operations) > 1)


def _button(name: str, words: str, text: str, kind: str = "quiet") -> Button:
    button = Button(text, kind)
    button.setObjectName(f"broadcast.{name}")
    set_tooltip(button, words)
    return button
