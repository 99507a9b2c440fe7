"""The pointed cell's value and its origin; below it, the statistics of the selected cells."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from playground.models.provenance.story import CellStory, StoryLine
from playground.widgets.look import code_font, look
from playground.widgets.painting import elided, paint_text, text_width

_LINE = 18
_GAP = 16
_FIRST_LINE = 16 + _LINE + 7 + 4
"""The bottom of the first line below the head."""
_WIDTH = 136


def _concluded_value(story: CellStory) -> str:
    """Repeat the value after the conclusion of several numbers."""
    return "" if len(story.lines) < 2 and not story.arithmetic else story.value


class CellReadout(QWidget):
    """`B[1,2] = 26`, the elements it was computed from with a rule below them, and the conclusion."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._story: CellStory | None = None
        self._numbers: tuple[str, ...] = ()
        self._placed_width = 0
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("The pointed cell")

    def set_story(self, story: CellStory | None) -> None:
        """Show the story of another cell."""
        if story != self._story:
            self._story = story
            self._describe()

    def set_numbers(self, numbers: tuple[str, ...]) -> None:
        """Show the statistics of the selected cells, one per line."""
        if numbers != self._numbers:
            self._numbers = numbers
            self._describe()

    def text(self) -> str:
        """All visible text."""
        lines = []
        if self._story is not None:
            lines.append(f"{self._story.head} = {self._story.value}")
            lines += [f"{line.label} {line.value}" for line in self._story.lines]
            if self._story.more:
                lines.append(f"and {self._story.more:,} more")
            if self._story.arithmetic:
                lines.append(self._story.arithmetic)
            if self._story.conclusion:
                lines.append(f"{self._story.conclusion} {self._story.value}")
        return "\n".join([*lines, *self._numbers])

    def _describe(self) -> None:
        self.setAccessibleDescription(self.text())
        self.setToolTip("")
        width = self.sizeHint().width()
        if width != self._placed_width:
            self._placed_width = width
            self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        widest = 0.0
        if self._story is not None:
            head = text_width(code_font(), f"{self._story.head} = {self._story.value}")
            widest = max(head, self._column(self._story), text_width(code_font(), self._story.arithmetic))
        widest = max([widest, *(text_width(code_font(), line) for line in self._numbers)])
        # Steps of 24 px, so that the grid beside it does not jitter while the pointer moves.
        width = max(_WIDTH, -(-int(widest + 2) // 24) * 24)
        return QSize(min(width, 264), 120)

    def minimumSizeHint(self) -> QSize:
        return QSize(96, 40)

    def paintEvent(self, _event: QPaintEvent) -> None:
        y = 16.0
        with QPainter(self) as painter:
            if self._story is not None:
                y = self._paint_story(painter, self._story, y) + 8
            for line in self._numbers:
                text = elided(code_font(), line, self.width())
                paint_text(painter, 0, y, text, code_font(), color=look().color("text2"))
                y += _LINE

    def _paint_story(self, painter: QPainter, story: CellStory, y: float) -> float:
        font, bold = code_font(), code_font(12, QFont.Weight.Medium)
        head = elided(bold, f"{story.head} = {story.value}", self.width())
        paint_text(painter, 0, y, head, bold, color=look().color("text"))
        y += _LINE + 7
        right = min(self.width(), self._column(story))
        lines, more = self.fitted_lines(story)
        for line in lines:
            self._paint_pair(painter, y, "" if line.label == line.value else line.label, line.value, right)
            y += _LINE
        if more:
            paint_text(painter, 0, y, f"and {more:,} more", font, color=look().color("text2"))
            y += _LINE
        if story.arithmetic:
            y = self._paint_arithmetic(painter, y, story.arithmetic, right)
        elif story.conclusion and (len(story.lines) > 1 or story.more):
            self._paint_rule(painter, y, right)
        if story.conclusion:
            self._paint_pair(painter, y, story.conclusion, _concluded_value(story), right)
            y += _LINE
        return y

    def fitted_lines(self, story: CellStory) -> tuple[tuple[StoryLine, ...], int]:
        """The first lines of a story that leave room for its conclusion, and how many are omitted."""
        below = bool(story.arithmetic) + bool(story.conclusion)
        room = int((self.height() - _FIRST_LINE) // _LINE) + 1 - below
        if len(story.lines) + bool(story.more) <= room:
            return story.lines, story.more
        shown = max(1, room - 1)
        return story.lines[:shown], story.more + len(story.lines) - shown

    def _paint_rule(self, painter: QPainter, y: float, right: float) -> None:
        painter.fillRect(0, round(y - 13), round(right), 1, look().color("field"))

    def _paint_arithmetic(self, painter: QPainter, y: float, text: str, right: float) -> float:
        """Paint the conclusion below a rule."""
        self._paint_rule(painter, y, right)
        paint_text(painter, 0, y, elided(code_font(), text, self.width()), code_font(), color=look().color("text"))
        return y + _LINE

    def _column(self, story: CellStory) -> float:
        widest = 96.0
        for line in story.lines:
            widest = max(widest, text_width(code_font(), line.label + line.value) + _GAP)
        return max(widest, text_width(code_font(), story.conclusion + _concluded_value(story)) + _GAP)

    def _paint_pair(self, painter: QPainter, y: float, label: str, value: str, right: float) -> None:
        font = code_font()
        width = text_width(font, value)
        shown = elided(font, label, max(20.0, right - width - 6))
        paint_text(painter, 0, y, shown, font, color=look().color("text2"))
        paint_text(painter, right - width, y, value, font, color=look().color("text2"))
