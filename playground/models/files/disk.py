"""Reads files carefully and writes them atomically.

Before reading, a file's kind, size and real format are checked. A new file is written beside the old one and
flushed, its size is checked, and then it replaces the old one.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from playground.models.formatting import bytes_in_words
from playground.models.problem import ProblemError, refuse

FOREIGN_BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"BM", "a BMP image"),
    (b"%PDF", "a PDF document"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
    (b"\x1f\x8b", "compressed with gzip"),
    (b"BZh", "compressed with bzip2"),
    (b"\xfd7zXZ\x00", "compressed with xz"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd"),
    (b"\x7fELF", "a program"),
    (b"MATLAB 5.0", "a MATLAB file"),
    (b"PAR1", "a Parquet file"),
    (b"ARROW1", "an Arrow file"),
    (b"GGUF", "a GGUF model"),
    (b"SQLite format 3", "an SQLite database"),
)

_REASONS = {
    errno.ENOENT: "does not exist",
    errno.EACCES: "cannot be read: permission denied",
    errno.EPERM: "cannot be read: permission denied",
    errno.EISDIR: "is a folder",
    errno.ENOTDIR: "does not exist: part of its path is a file",
    errno.ENAMETOOLONG: "has a name longer than this file system allows",
    errno.ELOOP: "is a link that points to itself",
    errno.EIO: "cannot be read: the disk reports an error",
    errno.ENXIO: "is not a readable file",
}


def plain_name(path: Path) -> str:
    """The file's name as one line of plain text: control characters and bytes that are not UTF-8 become `?`."""
    name = path.name or str(path)
    clean = "".join(character if character.isprintable() else "?" for character in name)
    return clean if len(clean) <= 80 else f"{clean[:38]}...{clean[-38:]}"


def system_reason(error: OSError | ValueError) -> str:
    """The operating system's reason, as a phrase that follows the file's name."""
    if isinstance(error, OSError):
        return _REASONS.get(error.errno or 0, f"cannot be read: {error.strerror or error}")
    return "has an invalid name"


def readable_size(path: Path) -> int:
    """The size in bytes of a regular file; refuses anything else, and anything that could block forever."""
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        refuse(f"{plain_name(path)} {system_reason(error)}.")
    if stat.S_ISDIR(status.st_mode):
        refuse(f"{plain_name(path)} is a folder. Open the files in it.")
    if not stat.S_ISREG(status.st_mode):
        refuse(f"{plain_name(path)} is a device or a pipe, not a file.")
    if status.st_size == 0:
        refuse(f"{plain_name(path)} is empty: 0 bytes.")
    return status.st_size


def open_regular(path: Path) -> BinaryIO:
    """Open a file for reading without ever blocking, even if it was replaced by a pipe since it was checked."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError) as error:
        refuse(f"{plain_name(path)} {system_reason(error)}.")
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        refuse(f"{plain_name(path)} is a device or a pipe, not a file.")
    return os.fdopen(descriptor, "rb")


def beginning_of(path: Path, count: int = 64) -> bytes:
    """The first bytes of a file."""
    with open_regular(path) as file:
        return file.read(count)


def foreign_kind(beginning: bytes) -> str:
    """What a file is by its first bytes, if it is a well-known format without tensors; otherwise empty."""
    return next((words for magic, words in FOREIGN_BEGINNINGS if beginning.startswith(magic)), "")


def check_budget(what: str, needed: int, budget: int) -> None:
    """Refuse what would not fit, before allocating any of it."""
    if needed > budget:
        refuse(f"{what} needs {bytes_in_words(needed)}, the limit is {bytes_in_words(budget)}. Nothing was read.")


_WRITE_REASONS = {
    errno.ENOENT: "its folder does not exist",
    errno.ENOTDIR: "its folder does not exist: part of the path is a file",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.EROFS: "the disk is read-only",
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the user's disk quota is exceeded",
    errno.EFBIG: "the file would be larger than the disk allows",
    errno.ENAMETOOLONG: "the name is longer than this file system allows",
    errno.EISDIR: "there is a folder with that name",
    errno.ELOOP: "the path is a link that points to itself",
}


def write_whole(path: str | os.PathLike[str], write: Callable[[Path], int]) -> None:
    """Let `write(fresh)` write a new file and return its expected size; then move it to `path` in one step.

    If anything fails or is killed, the old file at `path` is unchanged; a `ProblemError` says why.
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
        refuse(f"{plain_name(given)} was not saved: {_reason(error)}. The old file, if any, is unchanged.")
    finally:
        if fresh is not None:
            with contextlib.suppress(OSError):
                fresh.unlink()


def _target(given: Path) -> Path:
    """The file to write: links are followed, so that a link stays a link."""
    name = plain_name(given)
    target = Path(os.path.realpath(given))
    if not given.name or given.is_dir():
        refuse(f"{name} was not saved: there is a folder with that name.")
    if target.exists():
        if not stat.S_ISREG(target.stat().st_mode):
            refuse(f"{name} was not saved: there is a device or a pipe with that name.")
        if not os.access(target, os.W_OK):
            refuse(f"{name} was not saved: the file there is write-protected.")
    return target


def _created(fresh: Path, target: Path) -> Path:
    """Create the new file, with the permissions of the one it will replace."""
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
            f"{plain_name(given)} was not saved: {bytes_in_words(size)} of {bytes_in_words(expected)} reached the "
            "disk. The old file, if any, is unchanged."
        )


def _flush_folder(folder: Path) -> None:
    """Flush the directory entry to disk, if the system supports that."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno:
        return _WRITE_REASONS.get(error.errno, error.strerror or str(error))
    if isinstance(error, ValueError) and "null" in str(error):
        return "this is not a valid file name"
    return str(error).splitlines()[0] if str(error) else type(error).__name__


class CountedFile:
    """A file open for writing that counts its bytes: `written` is the final size of the file."""

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
        """Flush to the operating system."""
        self._file.flush()

    def close(self) -> None:
        """Close the file; a full disk raises here at the latest."""
        self._file.close()

    def __enter__(self) -> CountedFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
