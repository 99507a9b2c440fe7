"""A row of tabs, with the current one underlined in the accent colour: Shape | Einsum | Memory."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QMargins, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QHoverEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QTabBar, QWidget

from playground.widgets.controls.focus_ring import FOCUS_ROOM
from playground.widgets.look import look, words_font
from playground.widgets.painting import baseline, text_width

_UNDERLINE = 2
_ROOM = 3
"""Pixels between the text and the focus ring."""


class TabRow(QTabBar):
    """`TabRow("Loops", "torch", "numpy")`; `currentChanged(int)` as in Qt. `spacing` is the gap between the texts."""

    def __init__(self, *names: str, height: int = 24, spacing: int = 20, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._row_height, self._spacing = height, spacing
        self._hovered = -1
        self.setDrawBase(False)
        self.setExpanding(False)
        self.setUsesScrollButtons(False)
        self.setElideMode(Qt.TextElideMode.ElideNone)
        self.setMouseTracking(True)
        self.setFont(self._font())
        self.setProperty(FOCUS_ROOM, QMargins(_ROOM, 0, _ROOM - spacing, 0))  # there is spacing after the last tab too
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        for name in names:
            self.addTab(name)

    def _font(self) -> QFont:
        return words_font(QFont.Weight.Medium)

    def tabSizeHint(self, index: int) -> QSize:
        return QSize(round(text_width(self._font(), self.tabText(index))) + self._spacing, self._row_height)

    def minimumTabSizeHint(self, index: int) -> QSize:
        return self.tabSizeHint(index)

    def sizeHint(self) -> QSize:
        return QSize(sum(self.tabSizeHint(index).width() for index in range(self.count())), self._row_height)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHoverEvent):
            hovered = -1 if event.type() == QEvent.Type.HoverLeave else self.tabAt(event.position().toPoint())
            if hovered != self._hovered:
                self._hovered = hovered
                self.update()
        return super().event(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        font = self._font()
        with QPainter(self) as painter:
            painter.setFont(font)
            for index in range(self.count()):
                rect = QRectF(self.tabRect(index))
                chosen = index == self.currentIndex()
                words = text_width(font, self.tabText(index))
                role = "text" if chosen or index == self._hovered else "text2"
                painter.setPen(look().color(role if self.isTabEnabled(index) else "text3"))
                painter.drawText(QPointF(rect.left(), baseline(rect, font)), self.tabText(index))
                if chosen:
                    line = QRectF(rect.left(), rect.bottom() - _UNDERLINE, round(words), _UNDERLINE)
                    painter.fillRect(line, look().color("accent"))
