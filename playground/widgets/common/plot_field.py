"""The empty field of a plot: its ranges, axes left and bottom, a grid at labelled ticks only, the healthy band."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from playground.widgets.common.axis_range import AxisRange
from playground.widgets.common.look import code_font, look
from playground.widgets.common.painting import text_width
from playground.widgets.common.plot_items import in_coordinate

LEFT, TOP, BOTTOM = 48, 8, 22
_PIXELS_A_TICK = 22
_DIGITS = 9
"""The height of a digit."""


class PlotField(QWidget):
    """Knows where coordinates lie, and paints what stays while the data change; that is kept as a picture."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.x_range, self.y_range = AxisRange(), AxisRange()
        self.margins = (LEFT, TOP, 1, BOTTOM)
        self.x_name = ""
        self.ground = "panel"
        self.shows_x = True
        self.whole_x = True
        self.healthy: tuple[float, float] | None = None
        self._crosshair: float | None = None
        self._crosshair_label = ""
        self._paper: QSize | None = None
        self._ground: tuple[object, QPixmap] | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def set_crosshair(self, x: float | None, label: str = "") -> None:
        """Show the dotted line at an x, with its label inverted on the axis where that is drawn; None hides it."""
        if (x, label) != (self._crosshair, self._crosshair_label):
            self._crosshair, self._crosshair_label = x, label
            self.update()

    @property
    def crosshair(self) -> float | None:
        """Where the crosshair stands."""
        return self._crosshair

    def sizeHint(self) -> QSize:
        return QSize(400, 140)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 60)

    # Places

    @property
    def extent(self) -> QSize:
        """The size that is painted: the widget's own, or that of the paper while a picture is made."""
        return self._paper or self.size()

    def field(self) -> QRectF:
        """The rectangle of the data in pixels."""
        left, top, right, bottom = self.margins
        if not self.shows_x:
            bottom = 1
        size = self.extent
        return QRectF(left, top, max(1, size.width() - left - right), max(1, size.height() - top - bottom))

    def x_to_pixel(self, x: float) -> float:
        """Pixels from the left of the widget."""
        field, ends = self.field(), self.x_range
        return field.left() + field.width() * (x - ends.low) / ((ends.high - ends.low) or 1.0)

    def y_to_pixel(self, coordinate: float) -> float:
        """Pixels from the top of the widget; the coordinate is an exponent on a logarithmic axis."""
        field, ends = self.field(), self.y_range
        return field.bottom() - field.height() * (coordinate - ends.low) / ((ends.high - ends.low) or 1.0)

    def x_at(self, pixel: float) -> float:
        """The x below a pixel, within the range; a whole number where x counts layers or steps."""
        field, ends = self.field(), self.x_range
        x = ends.low + (ends.high - ends.low) * (pixel - field.left()) / field.width()
        x = min(max(x, ends.low), ends.high)
        return float(round(x)) if self.whole_x else x

    # Painting, in pixels of the widget

    def paint_ground(self, painter: QPainter, ratio: float) -> None:
        """Paint the empty field, from the picture of it where its pixels are those of the screen."""
        if ratio == int(ratio):
            painter.drawPixmap(0, 0, self._ground_picture(ratio))
        else:
            self.draw_ground(painter)

    def _ground_picture(self, ratio: float) -> QPixmap:
        """Everything that does not change while the data do: kept until what it shows is another."""
        box = self.crosshair_box(self.field())
        shown = (self.size(), ratio, look(), self.ground, self.healthy, self.x_range, self.y_range, self.margins,
                 self.shows_x, self.whole_x, self.x_name, box)  # fmt: skip
        if self._ground is None or self._ground[0] != shown:
            picture = QPixmap(self.size() * ratio)
            picture.setDevicePixelRatio(ratio)
            with QPainter(picture) as painter:
                self.draw_ground(painter)
            self._ground = shown, picture
        return self._ground[1]

    def draw_ground(self, painter: QPainter) -> None:
        """Ground, healthy band, grid, axes and their labels; the data never reach over them."""
        field, edge = self.field(), look().color("edge")
        painter.fillRect(QRectF(QPointF(0, 0), self.extent), look().color(self.ground))
        if self.healthy is not None and self.y_range.high > self.y_range.low:
            low, high = (in_coordinate(value, self.y_range.logarithmic) for value in self.healthy)
            band = QRectF(QPointF(field.left(), self.y_to_pixel(high)), QPointF(field.right(), self.y_to_pixel(low)))
            painter.fillRect(band.intersected(field), look().color("healthy"))
        ticks = self.y_ticks()
        for coordinate, _ in ticks:
            y = round(self.y_to_pixel(coordinate))
            painter.fillRect(QRectF(field.left(), y, field.width(), 1), look().color("hairline"))
        painter.fillRect(QRectF(field.left() - 1, field.top(), 1, field.height() + 1), edge)
        painter.fillRect(QRectF(field.left() - 1, field.bottom(), field.width() + 1, 1), edge)
        painter.setFont(font := code_font())
        painter.setPen(look().color("text2"))
        lowest = field.bottom() if self.shows_x and self.x_name else self.extent.height() - 1  # below is the name of x
        for coordinate, label in ticks:
            base = min(max(round(self.y_to_pixel(coordinate)) + 4, _DIGITS), lowest)
            painter.drawText(QPointF(field.left() - 8 - text_width(font, label), base), label)
        if self.shows_x:
            self._paint_x_axis(painter, field)

    def y_ticks(self) -> Sequence[tuple[float, str]]:
        """The labelled ticks of the value axis."""
        most, room = max(2, int(self.field().height() // _PIXELS_A_TICK)), self.margins[0] - 8
        ticks = self.y_range.labelled(most)
        if len(ticks) < 2:  # one label is no scale
            ticks = self.y_range.labelled(most + 1)
        while most > 2 and any(text_width(code_font(), label) > room for _, label in ticks):
            most -= 1
            ticks = self.y_range.labelled(most)
        return ticks

    def _paint_x_axis(self, painter: QPainter, field: QRectF) -> None:
        font, base = code_font(), field.bottom() + 16
        covered = self.crosshair_box(field)
        painter.setPen(look().color("text2"))
        last = -1e9
        for x, label in self.x_range.labelled(max(2, int(field.width() // 80)), self.whole_x):
            width = text_width(font, label)
            left = min(max(self.x_to_pixel(x) - width / 2, field.left() - 2), field.right() - width + 1)
            hidden = covered is not None and left < covered.right() + 3 and left + width > covered.left() - 3
            if left > last + 6 and not hidden:
                painter.drawText(QPointF(round(left), base), label)
                last = left + width
        if self.x_name:
            painter.drawText(QPointF(field.left() - 8 - text_width(font, self.x_name), base), self.x_name)

    def crosshair_box(self, field: QRectF) -> QRectF | None:
        """Where the number of the crosshair stands on the axis."""
        if self._crosshair is None or not self.shows_x or not self._crosshair_label:
            return None
        width = text_width(code_font(), self._crosshair_label) + 10
        left = min(max(self.x_to_pixel(self._crosshair) - width / 2, field.left()), field.right() - width)
        return QRectF(round(left), field.bottom() + 4, width, 16)
