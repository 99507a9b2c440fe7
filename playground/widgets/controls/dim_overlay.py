"""Dims the last good result of something that fails now: a widget as a whole, or what lies below a veil."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from playground.widgets.look import STALE, look


class DimOverlay(QWidget):
    """Covers its parent with the panel's colour, half transparent; the hand reaches through it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        parent.installEventFilter(self)
        self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        parent = self.parentWidget()
        if watched is parent and parent is not None and event.type() == QEvent.Type.Resize:
            self.setGeometry(parent.rect())
            self.raise_()
        return super().eventFilter(watched, event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        color = look().color("panel")
        color.setAlphaF(1 - STALE)
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), color)


class PaleCover(QWidget):
    """A veil in the colour of the panel over a widget; what lies below can still be clicked."""

    def __init__(self, covered: QWidget) -> None:
        super().__init__(covered)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        covered.installEventFilter(self)
        self.hide()

    def dim(self, dimmed: bool) -> None:
        """Draw the veil, or take it away."""
        parent = self.parentWidget()
        if parent is not None:
            self.setGeometry(parent.rect())
        self.setVisible(dimmed)
        self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay as large as what is covered."""
        parent = self.parentWidget()
        if event.type() == QEvent.Type.Resize and parent is not None:
            self.setGeometry(parent.rect())
        return super().eventFilter(watched, event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        color = look().color("panel")
        color.setAlphaF(1 - STALE)
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), color)
