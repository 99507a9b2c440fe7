"""How a part of the network page opens a window of its own."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QWidget

from playground.widgets.panel import Panel

GAP = 8
TITLE_BAR = 32
"""About as high as the title that the desktop puts above a window."""


class KeyCloser(QObject):
    """Closes a window by Esc or Ctrl+W, where nothing in it has a use for the key."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Look at the keys that came up to the window itself."""
        if not isinstance(watched, QWidget) or not isinstance(event, QKeyEvent):
            return super().eventFilter(watched, event)
        if event.type() == QEvent.Type.ShortcutOverride and event.matches(QKeySequence.StandardKey.Close):
            event.accept()  # else it would close the main window
            return True
        if event.type() == QEvent.Type.KeyPress:
            is_escape = event.key() == Qt.Key.Key_Escape and event.modifiers() == Qt.KeyboardModifier.NoModifier
            if is_escape or event.matches(QKeySequence.StandardKey.Close):
                watched.close()
                return True
        return super().eventFilter(watched, event)


def open_window(window: QWidget, owner: QWidget, beside: bool = False) -> None:
    """Show a window above the main one; a new one becomes the owner's, so that the main shortcuts work in it.

    One that follows the owner's controls stands `beside` them at first, over the rest of their panel.
    """
    if window.parentWidget() is not owner:
        window.setParent(owner, Qt.WindowType.Tool)
        window.installEventFilter(KeyCloser(window))
        window.resize(window.sizeHint())
        if beside:
            window.setGeometry(_place_beside(window, owner))
    window.show()
    window.raise_()
    window.activateWindow()


def _place_beside(window: QWidget, owner: QWidget) -> QRect:
    """From the right edge of the owner to that of its panel, a lesson beside which stays free where there is room."""
    panel: QWidget | None = owner
    while panel is not None and not isinstance(panel, Panel):
        panel = panel.parentWidget()
    whole = panel if panel is not None else owner.window()
    corner, middle = whole.mapToGlobal(whole.rect().topLeft()), whole.mapToGlobal(whole.rect().center())
    left = owner.mapToGlobal(QPoint(owner.width(), 0)).x() + GAP
    width = min(window.width(), max(window.minimumSizeHint().width(), corner.x() + whole.width() - GAP - left))
    top = max(corner.y() + TITLE_BAR, middle.y() - window.height() // 2)
    return QRect(left, top, width, window.height())
