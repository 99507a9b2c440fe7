"""One answer to choose from, with a radio circle, its words and what they mean."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from playground.widgets.common.look import look
from playground.widgets.common.painting import paint_box
from playground.widgets.common.runs_label import RunsLabel
from playground.widgets.common.tooltip import place_beside

LEFT = 34


class PredictionCard(QWidget):
    """`chosen(number)` on a click, space or Enter. `set_verdict` shows what the run said of it."""

    chosen = Signal(int)

    def __init__(self, number: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._number = number
        self._is_chosen = False
        self.setObjectName(f"lessons.predict.{number}")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._words, self._detail, self._because = RunsLabel(), RunsLabel(role="text2"), RunsLabel(role="text2")
        column = QVBoxLayout(self)
        column.setContentsMargins(LEFT, 6, 10, 6)
        column.setSpacing(2)
        for label in (self._words, self._detail, self._because):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            column.addWidget(label)

    def set_words(self, words: str, detail: str) -> None:
        """Show the answer to choose."""
        self._words.set_content(words)
        self._detail.set_content(detail)
        self._detail.setVisible(bool(detail))
        self.setAccessibleName(f"{self._words.text()}. {self._detail.text()}")
        place_beside(self)
        self.setToolTip("Choose this answer; you can change it at any time")

    def set_chosen(self, is_chosen: bool) -> None:
        """Fill or empty the circle."""
        self._is_chosen = is_chosen
        self.setAccessibleDescription("chosen" if is_chosen else "")
        self.update()

    def set_verdict(self, because: str, holds: bool | None) -> None:
        """Say what the run said of this answer; None takes it away."""
        mark = "" if holds is None else "**Right.** " if holds else "**Not so.** "
        self._because.set_content(mark + because if holds is not None else "", "good" if holds else "text2")
        self._because.setVisible(holds is not None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(self._number)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.chosen.emit(self._number)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        colours = look()
        fill = "selected" if self._is_chosen else "hover" if self.underMouse() else "raised"
        with QPainter(self) as painter:
            paint_box(painter, self.rect(), colours.color(fill), colours.color("accent" if self._is_chosen else "edge"))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            circle = QRectF(11, 8, 14, 14)
            painter.setPen(QPen(colours.color("accent" if self._is_chosen else "field"), 1.2))
            painter.setBrush(colours.color("raised"))
            painter.drawEllipse(circle)
            if self._is_chosen:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(colours.color("accent"))
                painter.drawEllipse(circle.adjusted(3.5, 3.5, -3.5, -3.5))
