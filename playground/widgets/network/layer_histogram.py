"""The histogram of one layer, sideways on the value axis of the distributions beside it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, QTimer, Slot
from PySide6.QtGui import QColor, QContextMenuEvent, QHelpEvent, QPainter, QPaintEvent, QPen, QRegion
from PySide6.QtWidgets import QSizePolicy, QWidget

from playground.models.network.histograms import Histogram
from playground.models.network.layer_statistics import TensorStatistics
from playground.widgets.common.heat import share_colors
from playground.widgets.common.look import code_font, look, look_holder
from playground.widgets.common.painting import elided, text_width
from playground.widgets.common.plot_field import TOP
from playground.widgets.common.plot_menu import plot_menu
from playground.widgets.common.ticks import tick_text
from playground.widgets.common.tooltip import explained, show_beside, tooltip_html
from playground.widgets.network.curve_plots import ORANGE
from playground.widgets.network.distribution_plot import STRIP

BELOW = STRIP + 8
RIGHT = 62
SAID_MS = 6000


class LayerHistogram(QWidget):
    """Bars from the left; `low` and `high` are the ends of the value axis, which the heat map beside it shares."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("network.layer")
        self._histogram: Histogram | None = None
        self._numbers: TensorStatistics | None = None
        self._low = self._high = 0.0
        self._own = False
        self._layer = 1
        self._said = ""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SAID_MS)
        self._timer.timeout.connect(self._on_said)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        look_holder().changed.connect(self.update)

    def show_layer(
        self, layer: int, numbers: TensorStatistics, histogram: Histogram | None, ends: tuple[float, float], own: bool
    ) -> None:
        """Show the histogram of a layer between two ends of its axis's coordinate; `own` labels them on the right."""
        self._layer, self._numbers, self._histogram = layer, numbers, histogram
        self._low, self._high = ends
        self._own = own
        self.setAccessibleName(f"Histogram of layer {layer}")
        # The buttons stand over nothing that changes, unless the ends of the layer's own range are written there.
        self.update(self.rect() if own else QRegion(self.rect()).subtracted(self.childrenRegion()))

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            words = self.count_words()
            html = tooltip_html(words) if words else ""
            show_beside(self, explained(self, event.pos()), html, event.pos().x())
            return True
        return super().event(event)

    def sizeHint(self) -> QSize:
        return QSize(280, 200)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 80)

    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            self._paint(painter, QRectF(self.rect()))

    def _paint(self, painter: QPainter, rect: QRectF) -> None:
        painter.fillRect(rect, look().color("panel"))
        field = self.field(rect)
        painter.fillRect(QRectF(field.left() - 1, field.top(), 1, field.height()), look().color("edge"))
        if self._histogram is None or self._numbers is None or self._high <= self._low:
            return
        found = self._histogram
        self._paint_bars(painter, field, found, max(1, self._largest()))
        self._paint_words(painter, field)
        self._paint_rms(painter, field)
        self._paint_zeros(painter, QRectF(field.left(), field.bottom() + 9, field.width(), STRIP))

    def field(self, rect: QRectF) -> QRectF:
        """The rectangle of the bars, on the same heights as the map beside it."""
        return QRectF(rect.left() + 1, rect.top() + TOP, rect.width() - RIGHT - 1, rect.height() - TOP - BELOW - 1)

    def _largest(self) -> int:
        return int(self._histogram.counts.max(initial=0)) if self._histogram is not None else 0

    def count_words(self) -> str:
        """What the lengths of the bars mean: "count, 0 to 664"."""
        if self._histogram is None:
            return ""
        return f"{'sample' if self._histogram.sampled else 'count'}, 0 to {self._largest():,}"

    def count_place(self, field: QRectF) -> QRectF | None:
        """Where these words stand clear of bars and rms: near the upper or the lower end, or else nowhere."""
        width = text_width(code_font(), self.count_words())
        for top in (field.top() + 2, field.bottom() - 16):
            place = QRectF(field.right() - width, top, width, 13)
            if width <= field.width() and not any(place.intersects(box) for box in self.marks(field)):
                return place
        return None

    def marks(self, field: QRectF) -> list[QRectF]:
        """The boxes that the bars near both ends and the line of the rms cover, with 2 px around them."""
        found = self._histogram
        if found is None or self._numbers is None or not found.counts.size:
            return []
        rows, ends = found.axis.rows, (self._y(field, found.axis.low), self._y(field, found.axis.high))
        step = (ends[0] - ends[1]) / rows
        boxes = []
        for low, high in ((field.top(), field.top() + 17), (field.bottom() - 18, field.bottom())):
            first, last = (min(max(math.floor((ends[0] - y) / step), -1), rows) for y in (high, low))
            longest = int(found.counts[max(0, first) : max(0, last + 1)].max(initial=0))
            if longest:
                length = max(1.0, longest * field.width() / self._largest())
                boxes.append(QRectF(field.left(), low, length + 2, high - low))
        y = self.rms_height(field)
        return boxes if y is None else [*boxes, QRectF(field.left(), y - 3, field.width(), 6)]

    def rms_height(self, field: QRectF) -> int | None:
        """The height of the line of the rms, or None where it lies outside."""
        if self._numbers is None or self._histogram is None:
            return None
        position = self._histogram.axis.position(self._numbers.rms)
        if math.isnan(position) or not self._low <= position <= self._high:
            return None
        return round(self._y(field, position))

    def _y(self, field: QRectF, position: float) -> float:
        return field.bottom() - (position - self._low) / (self._high - self._low) * field.height()

    def _paint_bars(self, painter: QPainter, field: QRectF, found: Histogram, largest: int) -> None:
        color, left = QColor(look().counts[3]), field.left()
        edges = np.linspace(self._y(field, found.axis.low), self._y(field, found.axis.high), found.axis.rows + 1)
        lengths = np.maximum(1.0, found.counts * (field.width() / largest)).tolist()
        painter.setClipRect(field)
        for count, length, bottom, top in zip(found.counts, lengths, edges.tolist(), edges[1:].tolist(), strict=False):
            if count:
                painter.fillRect(QRectF(left, top, length, bottom - top), color)
        painter.setClipping(False)

    def _paint_words(self, painter: QPainter, field: QRectF) -> None:
        font, edge = code_font(), look().color("edge")
        painter.setFont(font)
        painter.setPen(look().color("text2"))
        if self._said:
            painter.fillRect(QRectF(field.left(), field.top(), field.width(), 18), look().color("panel"))
            painter.drawText(QPointF(field.left() + 4, field.top() + 12), elided(font, self._said, field.width() - 4))
        elif (place := self.count_place(field)) is not None:
            line = place.top() + 18 if place.top() < field.center().y() else place.top() - 5
            painter.fillRect(QRectF(field.left(), line, field.width(), 1), edge)
            painter.fillRect(QRectF(field.right() - 1, line - 2, 1, 5), edge)
            painter.drawText(QPointF(place.left(), place.top() + 10), self.count_words())
        if self._own and self._histogram is not None:
            rms = self.rms_height(field)
            for position, y in ((self._high, field.top() + 10), (self._low, field.bottom())):
                if rms is None or abs(rms + 4 - y) >= 12:
                    painter.drawText(QPointF(field.right() + 6, y), tick_text(self._histogram.axis.value(position)))

    def _paint_rms(self, painter: QPainter, field: QRectF) -> None:
        y = self.rms_height(field)
        if y is None:
            return
        painter.setPen(QPen(look().axis_line(ORANGE), 2))
        painter.drawLine(QPointF(field.left(), y), QPointF(field.right(), y))
        painter.setPen(look().color("text"))
        painter.drawText(QPointF(field.right() + 6, y + 4), "rms")

    def _paint_zeros(self, painter: QPainter, place: QRectF) -> None:
        assert self._numbers is not None
        share = self._numbers.zero_fraction
        painter.setPen(look().color("edge"))
        painter.drawRect(place.adjusted(0, 0, -1, -1))
        if share > 0:
            filled = QRectF(place.left(), place.top(), share * place.width(), place.height())
            painter.fillRect(filled, QColor.fromRgb(int(share_colors(share))))
        painter.setPen(look().color("text"))
        words = f"{round(share * self._numbers.count):,}"
        if text_width(code_font(), words) > RIGHT - 6:
            words = f"{share:.1%}"
        painter.drawText(QPointF(place.right() + 6, place.center().y() + 4), words)

    # For the export

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        plot_menu(self).popup(event.globalPos())

    def plot_name(self) -> str:
        """The name of the files."""
        return f"Histogram of layer {self._layer}"

    def paint_plot(self, painter: QPainter, rect: QRectF) -> None:
        """Paint into a rectangle of the widget's own size."""
        self._paint(painter, rect)

    def plot_columns(self) -> Mapping[str, Sequence[float]]:
        """The bin edges as values, and the counts."""
        if self._histogram is None:
            return {}
        edges = self._histogram.edges
        return {
            "low": edges[:-1].tolist(),
            "high": edges[1:].tolist(),
            "count": self._histogram.counts.astype(float).tolist(),
        }

    def say(self, words: str, role: str = "text2") -> None:
        """Show a sentence in place of the count for some seconds."""
        del role
        self._said = words
        self._timer.start()
        self.update()

    @Slot()
    def _on_said(self) -> None:
        self._said = ""
        self.update()
