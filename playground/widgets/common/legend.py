"""The title line of a plot: its name, and the legend as one row at the right end."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from playground.widgets.common.look import code_font, look, words_font
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
        self._title = title
        self._entries: tuple[Entry, ...] = ()
        self._shows: object = None
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
        if title != self._title:
            self._title = title
            self.update()

    def set_entries(self, entries: Sequence[Entry], healthy: str = "") -> None:
        """Show these entries; `healthy` names the band of healthy values."""
        self._entries = tuple(entries)
        self._healthy = healthy
        names = [self._title, *(entry.name for entry in self._shown())]
        shows = names, [entry.sample() for entry in self._shown()], healthy
        if shows != self._shows:
            self._shows = shows
            self.setAccessibleName(", ".join(names))
            self.update()

    def say(self, words: str, role: str = "text2") -> None:
        """Show a sentence in place of the legend; "" brings the legend back."""
        if (words, role) != (self._words, self._role):
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
        items: list[tuple[Entry | None, str]] = [(entry, entry.name) for entry in self._shown()]
        if self._healthy:
            items.append((None, self._healthy))
        if not items:
            return
        font, sample, between = words_font(), _SAMPLE, _BETWEEN
        widths = [text_width(font, name) for _, name in items]
        room = rect.right() - left
        if sum(widths) + len(items) * (sample + _GAP + between) > room:
            sample, between = _SAMPLE - 6, _GAP + 3
        longest = _fitting(widths, room - len(items) * (sample + _GAP + between))
        x = rect.right()
        for (entry, name), width in zip(reversed(items), reversed(widths), strict=True):
            text = name if width <= longest else elided(font, name, longest)
            x -= text_width(font, text)
            if x - sample - _GAP < left - between:
                break
            painter.setPen(look().color("text2"))
            painter.drawText(QPointF(round(x), base), text)
            x -= _GAP + sample
            self._paint_sample(painter, entry, QRectF(round(x), rect.top(), sample, rect.height()))
            x -= between

    @staticmethod
    def _paint_sample(painter: QPainter, entry: Entry | None, place: QRectF) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if entry is None:
            box = QRectF(place.left(), place.center().y() - 5, place.width(), 10)
            painter.fillRect(box.toAlignedRect(), look().color("healthy"))
        else:
            entry.paint_sample(painter, place)
        painter.restore()


def _fitting(widths: Sequence[float], room: float) -> float:
    """The width beyond which names are cut, so that all fit: short ones stay whole while long ones shrink."""
    left, count = room, len(widths)
    for width in sorted(widths):
        if width * count > left:
            return max(24.0, left / count)
        left, count = left - width, count - 1
    return max(widths)


def paint_note(painter: QPainter, field: QRectF, words: str) -> None:
    """A few words in the lower right corner of a plot, on what its range leaves out."""
    font, ground = code_font(), look().color("panel")
    width = text_width(font, words) + 8
    box = QRect(round(field.right() - width), round(field.bottom() - 18), round(width), 17)
    ground.setAlphaF(0.85)
    painter.fillRect(box, ground)
    painter.setFont(font)
    painter.setPen(look().color("text2"))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)
