"""The box for one operand: a tensor of the program, or an expression of some."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from playground.models.einsum.operands import ordinal
from playground.widgets.common.code_edit import CodeEdit
from playground.widgets.common.combo_box import HEIGHT, ComboBox
from playground.widgets.common.painting import text_width
from playground.widgets.common.tooltip import set_tooltip

NOTHING = "none"
EXPRESSION = "expression..."
_CHEVRON = 38


class NameCombo(ComboBox):
    """As wide as what is chosen, not as the widest choice."""

    def sizeHint(self) -> QSize:
        width = text_width(self.item_font(), self.currentText()) + _CHEVRON
        return QSize(round(min(140.0, max(56.0, width))), HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(min(56, self.sizeHint().width()), HEIGHT)


class OperandBox(QWidget):
    """`chosen(number, text)`: a name, an expression, or "" for nothing."""

    chosen = Signal(int, str)

    def __init__(self, number: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._number = number
        self._text = ""
        self.combo = NameCombo(code=True)
        self.combo.setObjectName(f"einsum.operand.{number}")
        self.combo.setMaximumWidth(140)
        set_tooltip(self.combo, f"The {ordinal(number)} operand: a tensor of the program, or an expression")
        self.field = CodeEdit()
        self.field.setObjectName(f"einsum.expression.{number}")
        self.field.setAccessibleName(f"expression for the {ordinal(number)} operand")
        self.field.setFixedWidth(120)
        set_tooltip(self.field, "An expression of the program's tensors", "B.t()   A[:, :3]")
        self.field.hide()
        self.combo.activated.connect(self._on_activated)
        self.field.committed.connect(self._on_committed)
        self.field.reverted.connect(self._close_field)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.combo)
        row.addWidget(self.field)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def set_choice(self, text: str, names: Sequence[str]) -> None:
        """Show what is chosen, and what else could be."""
        items = [*names, *([text] if text and text not in names else []), NOTHING, EXPRESSION]
        shown = [self.combo.itemText(row) for row in range(self.combo.count())]
        self._text = text
        if items != shown:
            self.combo.blockSignals(True)
            self.combo.clear()
            self.combo.addItems(items)
            self.combo.blockSignals(False)
            self.combo.updateGeometry()
        row = items.index(text) if text else items.index(NOTHING)
        if row != self.combo.currentIndex():
            self.combo.blockSignals(True)
            self.combo.setCurrentIndex(row)
            self.combo.blockSignals(False)
            self.combo.updateGeometry()

    @Slot(int)
    def _on_activated(self, row: int) -> None:
        text = self.combo.itemText(row)
        if text == EXPRESSION and row == self.combo.count() - 1:
            self.combo.setCurrentText(self._text or NOTHING)
            self.open_field()
        elif text == NOTHING and row == self.combo.count() - 2:
            self.chosen.emit(self._number, "")
        else:
            self.chosen.emit(self._number, text)

    def open_field(self) -> None:
        """Type an expression instead of choosing a name."""
        self.combo.hide()
        self.field.show()
        self.field.set_text(self._text)
        self.field.selectAll()
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)

    @Slot()
    def _close_field(self) -> None:
        self.field.hide()
        self.combo.show()

    @Slot(str)
    def _on_committed(self, text: str) -> None:
        self._close_field()
        self.chosen.emit(self._number, text.strip())
