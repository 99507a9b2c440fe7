"""A small table of mixed type: hairlines between rows, one row lit under the pointer or the arrow keys."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from playground.widgets.common.look import look, words_font
from playground.widgets.common.painting import baseline, elided
from playground.widgets.common.runs import Run, layout_runs, paint_placed, plain, run_font, runs_width

ROW = 24
_LINE = 18
_GAP = 12

Cell = tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class TableRow:
    """The cells of a row, what is said below it in full width, and the key that the table's signals name it by."""

    cells: tuple[Cell, ...]
    key: Hashable = None
    note: Cell = ()
    marked: bool = False

    def words(self) -> str:
        """The row as a screen reader says it."""
        return ", ".join(plain(cell) for cell in (*self.cells, self.note) if cell)


def words_cell(text: str, role: str = "") -> Cell:
    """A cell of words."""
    return (Run(text, role=role),) if text else ()


def code_cell(text: str, role: str = "") -> Cell:
    """A cell of code."""
    return (Run(text, "code", role),) if text else ()


class RowTable(QWidget):
    """Rows of cells; columns take the width of their widest cell, the one numbered `stretch` what is left.

    A row's note stands below it, wrapped. `pointed(key)` follows pointer and arrow keys (None when they leave),
    `chosen(key)` comes with a click or Enter.
    """

    pointed = Signal(object)
    chosen = Signal(object)

    def __init__(self, name: str, stretch: int = -1, header: Sequence[str] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name, self._stretch, self._header = name, stretch, tuple(header)
        self._rows: tuple[TableRow, ...] = ()
        self._current = -1
        self._choosable = False
        self.setAccessibleName(name)
        self.setMouseTracking(True)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def set_choosable(self, choosable: bool) -> None:
        """Let rows be clicked and reached by the keyboard."""
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
        """What is shown."""
        return self._rows

    # Geometry

    def _columns(self) -> list[float]:
        count = max((len(row.cells) for row in self._rows), default=0)
        lines = [tuple((Run(title, role="text2"),) for title in self._header), *(row.cells for row in self._rows)]
        widths = [max(runs_width(cells[c]) if c < len(cells) else 0.0 for cells in lines) + _GAP for c in range(count)]
        if count:
            widths[-1] -= _GAP
        room = self.width() - sum(widths)
        stretch = self._stretch if self._stretch >= 0 else count - 1
        if count and room < 0:
            widths[stretch] = max(40.0, widths[stretch] + room)
        elif count and self._stretch >= 0:
            widths[stretch] += room
        return widths

    def _height_of(self, row: TableRow, width: float) -> float:
        note = layout_runs(row.note, width, _LINE)[1] + 4 if row.note else 0
        return ROW + note

    def _tops(self, width: float) -> list[float]:
        tops, y = [], 20.0 if self._header and self._rows else 0.0
        for row in self._rows:
            tops.append(y)
            y += self._height_of(row, width)
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

    # Hand and keys

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

    # Painting

    def paintEvent(self, _event: QPaintEvent) -> None:
        columns, tops = self._columns(), self._tops(self.width())
        with QPainter(self) as painter:
            if self._header and self._rows:
                cells = tuple((Run(title, role="text2"),) for title in self._header)
                self._paint_cells(painter, cells, columns, 0, 20)
            for number, row in enumerate(self._rows):
                self._paint_row(painter, row, columns, tops[number], number == self._current)

    def _paint_row(self, painter: QPainter, row: TableRow, columns: list[float], top: float, current: bool) -> None:
        height = self._height_of(row, self.width())
        area = QRectF(0, top, self.width(), height)
        if (current and self._choosable) or row.marked:
            painter.fillRect(area.adjusted(0, 1, 0, 0), look().color("selected" if row.marked else "hover"))
        painter.fillRect(QRectF(0, top, self.width(), 1), look().color("hairline"))
        self._paint_cells(painter, row.cells, columns, top, ROW)
        if row.note:
            placed, _ = layout_runs(row.note, self.width(), _LINE)
            paint_placed(painter, 0, top + ROW - 2, placed, "text2")

    def _paint_cells(
        self, painter: QPainter, cells: Sequence[Cell], columns: list[float], top: float, height: float
    ) -> None:
        x = 0.0
        for cell, width in zip(cells, columns, strict=False):
            line = QRectF(x, top, width, height)
            painter.save()
            if runs_width(cell) > width and len(cell) == 1:
                cut = elided(run_font(cell[0]), cell[0].text, width - _GAP / 2)
                cell = (replace(cell[0], text=cut),)  # noqa: PLW2901
            elif runs_width(cell) > width:
                painter.setClipRect(line)
            placed, _ = layout_runs(cell, 1e9, _LINE)
            base = baseline(line, words_font())
            paint_placed(painter, x, base - (placed[0].baseline if placed else 0), placed)
            painter.restore()
            x += width
