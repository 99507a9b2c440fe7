"""Copies cells of a grid: Ctrl+C as text, the menu also as CSV and as `torch.tensor(...)`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint
from PySide6.QtGui import QAction, QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QMenu

from playground.models.outcome import Problem
from playground.models.tensors.cell_copy import COPY_FORMS, copy_cells

if TYPE_CHECKING:
    from playground.widgets.common.tensor_grid import TensorGrid


class GridCopy:
    """The selected rectangle, or all cells of the shown rows and columns where none is selected."""

    def __init__(self, grid: TensorGrid) -> None:
        self._grid = grid
        self._menu: QMenu | None = None
        self._index: tuple[int, ...] | None = None

    def region(self) -> tuple[tuple[int, int], ...] | None:
        """What would be copied."""
        reader, axes = self._grid.reader, self._grid.axes
        if reader is None:
            return None
        selected = self._grid.selection
        if selected is not None:
            return selected
        shown = {axes.row_axis, axes.column_axis, *axes.facets}
        start = axes.index(0, 0, tuple(0 for _ in axes.facets)) if not axes.empty else (0,) * len(axes.shape)
        return tuple(
            (0, size) if axis in shown else (start[axis], start[axis] + 1) for axis, size in enumerate(reader.shape)
        )

    def copy(self, form: str) -> None:
        """Put the cells on the clipboard, or say why not."""
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
        """The ways to copy, the zoom, and the heat, which the cell at `index` can be the measure of."""
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
