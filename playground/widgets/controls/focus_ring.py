"""The ring around what the keyboard talks to: 2 px of accent just outside the widget."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QMargins, QObject, QPoint, QRect, QRectF, Qt, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractScrollArea, QAbstractSpinBox, QApplication, QLineEdit, QPlainTextEdit, QWidget
from shiboken6 import isValid

from playground.widgets.look import look

PAINTS_FOCUS = "paintsFocus"
"""Dynamic property of widgets that show their focus themselves (sliders, the grid's cell)."""

FOCUS_ROOM = "focusRoom"
"""Dynamic property of widgets whose words reach their edge: the QMargins by which the ring lies further out."""

RING = 2
_RADIUS = 5
_MOVES = frozenset({QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.Show, QEvent.Type.ZOrderChange})
_ENDS = frozenset({QEvent.Type.Hide, QEvent.Type.EnabledChange, QEvent.Type.ParentAboutToChange})


class _Ring(QWidget):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("focus_ring")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(look().color("accent"), RING))
            inset = RING / 2
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), _RADIUS, _RADIUS)


class FocusRing(QObject):
    """Shows a ring around the focused widget: around fields always, around all else once the keyboard is used."""

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self._target: QWidget | None = None
        self._ring: _Ring | None = None
        self._watched: list[QWidget] = []
        app.focusChanged.connect(self._on_focus_changed)

    @Slot(QWidget, QWidget)
    def _on_focus_changed(self, _old: QWidget | None, new: QWidget | None) -> None:
        self._leave()
        if new is None or not self._wants_ring(new):
            return
        target = _framed(new)
        host = _host(target)
        if host is None:
            return
        self._target, self._ring = target, _Ring(host)
        widget: QWidget | None = target
        while widget is not None and widget is not host:
            widget.installEventFilter(self)
            self._watched.append(widget)
            widget = widget.parentWidget()
        self._follow()

    def _wants_ring(self, widget: QWidget) -> bool:
        if widget.focusPolicy() == Qt.FocusPolicy.NoFocus:  # a page that took it when what had it was hidden
            return False
        if widget.property(PAINTS_FOCUS) or widget.isWindow() or widget.window().windowType() == Qt.WindowType.Popup:
            return False
        if isinstance(widget, QLineEdit | QPlainTextEdit | QAbstractSpinBox):
            return True
        return QApplication.mouseButtons() == Qt.MouseButton.NoButton

    def _follow(self) -> None:
        host = self._ring.parentWidget() if self._ring is not None else None
        if self._ring is None or self._target is None or host is None:
            return
        corner = self._target.mapTo(host, QPoint(0, 0))
        room = self._target.property(FOCUS_ROOM) or QMargins()
        self._ring.setGeometry(QRect(corner, self._target.size()) + room + QMargins(RING, RING, RING, RING))
        self._ring.raise_()
        self._ring.setVisible(self._target.isVisibleTo(host))

    def _leave(self) -> None:
        for widget in self._watched:
            if isValid(widget):
                widget.removeEventFilter(self)
        self._watched.clear()
        if self._ring is not None and isValid(self._ring):
            self._ring.hide()
            self._ring.deleteLater()
        self._ring = self._target = None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _MOVES:
            self._follow()
        elif event.type() in _ENDS:
            self._leave()
        return super().eventFilter(watched, event)


def _framed(widget: QWidget) -> QWidget:
    """The control to frame: the spin box around its line edit, the scroll area around its viewport."""
    parent = widget.parentWidget()
    if isinstance(parent, QAbstractSpinBox) or (
        isinstance(parent, QAbstractScrollArea) and widget is parent.viewport()
    ):
        return parent
    return parent if parent is not None and widget.property("bare") and parent.property("frames") else widget


def _host(widget: QWidget) -> QWidget | None:
    """The widget to lay the ring on: the content of the nearest scroll area (it scrolls along), or the window."""
    host = widget.parentWidget()
    while host is not None and not host.isWindow():
        above = host.parentWidget()
        if above is not None and isinstance(above.parentWidget(), QAbstractScrollArea):
            return host
        host = above
    return host
