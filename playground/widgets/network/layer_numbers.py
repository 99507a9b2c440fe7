"""Names and numbers beside a plot: right-hand column of the page, nothing moves when they change."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from playground.widgets.common.look import code_font, look, look_holder, words_font
from playground.widgets.common.painting import baseline, elided, text_width
from playground.widgets.common.tooltip import show_beside, tooltip_html

ROW = 20
NAME_WIDTH = 136
_VALUE = 72
"""Kept free for the number; a longer one takes from its name."""

_FLOWING_GAP = 16
_DIGIT = 7.2
"""The width of a character of a number."""

Row = tuple[str, str, str]
"""Name, number, and what it means."""


class LayerNumbers(QWidget):
    """Rows of 20 px, or `flowing` side by side in lines of 20 px; the meaning of each is its tooltip.

    What finds no room is left out whole, last first, and told in the tooltip of the last one.
    """

    def __init__(self, top: int, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._top, self._flowing = top, False
        self.rows: tuple[Row, ...] = ()
        self.setObjectName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        look_holder().changed.connect(self.update)

    def set_flowing(self, flowing: bool) -> None:
        """Set the numbers side by side below a plot, or below each other beside it."""
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
        """Whether a number takes from the room of its name."""
        return len(value) * _DIGIT > self.width() - self._names_width()

    def sizeHint(self) -> QSize:
        return QSize(280, self._top + ROW * len(self.rows))

    def minimumSizeHint(self) -> QSize:
        return QSize(150, 20)

    def places(self) -> list[tuple[Row, QRectF, float]]:
        """Each row that has room, its rectangle, and where its number begins in it."""
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
        """Number and meaning of the row at a place; at the last one, also those that find no room."""
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
