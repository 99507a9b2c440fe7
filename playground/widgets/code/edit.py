"""A field for one line of code, with colours, the error underlined, completion and the signature."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QMimeData, QPoint, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QFocusEvent,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QTextCursor,
    QTextOption,
)
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QSizePolicy, QWidget

from playground.models.problem import Span
from playground.widgets.code.completion import Completer, Completion, CompletionItem, CompletionPopup, SignatureHelp
from playground.widgets.code.marks import BADGE_SPACING, CodeHighlighter, CodeMark, Marker, code_marks
from playground.widgets.look import code_font, look, look_holder
from playground.widgets.painting import RADIUS_BADGE, paint_box, paint_lit, paint_squiggle
from playground.widgets.text.runs import paint_underline

_LONGEST = 20_000


def _no_completion(_text: str, position: int) -> Completion:
    return Completion(position)


def _no_signature(_text: str, _position: int) -> str:
    return ""


class CodeEdit(QPlainTextEdit):
    """`edited(text)` on each change by the user, `committed(text)` on Enter or when a changed field loses focus.

    Esc closes the list or restores the last committed text. Pasted text stays plain and on one line. `marker` colours
    the text; `completer` and `signature_help` are called while the user types.
    """

    edited = Signal(str)
    committed = Signal(str)
    reverted = Signal()

    def __init__(
        self,
        text: str = "",
        *,
        marker: Marker = code_marks,
        completer: Completer = _no_completion,
        signature_help: SignatureHelp = _no_signature,
        pixels: int = 12,
        height: int = 24,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.marker, self.completer, self.signature_help = marker, completer, signature_help
        self._fault: Span | None = None
        self._severity = "error"
        self._committed = self._shown = self._given = text
        self._is_saying = False
        self._popup: CompletionPopup | None = None
        self._completion = Completion(0)
        self._height = height
        self.setFont(code_font(pixels))
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setWordWrapMode(QTextOption.WrapMode.NoWrap)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setTabChangesFocus(True)
        self.setUndoRedoEnabled(False)
        self.document().setDocumentMargin(max(0.0, (height - 4 - self.fontMetrics().height()) / 2))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(height)
        self.textChanged.connect(self._on_text_changed)
        look_holder().changed.connect(self._color)
        self.setPlainText(text)
        self._highlighter = CodeHighlighter(self.document(), self._marks_of)

    def text(self) -> str:
        """The text of the field."""
        return self.toPlainText()

    def set_text(self, text: str) -> None:
        """Show a text without a signal; text being typed stays if the new text is the one shown before.

        A text that arrives while an edit is being emitted is that same edit, perhaps spelled differently.
        """
        typing = self._is_saying or (self.hasFocus() and text == self._given)
        self._given = text
        if text == self.text() or typing:
            return
        position = self.textCursor().position()
        self._shown = text
        self.setPlainText(text)
        cursor = self.textCursor()
        cursor.setPosition(min(position, len(text)))
        self.setTextCursor(cursor)
        self._committed = text

    def set_fault(self, span: Span | None, severity: str = "error") -> None:
        """Draw a squiggle below the characters of a span, or remove it."""
        if (span, severity) != (self._fault, self._severity):
            self._fault, self._severity = span, severity
            self.viewport().update()

    @property
    def popup(self) -> CompletionPopup | None:
        """The completion list, once it has been shown."""
        return self._popup

    def _marks_of(self, text: str) -> Sequence[CodeMark]:
        return self.marker(text)

    # Events

    @Slot()
    def _on_text_changed(self) -> None:
        text = self.text()
        if text == self._shown:
            return
        self._shown = text
        self.viewport().update()
        self._is_saying = True
        self.edited.emit(text)
        self._is_saying = False
        if self.hasFocus():
            self._ask()

    @Slot()
    def _color(self) -> None:
        self._highlighter.rehighlight()
        self.viewport().update()

    def _commit(self) -> None:
        self._close_popup()
        if self.text() != self._committed:
            self._committed = self.text()
            self.committed.emit(self._committed)

    def revert(self) -> None:
        """Restore the last committed text."""
        self._close_popup()
        if self.text() != self._committed:
            self._given = self.text()
            self.set_text(self._committed)
            self.edited.emit(self._committed)
        self.reverted.emit()

    # Completion

    def _ask(self, forced: bool = False) -> None:
        text, position = self.text(), self.textCursor().position()
        self._completion = self.completer(text, position)
        typed = text[self._completion.start : position]
        items = self._completion.items if forced or typed or text[:position].endswith(".") else ()
        if len(items) == 1 and (items[0].insert or items[0].text) == typed:
            items = ()
        signature = self.signature_help(text, position)
        if not items and not signature:
            self._close_popup()
            return
        if self._popup is None or self._popup.parentWidget() is not self.window():
            self._popup = CompletionPopup(self.window())
            self._popup.chosen.connect(self._on_chosen)
        self._popup.offer(items, signature)
        self._place_popup(self._popup)

    def _place_popup(self, popup: CompletionPopup) -> None:
        window = self.window()
        below = self.mapTo(window, QPoint(self.cursorRect().left(), self.height() + 3))
        x = max(0, min(below.x(), window.width() - popup.width()))
        above = below.y() - self.height() - 6 - popup.height()
        y = below.y() if below.y() + popup.height() <= window.height() or above < 0 else above
        popup.move(x, y)

    def _close_popup(self) -> None:
        if self._popup is not None:
            self._popup.hide()
            self._popup.deleteLater()
            self._popup = None

    @Slot(object)
    def _on_chosen(self, item: CompletionItem) -> None:
        cursor = self.textCursor()
        end = cursor.position()
        cursor.setPosition(min(self._completion.start, end))
        cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        self._close_popup()
        cursor.insertText(item.insert or item.text)
        self.setTextCursor(cursor)

    # Overrides of Qt

    def sizeHint(self) -> QSize:
        return QSize(160, self._height)

    def minimumSizeHint(self) -> QSize:
        return QSize(48, self._height)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            undo = event.matches(QKeySequence.StandardKey.Undo) or event.matches(QKeySequence.StandardKey.Redo)
            if undo:
                event.ignore()
                return False
            if event.key() == Qt.Key.Key_Escape:
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        offered = self._popup if self._popup is not None and self._popup.items else None
        if offered is not None and key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            offered.move_row(1 if key == Qt.Key.Key_Down else -1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._commit()
        elif key == Qt.Key.Key_Escape:
            if self._popup is not None:
                self._close_popup()
            else:
                self.revert()
        elif key == Qt.Key.Key_Space and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._ask(forced=True)
        elif event.matches(QKeySequence.StandardKey.Undo) or event.matches(QKeySequence.StandardKey.Redo):
            event.ignore()
        else:
            super().keyPressEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab accepts the offered word; without one it moves to the next control."""
        if forward and self._popup is not None and self._popup.current is not None:
            self._on_chosen(self._popup.current)
            return True
        return super().focusNextPrevChild(forward)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._committed = self.text()
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() is not Qt.FocusReason.PopupFocusReason:
            self._commit()

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Paste the text on one line, without markup and cut to a sensible length."""
        line = " ".join(source.text()[:_LONGEST].split("\n")).replace("\r", "").replace("\0", "")
        self.textCursor().insertText(line)

    def paintEvent(self, event: QPaintEvent) -> None:
        marks = [mark for mark in self.marker(self.text()) if mark.axis is not None]
        with QPainter(self.viewport()) as painter:
            for mark in marks:
                if mark.badge and mark.axis is not None:
                    half = BADGE_SPACING / 2
                    box = self._rect_of(mark.start, mark.stop).adjusted(0.5 - half, 0, -0.5 - half, 0)
                    paint_box(painter, box, look().axis_fill(mark.axis), look().axis_line(mark.axis), RADIUS_BADGE)
                    if mark.lit:
                        paint_lit(painter, box)
        super().paintEvent(event)
        with QPainter(self.viewport()) as painter:
            for mark in marks:
                if not mark.badge and mark.axis is not None:
                    box = self._rect_of(mark.start, mark.stop)
                    paint_underline(painter, box.left(), box.bottom() - 5, box.width(), look().axis_line(mark.axis))
            self._paint_fault(painter)

    def _paint_fault(self, painter: QPainter) -> None:
        if self._fault is None:
            return
        last = len(self.text())
        start = min(self._fault.start, max(0, last - 1))
        box = self._rect_of(start, max(start + 1, min(self._fault.stop, last)))
        role = "warning" if self._severity == "warning" else "error"
        paint_squiggle(painter, box.left(), box.bottom() - 2, max(6.0, box.width()), look().color(role))

    def _rect_of(self, start: int, stop: int) -> QRectF:
        """The rectangles of characters in the viewport."""
        cursor = QTextCursor(self.document())
        last = len(self.text())
        cursor.setPosition(min(start, last))
        left = self.cursorRect(cursor)
        cursor.setPosition(min(stop, last))
        right = self.cursorRect(cursor)
        return QRectF(left.left(), left.top(), right.left() - left.left(), left.height())
