"""Badges: the square of an axis, the chip of a size, and a one-word verdict on an operation."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from playground.widgets.look import code_font, look, words_font
from playground.widgets.painting import RADIUS_BADGE, RADIUS_CARD, baseline, paint_box, paint_left_bar, text_width

BADGE = 16


def badge_width(text: str) -> int:
    """The width of a badge: 16 px, more for numbers of two digits."""
    return max(BADGE, round(text_width(_badge_font(), text)) + 6)


def paint_axis_badge(painter: QPainter, x: float, y: float, axis: int | None, text: str | None = None) -> float:
    """Paint the badge with its top-left corner at (x, y); returns its width.

    The colour is that of `axis` (its number, or a letter's place in order of appearance), the text its number unless
    given; None is the unknown axis, a grey `?`.
    """
    label = text if text is not None else "?" if axis is None else str(axis)
    rect = QRectF(round(x), round(y), badge_width(label), BADGE)
    if axis is None:
        paint_box(painter, rect, look().color("panel"), look().color("text3"), RADIUS_BADGE)
        color = look().color("text2")
    else:
        paint_box(painter, rect, look().axis_fill(axis), look().axis_line(axis), RADIUS_BADGE)
        color = look().axis_text(axis)
    font = _badge_font()
    painter.setFont(font)
    painter.setPen(color)
    left = rect.center().x() - text_width(font, label) / 2
    painter.drawText(QPointF(left, baseline(rect, font)), label)
    return rect.width()


def _badge_font() -> QFont:
    return code_font(12, QFont.Weight.Medium)


class AxisBadge(QWidget):
    """`AxisBadge(1)` is the orange 1, `AxisBadge(0, "i")` the blue i."""

    def __init__(self, axis: int | None, text: str | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set_axis(axis, text)

    def set_axis(self, axis: int | None, text: str | None = None) -> None:
        """Show another axis."""
        self._axis, self._text = axis, text
        label = text if text is not None else "?" if axis is None else str(axis)
        self._label = label
        self.setAccessibleName(f"index {label}" if label.isalpha() else f"axis {label}")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(badge_width(self._label), BADGE)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            paint_axis_badge(painter, 0, (self.height() - BADGE) / 2, self._axis, self._text)


CHIP_HEIGHT = 32
CHIP_WIDTH = 92
_BAR = 4
_GRIP = 10
_ARROWS = 17
_STATES = {
    "normal": ("raised", "edge"),
    "hover": ("raised", "accent"),
    "dragging": ("selected", "accent"),
}


def chip_width(axis: int, size: str) -> int:
    """The width of a chip: the same for all sizes of up to three digits, so that nothing moves while it is dragged."""
    extra = max(0, round(text_width(code_font(13), size) - text_width(code_font(13), "000")))
    return CHIP_WIDTH + extra + badge_width(str(axis)) - BADGE


def paint_axis_chip(
    painter: QPainter, rect: QRectF, axis: int, state: str = "normal", *, size: str = "", badge: str | None = None
) -> QRectF:
    """Paint a chip in one of its states ("normal", "hover" or "dragging"); returns where the arrows go.

    `size` is omitted if a number box takes its place. The states differ in fill and border, never in size.
    """
    fill, border = _STATES[state]
    paint_box(painter, rect, look().color(fill), None, RADIUS_CARD)
    paint_left_bar(painter, rect, look().axis_fill(axis), _BAR, RADIUS_CARD)
    paint_box(painter, rect, None, look().color(border), RADIUS_CARD)
    _paint_grip(painter, rect.left() + _GRIP, rect.center().y())
    badge_left = rect.left() + 23
    width = paint_axis_badge(painter, badge_left, rect.center().y() - BADGE / 2, axis, badge)
    arrows = QRectF(rect.right() - _ARROWS, rect.top() + 1, _ARROWS - 1, rect.height() - 2)
    painter.fillRect(QRectF(round(arrows.left()) - 1, arrows.top(), 1, arrows.height()), look().color("hairline"))
    if size:
        font = code_font(13)
        middle = (badge_left + width + arrows.left()) / 2
        painter.setFont(font)
        painter.setPen(look().color("text"))
        painter.drawText(QPointF(middle - text_width(font, size) / 2, baseline(rect, font)), size)
    return arrows


def _paint_grip(painter: QPainter, x: float, y: float) -> None:
    """Paint six dots that show that something can be dragged."""
    painter.save()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(look().color("text3"))
    for column in range(2):
        for row in range(3):
            painter.drawRect(QRectF(round(x) + 4 * column, round(y) - 5 + 4 * row, 2, 2))
    painter.restore()


VERDICT_HEIGHT = 16
_PADDING = 6


@dataclass(frozen=True, slots=True)
class VerdictStyle:
    """The colour roles of a kind of verdict; an empty role is not painted."""

    text: str
    fill: str = ""
    border: str = ""
    dashed: bool = False


VERDICTS: dict[str, VerdictStyle] = {
    "view": VerdictStyle("text2", border="field", dashed=True),
    "copy": VerdictStyle("warning", "warning_fill", "warning"),
    "new": VerdictStyle("text", "hover"),
    "same": VerdictStyle("text2"),
    "imported": VerdictStyle("text", "hover"),
    "too large": VerdictStyle("warning", "warning_fill", "warning"),
    "problem": VerdictStyle("error", "error_fill", "error"),
}
"""By kind: the values of `Step.kind`, and others that a card can show."""


def verdict_width(text: str) -> int:
    """The width of a verdict's badge in pixels."""
    return round(text_width(words_font(), text)) + 2 * _PADDING


def paint_verdict(
    painter: QPainter, x: float, y: float, kind: str, text: str = "", *, on_accent: bool = False
) -> float:
    """Paint a verdict with its top-left corner at (x, y); returns its width.

    The text is the kind's own unless given ("copy 48 B", "view of B"). On the accent colour of a chosen menu row,
    a verdict without a fill takes that row's text colour.
    """
    style = VERDICTS.get(kind, VERDICTS["new"])
    label = text or kind
    rect = QRectF(round(x), round(y), verdict_width(label), VERDICT_HEIGHT)
    plain = on_accent and not style.fill
    fill = look().color(style.fill) if style.fill else None
    border = look().color("accent_text" if plain else style.border) if style.border else None
    if fill is not None or border is not None:
        paint_box(painter, rect, fill, border, RADIUS_BADGE, dashed=style.dashed)
    font = words_font()
    painter.setFont(font)
    painter.setPen(look().color("accent_text" if plain else style.text))
    painter.drawText(QPointF(rect.left() + _PADDING, baseline(rect, font)), label)
    return rect.width()


class VerdictBadge(QWidget):
    """`VerdictBadge("copy", "copy 48 B")`; hidden if its kind is empty."""

    def __init__(self, kind: str = "", text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._kind, self._text = "", ""
        self.set_verdict(kind, text)

    @property
    def kind(self) -> str:
        """The kind shown."""
        return self._kind

    @property
    def text(self) -> str:
        """The text shown."""
        return self._text

    def set_verdict(self, kind: str, text: str = "") -> None:
        """Show another verdict; an empty kind hides the badge."""
        self._kind, self._text = kind, text or kind
        self.setAccessibleName(self._text)
        if self.parentWidget() is not None:
            self.setVisible(bool(kind))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(verdict_width(self._text), VERDICT_HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            paint_verdict(painter, 0, (self.height() - VERDICT_HEIGHT) / 2, self._kind, self._text)
