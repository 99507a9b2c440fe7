"""The image of a heat map: counts or shares over x and value, kept and given new colours."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QImage, QPainter

from playground.widgets.common.heat import count_colors, image_of, share_colors
from playground.widgets.common.plot_items import Entry, PlotScale
from playground.widgets.common.plot_lines import Floats, is_drawing

_SVG_CELL = 12


class CountsImage(Entry):
    """`counts[row, column]`: a column is 1 wide in x, the rows divide the value axis from its lowest up."""

    layer = -1

    def __init__(self) -> None:
        super().__init__("", in_legend=False)
        self.counts: Floats = np.zeros((0, 0))
        self.largest = 1.0
        self.is_share = False
        self._place = QRectF()
        self._colors: NDArray[np.uint32] = np.zeros((0, 0), np.uint32)
        self._picture: tuple[PlotScale, QImage, QPointF] | None = None

    def set_counts(self, counts: ArrayLike, place: QRectF, largest: float | None) -> None:
        """Show counts in a rectangle of the plot's coordinates; `largest` is the end of the colours."""
        self.counts, self._place, self.is_share = np.atleast_2d(np.asarray(counts, float)), place, False
        finite = self.counts[np.isfinite(self.counts)]
        self.largest = float(largest if largest is not None else finite.max(initial=1.0))
        self.take_look()

    def set_shares(self, shares: ArrayLike, place: QRectF) -> None:
        """Show shares between 0 and 1 in a rectangle."""
        self.counts, self._place, self.is_share = np.atleast_2d(np.asarray(shares, float)), place, True
        self.take_look()

    def take_look(self) -> None:
        self.is_shown = self.counts.size > 0
        self.repaint()
        if self.is_shown:
            colors = share_colors(self.counts) if self.is_share else count_colors(self.counts, self.largest)
            self._colors, self._picture = colors[::-1], None

    def paint(self, painter: QPainter, scale: PlotScale) -> None:
        place, ratio = scale.rect(self._place), scale.ratio
        if is_drawing(painter):  # viewers of drawings smooth a picture of few pixels
            image = image_of(self._colors)
            painter.drawImage(place, image.scaled(image.width() * _SVG_CELL, image.height() * _SVG_CELL))
        elif ratio != int(ratio):
            painter.drawImage(place, image_of(self._colors))
        else:
            if self._picture is None or self._picture[0] != scale:
                self._picture = scale, *self._in_pixels(place, scale.field, ratio)
            painter.drawImage(self._picture[2], self._picture[1])

    def _in_pixels(self, place: QRectF, field: QRectF, ratio: float) -> tuple[QImage, QPointF]:
        """Each pixel of the screen in the colour of the cell that its middle lies in; Qt moves edges by up to one."""
        rows, columns = self._colors.shape
        top, down = _cells(place.top(), place.bottom(), rows, (field.top(), field.bottom()), ratio)
        left, across = _cells(place.left(), place.right(), columns, (field.left(), field.right()), ratio)
        image = image_of(self._colors.take(down, axis=0).take(across, axis=1))
        image.setDevicePixelRatio(ratio)
        return image, QPointF(left / ratio, top / ratio)

    def long_columns(self, x_name: str) -> dict[str, NDArray[np.float64]]:
        """One row a cell: x, the range of values, the count."""
        rows, columns = self.counts.shape
        edges = np.linspace(self._place.top(), self._place.bottom(), rows + 1)
        wide = self._place.width() / (columns or 1)
        if self.logarithmic:
            edges = 10.0**edges
        return {
            x_name: np.tile(self._place.left() + (np.arange(columns) + 0.5) * wide, rows),
            "low": np.repeat(edges[:-1], columns),
            "high": np.repeat(edges[1:], columns),
            "share" if self.is_share else "count": self.counts.ravel(),
        }


def _cells(
    start: float, end: float, count: int, seen: tuple[float, float], ratio: float
) -> tuple[int, NDArray[np.intp]]:
    """The first device pixel whose middle lies in cells from `start` to `end`, and the cell of each one on from it."""
    first = max(math.ceil(start * ratio - 0.5), math.floor(seen[0] * ratio))
    last = min(math.ceil(end * ratio - 0.5), math.ceil(seen[1] * ratio))
    middles = (np.arange(first, max(first, last)) + 0.5) / ratio
    return first, ((middles - start) * (count / (end - start))).astype(np.intp).clip(0, count - 1)
