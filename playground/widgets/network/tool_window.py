"""How a part of the network page opens a window of its own."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget


def open_window(window: QWidget, owner: QWidget) -> None:
    """Show a window above the main one; a new one becomes the owner's, so that the main shortcuts work in it."""
    if window.parentWidget() is not owner:
        window.setParent(owner, Qt.WindowType.Tool)
        window.resize(window.sizeHint())
    window.show()
    window.raise_()
    window.activateWindow()
