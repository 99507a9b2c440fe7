"""What lies in a plot: curves, bands and bars, each kept and given new data, each painting itself in pixels."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPolygonF
from PySide6.QtWidgets import QWidget

from playground.widgets.common.look import look
from playground.widgets.common.plot_lines import (
    LINE_STYLES,
    Floats,
    as_points,
    is_drawing,
    line_color,
    line_path,
    line_pen,
    line_segments,
    lone_points,
    paint_points,
    paint_segments,
)

BAND_OPACITY = 0.3


@dataclass(frozen=True, slots=True)
class PlotScale:
    """Where coordinates lie in the field of a plot: a unit of x is `across` pixels wide, one of y `up` pixels high."""

    field: QRectF
    low_x: float
    across: float
    low_y: float
    up: float
    ratio: float = 1.0
    """Device pixels a pixel."""

    def x(self, coordinates: Floats) -> Floats:
        """Pixels from the left."""
        return self.field.left() + (coordinates - self.low_x) * self.across

    def y(self, coordinates: Floats) -> Floats:
        """Pixels from the top."""
        return self.field.bottom() - (coordinates - self.low_y) * self.up

    def rect(self, place: QRectF) -> QRectF:
        """The rectangle in pixels of one in coordinates."""
        left = self.field.left() + (place.left() - self.low_x) * self.across
        top = self.field.bottom() - (place.top() + place.height() - self.low_y) * self.up
        return QRectF(left, top, place.width() * self.across, place.height() * self.up)


def in_coordinates(values: ArrayLike, logarithmic: bool) -> Floats:
    """Where values lie on their axis; what has no place there (0 on a logarithmic one, nan, inf) is nan."""
    numbers = np.asarray(values, float)
    if logarithmic:
        with np.errstate(divide="ignore", invalid="ignore"):
            numbers = np.log10(np.where(numbers > 0, numbers, np.nan))
    return np.where(np.isfinite(numbers), numbers, np.nan)


def in_coordinate(value: float, logarithmic: bool) -> float:
    """Where one value lies on its axis, or nan."""
    if not math.isfinite(value) or (logarithmic and value <= 0):
        return math.nan
    return math.log10(value) if logarithmic else value


def paint_swatch(painter: QPainter, rect: QRectF, color: QColor) -> None:
    """The sample of a filled area in a legend."""
    painter.fillRect(QRectF(rect.left(), rect.center().y() - 5, rect.width(), 10).toAlignedRect(), color)


class Entry:
    """Something in a plot that has a name, a place in the legend and columns of numbers."""

    layer = 0
    """What lies in a higher layer is painted over what lies in a lower one."""

    def __init__(self, name: str, in_legend: bool = True) -> None:
        self.name, self.in_legend = name, in_legend
        self.short_name = ""
        """The name in a legend that has no room for the whole one."""
        self.logarithmic = False
        self.is_shown = False
        """Whether it has anything to show."""
        self.shown_by: QWidget | None = None

    def repaint(self) -> None:
        """Have the plot that shows this painted again, once, when all that changes has changed."""
        if self.shown_by is not None:
            self.shown_by.update()

    def take_look(self) -> None:
        """Take the colours of the present look."""
        self.repaint()

    def place(self) -> None:
        """Put the data to its place again, after the axis changed between linear and logarithmic."""

    def paint(self, painter: QPainter, scale: PlotScale) -> None:
        """Paint the data; the painter is clipped to the field and not antialiased."""

    def sample(self) -> Hashable:
        """Equal as long as the sample of the legend looks the same."""
        return None

    def paint_sample(self, painter: QPainter, rect: QRectF) -> None:
        """Paint the sample of the legend."""

    def columns(self) -> dict[str, Floats]:
        """The numbers by name."""
        return {}


class Curve(Entry):
    """A line of `style` "curve", "theory", "pinned" or "pinned dotted"; gaps where there is no finite number, and a dot
    where a number is alone between two.

    `axis` or `role` give its colour; the theory over a heat map has the role "panel", which its high counts set off.
    """

    def __init__(
        self, name: str, style: str = "curve", axis: int | None = None, *, role: str = "", in_legend: bool = True
    ) -> None:
        super().__init__(name, in_legend)
        self.style, self.axis, self.role = style, axis, role
        self.layer = {"curve": 3, "theory": 4}.get(style, 2)
        self.x: Floats = np.empty(0)
        self.y: Floats = np.empty(0)
        self._segments: tuple[PlotScale, Floats, Floats] | None = None

    @property
    def color(self) -> QColor:
        """The colour of the line."""
        return line_color(self.style, self.axis, self.role)

    def set_data(self, x: ArrayLike, y: ArrayLike) -> None:
        """Show these points; none at all hides the curve and its place in the legend."""
        self.x, self.y = np.asarray(x, float), np.asarray(y, float)
        self.is_shown = len(self.x) > 0
        self.place()

    def place(self) -> None:
        self._segments = None
        self.repaint()

    def at(self, x: float) -> float | None:
        """The y at an x that is among the points, None elsewhere."""
        if len(self.x) == 0:
            return None
        nearest = int(np.abs(self.x - x).argmin())
        return float(self.y[nearest]) if self.x[nearest] == x else None

    def paint(self, painter: QPainter, scale: PlotScale) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        style = LINE_STYLES[self.style]
        if is_drawing(painter):
            x, y = self._pixels(scale)
            painter.setPen(line_pen(self.style, self.axis, self.role))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPath(line_path(x, y))
            paint_points(painter, lone_points(x, y), self.color, style.width)
            return
        if self._segments is None or self._segments[0] != scale:
            x, y = self._pixels(scale)
            self._segments = scale, line_segments(x, y, style, scale.ratio), lone_points(x, y)
        paint_segments(painter, self._segments[1], self.color, style.width)
        if len(self._segments[2]):
            paint_points(painter, self._segments[2], self.color, style.width)

    def _pixels(self, scale: PlotScale) -> tuple[Floats, Floats]:
        with np.errstate(over="ignore", invalid="ignore"):
            return scale.x(self.x), scale.y(in_coordinates(self.y, self.logarithmic))

    def sample(self) -> Hashable:
        return self.style, self.axis, self.role

    def paint_sample(self, painter: QPainter, rect: QRectF) -> None:
        painter.setPen(line_pen(self.style, self.axis, "" if self.role == "panel" else self.role))
        middle = round(rect.center().y()) + (0.0 if self.style == "curve" else 0.5)
        painter.drawLine(QPointF(rect.left(), middle), QPointF(rect.right(), middle))

    def columns(self) -> dict[str, Floats]:
        return {self.name: self.y}


class Band(Entry):
    """The range between two curves, in the colour of a curve at 30 %."""

    layer = 1

    def __init__(self, name: str, axis: int | None = None, *, role: str = "", in_legend: bool = True) -> None:
        super().__init__(name, in_legend)
        self.axis, self.role = axis, role
        self.x = self.low = self.high = np.empty(0)

    def set_data(self, x: ArrayLike, low: ArrayLike, high: ArrayLike) -> None:
        """Fill between `low` and `high`; none at all hides it."""
        self.x, self.low, self.high = (np.asarray(part, float) for part in (x, low, high))
        self.place()

    def place(self) -> None:
        self.is_shown = bool(self._has_both().any())
        self.repaint()

    def _has_both(self) -> NDArray[np.bool_]:
        low, high = in_coordinates(self.low, self.logarithmic), in_coordinates(self.high, self.logarithmic)
        return np.asarray(np.isfinite(low) & np.isfinite(high))

    def paint(self, painter: QPainter, scale: PlotScale) -> None:
        x = scale.x(self.x)
        low = scale.y(in_coordinates(self.low, self.logarithmic))
        high = scale.y(in_coordinates(self.high, self.logarithmic))
        good = self._has_both()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._color())
        for run in np.split(np.arange(len(good)), np.flatnonzero(np.diff(good.astype(int))) + 1):
            if len(run) and good[run[0]]:
                back = run[::-1]
                painter.drawPolygon(QPolygonF(as_points(x[run], high[run]) + as_points(x[back], low[back])))

    def _color(self) -> QColor:
        color = look().axis_line(self.axis) if self.axis is not None else look().color(self.role or "text3")
        color.setAlphaF(BAND_OPACITY)
        return color

    def sample(self) -> Hashable:
        return self.axis, self.role

    def paint_sample(self, painter: QPainter, rect: QRectF) -> None:
        paint_swatch(painter, rect, self._color())

    def columns(self) -> dict[str, Floats]:
        return {f"{self.name}, low": self.low, f"{self.name}, high": self.high}


class Bars(Entry):
    """A histogram: `lengths[i]` from `edges[i]` to `edges[i + 1]`; `sideways` along the value axis at the left."""

    def __init__(
        self, name: str, axis: int | None = None, *, role: str = "", sideways: bool = False, in_legend: bool = False
    ) -> None:
        super().__init__(name, in_legend)
        self.axis, self.role, self.sideways = axis, role, sideways
        self.edges = self.lengths = np.empty(0)

    def set_data(self, edges: ArrayLike, lengths: ArrayLike) -> None:
        """Show these bars; the edges are coordinates of the axis (exponents on a logarithmic one)."""
        self.edges, self.lengths = np.asarray(edges, float), np.asarray(lengths, float)
        self.is_shown = bool((self.lengths > 0).any())
        self.repaint()

    def paint(self, painter: QPainter, scale: PlotScale) -> None:
        path = QPainterPath()
        for low, high, length in zip(self.edges[:-1], self.edges[1:], self.lengths, strict=True):
            if length > 0:
                size = QRectF(0, low, length, high - low) if self.sideways else QRectF(low, 0, high - low, length)
                path.addRect(scale.rect(size))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._color())
        painter.drawPath(path)

    def _color(self) -> QColor:
        return look().axis_line(self.axis) if self.axis is not None else look().color(self.role or "pinned")

    def sample(self) -> Hashable:
        return self.axis, self.role

    def paint_sample(self, painter: QPainter, rect: QRectF) -> None:
        paint_swatch(painter, rect, self._color())

    def columns(self) -> dict[str, Floats]:
        return {"low": self.edges[:-1], "high": self.edges[1:], self.name: self.lengths}
