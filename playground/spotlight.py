"""Lights up a part of the window for a lesson, and covers what would give the answer away."""

from __future__ import annotations

import re

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, Qt, QTimer, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QScrollArea, QWidget

from playground.widgets.common.look import code_font, look, words_font
from playground.widgets.common.painting import text_width
from playground.widgets.common.tensor_grid import TensorGrid

MARGIN, RADIUS = 4, 6
SHOWN_MILLISECONDS = 8000
LABEL_GAP, REVEALED, LEAST_FRAME = 28, 24, 64
FOLLOWED = (QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.Show, QEvent.Type.Hide)


def paint_ring(painter: QPainter, rect: QRectF) -> None:
    """A rounded frame of accent just inside a rectangle."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(look().color("accent"), 2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), RADIUS, RADIUS)


class Overlay(QWidget):
    """A child of the window that lies over another widget and follows it."""

    is_revealed = False
    """Whether what it lies over is scrolled into view again when a layout, not a hand, has moved it."""

    def __init__(self, window: QWidget, target: QWidget, margin: int) -> None:
        super().__init__(window)
        self._window = window
        self._target = target
        self._margin = margin
        self._watched: list[QWidget] = []
        self._laid_out = QTimer(self)
        self._laid_out.setSingleShot(True)
        self._laid_out.timeout.connect(self._on_laid_out)
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
        self._laid_out.stop()
        self.hide()
        self.deleteLater()

    def follow(self) -> None:
        """Lie where the target is."""
        margin, corner = self._margin, self._target.mapTo(self._window, QPoint(0, 0))
        place = QRect(corner, self._target.size()).adjusted(-margin, -margin, margin, margin)
        self.setGeometry(place & self._window.rect())
        self.setVisible(self._target.isVisibleTo(self._window))
        self.raise_()

    @Slot()
    def _on_laid_out(self) -> None:
        reveal(self._target)
        self.follow()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow moves, sizes and hiding of the target and all that holds it."""
        if event.type() in FOLLOWED:
            self.follow()
            if self.is_revealed and not is_scrolled(watched, event):
                self._laid_out.start()
        return super().eventFilter(watched, event)


class Ring(Overlay):
    """Two pixels of accent around the part; clicks go through."""

    is_revealed = True

    def __init__(self, window: QWidget, target: QWidget) -> None:
        super().__init__(window, target, MARGIN)
        self.setObjectName("spotlight")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The ring, with nothing inside it changed."""
        with QPainter(self) as painter:
            paint_ring(painter, QRectF(self.rect()))


class Cover(Overlay):
    """Hides a part and says when it will show, where there is room for that; no key reaches the part meanwhile."""

    def __init__(self, window: QWidget, target: QWidget, words: str) -> None:
        super().__init__(window, target, 0)
        around = target.parentWidget()
        self._was_enabled = target.isEnabled() if around is None else target.isEnabledTo(around)
        target.setEnabled(False)
        self.words = words
        self.setObjectName("cover")
        self.setAccessibleName(words)

    def leave(self) -> None:
        """Give the part back."""
        self._target.setEnabled(self._was_enabled)
        super().leave()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The panel's colour, a dashed frame, one sentence."""
        with QPainter(self) as painter:
            colours = look()
            painter.fillRect(self.rect(), colours.color("panel"))
            if self.height() < LEAST_FRAME:
                return
            painter.setPen(QPen(colours.color("edge"), 1, Qt.PenStyle.DashLine))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(16.5, 12.5, -16.5, -12.5), RADIUS, RADIUS)
            painter.setPen(colours.color("text2"))
            painter.setFont(words_font())
            inside = self.rect().adjusted(32, 16, -32, -16)
            painter.drawText(inside, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.words)


class CellRing(Overlay):
    """A ring around one cell of a grid, with a label beside the grid, so that no number is covered."""

    is_revealed = True

    def __init__(self, window: QWidget, grid: TensorGrid, cell: str) -> None:
        self._grid = grid
        self._index = tuple(int(place) for place in re.findall(r"\d+", cell.partition("[")[2]))
        self._label = f"Click {cell}"
        super().__init__(window, grid, 0)
        self.setObjectName("spotlight")
        self.setAccessibleName(self._label)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        grid.reveal(self._index)
        for bar in (grid.horizontalScrollBar(), grid.verticalScrollBar()):
            bar.valueChanged.connect(self.follow)
        self.follow()

    def _cell(self) -> QRect | None:
        rect = self._grid.present_geometry().rect(self._index)
        return None if rect is None else QRect(*rect).translated(self._grid.viewport().pos())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The ring, and the label at the right of the cells, or below them where there is no room."""
        cell = self._cell()
        with QPainter(self) as painter:
            if cell is None:
                paint_ring(painter, QRectF(self.rect()))
                return
            cell = cell.translated(self._grid.mapTo(self._window, QPoint(0, 0)) - self.pos())
            paint_ring(painter, QRectF(cell).adjusted(-1, -1, 1, 1))
            self._paint_label(painter, cell)

    def _paint_label(self, painter: QPainter, cell: QRect) -> None:
        geometry = self._grid.present_geometry()
        corner = self._grid.viewport().mapTo(self._window, QPoint(0, 0)) - self.pos()
        across = min(geometry.fitting_columns, geometry.total_columns - geometry.first_column)
        down = min(geometry.fitting_rows, geometry.total_rows - geometry.first_row)
        right = corner.x() + geometry.left + across * geometry.cell_width
        bottom = corner.y() + geometry.top + down * geometry.cell_height
        width = round(text_width(code_font(), self._label)) + 16
        label = QRect(right + LABEL_GAP, cell.center().y() - 12, width, 24)
        if label.right() > self.width():
            label = QRect(min(cell.left(), self.width() - width), min(bottom + 8, self.height() - 24), width, 24)
        else:
            painter.setPen(QPen(look().color("accent"), 2, Qt.PenStyle.DotLine))
            painter.drawLine(right + 4, label.center().y(), label.left(), label.center().y())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look().color("accent"))
        painter.drawRoundedRect(QRectF(label), 4, 4)
        painter.setPen(look().color("accent_text"))
        painter.setFont(code_font())
        painter.drawText(label, Qt.AlignmentFlag.AlignCenter, self._label)


class Spotlight(QObject):
    """The ring and the covers of one window."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._ring: Overlay | None = None
        self._covers: dict[str, Cover] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SHOWN_MILLISECONDS)
        self._timer.timeout.connect(self.end_light)

    @Slot(str)
    def light(self, part: str) -> None:
        """Ring the part of this objectName, or its nearest named holder, for some seconds.

        "shape.grid r[1, 0]" rings one cell of the grid. What is scrolled away is scrolled into view. Of a number with a
        slider the whole row is ringed.
        """
        self.end_light()
        name, _, cell = part.partition(" ")
        target = self.find(f"{name}.row")
        if target is None:
            return
        reveal(target)
        if isinstance(target, TensorGrid) and cell:
            self._ring = CellRing(target.window(), target, cell)
        else:
            self._ring = Ring(target.window(), target)
        self._timer.start()

    @Slot()
    def end_light(self) -> None:
        """Take the ring away."""
        self._timer.stop()
        if self._ring is not None:
            self._ring.leave()
            self._ring = None

    def cover(self, parts: tuple[str, ...], words: str = "") -> None:
        """Cover exactly these parts, by objectName or panel key, with the words on them."""
        for name, cover in tuple(self._covers.items()):
            if name not in parts or cover.words != words:
                self._covers.pop(name).leave()
        for name in parts:
            target = self.find(name)
            if target is not None and name not in self._covers:
                self._covers[name] = Cover(self._window, target, words)

    def find(self, part: str) -> QWidget | None:
        """The widget of this objectName; else that of the part before its last point, and so on."""
        part = part.partition(" ")[0]
        while part:
            found = self._window.findChild(QWidget, part)
            if found is not None:
                return found
            part = part.rpartition(".")[0]
        return None


def is_scrolled(moved: QObject, event: QEvent) -> bool:
    """Whether an event tells that a scroll area moved its content, and not that a layout placed a widget."""
    parent = moved.parent()
    holder = parent.parent() if parent is not None else None
    return event.type() == QEvent.Type.Move and isinstance(holder, QScrollArea) and holder.widget() is moved


def reveal(target: QWidget) -> None:
    """Scroll whatever holds a widget so that it is seen."""
    holder = target.parentWidget()
    while holder is not None:
        if isinstance(holder, QScrollArea):
            holder.ensureWidgetVisible(target, REVEALED, REVEALED)
        holder = holder.parentWidget()
