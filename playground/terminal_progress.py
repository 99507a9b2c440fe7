"""How far a long computation is, on one line of the terminal that started it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from playground.models.job import Job

PATIENCE = 1.0
"""Seconds before a first word."""
WIDTH = 60


@contextmanager
def terminal_progress(what: str, terminal: TextIO, patience: float = PATIENCE) -> Iterator[Job]:
    """A job that writes `"Watching: 43 %, h.3.up"` over itself, and wipes the line in the end; mute in a file."""
    start, is_written = time.monotonic(), False

    def report(fraction: float, words: str) -> None:
        nonlocal is_written
        if terminal.isatty() and time.monotonic() - start >= patience:
            is_written = True
            terminal.write(f"\r{f'{what}: {fraction:.0%}, {words}'[:WIDTH]:{WIDTH}}")
            terminal.flush()

    try:
        yield Job(report=report).paced()
    finally:
        if is_written:
            terminal.write(f"\r{'':{WIDTH}}\r")
            terminal.flush()
