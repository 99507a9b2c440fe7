"""One computation in flight, the newest next, every finished result shown."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Signal

from playground.compute_thread import prepare_compute_thread
from playground.models.job import CancelledError, Job
from playground.models.outcome import Problem, ProblemError

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 2.0
"""How long a computation that a newer request waits for may go on before it is cancelled."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a request: a result or a `Problem`; `final` is False for a first picture of a longer computation."""

    request: object
    outcome: object
    final: bool = True


class LatestTask(QObject):
    """Runs `compute(request, job)` in a thread of its own; `submit` replaces the request that still waits.

    Signals arrive in the thread that owns this object. `close()` cancels, joins and drops what had not been shown.
    """

    finished = Signal(object)
    """An `Answer`."""

    progressed = Signal(float, str)
    """How far the running computation is (0..1), in words."""

    became_busy = Signal(bool)

    def __init__(self, compute: Callable[[Any, Job], object], name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._compute = compute
        self._wake = threading.Condition()
        self._waiting: list[object] = []
        self._cancel_count = 0
        self._closed = False
        self._is_running = False
        self._name = name
        self._thread: threading.Thread | None = None

    @property
    def is_busy(self) -> bool:
        """Whether a computation runs or waits."""
        return self._is_running or bool(self._waiting)

    def submit(self, request: object) -> None:
        """Compute this next; a request that still waits is forgotten."""
        with self._wake:
            if self._closed:
                return
            self._waiting = [request]
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name=f"compute {self._name}", daemon=True)
                self._thread.start()
            self._wake.notify()

    def cancel(self) -> None:
        """Stop the running computation at its next check and forget the one that waits."""
        with self._wake:
            self._waiting = []
            self._cancel_count += 1

    def stop(self) -> None:
        """Cancel and take no more requests, without waiting."""
        with self._wake:
            self._closed = True
            self._waiting = []
            self._wake.notify()

    def close(self) -> None:
        """Cancel, and wait until the thread has ended; nothing is emitted afterwards."""
        self.stop()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _work(self) -> None:
        prepare_compute_thread()
        while True:
            with self._wake:
                while not self._waiting and not self._closed:
                    self._wake.wait()
                if self._closed:
                    return
                self._is_running = True
                request = self._waiting.pop()
                job = self._make_job(request)
            self.became_busy.emit(True)
            outcome = self._run(request, job)
            if self._closed:
                return
            if not isinstance(outcome, CancelledError):
                self.finished.emit(Answer(request, outcome))
            self._is_running = False
            self.became_busy.emit(False)
            del request, job, outcome

    def _make_job(self, request: object) -> Job:
        started, count = time.monotonic(), self._cancel_count

        def is_cancelled() -> bool:
            if self._closed or self._cancel_count != count:
                return True
            return bool(self._waiting) and time.monotonic() - started > PATIENCE_SECONDS

        def report(fraction: float, words: str) -> None:
            if not self._closed:
                self.progressed.emit(fraction, words)

        def show(partial: object) -> None:
            if not is_cancelled():
                self.finished.emit(Answer(request, partial, final=False))

        return Job(is_cancelled, report, show, lambda: bool(self._waiting))

    def _run(self, request: object, job: Job) -> object:
        try:
            return self._compute(request, job)
        except CancelledError as cancelled:
            return cancelled
        except ProblemError as error:
            return error.problem
        except MemoryError:
            return Problem("There is not enough memory for this. Nothing was changed.", badge="too large")
        except Exception as error:  # every exception becomes a result: the panel must go on living
            log.exception("computing %s failed", self._name)
            return Problem(f"This could not be computed: {type(error).__name__}: {error}", lead="A bug in the app.")
