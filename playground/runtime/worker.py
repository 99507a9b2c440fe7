"""A second process for computations during a drag, so that they and the window do not wait for each other's Python.

Within one process, window and computation share Python's lock, which costs a drag a third of its frames. Anything that
the second process cannot do, or has not answered when it ends, the thread does: it is optional.
"""

from __future__ import annotations

import logging
import os
import pickle
import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any

log = logging.getLogger(__name__)

SWITCH = "PLAYGROUND_ONE_PROCESS"
"""If set in the environment, everything runs in one process."""
MOST_UNANSWERED = 64
"""The most requests in flight: if the process does not read for a while, a full pipe would block the window."""


@dataclass(frozen=True, slots=True)
class SecondProcessSpec:
    """A panel's use of the second process.

    `takes` tells whether a request is brief enough to run without cancellation; `reduce` drops what need not be sent.
    `compute(request)` runs there, found by its name; `complete(request, result)` adds what only this process knows.
    Both sides call `prepare` first; the `rehearsal` is computed there before the first request, so that the first
    picture is not slow.
    """

    takes: Callable[[Any], bool]
    reduce: Callable[[Any], object]
    compute: Callable[[Any], object]
    complete: Callable[[Any, Any], object]
    rehearsal: object
    prepare: Callable[[], object]


def can_start_worker() -> bool:
    """True if this Python can start another one with the same imports: a bundled app cannot."""
    return bool(sys.executable) and not getattr(sys, "frozen", False) and not os.environ.get(SWITCH)


class SecondProcess:
    """Computes the newest request sent; `on_answer(number, request, result)` is called in a separate thread.

    The result is None if it could not be computed there. `on_lost()` is called once if the process ends by itself.
    """

    def __init__(
        self,
        spec: SecondProcessSpec,
        on_answer: Callable[[int, object, object], None],
        on_lost: Callable[[], None],
    ) -> None:
        self._spec = spec
        self._on_answer, self._on_lost = on_answer, on_lost
        self._lock = threading.Lock()
        self._unanswered: OrderedDict[int, object] = OrderedDict()
        self._held: tuple[int, object] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None
        self._is_ready = self._is_closed = False

    @property
    def is_ready(self) -> bool:
        """True if it accepts requests: it has finished its imports and has not ended."""
        return self._is_ready

    @property
    def is_busy(self) -> bool:
        """True while an answer is pending."""
        return bool(self._unanswered) or self._held is not None

    @property
    def identifier(self) -> int | None:
        """The process id, None before `start`."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Start it, once; it is ready some seconds later."""
        with self._lock:
            if self._process is not None or self._is_closed:
                return
            try:
                self._process = _open_process()
            except OSError:
                log.warning("no second process could be started", exc_info=True)
                self._is_closed = True
                return
            self._thread = threading.Thread(target=self._work, name="second process", daemon=True)
            self._thread.start()

    def takes(self, request: object) -> bool:
        """True if this request can be computed there."""
        return self._is_ready and self._spec.takes(request)

    def send(self, number: int, request: object) -> bool:
        """Send a request; of the waiting ones, only the last is computed. False if the process has ended."""
        with self._lock:
            if not self._is_ready:
                return False
            if len(self._unanswered) < MOST_UNANSWERED:
                self._write(number, request)
            else:
                self._held = (number, request)
            return True

    def stop(self) -> None:
        """End it without waiting: its results are not needed any more."""
        with self._lock:
            self._is_closed, self._is_ready = True, False
            if self._process is not None:
                self._process.kill()

    def close(self) -> None:
        """End it and wait until it has ended; nothing is called afterwards."""
        self.stop()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _write(self, number: int, request: object) -> None:
        assert self._process is not None
        self._unanswered[number] = request
        try:
            _put(self._process.stdin, (number, self._spec.reduce(request)))
        except OSError:  # it has ended: the reading thread notices, and everything unanswered is lost
            log.info("the second process no longer accepts requests")

    def _work(self) -> None:
        assert self._process is not None
        self._spec.prepare()
        try:
            _put(self._process.stdin, (self._spec.prepare, self._spec.compute, self._spec.rehearsal))
            self._read()
        except (EOFError, OSError, pickle.UnpicklingError):
            if not self._is_closed:
                log.warning("the second process has ended: everything is now computed in this one")
        finally:
            self._end()

    def _read(self) -> None:
        """Forward the answers until the process ends."""
        assert self._process is not None
        assert self._process.stdout is not None
        while True:
            number, result = pickle.load(self._process.stdout)
            with self._lock:
                if number == 0:
                    self._is_ready = not self._is_closed
                    continue
                request = self._unanswered[number]
                held, self._held = self._held, None
                if held is not None and not self._is_closed:
                    self._write(*held)
            self._on_answer(number, request, None if result is None else self._spec.complete(request, result))
            with self._lock:
                while self._unanswered and next(iter(self._unanswered)) <= number:
                    self._unanswered.popitem(last=False)

    def _end(self) -> None:
        assert self._process is not None
        with self._lock:
            was_closed, self._is_ready, self._held = self._is_closed, False, None
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                _close_pipe(pipe)
        if not was_closed:
            self._on_lost()
        with self._lock:
            self._unanswered.clear()


def _open_process() -> subprocess.Popen[bytes]:
    """Another Python with this one's import path, detached from the terminal, so that only the window gets Ctrl+C."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(entry or os.getcwd() for entry in sys.path)}
    apart: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        apart = {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP}
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "playground.runtime.worker_main"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        **apart,
    )


def _put(pipe: IO[bytes] | None, message: object) -> None:
    assert pipe is not None
    pipe.write(pickle.dumps(message, pickle.HIGHEST_PROTOCOL))
    pipe.flush()


def _close_pipe(pipe: IO[bytes] | None) -> None:
    assert pipe is not None
    try:
        pipe.close()
    except OSError:  # unwritten data has no reader any more
        log.debug("a pipe of the second process was closed with unsent data")
