"""Pictures of the panels without anybody looking: wait until all is computed, then paint at the wanted size."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import (
    QBuffer,
    QByteArray,
    QElapsedTimer,
    QEventLoop,
    QIODevice,
    QPoint,
    QPointF,
    QRect,
    QRectF,
    QSize,
    QSizeF,
    Qt,
    QThread,
)
from PySide6.QtGui import QImage, QPainter, QRegion
from PySide6.QtWidgets import QApplication, QWidget

from playground.app.window import MainWindow
from playground.app.window_contents import Workspace
from playground.models.files.disk import write_whole
from playground.models.problem import refuse
from playground.widgets.look import look
from playground.widgets.plot.export import PLOT_FORMATS, Exportable
from playground.widgets.plot.figure import Figure, drawn_plots
from playground.widgets.plot.plot import Plot

PICTURED = {
    "window": "the whole window, on the page that is open",
    "tensors": "the cards of the program",
    "shape": "the Shape panel",
    "broadcast": "the Broadcast panel",
    "einsum": "the Einsum panel",
    "memory": "the Memory panel",
    "network": "the Network page; as .svg or .csv, its plots as one figure",
    "plots": "the plots of the Network page as one figure",
}
"""What can be pictured, in words."""
DEFAULT_SIZE = QSize(1360, 860)
LARGEST_SIDE = 16_384
QUIET_MS, PATIENCE_MS = 400, 600_000
QUIET_TURNS = 100
"""On a slow machine one turn of laying out may take longer than all of the quiet time."""
PAUSE_MS = 2
"""Between two looks, so that the computations get the interpreter."""
SIZE_TURNS = 4
"""A figure's size follows its page's; each turn mends what is left of the difference."""


def settle(workspace: Workspace, patience_ms: int = PATIENCE_MS) -> None:
    """Handle events until every computation has finished and nothing new has begun for a while."""
    tasks = [task for link in workspace.links.values() for task in link.tasks()]
    whole, quiet, turns = QElapsedTimer(), QElapsedTimer(), 0
    whole.start()
    quiet.start()
    while quiet.elapsed() < QUIET_MS or turns < QUIET_TURNS:
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.ExcludeSocketNotifiers)  # a notebook's are not for us
        turns += 1
        if any(task.is_busy for task in tasks):
            quiet.restart()
            turns = 0
        QThread.msleep(PAUSE_MS)
        if whole.elapsed() > patience_ms:
            refuse(f"It was still computing after {patience_ms // 1000} seconds, so there is no picture.")


def check_picture(panel: str, size: QSize, suffix: str) -> None:
    """Raise a `ProblemError` for a picture that cannot be: its panel, its size or its format."""
    if panel not in PICTURED:
        refuse(f"There is no panel {panel!r}. There are {', '.join(PICTURED)}.")
    if not (1 <= size.width() <= LARGEST_SIDE and 1 <= size.height() <= LARGEST_SIDE):
        refuse(f"A picture of {size.width()} by {size.height()} pixels cannot be created.")
    if suffix not in PLOT_FORMATS:
        refuse(f"A picture is saved as {', '.join(f'.{one}' for one in PLOT_FORMATS)}, not as .{suffix or 'nothing'}.")
    if suffix != "png" and panel not in ("network", "plots"):
        refuse(f".{suffix} is for plots: --panel network or plots. The {panel} panel is saved as .png.")


def picture(window: MainWindow, panel: str, size: QSize | None = None, suffix: str = "png", scale: int = 1) -> bytes:
    """A panel of a shown window as the bytes of a .png, .svg or .csv file, at its present size.

    With a `size` the panel is taken out of the window for good, so that is for a window that nobody sees. Raises a
    `ProblemError` if the picture cannot be painted.
    """
    check_picture(panel, size or window.size(), suffix)
    workspace = window.furniture.workspace
    shown = window.page
    key = "network" if panel == "plots" else panel
    if panel != "window":
        window.show_page("network" if key == "network" else "tensors")
    widget: QWidget = window if panel == "window" else workspace.panels[key]
    try:
        if size is not None:
            _take_out(widget, size)
        settle(workspace)
        if panel == "plots" or suffix != "png":
            return PLOT_FORMATS[suffix].make(_figure(widget, size, workspace), scale, False)
        return png_of(widget, scale)
    finally:
        window.show_page(shown)


def save_picture(window: MainWindow, panel: str, path: Path, size: QSize | None = None, scale: int = 1) -> None:
    """Write a picture in the format of the file's suffix, atomically; `picture` says how."""
    data = picture(window, panel, size, path.suffix.lower().lstrip("."), scale)
    write_whole(path, lambda fresh: fresh.write_bytes(data))


def _take_out(widget: QWidget, size: QSize) -> None:
    """Show the widget by itself at this size, or the least that it can be."""
    if not widget.isWindow():
        widget.setParent(None)
    widget.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    widget.resize(size.expandedTo(widget.minimumSize()))
    widget.show()
    focused = QApplication.focusWidget()
    if focused is not None:
        focused.clearFocus()


def _figure(page: QWidget, size: QSize | None, workspace: Workspace) -> Exportable:
    """The page's plots as a figure, of this size; made smaller as a whole where its plots need more room."""
    wanted = size
    for _ in range(SIZE_TURNS):
        figure = Figure("network", _layer_plots(page))
        made = figure.figure_size()
        if size is None or wanted is None or made == wanted:
            break
        page.resize((page.size() + wanted - made).expandedTo(page.minimumSizeHint()))
        settle(workspace)
        made = figure.figure_size()
        wanted = size * max(1.0, made.height() / size.height())
    return figure if size is None else Fitted(figure, size)


def _layer_plots(page: QWidget) -> list[Plot]:
    """The visible plots over the layers, from top to bottom."""
    plots = drawn_plots(plot for plot in page.findChildren(Plot) if plot.isVisible() and plot.x_column == "layer")
    if not plots:
        refuse("There is no plot: the network could not be computed.")
    return plots


class Fitted:
    """A figure painted as large as fits into a size, and called by its name."""

    def __init__(self, figure: Figure, size: QSize) -> None:
        self._figure, self._size = figure, size
        self.plot_name, self.plot_columns = figure.plot_name, figure.plot_columns

    def figure_size(self) -> QSize:
        """The size to fill."""
        return self._size

    size = figure_size

    def paint_plot(self, painter: QPainter, rect: QRectF) -> None:
        """Paint the figure in the middle of the rectangle."""
        whole = QSizeF(self._figure.figure_size())
        scale = min(rect.width() / whole.width(), rect.height() / whole.height())
        painter.fillRect(rect, look().color("panel"))
        painter.translate(rect.center())
        painter.scale(scale, scale)
        painter.translate(-whole.width() / 2, -whole.height() / 2)
        self._figure.paint_plot(painter, QRectF(QPointF(), whole))


def png_of(widget: QWidget, scale: int = 1) -> bytes:
    """The widget as a PNG file of `scale` times its size."""
    image = QImage(widget.size() * scale, QImage.Format.Format_ARGB32_Premultiplied)
    if image.isNull():
        refuse(f"A picture of {widget.width() * scale} by {widget.height() * scale} pixels cannot be created.")
    image.setDevicePixelRatio(scale)
    image.fill(widget.palette().window().color())
    with QPainter(image) as painter:
        widget.render(painter, QPoint(), QRegion(QRect(QPoint(), widget.size())))
    held = QByteArray()
    buffer = QBuffer(held)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if not image.save(buffer, "PNG"):  # type: ignore[call-overload]  # its stub wants bytes
        refuse("Qt could not write the picture as PNG.")
    return bytes(held.data())
