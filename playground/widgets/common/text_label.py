"""A line of plain text in a colour role, cut with an ellipsis where it does not fit."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from playground.widgets.common.look import code_font, look, words_font
from playground.widgets.common.painting import baseline, elided, text_width
from playground.widgets.common.tooltip import place_beside

_HEIGHT = 24


class TextLabel(QWidget):
    """`TextLabel("Depth", "text2")`; never markup. A `fixed` one never gets narrower than its text.

    Where not even `least` characters fit, nothing is painted: `= …` says nothing.
    """

    def __init__(
        self,
        text: str = "",
        role: str = "text",
        *,
        code: bool = False,
        bold: bool = False,
        right: bool = False,
        fixed: bool = False,
        height: int = _HEIGHT,
        least: int = 0,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._own_tip, self._least = "", least
        self._text, self._role, self._right, self._fixed, self._height = "", role, right, fixed, height
        weight = QFont.Weight.DemiBold if bold else QFont.Weight.Normal
        self._font = code_font(12, QFont.Weight.Bold if bold else weight) if code else words_font(weight)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.set_text(text)

    def text(self) -> str:
        """The whole text, uncut."""
        return self._text

    def set_text(self, text: str, role: str | None = None) -> None:
        """Show another text, in another colour role where one is given."""
        if role is not None and role != self._role:
            self._role = role
            self.update()
        if text != self._text:
            before = self.sizeHint()
            self._text = text
            self.setAccessibleName(text)
            takes_any = self.sizePolicy().horizontalPolicy() == QSizePolicy.Policy.Ignored
            if not takes_any and self.sizeHint() != before:
                self.updateGeometry()
            self._tell_what_is_cut()
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(round(text_width(self._font, self._text) + 1), self._height)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint() if self._fixed else QSize(min(24, self.sizeHint().width()), self._height)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._tell_what_is_cut()

    def _tell_what_is_cut(self) -> None:
        cut = self.sizeHint().width() > self.width() + 1 and self.isVisible()
        tip = escape(self._text) if cut else ""
        if self.toolTip() == self._own_tip and tip != self._own_tip:  # a tooltip that somebody else gave stays
            self._own_tip = tip
            place_beside(self)
            self.setToolTip(tip)

    def shown_text(self) -> str:
        """The text as far as it fits, with an ellipsis where it is cut."""
        text = elided(self._font, self._text, self.width() + 0.5)
        return text if text == self._text or len(text) > self._least else ""

    def paintEvent(self, _event: QPaintEvent) -> None:
        text = self.shown_text()
        x = self.width() - text_width(self._font, text) if self._right else 0.0
        with QPainter(self) as painter:
            painter.setFont(self._font)
            painter.setPen(look().color(self._role if self.isEnabled() else "text3"))
            painter.drawText(QPointF(x, baseline(QRectF(self.rect()), self._font)), text)
