"""The axes of a plot: what range they show, where they are labelled and how, and pyqtgraph's axis in the app's look."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt, Slot
from PySide6.QtGui import QPainter

from playground.models.formatting import digits
from playground.widgets.look import code_font, look
from playground.widgets.painting import paint_box, text_width

_NICE = (1, 2, 2.5, 5)
_POWER_STEPS = (1, 2, 3, 4, 5, 10, 20, 25, 50, 100, 200, 500, 1000)


def linear_ticks(low: float, high: float, most: int = 5, whole: bool = False) -> tuple[float, ...]:
    """Round numbers between `low` and `high`, at most `most` of them; only whole ones for layers and steps."""
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low or most < 1:
        return ()
    power = 10.0 ** math.floor(math.log10((high - low) / most))
    steps = [nice * scale for scale in (power, power * 10) for nice in _NICE]
    if whole:
        steps = [max(1.0, float(math.ceil(step))) for step in steps]
    fitting = [step for step in steps if 1 <= _count(low, high, step) <= most]
    crowded = [step for step in reversed(steps) if _count(low, high, step) > most]
    if not fitting and not crowded:
        return ()
    step = fitting[0] if fitting else crowded[0]
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    ticks = tuple(float(f"{count * step:.12g}") for count in range(first, last + 1))
    return ticks if fitting else ticks[:: math.ceil(len(ticks) / most)]


def _count(low: float, high: float, step: float) -> int:
    return math.floor(high / step + 1e-9) - math.ceil(low / step - 1e-9) + 1


def layer_ticks(first: int, last: int, most: int = 6) -> tuple[float, ...]:
    """The first layer, round numbers, and the last: 1, 10, 20, 30, 40, 50."""
    if last <= first:
        return (float(first),)
    inner = linear_ticks(first, last, most, whole=True)
    gap = inner[1] - inner[0] if len(inner) > 1 else float(last - first)
    kept = [tick for tick in inner if tick - first >= gap * 0.6 and last - tick >= gap * 0.6]
    return (float(first), *kept, float(last))


def log_ticks(low: float, high: float, most: int = 6) -> tuple[float, ...]:
    """Exponents of the powers of ten between 10**low and 10**high, evenly thinned out, 0 among them where it can be."""
    if not (math.isfinite(low) and math.isfinite(high)) or high < low:
        return ()
    first, last = math.ceil(low - 1e-9), math.floor(high + 1e-9)
    count = last - first + 1
    if count <= 0:
        return ()
    step = next(step for step in _POWER_STEPS if last // step - -(-first // step) + 1 <= most)
    return tuple(float(power) for power in range(first, last + 1) if power % step == 0)


def tick_text(value: float) -> str:
    """A tick in three digits at most: 0.5, 25, 1e-4."""
    if value == 0:
        return "0"
    text = digits(value)
    mantissa, _, power = text.partition("e")
    return f"{mantissa.rstrip('0').rstrip('.') if '.' in mantissa else mantissa}e{power}" if power else text


def power_text(exponent: float) -> str:
    """A power of ten: "1" for 0, "1e-4" for -4; 10 and 100 too are written 1e1 and 1e2, so that steps look alike."""
    whole = round(exponent)
    return "1" if whole == 0 else f"1e{whole}"


def value_ticks(low: float, high: float, most: int) -> tuple[tuple[float, str], ...]:
    """Places and labels on a logarithmic axis between two exponents: powers of ten, or round numbers where few fit."""
    powers = log_ticks(low, high, most)
    first, last = math.ceil(low - 1e-9), math.floor(high + 1e-9)
    if len(powers) < 2 and first < last:
        powers = (float(first), float(last))
    if len(powers) > 1 or not -300 < low < high < 300:
        return tuple((power, power_text(power)) for power in powers)
    kept: list[tuple[float, str]] = []
    for number in linear_ticks(10.0**low, 10.0**high, most):
        place = math.log10(number) if number > 0 else low - 1
        if low <= place and (not kept or place - kept[-1][0] >= (high - low) / (1.5 * most)):
            kept.append((place, tick_text(number)))
    return tuple(kept)


LEFT, TOP, BOTTOM = 48, 8, 22
_PIXELS_A_TICK = {"left": 22, "right": 22, "bottom": 80, "top": 80}
_SPACE = 8
_ASCENT = 11
_VCENTER = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextDontClip
Ticks = tuple[tuple[float, str], ...]
TextPlace = tuple[QRectF, Qt.AlignmentFlag | Qt.TextFlag, str]


@dataclass(frozen=True, slots=True)
class AxisRange:
    """From `low` to `high` in coordinates: the exponent of ten where `logarithmic`, else the value divided by `unit`.

    `ticks` label the whole range, and a part of it unless whole numbers do; `text` words a coordinate where neither a
    power nor a plain number does.
    """

    low: float = 0.0
    high: float = 0.0
    logarithmic: bool = False
    ticks: Ticks | None = None
    unit: float = 1.0
    text: Callable[[float], str] | None = field(default=None, compare=False)

    def labelled(self, low: float, high: float, most: int, whole: bool = False) -> Ticks:
        """At most `most` places between `low` and `high` with their labels; only whole ones for layers and steps."""
        if self.ticks is not None:
            given = tuple(tick for tick in self.ticks if low <= tick[0] <= high)
            if (low, high) == (self.low, self.high) or (len(given) > 1 and not whole):
                return given
        if high <= low:
            return ()
        if self.logarithmic:
            return value_ticks(low, high, most)
        ends = low * self.unit, high * self.unit
        if whole and (low, high) == (self.low, self.high) and self.unit == 1.0:
            places = layer_ticks(math.ceil(low), math.floor(high), most)
        else:
            places = tuple(value / self.unit for value in linear_ticks(*ends, most, whole))
        return tuple((place, self.words(place)) for place in places)

    def words(self, coordinate: float) -> str:
        """A coordinate of a linear axis in words."""
        return self.text(coordinate) if self.text is not None else tick_text(coordinate * self.unit)


class PlotAxis(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph has no types
    """An axis whose labels come from an `AxisRange`; `mark` is a place that is labelled inverted."""

    def __init__(self, orientation: str, size: int) -> None:
        self.range_shown = AxisRange()
        self.whole = False
        self.name = ""
        self.mark: tuple[float, str] | None = None
        self.below = 0
        """How far the lowest label may reach below the axis."""
        self._bounds: QRectF | None = None
        super().__init__(orientation, maxTickLength=0)
        self.enableAutoSIPrefix(False)
        self.across = orientation in ("top", "bottom")
        self.setStyle(
            tickFont=code_font(),
            autoExpandTextSpace=False,
            autoReduceTextSpace=False,
        )
        self.set_size(size)
        self.setCacheMode(pg.QtWidgets.QGraphicsItem.CacheMode.DeviceCoordinateCache)

    def _updateLabel(self) -> None:  # its rich text is laid out eight times before it has any words
        if self.labelText:
            super()._updateLabel()

    def set_size(self, size: int) -> None:
        """Take so many pixels; a single one has room for the line alone."""
        self.setStyle(showValues=size > 1)
        (self.setHeight if self.across else self.setWidth)(size)

    def show_range(self, shown: AxisRange) -> None:
        """Label by another range from now on."""
        if shown != self.range_shown:
            self.range_shown = shown
            self.redraw()

    def set_mark(self, mark: tuple[float, str] | None) -> None:
        """Write a label inverted at a place, or at none."""
        if mark != self.mark:
            self.mark = mark
            self.redraw()

    def show_grid(self, shown: bool) -> None:
        """Draw a line through the view at each label, or none."""
        self.grid, self._bounds = 255 if shown else False, None
        self.prepareGeometryChange()
        self.redraw()

    def redraw(self) -> None:
        """Have it drawn anew."""
        self.picture = None
        self.update()

    def take_look(self) -> None:
        """Take the colours of the present look."""
        self.setPen(pg.mkPen(look().color("edge")))
        self.setTickPen(pg.mkPen(look().color("hairline")))
        self.setTextPen(pg.mkPen(look().color("text2")))

    def labels(self, low: float, high: float, size: float) -> Ticks:
        """The labelled places; no more than have room."""
        most = max(2, int(size // _PIXELS_A_TICK[self.orientation]))
        shown, whole = self.range_shown, self.whole
        ticks = shown.labelled(low, high, most, whole)
        if self.across:
            return ticks
        if len(ticks) < 2:  # one label is no scale
            ticks = shown.labelled(low, high, most + 1, whole)
        room = self.width() - _SPACE
        while most > 2 and any(text_width(code_font(), label) > room for _, label in ticks):
            most -= 1
            ticks = shown.labelled(low, high, most, whole)
        return ticks

    # What pyqtgraph asks

    @Slot()
    def _resetCachedProperties(self) -> None:
        super()._resetCachedProperties()
        self._bounds = None

    def linkedViewChanged(self, view: pg.ViewBox, newRange: Sequence[float] | None = None) -> None:  # noqa: N803
        self._bounds = None
        super().linkedViewChanged(view, newRange)

    def boundingRect(self) -> QRectF:
        if self._bounds is None:  # Qt asks a dozen times a frame
            view, rect = self.linkedView(), self.rect()
            if view is not None and self.grid is not False:
                rect |= view.mapRectToItem(self, view.boundingRect())
            self._bounds = rect.adjusted(-LEFT, 0, 8, 0) if self.across else rect.adjusted(0, -_ASCENT, 0, 15)
        return self._bounds

    def generateDrawSpecs(self, _p: QPainter) -> tuple[Any, Any, Any] | None:
        """Lines and labels from the range shown; the library would choose, measure and drop labels of its own."""
        (low, high), size = self.range, self.size()
        if self.range_shown.high <= self.range_shown.low or high <= low or min(size.width(), size.height()) <= 0:
            return None
        length = size.width() if self.across else size.height()
        places = [
            ((place - low) / (high - low) * length, text)
            for place, text in self.labels(low, high, length)
            if low <= place <= high
        ]
        if self.across:
            line = self.pen(), QPointF(-1, 0), QPointF(length + 1, 0)
            return line, [], self._apart(places) if self.style["showValues"] else []
        edge = size.width() - 1 if self.orientation == "left" else 1
        line = self.pen(), QPointF(edge, -1), QPointF(edge, length + 1)
        grid = []
        if self.grid is not False:
            right = self.boundingRect().right()
            grid = [(self.tickPen(), QPointF(right, length - y), QPointF(edge + 1, length - y)) for y, _ in places]
        return line, grid, [self._beside(length - y, text) for y, text in places] if self.style["showValues"] else []

    def _beside(self, y: float, text: str) -> TextPlace:
        """A label beside the axis, moved so far that it is not cut at the end."""
        middle = min(max(y, -3.0), self.height() - 4 + self.below)
        if self.orientation == "left":
            return QRectF(0, middle - 8, self.width() - _SPACE, 16), _VCENTER | Qt.AlignmentFlag.AlignRight, text
        return QRectF(_SPACE, middle - 8, self.width() - _SPACE, 16), _VCENTER | Qt.AlignmentFlag.AlignLeft, text

    def _apart(self, places: Sequence[tuple[float, str]]) -> list[TextPlace]:
        """Labels inside the axis, without those that touch one before them or the mark; the name at the left."""
        kept: list[TextPlace] = []
        last, box, flags = -1e9, self.mark_box(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextDontClip
        for x, text in places:
            wide = text_width(code_font(), text)
            left = min(max(x - wide / 2, -2.0), self.width() - wide + 1)
            covered = box is not None and left < box.right() + 3 and left + wide > box.left() - 3
            if left > last + 6 and not covered:
                kept.append((QRectF(left, 4, wide, 13), flags, text))
                last = left + wide
        if self.name:
            wide = text_width(code_font(), self.name)
            kept.append((QRectF(-_SPACE - wide, 4, wide, 13), flags, self.name))
        return kept

    def mark_box(self) -> QRectF | None:
        """Where the inverted label stands."""
        low, high = self.range
        if self.mark is None or not self.mark[1] or not low <= self.mark[0] <= high or self.height() < 2:
            return None
        width = text_width(code_font(), self.mark[1]) + 10
        middle = (self.mark[0] - low) / ((high - low) or 1.0) * self.width()
        return QRectF(round(min(max(middle - width / 2, 0.0), self.width() - width)), 4, width, 16)

    def drawPicture(self, p: QPainter, axisSpec: Any, tickSpecs: Any, textSpecs: Any) -> None:  # noqa: N803
        super().drawPicture(p, axisSpec, tickSpecs, textSpecs)
        box = self.mark_box() if self.across else None
        if box is not None and self.mark is not None:
            paint_box(p, box, look().color("text"), None, 3)
            p.setPen(look().color("panel"))
            p.drawText(box, Qt.AlignmentFlag.AlignCenter, self.mark[1])
