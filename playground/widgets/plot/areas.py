"""The filled items of a plot, each pyqtgraph's own: a band between two curves, bars, an image of counts."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import numpy as np
import pyqtgraph as pg
from numpy.typing import ArrayLike
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPainter

from playground.widgets.heat import channels, count_shares, counts_table, rgba_of
from playground.widgets.look import look
from playground.widgets.plot.curve import Entry, InView, in_coordinates
from playground.widgets.plot.segments import Floats, is_drawing

BAND_OPACITY = 0.3
_REGION_OPACITY = 0.2
_DRAWN_CELL = 12


def paint_swatch(painter: QPainter, rect: QRectF, color: QColor) -> None:
    """The sample of a filled area in a legend."""
    painter.fillRect(QRectF(rect.left(), rect.center().y() - 5, rect.width(), 10).toAlignedRect(), color)


class Band(pg.FillBetweenItem, Entry):  # type: ignore[misc]  # pyqtgraph has no types
    """The range between two curves, in the colour of a curve at 30 %."""

    def __init__(self, name: str, axis: int, *, in_legend: bool = True) -> None:
        self._ends = tuple(pg.PlotCurveItem(connect="finite") for _ in range(2))
        super().__init__(*self._ends)
        self.describe(name, in_legend, "band")
        self.axis = axis
        self.x = self.low = self.high = np.empty(0)
        self.setZValue(1)
        self.setVisible(False)
        self.take_look()

    def set_data(self, x: ArrayLike, low: ArrayLike, high: ArrayLike) -> None:
        """Fill between `low` and `high`; none at all hides it."""
        if not np.size(x) and not len(self.x):
            return
        self.x, self.low, self.high = (np.asarray(part, float) for part in (x, low, high))
        self.place()

    def place(self) -> None:
        low, high = (in_coordinates(values, self.logarithmic) for values in (self.low, self.high))
        known = np.isfinite(low) & np.isfinite(high)
        for end, values in zip(self._ends, (low, high), strict=True):
            end.setData(self.x, np.where(known, values, np.nan))
        self.set_shown(bool(known.any()))

    def take_look(self) -> None:
        self.setBrush(self._color())

    def reach(self) -> Floats:
        both = np.concatenate((self.low, self.high))
        return both[np.isfinite(both)]

    def _color(self) -> QColor:
        color = look().axis_line(self.axis)
        color.setAlphaF(BAND_OPACITY)
        return color

    def sample(self) -> Hashable:
        return self.axis

    def paint_sample(self, painter: QPainter, rect: QRectF) -> None:
        paint_swatch(painter, rect, self._color())

    def columns(self) -> Mapping[str, Floats]:
        return {f"{self.name}, low": self.low, f"{self.name}, high": self.high}


class Healthy(pg.LinearRegionItem, Entry):  # type: ignore[misc]  # pyqtgraph has no types
    """The tint of healthy values between two numbers, through which the grid is seen."""

    def __init__(self, low: float, high: float, name: str) -> None:
        self.ends = low, high
        super().__init__((0.0, 0.0), "horizontal", movable=False)
        for line in self.lines:
            line.hide()
        self.describe(name, True, "healthy")
        self.setZValue(-10)
        self.take_look()
        self.set_shown(True)

    def place(self) -> None:
        self.setRegion(tuple(in_coordinates(self.ends, self.logarithmic)))

    def take_look(self) -> None:
        panel, tint = look().color("panel"), look().color("healthy")
        parts = [
            min(255, max(0, round(ground + (wanted - ground) / _REGION_OPACITY)))
            for ground, wanted in zip(channels(panel), channels(tint), strict=True)
        ]
        color = QColor(*parts)
        color.setAlphaF(_REGION_OPACITY)
        self.setBrush(color)
        self.setHoverBrush(color)

    def paint_sample(self, painter: QPainter, rect: QRectF) -> None:
        paint_swatch(painter, rect, look().color("healthy"))


class Bars(InView, pg.BarGraphItem, Entry):  # type: ignore[misc]  # pyqtgraph has no types
    """A histogram lying on its side: `lengths[i]` from `edges[i]` to `edges[i + 1]` of the value axis."""

    def __init__(self, name: str, color: str = "count") -> None:
        super().__init__(x0=[], y0=[], width=[], height=[], pen=None)
        self.describe(name, False)
        self._role = color
        self.edges = self.lengths = np.empty(0)
        self.take_look()

    def set_data(self, edges: ArrayLike, lengths: ArrayLike, least: float = 0.0, **brush: QColor) -> None:
        """Show these bars, none shorter than `least` but those of 0; the edges are coordinates of the axis."""
        self.edges, self.lengths = np.asarray(edges, float), np.asarray(lengths, float)
        seen = self.lengths > 0
        self.setOpts(
            x0=np.zeros(int(seen.sum())),
            width=np.maximum(self.lengths[seen], least),
            y0=self.edges[:-1][seen],
            height=np.diff(self.edges)[seen],
            **brush,
        )
        self.set_shown(bool(seen.any()))

    def take_look(self) -> None:
        self.setOpts(brush=QColor(look().counts[3]) if self._role == "count" else look().color(self._role))

    def columns(self) -> Mapping[str, Floats]:
        return {"low": self.edges[:-1], "high": self.edges[1:], self.name: self.lengths}


class Counts(pg.ImageItem, Entry):  # type: ignore[misc]  # pyqtgraph has no types
    """`counts[row, column]` in the colours of the logarithm of a count, or shares from 0 to 1."""

    def __init__(self) -> None:
        super().__init__(axisOrder="row-major", levels=(0.0, 1.0))
        self.describe("count", False)
        self.counts: Floats = np.zeros((0, 0))
        self.largest = 1.0
        self.is_share = False
        self.setZValue(-5)
        self.setVisible(False)
        self.take_look()

    def set_counts(self, counts: ArrayLike, rect: QRectF, largest: float | None) -> None:
        """Show counts in a rectangle of the plot's coordinates; `largest` is the end of the colours."""
        self.counts, self.is_share = np.atleast_2d(np.asarray(counts, float)), False
        finite = self.counts[np.isfinite(self.counts)]
        self.largest = float(largest if largest is not None else finite.max(initial=1.0))
        self._show(count_shares(self.counts, self.largest), rect)

    def set_shares(self, shares: ArrayLike, rect: QRectF) -> None:
        """Show shares between 0 and 1 in a rectangle."""
        self.counts, self.is_share = np.atleast_2d(np.asarray(shares, float)), True
        self._show(np.clip(np.nan_to_num(self.counts), 0.0, 1.0), rect)

    def _show(self, shares: Floats, rect: QRectF) -> None:
        if shares.size:
            self.setImage(shares.astype(np.float32), autoLevels=False)
            if rect != self.place_shown or shares.shape != self._shape:
                self.setRect(rect)
        self.place_shown, self._shape = rect, shares.shape
        self.set_shown(shares.size > 0)

    place_shown = QRectF()
    _shape: tuple[int, ...] = ()

    def take_look(self) -> None:
        self.setLookupTable(rgba_of(counts_table()))

    def paint(self, painter: QPainter, *args: object) -> None:
        """In a drawing each cell is many pixels: viewers smooth an image of few."""
        if not is_drawing(painter):
            super().paint(painter, *args)
            return
        self.render()
        rows, columns = self.counts.shape
        large = self.qimage.scaled(columns * _DRAWN_CELL, rows * _DRAWN_CELL)
        painter.drawImage(QRectF(0, 0, columns, rows), large)

    def cell(self, x: float, y: float) -> tuple[float, float, float] | None:
        """The lower and upper coordinate of the cell at a place, and its count; None outside."""
        place, (rows, columns) = self.place_shown, self.counts.shape
        if not self.counts.size or not (place.left() <= x < place.right() and place.top() <= y < place.bottom()):
            return None
        high = place.height() / rows
        row = min(int((y - place.top()) / high), rows - 1)
        column = min(int((x - place.left()) / place.width() * columns), columns - 1)
        return place.top() + row * high, place.top() + (row + 1) * high, float(self.counts[row, column])

    def columns(self) -> Mapping[str, Floats]:
        """One row a cell: x, the range of values, the count."""
        rows, columns = self.counts.shape
        edges = np.linspace(self.place_shown.top(), self.place_shown.bottom(), rows + 1)
        wide = self.place_shown.width() / (columns or 1)
        if self.logarithmic:
            edges = 10.0**edges
        return {
            "x": np.tile(self.place_shown.left() + (np.arange(columns) + 0.5) * wide, rows),
            "low": np.repeat(edges[:-1], columns),
            "high": np.repeat(edges[1:], columns),
            "share" if self.is_share else "count": self.counts.ravel(),
        }
