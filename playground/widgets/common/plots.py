"""Plots: a title line with the legend, and a canvas with curves, bands, bars or a heat map of counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QPoint, QRectF, QSize, QTimer, Signal, Slot
from PySide6.QtGui import QPainter, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from playground.widgets.common.axis_range import AxisRange
from playground.widgets.common.counts_image import CountsImage
from playground.widgets.common.legend import LegendLine
from playground.widgets.common.look import look
from playground.widgets.common.plot_canvas import PlotCanvas
from playground.widgets.common.plot_export import Columns
from playground.widgets.common.plot_items import Band, Bars, Curve, Entry
from playground.widgets.common.plot_menu import plot_menu

__all__ = ["AxisRange", "Band", "Bars", "Curve", "HeatMap", "Plot"]

_SAID_MS = 6000
_HIGH = 108
"""From this height on there is room for a second line of the legend."""

AnyEntry = TypeVar("AnyEntry", bound=Entry)


class Plot(QWidget):
    """A plot of curves.

    ```
    plot = Plot("Spread", x_name="layer")
    rms = plot.add(Curve("rms", axis=1))
    plot.set_ranges(AxisRange(1, 50), AxisRange(-10, 2, logarithmic=True))
    rms.set_data(layers, values)
    plot.refresh()
    ```
    """

    pointed = Signal(object)
    pressed = Signal(float)
    dragged = Signal(float)
    released = Signal()
    exported = Signal(object)
    """The path that was written, or the `Problem` that prevented it."""

    def __init__(
        self,
        title: str,
        *,
        x_name: str = "",
        x_column: str = "",
        shows_x: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.legend = LegendLine(title)
        self.canvas = PlotCanvas()
        self.canvas.x_name, self.canvas.shows_x = x_name, shows_x
        self.canvas.setAccessibleName(title)
        self.x_column = x_column or x_name or "x"
        self._healthy_words = ""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.legend)
        column.addWidget(self.canvas, 1)
        self.setFocusProxy(self.canvas)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._said = QTimer(self)
        self._said.setSingleShot(True)
        self._said.setInterval(_SAID_MS)
        self._said.timeout.connect(self._on_said)
        for mine, its in (
            (self.pointed, self.canvas.pointed),
            (self.pressed, self.canvas.pressed),
            (self.dragged, self.canvas.dragged),
            (self.released, self.canvas.released),
        ):
            its.connect(mine)
        self.canvas.menu_wanted.connect(self._on_menu_wanted)

    def add(self, entry: AnyEntry) -> AnyEntry:
        """Put a curve, band or bars into the plot."""
        self.canvas.add(entry)
        self.refresh()
        return entry

    def remove(self, entry: Entry) -> None:
        """Take an entry out again."""
        self.canvas.remove(entry)
        self.refresh()

    def set_ranges(self, x: AxisRange, y: AxisRange) -> None:
        """Show these ranges; the model gives them, nothing is guessed from the data."""
        self.canvas.set_ranges(x, y)

    def set_healthy(self, low: float, high: float, words: str = "") -> None:
        """Tint the band of healthy values, and name it in the legend."""
        self.canvas.healthy, self._healthy_words = (low, high), words
        self.refresh()

    def set_crosshair(self, x: float | None, label: str = "") -> None:
        """Show the crosshair at an x, or hide it."""
        self.canvas.set_crosshair(x, label)

    def set_note(self, note: str) -> None:
        """Say in words what the range leaves out: "2 below"."""
        if note != self.canvas.note:
            self.canvas.note = note
            self.canvas.update()

    def refresh(self) -> None:
        """Bring the legend up to date with what is shown, after data came or went."""
        self.legend.set_entries(self.canvas.entries, self._healthy_words)
        self.canvas.update()

    def say(self, words: str, role: str = "text2") -> None:
        """Show a sentence in the title line for some seconds."""
        self.legend.say(words, role)
        self._said.start()

    @Slot()
    def _on_said(self) -> None:
        self.legend.say("")

    @Slot(object)
    def _on_menu_wanted(self, place: QPoint) -> None:
        plot_menu(self).popup(place)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.legend.set_may_wrap(self.height() >= _HIGH)

    def sizeHint(self) -> QSize:
        return QSize(400, 160)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 80)

    # For the export

    def plot_name(self) -> str:
        """The name of the files: the title."""
        return self.legend.title

    def paint_plot(self, painter: QPainter, rect: QRectF) -> None:
        """Paint title, legend, axes and data into a rectangle of the plot's own size."""
        painter.fillRect(rect, look().color("panel"))
        height = self.legend.line_height
        line = QRectF(rect.left(), rect.top(), rect.width(), height)
        said, role = self.legend.words, "text2"
        self.legend.say("")
        self.legend.paint_line(painter, line)
        self.legend.say(said, role)
        painter.save()
        painter.translate(rect.left(), rect.top() + height)
        self.canvas.paint_canvas(painter, rect.adjusted(0, height, 0, 0).size().toSize())
        painter.restore()

    def plot_columns(self) -> Columns:
        """All numbers shown, by name, in rows of equal x; None where a curve has no point there."""
        shown = [entry for entry in self.canvas.entries if entry.is_shown]
        places = [entry.x for entry in shown if isinstance(entry, Curve | Band)]
        columns: dict[str, Sequence[float | None]] = {}
        if places:
            x = np.unique(np.concatenate(places))
            columns[self.x_column] = [float(value) for value in x]
        for entry in shown:
            for name, values in entry.columns().items():
                own = entry.x if isinstance(entry, Curve | Band) else None
                columns[name] = list(map(float, values)) if own is None else _aligned(x, own, values)
        return columns


def _aligned(x: NDArray[np.float64], own: NDArray[np.float64], values: ArrayLike) -> list[float | None]:
    at = dict(zip(own.tolist(), np.asarray(values, float).tolist(), strict=True))
    return [at.get(place) for place in x.tolist()]


class HeatMap(Plot):
    """Counts over x (one column each) and value (rows, lowest first), coloured by the logarithm of the count."""

    def __init__(
        self,
        title: str,
        *,
        x_name: str = "",
        x_column: str = "",
        shows_x: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(title, x_name=x_name, x_column=x_column, shows_x=shows_x, parent=parent)
        self.image = CountsImage()
        self.canvas.add(self.image)

    @property
    def largest(self) -> float:
        """The count at the end of the colours."""
        return self.image.largest

    def set_counts(
        self, counts: ArrayLike, first_x: float, low: float, high: float, *, largest: float | None = None
    ) -> None:
        """Show `counts[row, column]`; the first column lies around `first_x`, the rows go from `low` to `high`.

        `low` and `high` are coordinates of the value axis: exponents of ten on a logarithmic one.
        """
        self.image.set_counts(counts, QRectF(first_x - 0.5, low, np.shape(counts)[1], high - low), largest)

    def set_shares(self, shares: ArrayLike, first_x: float) -> None:
        """Show one row of shares between 0 and 1, as for exact zeros, over the whole height."""
        ends = self.canvas.y_range
        self.image.set_shares(shares, QRectF(first_x - 0.5, ends.low, np.size(shares), ends.high - ends.low))

    def plot_columns(self) -> Columns:
        """One row a cell: x, the range of values, the count."""
        return self.image.long_columns(self.x_column)
