"""The field of a plot: pyqtgraph's ViewBox, which the user can zoom, pan and reset to the model's ranges."""

from __future__ import annotations

import math
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtWidgets import QGraphicsSceneWheelEvent

from playground.widgets.look import look

pg.setConfigOptions(mouseRateLimit=0, useOpenGL=False)

_SAME = 1e-6
_NARROWEST, _WIDEST = 1e-3, 3.0
"""How far a range can be zoomed in and out, in multiples of the model's range."""

BOTH = (0, 1)
_RANGES = ("xRange", "yRange")


class View(pg.ViewBox):  # type: ignore[misc]  # pyqtgraph has no types
    """`home` is the model's range; an axis that the user has zoomed or panned does not follow it.

    `chosen(place)` is a click, `menu_wanted(point)` a right click.
    """

    chosen = Signal(object)
    menu_wanted = Signal(object)
    home_changed = Signal()

    def __init__(self) -> None:
        super().__init__(enableMenu=False, defaultPadding=0.0)
        self.home: list[tuple[float, float]] = [(0.0, 1.0), (0.0, 1.0)]
        self._known: set[int] = set()
        self.wheel_allowed = True
        self.disableAutoRange()

    def is_zoomed(self, axis: int | None = None) -> bool:
        """True if an axis, or either of them, shows another range than the model's."""
        if axis is None:
            return any(self.is_zoomed(one) for one in BOTH)
        (low, high), shown = self.home[axis], self.viewRange()[axis]
        return bool(max(abs(shown[0] - low), abs(shown[1] - high)) > _SAME * (high - low))

    def set_home(self, axis: int, low: float, high: float) -> None:
        """Set another model range, shown at once unless the user has zoomed."""
        if (low, high) == self.home[axis] or not low < high:
            return
        follows = axis not in self._known or not self.is_zoomed(axis)  # what moves an empty plot is no choice
        self._known.add(axis)
        self.home[axis] = (low, high)
        if follows:
            self.show_home(axis)
        self.home_changed.emit()

    def show_home(self, axis: int | None = None) -> None:
        """Show all of an axis, or of both."""
        for one in BOTH if axis is None else (axis,):
            self.setRange(None, **{_RANGES[one]: self.home[one]}, padding=0, disableAutoRange=False)

    def setRange(self, rect: QRectF | None = None, **ranges: Any) -> None:
        """Show a range, within the limits of zooming."""
        if rect is not None:
            ranges["xRange"], ranges["yRange"] = (rect.left(), rect.right()), (rect.top(), rect.bottom())
        for name, (low, high) in zip(_RANGES, self.home, strict=True):
            wanted = ranges.get(name)
            if isinstance(wanted, tuple | list):
                ranges[name] = _within(float(min(wanted)), float(max(wanted)), low, high)
        super().setRange(**ranges)
        self._move_items()

    def linkedViewChanged(self, view: View | None, axis: int) -> None:
        """Show exactly the range of a linked view: the library aligns pixels, wrongly before the first layout."""
        if self.linksBlocked or view is None:
            return
        view.blockLink(True)
        try:
            super().setRange(**{_RANGES[axis]: tuple(view.viewRange()[axis])}, padding=0, disableAutoRange=False)
            self._move_items()
        finally:
            view.blockLink(False)

    def _move_items(self) -> None:
        """Move the items now: the library does so while painting, and would have to paint once more."""
        if not self.rect().isEmpty():
            self.updateMatrix()

    # Mouse

    def wheelEvent(self, ev: QGraphicsSceneWheelEvent, axis: int | None = None) -> None:
        if self.wheel_allowed:
            super().wheelEvent(ev, axis)
        else:
            ev.ignore()

    def mouseDragEvent(self, ev: pg.GraphicsScene.mouseEvents.MouseDragEvent, axis: int | None = None) -> None:
        left, right = (ev.button() == button for button in (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton))
        if axis is not None or not (right or (left and ev.modifiers() & Qt.KeyboardModifier.ShiftModifier)):
            if not right:
                super().mouseDragEvent(ev, axis)
            return
        ev.accept()
        start = ev.buttonDownPos(ev.button())
        if ev.isFinish():
            self.rbScaleBox.hide()
            dragged = QRectF(QPointF(start), QPointF(ev.pos())).normalized() & QRectF(self.rect())
            if dragged.width() > 3 and dragged.height() > 3:
                self.showAxRect(self.childGroup.mapRectFromParent(dragged), padding=0, disableAutoRange=False)
        else:
            color = look().color("accent")
            self.rbScaleBox.setPen(pg.mkPen(color))
            color.setAlphaF(0.15)
            self.rbScaleBox.setBrush(color)
            self.updateScaleBox(start, ev.pos())

    def mouseClickEvent(self, ev: pg.GraphicsScene.mouseEvents.MouseClickEvent) -> None:
        ev.accept()
        if ev.button() == Qt.MouseButton.RightButton:
            self.menu_wanted.emit(ev.screenPos().toPoint())
        elif (
            ev.button() == Qt.MouseButton.LeftButton
            and not ev.double()
            and self.sceneBoundingRect().contains(ev.scenePos())
        ):
            self.chosen.emit(self.mapSceneToView(ev.scenePos()))


def _within(low: float, high: float, home_low: float, home_high: float) -> tuple[float, float]:
    """A range that is not too narrow, too wide or too far from the model's."""
    whole = home_high - home_low
    if not (math.isfinite(low) and math.isfinite(high)):
        return home_low, home_high
    wide = min(max(high - low, whole * _NARROWEST), whole * _WIDEST)
    middle = min(max((low + high) / 2, home_low - whole / 2), home_high + whole / 2)
    if wide == high - low and middle == (low + high) / 2:
        return low, high
    return middle - wide / 2, middle + wide / 2
