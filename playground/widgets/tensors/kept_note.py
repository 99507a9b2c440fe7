"""A note below the cards while a lesson is open: the learner's own tensors are kept."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from playground.models.lessons.moves import kept_in_words
from playground.models.state import PlaygroundState
from playground.widgets.common.look import icon, look_holder
from playground.widgets.common.runs_label import RunsLabel


class KeptNote(QWidget):
    """`show_state` shows the note, or nothing where nothing of one's own waits."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("tensors.kept")
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._icon, self._words = QLabel(), RunsLabel(role="text2")
        self._icon.setFixedSize(16, 16)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 8, 16, 8)
        row.setSpacing(8)
        row.addWidget(self._icon)
        row.addWidget(self._words, 1)
        look_holder().changed.connect(self._draw_icon)
        self._draw_icon()
        self.hide()

    def _draw_icon(self) -> None:
        self._icon.setPixmap(icon("book-open", "text2").pixmap(QSize(16, 16), self.devicePixelRatioF()))

    def show_state(self, state: PlaygroundState) -> None:
        """Say what waits for the end of the lesson."""
        words = kept_in_words(state)
        self._words.set_content(words)
        self.setAccessibleName(words)
        self.setVisible(bool(words))
