"""What stands where the panels will be while torch is imported: the columns, still empty."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from playground.widgets.common.look import look, words_font

LEFT, RIGHT = 272, 352


class FramePage(QWidget):
    """Paints the columns in their colours, so that nothing flashes when the panels come."""

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Left column, centre, right column, and one quiet word."""
        with QPainter(self) as painter:
            colours = look()
            painter.fillRect(self.rect(), colours.color("panel"))
            painter.fillRect(0, 0, LEFT, self.height(), colours.color("window"))
            for x in (LEFT, self.width() - RIGHT):
                painter.fillRect(x, 0, 1, self.height(), colours.color("hairline"))
            painter.setPen(colours.color("text3"))
            painter.setFont(words_font())
            centre = self.rect().adjusted(LEFT, 0, -RIGHT, 0)
            painter.drawText(centre, Qt.AlignmentFlag.AlignCenter, "Starting torch")
