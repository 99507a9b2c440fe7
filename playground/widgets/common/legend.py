"""The title line of a plot: its name, and the legend as one row at the right end."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from playground.widgets.common.look import look, words_font
from playground.widgets.common.painting import baseline, elided, text_width
from playground.widgets.common.plot_items import Entry

HEIGHT = 24
_SAMPLE = 20
_GAP = 7
_BETWEEN = 20


class LegendLine(QWidget):
    """Title at the left, samples and names at the right; a sentence of what was just saved takes their place."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title, self._entries = title, ()
        self._words, self._role = "", "text2"
        self._healthy = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def title(self) -> str:
        """The name of the plot."""
        return self._title

    @property
    def words(self) -> str:
        """The sentence in place of the legend, or ""."""
        return self._words

    def set_title(self, title: str) -> None:
        """Show another name."""
        self._title = title
        self.update()

    def set_entries(self, entries: Sequence[Entry], healthy: str = "") -> None:
        """Show these entries; `healthy` names the band of healthy values."""
        self._entries: tuple[Entry, ...] = tuple(entries)
        self._healthy = healthy
        self.setAccessibleName(", ".join([self._title, *(entry.name for entry in self._shown())]))
        self.update()

    def say(self, words: str, role: str = "text2") -> None:
        """Show a sentence in place of the legend; "" brings the legend back."""
        self._words, self._role = words, role
        self.update()

    def _shown(self) -> list[Entry]:
        return [entry for entry in self._entries if entry.in_legend and entry.is_shown and entry.name]

    def sizeHint(self) -> QSize:
        return QSize(240, HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, HEIGHT)

    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            self.paint_line(painter, QRectF(self.rect()))

    def paint_line(self, painter: QPainter, rect: QRectF) -> None:
        """Paint the whole line into a rectangle, as a picture of the plot needs it too."""
        bold, font = words_font(QFont.Weight.DemiBold), words_font()
        base = baseline(rect, bold)
        painter.setFont(bold)
        painter.setPen(look().color("text"))
        painter.drawText(QPointF(rect.left(), base), self._title)
        left = rect.left() + text_width(bold, self._title) + 16
        painter.setFont(font)
        if self._words:
            text = elided(font, self._words, rect.right() - left)
            painter.setPen(look().color(self._role))
            painter.drawText(QPointF(rect.right() - text_width(font, text), base), text)
            return
        self._paint_entries(painter, rect, left, base)

    def _paint_entries(self, painter: QPainter, rect: QRectF, left: float, base: float) -> None:
        font = words_font()
        items: list[tuple[Entry | None, str]] = [(entry, entry.name) for entry in self._shown()]
        if self._healthy:
            items.append((None, self._healthy))
        between = _BETWEEN
        room = rect.right() - left - len(items) * (_SAMPLE + _GAP) - max(0, len(items) - 1) * between
        needed = sum(text_width(font, name) for _, name in items)
        share = min(1.0, room / needed) if needed > 0 else 1.0
        x = rect.right()
        for entry, name in reversed(items):
            text = name if share >= 1 else elided(font, name, text_width(font, name) * share)
            x -= text_width(font, text)
            if x - _SAMPLE - _GAP < left - 1:
                break
            painter.setPen(look().color("text2"))
            painter.drawText(QPointF(round(x), base), text)
            x -= _GAP + _SAMPLE
            sample = QRectF(round(x), rect.top(), _SAMPLE, rect.height())
            painter.save()
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            if entry is None:
                box = QRectF(sample.left(), sample.center().y() - 5, _SAMPLE, 10)
                painter.fillRect(box.toAlignedRect(), look().color("healthy"))
            else:
                entry.paint_sample(painter, sample)
            painter.restore()
            x -= between
