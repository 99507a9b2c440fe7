"""Lights up a part of the window for a lesson, and covers what would give the answer away."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, Qt, QTimer, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from playground.widgets.common.look import look, words_font

MARGIN, RADIUS = 4, 6
SHOWN_MILLISECONDS = 8000


class _Overlay(QWidget):
    """A child of the window that lies over another widget and follows it."""

    def __init__(self, window: QWidget, target: QWidget, margin: int) -> None:
        super().__init__(window)
        self._window = window
        self._target = target
        self._margin = margin
        self._watched: list[QWidget] = []
        widget: QWidget | None = target
        while widget is not None and widget is not window:
            widget.installEventFilter(self)
            self._watched.append(widget)
            widget = widget.parentWidget()
        self.follow()

    def leave(self) -> None:
        """Go away."""
        for widget in self._watched:
            widget.removeEventFilter(self)
        self._watched.clear()
        self.hide()
        self.deleteLater()

    def follow(self) -> None:
        """Lie where the target is."""
        window = self._window
        corner = self._target.mapTo(window, QPoint(0, 0))
        rect = QRect(corner, self._target.size())
        self.setGeometry(rect.adjusted(-self._margin, -self._margin, self._margin, self._margin) & window.rect())
        self.setVisible(self._target.isVisibleTo(window))
        self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow moves, sizes and hiding of the target and all that holds it."""
        if event.type() in (QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.Show, QEvent.Type.Hide):
            self.follow()
        return super().eventFilter(watched, event)


class Ring(_Overlay):
    """Two pixels of accent around the part; clicks go through."""

    def __init__(self, window: QWidget, target: QWidget) -> None:
        super().__init__(window, target, MARGIN)
        self.setObjectName("spotlight")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The ring, with nothing inside it changed."""
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(look().color("accent"), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), RADIUS, RADIUS)


class Cover(_Overlay):
    """Hides a part and says when it will show."""

    def __init__(self, window: QWidget, target: QWidget) -> None:
        super().__init__(window, target, 0)
        self.setObjectName("cover")
        self.setAccessibleName("Covered until you have tried it")

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The panel's colour, a dashed frame, one sentence."""
        with QPainter(self) as painter:
            colours = look()
            painter.fillRect(self.rect(), colours.color("panel"))
            painter.setPen(QPen(colours.color("edge"), 1, Qt.PenStyle.DashLine))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(16.5, 12.5, -16.5, -12.5), RADIUS, RADIUS)
            painter.setPen(colours.color("text2"))
            painter.setFont(words_font())
            words = "This would give it away. It shows when you have tried the first step."
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, words)


class Spotlight(QObject):
    """The ring and the covers of one window."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._ring: Ring | None = None
        self._covers: dict[str, Cover] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SHOWN_MILLISECONDS)
        self._timer.timeout.connect(self.end_light)

    @Slot(str)
    def light(self, part: str) -> None:
        """Ring the part of this objectName, or its nearest named holder, for some seconds."""
        self.end_light()
        target = self._find(part)
        if target is not None:
            self._ring = Ring(self._window, target)
            self._timer.start()

    @Slot()
    def end_light(self) -> None:
        """Take the ring away."""
        self._timer.stop()
        if self._ring is not None:
            self._ring.leave()
            self._ring = None

    def cover(self, parts: tuple[str, ...]) -> None:
        """Cover exactly these parts, by objectName or panel key."""
        for name in tuple(self._covers):
            if name not in parts:
                self._covers.pop(name).leave()
        for name in parts:
            target = self._find(name)
            if target is not None and name not in self._covers:
                self._covers[name] = Cover(self._window, target)

    def _find(self, part: str) -> QWidget | None:
        """The widget of this objectName; else that of the part before its last point, and so on."""
        while part:
            found = self._window.findChild(QWidget, part)
            if found is not None:
                return found
            part = part.rpartition(".")[0]
        return None
