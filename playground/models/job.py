"""What a running computation may ask and tell: whether to stop, how far it is, a first picture."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

SECONDS_BETWEEN_REPORTS = 0.05


class CancelledError(Exception):
    """Raised by `Job.check` inside a computation that nobody waits for any more."""


def _never() -> bool:
    return False


def _ignore(*_: object) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Job:
    """Handed to each computation. `Job()` never cancels and tells nobody, for use from a notebook.

    `is_superseded` says whether a newer request waits for this one to end, `is_given_up` whether somebody cancelled it
    by hand, and does not want it to begin again.
    """

    is_cancelled: Callable[[], bool] = _never
    report: Callable[[float, str], None] = _ignore
    show: Callable[[object], None] = _ignore
    is_superseded: Callable[[], bool] = _never
    is_given_up: Callable[[], bool] = _never

    @property
    def is_listened_to(self) -> bool:
        """Whether anybody is told how far it is."""
        return self.report is not _ignore

    @property
    def can_be_cancelled(self) -> bool:
        """Whether anybody may ever cancel it."""
        return self.is_cancelled is not _never

    def check(self) -> None:
        """Raise `CancelledError` if the computation was cancelled; call it between layers."""
        if self.is_cancelled():
            raise CancelledError

    def yield_to_newer(self) -> None:
        """The same, and raise it too where a newer request waits: between parts that nobody misses once it does."""
        if self.is_superseded():
            raise CancelledError
        self.check()

    def paced(self) -> Job:
        """The same job, told at most every 50 ms how far it is: short computations tell nothing at all."""
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
