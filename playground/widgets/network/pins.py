"""The pinned configurations: what differs, how each fares; a click takes one up again."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from playground.models.network.compare import PinnedResult, short_name
from playground.models.network.request import NetworkPageResult
from playground.models.network.spec import NetworkSpec
from playground.widgets.common.buttons import Button, IconButton
from playground.widgets.common.look import look, words_font
from playground.widgets.common.painting import baseline, elided
from playground.widgets.common.section import TitleLine
from playground.widgets.common.tooltip import set_tooltip
from playground.widgets.network.comparison_view import ComparisonView
from playground.widgets.network.ghosts import TAG, paint_number
from playground.widgets.network.tool_window import open_window
from playground.widgets.plot.segments import line_pen

_SAMPLE = 20


class PinRow(QWidget):
    """A ghost's line, its name and, once it has run, the first words of its verdict; pressed takes it up."""

    taken = Signal(object)
    removed = Signal(object)

    def __init__(self, spec: NetworkSpec, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.spec, self.name, self.verdict, self.severity = spec, name, "", "good"
        self.number = 0
        """The number of its ghost in the plots, 0 where it is the only one."""
        self._cross = IconButton("x", f"Take the pin {name} away")
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
        """Say how it fares."""
        self.verdict, self.severity = result.verdict, result.severity
        set_tooltip(self, f"Take up {self.name} again", result.verdict)
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
    """Title with "Pin this", then a row a pin."""

    pinned = Signal()
    taken = Signal(object)
    removed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = TitleLine("Pinned")
        self.button = Button("Pin this", icon_name="pin")
        self.button.setObjectName("network.pin")
        set_tooltip(self.button, "Keep this network's curves as ghosts in all plots, to compare others with it")
        self.button.clicked.connect(self.pinned)
        self.compare = IconButton("table", "All pinned networks in a table: what differs and how each fares")
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
        """One row each; a network that is pinned already cannot be pinned again."""
        self.button.setEnabled(present not in pins)
        if [row.spec for row in self.rows] == list(pins):
            return
        for row in self.rows:
            self._list.removeWidget(row)
            row.hide()
            row.deleteLater()
        self.rows = []
        for spec in pins:
            row = PinRow(spec, short_name(spec, pins))
            row.taken.connect(self.taken)
            row.removed.connect(self.removed)
            self._list.addWidget(row)
            self.rows.append(row)
        for number, row in enumerate(self.rows, start=1):
            row.number = number if len(self.rows) > 1 else 0
        self.compare.setVisible(bool(self.rows))

    def show_page(self, page: NetworkPageResult) -> None:
        """Say how each pin fares."""
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
