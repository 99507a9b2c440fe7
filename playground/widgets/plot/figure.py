"""A plot as a complete figure: title, legend, both axes, no cursor; and several plots as one figure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol, TypeVar

from PySide6.QtCore import QPoint, QRectF, QSize
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QGraphicsItem

from playground.widgets.look import look
from playground.widgets.plot.axis import BOTTOM, PlotAxis
from playground.widgets.plot.canvas import Canvas
from playground.widgets.plot.export import Columns, has_numbers
from playground.widgets.plot.legend import HEIGHT, SECOND, LegendLine

MARGIN = 12
"""Around each plot: in a document there is none beside it."""


class Drawn(Protocol):
    """The parts of a plot that a figure shows."""

    legend: LegendLine
    canvas: Canvas
    x_column: str

    def plot_name(self) -> str: ...
    def plot_columns(self) -> Columns: ...
    def figure_size(self) -> QSize: ...
    def paint_plot(self, painter: QPainter, rect: QRectF) -> None: ...


class Placed(Drawn, Protocol):
    """A plot that stands somewhere on the screen."""

    def size(self) -> QSize: ...
    def mapToGlobal(self, point: QPoint, /) -> QPoint: ...


Plotted = TypeVar("Plotted", bound=Placed)


def _title_height(plot: Drawn, width: float) -> int:
    return HEIGHT + SECOND * (plot.legend.plan(width).lines - 1)


def whole_size(plot: Drawn) -> QSize:
    """The size of a plot with its title and both axes."""
    axis = 0 if plot.canvas.shows_x else BOTTOM - 1
    high = _title_height(plot, plot.canvas.width()) + plot.canvas.height() + axis
    return QSize(plot.canvas.width() + 2 * MARGIN, high + 2 * MARGIN)


@contextmanager
def _complete(canvas: Canvas, x_name: str, size: QSize) -> Iterator[None]:
    """Show both axes and no cursor, at another size and in the current look; everything is restored afterwards."""
    shown_x, name, ground, cursor = canvas.shows_x, canvas.axes["bottom"].name, canvas.ground, canvas.crosshair
    label, readout = canvas.axes["bottom"].mark, canvas.readout_item.isVisible()
    canvas.ground = "panel"
    canvas.set_crosshair(None)
    canvas.readout_item.hide()
    canvas.show_x_axis(True, name or x_name)
    held = [item for item in canvas.scene().items() if isinstance(item, PlotAxis)]
    for axis in held:
        axis.setCacheMode(QGraphicsItem.CacheMode.NoCache)
    canvas.take_look()
    canvas.plotItem.setGeometry(QRectF(0, 0, size.width(), size.height()))
    canvas.settle()
    try:
        yield
    finally:
        canvas.ground = ground
        canvas.show_x_axis(shown_x, name)
        for axis in held:
            axis.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
        canvas.set_crosshair(cursor, label[1] if label is not None else "")
        canvas.readout_item.setVisible(readout)
        canvas.plotItem.setGeometry(QRectF(canvas.rect()))
        canvas.settle()


def paint_whole(plot: Drawn, painter: QPainter, rect: QRectF) -> None:
    """Paint a plot with its title and both axes into a rectangle."""
    painter.fillRect(rect, look().color("panel"))
    rect = rect.adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)
    title = _title_height(plot, rect.width())
    said = plot.legend.words
    plot.legend.say("")
    plot.legend.paint_line(painter, QRectF(rect.left(), rect.top(), rect.width(), title))
    plot.legend.say(said)
    below = rect.adjusted(0, title, 0, 0)
    with _complete(plot.canvas, plot.x_column, below.size().toSize()):
        plot.canvas.scene().render(painter, below, QRectF(0, 0, below.width(), below.height()))


def drawn_plots(plots: Iterable[Plotted]) -> list[Plotted]:
    """Those with numbers, column by column as on the screen."""
    return sorted(filter(has_numbers, plots), key=lambda plot: plot.mapToGlobal(QPoint()).toTuple())


class Figure:
    """Several plots, one below the other, exported as one."""

    def __init__(self, name: str, plots: Sequence[Drawn]) -> None:
        self._name, self._plots = name, tuple(plots)

    def plot_name(self) -> str:
        """The default file name."""
        return self._name

    def figure_size(self) -> QSize:
        """As wide as the widest, as high as all together."""
        sizes = [plot.figure_size() for plot in self._plots]
        return QSize(max((size.width() for size in sizes), default=0), sum(size.height() for size in sizes))

    size = figure_size

    def paint_plot(self, painter: QPainter, rect: QRectF) -> None:
        """Paint all of them."""
        painter.fillRect(rect, look().color("panel"))
        top = rect.top()
        for plot in self._plots:
            size = plot.figure_size()
            plot.paint_plot(painter, QRectF(rect.left(), top, size.width(), size.height()))
            top += size.height()

    def plot_columns(self) -> Columns:
        """The columns of all plots, each prefixed with its plot's name."""
        return {
            f"{plot.plot_name()}: {name}": values
            for plot in self._plots
            for name, values in plot.plot_columns().items()
        }
