"""How far a computation is, as a thin line."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from playground.widgets.common.look import look, look_holder

THICK = 2


class ProgressLine(QWidget):
    """Two pixels high; nothing is drawn, and nothing moves, while no computation goes on."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.fraction: float | None = None
        self.setFixedHeight(THICK)
        look_holder().changed.connect(self.update)

    def set_fraction(self, fraction: float | None) -> None:
        """Draw so much of the line, 0 to 1; None draws nothing."""
        if fraction != self.fraction:
            self.fraction = fraction
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        if self.fraction is None:
            return
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), look().color("hairline"))
            painter.fillRect(QRectF(0, 0, self.width() * min(1.0, self.fraction), THICK), look().color("accent"))
