"""Suppresses torch's warnings while a line runs: the app shows the same information where it applies."""

from __future__ import annotations

import threading
import warnings
from types import TracebackType


class QuietTorch:
    """No warnings inside, from any thread: the first to enter saves the filters, the last to leave restores them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._saved: warnings.catch_warnings[None] | None = None

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._saved = warnings.catch_warnings()
                self._saved.__enter__()
                warnings.simplefilter("ignore")
            self._inside += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside and self._saved is not None:
                self._saved.__exit__(None, None, None)
                self._saved = None


QUIET_TORCH = QuietTorch()
"""The single guard: the filters that it saves belong to the whole process."""
