"""A plot's title line: its name, and the legend as one row at the right end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from playground.widgets.controls.tooltip import place_beside, tooltip_html
from playground.widgets.look import look, words_font
from playground.widgets.painting import baseline, elided, text_width
from playground.widgets.plot.curve import Entry

HEIGHT = 24
SECOND = 18
"""The extra height of a second legend line."""

_GAP = 7
_HIDDEN_OPACITY = 0.5


@dataclass(frozen=True)
class PlacedEntry:
    """One legend entry at its place."""

    entry: Entry
    text: str
    sample: QRectF
    x: float
    line: int

    def box(self) -> QRectF:
        """The rectangle of sample and name."""
        wide = self.x + text_width(words_font(), self.text) - self.sample.left()
        return QRectF(self.sample.left() - 4, SECOND * self.line, wide + 8, HEIGHT)


@dataclass(frozen=True)
class LegendPlan:
    """The contents of the title line: the title, the entries that fit, and the names of those omitted."""

    title: str
    placed: tuple[PlacedEntry, ...] = ()
    lines: int = 1
    left_out: tuple[str, ...] = ()


class LegendLine(QWidget):
    """The title on the left, samples and names on the right; a message about an export temporarily replaces them.

    With little room, names are shortened; then the entries move to a separate line if the plot is high enough,
    otherwise the title is shortened; entries that still do not fit are omitted and listed in the tooltip.
    `clicked(entry)` asks to hide or show the item of an entry.
    """

    clicked = Signal(object)

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = self._short_title = title
        self._entries: tuple[Entry, ...] = ()
        self._shows: object = None
        self._words, self._role = "", "text2"
        self._may_wrap = False
        self._plan: tuple[object, LegendPlan] | None = None
        self._lines = 1
        self.setMouseTracking(True)
        place_beside(self)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def title(self) -> str:
        """The name of the plot."""
        return self._title

    @property
    def words(self) -> str:
        """The message shown instead of the legend, or ""."""
        return self._words

    @property
    def line_height(self) -> int:
        """The height that title and legend need."""
        return HEIGHT + SECOND * (self._lines - 1)

    def set_title(self, title: str, short: str = "") -> None:
        """Set the name, and a short one for when there is little room."""
        if (title, short or title) != (self._title, self._short_title):
            self._title, self._short_title = title, short or title
            self._on_changed()

    def set_entries(self, entries: Sequence[Entry]) -> None:
        """Show these entries, the band of healthy values last."""
        self._entries = tuple(sorted(entries, key=lambda entry: entry.key == "healthy"))
        names = [self._title, *(entry.name for entry in self.listed())]
        shows = names, [(entry.short_name, entry.sample()) for entry in self.listed()]
        if shows != self._shows:
            self._shows = shows
            self.setAccessibleName(", ".join(names))
            self._on_changed()

    def set_may_wrap(self, may_wrap: bool) -> None:
        """Allow a second line, if the plot below keeps its height."""
        if may_wrap != self._may_wrap:
            self._may_wrap = may_wrap
            self._on_changed()

    def say(self, words: str, role: str = "text2") -> None:
        """Show a message instead of the legend; "" restores the legend."""
        if (words, role) != (self._words, self._role):
            self._words, self._role = words, role
            self.update()

    def listed(self) -> list[Entry]:
        """The entries with a name here and something to show, hidden or not."""
        return [entry for entry in self._entries if entry.in_legend and entry.is_shown and entry.name]

    def _on_changed(self) -> None:
        plan = self.plan(self.width())
        if plan.lines != self._lines:
            self._lines = plan.lines
            self.updateGeometry()
        self._tell(None)
        self.update()

    def plan(self, width: float) -> LegendPlan:
        """The layout of a line of this width; cached until the content changes."""
        key = (width, self._shows, self._title, self._short_title, self._may_wrap)
        if self._plan is None or self._plan[0] != key:
            items = [(entry, entry.name, entry.short_name or entry.name) for entry in self.listed()]
            self._plan = key, _planned((self._title, self._short_title), items, width, self._may_wrap)
        return self._plan[1]

    def sizeHint(self) -> QSize:
        return QSize(240, self.line_height)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.line_height)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._on_changed()

    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            self.paint_line(painter, QRectF(self.rect()))

    def paint_line(self, painter: QPainter, rect: QRectF) -> None:
        """Paint the whole line into a rectangle, also for pictures of the plot."""
        bold, font, plan = words_font(QFont.Weight.DemiBold), words_font(), self.plan(rect.width())
        base = baseline(QRectF(rect.left(), rect.top(), rect.width(), HEIGHT), bold)
        painter.setFont(bold)
        painter.setPen(look().color("text"))
        painter.drawText(QPointF(rect.left(), base), plan.title)
        left = rect.left() + text_width(bold, plan.title) + 16
        painter.setFont(font)
        if self._words:
            text = elided(font, self._words, rect.right() - left)
            painter.setPen(look().color(self._role))
            painter.drawText(QPointF(rect.right() - text_width(font, text), base), text)
            return
        struck = words_font()
        struck.setStrikeOut(True)
        for item in plan.placed:
            down, hidden = SECOND * item.line, item.entry.is_hidden
            painter.save()
            painter.setOpacity(_HIDDEN_OPACITY if hidden else 1.0)
            painter.setFont(struck if hidden else font)
            painter.setPen(look().color("text2"))
            painter.drawText(QPointF(rect.left() + item.x, base + down), item.text)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            item.entry.paint_sample(painter, item.sample.translated(rect.left(), rect.top() + down))
            painter.restore()

    # Mouse

    def item_at(self, place: QPointF) -> PlacedEntry | None:
        """The entry at a place of the line."""
        if self._words:
            return None
        return next((item for item in self.plan(self.width()).placed if item.box().contains(place)), None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        item = self.item_at(event.position())
        if item is not None and event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit(item.entry)
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        item = self.item_at(event.position())
        self.setCursor(Qt.CursorShape.PointingHandCursor if item is not None else Qt.CursorShape.ArrowCursor)
        self._tell(item)
        super().mouseMoveEvent(event)

    def _tell(self, item: PlacedEntry | None) -> None:
        """Show what a click on an entry does; elsewhere, the entries that did not fit."""
        left_out = ", ".join(self.plan(self.width()).left_out)
        words = f"Also drawn: {left_out}" if left_out else ""
        tip = tooltip_html(words if item is None else f"Hide or show {item.entry.name}") if item or words else ""
        if tip != self.toolTip():
            self.setToolTip(tip)


def _planned(
    titles: tuple[str, str], items: Sequence[tuple[Entry, str, str]], width: float, may_wrap: bool
) -> LegendPlan:
    """The first layout that fits: tight, short names, a second line, a short title; else drop the last entries."""
    long, short = [name for _, name, _ in items], [name for _, _, name in items]
    entries = [entry for entry, _, _ in items]
    for names, roomy in ((long, True), (long, False), (short, False)):
        if _needed(names, roomy) <= width - _title_room(titles[0]):
            return LegendPlan(titles[0], _in_line(entries, names, width, roomy, 0))
    title = titles[0] if _title_room(titles[0]) - 16 <= width else titles[1]
    if may_wrap:
        for names in (long, short):
            if _needed(names, False) <= width:
                return LegendPlan(title, _in_line(entries, names, width, False, 1), 2)
    elif _needed(short, False) <= width - _title_room(titles[1]):
        return LegendPlan(titles[1], _in_line(entries, short, width, False, 0))
    line, room = (1, width) if may_wrap else (0, width - _title_room(titles[1]))
    count = len(short)
    while count and _needed(short[:count], False) > room:
        count -= 1
    placed = _in_line(entries[:count], short[:count], width, False, line)
    return LegendPlan(title if line else titles[1], placed, 1 + line * bool(count), tuple(long[count:]))


def _title_room(title: str) -> float:
    return text_width(words_font(QFont.Weight.DemiBold), title) + 16 if title else 0.0


def _spaces(roomy: bool) -> tuple[int, int]:
    """The width of a sample, and the gap between entries."""
    return (20, 20) if roomy else (14, 10)


def _needed(names: Sequence[str], roomy: bool) -> float:
    sample, between = _spaces(roomy)
    widths = sum(text_width(words_font(), name) for name in names)
    return widths + len(names) * (sample + _GAP + between) - between


def _in_line(
    entries: Sequence[Entry], names: Sequence[str], width: float, roomy: bool, line: int
) -> tuple[PlacedEntry, ...]:
    """The entries right-aligned in one line."""
    (sample, between), placed, x = _spaces(roomy), [], width
    for entry, name in zip(reversed(entries), reversed(names), strict=True):
        x -= text_width(words_font(), name)
        text_x, left = float(round(x)), float(round(x - _GAP - sample))
        placed.append(PlacedEntry(entry, name, QRectF(left, 0, sample, HEIGHT), text_x, line))
        x -= _GAP + sample + between
    return tuple(reversed(placed))
