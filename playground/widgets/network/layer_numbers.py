"""Names and numbers beside a plot: one layer's and the theory's, each with its definition."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QVBoxLayout, QWidget

from playground.models.formatting import digits
from playground.models.network.measure.statistics import TensorStatistics
from playground.models.network.request import LayerPage, NetworkPageResult
from playground.widgets.controls.section import TitleLine
from playground.widgets.controls.tooltip import show_beside, tooltip_html
from playground.widgets.look import code_font, look, look_holder, words_font
from playground.widgets.painting import baseline, elided, text_width
from playground.widgets.text.labels import RunsLabel

ROW = 20
NAME_WIDTH = 136
_VALUE = 72
"""Reserved for the number; a longer one takes room from its name."""

_FLOWING_GAP = 16
_DIGIT = 7.2
"""The width of one character of a number."""

Row = tuple[str, str, str]
"""Name, number and meaning."""


class LayerNumbers(QWidget):
    """Rows of 20 px, or `flowing` side by side in lines of 20 px; each meaning is a tooltip.

    Rows that do not fit are omitted, last first, and listed in the tooltip of the last visible one.
    """

    def __init__(self, top: int, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._top, self._flowing = top, False
        self.rows: tuple[Row, ...] = ()
        self.setObjectName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        look_holder().changed.connect(self.update)

    def set_flowing(self, flowing: bool) -> None:
        """Place the numbers side by side below a plot, or stacked beside it."""
        if flowing != self._flowing:
            self._flowing = flowing
            self.updateGeometry()
            self.update()

    def set_rows(self, rows: Sequence[Row]) -> None:
        """Show these rows."""
        before, self.rows = self.rows, tuple(rows)
        if self.rows == before:
            return
        self.setAccessibleName(", ".join(f"{name} {value}" for name, value, _ in self.rows))
        if self._flowing or [row[0] for row in before] != [row[0] for row in self.rows]:
            self.update()
            return
        for index, (old, new) in enumerate(zip(before, self.rows, strict=True)):
            if old[1] != new[1]:
                left = 0 if self._is_long(old[1]) or self._is_long(new[1]) else int(self._names_width())
                self.update(left, self._top + index * ROW, self.width() - left, ROW)

    def _names_width(self) -> float:
        return min(NAME_WIDTH, max(self.width() * 0.52, self.width() - _VALUE))

    def _is_long(self, value: str) -> bool:
        """True if a number takes room from its name."""
        return len(value) * _DIGIT > self.width() - self._names_width()

    def sizeHint(self) -> QSize:
        return QSize(280, self._top + ROW * len(self.rows))

    def minimumSizeHint(self) -> QSize:
        return QSize(150, 20)

    def places(self) -> list[tuple[Row, QRectF, float]]:
        """Each row that fits, its rectangle, and the left edge of its number."""
        return self._flowing_places() if self._flowing else self._listed_places()

    def _listed_places(self) -> list[tuple[Row, QRectF, float]]:
        found = []
        for index, row in enumerate(self.rows):
            rect = QRectF(0, self._top + index * ROW, self.width(), ROW)
            if rect.bottom() > self.height() + 2:
                break
            end = max(0.0, self.width() - text_width(code_font(), row[1]))
            value = end if self._is_long(row[1]) else self._names_width()
            found.append((row, rect, value))
        return found

    def _flowing_places(self) -> list[tuple[Row, QRectF, float]]:
        found, x, y = [], 0.0, 0.0
        for row in self.rows:
            name = text_width(words_font(), row[0]) + 8
            width = name + max(text_width(code_font(), row[1]), 8 * _DIGIT)
            if x and x + width > self.width():
                x, y = 0.0, y + ROW
            if y + ROW > self.height() + 2 or width > self.width():
                break
            found.append((row, QRectF(x, y, width, ROW), x + name))
            x += width + _FLOWING_GAP
        return found

    def tip_at(self, x: float, y: float) -> str:
        """Number and meaning of the row at a place; for the last row, also the rows that do not fit."""
        places = self.places()
        row = next((row for row, rect, _ in places if rect.contains(x, y)), None)
        if row is None:
            return ""
        hidden = self.rows[len(places) :] if row == places[-1][0] else ()
        return tooltip_html(row[2] or row[0], row[1], *(f"{name} {value}" for name, value, _ in hidden))

    def _show_tip(self, place: QPoint) -> None:
        rect = next((rect for _, rect, _ in self.places() if rect.contains(place.x(), place.y())), None)
        if rect is None:
            QToolTip.hideText()
        else:
            show_beside(self, rect.toRect(), self.tip_at(place.x(), place.y()), place.x())

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            self._show_tip(event.pos())
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        words, code, region = words_font(), code_font(), event.region()
        with QPainter(self) as painter:
            for (name, value, _), rect, left in self.places():
                if not region.intersects(rect.toRect()):
                    continue
                base = baseline(rect, words)
                if region.intersects(QRect(round(rect.left()), rect.toRect().top(), int(left - rect.left()), ROW)):
                    painter.setFont(words)
                    painter.setPen(look().color("text2"))
                    painter.drawText(QPointF(rect.left(), base), elided(words, name, left - rect.left() - 7))
                painter.setFont(code)
                painter.setPen(look().color("text"))
                painter.drawText(QPointF(left, base), elided(code, value, rect.right() - left + 1))


def spread_rows(page: LayerPage, layer: int) -> list[Row]:
    """The numbers beside the spread: mean, std, rms, theory, std across inputs, pinned. `layer` from 1."""
    numbers, units = page.network.tables["activation"].layer(layer - 1), page.network.units
    if not numbers.count:
        return []
    rows: list[Row] = [
        ("mean", digits(numbers.mean), "The mean of all values of the layer, for all inputs."),
        ("std", digits(numbers.std), "Their standard deviation, as torch.std computes it: divided by count - 1."),
        ("rms", digits(numbers.rms), "The root of the mean square; equals the std if the mean is 0."),
    ]
    theory = page.predicted_rms
    if theory is not None:
        rows.append(("rms, theory", digits(float(theory[layer - 1])), "By mean-field theory, for infinite width."))
    across = "The std over the inputs of each unit, root mean square over units: 0 if all inputs give the same output."
    rows.append(("std across inputs", digits(float(units.spread[layer - 1])), across))
    for number, pin in enumerate(page.pins[:2], start=1):
        if pin.curves is not None and layer <= len(pin.curves.rms):
            name = pin.name if len(page.pins) == 1 else f"pinned {number}"
            rows.append((f"rms, {name}", digits(float(pin.curves.rms[layer - 1])), f"Pinned: {pin.name}."))
    cosine = "The mean cosine between the activations of two different inputs: 1 if all point the same way."
    rows.append(("cosine of inputs", digits(float(units.cosine[layer - 1])), cosine))
    if page.band is not None:
        low, high = float(page.band.low.rms[layer - 1]), float(page.band.high.rms[layer - 1])
        rows.append(("seeds, rms", f"{digits(low)} to {digits(high)}", f"5 to 95 % over {page.band.done} seeds."))
    rows.append(("smallest, largest", f"{digits(numbers.minimum)}, {digits(numbers.maximum)}", "Of the finite values."))
    return rows


def gradient_rows(page: LayerPage, layer: int) -> list[Row]:
    """The numbers beside the gradients."""
    tables = page.network.tables
    gradient = tables["activation_gradient"].rms
    rows: list[Row] = []
    for name, kind in (("activations", "activation_gradient"), ("weights", "weight_gradient")):
        numbers = tables[kind].layer(layer - 1)
        meaning = f"rms of the loss's gradient by this layer's {name}."
        rows.append((name, digits(numbers.rms) if numbers.count else "none", meaning))
    biases = page.network.bias_gradients
    if biases is not None:
        value = digits(float(biases.rms[layer - 1]))
        rows.append(("biases", value, "rms of the loss's gradient by this layer's biases."))
    odd = [
        int(tables[kind].nans[layer - 1] + tables[kind].infs[layer - 1])
        for kind in ("activation_gradient", "weight_gradient")
    ]
    if any(odd):
        meaning = "How many gradients of activations and of weights are nan or inf; excluded from the other statistics."
        rows.append(("not finite", f"{odd[0]:,}, {odd[1]:,}", meaning))
    # The row before a watched layer's need not be what it was given; where there is theory, layers are a chain.
    if page.theory is not None and layer >= 2 and gradient[layer - 1] > 0:
        factor = float(gradient[layer - 2] / gradient[layer - 1])
        rows.append(("per layer, backward", f"×{digits(factor)}", "This step: the layer before divided by this layer."))
    theory = page.predicted_gradients
    if theory is not None:
        rows.append(("activations, theory", digits(float(theory[layer - 1])), "By mean-field theory."))
    for pin in page.pins[:1]:
        if pin.curves is not None and layer <= len(pin.curves.rms):
            curves, name = pin.curves, "pinned" if len(page.pins) == 1 else "pinned 1"
            rows.append((f"{name}, activations", digits(float(curves.activation_gradient[layer - 1])), pin.name))
            rows.append((f"{name}, weights", digits(float(curves.weight_gradient[layer - 1])), pin.name))
    if tables["weight"].count[layer - 1]:
        std = float(tables["weight"].std[layer - 1])
        rows.append(("weights' std", digits(std), "The std of the weights themselves."))
    return rows


def zero_rows(page: LayerPage, layer: int) -> list[Row]:
    """The numbers beside the zeros: exact and near zeros, dead, saturated, nan, inf, subnormal."""
    numbers, units = page.network.tables["activation"].layer(layer - 1), page.network.units
    if not numbers.count:
        return []
    count, dead, saturated = (float(of[layer - 1]) for of in (units.count, units.dead, units.saturated))
    near = "" if page.network.quick else percent(numbers.near_zero_fraction)
    subnormal = "" if page.network.quick else f"{numbers.subnormal_count:,}"
    rows: list[Row] = [
        ("exactly 0", percent(numbers.zero_fraction), "The share of the layer's values that are exactly 0."),
        ("dead units", f"{round(dead * count) if count else 0:,} of {count:,.0f}",
         "Units that are 0 for every input; channels are the units of images and convolutions."),
        ("nan, inf", f"{numbers.nan_count:,}, {numbers.inf_count:,}", "Excluded from the other statistics."),
        ("saturated", percent(saturated),
         "Values where the activation's slope is below 1 % of its maximum."),
        ("near 0, subnormal", f"{near}, {subnormal}",
         "Near 0: below a thousandth of the rms, but not 0. Subnormal: below the dtype's smallest normal number."),
    ]  # fmt: skip
    unknown = {"dead units": not count, "saturated": math.isnan(saturated)}
    return [row for row in rows if not unknown.get(row[0])]


ONE_LINE = ("rms", "activation grads", "exactly 0", "dead units", "nan, inf")
"""The rows that come first if all numbers share a line."""
_OF_GRADIENTS = {
    "activations": "activation grads",
    "weights": "weight grads",
    "biases": "bias grads",
}


def in_one_line(spread: list[Row], gradients: list[Row], zeros: list[Row]) -> list[Row]:
    """All rows, with names that are clear without the plots beside them, those of `ONE_LINE` first."""
    renamed = [(_OF_GRADIENTS.get(name, name), value, meaning) for name, value, meaning in gradients]
    rows = [*spread, *renamed, *zeros]
    first = [row for name in ONE_LINE for row in rows if row[0] == name]
    return first + [row for row in rows if row not in first]


DEPTH_SCALE = (
    "xi: the number of layers over which the difference between two inputs falls by e. -1 / ln chi1 if chi1 < 1, "
    "otherwise -1 / ln of the correlation map's slope at its fixed point."
)
GRADIENT_SCALE = "1 / |ln chi1|: the number of layers over which a squared gradient changes by e."


def theory_rows(page: NetworkPageResult) -> list[Row]:
    """The theory's results for infinitely many layers: q*, chi1, both scales, trainable depth and critical gain.

    Empty if the theory does not apply, for example to a narrow network.
    """
    theory = page.theory
    if theory.fixed_point is None or theory.prediction.narrow_from:
        return []
    point = theory.fixed_point
    rows: list[Row] = [
        ("q*", digits(point.q), "The variance to which the pre-activations of deep layers converge."),
        ("chi1", digits(point.chi1, 4), "The factor per layer on a squared gradient there; 1 is critical."),
        ("depth scale", digits(point.depth_scale), DEPTH_SCALE),
        ("gradient scale", digits(point.gradient_scale), GRADIENT_SCALE),
        ("trainable depth", digits(point.trainable_depth), "6 depth scales (Schoenholz et al. 2017)."),
    ]
    if math.isfinite(theory.critical_gain):
        rows.append(("critical gain", digits(theory.critical_gain, 4), "The gain at which chi1 is 1."))
    return rows


def percent(share: float) -> str:
    """`percent(0.5496) == "55 %"`, `percent(0.0002) == "0.02 %"`."""
    if not math.isfinite(share):
        return "nan"
    hundred = 100 * share
    return f"{hundred:.0f} %" if hundred >= 10 or hundred == 0 else f"{digits(hundred, 2)} %"


def layer_words(numbers: TensorStatistics) -> str:
    """`20,000 values, 55 % exactly 0`."""
    return f"{numbers.count:,} values, {percent(numbers.zero_fraction)} exactly 0"


class TheorySection(QWidget):
    """The title, then q*, chi1, xi, trainable depth and critical gain."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = TitleLine("Theory")
        self.numbers = LayerNumbers(0, "network.theory")
        self.reason = RunsLabel(role="text2")
        body = QVBoxLayout()
        body.setContentsMargins(16, 0, 16, 12)
        body.setSpacing(4)
        body.addWidget(self.numbers)
        body.addWidget(self.reason)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.title)
        column.addLayout(body)

    def show_theory(self, page: NetworkPageResult) -> None:
        """Show a result's theory."""
        rows = theory_rows(page)
        self.numbers.set_rows(rows)
        self.numbers.setFixedHeight(ROW * len(rows))
        self.numbers.setVisible(bool(rows))
        reason = page.theory.prediction.reason or page.theory.prediction.gradient_reason
        self.reason.set_content(reason[:1].upper() + reason[1:] + "." if reason else "")
        self.reason.setVisible(bool(reason))
