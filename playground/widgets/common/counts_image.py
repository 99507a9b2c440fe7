"""The image of a heat map: counts or shares over x and value, kept and given new colours."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QPaintEngine, QPainter
from PySide6.QtWidgets import QGraphicsItem

from playground.widgets.common.heat import count_colors, image_of, share_colors
from playground.widgets.common.plot_items import Entry, Floats

_SVG_CELL = 12


class _Image(pg.ImageItem):  # type: ignore[misc]
    """An image whose cells keep their edges in a drawing too: viewers smooth a picture of few pixels."""

    colors: NDArray[np.uint32] = np.zeros((0, 0), np.uint32)

    def paint(self, painter: QPainter, *args: object) -> None:
        if painter.paintEngine().type() is not QPaintEngine.Type.SVG:
            super().paint(painter, *args)
            return
        image = image_of(self.colors)
        rows, columns = self.colors.shape
        painter.drawImage(QRectF(0, 0, columns, rows), image.scaled(columns * _SVG_CELL, rows * _SVG_CELL))


class CountsImage(Entry):
    """`counts[row, column]`: a column is 1 wide in x, the rows divide the value axis from its lowest up."""

    def __init__(self) -> None:
        super().__init__("", in_legend=False)
        self.counts: Floats = np.zeros((0, 0))
        self.largest = 1.0
        self.is_share = False
        self._place = QRectF()
        self._item = _Image(axisOrder="row-major")
        self._item.setZValue(-1)

    @property
    def graphics(self) -> QGraphicsItem:
        return self._item

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
        self._item.setVisible(self.counts.size > 0)
        self.repaint()
        if self.counts.size == 0:
            return
        colors = share_colors(self.counts) if self.is_share else count_colors(self.counts, self.largest)
        rgba = np.empty((*colors.shape, 4), np.uint8)
        for part, shift in enumerate((16, 8, 0, 24)):
            rgba[..., part] = (colors >> shift) & 0xFF
        self._item.colors = colors
        self._item.setImage(rgba, autoLevels=False, levels=(0, 255))
        self._item.setRect(self._place)

    def long_columns(self, x_name: str) -> dict[str, NDArray[np.float64]]:
        """One row a cell: x, the range of values, the count."""
        rows, columns = self.counts.shape
        edges = np.linspace(self._place.top(), self._place.bottom(), rows + 1)
        if self.logarithmic:
            edges = 10.0**edges
        return {
            x_name: np.tile(self._place.left() + 0.5 + np.arange(columns), rows),
            "low": np.repeat(edges[:-1], columns),
            "high": np.repeat(edges[1:], columns),
            "share" if self.is_share else "count": self.counts.ravel(),
        }
