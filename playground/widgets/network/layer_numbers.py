"""Names and numbers beside a plot: right-hand column of the page, nothing moves when they change."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from playground.widgets.common.look import code_font, look, look_holder, words_font
from playground.widgets.common.painting import baseline, elided
from playground.widgets.common.tooltip import tooltip_html

ROW = 20
NAME_WIDTH = 136

Row = tuple[str, str, str]
"""Name, number, and what it means."""


class LayerNumbers(QWidget):
    """Rows of 20 px; the meaning of each is its tooltip. What does not fit into the height is left out, last first."""

    def __init__(self, top: int, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._top = top
        self.rows: tuple[Row, ...] = ()
        self.setObjectName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        look_holder().changed.connect(self.update)

    def set_rows(self, rows: Sequence[Row]) -> None:
        """Show these rows."""
        before, self.rows = self.rows, tuple(rows)
        if self.rows == before:
            return
        self.setAccessibleName(", ".join(f"{name} {value}" for name, value, _ in self.rows))
        if [row[0] for row in before] != [row[0] for row in self.rows]:
            self.update()
            return
        left = int(self._names_width())
        for index, (old, new) in enumerate(zip(before, self.rows, strict=True)):
            if old[1] != new[1]:
                self.update(left, self._top + index * ROW, self.width() - left, ROW)

    def _names_width(self) -> float:
        return min(NAME_WIDTH, self.width() * 0.52)

    def sizeHint(self) -> QSize:
        return QSize(280, self._top + ROW * len(self.rows))

    def minimumSizeHint(self) -> QSize:
        return QSize(150, 20)

    def row_at(self, y: float) -> Row | None:
        """The row below a height, or None."""
        index = int((y - self._top) // ROW)
        return self.rows[index] if 0 <= index < len(self.rows) else None

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            row = self.row_at(event.pos().y())
            QToolTip.showText(event.globalPos(), tooltip_html(row[2] or row[0], row[1]) if row else "", self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        words, code = words_font(), code_font()
        region, names = event.region(), self._names_width()
        with QPainter(self) as painter:
            for index, (name, value, _) in enumerate(self.rows):
                rect = QRectF(0, self._top + index * ROW, self.width(), ROW)
                if rect.bottom() > self.height() + 2:
                    return
                if not region.intersects(rect.toRect()):
                    continue
                base = baseline(rect, words)
                if region.intersects(QRect(0, rect.toRect().top(), int(names), ROW)):
                    painter.setFont(words)
                    painter.setPen(look().color("text2"))
                    painter.drawText(QPointF(0, base), elided(words, name, names - 8))
                painter.setFont(code)
                painter.setPen(look().color("text"))
                painter.drawText(QPointF(names, base), elided(code, value, self.width() - names))
