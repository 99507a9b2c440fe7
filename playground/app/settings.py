"""What the window remembers between runs: its size, splitters and theme."""

from __future__ import annotations

import atexit
import functools
import sys
import tempfile
from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings
from PySide6.QtWidgets import QMainWindow

NAME = "tensor-playground"
DEFAULT_SIZE = (1360, 860)
LEAST_SIZE = (800, 560)
THEMES = ("system", "light", "dark")


def settings() -> QSettings:
    """This user's settings under the application's name, or a temporary file if Qt would hang on the real one."""
    kind, scope = QSettings.Format.IniFormat, QSettings.Scope.UserScope
    if sys.platform in ("win32", "darwin"):  # there the settings are in the registry or the system's preferences
        return QSettings(NAME, NAME)
    probe = QSettings(QSettings.Format.NativeFormat, scope, f"{NAME}-probe", "probe")
    folder = Path(probe.fileName()).parent.parent / NAME
    if all(map(_is_usable, (folder / f"{NAME}.conf", folder.parent / f"{NAME}.conf"))):
        return QSettings(NAME, NAME)
    return QSettings(str(Path(_passing_folder()) / "settings.ini"), kind)


def _is_usable(file: Path) -> bool:
    """True if the file, if it exists, can be read and locked: it is no pipe, and its lock file is no folder."""
    return (file.is_file() or not file.exists()) and not Path(f"{file}.lock").is_dir()


@functools.cache
def _passing_folder() -> str:
    """A folder that is deleted when the process ends."""
    folder = tempfile.TemporaryDirectory(prefix=NAME, ignore_cleanup_errors=True)
    atexit.register(folder.cleanup)
    return folder.name


def restore_geometry(window: QMainWindow) -> None:
    """Restore the window's size; keep the default if it cannot be read."""
    window.setMinimumSize(*LEAST_SIZE)
    window.resize(*DEFAULT_SIZE)
    value = settings().value("window/geometry")
    if isinstance(value, QByteArray):
        window.restoreGeometry(value)


def save_geometry(window: QMainWindow) -> None:
    """Save the window's size."""
    settings().setValue("window/geometry", window.saveGeometry())


def remembered_theme() -> str:
    """ "system", "light" or "dark"."""
    value = settings().value("window/theme", "system")
    return value if value in THEMES else "system"


def remember_theme(theme: str) -> None:
    """Save the choice of theme."""
    settings().setValue("window/theme", theme)
