"""The phase map as a plot like the others: its menu, its picture and its numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Signal
from PySide6.QtGui import QContextMenuEvent, QPainter

from playground.widgets.common.plot_menu import plot_menu
from playground.widgets.network.phase_map import PhaseMap


class PhasePlot(PhaseMap):
    """A phase map that can be exported; `said(words, role)` is what came of that."""

    said = Signal(str, str)

    value_name = "value"
    """What its colours show, the column of the numbers."""

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        plot_menu(self).popup(event.globalPos())

    def plot_name(self) -> str:
        """The name of the files."""
        return f"Phase diagram {self.value_name}"

    def paint_plot(self, painter: QPainter, rect: QRectF) -> None:
        """Paint into a rectangle of the widget's own size."""
        painter.save()
        painter.translate(rect.topLeft())
        self.paint_map(painter)
        painter.restore()

    def plot_columns(self) -> dict[str, NDArray[np.float64]]:
        """One row a cell: where it lies, and its value, nan where none is known."""
        rows, columns = self._values.shape
        if not rows * columns:
            return {}
        x_name, y_name = self._names
        return {
            x_name: np.tile(self._x, rows),
            y_name: np.repeat(self._y, columns),
            self.value_name: self._values.ravel(),
        }

    def say(self, words: str, role: str = "text2") -> None:
        """Tell the window, which has a line for it."""
        self.said.emit(words, role)
