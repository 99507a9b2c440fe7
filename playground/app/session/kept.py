"""The sessions that are kept when a window closes or dies, each in a file of its own beside the settings.

A file belongs to the window that holds its lock. The lock of a process that is gone counts for nothing, so what a
crash left behind is free for the next window.
"""

from __future__ import annotations

import contextlib
import secrets
import sys
from pathlib import Path

from PySide6.QtCore import QLockFile, QStandardPaths

from playground.app.settings import settings

MOST_KEPT = 10
"""So many sessions that no window has open; older ones go."""


def kept_folder() -> Path:
    """Beside the settings of this user."""
    if sys.platform in ("win32", "darwin"):
        return Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppDataLocation)) / "sessions"
    return Path(settings().fileName()).parent / "sessions"


class KeptPlace:
    """The file in which one window keeps its session; `claim` takes it, `release` lets others have it.

    A place is `doubtful` from the moment its session is opened until that has gone well: one whose opening ended the
    app is not opened by itself again.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._mark = file.with_suffix(".opening")
        self._lock = QLockFile(str(file.with_suffix(".lock")))
        self._lock.setStaleLockTime(0)

    def claim(self) -> bool:
        """Take the place, unless another living window has it."""
        return self._lock.tryLock(0)

    def release(self) -> None:
        """Let others have it."""
        self._lock.unlock()

    @property
    def is_doubtful(self) -> bool:
        """Whether the app ended while this session was being opened."""
        return self._mark.exists()

    def doubt(self) -> None:
        """Its session is about to be opened."""
        with contextlib.suppress(OSError):
            self._mark.touch()

    def settle(self) -> None:
        """Its session was opened, and the window lives."""
        with contextlib.suppress(OSError):
            self._mark.unlink(missing_ok=True)

    def forget(self) -> None:
        """Keep nothing here."""
        self.settle()
        with contextlib.suppress(OSError):
            self.file.unlink(missing_ok=True)


def claim_fresh(folder: Path) -> KeptPlace | None:
    """A place of one's own, where nothing is kept yet; None where no file can be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    for old in kept_files(folder)[MOST_KEPT:]:
        place = KeptPlace(old)
        if place.claim():
            place.forget()
            place.release()
    place = KeptPlace(folder / f"{secrets.token_hex(6)}.safetensors")
    return place if place.claim() else None


def claim_newest(folder: Path) -> KeptPlace | None:
    """The place that was written last of those no window has; None if there is none that opens well."""
    for file in kept_files(folder):
        place = KeptPlace(file)
        if not place.is_doubtful and place.claim():
            return place
    return None


def kept_files(folder: Path) -> list[Path]:
    """The files of kept sessions, the newest first."""
    times: dict[Path, float] = {}
    with contextlib.suppress(OSError):
        for file in folder.glob("*.safetensors"):
            with contextlib.suppress(OSError):
                times[file] = file.stat().st_mtime
    return sorted(times, key=lambda file: -times[file])
