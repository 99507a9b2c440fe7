"""The sum of products behind a result cell, in aligned columns, with each contribution drawn to scale."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QSizePolicy, QWidget

from playground.models.einsum.labels import Indexing
from playground.models.einsum.terms import CellSum
from playground.widgets.controls.buttons import IconButton
from playground.widgets.controls.tooltip import set_tooltip
from playground.widgets.einsum.sum_lines import (
    PLUS,
    Segment,
    TermColumn,
    TermsSpacing,
    cell_value_text,
    exactness,
    product_text,
    result_runs,
    segments_of,
    spoken,
    term_columns,
    terms_spacing,
)
from playground.widgets.look import STALE, code_font, look, look_holder, words_font
from playground.widgets.painting import elided, paint_text, text_width
from playground.widgets.text.runs import Run, cut_runs, paint_runs, runs_width

LINE = 18
BAR_TOP, BAR = 4, 8
HEIGHT = 3 * LINE + BAR_TOP + BAR + 2
VALUE_GAP = 16
LEAST_BAR = 40
BUTTON = 20
PAGES = 16


class TermsView(QWidget):
    """`stepped(upto)` when the user asks for the sum up to a term (None: all of it)."""

    stepped = Signal(object)
    resized = Signal()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.resized.emit()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("einsum.terms")
        self.setAccessibleName("the sum behind the cell")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        set_tooltip(
            self, "The sum behind the cell", "Left and Right move term by term, Page Up and Down further, Esc shows all"
        )
        self._indexing: Indexing | None = None
        self._sum: CellSum | None = None
        self._columns: tuple[TermColumn, ...] = ()
        self._segments: tuple[Segment, ...] = ()
        self._dtypes: tuple[str, ...] = ()
        self._dtype = ""
        self._note = ""
        self._dimmed = False
        self._back = IconButton("chevron-left", "One term fewer", parent=self)
        self._forward = IconButton("chevron-right", "One term more", parent=self)
        for button, name in ((self._back, "back"), (self._forward, "forward")):
            button.setObjectName(f"einsum.terms.{name}")
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.setFixedSize(BUTTON, BUTTON)
            button.hide()
        self._back.clicked.connect(self._on_back)
        self._forward.clicked.connect(self._on_forward)
        look_holder().changed.connect(self.update)

    @property
    def cell_sum(self) -> CellSum | None:
        """What is shown."""
        return self._sum

    def text(self) -> str:
        """The whole sum in one line."""
        if self._indexing is None or self._sum is None:
            return self._note
        return spoken(self._indexing, self._sum, self._dtypes, self._dtype)

    def capacity(self, indexing: Indexing, longest_number: int = 4) -> int:
        """Roughly how many terms fit side by side."""
        cells = sum(
            len(name) + 2 + sum(len(str(max(0, size - 1))) + 1 for size in shape)
            for name, shape in zip(indexing.names, indexing.shapes, strict=False)
        )
        numbers = len(indexing.shapes) * (longest_number + 1)
        column = max(cells, numbers) * text_width(code_font(), "0") + PLUS
        room = self.width() - self._left(indexing) - 80
        return max(2, int((room + PLUS) / column))

    def set_sum(self, indexing: Indexing, cell_sum: CellSum, dtypes: Sequence[str], dtype: str) -> None:
        """Show a sum; `dtypes` are those of the operands, `dtype` that of the result."""
        if self._sum is None or cell_sum.products is not self._sum.products or cell_sum.block > 1:
            self._segments = segments_of(cell_sum)  # the same products with fewer terms written out
        self._indexing, self._sum = indexing, cell_sum
        self._dtypes, self._dtype = tuple(dtypes), dtype
        self._columns = term_columns(indexing, cell_sum, dtypes)
        self._show_buttons()
        self.setAccessibleDescription(self.text())
        self.update()

    def set_note(self, note: str) -> None:
        """Show a message instead of a sum."""
        self._note, self._sum, self._columns = note, None, ()
        self._show_buttons()
        self.setAccessibleDescription(note)
        self.update()

    def overflows(self) -> bool:
        """True if the written sum is wider than the view."""
        if self._indexing is None or self._sum is None or not self._columns:
            return False
        return self.spacing(self._indexing, self._sum).plus < PLUS

    def spacing(self, indexing: Indexing, cell_sum: CellSum) -> TermsSpacing:
        """The spacing of the columns, leaving room for the value after them."""
        value = "" if cell_sum.value is None else f"= {cell_value_text(cell_sum.value, self._dtype)}"
        end = VALUE_GAP + text_width(code_font(12, code_font().Weight.Bold), value)
        room = self.width() - self._left(indexing) - 12 - end
        width = max(self._column_width(column) for column in self._columns)
        return terms_spacing(width, len(self._columns), cell_sum.hidden, room)

    def dim(self, dimmed: bool) -> None:
        """Dim the contents while a problem is shown above the last good result."""
        self._dimmed = dimmed
        self.update()

    def _show_buttons(self) -> None:
        steps = self._sum is not None and self._sum.can_step
        for button in (self._back, self._forward):
            button.setVisible(steps)
        if self._sum is not None:
            self._back.setEnabled(self._sum.upto != self._sum.block)
            self._forward.setEnabled(self._sum.upto is not None)
        self._back.move(0, LINE + 8)
        self._forward.move(BUTTON + 2, LINE + 8)

    # Stepping ------------------------------------------------------------------------------------------------------

    def _step_to(self, upto: int) -> None:
        if self._sum is not None and self._sum.can_step:
            upto = max(self._sum.block, upto)
            self.stepped.emit(None if upto >= self._sum.count else upto)

    def _present(self) -> int:
        assert self._sum is not None
        return self._sum.count if self._sum.upto is None else self._sum.upto

    @Slot()
    def _on_back(self) -> None:
        if self._sum is not None:
            self._step_to((self._present() - 1) // self._sum.block * self._sum.block)

    @Slot()
    def _on_forward(self) -> None:
        if self._sum is not None:
            self._step_to((self._present() // self._sum.block + 1) * self._sum.block)

    def _page(self, way: int) -> None:
        """Step forward or back by a sixteenth of the sum, in whole terms."""
        assert self._sum is not None
        block = self._sum.block
        steps = max(1, self._sum.count // block // PAGES)
        self._step_to((-(-self._present() // block) + way * steps) * block)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            QApplication.clipboard().setText(self.text())
        elif self._sum is None:
            super().keyPressEvent(event)
        elif event.key() == Qt.Key.Key_Left:
            self._on_back()
        elif event.key() == Qt.Key.Key_Right:
            self._on_forward()
        elif event.key() in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            self._page(1 if event.key() == Qt.Key.Key_PageDown else -1)
        elif event.key() == Qt.Key.Key_Home:
            self._step_to(1)
        elif event.key() in (Qt.Key.Key_End, Qt.Key.Key_Escape):
            self.stepped.emit(None)
        else:
            super().keyPressEvent(event)

    # Painting ------------------------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        return QSize(480, HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, HEIGHT)

    def _left(self, indexing: Indexing) -> float:
        """The left edge of the columns: after `C[1,2] =`."""
        longest = Run(indexing.result_name + "[" + ",".join(str(max(0, s - 1)) for s in indexing.output_shape) + "]")
        return max(56.0, text_width(code_font(12), longest.text)) + 16

    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            if self._dimmed:
                painter.setOpacity(STALE)
            if self._sum is None or self._indexing is None:
                paint_text(painter, 0, 13, self._note, words_font(), color=look().color("text2"))
                return
            self._paint_sum(painter, self._indexing, self._sum)

    def _paint_sum(self, painter: QPainter, indexing: Indexing, cell_sum: CellSum) -> None:
        font, base = code_font(), 13
        left = self._left(indexing)
        paint_runs(painter, 0, base, result_runs(indexing, cell_sum.index))
        paint_text(painter, left - 4, base, "=", font, color=look().color("text"))
        x = left + 12
        if not self._columns:
            paint_text(painter, x, base, "0, a sum of no terms", font, color=look().color("text"))
            return
        spacing = self.spacing(indexing, cell_sum)
        lines = 2 if len(indexing.shapes) == 1 else 3
        rows = tuple(base + line * LINE for line in range(lines))
        for number, column in enumerate(self._columns):
            if number:
                x = self._paint_plus(painter, x, rows, spacing)
            if cell_sum.hidden and number == cell_sum.head:
                x = paint_text(painter, x, base, spacing.gap, words_font(), color=look().color("text2"))
                x = self._paint_plus(painter, x, rows, spacing)
            self._paint_column(painter, x, spacing.column, rows, column)
            x += spacing.column
        for row in rows[1:]:
            paint_text(painter, left - 4, row, "=", font, color=look().color("text"))
        note = self._paint_value(painter, x + VALUE_GAP, rows[-1], cell_sum)
        self._paint_bar(painter, left + 12, base + 2 * LINE, cell_sum, note)

    def _column_width(self, column: TermColumn) -> float:
        texts = (column.numbers, column.product)
        return max(runs_width(column.cells), *(text_width(code_font(), text) for text in texts))

    def _paint_plus(self, painter: QPainter, x: float, rows: Sequence[int], spacing: TermsSpacing) -> float:
        for row in rows:
            paint_text(painter, x + spacing.sign_at, row, "+", code_font(), color=look().color("text2"))
        return x + spacing.plus

    def _paint_column(self, painter: QPainter, x: float, width: float, rows: Sequence[int], column: TermColumn) -> None:
        role, right = "text" if column.is_added else "text3", x + width
        cells = cut_runs(column.cells, width + 0.5)
        paint_runs(painter, right - runs_width(cells), rows[0], cells, role)
        texts = (elided(code_font(), one, width + 0.5) for one in (column.numbers, column.product))
        for row, text in zip(rows[1:], texts, strict=False):
            paint_text(painter, right - text_width(code_font(), text), row, text, code_font(), color=look().color(role))

    def _paint_value(self, painter: QPainter, x: float, base: float, cell_sum: CellSum) -> str:
        """Paint the value and, if there is room after it, the note; returns the note if there was no room."""
        if cell_sum.upto is not None and cell_sum.partial is not None:
            text = f"{product_text(cell_sum.partial)}"
            x = paint_text(painter, x, base, f"= {text}", code_font(12), color=look().color("accent"))
            note = f"{cell_sum.upto:,} of {cell_sum.count:,}"
        elif cell_sum.value is not None:
            value = f"= {cell_value_text(cell_sum.value, self._dtype)}"
            x = paint_text(painter, x, base, value, code_font(12, code_font().Weight.Bold), color=look().color("text"))
            note = exactness(cell_sum, self._dtype)
        else:
            return ""
        if text_width(words_font(), note) > self.width() - x - 12:
            return note
        paint_text(painter, x + 12, base, note, words_font(), color=look().color("text2"))
        return ""

    def _paint_bar(self, painter: QPainter, left: float, last: float, cell_sum: CellSum, note: str) -> None:
        """Paint each term's contribution to scale, negative ones in the heat map's other colour; then the note."""
        top, right = last + BAR_TOP + 5, float(self.width())
        if note:
            shown = elided(words_font(), note, right - left)
            right -= text_width(words_font(), shown)
            paint_text(painter, right, top + BAR, shown, words_font(), color=look().color("text2"))
            right -= 12
        if not self._segments or right - left < LEAST_BAR:
            return
        paint_text(painter, 0, top + BAR, "to scale", words_font(), color=look().color("text2"))
        x, room = left, right - left
        gap = 2 if len(self._segments) * 8 < room else 0
        positive, negative, edge = (look().color(role) for role in ("heat_positive", "heat_negative", "edge"))
        for segment in self._segments:
            width = segment.share * room
            rect = QRectF(QPointF(x, top), QPointF(max(x, x + width - gap), top + BAR))
            if cell_sum.upto is None or segment.number < cell_sum.upto:
                painter.fillRect(rect, negative if segment.is_negative else positive)
            elif width > 2:
                painter.setPen(edge)
                painter.drawRect(rect.adjusted(0, 0, -1, -1))
            x += width
