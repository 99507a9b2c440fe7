"""The pinned networks and the table of their verdicts: what differs and how each performs; a click restores one."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QFont, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from playground.models.network.page import HEADS, MEANINGS, ComparisonRow, comparison
from playground.models.network.pinned import PinnedResult, setting_name
from playground.models.network.request import NetworkPageResult
from playground.models.network.spec.spec import NetworkSpec
from playground.widgets.controls.buttons import Button, IconButton
from playground.widgets.controls.section import Hairline, TitleLine
from playground.widgets.controls.tool_window import open_window
from playground.widgets.controls.tooltip import set_tooltip, show_beside, tooltip_html
from playground.widgets.look import code_font, look, look_holder, words_font
from playground.widgets.network.plots.ghosts import TAG, paint_number
from playground.widgets.painting import baseline, elided, fill_background, paint_text, text_width
from playground.widgets.plot.segments import line_pen

ROW = 28
EDGE = 16
MARK = 20
NUMBERS = 4
NARROWEST = 64
GAP = 20


class ComparisonRows(QWidget):
    """The rows; `taken(spec)` when one is clicked, or chosen with arrows and Enter."""

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
        """Show these rows, the current network first."""
        self.rows, self._chosen = rows, min(self._chosen, len(rows) - 1)
        self.setAccessibleName("; ".join(", ".join(row.cells) for row in rows))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(880, ROW * (len(self.rows) + 1))

    def row_at(self, y: float) -> int | None:
        """The row at a pixel; None outside the rows."""
        place = int(y // ROW) - 1
        return place if 0 <= place < len(self.rows) else None

    def _columns(self) -> list[QRect]:
        """The columns' positions: numbers as wide as their headers, the rest for network and verdict."""
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


_SAMPLE = 20


class PinRow(QWidget):
    """A row with a ghost's line style, its name and, after a run, the start of its verdict; a click restores it."""

    taken = Signal(object)
    removed = Signal(object)

    def __init__(self, spec: NetworkSpec, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.spec, self.name, self.verdict, self.severity = spec, name, "", "good"
        self.number = 0
        """The number of its ghost in the plots, 0 if it is the only one."""
        self._cross = IconButton("x", f"Remove the pin {name}")
        self._cross.clicked.connect(self._on_cross)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addStretch(1)
        row.addWidget(self._cross, 0, Qt.AlignmentFlag.AlignTop)
        self.setFixedHeight(42)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_result(self, result: PinnedResult) -> None:
        """Show how it performs."""
        self.verdict, self.severity = result.verdict, result.severity
        set_tooltip(self, f"Restore {self.name}", result.verdict)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, 42)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.taken.emit(self.spec)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.taken.emit(self.spec)
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.removed.emit(self.spec)
        else:
            event.ignore()

    @Slot()
    def _on_cross(self) -> None:
        self.removed.emit(self.spec)

    def paintEvent(self, _event: QPaintEvent) -> None:
        font = words_font()
        top, below = QRectF(0, 0, self.width(), 24), QRectF(0, 21, self.width(), 18)
        with QPainter(self) as painter:
            painter.setPen(line_pen("pinned"))
            painter.drawLine(QPointF(0, 12.5), QPointF(_SAMPLE, 12.5))
            if self.number:
                paint_number(painter, QRectF((_SAMPLE - TAG) / 2, 12.5 - TAG / 2, TAG, TAG), self.number, "window")
            painter.setFont(font)
            painter.setPen(look().color("text"))
            room = self.width() - _SAMPLE - 8 - 28
            painter.drawText(QPointF(_SAMPLE + 8, baseline(top, font)), elided(font, self.name, room))
            painter.setPen(look().color("text2" if self.severity == "good" else self.severity))
            words = self.verdict.split(". ")[0].removesuffix(".")
            painter.drawText(QPointF(_SAMPLE + 8, baseline(below, font)), elided(font, words, room + 28))


class PinsSection(QWidget):
    """Title with "Pin this", then one row per pin."""

    pinned = Signal()
    taken = Signal(object)
    removed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = TitleLine("Pinned")
        self.button = Button("Pin this", icon_name="pin")
        self.button.setObjectName("network.pin")
        set_tooltip(self.button, "Keep this network's curves as ghosts in all plots, for comparison")
        self.button.clicked.connect(self.pinned)
        self.compare = IconButton("table", "A table of all pinned networks: what differs and how each performs")
        self.compare.setObjectName("network.compare")
        self.compare.clicked.connect(self._on_compare)
        self.compare.hide()
        self.title.add_right(self.compare)
        self.title.add_right(self.button)
        self.rows: list[PinRow] = []
        self._page: NetworkPageResult | None = None
        self._comparison: ComparisonView | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addWidget(self.title)
        self._list = QVBoxLayout()
        self._list.setContentsMargins(16, 0, 12, 0)
        self._column.addLayout(self._list)

    def show_pins(self, pins: Sequence[NetworkSpec], present: NetworkSpec) -> None:
        """Show one row per pin; a network that is already pinned cannot be pinned again."""
        self.button.setEnabled(present not in pins)
        if [row.spec for row in self.rows] == list(pins):
            return
        for row in self.rows:
            self._list.removeWidget(row)
            row.hide()
            row.deleteLater()
        self.rows = []
        for spec in pins:
            row = PinRow(spec, setting_name(spec, pins))
            row.taken.connect(self.taken)
            row.removed.connect(self.removed)
            self._list.addWidget(row)
            self.rows.append(row)
        for number, row in enumerate(self.rows, start=1):
            row.number = number if len(self.rows) > 1 else 0
        self.compare.setVisible(bool(self.rows))

    def show_page(self, page: NetworkPageResult) -> None:
        """Show how each pin performs."""
        self._page = page
        by_spec = {result.spec: result for result in page.pins}
        for row in self.rows:
            if row.spec in by_spec:
                row.show_result(by_spec[row.spec])
        if self._comparison is not None and self._comparison.isVisible():
            self._comparison.show_page(page)

    @Slot()
    def _on_compare(self) -> None:
        """Open the table of all of them."""
        if self._comparison is None:
            self._comparison = ComparisonView()
            self._comparison.taken.connect(self.taken)
        if self._page is not None:
            self._comparison.show_page(self._page)
        open_window(self._comparison, self)
        self._comparison.resize(self._comparison.sizeHint())
