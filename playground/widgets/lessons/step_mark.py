"""The circle before each part of a lesson: its number, filled while it is the present one, a check when it is done."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from playground.widgets.common.look import icon, look, words_font

SIZE = 24


class StepMark(QWidget):
    """`state` is "waiting", "present" or "done"."""

    def __init__(self, number: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._number = number
        self._state = "waiting"
        self.setFixedSize(SIZE, SIZE)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_state(self, state: str) -> None:
        """Show another state, and say it to whoever cannot see it."""
        self._state = state
        self.setAccessibleName(f"Part {self._number}: {state}")
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        colours = look()
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            circle = QRectF(self.rect()).adjusted(0.75, 0.75, -0.75, -0.75)
            role = {"waiting": "text3", "present": "accent", "done": "good"}[self._state]
            painter.setPen(QPen(colours.color(role), 1.5))
            painter.setBrush(colours.color("accent") if self._state == "present" else Qt.BrushStyle.NoBrush)
            painter.drawEllipse(circle)
            if self._state == "done":
                pixmap = icon("check", "good").pixmap(QSize(16, 16), self.devicePixelRatioF())
                painter.drawPixmap(4, 4, pixmap)
                return
            painter.setPen(colours.color("accent_text" if self._state == "present" else "text3"))
            painter.setFont(words_font())
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, str(self._number))


class ProgressBar(QWidget):
    """One short line a lesson: done ones green, the present one in accent."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._done: tuple[bool, ...] = ()
        self._present = -1
        self.setFixedHeight(12)
        self.setAccessibleName("Progress through the lessons")

    def set_progress(self, done: tuple[bool, ...], present: int) -> None:
        """Show which lessons are done and which one is open."""
        self._done, self._present = done, present
        self.setAccessibleDescription(f"{sum(done)} of {len(done)} done")
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        colours = look()
        with QPainter(self) as painter:
            count = max(1, len(self._done))
            width = (self.width() - 4 * (count - 1)) / count
            for number, done in enumerate(self._done):
                role = "accent" if number == self._present else "good" if done else "edge"
                painter.fillRect(QRectF(number * (width + 4), 4, width, 4), colours.color(role))
