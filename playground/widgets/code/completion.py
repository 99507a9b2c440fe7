"""The completion list below a code field, and the line with a function's signature."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from playground.widgets.look import code_font, look, words_font
from playground.widgets.painting import RADIUS_CONTROL, baseline, elided, paint_box, text_width

_ROW = 24
_ROWS = 8
_PADDING = 10


@dataclass(frozen=True, slots=True)
class CompletionItem:
    """A possible word, the text inserted for it, and a short description."""

    text: str
    detail: str = ""
    insert: str = ""


@dataclass(frozen=True, slots=True)
class Completion:
    """The items that may replace the characters from `start` to the cursor."""

    start: int
    items: Sequence[CompletionItem] = ()


Completer = Callable[[str, int], Completion]
"""Maps text and cursor to the possible completions."""

SignatureHelp = Callable[[str, int], str]
"""Maps text and cursor to the signature of the function around the cursor, or ""."""


class CompletionPopup(QWidget):
    """A list over the window, below the field; the keyboard focus stays in the field."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("completion")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._items: tuple[CompletionItem, ...] = ()
        self._row = 0
        self._signature = ""
        self.hide()

    @property
    def items(self) -> tuple[CompletionItem, ...]:
        """The items offered."""
        return self._items

    @property
    def current(self) -> CompletionItem | None:
        """The row that Tab or Enter takes."""
        return self._items[self._row] if self._items else None

    @property
    def signature(self) -> str:
        """The signature shown below the list."""
        return self._signature

    def offer(self, items: Sequence[CompletionItem], signature: str) -> None:
        """Show these items and this signature; hide if both are empty."""
        self._items, self._row, self._signature = tuple(items), 0, signature
        self.setVisible(bool(self._items or signature))
        self.resize(self.sizeHint())
        self.setAccessibleName(", ".join(item.text for item in self._items[:_ROWS]) or signature)
        self.raise_()
        self.update()

    def move_row(self, by: int) -> None:
        """Move down or up in the list, wrapping at the ends."""
        if self._items:
            self._row = (self._row + by) % len(self._items)
            self.update()

    def _first(self) -> int:
        return max(0, min(self._row - _ROWS // 2, len(self._items) - _ROWS))

    def sizeHint(self) -> QSize:
        words = max((text_width(code_font(), item.text) for item in self._items), default=0.0)
        details = max((text_width(words_font(), item.detail) for item in self._items), default=0.0)
        width = max(words + details + 3 * _PADDING, text_width(code_font(), self._signature) + 2 * _PADDING, 120)
        rows = min(len(self._items), _ROWS) + (1 if self._signature else 0)
        return QSize(min(round(width), 520), rows * _ROW + 8)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        row = self._first() + int((event.position().y() - 4) // _ROW)
        if 0 <= row < len(self._items) and event.position().y() < 4 + _ROW * min(_ROWS, len(self._items)):
            self.chosen.emit(self._items[row])

    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            paint_box(painter, self.rect(), look().color("raised"), look().color("edge"), RADIUS_CONTROL)
            first, top = self._first(), 4.0
            for row in range(first, min(first + _ROWS, len(self._items))):
                self._paint_row(painter, QRectF(1, top, self.width() - 2, _ROW), row)
                top += _ROW
            if self._signature:
                rect = QRectF(_PADDING, top, self.width() - 2 * _PADDING, _ROW)
                if self._items:
                    painter.fillRect(QRectF(1, top, self.width() - 2, 1), look().color("hairline"))
                painter.setFont(code_font())
                painter.setPen(look().color("text2"))
                text = elided(code_font(), self._signature, rect.width())
                painter.drawText(QPointF(rect.left(), baseline(rect, code_font())), text)

    def _paint_row(self, painter: QPainter, rect: QRectF, row: int) -> None:
        item, chosen = self._items[row], row == self._row
        if chosen:
            painter.fillRect(rect, look().color("accent"))
        painter.setFont(code_font())
        painter.setPen(look().color("accent_text" if chosen else "text"))
        painter.drawText(QPointF(_PADDING, baseline(rect, code_font())), item.text)
        left = _PADDING + text_width(code_font(), item.text) + _PADDING
        detail = elided(words_font(), item.detail, rect.right() - _PADDING - left)
        painter.setFont(words_font())
        painter.setPen(look().color("accent_text" if chosen else "text3"))
        painter.drawText(
            QPointF(rect.right() - _PADDING - text_width(words_font(), detail), baseline(rect, words_font())), detail
        )
