"""The Shape panel: the selected tensor's axes as chips, its block to scale, its values, and a value's origin."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

from PySide6.QtCore import QPoint, QSize, Slot
from PySide6.QtGui import QAction, QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from playground.models.evaluation.selected import ShapeResult
from playground.models.formatting import bytes_in_words
from playground.models.problem import Fix, Problem
from playground.models.program.edit import edit_code
from playground.models.program.gesture import MenuRow
from playground.models.state import PlaygroundState, PointedCell
from playground.widgets.controls.section import PADDING
from playground.widgets.panel import Panel
from playground.widgets.tensors.gesture_form import GestureForm, gesture_menu
from playground.widgets.tensors.shape_edits import ShapeEdits, registered
from playground.widgets.tensors.shape_view import ShapeView


class ShapePanel(Panel):
    """Chips, block and grid of the selected tensor; each gesture is an edit of its line."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = ShapeView()
        self._edits = ShapeEdits()
        self._form: GestureForm | None = None
        self._forms = 0
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.view)
        self._connect()

    @property
    def result(self) -> ShapeResult | None:
        """The last good result."""
        return self.view.result

    def _connect(self) -> None:
        view = self.view
        view.menu_button.clicked.connect(self._on_menu)
        view.copy_button.clicked.connect(self._on_copy)
        view.strip.size_edited.connect(self._on_size_edited)
        view.strip.moved.connect(self._on_moved)
        view.strip.inserted.connect(self._on_inserted)
        view.strip.squeezed.connect(self._on_squeezed)
        view.strip.refused.connect(self._on_refused)
        view.block.sizes_edited.connect(self._on_sizes_edited)
        for part in (view.strip, view.block):
            part.let_go.connect(self._on_let_go)
            part.reverted.connect(self._on_reverted)
        view.pickers.chosen.connect(self._on_axes_chosen)
        view.places.moved.connect(self._on_place_moved)
        view.places.let_go.connect(self.gesture_ended)
        view.places.facets_changed.connect(self._on_facets)
        view.banner.fix_chosen.connect(self._on_fix)
        view.grid.pointed.connect(self._on_pointed)
        view.grid.selection_changed.connect(self._on_cells)
        view.grid.noticed.connect(view.banner.set_problem)

    def minimumSizeHint(self) -> QSize:
        return QSize(360, 180)

    def sizeHint(self) -> QSize:
        return QSize(734, 240)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_form()

    def show_state(self, state: PlaygroundState) -> None:
        if self._edits.is_overtaken_by(state):
            self._end_overtaken()
        self.view.show_state(state)

    def _end_overtaken(self) -> None:
        """End the gesture and keep its result, because something else changed the program."""
        self._edits.end()
        self.view.strip.drop()
        self.view.block.drop()
        self._close_form(keep=True)

    def show_result(self, result: object) -> None:
        if isinstance(result, ShapeResult):
            self.view.show_result(result, self.state)
        else:
            self.view.show_nothing()
        self.summary_changed.emit()

    def show_problem(self, problem: Problem) -> None:
        self.view.show_problem(problem)

    # User actions

    def _begin(self, gesture: Hashable) -> bool:
        if self.result is None:
            return False
        self._edits.begin(self.state, self.result, gesture)
        return True

    def _take(self, outcome: PlaygroundState | Problem, gesture: Hashable) -> None:
        if isinstance(outcome, Problem):
            self.view.banner.set_problem(outcome)
        else:
            self.view.banner.set_problem(None)
            self.edit(outcome, gesture)

    @Slot(int, object, object)
    def _on_size_edited(self, axis: int, size: object, gesture: object) -> None:
        self._on_sizes_edited(((axis, size),), gesture)

    @Slot(object, object)
    def _on_sizes_edited(self, sizes: object, gesture: object) -> None:
        if isinstance(sizes, tuple) and self._begin(gesture):
            self._take(self._edits.resize(sizes), gesture)

    @Slot(int, int, object)
    def _on_moved(self, axis: int, place: int, gesture: object) -> None:
        if self._begin(gesture):
            self._take(self._edits.move(axis, place), gesture)

    @Slot(int)
    def _on_inserted(self, place: int) -> None:
        if self._begin(None):
            self._take(self._edits.insert(place), None)
            self._on_let_go()

    @Slot(int)
    def _on_squeezed(self, axis: int) -> None:
        if self._begin(None):
            self._take(self._edits.squeeze(axis), None)
            self._on_let_go()

    @Slot(str)
    def _on_refused(self, words: str) -> None:
        self.view.banner.set_problem(Problem(words) if words else None)

    @Slot()
    def _on_let_go(self) -> None:
        self._edits.end()
        self.gesture_ended.emit()

    @Slot()
    def _on_reverted(self) -> None:
        found = self._edits.reverted(self.state)
        if found is not None:
            self.edit(found[0], found[1])
        self.gesture_ended.emit()

    @Slot(int, int)
    def _on_axes_chosen(self, row: int, column: int) -> None:
        shape = replace(self.state.shape, row_axis=row, column_axis=column, cells=None)
        self.edit(replace(self.state, shape=shape))

    @Slot(int, int)
    def _on_place_moved(self, axis: int, place: int) -> None:
        fixed = {**dict(self.state.shape.fixed), axis: place}
        shape = replace(self.state.shape, fixed=tuple(sorted(fixed.items())), cells=None)
        self.edit(replace(self.state, shape=shape), ("place", axis))

    @Slot(bool)
    def _on_facets(self, facets: bool) -> None:
        self.edit(replace(self.state, shape=replace(self.state.shape, facets=facets, cells=None)))

    @Slot(object)
    def _on_fix(self, fix: Fix) -> None:
        self.take_offer(replace(self.state, program=edit_code(self.state.program, self.state.selection, fix.code)))

    @Slot(object)
    def _on_pointed(self, index: object) -> None:
        if self.result is not None and isinstance(index, tuple):
            self.edit(replace(self.state, pointed=PointedCell(self.result.name, index)))

    @Slot(object)
    def _on_cells(self, cells: object) -> None:
        region = cells if isinstance(cells, tuple) else None
        self.edit(replace(self.state, shape=replace(self.state.shape, cells=region)))

    @Slot()
    def _on_copy(self) -> None:
        if self.result is not None:
            QGuiApplication.clipboard().setText(f"{self.result.name} = {self.result.code}")

    # The menu and its forms

    @Slot()
    def _on_menu(self) -> None:
        if self.result is None:
            return
        menu = gesture_menu(self, self.result.rows)
        menu.triggered.connect(self._on_gesture)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.view.menu_button.mapToGlobal(QPoint(0, self.view.menu_button.height() + 2)))

    def _on_gesture(self, action: QAction) -> None:
        row = action.data()
        if isinstance(row, MenuRow):
            self.perform(row)

    def perform(self, row: MenuRow) -> None:
        """Run a menu row, or open its form."""
        if row.form:
            self.open_form(row.gesture)
        elif self._begin(None):
            self._take(self._edits.perform(registered(row.gesture), dict(row.texts)), None)
            self._on_let_go()

    def open_form(self, name: str) -> GestureForm | None:
        """Open a gesture's form; its input is applied at once, and Cancel reverts it."""
        if self.result is None:
            return None
        self._close_form(keep=True)
        self._forms += 1
        gesture = ("form", id(self), self._forms)
        self._edits.begin(self.state, self.result, gesture)
        self._form = GestureForm(registered(name), self.result.name, self.result.layout, self)
        self._form.changed.connect(self._on_form_changed)
        self._form.finished.connect(self._on_form_finished)
        self._form.open()
        self._place_form()
        return self._form

    def _place_form(self) -> None:
        if self._form is not None:
            self._form.adjustSize()
            self._form.move(max(8, self.width() - self._form.width() - PADDING), self.view.title_line.height())

    @Slot(object)
    def _on_form_changed(self, texts: object) -> None:
        if self._form is not None and isinstance(texts, dict):
            gesture = ("form", id(self), self._forms)
            if self._begin(gesture):
                self._take(self._edits.perform(self._form.gesture, texts), gesture)

    @Slot(bool)
    def _on_form_finished(self, keep: bool) -> None:
        self._close_form(keep)
        self.view.menu_button.setFocus()

    def _close_form(self, keep: bool) -> None:
        if self._form is None:
            return
        form, self._form = self._form, None
        form.hide()
        form.deleteLater()
        if keep:
            self._on_let_go()
        else:
            self._on_reverted()

    def summary(self) -> str:
        """Shape and size of the selected tensor."""
        result = self.result
        return f"{result.name} {result.layout.shape}, {bytes_in_words(result.nbytes)}" if result is not None else ""
