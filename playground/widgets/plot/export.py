"""A plot as a picture (PNG, SVG with real text) or as its numbers (CSV), to a file or to the clipboard.

pyqtgraph's own exporters are not used: SVG smooths images and omits curves at large x, CSV writes 1e-12 as 0, PNG
reports failure only by its return value.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from numpy.typing import NDArray
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRect, QRectF, QSize
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgGenerator

from playground.models.files.disk import write_whole
from playground.models.problem import Problem, ProblemError, refuse
from playground.widgets.look import LIGHT, look_holder

PNG_SCALES = (1, 2, 4)
PNG_SCALE = 2
_LARGEST_SIDE = 16_384
Columns = Mapping[str, Sequence[Any] | NDArray[Any]]
"""Numbers by column name."""


@runtime_checkable
class Exportable(Protocol):
    """An exportable widget: it has a name, paints itself at its own size, and returns its numbers by column."""

    def plot_name(self) -> str:
        """The default file name, without a suffix."""
        ...

    def paint_plot(self, painter: QPainter, rect: QRectF) -> None:
        """Paint everything into a rectangle of the plot's size."""
        ...

    def plot_columns(self) -> Columns:
        """The numbers by column name; None leaves a cell empty."""
        ...

    def size(self) -> QSize:
        """The size of the widget, in its own pixels."""
        ...


def figure_size(plot: Exportable) -> QSize:
    """The size of the picture: the widget's, or larger if a complete plot needs more."""
    needed = getattr(plot, "figure_size", None)
    return QSize(needed()) if needed is not None else plot.size()


@contextmanager
def printed(light: bool) -> Iterator[None]:
    """Paint in the light look, for paper, whatever the screen shows."""
    holder = look_holder()
    present = holder.look
    holder.look = LIGHT if light else present
    try:
        yield
    finally:
        holder.look = present


def plot_image(plot: Exportable, scale: int = PNG_SCALE, light: bool = False) -> QImage:
    """The plot as an image of `scale` times its size on screen."""
    size = figure_size(plot)
    if max(size.width(), size.height()) * scale > _LARGEST_SIDE or size.isEmpty():
        refuse(f"A picture of {size.width()} by {size.height()} pixels cannot be created.")
    image = QImage(size * scale, QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(scale)
    image.fill(0)
    with printed(light), QPainter(image) as painter:
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
        plot.paint_plot(painter, QRectF(0, 0, size.width(), size.height()))
    return image


def png_bytes(plot: Exportable, scale: int = PNG_SCALE, light: bool = False) -> bytes:
    """The plot as a PNG file."""
    held = QByteArray()
    buffer = QBuffer(held)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if not plot_image(plot, scale, light).save(buffer, "PNG"):  # type: ignore[call-overload]  # its stub wants bytes
        refuse("Qt could not write the picture as PNG.")
    return bytes(held.data())


def svg_bytes(plot: Exportable, _scale: int = 1, light: bool = False) -> bytes:
    """The plot as an SVG file: curves stay curves, text stays text, and images keep their cells."""
    held = QByteArray()
    buffer = QBuffer(held)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    size = figure_size(plot)
    generator.setSize(size)
    generator.setResolution(96)
    generator.setViewBox(QRect(0, 0, size.width(), size.height()))
    generator.setTitle(plot.plot_name())
    with printed(light), QPainter(generator) as painter:
        plot.paint_plot(painter, QRectF(0, 0, size.width(), size.height()))
    return bytes(held.data()).replace(b"<image ", b'<image style="image-rendering:pixelated" ')


def csv_text(columns: Columns, delimiter: str = ",") -> str:
    """The columns as CSV: a line of names, then floats as `repr` writes them, so that they read back bit for bit."""
    held = io.StringIO(newline="")
    writer = csv.writer(held, delimiter=delimiter, lineterminator="\n")
    names = list(columns)
    writer.writerow(names)
    for row in range(max((len(values) for values in columns.values()), default=0)):
        writer.writerow([_cell(columns[name], row) for name in names])
    return held.getvalue()


def _cell(values: Any, row: int) -> str:
    if row >= len(values) or values[row] is None:
        return ""
    value = values[row]
    if isinstance(value, str | bool):
        return str(value)
    number = value.item() if hasattr(value, "item") else value
    whole = isinstance(number, float) and number.is_integer() and 0 < abs(number) < 2**53
    return str(int(number)) if whole else repr(number)


def has_numbers(plot: Exportable) -> bool:
    """True if there is anything to write below the column names."""
    return any(len(values) for values in plot.plot_columns().values())


def _numbers(plot: Exportable) -> Columns:
    columns = plot.plot_columns()
    if not any(len(values) for values in columns.values()):
        refuse(f"{plot.plot_name().capitalize()}: nothing is drawn yet, so there are no numbers.")
    return columns


def csv_bytes(plot: Exportable, _scale: int = 1, _light: bool = False) -> bytes:
    """The plot's numbers as a CSV file."""
    return csv_text(_numbers(plot)).encode("utf-8")


@dataclass(frozen=True, slots=True)
class PlotFormat:
    """A file format: its suffix, its name in menus, and the function that writes a plot."""

    name: str
    words: str
    make: Callable[[Exportable, int, bool], bytes]


PLOT_FORMATS = {
    "png": PlotFormat("png", "Picture, PNG", png_bytes),
    "svg": PlotFormat("svg", "Drawing, SVG", svg_bytes),
    "csv": PlotFormat("csv", "Numbers, CSV", csv_bytes),
}


def save_plot(
    plot: Exportable, path: str | os.PathLike[str], kind: str = "", scale: int = PNG_SCALE, light: bool = False
) -> Problem | None:
    """Write the plot to `path` atomically, in the format of its suffix or of `kind`; returns a problem on failure."""
    chosen = kind or Path(path).suffix.lower().lstrip(".")
    if chosen not in PLOT_FORMATS:
        return Problem(f"A plot is saved as .png, .svg or .csv, not as .{chosen or 'nothing'}.")
    try:
        data = PLOT_FORMATS[chosen].make(plot, scale, light)
        write_whole(path, lambda fresh: fresh.write_bytes(data))
    except ProblemError as error:
        return error.problem
    return None


def copy_picture(plot: Exportable, light: bool = False) -> None:
    """Copy the plot to the clipboard as a picture."""
    QGuiApplication.clipboard().setImage(plot_image(plot, light=light))


def copy_numbers(plot: Exportable) -> None:
    """Copy the plot's numbers to the clipboard, separated by tabs, for a spreadsheet."""
    QGuiApplication.clipboard().setText(csv_text(_numbers(plot), "\t"))
