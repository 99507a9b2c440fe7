"""The interface of a running computation: check for cancellation, report progress, show a first result."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

SECONDS_BETWEEN_REPORTS = 0.05


class CancelledError(Exception):
    """Raised by `Job.check` inside a computation that nobody needs any more."""


def _never() -> bool:
    return False


def _ignore(*_: object) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Job:
    """Passed to each computation. `Job()` never cancels and reports to nobody, for use from a notebook.

    `is_superseded` tells whether a newer request is waiting for this one, `is_given_up` whether the user cancelled it
    and does not want it to start again.
    """

    is_cancelled: Callable[[], bool] = _never
    report: Callable[[float, str], None] = _ignore
    show: Callable[[object], None] = _ignore
    is_superseded: Callable[[], bool] = _never
    is_given_up: Callable[[], bool] = _never

    @property
    def is_listened_to(self) -> bool:
        """True if anybody receives progress reports."""
        return self.report is not _ignore

    @property
    def can_be_cancelled(self) -> bool:
        """True if anybody may ever cancel it."""
        return self.is_cancelled is not _never

    def check(self) -> None:
        """Raise `CancelledError` if the computation was cancelled; call it between layers."""
        if self.is_cancelled():
            raise CancelledError

    def yield_to_newer(self) -> None:
        """Like `check`, but also raise if a newer request is waiting; call it between parts not needed in that case."""
        if self.is_superseded():
            raise CancelledError
        self.check()

    def paced(self) -> Job:
        """The same job with progress reports at most every 50 ms, so that short computations report nothing."""
        if not self.is_listened_to:
            return self
        last = time.monotonic()

        def report(fraction: float, words: str) -> None:
            nonlocal last
            now = time.monotonic()
            if now - last >= SECONDS_BETWEEN_REPORTS:
                last = now
                self.report(fraction, words)

        return replace(self, report=report)
