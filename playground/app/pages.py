"""The two pages of the window: where the panels are at each window size."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QRectF, QSettings, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from playground.widgets.controls.section import Hairline
from playground.widgets.controls.tabs import TabRow
from playground.widgets.controls.tooltip import place_beside
from playground.widgets.look import look, look_holder, words_font
from playground.widgets.painting import baseline
from playground.widgets.panel import Panel
from playground.widgets.text.runs import cut_runs, paint_runs

HEIGHT = 32
TITLE_WIDTH = 80
MARGIN = 16


class FoldedLine(QWidget):
    """Shows a panel's summary, with code in the code font; a click or Enter opens the panel."""

    opened = Signal(str)

    def __init__(self, panel: Panel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._panel = panel
        self._key = panel.key
        self.setObjectName(f"folded.{panel.key}")
        self.setAccessibleName(f"Open {panel.title}")
        place_beside(self)
        self.setToolTip(f"Open {panel.title}")
        self.setFixedHeight(HEIGHT)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        panel.summary_changed.connect(self._on_panel_summary_changed)
        look_holder().changed.connect(self.update)

    @Slot()
    def _on_panel_summary_changed(self) -> None:
        self.setAccessibleDescription(self._panel.summary())
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click opens the panel."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.opened.emit(self._key)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and space open the panel."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.opened.emit(self._key)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint a hairline above, the title in grey, and the summary beside it, elided."""
        with QPainter(self) as painter:
            colours = look()
            painter.fillRect(self.rect(), colours.color("hover" if self.underMouse() else "panel"))
            painter.fillRect(0, 0, self.width(), 1, colours.color("hairline"))
            painter.setFont(words_font())
            painter.setPen(colours.color("text2"))
            box = self.rect().adjusted(MARGIN, 0, -MARGIN, 0)
            middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
            painter.drawText(box, middle, self._panel.title)
            box.setLeft(box.left() + TITLE_WIDTH)
            runs = cut_runs(self._panel.summary_runs(), box.width())
            paint_runs(painter, box.left(), baseline(QRectF(box), words_font()), runs)
            if self.hasFocus():
                painter.setPen(colours.color("accent"))
                painter.drawRect(self.rect().adjusted(1, 1, -2, -2))


WIDE = 1240
"""Below this width, in pixels, Memory joins Shape as a tab (look.md)."""

TALL = 696
"""Below this height of the page (760 for the window), Einsum joins too."""

PROGRAM_WIDTH, PROGRAM_LEAST, MEMORY_WIDTH = 272, 232, 352
SHAPE_HEIGHT, BROADCAST_HEIGHT, EINSUM_HEIGHT = 221, 196, 378
TABS = ("shape", "einsum", "memory")


class TensorsPage(QWidget):
    """Program on the left, Shape with Broadcast and Einsum in the centre, Memory on the right, a lesson beside them.

    A panel without room becomes a tab beside Shape, and a line at the bottom keeps showing its result. For a lesson
    about memory, the Memory panel takes Broadcast's place below Shape, so that grid and storage are visible together.
    """

    def __init__(self, panels: Mapping[str, Panel], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._panels = panels
        self._lesson_is_open = False
        self._below = "broadcast"
        """The panel below Shape."""
        self._placed: tuple[bool, bool, str] | None = None
        # From the outside in: Qt restyles a widget and all its children each time it gets a new parent.
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(0)
        self._columns = _splitter(Qt.Orientation.Horizontal, "tensors.columns")
        self._row.addWidget(self._columns, 1)
        panels["tensors"].setMinimumWidth(PROGRAM_LEAST)
        self._columns.addWidget(panels["tensors"])
        self._make_centre()
        self._columns.addWidget(panels["memory"])
        self._columns.setStretchFactor(1, 1)
        self._columns.setSizes([PROGRAM_WIDTH, 734, MEMORY_WIDTH])

    def _make_centre(self) -> None:
        self._tabs = TabRow(height=32, spacing=24)
        self._tabs.setObjectName("tensors.tabs")
        self._tabs.setAccessibleName("Shape, Einsum or Memory")
        self._tabs.currentChanged.connect(self._on_tab_changed)
        centre = QWidget()
        self._columns.addWidget(centre)
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._tab_line = QWidget()
        line = QHBoxLayout(self._tab_line)
        line.setContentsMargins(16, 0, 16, 0)
        line.addWidget(self._tabs)
        line.addStretch(1)
        self._stack, self._rows = QStackedWidget(), _splitter(Qt.Orientation.Vertical, "tensors.rows")
        self._lines = {key: FoldedLine(self._panels[key]) for key in ("einsum", "memory")}
        column.addWidget(self._tab_line)
        column.addWidget(Hairline())
        column.addWidget(self._stack, 1)
        self._stack.addWidget(self._rows)
        for key in ("shape", "broadcast", "einsum"):
            self._rows.addWidget(self._panels[key])
        self._rows.setSizes([SHAPE_HEIGHT, BROADCAST_HEIGHT, EINSUM_HEIGHT])
        for folded in self._lines.values():  # last, also for the Tab key
            folded.opened.connect(self.open_tab)
            column.addWidget(folded)

    def open_side(self, side: QWidget | None) -> None:
        """Place a lesson on the right of the page, or remove it (None)."""
        while self._row.count() > 1:
            self._row.takeAt(1)
        if side is not None:
            self._row.addWidget(side)
            side.show()
        self._lesson_is_open = side is not None
        self._place()

    def stand_below(self, key: str) -> None:
        """Place this panel below Shape, "broadcast" or "memory"; the latter only while a lesson is open."""
        self._below = key
        self._place()

    @Slot(str)
    def open_tab(self, key: str) -> None:
        """If the panel is folded into a tab, show that tab."""
        keys = self._tab_keys()
        key = "shape" if key in ("broadcast", self._below) else key
        if key in keys:
            self._tabs.setCurrentIndex(keys.index(key))
            self._show_tab()

    def splitters(self) -> tuple[QSplitter, QSplitter]:
        """The splitters with saved sizes."""
        return self._columns, self._rows

    def save_sizes(self, settings: QSettings) -> None:
        """Save the splitters' sizes, only for the full arrangement, from which the others are derived."""
        if self._placed is not None and self._placed[:2] == (True, True):
            settings.setValue("tensors/columns", self._columns.saveState())
            settings.setValue("tensors/rows", self._rows.saveState())

    def restore_sizes(self, settings: QSettings) -> None:
        """Restore the saved splitter sizes; keep the defaults if they cannot be read."""
        for splitter, key in ((self._columns, "tensors/columns"), (self._rows, "tensors/rows")):
            value = settings.value(key)
            if value is not None and splitter.count() == 3:
                sizes = splitter.sizes()
                if not splitter.restoreState(value):
                    splitter.setSizes(sizes)
                splitter.setHandleWidth(1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Move panels when the window crosses one of the two sizes."""
        super().resizeEvent(event)
        self._place()

    def _room(self) -> tuple[bool, bool, str]:
        if self._lesson_is_open:
            return False, False, self._below
        return self.width() >= WIDE, self.height() >= TALL, "broadcast"

    def _tab_keys(self) -> tuple[str, ...]:
        wide, tall, below = self._placed or (True, True, "broadcast")
        is_tab = {"shape": True, "einsum": not tall, "memory": not wide and below != "memory"}
        return tuple(key for key in TABS if is_tab[key])

    def _place(self) -> None:
        room = self._room()
        if room == self._placed:
            self._show_lines()
            return
        self._placed = room
        wide, tall, below = room
        current = self._current_key()
        self._place_panel("einsum", tall, self._rows)
        is_below = below == "memory"
        self._place_panel("memory", wide or is_below, self._rows if is_below else self._columns)
        self._panels["broadcast"].setVisible(not is_below)
        if wide:
            self._columns.setSizes([PROGRAM_WIDTH, self.width() - PROGRAM_WIDTH - MEMORY_WIDTH, MEMORY_WIDTH])
        else:
            program = PROGRAM_WIDTH if self._lesson_is_open else PROGRAM_LEAST
            self._columns.setSizes([program, self.width() - program])
        if tall:
            spare = max(0, self.height() - SHAPE_HEIGHT - BROADCAST_HEIGHT - EINSUM_HEIGHT)
            self._rows.setSizes([SHAPE_HEIGHT + spare // 2, BROADCAST_HEIGHT, EINSUM_HEIGHT + spare - spare // 2])
        # Beside Einsum, Broadcast keeps its table's height when the window resizes; alone with Shape it shares.
        for place in range(self._rows.count()):
            self._rows.setStretchFactor(place, int(tall and self._rows.widget(place) is not self._panels["broadcast"]))
        if is_below:
            self._rows.setSizes([SHAPE_HEIGHT, 0, self._rows.height() - SHAPE_HEIGHT])
        self._fill_tabs(current)

    def _place_panel(self, key: str, has_room: bool, splitter: QSplitter) -> None:
        panel = self._panels[key]
        if has_room:
            splitter.addWidget(panel)
            panel.show()
        else:
            self._stack.addWidget(panel)

    def _current_key(self) -> str:
        index = self._tabs.currentIndex()
        return self._tabs.tabData(index) if index >= 0 else "shape"

    def _fill_tabs(self, current: str) -> None:
        keys = self._tab_keys()
        self._tabs.blockSignals(True)
        while self._tabs.count():
            self._tabs.removeTab(0)
        for key in keys:
            index = self._tabs.addTab(key.capitalize())
            self._tabs.setTabData(index, key)
        self._tabs.setCurrentIndex(keys.index(current) if current in keys else 0)
        self._tabs.blockSignals(False)
        self._show_tab()

    @Slot(int)
    def _on_tab_changed(self, _index: int) -> None:
        self._show_tab()

    def _show_tab(self) -> None:
        key = self._current_key()
        is_shape_alone = len(self._tab_keys()) == 1 or (self._lesson_is_open and key == "shape")
        self._tab_line.setVisible(not is_shape_alone)
        self._stack.setCurrentWidget(self._rows if key == "shape" else self._panels[key])
        self._show_lines()

    def _show_lines(self) -> None:
        keys, current = self._tab_keys(), self._current_key()
        for key, line in self._lines.items():
            line.setVisible(key in keys and key != current)


def _splitter(orientation: Qt.Orientation, name: str) -> QSplitter:
    splitter = QSplitter(orientation)
    splitter.setObjectName(name)
    splitter.setHandleWidth(1)
    splitter.setChildrenCollapsible(False)
    return splitter


class NetworkPage(QWidget):
    """One panel fills the page."""

    def __init__(self, panel: Panel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(0)
        self._row.addWidget(panel, 1)

    def open_side(self, side: QWidget | None) -> None:
        """Place a lesson on the right of the page, or remove it (None)."""
        while self._row.count() > 1:
            self._row.takeAt(1)
        if side is not None:
            self._row.addWidget(side)
            side.show()
