"""Notes Ctrl+C before there is anything that could be closed."""

from __future__ import annotations

import signal
from types import FrameType


class InterruptNote:
    """Remembers an interrupt from the first moment on; a second one ends the process at once.

    The exception that Python would raise instead may come up inside Qt's bindings while they are imported, and be lost.
    """

    def __init__(self) -> None:
        self.is_set = False
        self._old_handler = signal.signal(signal.SIGINT, self._on_interrupt)

    def close(self) -> None:
        """Give the signal back to whoever had it."""
        signal.signal(signal.SIGINT, self._old_handler)

    def _on_interrupt(self, _number: int, _frame: FrameType | None) -> None:
        if self.is_set:
            raise KeyboardInterrupt
        self.is_set = True
