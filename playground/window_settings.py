"""What the window remembers from one time to the next: its size, its splitters, its theme."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QSettings
from PySide6.QtWidgets import QMainWindow

DEFAULT_SIZE = (1360, 860)
LEAST_SIZE = (800, 560)
THEMES = ("system", "light", "dark")


def settings() -> QSettings:
    """The settings of this user, as the application's name places them."""
    return QSettings("tensor-playground", "tensor-playground")


def restore_geometry(window: QMainWindow) -> None:
    """Give the window the size it had; anything unreadable leaves the usual one."""
    window.setMinimumSize(*LEAST_SIZE)
    window.resize(*DEFAULT_SIZE)
    value = settings().value("window/geometry")
    if isinstance(value, QByteArray):
        window.restoreGeometry(value)


def save_geometry(window: QMainWindow) -> None:
    """Remember the window's size."""
    settings().setValue("window/geometry", window.saveGeometry())


def remembered_theme() -> str:
    """ "system", "light" or "dark"."""
    value = settings().value("window/theme", "system")
    return value if value in THEMES else "system"


def remember_theme(theme: str) -> None:
    """Keep the choice of theme."""
    settings().setValue("window/theme", theme)
