"""Writing a file whole or not at all: beside the old one, flushed, its size checked, then put in its place."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Callable
from pathlib import Path

from playground.models.files.reading import shown_name
from playground.models.outcome import ProblemError, refuse
from playground.models.words import bytes_in_words

_REASONS = {
    errno.ENOENT: "its folder is not there",
    errno.ENOTDIR: "its folder is not there: a part of the path is a file",
    errno.EACCES: "this user may not write there",
    errno.EPERM: "this user may not write there",
    errno.EROFS: "the disk is read-only",
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the quota of this user is used up",
    errno.EFBIG: "the file would be larger than the disk allows",
    errno.ENAMETOOLONG: "the name is longer than this file system allows",
    errno.EISDIR: "there is a folder of that name",
    errno.ELOOP: "the path is a link that leads back to itself",
}


def write_whole(path: str | os.PathLike[str], write: Callable[[Path], int]) -> None:
    """Let `write(fresh)` make a file and say how large it must be; then put it where `path` is, in one step.

    Whatever goes wrong or is killed on the way, what was at `path` before is still there; a `ProblemError` says why.
    """
    given = Path(path)
    fresh: Path | None = None
    try:
        target = _target(given)
        fresh = target.with_name(f".{secrets.token_hex(6)}.part")
        expected = write(_created(fresh, target))
        _settle(fresh, expected, given)
        os.replace(fresh, target)
        _flush_folder(target.parent)
    except ProblemError:
        raise
    except (OSError, ValueError, RuntimeError) as error:
        refuse(f"{shown_name(given)} was not saved: {_reason(error)}. Nothing that was there is lost.")
    finally:
        if fresh is not None:
            with contextlib.suppress(OSError):
                fresh.unlink()


def _target(given: Path) -> Path:
    """Where the bytes go: links followed, so that a link stays a link."""
    name = shown_name(given)
    target = Path(os.path.realpath(given))
    if not given.name or given.is_dir():
        refuse(f"{name} was not saved: there is a folder of that name.")
    if target.exists():
        if not stat.S_ISREG(target.stat().st_mode):
            refuse(f"{name} was not saved: there is a device or a pipe of that name.")
        if not os.access(target, os.W_OK):
            refuse(f"{name} was not saved: the file there is write-protected.")
    return target


def _created(fresh: Path, target: Path) -> Path:
    """Create the fresh file, with the permissions of the one it will replace."""
    os.close(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
    if target.exists():
        os.chmod(fresh, stat.S_IMODE(target.stat().st_mode))
    return fresh


def _settle(fresh: Path, expected: int, given: Path) -> None:
    descriptor = os.open(fresh, os.O_RDWR)
    try:
        os.fsync(descriptor)
        size = os.fstat(descriptor).st_size
    finally:
        os.close(descriptor)
    if size != expected:
        refuse(
            f"{shown_name(given)} was not saved: {bytes_in_words(size)} of {bytes_in_words(expected)} arrived on the "
            "disk. Nothing that was there is lost."
        )


def _flush_folder(folder: Path) -> None:
    """Make the new name itself durable, where the system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno:
        return _REASONS.get(error.errno, error.strerror or str(error))
    if isinstance(error, ValueError) and "null" in str(error):
        return "no file can have this name"
    return str(error).splitlines()[0] if str(error) else type(error).__name__


class CountedFile:
    """A file open for writing that counts what it was given: `written` is the size the file must have in the end."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("r+b")
        self.written = 0

    def write(self, data: bytes | memoryview) -> int:
        """Write all of it."""
        count = memoryview(data).nbytes
        self._file.write(data)
        self.written += count
        return count

    def flush(self) -> None:
        """Hand everything to the operating system."""
        self._file.flush()

    def close(self) -> None:
        """Close the file; a full disk shows here at the latest."""
        self._file.close()

    def __enter__(self) -> CountedFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
