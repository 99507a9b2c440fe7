"""How an axis chip is painted: the frame with its bar, the grip, the badge and the size."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter

from playground.widgets.common.axis_badge import BADGE, badge_width, paint_axis_badge
from playground.widgets.common.look import code_font, look
from playground.widgets.common.painting import (
    RADIUS_CARD,
    baseline,
    paint_box,
    paint_left_bar,
    text_width,
)

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

    `size` is left out where a number box lies in its place. The states differ in fill and border, never in size.
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
    """Six dots that say: this can be dragged."""
    painter.save()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(look().color("text3"))
    for column in range(2):
        for row in range(3):
            painter.drawRect(QRectF(round(x) + 4 * column, round(y) - 5 + 4 * row, 2, 2))
    painter.restore()
