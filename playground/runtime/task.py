"""One computation in flight, the newest request next, every finished result shown."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from PySide6.QtCore import QObject, Signal

from playground.models.job import CancelledError, Job
from playground.models.problem import Problem, ProblemError
from playground.runtime.worker import SecondProcess, SecondProcessSpec, can_start_worker


def prepare_compute_thread() -> None:
    """Limit torch to half of the cores in this thread: each thread has its own team, and the window needs a core.

    The thread that called `playground.show` keeps its setting.
    """
    torch.set_num_threads(max(1, (os.cpu_count() or 2) // 2))


log = logging.getLogger(__name__)

PATIENCE_SECONDS = 2.0
"""How long a computation may continue after a newer request arrives before it is cancelled."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome of a request: a result or a `Problem`; `final` is False for a first picture."""

    request: object
    outcome: object
    final: bool = True


class LatestTask(QObject):
    """Runs `compute(request, job)` in its own thread; `submit` replaces a waiting request.

    Signals arrive in the thread that owns this object, and no answer follows that of a newer request. Requests that
    `second` accepts run in a second process, which starts after the first answer. `close()` cancels, joins and drops
    everything not shown yet.
    """

    finished = Signal(object)
    """An `Answer`."""

    progressed = Signal(float, str)
    """The progress of the running computation (0..1) and its text."""

    became_busy = Signal(bool)

    def __init__(
        self,
        compute: Callable[[Any, Job], object],
        name: str,
        parent: QObject | None = None,
        second: SecondProcessSpec | None = None,
    ) -> None:
        super().__init__(parent)
        self._compute = compute
        self._wake = threading.Condition()
        self._waiting: list[tuple[int, object]] = []
        self._newest = self._shown = self._cancelled = 0
        self._sent: tuple[int, object] = (0, None)
        self._closed = False
        self._is_running = False
        self._name = name
        self._thread: threading.Thread | None = None
        self.second: SecondProcess | None = None
        if second is not None and can_start_worker():
            self.second = SecondProcess(second, self._on_second_answered, self._on_second_lost)

    @property
    def is_busy(self) -> bool:
        """True while a computation runs or waits; everything it emits is sent before this becomes False.

        Checked in the order that a request moves through, so that none is missed.
        """
        return (self.second is not None and self.second.is_busy) or bool(self._waiting) or self._is_running

    def submit(self, request: object) -> None:
        """Compute this next, and drop a waiting request."""
        with self._wake:
            if self._closed:
                return
            self._newest += 1
            self._waiting = []
            if self.second is not None and self.second.takes(request) and self.second.send(self._newest, request):
                self._sent = (self._newest, request)
            else:
                self._wait_for_thread(request)

    def cancel(self) -> None:
        """Stop the running computation at its next check and drop the waiting one."""
        with self._wake:
            self._waiting = []
            self._cancelled = self._newest

    def stop(self) -> None:
        """Cancel and take no more requests, without waiting."""
        with self._wake:
            self._closed = True
            self._waiting = []
            self._wake.notify()
        if self.second is not None:
            self.second.stop()

    def close(self) -> None:
        """Cancel, and wait until the thread has ended; nothing is emitted afterwards."""
        self.stop()
        if self.second is not None:
            self.second.close()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _wait_for_thread(self, request: object) -> None:
        """Let the thread compute the newest request; the lock must be held."""
        self._waiting = [(self._newest, request)]
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name=f"compute {self._name}", daemon=True)
            self._thread.start()
        self._wake.notify()

    def _on_second_answered(self, number: int, request: object, result: object) -> None:
        """In the reading thread: show the result, or let the thread compute what the second process could not."""
        if result is not None:
            self._show(number, Answer(request, result))
        else:
            self._take_back(number)

    def _on_second_lost(self) -> None:
        self._take_back(self._sent[0])

    def _take_back(self, number: int) -> None:
        """Let the thread compute the request with this number, if it is still the newest and unanswered."""
        with self._wake:
            sent, request = self._sent
            if not self._closed and number == sent == self._newest > max(self._shown, self._cancelled):
                self._wait_for_thread(request)

    def _show(self, number: int, answer: Answer) -> None:
        """Emit an answer, unless it was cancelled or a newer request's answer has been shown."""
        with self._wake:
            if not self._closed and number > self._cancelled and number >= self._shown:
                self._shown = number
                self.finished.emit(answer)

    def _work(self) -> None:
        prepare_compute_thread()
        while True:
            with self._wake:
                while not self._waiting and not self._closed:
                    self._wake.wait()
                if self._closed:
                    return
                self._is_running = True
                number, request = self._waiting.pop()
            self.became_busy.emit(True)
            outcome = self._run(request, self._make_job(number, request))
            if self._closed:
                return
            if not isinstance(outcome, CancelledError):
                self._show(number, Answer(request, outcome))
            self.became_busy.emit(False)
            self._is_running = False
            if self.second is not None:
                self.second.start()
            del request, outcome

    def _make_job(self, number: int, request: object) -> Job:
        started = time.monotonic()

        def is_superseded() -> bool:
            return self._newest > number

        def is_cancelled() -> bool:
            if self._closed or self._cancelled >= number:
                return True
            return is_superseded() and time.monotonic() - started > PATIENCE_SECONDS

        def report(fraction: float, words: str) -> None:
            if not self._closed:
                self.progressed.emit(fraction, words)

        def show(partial: object) -> None:
            if not is_cancelled():
                self._show(number, Answer(request, partial, final=False))

        return Job(is_cancelled, report, show, is_superseded, lambda: self._cancelled >= number)

    def _run(self, request: object, job: Job) -> object:
        try:
            return self._compute(request, job)
        except CancelledError as cancelled:
            return cancelled
        except ProblemError as error:
            return error.problem
        except MemoryError:
            return Problem("There is not enough memory for this. Nothing was changed.", badge="too large")
        except Exception as error:  # every exception becomes a result, so that the panel keeps working
            log.exception("computing %s failed", self._name)
            return Problem(f"This could not be computed: {type(error).__name__}: {error}", lead="A bug in the app.")
