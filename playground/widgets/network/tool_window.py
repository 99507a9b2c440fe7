"""How a part of the network page opens a window of its own."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QWidget

GAP = 8
TITLE_BAR = 32
"""About as high as the title that the desktop puts above a window."""


class KeyCloser(QObject):
    """Closes a window by Esc or Ctrl+W, where nothing in it has a use for the key."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Look at the keys that came up to the window itself."""
        if isinstance(watched, QWidget) and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            is_escape = event.key() == Qt.Key.Key_Escape and event.modifiers() == Qt.KeyboardModifier.NoModifier
            if is_escape or event.matches(QKeySequence.StandardKey.Close):
                watched.close()
                return True
        return super().eventFilter(watched, event)


def open_window(window: QWidget, owner: QWidget) -> None:
    """Show a window above the main one; a new one becomes the owner's, so that the main shortcuts work in it.

    A new one stands beside the column that its owner is in, so that what it shows can be changed there.
    """
    if window.parentWidget() is not owner:
        window.setParent(owner, Qt.WindowType.Tool)
        window.installEventFilter(KeyCloser(window))
        window.resize(window.sizeHint())
        _place(window, owner)
    window.show()
    window.raise_()
    window.activateWindow()


def _place(window: QWidget, owner: QWidget) -> None:
    corner = owner.mapToGlobal(QPoint(owner.width(), 0))
    room, main = owner.screen().availableGeometry(), owner.window().geometry()
    size = window.size().boundedTo(room.size())
    place = QRect(QPoint(corner.x() + GAP, main.top() + max(0, (main.height() - size.height()) // 2)), size)
    if place.right() > room.right():  # narrower where that is enough, else over what is left of it
        place.setWidth(max(window.minimumSizeHint().width(), room.right() - place.left()))
        place.moveRight(min(place.right(), room.right()))
    place.moveTop(max(room.top() + TITLE_BAR, place.top()))
    window.setGeometry(place)
