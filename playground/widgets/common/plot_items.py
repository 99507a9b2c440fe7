"""What lies in a plot: curves, bands and bars, each kept and given new data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF
from PySide6.QtWidgets import QGraphicsItem, QGraphicsPathItem, QStyleOptionGraphicsItem, QWidget

from playground.widgets.common.look import look

Floats = NDArray[np.float64]
BAND_OPACITY = 0.3


@dataclass(frozen=True, slots=True)
class LineStyle:
    """Width in pixels, dashes in pixels, and a colour role where the curve has none of its own."""

    width: float = 2.0
    dashes: tuple[float, ...] = ()
    role: str = ""


LINE_STYLES = {
    "curve": LineStyle(2.0),
    "theory": LineStyle(1.4, (5, 4), "text"),
    "pinned": LineStyle(1.4, (), "pinned"),
    "pinned dotted": LineStyle(1.4, (2, 3), "pinned"),
}


def line_pen(style: str, axis: int | None = None, role: str = "") -> QPen:
    """The pen of a kind of curve in the present look; `axis` gives its colour, `role` another."""
    kind = LINE_STYLES[style]
    has_axis = axis is not None and not kind.role
    color = look().axis_line(axis or 0) if has_axis else look().color(role or kind.role or "text")
    pen = QPen(color, kind.width)
    pen.setCosmetic(True)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap if kind.dashes else Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    if kind.dashes:
        pen.setDashPattern([dash / kind.width for dash in kind.dashes])
    return pen


def in_coordinates(values: ArrayLike, logarithmic: bool) -> Floats:
    """Where values lie on their axis; what has no place there (0 on a logarithmic one, nan, inf) is nan."""
    numbers = np.asarray(values, float)
    if logarithmic:
        with np.errstate(divide="ignore", invalid="ignore"):
            numbers = np.log10(np.where(numbers > 0, numbers, np.nan))
    return np.where(np.isfinite(numbers), numbers, np.nan)


class _Line(QGraphicsPathItem):
    """A line through points, equally wide on every screen: Qt counts the width of cosmetic pens in device pixels."""

    def set_points(self, x: Floats, y: Floats) -> None:
        """Go through these points, with a gap wherever one is nan."""
        self.setPath(pg.functions.arrayToQPath(x, y, connect="finite"))

    def boundingRect(self) -> QRectF:
        return self.path().controlPointRect()

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        pen = QPen(self.pen())
        pen.setWidthF(pen.widthF() * painter.device().devicePixelRatio())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(pen)
        painter.drawPath(self.path())


class Entry:
    """Something in a plot that has a name, a place in the legend and columns of numbers."""

    def __init__(self, name: str, in_legend: bool = True) -> None:
        self.name, self.in_legend = name, in_legend
        self.logarithmic = False
        self.shown_by: QWidget | None = None

    def repaint(self) -> None:
        """Have the plot that shows this painted again, once, when all that changes has changed."""
        if self.shown_by is not None:
            self.shown_by.update()

    @property
    def graphics(self) -> QGraphicsItem:
        """The item in pyqtgraph's scene."""
        raise NotImplementedError

    @property
    def is_shown(self) -> bool:
        """Whether it has anything to show."""
        return self.graphics.isVisible()

    def take_look(self) -> None:
        """Take the colours of the present look."""

    def place(self) -> None:
        """Put the data to its place again, after the axis changed between linear and logarithmic."""

    def paint_sample(self, painter: QPainter, rect: QRectF) -> None:
        """Paint the sample of the legend."""

    def columns(self) -> dict[str, Floats]:
        """The numbers by name."""
        return {}


class Curve(Entry):
    """A line of `style` "curve", "theory", "pinned" or "pinned dotted"; gaps where there is no finite number.

    `axis` or `role` give its colour; the theory over a heat map has the role "panel", which its high counts set off.
    """

    def __init__(
        self, name: str, style: str = "curve", axis: int | None = None, *, role: str = "", in_legend: bool = True
    ) -> None:
        super().__init__(name, in_legend)
        self.style, self.axis, self.role = style, axis, role
        self.x: Floats = np.empty(0)
        self.y: Floats = np.empty(0)
        self._item = _Line()
        self._item.setZValue({"curve": 3, "theory": 4}.get(style, 2))
        self.take_look()

    @property
    def graphics(self) -> QGraphicsItem:
        return self._item

    @property
    def color(self) -> QColor:
        """The colour of the line."""
        return line_pen(self.style, self.axis, self.role).color()

    def set_data(self, x: ArrayLike, y: ArrayLike) -> None:
        """Show these points; none at all hides the curve and its place in the legend."""
        self.x, self.y = np.asarray(x, float), np.asarray(y, float)
        self.place()

    def set_color(self, axis: int | None = None, role: str = "") -> None:
        """Take another colour."""
        self.axis, self.role = axis, role
        self.take_look()

    def place(self) -> None:
        self._item.setVisible(len(self.x) > 0)
        self._item.set_points(self.x, in_coordinates(self.y, self.logarithmic))
        self.repaint()

    def at(self, x: float) -> float | None:
        """The y at an x that is among the points, None elsewhere."""
        if len(self.x) == 0:
            return None
        nearest = int(np.abs(self.x - x).argmin())
        return float(self.y[nearest]) if self.x[nearest] == x else None

    def take_look(self) -> None:
        self._item.setPen(line_pen(self.style, self.axis, self.role))
        self.repaint()

    def paint_sample(self, painter: QPainter, rect: QRectF) -> None:
        pen = line_pen(self.style, self.axis, "" if self.role == "panel" else self.role)
        pen.setCosmetic(False)
        painter.setPen(pen)
        middle = round(rect.center().y()) + (0.0 if self.style == "curve" else 0.5)
        painter.drawLine(QPointF(rect.left(), middle), QPointF(rect.right(), middle))

    def columns(self) -> dict[str, Floats]:
        return {self.name: self.y}


class _Shape(pg.GraphicsObject):  # type: ignore[misc]
    """A filled path in the plot's coordinates."""

    def __init__(self) -> None:
        super().__init__()
        self.path = QPainterPath()
        self.fill = QColor()
        self.outline: QPen | None = None

    def set_path(self, path: QPainterPath) -> None:
        self.prepareGeometryChange()
        self.path = path
        self.update()

    def boundingRect(self) -> QRectF:
        return self.path.controlPointRect()

    def paint(
        self, painter: QPainter, _option: QStyleOptionGraphicsItem | None, _widget: QWidget | None = None
    ) -> None:
        painter.setPen(self.outline if self.outline is not None else Qt.PenStyle.NoPen)
        painter.setBrush(self.fill)
        painter.drawPath(self.path)


class Band(Entry):
    """The range between two curves, in the colour of a curve at 30 %."""

    def __init__(self, name: str, axis: int | None = None, *, role: str = "", in_legend: bool = True) -> None:
        super().__init__(name, in_legend)
        self.axis, self.role = axis, role
        self.x = self.low = self.high = np.empty(0)
        self._item = _Shape()
        self._item.setZValue(1)
        self.take_look()

    @property
    def graphics(self) -> QGraphicsItem:
        return self._item

    def set_data(self, x: ArrayLike, low: ArrayLike, high: ArrayLike) -> None:
        """Fill between `low` and `high`; none at all hides it."""
        self.x, self.low, self.high = (np.asarray(part, float) for part in (x, low, high))
        self.place()

    def place(self) -> None:
        low, high = in_coordinates(self.low, self.logarithmic), in_coordinates(self.high, self.logarithmic)
        path = QPainterPath()
        good = np.isfinite(low) & np.isfinite(high)
        for run in np.split(np.arange(len(good)), np.flatnonzero(np.diff(good.astype(int))) + 1):
            if len(run) and good[run[0]]:
                there = [QPointF(self.x[i], high[i]) for i in run]
                back = [QPointF(self.x[i], low[i]) for i in reversed(run)]
                path.addPolygon(QPolygonF(there + back))
                path.closeSubpath()
        self._item.setVisible(not path.isEmpty())
        self._item.set_path(path)
        self.repaint()

    def _color(self) -> QColor:
        color = look().axis_line(self.axis) if self.axis is not None else look().color(self.role or "text3")
        color.setAlphaF(BAND_OPACITY)
        return color

    def take_look(self) -> None:
        self._item.fill = self._color()
        self.repaint()

    def paint_sample(self, painter: QPainter, rect: QRectF) -> None:
        painter.fillRect(QRectF(rect.left(), rect.center().y() - 5, rect.width(), 10).toAlignedRect(), self._color())

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
        self._item = _Shape()
        self.take_look()

    @property
    def graphics(self) -> QGraphicsItem:
        return self._item

    def set_data(self, edges: ArrayLike, lengths: ArrayLike) -> None:
        """Show these bars; the edges are coordinates of the axis (exponents on a logarithmic one)."""
        self.edges, self.lengths = np.asarray(edges, float), np.asarray(lengths, float)
        self.place()

    def place(self) -> None:
        path = QPainterPath()
        for low, high, length in zip(self.edges[:-1], self.edges[1:], self.lengths, strict=True):
            if length > 0:
                size = QRectF(0, low, length, high - low) if self.sideways else QRectF(low, 0, high - low, length)
                path.addRect(size)
        self._item.setVisible(not path.isEmpty())
        self._item.set_path(path)
        self.repaint()

    def _color(self) -> QColor:
        return look().axis_line(self.axis) if self.axis is not None else look().color(self.role or "pinned")

    def take_look(self) -> None:
        self._item.fill = self._color()
        self.repaint()

    def paint_sample(self, painter: QPainter, rect: QRectF) -> None:
        painter.fillRect(QRectF(rect.left(), rect.center().y() - 5, rect.width(), 10).toAlignedRect(), self._color())

    def columns(self) -> dict[str, Floats]:
        return {"low": self.edges[:-1], "high": self.edges[1:], self.name: self.lengths}
