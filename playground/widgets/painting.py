"""Small helpers for custom painting: crisp boxes, squiggles, text on a baseline."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPalette, QPen, QPolygon, QPolygonF
from PySide6.QtWidgets import QWidget

from playground.widgets.look import look

RADIUS_BADGE = 3
RADIUS_CONTROL = 4
RADIUS_CARD = 6
_PALETTE_ROLES = {
    "window": QPalette.ColorRole.Window,
    "panel": QPalette.ColorRole.Base,
    "sunken": QPalette.ColorRole.AlternateBase,
    "raised": QPalette.ColorRole.Button,
}


def fill_background(widget: QWidget, role: str) -> None:
    """Fill a widget with "window", "panel", "sunken" or "raised", now and after each change of look."""
    widget.setBackgroundRole(_PALETTE_ROLES[role])
    widget.setAutoFillBackground(True)


def paint_lit(painter: QPainter, badge: QRectF) -> None:
    """Draw a frame around a highlighted badge."""
    paint_box(painter, badge.adjusted(-1.5, -1.5, 1.5, 1.5), None, look().color("accent"), RADIUS_CONTROL, width=2)


def paint_box(
    painter: QPainter,
    rect: QRect | QRectF,
    fill: QColor | None,
    border: QColor | None = None,
    radius: float = RADIUS_CONTROL,
    *,
    width: float = 1,
    dashed: bool = False,
) -> None:
    """Draw a box with its border inside `rect`, so that 1 px stays 1 px."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    inset = width / 2 if border is not None else 0
    pen = QPen(Qt.PenStyle.NoPen)
    if border is not None:
        pen = QPen(border, width)
        if dashed:
            pen.setDashPattern([3 / width, 2 / width])
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    painter.setPen(pen)
    painter.setBrush(fill if fill is not None else Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(QRectF(rect).adjusted(inset, inset, -inset, -inset), radius, radius)
    painter.restore()


def paint_left_bar(painter: QPainter, rect: QRectF, color: QColor, thickness: float, radius: float) -> None:
    """Draw a bar along the inner left edge of a rounded box, following its corners."""
    path = QPainterPath()
    path.addRoundedRect(rect, radius, radius)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setClipRect(QRectF(rect.left(), rect.top(), thickness, rect.height()))
    painter.fillPath(path, color)
    painter.restore()


def paint_squiggle(painter: QPainter, x: float, y: float, width: float, color: QColor) -> None:
    """Draw a wavy line, 3 px high, from (x, y) to the right."""
    steps = max(2, round(width / 2))
    points = QPolygonF([QPointF(x + width * i / steps, y + (2 if i % 2 else 0)) for i in range(steps + 1)])
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(color, 1.4))
    painter.drawPolyline(points)
    painter.restore()


def paint_arrows(painter: QPainter, up: QRect, down: QRect, up_role: str, down_role: str) -> None:
    """Draw a spin box's two small triangles, each in the middle of its half."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    x = up.center().x() + 1
    above, below = up.bottom() - 1, down.top() + 2
    painter.setBrush(look().color(up_role))
    painter.drawPolygon(QPolygon([QPoint(x - 4, above), QPoint(x + 4, above), QPoint(x, above - 4)]))
    painter.setBrush(look().color(down_role))
    painter.drawPolygon(QPolygon([QPoint(x - 4, below), QPoint(x + 4, below), QPoint(x, below + 4)]))
    painter.restore()


_advances: dict[tuple[str, int, int], dict[str, float]] = {}
_cap_heights: dict[tuple[str, int, int], float] = {}
_MOST_ADVANCES = 20_000


def forget_metrics() -> None:
    """Clear the measured widths after fonts were added."""
    _advances.clear()
    _cap_heights.clear()


def text_widths(font: QFont) -> Callable[[str], float]:
    """A function that returns a text's width in pixels in one font; faster than `text_width` for many texts."""
    known = _advances.setdefault((font.family(), font.pixelSize(), int(font.weight())), {})

    def width(text: str) -> float:
        found = known.get(text)
        if found is None:
            if len(known) >= _MOST_ADVANCES:
                known.clear()
            found = known[text] = QFontMetricsF(font).horizontalAdvance(text)
        return found

    return width


def text_width(font: QFont, text: str) -> float:
    """The width of a line of text in pixels; cached, because shaping a text costs more than painting a box."""
    return text_widths(font)(text)


def cap_height(font: QFont) -> float:
    """The height of a capital letter in pixels."""
    key = (font.family(), font.pixelSize(), int(font.weight()))
    if key not in _cap_heights:
        _cap_heights[key] = QFontMetricsF(font).capHeight()
    return _cap_heights[key]


def baseline(rect: QRect | QRectF, font: QFont) -> float:
    """The whole-pixel baseline that centres the capitals and digits of a font in `rect`."""
    return round(QRectF(rect).center().y() + cap_height(font) / 2)


def paint_text(painter: QPainter, x: float, y: float, text: str, font: QFont, *, color: QColor) -> float:
    """Draw a line of text with its baseline at `y`; returns the x after it."""
    painter.setFont(font)
    painter.setPen(color)
    painter.drawText(QPointF(x, y), text)
    return x + text_width(font, text)


def elided(font: QFont, text: str, width: float) -> str:
    """The text cut with an ellipsis to fit `width`."""
    if text_width(font, text) <= width:
        return text
    return QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, width)
