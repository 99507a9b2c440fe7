"""The storage strip under the hand: pointed at, walked through by keys, scrolled, exported."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtGui import QContextMenuEvent, QFocusEvent, QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QMenu, QWidget

from playground.widgets.memory.strip_view import StripView


class StorageStrip(StripView):
    """Says which cell is pointed at and which is chosen."""

    cell_pointed = Signal(object)
    """The cell under the pointer or the arrow keys; None when the pointer left."""

    cell_chosen = Signal(object)
    """The cell that was clicked or on which Enter was pressed."""

    export_asked = Signal()
    """The menu's "Export picture"."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setProperty("paintsFocus", True)
        self.viewport().setMouseTracking(True)
        self._wheel_rest = 0.0

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._legend.point(event.position()):
            self.viewport().update()
        self.cell_pointed.emit(self._strip.at(event.position()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self._strip.at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and cell is not None:
            self.cell_chosen.emit(cell)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        if self._legend.point(None):
            self.viewport().update()
        self.cell_pointed.emit(None)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self._strip.rows <= self._strip.fitting_rows(self.viewport().height()):
            event.ignore()
            return
        self._wheel_rest -= event.angleDelta().y() / 120 * 2
        rows = int(self._wheel_rest)
        self._wheel_rest -= rows
        before = self._strip.first_row
        self._go_to_row(before + rows)
        event.setAccepted(self._strip.first_row != before or rows == 0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        columns = self._strip.columns
        page = columns * self._strip.fitting_rows(self.viewport().height())
        start = self._tensor.offset if self._tensor is not None else 0
        here = self._marks.pointed
        steps = {
            Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -columns, Qt.Key.Key_Down: columns,
            Qt.Key.Key_PageUp: -page, Qt.Key.Key_PageDown: page,
        }  # fmt: skip
        key = Qt.Key(event.key())
        if not self._strip.cells:
            super().keyPressEvent(event)
        elif key in steps:
            target = start if here is None else here + steps[key]
            self._walk_to(max(0, min(self._strip.cells - 1, target)))
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self._walk_to(0 if key == Qt.Key.Key_Home else self._strip.cells - 1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and here is not None:
            self.cell_chosen.emit(here)
        else:
            super().keyPressEvent(event)

    def _walk_to(self, cell: int) -> None:
        self.reveal(cell)
        self.cell_pointed.emit(cell)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        menu.addAction("Export picture…").triggered.connect(self._on_export_chosen)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(event.globalPos())

    @Slot()
    def _on_export_chosen(self) -> None:
        self.export_asked.emit()
