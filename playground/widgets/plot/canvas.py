"""The widget that shows one PlotItem: its axes, cursor, notes, the value under the pointer, and the keys."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, QSizeF, Qt, Signal, Slot
from PySide6.QtGui import QHideEvent, QKeyEvent, QMouseEvent, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractScrollArea,
    QGraphicsSceneMouseEvent,
    QGraphicsView,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from playground.widgets.controls.tooltip import set_tooltip
from playground.widgets.look import code_font, look
from playground.widgets.plot.axis import BOTTOM, LEFT, TOP, AxisRange, PlotAxis
from playground.widgets.plot.curve import Curve, Entry
from playground.widgets.plot.view import View

STRIP, GAP = 12, 8
"""The height of a strip below the field, and the space between them."""


class Canvas(pg.PlotWidget):  # type: ignore[misc]  # pyqtgraph has no types
    """`pointed(x)` while the pointer or the arrow keys are on it, None when it leaves; `walked(x)` by the keys."""

    pointed = Signal(object)
    walked = Signal(object)
    place_pointed = Signal(object)
    """The place under the pointer in coordinates, None when it leaves."""

    pressed = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        self.view = View()
        self.axes = {"left": PlotAxis("left", LEFT), "bottom": PlotAxis("bottom", BOTTOM)}
        item = pg.PlotItem(viewBox=self.view, axisItems=self.axes, enableMenu=False)
        super().__init__(parent, plotItem=item)
        item.hideButtons()
        item.ctrlMenu.setParent(self, Qt.WindowType.Popup)  # else it outlives the plot, or lies over it
        for side, below in (("left", -200), ("bottom", -199)):  # below what is drawn, the lines of the grid lowest
            self.axes[side].setZValue(below)
        self.axes["left"].grid = 255
        self.x_range, self.y_range = AxisRange(), AxisRange()
        self.entries: list[Entry] = []
        self.ground = "panel"
        self.steps_whole = True
        self.grid = True
        self._shows_x = True
        self.cursor = pg.InfiniteLine(angle=90)
        self.cursor.setZValue(10)
        self.cursor.hide()
        self.cursors = [self.cursor]
        """The cursor, and what continues it in the rows below the field."""
        item.addItem(self.cursor, ignoreBounds=True)
        self.note_item = self._label((1, 1))
        self.readout_item = self._label((0, 1))
        self.readout: Callable[[float, float], str] | None = None
        self._read_at: QPointF | None = None
        self.note_is_of_range = False
        """Whether the note counts what lies beyond the model's range, so that it is untrue of any other."""
        self.place_note: Callable[[], None] = self._place_note
        self.back = QToolButton(self)
        self._finish()

    def _finish(self) -> None:
        self.plotItem.layout.setContentsMargins(0, TOP, 1, 0)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.MinimalViewportUpdate)
        self.setCacheMode(QGraphicsView.CacheModeFlag.CacheNone)
        self.scene().setItemIndexMethod(self.scene().ItemIndexMethod.NoIndex)
        self.back.setText("view all")
        self.back.setObjectName("view_all")
        self.back.setCursor(Qt.CursorShape.PointingHandCursor)
        self.back.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        set_tooltip(self.back, "Show everything again (A, or double click)")
        self.back.hide()
        self.back.clicked.connect(self.view_all)
        self.view.chosen.connect(self._on_chosen)
        self.view.sigRangeChanged.connect(self._on_range_changed)
        self.view.home_changed.connect(self._on_range_changed)
        self.view.sigResized.connect(self._place_labels)
        self.take_look()

    def _label(self, anchor: tuple[float, float]) -> pg.TextItem:
        label = pg.TextItem(anchor=anchor)
        label.setParentItem(self.view)
        label.setFont(code_font())
        label.textItem.document().setDocumentMargin(2)
        label.setZValue(50)
        label.hide()
        return label

    # What is shown

    def set_ranges(self, x: AxisRange, y: AxisRange) -> None:
        """Show these ranges, unless the hand has zoomed; another kind of axis is shown whole."""
        if (x, y) == (self.x_range, self.y_range):
            return
        changed = y.logarithmic != self.y_range.logarithmic
        self.x_range, self.y_range = x, y
        for axis, shown in (("bottom", x), ("left", y)):
            self.axes[axis].show_range(shown)
        if changed:
            for entry in self.entries:
                entry.logarithmic = y.logarithmic
                entry.place()
        for number, shown in enumerate((x, y)):
            self.view.set_home(number, shown.low, shown.high)
        if changed:
            self.view.show_home(1)

    def set_crosshair(self, x: float | None, label: str = "") -> None:
        """Show the dotted line at an x, with its label inverted on the axis where that is drawn; None hides it."""
        for line in self.cursors:
            line.setVisible(x is not None)
            if x is not None:
                line.setPos(x)
        self.axes["bottom"].set_mark(None if x is None else (x, label))
        for entry in self.entries:
            if isinstance(entry, Curve):
                entry.set_mark(x)

    @property
    def crosshair(self) -> float | None:
        """Where the cursor stands."""
        return float(self.cursor.value()) if self.cursor.isVisible() else None

    def set_note(self, words: str) -> None:
        """Say a few words in the lower right corner."""
        if words != self.note:
            self.note_item.setText(words)
        self.note_item.setVisible(bool(words))
        self.place_note()

    def _show_note(self) -> None:
        self.note_item.setVisible(bool(self.note) and not (self.note_is_of_range and self.view.is_zoomed()))
        self.place_note()

    @property
    def note(self) -> str:
        """What stands in the lower right corner."""
        return str(self.note_item.toPlainText())

    def show_x_axis(self, shown: bool, name: str = "") -> None:
        """Label the x axis, or draw its line alone."""
        self._shows_x = shown
        axis = self.axes["bottom"]
        axis.set_size(BOTTOM if shown else 1)
        axis.name = name
        self.axes["left"].below = 5 if shown and not name else 0
        axis.redraw()
        self.axes["left"].redraw()

    @property
    def shows_x(self) -> bool:
        """Whether the x axis is labelled."""
        return self._shows_x

    def show_grid(self, shown: bool) -> None:
        """Draw the lines at the labels, or leave them out."""
        self.grid = shown
        self.axes["left"].show_grid(shown)

    def take_look(self) -> None:
        """Take the colours of the present look."""
        self.setBackground(look().color(self.ground))
        pen = QPen(look().color("text"), 1)
        pen.setDashPattern([2, 2])
        pen.setCosmetic(True)
        for line in self.cursors:
            line.setPen(pen)
        hover = QPen(look().color("accent"), 2)
        hover.setCosmetic(True)
        self.cursor.setHoverPen(hover)
        for axis in self.plotItem.axes.values():
            if isinstance(axis["item"], PlotAxis):
                axis["item"].take_look()
        fill = look().color(self.ground)
        fill.setAlphaF(0.85)
        for label in (self.note_item, self.readout_item):
            label.setColor(look().color("text2" if label is self.note_item else "text"))
            label.fill = pg.mkBrush(fill)
        for entry in self.entries:
            entry.take_look()
        self.back.setStyleSheet(
            f"QToolButton {{ border: 1px solid {look().edge}; border-radius: 3px; padding: 0 5px;"
            f" background: {look().raised}; color: {look().text2}; }}"
        )

    # Places

    def field(self) -> QRectF:
        """The rectangle of the data in pixels of the widget."""
        self.settle()
        return QRectF(self.view.sceneBoundingRect())

    def settle(self) -> None:
        """Lay everything out now."""
        self.plotItem.layout.activate()
        self.view.updateMatrix()

    def x_to_pixel(self, x: float) -> float:
        """Pixels from the left of the widget."""
        self.settle()
        return float(self.view.mapViewToScene(QPointF(x, 0)).x())

    def y_to_pixel(self, coordinate: float) -> float:
        """Pixels from the top of the widget; the coordinate is an exponent on a logarithmic axis."""
        self.settle()
        return float(self.view.mapViewToScene(QPointF(0, coordinate)).y())

    def x_at(self, x: float) -> float:
        """An x within the range of the model; a whole number where x counts layers or steps."""
        x = min(max(x, self.x_range.low), self.x_range.high)
        return float(round(x)) if self.steps_whole else x

    @Slot()
    def view_all(self) -> None:
        """Show everything again."""
        self.view.show_home()

    @Slot()
    def _on_range_changed(self) -> None:
        if self.view.is_zoomed() == self.back.isHidden():
            self.back.setVisible(self.view.is_zoomed())
        self._show_note()
        self.read_again()

    @Slot(object)
    def _on_chosen(self, place: QPointF) -> None:
        self.pressed.emit(self.x_at(place.x()))

    @Slot()
    def _place_labels(self) -> None:
        self.place_note()
        self.back.adjustSize()
        self._place_back()

    def _place_back(self) -> None:
        """Put "view all" into a corner through which no curve runs."""
        size = QSizeF(self.back.size())
        field = QRectF(self.view.rect()).adjusted(3, 3, -3, -3)
        lefts, tops = (field.right() - size.width(), field.left()), (field.top(), field.bottom() - size.height())
        place = self._free([QRectF(QPointF(left, top), size) for top in tops for left in lefts])
        self.back.move(self.view.mapToScene(place.topLeft()).toPoint())

    def _place_note(self) -> None:
        self.note_item.setPos(self.view.width() - 1, self.view.height() - 1)

    # What Qt asks

    def sizeHint(self) -> QSize:
        return QSize(400, 140)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 60)

    def resizeEvent(self, ev: QResizeEvent) -> None:
        super().resizeEvent(ev)
        if ev is not None:
            self._place_labels()

    def mouseMoveEvent(self, ev: QMouseEvent) -> None:
        super().mouseMoveEvent(ev)
        inside = self.view.sceneBoundingRect().contains(ev.position())
        place = self.view.mapSceneToView(ev.position()) if inside else None
        self.place_pointed.emit(place)
        self._read_at = ev.position() if inside else None
        self.read_again()
        if not ev.buttons():
            self.pointed.emit(None if place is None else self.x_at(place.x()))

    def mouseDoubleClickEvent(self, ev: QMouseEvent) -> None:
        super().mouseDoubleClickEvent(ev)
        if ev.button() == Qt.MouseButton.LeftButton:
            self.view_all()

    def leaveEvent(self, ev: QEvent) -> None:
        super().leaveEvent(ev)
        self._read_at = None
        self.read_again()
        self.place_pointed.emit(None)
        self.pointed.emit(None)

    def hideEvent(self, ev: QHideEvent) -> None:
        """A plot that is hidden while the hand drags in it is let go: the release goes elsewhere."""
        super().hideEvent(ev)
        scene = self.scene()
        for button in tuple(scene.dragButtons):
            release = QGraphicsSceneMouseEvent(QEvent.Type.GraphicsSceneMouseRelease)
            release.setButton(button)
            release.setScenePos(scene.lastDrag.scenePos())
            release.setScreenPos(scene.lastDrag.screenPos().toPoint())
            release.setButtonDownScenePos(button, scene.lastDrag.buttonDownScenePos(button))
            scene.mouseReleaseEvent(release)
        scene.clickEvents.clear()

    def read_again(self) -> None:
        """Write the value under the pointer beside it, as it is now."""
        if not self.back.isHidden():
            self._place_back()
        words, at, label = "", self._read_at, self.readout_item
        if at is not None and self.readout is not None:
            place = self.view.mapSceneToView(at)
            words = self.readout(place.x(), place.y())
        elif not label.isVisible():
            return
        label.setText(words)
        label.setVisible(bool(words))
        if at is not None and words:
            inside, size = self.view.mapFromScene(at), label.boundingRect().size()
            lefts = inside.x() + 12, inside.x() - 12 - size.width()
            tops = [inside.y() + away for near in range(0, 100, 20) for away in (-6 - near - size.height(), 18 + near)]
            places = [QRectF(QPointF(left, top), size) for top in tops for left in lefts]
            taken = QRectF() if self.back.isHidden() else self.view.mapRectFromScene(QRectF(self.back.geometry()))
            label.setPos(self._free([place for place in places if not place.intersects(taken)]).bottomLeft())

    def _free(self, places: Sequence[QRectF]) -> QRectF:
        """The first place in the field through which no curve runs, else the first in the field."""
        field = QRectF(self.view.rect())
        within = [place for place in places if field.contains(place)] or [field]
        return next((place for place in within if not self._is_crossed(place)), within[0])

    def _is_crossed(self, place: QRectF) -> bool:
        """Whether a curve runs through a rectangle of the view."""
        to = self.view.childGroup.transform()
        for entry in self.entries:
            if isinstance(entry, Curve) and entry.isVisible() and len(entry.x):
                x, y = entry.pixels(to)
                among = x[(x > place.left()) & (x < place.right())]
                runs = np.interp([place.left(), *among, place.right()], x, y, math.nan, math.nan)
                runs = runs[np.isfinite(runs)]
                if len(runs) and runs.max() > place.top() and runs.min() < place.bottom():
                    return True
        return False

    def wheelEvent(self, ev: QWheelEvent) -> None:
        """In a column that scrolls, the wheel is the column's until the plot has been clicked."""
        if not self.hasFocus() and _scrolls(self):
            ev.ignore()
            return
        self.setFocus(Qt.FocusReason.MouseFocusReason)  # so that A shows all again
        super().wheelEvent(ev)

    def keyPressEvent(self, ev: QKeyEvent) -> None:
        ends = self.x_range
        step = 1.0 if self.steps_whole else (ends.high - ends.low) / 50
        now = self.crosshair if self.crosshair is not None else ends.low - step
        moves = {
            Qt.Key.Key_Left: now - step,
            Qt.Key.Key_Right: now + step,
            Qt.Key.Key_PageDown: now - 10 * step,
            Qt.Key.Key_PageUp: now + 10 * step,
            Qt.Key.Key_Home: ends.low,
            Qt.Key.Key_End: ends.high,
        }
        key, plain = Qt.Key(ev.key()), not ev.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if key in moves:
            place = self.x_at(min(max(moves[key], ends.low), ends.high))
            self.pointed.emit(place)
            self.walked.emit(place)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self.crosshair is not None:
            self.pressed.emit(self.crosshair)
        elif key == Qt.Key.Key_A and plain:
            self.view_all()
        else:
            ev.ignore()


def _scrolls(widget: QWidget) -> bool:
    """Whether a widget lies in a column that can be scrolled."""
    holder = widget.parentWidget()
    while holder is not None:
        if isinstance(holder, QScrollArea):
            bar = QAbstractScrollArea.verticalScrollBar(holder)
            return bool(bar.maximum() > bar.minimum())
        holder = holder.parentWidget()
    return False


class Strip:
    """A low row below the field of a canvas, a view of its own with an axis beside it."""

    def __init__(self, canvas: Canvas, side: str = "left", room: int = LEFT) -> None:
        self.view = View()
        self.view.setMouseEnabled(False, False)
        self.axis = PlotAxis(side, room)
        self.axis.setZValue(-200)
        self.axis.linkToView(self.view)
        layout = canvas.plotItem.layout
        layout.addItem(self.view, 4, 1)
        layout.addItem(self.axis, 4, 0 if side == "left" else 2)
        layout.setRowSpacing(3, GAP)
        left, top, right, _ = layout.getContentsMargins()
        layout.setContentsMargins(left, top, right, 1)
        for item in (self.view, self.axis):
            item.setMaximumHeight(STRIP)
            item.setMinimumHeight(STRIP)
        self.view.show_home()

    def take_look(self) -> None:
        """Take the colours of the present look."""
        self.axis.take_look()
