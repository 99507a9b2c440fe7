"""The second process, `python -P -m playground.runtime.worker_main`: requests and answers are pickles.

It receives (prepare, compute, rehearsal) first, then (number, request) repeatedly. It sends (0, None) when it is ready,
then (number, result) for the newest request, None if it could not be computed. It ends when its pipe closes.
"""

from __future__ import annotations

import gc
import logging
import os
import pickle
import signal
import sys
import threading
from typing import IO, Any

from playground.models.problem import ProblemError

log = logging.getLogger(__name__)


class NewestRequest:
    """Reads in a separate thread; `take` waits for and returns the newest request."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self._came = threading.Condition()
        self._newest: list[tuple[int, Any]] = []
        threading.Thread(target=self._read, name="requests", daemon=True).start()

    def take(self) -> tuple[int, Any]:
        """The newest (number, request)."""
        with self._came:
            while not self._newest:
                self._came.wait()
            return self._newest.pop()

    def _read(self) -> None:
        while True:
            try:
                newest = pickle.load(self._pipe)
            except (EOFError, OSError, pickle.UnpicklingError):  # the last message: the sender ended while writing
                os._exit(0)  # the window is gone, so nobody needs the result
            with self._came:
                self._newest = [newest]
                self._came.notify()


def _keep_answers_apart() -> IO[bytes]:
    """The pipe for answers; anything printed goes to stderr instead."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


def answer_requests() -> None:
    """Answer requests until the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = _keep_answers_apart()
    prepare, compute, rehearsal = pickle.load(sys.stdin.buffer)
    prepare()
    compute(rehearsal)
    gc.collect()
    gc.freeze()
    requests = NewestRequest(sys.stdin.buffer)
    answer: tuple[int, object] = (0, None)
    while True:
        answers.write(pickle.dumps(answer, pickle.HIGHEST_PROTOCOL))
        answers.flush()
        number, request = requests.take()
        answer = (number, _result(compute, request))


def _result(compute: Any, request: object) -> object:
    """None on failure: the window's process computes it again and reports the error."""
    try:
        return compute(request)
    except ProblemError:
        return None
    except Exception:
        log.exception("the second process could not compute %r", request)
        return None


if __name__ == "__main__":
    answer_requests()
