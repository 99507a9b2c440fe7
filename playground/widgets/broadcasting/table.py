"""The aligned table of a broadcast: one column per axis of the result, one row per operand, what happens below."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize
from PySide6.QtGui import QFont, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from playground.models.broadcasting.alignment import AxisCell, OperandRow
from playground.models.broadcasting.explain import BroadcastExplanation
from playground.widgets.controls.tooltip import show_beside, tooltip_html
from playground.widgets.look import STALE, code_font, look, words_font
from playground.widgets.painting import baseline, elided, paint_box, text_width
from playground.widgets.text.badges import BADGE, badge_width, paint_axis_badge

ROW = 24
LEAST_NAME, MOST_NAME = 56, 108
WORDY_COLUMN, NARROW_COLUMN = 68, 44
FOOT = 18
MOST_WORDY_RANK = 4
_ARROW = "→"


@dataclass(frozen=True, slots=True)
class CellWords:
    """The text of a table cell and its frame: "", "dashed" or "clash"."""

    text: str
    frame: str = ""


def cell_words(cell: AxisCell, size: int | None, is_stretched: bool) -> CellWords:
    """`1 → 4`, dashed, if the operand is stretched, `–` if it has no such axis, otherwise its size."""
    own = "–" if cell.size is None else str(cell.size)
    if cell.role == "clash":
        return CellWords(own, "clash")
    if is_stretched and size is not None:
        return CellWords(f"{own} {_ARROW} {size}", "dashed")
    return CellWords(own)


class BroadcastTable(QWidget):
    """Custom-painted; `describe` gives the same as text to assistive tools."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("broadcast.table")
        self.setAccessibleName("Broadcast, axis by axis")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._explanation: BroadcastExplanation | None = None
        self._dimmed = False

    @property
    def explanation(self) -> BroadcastExplanation | None:
        """What is shown."""
        return self._explanation

    def set_explanation(self, explanation: BroadcastExplanation | None) -> None:
        """Show another table."""
        self._explanation = explanation
        self._dimmed = False
        self.setAccessibleDescription(self.describe())
        self.updateGeometry()
        self.update()

    def dim(self, dimmed: bool) -> None:
        """Dim the table while a problem is shown above the last good one."""
        self._dimmed = dimmed
        self.update()

    def describe(self) -> str:
        """The table as sentences: "axis 1: A 4, v[:, None] 1 → 4, result 4, stretched"."""
        if self._explanation is None:
            return ""
        alignment = self._explanation.alignment
        lines = []
        for axis in range(alignment.rank):
            cells = [f"{row.name} {self._words(row, axis).text}" for row in alignment.rows]
            result = alignment.sizes[axis]
            said = f"result {result}" if result is not None else "no result"
            lines.append(f"axis {axis}: {', '.join(cells)}, {said}, {alignment.column_role(axis)}")
        return "; ".join(lines) or "no axes: every operand is a single number"

    def _words(self, row: OperandRow, axis: int) -> CellWords:
        assert self._explanation is not None
        size = self._explanation.alignment.sizes[axis]
        return cell_words(row.cells[axis], size, axis in row.stretched)

    def _widths(self) -> tuple[int, int]:
        """The widths of the name column and of each axis column."""
        if self._explanation is None:
            return LEAST_NAME, WORDY_COLUMN
        rows = self._explanation.rows
        names = max((text_width(_bold(), row.name) for row in rows), default=0)
        name = min(MOST_NAME, max(LEAST_NAME, round(names) + 16))
        texts = [self._words(row, axis).text for row in rows for axis in range(len(row.cells))]
        widest = max((text_width(code_font(), text) for text in texts), default=0)
        rank = self._explanation.alignment.rank
        least = NARROW_COLUMN if rank > MOST_WORDY_RANK else WORDY_COLUMN if rank < 3 else WORDY_COLUMN - 6
        return name, max(least, round(widest) + 20)

    def sizeHint(self) -> QSize:
        if self._explanation is None:
            return QSize(0, 0)
        alignment = self._explanation.alignment
        name, column = self._widths()
        wordy = alignment.rank <= MOST_WORDY_RANK
        return QSize(name + column * max(1, alignment.rank), ROW * (len(alignment.rows) + 2) + (FOOT if wordy else 1))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        if self._explanation is None:
            return
        alignment = self._explanation.alignment
        name, column = self._widths()
        with QPainter(self) as painter:
            if self._dimmed:
                painter.setOpacity(STALE)
            _paint_words(painter, QRectF(0, 0, name, ROW), "axis" if alignment.rank else "no axes", "text2")
            for axis in range(alignment.rank):
                x = name + axis * column + (column - badge_width(str(axis))) / 2
                paint_axis_badge(painter, x, (ROW - BADGE) / 2, axis)
            for place, row in enumerate(alignment.rows):
                self._paint_row(painter, row, (place + 1) * ROW, name, column)
            self._paint_result(painter, (len(alignment.rows) + 1) * ROW, name, column)

    def _paint_row(self, painter: QPainter, row: OperandRow, top: int, name: int, column: int) -> None:
        painter.fillRect(QRectF(0, top, self.width(), 1), look().color("hairline"))
        _paint_code(painter, QRectF(0, top, name - 8, ROW), row.name, code_font())
        for axis in range(len(row.cells)):
            words = self._words(row, axis)
            _paint_cell(painter, QRectF(name + axis * column, top, column, ROW), words)

    def _paint_result(self, painter: QPainter, top: int, name: int, column: int) -> None:
        assert self._explanation is not None
        alignment = self._explanation.alignment
        painter.fillRect(QRectF(0, top, self.width(), 1), look().color("field"))
        _paint_code(painter, QRectF(0, top, name - 8, ROW), "result", _bold())
        for axis, size in enumerate(alignment.sizes):
            rect = QRectF(name + axis * column, top, column, ROW)
            _paint_centred(painter, rect, "–" if size is None else str(size), _bold(), "text")
            if alignment.rank > MOST_WORDY_RANK:
                continue  # no room for words: the frames and the tooltips say it
            role = alignment.column_role(axis)
            below = rect.translated(0, ROW - 3)
            _paint_centred(painter, below, role, words_font(), "error" if role == "clash" else "text2")

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            words = self._tip_at(event.pos().x(), event.pos().y())
            if words:
                row = QRect(0, event.pos().y() // ROW * ROW, self.width(), ROW)
                show_beside(self, row, tooltip_html(words), event.pos().x())
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    def _tip_at(self, x: int, y: int) -> str:
        if self._explanation is None:
            return ""
        rows = self._explanation.rows
        name, column = self._widths()
        place, axis = y // ROW - 1, (x - name) // column
        if not 0 <= place < len(rows) or not 0 <= axis < self._explanation.alignment.rank:
            return ""
        return cell_tip(rows[place], axis, self._explanation.alignment.sizes[axis])


def cell_tip(row: OperandRow, axis: int, size: int | None) -> str:
    """A sentence that explains a cell."""
    cell = row.cells[axis]
    if cell.role == "clash":
        return f"Axis {cell.axis} of {row.name} is {cell.size}, another operand differs here and neither is 1."
    if cell.axis is None:
        counted = f"{row.name} has no axis here: it counts as 1"
        return f"{counted} and is stretched to {size}." if axis in row.stretched else f"{counted}."
    if axis in row.stretched:
        return f"Axis {cell.axis} of {row.name} is 1: it is stretched to {size}, with stride 0."
    return f"Axis {cell.axis} of {row.name} is {cell.size}."


def _bold() -> QFont:
    return code_font(12, QFont.Weight.Bold)


def _paint_words(painter: QPainter, rect: QRectF, text: str, role: str) -> None:
    painter.setFont(words_font())
    painter.setPen(look().color(role))
    painter.drawText(QPointF(rect.left(), baseline(rect, words_font())), text)


def _paint_code(painter: QPainter, rect: QRectF, text: str, font: QFont) -> None:
    painter.setFont(font)
    painter.setPen(look().color("text"))
    painter.drawText(QPointF(rect.left(), baseline(rect, font)), elided(font, text, rect.width()))


def _paint_centred(painter: QPainter, rect: QRectF, text: str, font: QFont, role: str) -> None:
    painter.setFont(font)
    painter.setPen(look().color(role))
    left = round(rect.center().x() - text_width(font, text) / 2)
    painter.drawText(QPointF(left, baseline(rect, font)), text)


def _paint_cell(painter: QPainter, rect: QRectF, words: CellWords) -> None:
    font = code_font()
    if words.frame:
        width = text_width(font, words.text) + 14
        box = QRectF(round(rect.center().x() - width / 2), rect.top() + 3, round(width), rect.height() - 5)
        if words.frame == "clash":
            paint_box(painter, box, look().color("error_fill"), look().color("error"))
        else:
            paint_box(painter, box, None, look().color("warning"), dashed=True)
    _paint_centred(painter, rect, words.text, font, "error" if words.frame == "clash" else "text")
