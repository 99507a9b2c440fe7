"""In-place editors for the selected card's name and code, with completion and signature help."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal, Slot
from PySide6.QtGui import QFocusEvent, QFont, QKeyEvent, QPainter, QPaintEvent, QTextCursor
from PySide6.QtWidgets import QWidget

from playground.models.language.completion import complete, signature_help
from playground.models.problem import Span
from playground.widgets.code.completion import Completion, CompletionItem
from playground.widgets.code.edit import CodeEdit
from playground.widgets.controls.fields import CutLineEdit
from playground.widgets.controls.tooltip import set_tooltip
from playground.widgets.look import code_font
from playground.widgets.painting import text_width
from playground.widgets.tensors.card_painter import CODE_TOP, LINE_2, paint_code_line
from playground.widgets.tensors.tensor_card import TensorCard

_MOST = 40


class LineCompletion:
    """Completes with the tensors above the line; `names` maps them to their shapes (() without a result)."""

    def __init__(self) -> None:
        self.names: dict[str, tuple[int, ...]] = {}

    def complete(self, text: str, position: int) -> Completion:
        """The possible completions at the cursor, the most likely first."""
        found = complete(text, position, self.names)
        items = tuple(
            CompletionItem(candidate.text, candidate.description or candidate.signature, candidate.insert)
            for candidate in found.candidates[:_MOST]
        )
        return Completion(found.start, items)

    def signature(self, text: str, position: int) -> str:
        """The signature of the function around the cursor, and what it does."""
        found = signature_help(text, position, self.names)
        return "" if found is None else f"{found.usage}  {found.description}"


class NameEdit(CutLineEdit):
    """A frameless name field, elided unless edited; Enter or losing focus commits, Esc restores the old name."""

    committed = Signal(str)
    typed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("tensors.name")
        self.setProperty("bare", True)
        self.setFont(code_font(13, QFont.Weight.Bold))
        self.setTextMargins(-2, 0, 0, 0)
        self._name = ""
        set_tooltip(self, "The tensor's name: renaming it updates all lines that use it (F2)")
        self.editingFinished.connect(self._on_finished)
        self.textEdited.connect(self.typed)

    def set_name(self, name: str) -> None:
        """Show the name of a tensor."""
        self._name = name
        if self.text() != name:
            self.setText(name)
            self.setCursorPosition(0)

    @Slot()
    def _on_finished(self) -> None:
        if self.text() != self._name:
            self.committed.emit(self.text())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.setText(self._name)
            self.typed.emit(self._name)
            self.clearFocus()
        else:
            super().keyPressEvent(event)


class CodeLine(CodeEdit):
    """The code of a card. Without focus it shows the beginning of the code, with an ellipsis."""

    @property
    def is_cut(self) -> bool:
        """True if the text is longer than the field and the field has no focus."""
        return not self.hasFocus() and text_width(code_font(), self.text()) > self.viewport().width()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.is_cut:
            super().paintEvent(event)
            return
        with QPainter(self.viewport()) as painter:
            place = QPoint(0, LINE_2 - CODE_TOP - self.viewport().y())
            paint_code_line(painter, place, self.viewport().width(), self.text(), self._fault)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if not self.hasFocus():
            self.moveCursor(QTextCursor.MoveOperation.Start)


class CardEditors(QObject):
    """Keeps a name field and a code field on the selected card."""

    renamed = Signal(str)
    name_typed = Signal(str)
    code_edited = Signal(str)
    code_committed = Signal(str)
    code_reverted = Signal(str)
    keyboard_left = Signal()
    """Emitted when the line being edited is no longer selected."""

    def __init__(self, home: QWidget) -> None:
        super().__init__(home)
        self._home = home
        self._card: TensorCard | None = None
        self.line = ""
        """The name of the tensor being edited."""
        self.name = NameEdit(home)
        self.completion = LineCompletion()
        self.code = CodeLine(
            completer=self.completion.complete, signature_help=self.completion.signature, height=20, parent=home
        )
        self.code.setObjectName("tensors.code")
        self.code.setStyleSheet("QPlainTextEdit { background: transparent; border: none; padding: 0; }")
        self.code.viewport().setAutoFillBackground(False)
        set_tooltip(self.code, "The tensor's line, as PyTorch code (Enter)")
        self.name.hide()
        self.code.hide()
        self.name.committed.connect(self.renamed)
        self.name.typed.connect(self._on_name_typed)
        self.code.edited.connect(self.code_edited)
        self.code.committed.connect(self.code_committed)
        self.code.reverted.connect(self._on_code_reverted)

    @property
    def card(self) -> TensorCard | None:
        """The card with the editors."""
        return self._card

    def stand_on(self, card: TensorCard | None, name: str, code: str, editable: bool) -> None:
        """Move to a card and show its name and code; text being typed stays if it is the same line."""
        if name != self.line:
            self.line = name
            self._give_up_keyboard()
        if card is not self._card:
            if self._card is not None:
                self._card.removeEventFilter(self)
            self._card = card
            parent = card if card is not None else self._home
            self.name.setParent(parent)
            self.code.setParent(parent)
            if card is not None:
                card.installEventFilter(self)
        self.name.setVisible(card is not None)
        self.code.setVisible(card is not None)
        self.code.setReadOnly(not editable)
        if not self.name.hasFocus():
            self.name.set_name(name)
        self.code.set_text(code)
        self._place()

    def _give_up_keyboard(self) -> None:
        """Give the focus to the list: further typing belonged to another line."""
        for field in (self.name, self.code):
            if field.hasFocus():
                field.blockSignals(True)
                self.keyboard_left.emit()
                field.blockSignals(False)

    def show_fault(self, span: Span | None, severity: str) -> None:
        """Underline an error in the code."""
        self.code.set_fault(span, severity)

    def _place(self) -> None:
        if self._card is None:
            return
        rect = self._card.name_rect()
        wanted = max(rect.width(), self.name.fontMetrics().horizontalAdvance(self.name.text()) + 6)
        typing = self.name.hasFocus()
        rect.setWidth(min(wanted, self._card.width() - rect.left() - 8 if typing else rect.width() + 4))
        self.name.setGeometry(rect)
        self.code.setGeometry(self._card.code_rect())

    @Slot()
    def _on_code_reverted(self) -> None:
        self.code_reverted.emit(self.code.text())

    @Slot(str)
    def _on_name_typed(self, text: str) -> None:
        self._place()
        self.name_typed.emit(text)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def edit_name(self) -> None:
        """Focus the name field."""
        self.name.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.name.selectAll()

    def edit_code(self, select: bool = False) -> None:
        """Focus the code field."""
        self.code.setFocus(Qt.FocusReason.ShortcutFocusReason)
        if select:
            self.code.selectAll()
