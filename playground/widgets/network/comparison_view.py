"""The table of verdicts: the present network and the pinned ones, each with what differs and how it fares."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFont, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from playground.models.network.comparison import HEADS, MEANINGS, ComparisonRow, comparison
from playground.models.network.request import NetworkPageResult
from playground.widgets.common.look import code_font, look, look_holder, words_font
from playground.widgets.common.painting import baseline, elided, fill_background, paint_text, text_width
from playground.widgets.common.section import Hairline, TitleLine
from playground.widgets.common.tooltip import show_beside, tooltip_html

ROW = 28
EDGE = 16
MARK = 20
NUMBERS = 4
NARROWEST = 64
GAP = 20


class ComparisonRows(QWidget):
    """The rows; `taken(spec)` when one is clicked, or chosen by arrows and Enter."""

    taken = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: tuple[ComparisonRow, ...] = ()
        self._chosen = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(520, ROW * 2)
        look_holder().changed.connect(self.update)

    def show_rows(self, rows: tuple[ComparisonRow, ...]) -> None:
        """Show these rows, the present network first."""
        self.rows, self._chosen = rows, min(self._chosen, len(rows) - 1)
        self.setAccessibleName("; ".join(", ".join(row.cells) for row in rows))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(880, ROW * (len(self.rows) + 1))

    def row_at(self, y: float) -> int | None:
        """Which row lies at a pixel, None beside them."""
        place = int(y // ROW) - 1
        return place if 0 <= place < len(self.rows) else None

    def _columns(self) -> list[QRect]:
        """Where each column lies: numbers as wide as their heads, the rest for network and verdict."""
        widths = [max(NARROWEST, int(text_width(words_font(), head)) + 1) for head in HEADS[-NUMBERS:]]
        room = self.width() - 2 * EDGE - MARK - sum(widths) - (NUMBERS + 1) * GAP
        widths = [room * 2 // 5, room - room * 2 // 5, *widths]
        lefts = [EDGE + MARK]
        for width in widths[:-1]:
            lefts.append(lefts[-1] + width + GAP)
        return [QRect(left, 0, width, ROW) for left, width in zip(lefts, widths, strict=True)]

    def paintEvent(self, _event: QPaintEvent) -> None:
        words, code, present = words_font(), code_font(), look()
        columns = self._columns()
        with QPainter(self) as painter:
            for column, (box, head) in enumerate(zip(columns, HEADS, strict=True)):
                self._paint_cell(painter, box, head, words, "text2", right=column >= 2)
            for place, row in enumerate(self.rows):
                line = QRect(0, (place + 1) * ROW, self.width(), ROW)
                if place == self._chosen and self.hasFocus():
                    painter.fillRect(line, present.color("selected"))
                painter.fillRect(QRect(EDGE, line.top(), line.width() - 2 * EDGE, 1), present.color("hairline"))
                mark = QRect(EDGE, line.top(), MARK, ROW)
                self._paint_cell(painter, mark, row.mark, code, "text2")
                for column, (box, text) in enumerate(zip(columns, row.cells, strict=True)):
                    role = row.severity if column == 1 and row.severity != "good" else "text"
                    font = words_font(QFont.Weight.DemiBold) if place == 0 and column == 0 else words
                    cell = box.translated(0, line.top())
                    self._paint_cell(painter, cell, text, code if column >= 2 else font, role, right=column >= 2)

    def _paint_cell(
        self, painter: QPainter, box: QRect, text: str, font: QFont, role: str, *, right: bool = False
    ) -> None:
        shown = elided(font, text, box.width())
        left = box.right() + 1 - round(text_width(font, shown)) if right else box.left()
        paint_text(painter, left, baseline(box, font), shown, font, color=look().color(role))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self.row_at(event.position().y())
        if event.button() == Qt.MouseButton.LeftButton and place is not None:
            self._chosen = place
            self._take()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        if event.key() in moves:
            self._chosen = min(max(0, self._chosen + moves[Qt.Key(event.key())]), len(self.rows) - 1)
            self.update()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self.rows:
            self._take()
        else:
            super().keyPressEvent(event)

    def _take(self) -> None:
        self.update()
        self.taken.emit(self.rows[self._chosen].spec)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            place = self.row_at(event.pos().y())
            if place is not None:
                row = self.rows[place]
                words = tooltip_html(row.cells[0], row.verdict)
            else:
                boxes = enumerate(self._columns())
                words = next((MEANINGS[i] for i, box in boxes if box.left() <= event.pos().x() <= box.right()), "")
            line = QRect(0, event.pos().y() // ROW * ROW, self.width(), ROW)
            show_beside(self, line, words, event.pos().x())
            return True
        return super().event(event)


class ComparisonView(QWidget):
    """The window: `show_page(page)`, `taken(spec)`."""

    taken = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("network.comparison")
        self.setWindowTitle("Pinned networks")
        fill_background(self, "panel")
        self.rows = ComparisonRows()
        self.rows.setObjectName("network.comparison.rows")
        self.rows.taken.connect(self.taken)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 12)
        column.setSpacing(0)
        column.addWidget(TitleLine("Pinned networks"))
        column.addWidget(Hairline())
        column.addWidget(self.rows, 1)

    def sizeHint(self) -> QSize:
        return QSize(880, 41 + 12 + ROW * (max(4, len(self.rows.rows)) + 1))

    def show_page(self, page: NetworkPageResult) -> None:
        """Show the networks of a page."""
        self.rows.show_rows(comparison(page))
