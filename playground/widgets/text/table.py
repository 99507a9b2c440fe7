"""A small table of mixed text: hairlines between rows, the row under the pointer or arrow keys highlighted."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from playground.widgets.controls.tooltip import show_beside, tooltip_html
from playground.widgets.look import look, words_font
from playground.widgets.painting import baseline
from playground.widgets.text.runs import Run, cut_runs, layout_runs, paint_placed, plain, runs_width

ROW = 24
LEAST = 84.0
_LINE = 18
_GAP = 12

Cell = tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class TableRow:
    """The cells of a row, the full-width note below it, its key in the table's signals, and its tooltip."""

    cells: tuple[Cell, ...]
    key: Hashable = None
    note: Cell = ()
    tip: str = ""

    def words(self) -> str:
        """The row as a screen reader reads it."""
        return ", ".join(plain(cell) for cell in (*self.cells, self.note) if cell)


def words_cell(text: str, role: str = "") -> Cell:
    """A cell of words."""
    return (Run(text, role=role),) if text else ()


def code_cell(text: str, role: str = "") -> Cell:
    """A cell of code."""
    return (Run(text, "code", role),) if text else ()


class RowTable(QWidget):
    """Rows of cells; each column is as wide as its widest cell, and column `stretch` takes the rest.

    If they do not fit side by side, the first and last cell move above the others. A row's note is below it, wrapped.
    `pointed(key)` follows pointer and arrow keys (None when they leave); `chosen(key)` is emitted on a click or Enter.
    """

    pointed = Signal(object)
    chosen = Signal(object)

    def __init__(
        self,
        name: str,
        stretch: int = -1,
        header: Sequence[str] = (),
        least: float = LEAST,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._stretch, self._header, self._least = stretch, tuple(header), least
        self._rows: tuple[TableRow, ...] = ()
        self._current = -1
        self._choosable = False
        self.setAccessibleName(name)
        self.setMouseTracking(True)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def set_choosable(self, choosable: bool) -> None:
        """Make rows clickable and reachable by keyboard."""
        self._choosable = choosable
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if choosable else Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor if choosable else Qt.CursorShape.ArrowCursor)

    def set_rows(self, rows: Sequence[TableRow]) -> None:
        """Show other rows."""
        if tuple(rows) == self._rows:
            return
        self._rows = tuple(rows)
        self._current = min(self._current, len(self._rows) - 1)
        self.setAccessibleDescription("; ".join(row.words() for row in self._rows))
        self.updateGeometry()
        self.update()

    @property
    def rows(self) -> tuple[TableRow, ...]:
        """The rows shown."""
        return self._rows

    # Geometry

    def _widths(self) -> list[float]:
        count = max((len(row.cells) for row in self._rows), default=0)
        lines = [tuple((Run(title, role="text2"),) for title in self._header), *(row.cells for row in self._rows)]
        widths = [max(runs_width(cells[c]) if c < len(cells) else 0.0 for cells in lines) + _GAP for c in range(count)]
        if count:
            widths[-1] -= _GAP
        return widths

    def _is_tall(self, width: float) -> bool:
        """True if the first and last cells need a separate line."""
        widths = self._widths()
        stretch = widths[self._stretch] if 0 <= self._stretch < len(widths) else 0.0
        return len(widths) > 3 and sum(widths) - max(0.0, stretch - self._least) > width

    def _columns(self) -> list[float]:
        widths = self._widths()
        if not widths:
            return []
        room = self.width() - sum(widths)
        stretch = self._stretch if self._stretch >= 0 else len(widths) - 1
        if room < 0:
            widths[stretch] = max(40.0, widths[stretch] + room)
        elif self._stretch >= 0:
            widths[stretch] += room
        return widths

    def _height_of(self, row: TableRow, width: float, tall: bool) -> float:
        note = layout_runs(row.note, width, _LINE)[1] + 4 if row.note else 0
        return ROW + note + (_LINE * len(_middle_lines(row, width)) if tall else 0)

    def _tops(self, width: float) -> list[float]:
        tall = self._is_tall(width)
        tops, y = [], 20.0 if self._header and self._rows and not tall else 0.0
        for row in self._rows:
            tops.append(y)
            y += self._height_of(row, width, tall)
        return [*tops, y]

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return round(self._tops(width)[-1]) + 1 if self._rows else 0

    def sizeHint(self) -> QSize:
        return QSize(320, self.heightForWidth(320))

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 0)

    def row_at(self, y: float) -> int:
        """The number of the row at a height, -1 outside."""
        tops = self._tops(self.width())
        return next((r for r in range(len(self._rows)) if tops[r] <= y < tops[r + 1]), -1)

    def row_rect(self, row: int) -> QRect:
        """The rectangle of a row."""
        top, bottom = self._tops(self.width())[row : row + 2]
        return QRect(0, int(top), self.width(), int(bottom - top))

    # Mouse and keys

    def _point(self, row: int) -> None:
        if row != self._current:
            self._current = row
            self.update()
            self.pointed.emit(self._rows[row].key if row >= 0 else None)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point(self.row_at(event.position().y()))

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._point(-1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        row = self.row_at(event.position().y())
        if self._choosable and row >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self._point(row)
            self.chosen.emit(self._rows[row].key)
        else:
            super().mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
        if step and self._rows:
            self._point(max(0, min(len(self._rows) - 1, self._current + step)))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._current >= 0:
            self.chosen.emit(self._rows[self._current].key)
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._point(-1)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            row = self.row_at(event.pos().y())
            tip = self._rows[row].tip if row >= 0 else ""
            if tip:
                show_beside(self, self.row_rect(row), tooltip_html(tip), event.pos().x())
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    # Painting

    def paintEvent(self, _event: QPaintEvent) -> None:
        columns, tops, tall = self._columns(), self._tops(self.width()), self._is_tall(self.width())
        with QPainter(self) as painter:
            if self._header and self._rows and not tall:
                cells = tuple((Run(title, role="text2"),) for title in self._header)
                _paint_cells(painter, cells, columns, 0, 20)
            for number, row in enumerate(self._rows):
                area = QRectF(0, tops[number], self.width(), tops[number + 1] - tops[number])
                if number == self._current and self._choosable:
                    painter.fillRect(area, look().color("hover"))
                painter.fillRect(QRectF(0, area.top(), area.width(), 1), look().color("hairline"))
                if tall:
                    self._paint_tall(painter, row, area)
                else:
                    _paint_cells(painter, row.cells, columns, area.top(), ROW)
                if row.note:
                    placed, height = layout_runs(row.note, self.width(), _LINE)
                    paint_placed(painter, 0, area.bottom() - height - 3, placed, "text2")

    def _paint_tall(self, painter: QPainter, row: TableRow, area: QRectF) -> None:
        last = runs_width(row.cells[-1])
        room = area.width() - last - _GAP
        _paint_cells(painter, (row.cells[0], row.cells[-1]), [room + _GAP, last], area.top(), ROW)
        for line, cells in enumerate(_middle_lines(row, area.width()), 1):
            widths = [min(runs_width(cell) + _GAP, area.width()) for cell in cells]
            _paint_cells(painter, cells, widths, area.top() + line * _LINE, ROW)


def _middle_lines(row: TableRow, width: float) -> list[tuple[Cell, ...]]:
    """Lay out the cells between first and last, as many per line as fit: many axes need two lines."""
    lines: list[tuple[Cell, ...]] = []
    for cell in row.cells[1:-1]:
        if lines and sum(runs_width(one) + _GAP for one in lines[-1]) + runs_width(cell) <= width:
            lines[-1] = (*lines[-1], cell)
        else:
            lines.append((cell,))
    return lines


def _paint_cells(painter: QPainter, cells: Sequence[Cell], columns: Sequence[float], top: float, height: float) -> None:
    x = 0.0
    for cell, width in zip(cells, columns, strict=False):
        shown = cell if runs_width(cell) <= width else cut_runs(cell, max(width - _GAP / 2, 0.0))
        placed, _ = layout_runs(shown, 1e9, _LINE)
        base = baseline(QRectF(x, top, width, height), words_font())
        paint_placed(painter, x, base - (placed[0].baseline if placed else 0), placed)
        x += width
