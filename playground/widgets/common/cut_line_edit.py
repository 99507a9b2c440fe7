"""A line edit that shows the beginning of a long text with an ellipsis while the keyboard is elsewhere."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLineEdit

from playground.widgets.common.look import look
from playground.widgets.common.painting import baseline, elided, paint_text, text_width

_INSET = 2
"""Qt's own margin left and right of the text, beyond the text margins."""


class CutLineEdit(QLineEdit):
    """Without a frame. What is typed scrolls as in any line edit."""

    @property
    def shown_text(self) -> str:
        """What is painted: the text, or its beginning with an ellipsis."""
        return self.text() if self.hasFocus() else elided(self.font(), self.text(), self._room)

    @property
    def _room(self) -> int:
        margins = self.textMargins()
        return self.width() - 2 * _INSET - margins.left() - margins.right()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.hasFocus() or text_width(self.font(), self.text()) <= self._room:
            super().paintEvent(event)
            return
        left, base = self.textMargins().left() + _INSET, baseline(QRectF(self.rect()), self.font())
        with QPainter(self) as painter:
            paint_text(painter, left, base, self.shown_text, self.font(), color=look().color("text"))
