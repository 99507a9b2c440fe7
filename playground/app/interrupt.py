"""Ctrl+C in the terminal closes the windows."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable
from types import FrameType

from PySide6.QtCore import QObject, QSocketNotifier, QTimer, Slot
from PySide6.QtWidgets import QApplication

INTERRUPTED = 130
"""The exit status of a process ended by Ctrl+C: 128 plus the signal's number."""


class Interrupt(QObject):
    """Wakes Qt's event loop when the process is interrupted, so that Python can run its handler.

    Qt waits inside C++, and Python runs signal handlers only between its own instructions: a byte on a socket ends the
    wait. `was_before` says whether an interrupt came before this object started to listen.
    """

    def __init__(self, application: QApplication, was_before: Callable[[], bool] = bool) -> None:
        super().__init__(application)
        self.status = 0
        self._insisting = QTimer(self)
        self._insisting.setInterval(50)
        self._insisting.timeout.connect(self._on_insisting_timeout)
        self._read, self._write = socket.socketpair()
        self._read.setblocking(False)
        self._write.setblocking(False)
        self._notifier = QSocketNotifier(self._read.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._on_notifier_activated)
        self._old_wakeup = signal.set_wakeup_fd(self._write.fileno(), warn_on_full_buffer=False)
        self._old_handler = signal.signal(signal.SIGINT, self._on_interrupt)
        if was_before():
            self.status = INTERRUPTED
            self._insisting.start()

    def close(self) -> None:
        """Restore the previous signal handler."""
        self._insisting.stop()
        signal.signal(signal.SIGINT, self._old_handler)
        signal.set_wakeup_fd(self._old_wakeup)
        self._notifier.setEnabled(False)
        self._read.close()
        self._write.close()

    @Slot()
    def _on_notifier_activated(self) -> None:
        self._read.recv(64)
        if self.status:
            self._insisting.start()

    def _on_interrupt(self, _number: int, _frame: FrameType | None) -> None:
        # Nothing here may touch Qt: this can run in the middle of a call into Qt's bindings.
        self.status = INTERRUPTED

    @Slot()
    def _on_insisting_timeout(self) -> None:
        """Close and quit, repeatedly: an event loop that has not started yet cannot be quit."""
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.closeAllWindows()
            application.exit(self.status)
