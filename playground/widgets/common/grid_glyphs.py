"""The marks of nan, inf, -inf, clipped and subnormal, in cells with digits and in small ones."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from playground.models.tensors.window import Glyph
from playground.widgets.common.look import code_font, look
from playground.widgets.common.painting import text_width

PADDING = 6
_TRIANGLE, _GAP = 8, 2


def paint_digit_glyph(painter: QPainter, cell: QRectF, glyph: Glyph, base: float, width: float) -> None:
    """The mark in a cell of digits; `base` is their baseline and `width` theirs in pixels."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if glyph == Glyph.NAN:
        _paint_nan(painter, cell, base)
    elif glyph in (Glyph.POSITIVE_INFINITY, Glyph.NEGATIVE_INFINITY):
        up = glyph == Glyph.POSITIVE_INFINITY
        painter.setFont(code_font())
        painter.setPen(look().color("panel"))
        word = "inf" if up else "-inf"
        left = cell.right() - PADDING - text_width(code_font(), word)
        painter.drawText(QPointF(left, base), word)
        # Where the word leaves no room for the triangle, the inverted cell and the word say it alone.
        margin = 6 if left - cell.left() >= 6 + _TRIANGLE + _GAP else 3
        if left - cell.left() >= margin + _TRIANGLE + _GAP:
            middle = cell.center().y()
            place = QRectF(cell.left() + margin, middle - 4, _TRIANGLE, 7)
            _paint_triangle(painter, place, up, look().color("panel"))
    elif glyph == Glyph.CLIPPED:
        _paint_corner(painter, cell, 10)
    elif glyph == Glyph.SUBNORMAL:
        pen = QPen(look().color("text"), 1)
        pen.setDashPattern([1, 2])
        painter.setPen(pen)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        y = round(base + 4)
        painter.drawLine(QPointF(cell.right() - PADDING - width, y), QPointF(cell.right() - PADDING, y))
    painter.restore()


def _paint_nan(painter: QPainter, cell: QRectF, base: float) -> None:
    red = look().color("error")
    inner = cell.adjusted(2, 2, -1, -1)
    painter.setPen(QPen(red, 1))
    painter.drawLine(inner.topLeft(), inner.bottomRight())
    painter.drawLine(inner.bottomLeft(), inner.topRight())
    width = text_width(code_font(), "nan")
    left = cell.center().x() - width / 2
    painter.fillRect(QRectF(left - 2, cell.center().y() - 8, width + 4, 16), look().color("panel"))
    painter.setFont(code_font())
    painter.drawText(QPointF(left, base), "nan")


def paint_small_glyph(painter: QPainter, cell: QRectF, glyph: Glyph) -> None:
    """The mark in a cell of 10 to 14 px without digits."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if glyph == Glyph.NAN:
        painter.fillRect(cell.adjusted(1, 1, 0, 0), look().color("panel"))
        painter.setPen(QPen(look().color("error"), 1.6))
        inner = cell.adjusted(3.5, 3.5, -2.5, -2.5)
        painter.drawLine(inner.topLeft(), inner.bottomRight())
        painter.drawLine(inner.bottomLeft(), inner.topRight())
    elif glyph in (Glyph.POSITIVE_INFINITY, Glyph.NEGATIVE_INFINITY):
        inner = cell.adjusted(3.5, 4.5, -2.5, -3.5)
        _paint_triangle(painter, inner, glyph == Glyph.POSITIVE_INFINITY, look().color("panel"))
    elif glyph == Glyph.CLIPPED:
        _paint_corner(painter, cell, cell.height() / 2)
    elif glyph == Glyph.SUBNORMAL:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look().color("text"))
        painter.drawEllipse(cell.center() + QPointF(0.5, 0.5), 1.2, 1.2)
    painter.restore()


def _paint_triangle(painter: QPainter, box: QRectF, up: bool, color: QColor) -> None:
    tip, foot = (box.top(), box.bottom()) if up else (box.bottom(), box.top())
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    painter.drawPolygon(
        QPolygonF([QPointF(box.left(), foot), QPointF(box.right(), foot), QPointF(box.center().x(), tip)])
    )


def _paint_corner(painter: QPainter, cell: QRectF, size: float) -> None:
    right, top = cell.right() + 0.5, cell.top() + 0.5
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(look().color("text"))
    painter.drawPolygon(QPolygonF([QPointF(right - size, top), QPointF(right, top), QPointF(right, top + size)]))
