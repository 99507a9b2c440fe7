"""The line at the bottom: busy or ready, the selected tensor, the problems, the device, the memory.

In front of the Network page it says what ran there instead of the tensor and the problems.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

from playground.models.evaluation.status import StatusResult
from playground.models.formatting import bytes_in_words
from playground.models.lessons.lesson_file import place_in_words
from playground.models.problem import Problem
from playground.models.state import PlaygroundState
from playground.widgets.controls.tooltip import set_tooltip
from playground.widgets.look import look_holder
from playground.widgets.panel import Panel
from playground.widgets.text.labels import TextLabel

HEIGHT = 24
PATIENCE = 500
"""Milliseconds of a computation after which it can be cancelled here."""


class MemoryLabel(TextLabel):
    """The memory in use; a click asks for the form that sets the limit."""

    clicked = Signal()

    def __init__(self) -> None:
        super().__init__("", "text2", fixed=True)
        self.setObjectName("status.memory")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        set_tooltip(self, "The bytes of all storages of the program, each counted once, and the limit: click to set it")

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.clicked.emit()


class StatusPanel(Panel):
    """Words at the left; device and memory at the right, in boxes whose width holds still."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("status")
        self.setAccessibleName("Status")
        self.setFixedHeight(HEIGHT)
        self._ready = QLabel("Starting")
        self._selected, self._problems, self._size, self._time = (TextLabel("", "text2") for _ in range(4))
        self._size.setObjectName("status.network")
        set_tooltip(self._time, "The weights drawn or scaled, one forward and one backward pass of the network")
        self._lesson = TextLabel("", "text2", fixed=True)
        self._lesson.setObjectName("status.lesson")
        self._device, self._memory = TextLabel("device cpu", "text2", fixed=True), MemoryLabel()
        self._message = TextLabel("", "text2")
        self._make_progress()
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 16, 0)
        row.setSpacing(24)
        for label in (
            self._ready,
            self._selected,
            self._size,
            self._time,
            self._lesson,
            self._problems,
            self._message,
        ):
            row.addWidget(label)
        self.show_page(on_network=False)
        row.addStretch(1)
        row.addWidget(self._progress)
        row.addWidget(self.cancel)
        for label in (self._device, self._memory):
            row.addWidget(label)
        self._memory.clicked.connect(self._on_memory_clicked)
        look_holder().changed.connect(self._on_look_changed)
        self._on_look_changed()

    def _make_progress(self) -> None:
        """The moving bar and the button that come with what takes its time."""
        self._progress = QProgressBar()
        self._progress.setObjectName("status.progress")
        self._progress.setFixedSize(120, 6)
        self._progress.setTextVisible(False)
        self._progress.setRange(0, 0)
        self._progress.hide()
        self.cancel = QPushButton("Cancel")
        self.cancel.setObjectName("status.cancel")
        self.cancel.setFlat(True)
        self.cancel.setFixedHeight(HEIGHT - 4)
        set_tooltip(self.cancel, "Stop what is being computed or read")
        self.cancel.hide()
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(PATIENCE)
        self._patience.timeout.connect(self._on_patience_ended)

    def show_state(self, state: PlaygroundState) -> None:
        """Say which lesson is open."""
        self._lesson.set_text(place_in_words(state.lesson.key))
        self._lesson.setVisible(bool(self._lesson.text()))

    def show_result(self, result: object) -> None:
        """Say what was found."""
        assert isinstance(result, StatusResult)
        self._selected.set_text(result.selected)
        self._problems.set_text(result.problems)
        self._memory.set_text(f"memory {bytes_in_words(result.used)} of {bytes_in_words(result.budget)}")

    def show_problem(self, problem: Problem) -> None:
        """A bug in the line itself still shows."""
        self._problems.set_text(str(problem))

    @property
    def problems(self) -> str:
        """What is said of lines that fail."""
        return self._problems.text()

    @property
    def message(self) -> str:
        """What was said last."""
        return self._message.text()

    def say(self, message: str) -> None:
        """Say what a command did: "saved B.npy, 176 B"."""
        self._message.set_text(message)

    def show_page(self, *, on_network: bool) -> None:
        """Speak of the network, or of the tensors."""
        for label, is_shown in (
            (self._selected, not on_network),
            (self._problems, not on_network),
            (self._size, on_network),
            (self._time, on_network),
        ):
            label.setVisible(is_shown)

    def show_network(self, words: tuple[str, ...]) -> None:
        """What ran: its sizes, and how long that took; an empty time leaves the last one."""
        for label, text in zip((self._size, self._time), words, strict=False):
            if text and text != label.text():
                label.set_text(text)

    def show_window_busy(self, busy: bool) -> None:
        """Say whether any panel computes."""
        self._ready.setText("Computing" if busy else "Ready")
        if not busy:
            self._patience.stop()
            self._progress.hide()
            self.cancel.hide()
        elif not self.cancel.isVisible() and not self._patience.isActive():
            self._patience.start()

    @Slot()
    def _on_patience_ended(self) -> None:
        self._progress.show()
        self.cancel.show()

    @Slot()
    def _on_memory_clicked(self) -> None:
        self.requested.emit("memory_limit", None)

    def _on_look_changed(self) -> None:
        self._ready.setFixedWidth(self._ready.fontMetrics().horizontalAdvance("Computing"))
