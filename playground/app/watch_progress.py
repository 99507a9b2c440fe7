"""How far `playground.watch` is, over the window that is open, with Cancel."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import QProgressDialog, QWidget

from playground.models.job import Job

STEPS = 1000


class WatchProgress(QProgressDialog):
    """A bar that appears after `patience` seconds and answers while the caller's thread runs the module.

    `job_beside(job)` tells both it and whoever the job tells. Between layers it looks whether Cancel was pressed. Where
    a layer reports from a thread of autograd's own, which Qt must not be touched from, it stands still.
    """

    def __init__(self, parent: QWidget, patience: float) -> None:
        super().__init__("Watching", "Cancel", 0, STEPS, parent)
        self.setObjectName("watch.progress")
        self.setWindowTitle("Tensor Playground")
        self.setWindowModality(Qt.WindowModality.ApplicationModal)
        self.setMinimumWidth(420)
        self.setMinimumDuration(1_000_000_000)  # by our own clock: Qt's guesses from the pace so far
        self.setAutoClose(False)
        self.setAutoReset(False)
        self.reset()
        self._thread = threading.get_ident()
        self._start, self._patience = time.monotonic(), patience

    def job_beside(self, other: Job) -> Job:
        """The same job, which is cancelled here and tells how far it is here too."""

        def report(fraction: float, words: str) -> None:
            other.report(fraction, words)
            if threading.get_ident() == self._thread:
                self._show(fraction, words)

        return replace(other, is_cancelled=self.wasCanceled, report=report).paced()

    def _show(self, fraction: float, words: str) -> None:
        if time.monotonic() - self._start < self._patience:
            return
        if not self.isVisible() and not self.wasCanceled():
            self.show()
        self.setLabelText(f"Watching: {words[:60]}")
        self.setValue(round(fraction * STEPS))
        QCoreApplication.processEvents()

    def end(self) -> None:
        """Take it away."""
        self.hide()
        self.deleteLater()
        QCoreApplication.sendPostedEvents(self, QEvent.Type.DeferredDelete)
