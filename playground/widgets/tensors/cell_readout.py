"""What the pointed cell is and how it came about; below it, the numbers of the selected cells."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from playground.models.tensors.cell_story import CellStory
from playground.widgets.common.look import code_font, look
from playground.widgets.common.painting import elided, paint_text, text_width

_LINE = 18
_GAP = 16
_WIDTH = 136


class CellReadout(QWidget):
    """`B[1,2] = 26`, the elements it was made of with a rule below them, and the conclusion."""

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
        """Show the statistics of the selected cells, a line each."""
        if numbers != self._numbers:
            self._numbers = numbers
            self._describe()

    def text(self) -> str:
        """All that is shown."""
        lines = []
        if self._story is not None:
            lines.append(f"{self._story.head} = {self._story.value}")
            lines += [f"{line.label} {line.value}" for line in self._story.lines]
            if self._story.more:
                lines.append(f"and {self._story.more:,} more")
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
            widest = text_width(code_font(), f"{self._story.head} = {self._story.value}")
            for line in self._story.lines:
                widest = max(widest, text_width(code_font(), line.label + line.value) + _GAP)
        widest = max([widest, *(text_width(code_font(), line) for line in self._numbers)])
        # Steps of 24 px, so that the grid beside it does not tremble while the pointer moves.
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
        for line in story.lines:
            self._paint_pair(painter, y, line.label, line.value, right)
            y += _LINE
        if story.more:
            paint_text(painter, 0, y, f"and {story.more:,} more", font, color=look().color("text2"))
            y += _LINE
        if story.conclusion and story.lines:
            if len(story.lines) > 1 or story.more:
                painter.fillRect(0, round(y - 13), round(right), 1, look().color("field"))
            self._paint_pair(painter, y, story.conclusion, "" if len(story.lines) == 1 else story.value, right)
            y += _LINE
        return y

    def _column(self, story: CellStory) -> float:
        widest = 96.0
        for line in story.lines:
            widest = max(widest, text_width(code_font(), line.label + line.value) + _GAP)
        return widest

    def _paint_pair(self, painter: QPainter, y: float, label: str, value: str, right: float) -> None:
        font = code_font()
        width = text_width(font, value)
        shown = elided(font, label, max(20.0, right - width - 6))
        paint_text(painter, 0, y, shown, font, color=look().color("text2"))
        paint_text(painter, right - width, y, value, font, color=look().color("text2"))
