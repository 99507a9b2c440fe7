"""Does an act of a lesson for the learner, press by press, so that it can be watched."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QWidget

from playground.models.lessons.acts import ACTS

MILLISECONDS = 120


class LessonPlayer(QObject):
    """`play(act)` presses what the act names, the last part again and again until `stop()`; `came_to` names each."""

    came_to = Signal(str)

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._presses: tuple[str, ...] = ()
        self._at = ""
        self._timer = QTimer(self)
        self._timer.setInterval(MILLISECONDS)
        self._timer.timeout.connect(self._on_timeout)

    @property
    def is_playing(self) -> bool:
        """Whether there is more to press."""
        return bool(self._presses)

    @Slot(str)
    def play(self, act: str) -> None:
        """Begin; what was being played is left."""
        self._presses, self._at = ACTS.find(act).presses, ""
        self._timer.start()
        self._on_timeout()

    @Slot()
    def stop(self) -> None:
        """Press no more."""
        self._presses = ()
        self._timer.stop()

    @Slot()
    def _on_timeout(self) -> None:
        """Press the next part, once it is there; a window that was closed by hand ends it."""
        name, *others = self._presses
        part = self._window.findChild(QWidget, name)
        if part is None:
            return
        if name != self._at:
            self._at = name
            self.came_to.emit(name)
        elif not part.isVisible():
            self.stop()
            return
        if others:
            self._presses = tuple(others)
        if isinstance(part, QAbstractButton):
            part.click()
        elif isinstance(part, QAbstractSpinBox):
            part.stepUp()
