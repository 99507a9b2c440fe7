"""Pointing at cells, and choosing, selecting and copying them, with mouse and keyboard."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QAction, QGuiApplication, QHelpEvent, QKeyEvent, QKeySequence, QMouseEvent, QPainter
from PySide6.QtWidgets import QMenu, QToolTip

from playground.models.evaluation.copy_text import COPY_FORMS, copy_cells
from playground.models.evaluation.reader import full_text
from playground.models.problem import Problem
from playground.widgets.controls.tooltip import show_beside, tooltip_html
from playground.widgets.grid.geometry import Index
from playground.widgets.grid.painter import paint_selected
from playground.widgets.grid.style import GridPicture
from playground.widgets.grid.view import GridView
from playground.widgets.look import look


class GridCopy:
    """The selected rectangle, or all cells of the shown rows and columns if none is selected."""

    def __init__(self, grid: GridView, hand: GridHand) -> None:
        self._grid, self._hand = grid, hand
        self._menu: QMenu | None = None
        self._index: tuple[int, ...] | None = None

    def region(self) -> tuple[tuple[int, int], ...] | None:
        """The region that would be copied."""
        reader, axes = self._grid.reader, self._grid.axes
        if reader is None:
            return None
        selected = self._hand.region()
        if selected is not None:
            return selected
        shown = {axes.row_axis, axes.column_axis, *axes.facets}
        start = axes.index(0, 0, tuple(0 for _ in axes.facets)) if not axes.empty else (0,) * len(axes.shape)
        return tuple(
            (0, size) if axis in shown else (start[axis], start[axis] + 1) for axis, size in enumerate(reader.shape)
        )

    def copy(self, form: str) -> None:
        """Copy the cells to the clipboard, or report why that is not possible."""
        region, reader = self.region(), self._grid.reader
        if region is None or reader is None:
            return
        text = copy_cells(reader, region, form)
        if isinstance(text, Problem):
            self._grid.noticed.emit(text)
        else:
            QGuiApplication.clipboard().setText(text)

    def key(self, event: QKeyEvent) -> bool:
        """Ctrl+C."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy("text")
            return True
        return False

    def open_menu(self, place: QPoint, index: tuple[int, ...] | None = None) -> QMenu:
        """The menu: ways to copy, the zoom, and the heat scale, which the cell at `index` can set."""
        self._index = index
        menu = QMenu(self._grid)
        for form in COPY_FORMS.values():
            action = QAction(form.label, menu)
            action.setData(form.name)
            if form.name == "text":
                action.setShortcut(QKeySequence.StandardKey.Copy)
            menu.addAction(action)
        menu.addSeparator()
        for label, data, keys in (("Larger cells", 1, "Ctrl++"), ("Smaller cells", -1, "Ctrl+-"), ("Fit", 0, "Ctrl+0")):
            action = QAction(label, menu)
            action.setData(data)
            action.setShortcut(QKeySequence(keys))
            menu.addAction(action)
        menu.addSeparator()
        here = menu.addAction("Full heat at this value")
        here.setData("heat here")
        here.setEnabled(index is not None)
        menu.addAction("Full heat at the largest value").setData("heat")
        menu.triggered.connect(self._on_triggered)
        menu.aboutToHide.connect(menu.deleteLater)
        self._menu = menu
        menu.popup(place)
        return menu

    def _on_triggered(self, action: QAction) -> None:
        chosen = action.data()
        if chosen in ("heat", "heat here"):
            self._grid.heat.limit = None
            if chosen == "heat here":
                self._grid.heat.limit_to(self._grid.reader, self._index)
            self._grid.viewport().update()
        elif isinstance(chosen, str):
            self.copy(chosen)
        elif chosen == 0:
            self._grid.zoom.level = None
            self._grid.refresh()
        else:
            self._grid.zoom.step(int(chosen), self._grid)


_ARROWS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}


class GridHand:
    """Remembers the cell pointed at, the current cell of the keyboard and the anchor of the selection."""

    def __init__(self, grid: GridView) -> None:
        self._grid = grid
        self.reset()

    def reset(self) -> None:
        """Reset everything, because other axes are shown."""
        self._hovered: Index | None = None
        self._anchor: Index | None = None
        self._end: Index | None = None
        self._pressed = False

    @property
    def current(self) -> Index | None:
        """The cell from which arrow keys move."""
        return self._end

    def region(self) -> tuple[tuple[int, int], ...] | None:
        """Start and stop on each axis; None if fewer than two cells are selected."""
        if self._anchor is None or self._end is None or self._anchor == self._end:
            return None
        return tuple((min(a, b), max(a, b) + 1) for a, b in zip(self._anchor, self._end, strict=True))

    def _select(self, end: Index | None, extend: bool) -> None:
        before = self.region()
        if end is not None and extend and self._anchor is not None:
            axes = self._grid.axes
            shown = (axes.row_axis, axes.column_axis)
            # A rectangle stays within the facet where it was started.
            end = tuple(place if axis in shown else self._anchor[axis] for axis, place in enumerate(end))
        elif end is not None:
            self._anchor = end
        else:
            self._anchor = None
        self._end = end
        if self.region() != before:
            self._grid.selection_changed.emit(self.region())
        self._grid.viewport().update()

    def select_region(self, first: Index, last: Index) -> None:
        """Select the rectangle between two cells."""
        self._select(first, extend=False)
        self._select(last, extend=True)

    def press(self, event: QMouseEvent) -> None:
        """Choose a cell, or start a rectangle; Shift extends the current one."""
        index = self._grid.index_at(event.position())
        if event.button() != Qt.MouseButton.LeftButton:
            return
        self._pressed = index is not None
        self._select(index, bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        if index is not None:
            self._grid.pointed.emit(index)
            self._grid.chosen.emit(index)

    def move(self, event: QMouseEvent) -> None:
        """Point, and extend the rectangle while the button is down."""
        index = self._grid.index_at(event.position())
        if self._pressed and index is not None and index != self._end:
            self._select(index, extend=True)
        if index != self._hovered:
            self._hovered = index
            self._grid.pointed.emit(index)

    def release(self, event: QMouseEvent) -> None:
        """Finish the rectangle."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed = False

    def show_tooltip(self, event: QHelpEvent) -> None:
        """The exact element under the pointer, with all its digits if the text shows fewer."""
        index, reader = self._grid.index_at(QPointF(event.pos())), self._grid.reader
        if index is None or reader is None:
            QToolTip.hideText()
            return
        words = f"[{', '.join(map(str, index))}] = {reader.text(index)}"
        digits = full_text(reader.value(index), reader.dtype)
        lines = (f"exactly {digits}", reader.dtype) if digits else (reader.dtype,)
        high = self._grid.present_geometry().cell_height
        around = QRect(event.pos().x(), event.pos().y() - high, 1, 2 * high)  # keeps the pointed cell
        show_beside(self._grid.viewport(), around, tooltip_html(words, *lines), event.pos().x())

    def leave(self) -> None:
        """Called when the pointer leaves the grid."""
        if self._hovered is not None:
            self._hovered = None
            self._grid.pointed.emit(None)

    def key(self, event: QKeyEvent) -> bool:
        """Arrows, Home, End, Page Up and Down (with Ctrl: to the ends), Shift to extend, Enter, Ctrl+A, Escape."""
        axes = self._grid.axes
        if self._grid.reader is None or axes.empty:
            return False
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._end is not None:
            self._grid.chosen.emit(self._end)
            return True
        if key == Qt.Key.Key_Escape and self.region() is not None:
            self._select(self._end, extend=False)
            return True
        if key == Qt.Key.Key_A and control:
            facet = self._facet()
            self.select_region(axes.index(0, 0, facet), axes.index(axes.rows - 1, axes.columns - 1, facet))
            return True
        target = self._target(key, control)
        if target is None:
            return False
        self._select(target, bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        self._grid.reveal(target)
        self._grid.describe(target)
        self._grid.pointed.emit(target)
        return True

    def _facet(self) -> Index:
        cell = self._grid.axes.cell(self._end) if self._end is not None else None
        return cell[2] if cell is not None else tuple(0 for _ in self._grid.axes.facets)

    def _target(self, key: Qt.Key, control: bool) -> Index | None:
        """Where a key moves from the current cell; the first visible cell if there is no current one."""
        axes = self._grid.axes
        moves = {Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown, *_ARROWS}
        if key not in moves:
            return None
        start = self._end if self._end is not None else self._grid.marks.selected
        cell = axes.cell(start) if start is not None else None
        if cell is None:
            block = next(self._grid.present_geometry().blocks(), None)
            return axes.index(block.rows.start, block.columns.start, block.facet) if block is not None else None
        row, column, facet = cell
        page = self._grid.present_geometry().fitting_rows
        if key in _ARROWS:
            down, right = _ARROWS[key]
            reach = (axes.rows, axes.columns) if control else (1, 1)
            row, column = row + down * reach[0], column + right * reach[1]
        elif key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            row += page if key == Qt.Key.Key_PageDown else -page
        else:
            end = key == Qt.Key.Key_End
            column = axes.columns - 1 if end else 0
            row = (axes.rows - 1 if end else 0) if control else row
        return axes.index(max(0, min(row, axes.rows - 1)), max(0, min(column, axes.columns - 1)), facet)

    def paint(self, painter: QPainter, picture: GridPicture) -> None:
        """The selected rectangle, and the keyboard's cell while the grid has the focus."""
        geometry = picture.geometry
        region = self.region()
        if region is not None:
            first, last = geometry.rect(tuple(r[0] for r in region)), geometry.rect(tuple(r[1] - 1 for r in region))
            if first is not None and last is not None:
                rect = QRect(first[0], first[1], last[0] + last[2] - first[0], last[1] + last[3] - first[1])
                painter.save()
                painter.setClipRect(geometry.left, geometry.top, geometry.view_width, geometry.view_height)
                fill = look().color("accent")
                fill.setAlphaF(0.12)
                painter.fillRect(rect, fill)
                paint_selected(painter, picture, rect)
                painter.restore()
        if picture.marks.focused and self._end is not None and self._end != picture.marks.selected:
            cell = geometry.rect(self._end)
            if cell is not None and cell[0] >= geometry.left and cell[1] >= geometry.top:
                paint_selected(painter, picture, QRect(*cell))
