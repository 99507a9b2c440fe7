"""The axes of a plot: their range, their labels, and pyqtgraph's axis in the app's look."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter

from playground.models.formatting import digits
from playground.widgets.look import code_font, look
from playground.widgets.painting import paint_box, text_width

_NICE = (1, 2, 2.5, 5)
_POWER_STEPS = (1, 2, 3, 4, 5, 10, 20, 25, 50, 100, 200, 500, 1000)


def linear_ticks(low: float, high: float, most: int = 5, whole: bool = False) -> tuple[float, ...]:
    """At most `most` round numbers between `low` and `high`; only whole ones for layers and steps."""
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
    """Exponents of the powers of ten between 10**low and 10**high, evenly thinned out, including 0 if possible."""
    if not (math.isfinite(low) and math.isfinite(high)) or high < low:
        return ()
    first, last = math.ceil(low - 1e-9), math.floor(high + 1e-9)
    count = last - first + 1
    if count <= 0:
        return ()
    step = next(step for step in _POWER_STEPS if last // step - -(-first // step) + 1 <= most)
    return tuple(float(power) for power in range(first, last + 1) if power % step == 0)


def tick_text(value: float) -> str:
    """A tick with at most three digits: 0.5, 25, 1e-4."""
    if value == 0:
        return "0"
    text = digits(value)
    mantissa, _, power = text.partition("e")
    return f"{mantissa.rstrip('0').rstrip('.') if '.' in mantissa else mantissa}e{power}" if power else text


def power_text(exponent: float) -> str:
    """A power of ten: "1" for 0, "1e-4" for -4; 10 and 100 are also written 1e1 and 1e2, for uniformity."""
    whole = round(exponent)
    return "1" if whole == 0 else f"1e{whole}"


def value_ticks(low: float, high: float, most: int) -> tuple[tuple[float, str], ...]:
    """Places and labels on a logarithmic axis between two exponents: powers of ten, or round numbers if few fit."""
    powers = log_ticks(low, high, most)
    if len(powers) > 1 or not -300 < low < high < 300:
        return tuple((power, power_text(power)) for power in powers)
    numbers = [number for number in linear_ticks(10.0**low, 10.0**high, most) if number > 0]
    return tuple((math.log10(number), tick_text(number)) for number in numbers)


LEFT, TOP, BOTTOM = 48, 8, 22
_PIXELS_A_TICK = {"left": 22, "right": 22, "bottom": 80, "top": 80}
_SPACE = 8
_ASCENT = 11
Ticks = tuple[tuple[float, str], ...]


@dataclass(frozen=True, slots=True)
class AxisRange:
    """From `low` to `high` in coordinates: the exponent of ten if `logarithmic`, otherwise the value divided by `unit`.

    `ticks` label the whole range; `text` formats a coordinate if neither a power nor a plain number fits.
    """

    low: float = 0.0
    high: float = 0.0
    logarithmic: bool = False
    ticks: Ticks | None = None
    unit: float = 1.0
    text: Callable[[float], str] | None = field(default=None, compare=False)

    def labelled(self, low: float, high: float, most: int, whole: bool = False) -> Ticks:
        """At most `most` labelled places between `low` and `high`; only whole numbers for layers and steps."""
        if self.ticks is not None:
            given = tuple(tick for tick in self.ticks if low <= tick[0] <= high)
            if len(given) > 1 or (low, high) == (self.low, self.high):
                return given
        if high <= low:
            return ()
        if self.logarithmic:
            return value_ticks(low, high, most)
        if whole:
            steps = linear_ticks(low, high, most, whole=True)
            ends = (-(-low // 1), high // 1)
            places = layer_ticks(int(ends[0]), int(ends[1]), most) if (low, high) == (self.low, self.high) else steps
        else:
            places = tuple(value / self.unit for value in linear_ticks(low * self.unit, high * self.unit, most))
        return tuple((place, self.words(place)) for place in places)

    def words(self, coordinate: float) -> str:
        """A coordinate of a linear axis as text."""
        return self.text(coordinate) if self.text is not None else tick_text(coordinate * self.unit)


class PlotAxis(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph has no types
    """An axis with labels from an `AxisRange`; `mark` is a place with an inverted label."""

    def __init__(self, orientation: str, size: int) -> None:
        self.range_shown = AxisRange()
        self.whole = False
        self.name = ""
        self.mark: tuple[float, str] | None = None
        self.below = 0
        """How far the lowest label may extend below the axis."""
        super().__init__(orientation, maxTickLength=0)
        self.enableAutoSIPrefix(False)
        self.across = orientation in ("top", "bottom")
        self.setStyle(
            tickFont=code_font(),
            tickTextOffset=4 if self.across else _SPACE,
            tickAlpha=255,
            maxTickLevel=0,
            hideOverlappingLabels=60,
            autoExpandTextSpace=False,
            autoReduceTextSpace=False,
        )
        self.set_size(size)
        self.setCacheMode(pg.QtWidgets.QGraphicsItem.CacheMode.DeviceCoordinateCache)

    def _updateLabel(self) -> None:  # its rich text is laid out eight times before it has any text
        if self.labelText:
            super()._updateLabel()

    def set_size(self, size: int) -> None:
        """Take this many pixels; one pixel has room only for the line."""
        self.setStyle(showValues=size > 1)
        (self.setHeight if self.across else self.setWidth)(size)

    def show_range(self, shown: AxisRange) -> None:
        """Use another range for the labels."""
        if shown != self.range_shown:
            self.range_shown = shown
            self.redraw()

    def set_mark(self, mark: tuple[float, str] | None) -> None:
        """Show an inverted label at a place, or none."""
        if mark != self.mark:
            self.mark = mark
            self.redraw()

    def redraw(self) -> None:
        """Redraw the axis."""
        self.picture = None
        self.update()

    def take_look(self) -> None:
        """Apply the current look's colours."""
        self.setPen(pg.mkPen(look().color("edge")))
        self.setTickPen(pg.mkPen(look().color("hairline")))
        self.setTextPen(pg.mkPen(look().color("text2")))

    # Overrides of pyqtgraph

    def labels(self, low: float, high: float, size: float) -> Ticks:
        """The labelled places that fit."""
        most = max(2, int(size // _PIXELS_A_TICK[self.orientation]))
        shown, whole = self.range_shown, self.whole
        ticks = shown.labelled(low, high, most, whole)
        if self.across:
            return ticks
        if len(ticks) < 2:  # a single label does not make a scale
            ticks = shown.labelled(low, high, most + 1, whole)
        room = self.width() - _SPACE
        while most > 2 and any(text_width(code_font(), label) > room for _, label in ticks):
            most -= 1
            ticks = shown.labelled(low, high, most, whole)
        return ticks

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:  # noqa: N803
        return [(1.0, [place for place, _ in self.labels(minVal, maxVal, size)])]

    def tickStrings(self, values: Sequence[float], _scale: float, _spacing: float) -> list[str]:
        low, high = self.range
        known = dict(self.labels(low, high, self.width() if self.across else self.height()))
        return [known.get(value, "") for value in values]

    def boundingRect(self) -> QRectF:
        rect = QRectF(super().boundingRect())
        return rect.adjusted(-LEFT, 0, 8, 0) if self.across else rect.adjusted(0, -_ASCENT, 0, 15)

    def generateDrawSpecs(self, p: QPainter) -> tuple[Any, Any, Any] | None:
        specs = super().generateDrawSpecs(p)
        if specs is None or self.range_shown.high <= self.range_shown.low:
            return None
        (pen, start, end), ticks, texts = specs
        if self.across:
            line = pen, start - QPointF(0, 1), end - QPointF(0, 1)
            return line, [], self._apart([(QRectF(rect), flags, text) for rect, flags, text in texts])
        return (pen, start, end), ticks, [(self._inside(QRectF(rect)), flags, text) for rect, flags, text in texts]

    def _inside(self, rect: QRectF) -> QRectF:
        """A label moved just enough not to be cut at the end of the axis."""
        middle = rect.center().y()
        lowest = self.height() - 4 + self.below
        rect.moveCenter(QPointF(rect.center().x(), min(max(middle, -3.0), lowest)))
        return rect

    def _apart(self, texts: list[tuple[QRectF, int, str]]) -> list[tuple[QRectF, int, str]]:
        """Labels inside the axis, without those that touch an earlier label or the mark."""
        kept, last, box = [], -1e9, self.mark_box()
        for rect, flags, text in texts:
            rect.moveLeft(min(max(rect.left(), -2.0), self.width() - rect.width() + 1))
            covered = box is not None and rect.left() < box.right() + 3 and rect.right() > box.left() - 3
            if rect.left() > last + 6 and not covered:
                kept.append((rect, flags, text))
                last = rect.right()
        if self.name:
            wide = text_width(code_font(), self.name)
            high = kept[0][0] if kept else QRectF(0, 4, 0, 13)
            place = QRectF(-_SPACE - wide, high.top(), wide, high.height())
            kept.append((place, Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextDontClip, self.name))
        return kept

    def mark_box(self) -> QRectF | None:
        """The place of the inverted label."""
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
