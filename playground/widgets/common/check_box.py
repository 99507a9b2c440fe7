"""A check box of 16 px."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize
from PySide6.QtGui import QEnterEvent, QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QCheckBox, QSizePolicy, QWidget

from playground.widgets.common.look import code_font, icon, look, words_font
from playground.widgets.common.painting import RADIUS_BADGE, baseline, paint_box, text_width

_BOX = 16
_GAP = 8
_HEIGHT = 24


class CheckBox(QCheckBox):
    """A switch with its words, or with its code (`code=True`)."""

    def __init__(self, text: str, code: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self._code = code
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def words(self) -> QFont:
        """The font of the text."""
        return code_font() if self._code else words_font()

    def sizeHint(self) -> QSize:
        return QSize(round(_BOX + _GAP + text_width(self.words(), self.text())) + 2, _HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def hitButton(self, position: QPoint) -> bool:
        return self.rect().contains(position)

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        box = QRectF(0, (self.height() - _BOX) / 2, _BOX, _BOX)
        on, enabled = self.isChecked(), self.isEnabled()
        border = "edge" if not enabled else "accent" if on else "text2" if self.underMouse() else "field"
        fill = "accent" if on and enabled else "edge" if on else "panel"
        font = self.words()
        with QPainter(self) as painter:
            paint_box(painter, box, look().color(fill), look().color(border), RADIUS_BADGE)
            if on:
                icon("check", "accent_text").paint(painter, QRect(box.toRect().adjusted(2, 2, -2, -2)))
            painter.setFont(font)
            painter.setPen(look().color("text" if enabled else "text3"))
            painter.drawText(QPointF(_BOX + _GAP, baseline(QRectF(self.rect()), font)), self.text())
