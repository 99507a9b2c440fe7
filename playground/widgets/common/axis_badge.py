"""The coloured square with an axis number or an index letter in it."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from playground.widgets.common.look import code_font, look
from playground.widgets.common.painting import RADIUS_BADGE, baseline, paint_box, text_width

BADGE = 16


def badge_width(text: str) -> int:
    """The width of a badge: 16 px, more for numbers of two digits."""
    return max(BADGE, round(text_width(_badge_font(), text)) + 6)


def paint_axis_badge(painter: QPainter, x: float, y: float, axis: int | None, text: str | None = None) -> float:
    """Paint the badge with its top left corner at (x, y); returns its width.

    The colour is that of `axis` (its number, or a letter's place in the order of appearance), the text its number
    unless given; None is the unknown axis, `?` in grey.
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
