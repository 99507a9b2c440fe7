"""The title line of the broadcast panel: operands, operation, what can be done with them, the verdict."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from playground.models.tensors.broadcast_operators import SEARCHED
from playground.widgets.common.buttons import Button
from playground.widgets.common.combo_box import ComboBox
from playground.widgets.common.text_label import TextLabel
from playground.widgets.common.title_flow import FlowTitle
from playground.widgets.common.tooltip import set_tooltip
from playground.widgets.tensors.broadcast_bar import OperandBar, VerdictLine

TIGHT_NAME, ROOMY_NAME = 72, 120
"""A box with a longer name becomes so narrow among its own, and beside buttons."""


class BroadcastTitle(FlowTitle):
    """Only controls; the panel says what they do. In a narrow panel they take two or three lines."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bar = OperandBar(SEARCHED, self)
        self.operation = ComboBox(code=True)
        self.operation.setObjectName("broadcast.operation")
        set_tooltip(self.operation, "Which operation of the line is shown")
        self.back = _button("back", "Show the operation of the selected line again", "")
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
