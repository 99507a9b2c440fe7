"""A curve as an item of our own: pyqtgraph's take three times as long where they are antialiased and 2 px wide.

`GraphicsObject` and not `PlotCurveItem` is what it is made of: a class made of that one crashed while it was painted.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping

import numpy as np
import pyqtgraph as pg
from numpy.typing import ArrayLike
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QTransform
from PySide6.QtWidgets import QGraphicsItem, QWidget

from playground.widgets.look import look
from playground.widgets.plot.segments import (
    LINE_STYLES,
    Floats,
    is_drawing,
    line_color,
    line_path,
    line_pen,
    line_segments,
    lone_points,
    packed_lines,
    paint_points,
    paint_segments,
)

_DOT = 3.0


def in_coordinates(values: ArrayLike, logarithmic: bool) -> Floats:
    """Where values lie on their axis; what has no place there (0 on a logarithmic one, nan, inf) is nan."""
    numbers = np.asarray(values, float)
    if logarithmic:
        with np.errstate(divide="ignore", invalid="ignore"):
            numbers = np.log10(np.where(numbers > 0, numbers, np.nan))
    return np.where(np.isfinite(numbers), numbers, np.nan)


class Entry:
    """What every item of a plot has beside what pyqtgraph gives it: names, a place in the legend, columns of numbers.

    `is_shown` says that it has something to show, `is_hidden` that the user does not want to see it.
    """

    name = key = short_name = ""
    in_legend = True
    logarithmic = False
    is_shown = False
    is_hidden = False

    def describe(self, name: str, in_legend: bool, key: str = "") -> None:
        """Take a name, and a key that stays when the name changes."""
        self.name, self.in_legend, self.key = name, in_legend, key or name

    def set_shown(self, shown: bool) -> None:
        """Say whether there is anything to show."""
        self.is_shown = shown
        self.show_or_hide()

    def set_hidden(self, hidden: bool) -> None:
        """Hide it, or show it where it has something to show."""
        self.is_hidden = hidden
        self.show_or_hide()

    def show_or_hide(self) -> None:
        """Tell the item."""
        assert isinstance(self, QGraphicsItem)
        seen = self.is_shown and not self.is_hidden
        if self.isVisible() != seen:
            self.setVisible(seen)

    def take_look(self) -> None:
        """Take the colours of the present look."""

    def place(self) -> None:
        """Put the data to its place again, after the axis changed between linear and logarithmic."""

    def reach(self) -> Floats:
        """All numbers that a range of the value axis has to hold."""
        return np.empty(0)

    def value_at(self, x: float) -> float | None:
        """The value at an x, or None."""
        del x
        return None

    def sample(self) -> Hashable:
        """Equal as long as the sample of the legend looks the same."""
        return None

    def paint_sample(self, painter: QPainter, rect: QRectF) -> None:
        """Paint the sample of the legend."""

    def columns(self) -> Mapping[str, Floats]:
        """The numbers by name."""
        return {}


class InView(pg.GraphicsObject):  # type: ignore[misc]  # pyqtgraph has no types
    """What fills the view whatever its numbers are: the model gives the ranges, and nothing is measured."""

    def boundingRect(self) -> QRectF:
        rect = self.viewRect()
        return QRectF() if rect is None else rect

    def viewTransformChanged(self) -> None:
        self.prepareGeometryChange()
        super().viewTransformChanged()

    def dataBounds(self, _axis: int, _frac: float = 1.0, _orthoRange: object = None) -> None:  # noqa: N803
        """Nothing is measured."""


class Curve(InView, Entry):
    """A line of `style` "curve", "theory", "pinned" or "pinned dotted"; gaps where there is no finite number, and a dot
    where a number is alone between two.

    `axis` or `role` give its colour; the theory over a heat map has the role "panel", which its high counts set off.
    """

    def __init__(
        self, name: str, style: str = "curve", axis: int | None = None, *, role: str = "", in_legend: bool = True
    ) -> None:
        super().__init__()
        self.describe(name, in_legend)
        self.style, self.axis, self.role = style, axis, role
        self.x: Floats = np.empty(0)
        self.y: Floats = np.empty(0)
        self.coordinates: Floats = self.y
        """Where `y` lies on the axis."""
        self.mark: float | None = None
        """Where a dot marks the value: the x of the cursor."""
        self._lines: tuple[object, object, Floats] | None = None
        self.setZValue({"curve": 3, "theory": 4}.get(style, 2))
        self.setVisible(False)

    @property
    def color(self) -> QColor:
        """The colour of the line."""
        return line_color(self.style, self.axis, self.role)

    def set_data(self, x: ArrayLike, y: ArrayLike) -> None:
        """Show these points; none at all hides the curve and its place in the legend."""
        self.x, self.y = np.asarray(x, float), np.asarray(y, float)
        self.set_shown(len(self.x) > 0)
        self.place()

    def place(self) -> None:
        self._lines, self.coordinates = None, in_coordinates(self.y, self.logarithmic)
        self.update()

    def take_look(self) -> None:
        self.update()

    def set_mark(self, x: float | None) -> None:
        """Mark the value at an x."""
        if x != self.mark and self.style == "curve":
            self.mark = x
            self.update()

    def reach(self) -> Floats:
        return self.y[np.isfinite(self.y)]

    def value_at(self, x: float) -> float | None:
        at = self._place_of(x)
        return None if at is None else float(self.y[at])

    def _place_of(self, x: float) -> int | None:
        """Which point lies at an x; they are in order."""
        at = int(self.x.searchsorted(x))
        return at if at < len(self.x) and self.x[at] == x else None

    def sample(self) -> Hashable:
        return self.style, self.axis, self.role

    def paint_sample(self, painter: QPainter, rect: QRectF) -> None:
        painter.setPen(line_pen(self.style, self.axis, "" if self.role == "panel" else self.role))
        middle = round(rect.center().y()) + (0.0 if self.style == "curve" else 0.5)
        painter.drawLine(QPointF(rect.left(), middle), QPointF(rect.right(), middle))

    def columns(self) -> Mapping[str, Floats]:
        return {self.name: self.y}

    def paint(self, painter: QPainter, _option: object = None, _widget: QWidget | None = None) -> None:
        to, style, color = painter.worldTransform(), LINE_STYLES[self.style], self.color
        painter.setWorldTransform(QTransform())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if is_drawing(painter):
            x, y = self.pixels(to)
            painter.setPen(line_pen(self.style, self.axis, self.role))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPath(line_path(x, y))
            paint_points(painter, lone_points(x, y), color, style.width)
        else:
            ratio = painter.device().devicePixelRatioF()
            scale = to.m11(), to.dx(), to.m22(), to.dy(), ratio
            if self._lines is None or self._lines[0] != scale:
                x, y = self.pixels(to)
                self._lines = scale, packed_lines(line_segments(x, y, style, ratio)), lone_points(x, y)
            paint_segments(painter, self._lines[1], color, style.width)
            paint_points(painter, self._lines[2], color, style.width)
        at = None if self.mark is None else self._place_of(self.mark)
        if at is not None and math.isfinite(self.coordinates[at]):
            painter.setPen(QPen(look().color("panel"), 1))
            painter.setBrush(color)
            painter.drawEllipse(to.map(QPointF(self.x[at], self.coordinates[at])), _DOT, _DOT)

    def pixels(self, to: QTransform) -> tuple[Floats, Floats]:
        """Where the points lie in pixels."""
        with np.errstate(over="ignore", invalid="ignore"):
            return self.x * to.m11() + to.dx(), self.coordinates * to.m22() + to.dy()
