"""Looking at a file before reading it: what it is, how large it is, what it really holds."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

from playground.models.outcome import refuse
from playground.models.words import bytes_in_words

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
    errno.ENOENT: "is not there (any more)",
    errno.EACCES: "may not be read by this user",
    errno.EPERM: "may not be read by this user",
    errno.EISDIR: "is a folder",
    errno.ENOTDIR: "is not there: a part of its path is a file",
    errno.ENAMETOOLONG: "has a name longer than this file system allows",
    errno.ELOOP: "is a link that leads back to itself",
    errno.EIO: "cannot be read: the disk reports an error",
    errno.ENXIO: "is no file that can be read",
}


def shown_name(path: Path) -> str:
    """The file's name as one line of plain text: control characters and bytes that are no UTF-8 are shown as `?`."""
    name = path.name or str(path)
    clean = "".join(character if character.isprintable() else "?" for character in name)
    return clean if len(clean) <= 80 else f"{clean[:38]}...{clean[-38:]}"


def reason_of(error: OSError | ValueError) -> str:
    """Why the operating system would not, in words that follow the file's name."""
    if isinstance(error, OSError):
        return _REASONS.get(error.errno or 0, f"cannot be read: {error.strerror or error}")
    return "has a name that no file can have"


def readable_size(path: Path) -> int:
    """The size in bytes of a regular file; anything that is none, or could block for ever, is refused."""
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        refuse(f"{shown_name(path)} {reason_of(error)}.")
    if stat.S_ISDIR(status.st_mode):
        refuse(f"{shown_name(path)} is a folder. Open the files in it.")
    if not stat.S_ISREG(status.st_mode):
        refuse(f"{shown_name(path)} is a device or a pipe, not a file.")
    if status.st_size == 0:
        refuse(f"{shown_name(path)} is empty: 0 bytes.")
    return status.st_size


def open_regular(path: Path) -> BinaryIO:
    """Open a file for reading without ever waiting, even if it was exchanged for a pipe since it was looked at."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError) as error:
        refuse(f"{shown_name(path)} {reason_of(error)}.")
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        refuse(f"{shown_name(path)} is a device or a pipe, not a file.")
    return os.fdopen(descriptor, "rb")


def beginning_of(path: Path, count: int = 64) -> bytes:
    """The first bytes of a file."""
    with open_regular(path) as file:
        return file.read(count)


def foreign_kind(beginning: bytes) -> str:
    """What a file is by its first bytes, if it is something well known that holds no tensors; empty otherwise."""
    return next((words for magic, words in FOREIGN_BEGINNINGS if beginning.startswith(magic)), "")


def check_budget(what: str, needed: int, budget: int) -> None:
    """Refuse what would not fit, before a byte of it is allocated."""
    if needed > budget:
        refuse(f"{what} needs {bytes_in_words(needed)}, the limit is {bytes_in_words(budget)}. Nothing was read.")
