"""The selected tensor: its axes as chips, itself to scale, its values, and how the pointed one came about."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

from PySide6.QtCore import QPoint, QSize, Slot
from PySide6.QtGui import QAction, QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLayout, QVBoxLayout, QWidget

from playground.models.outcome import Fix, Problem
from playground.models.state import PlaygroundState
from playground.models.tensors.card_words import statistics_lines
from playground.models.tensors.gesture import MenuRow
from playground.models.tensors.program_edit import edit_code
from playground.models.tensors.shape_request import ShapeResult
from playground.models.tensors.state import PointedCell
from playground.models.words import bytes_in_words, count_in_words
from playground.widgets.common.buttons import Button, IconButton
from playground.widgets.common.painting import fill_background
from playground.widgets.common.problem_banner import ProblemBanner
from playground.widgets.common.runs import Run, parse_runs
from playground.widgets.common.runs_label import RunsLabel
from playground.widgets.common.section import PADDING, TitleLine
from playground.widgets.common.tensor_grid import TensorGrid
from playground.widgets.common.text_label import TextLabel
from playground.widgets.common.tooltip import set_tooltip
from playground.widgets.panel import Panel
from playground.widgets.tensors.axis_strip import AxisStrip
from playground.widgets.tensors.cell_readout import CellReadout
from playground.widgets.tensors.gesture_form import GestureForm
from playground.widgets.tensors.gesture_menu import gesture_menu
from playground.widgets.tensors.layout_bar import AxisPickers, PlaceBar, shown_axes
from playground.widgets.tensors.shape_edits import ShapeEdits, registered
from playground.widgets.tensors.shape_title import title_runs
from playground.widgets.tensors.tensor_block import TensorBlock

PICKERS_FROM = 600
BLOCK_FROM = 520


class ShapePanel(Panel):
    """Chips, block and grid of the selected tensor; each gesture is an edit of its line."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        fill_background(self, "panel")
        self._result: ShapeResult | None = None
        self._edits = ShapeEdits()
        self._form: GestureForm | None = None
        self._forms = 0
        self.title_line = TitleLine("Shape")
        self.code = RunsLabel(wrap=False)
        self.menu_button = Button("Reshape, slice, flip", opens_menu=True)
        self.copy_button = IconButton("copy", "Copy the line as code")
        self.strip = AxisStrip()
        self.facts = TextLabel("", "text2")
        self.pickers = AxisPickers()
        self.places = PlaceBar()
        self.banner = ProblemBanner()
        self.block = TensorBlock()
        self.grid = TensorGrid("Values of the selected tensor")
        self.readout = CellReadout()
        self.last = RunsLabel(wrap=True)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        self.menu_button.setObjectName("shape.gestures")
        self.copy_button.setObjectName("shape.copy")
        self.grid.setObjectName("shape.grid")
        self.readout.setObjectName("shape.readout")
        self.banner.setObjectName("shape.problem")
        set_tooltip(self.menu_button, "Other shapes of this tensor, each with its result beforehand")
        self.title_line.add(self.code, 1)
        self.title_line.add_right(self.menu_button)
        self.title_line.add_right(self.copy_button)
        strip = QHBoxLayout()
        strip.setSpacing(16)
        strip.addWidget(self.strip, 1)
        strip.addWidget(self.facts)
        self._strip_row, self._place_row = strip, QHBoxLayout()
        self._place_row.setSpacing(16)
        self._place_row.addWidget(self.places, 1)
        strip.addWidget(self.pickers)
        body = QHBoxLayout()
        body.setSpacing(16)
        body.addWidget(self.block)
        body.addWidget(self.grid, 1)
        body.addWidget(self.readout)
        inner = QVBoxLayout()
        inner.setContentsMargins(PADDING, 4, PADDING, 8)
        inner.setSpacing(8)
        inner.addLayout(strip)
        inner.addLayout(self._place_row)
        inner.addWidget(self.banner)
        inner.addLayout(body, 1)
        inner.addWidget(self.last)
        column = QVBoxLayout(self)
        column.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.title_line)
        column.addLayout(inner, 1)

    def _connect(self) -> None:
        self.menu_button.clicked.connect(self._on_menu)
        self.copy_button.clicked.connect(self._on_copy)
        self.strip.size_edited.connect(self._on_size_edited)
        self.strip.moved.connect(self._on_moved)
        self.strip.inserted.connect(self._on_inserted)
        self.strip.squeezed.connect(self._on_squeezed)
        self.strip.refused.connect(self._on_refused)
        self.block.sizes_edited.connect(self._on_sizes_edited)
        for part in (self.strip, self.block):
            part.let_go.connect(self._on_let_go)
            part.reverted.connect(self._on_reverted)
        self.pickers.chosen.connect(self._on_axes_chosen)
        self.places.moved.connect(self._on_place_moved)
        self.places.facets_changed.connect(self._on_facets)
        self.banner.fix_chosen.connect(self._on_fix)
        self.grid.pointed.connect(self._on_pointed)
        self.grid.selection_changed.connect(self._on_cells)
        self.grid.noticed.connect(self.banner.set_problem)

    def minimumSizeHint(self) -> QSize:
        return QSize(360, 180)

    def sizeHint(self) -> QSize:
        return QSize(734, 240)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """What goes first where there is little room: the pickers, then the block."""
        super().resizeEvent(event)
        rank = len(self._result.layout.shape) if self._result is not None else 0
        self.pickers.setVisible(rank > 1 and self.width() >= PICKERS_FROM)
        self._show_block()
        self._place_form()

    def _show_block(self) -> None:
        result = self._result
        known = result is not None and not (result.reader is None and result.nbytes == 0 and result.problem is not None)
        self.block.setVisible(known and self.width() >= BLOCK_FROM)

    # What is shown

    def show_state(self, state: PlaygroundState) -> None:
        self.code.set_content(title_runs(state.program, state.selection))
        self.last.set_content(
            (Run("Last gesture: ", role="text2"), *_second(parse_runs(state.shape.last_gesture)))
            if state.shape.last_gesture
            else ()
        )
        result = self._result
        if result is not None and result.name == state.selection:
            self._show_layout(result, state)
        self._show_pointed(state)

    def _show_layout(self, result: ShapeResult, state: PlaygroundState) -> None:
        shape = result.layout.shape
        row, column = shown_axes(shape, state.shape)
        # With three axes and more, the chips need the room in the first row.
        home = self._strip_row if len(shape) < 3 else self._place_row
        if home.indexOf(self.pickers) < 0:
            home.addWidget(self.pickers)
        self.pickers.set_axes(len(shape), row, column)
        self.pickers.setVisible(len(shape) > 1 and self.width() >= PICKERS_FROM)
        self.places.show_layout(shape, state.shape)
        if self.grid.reader is not None and self.grid.reader.shape == shape:
            self.grid.set_layout(row, column, dict(state.shape.fixed), state.shape.facets)

    def _show_pointed(self, state: PlaygroundState) -> None:
        result, pointed = self._result, state.pointed
        index = None
        if result is not None and pointed is not None and result.name == state.selection and result.links is not None:
            index = result.links.index_of(pointed.name, pointed.index)
        self.grid.set_selected(index)
        story = (
            result.story.at(index) if result is not None and result.story is not None and index is not None else None
        )
        self.readout.set_story(story)

    def show_result(self, result: object) -> None:
        if not isinstance(result, ShapeResult):
            self._show_nothing()
            return
        failed = result.problem is not None and result.problem.severity == "error" and result.reader is None
        if failed and self._result is not None and self._result.name == result.name:
            self._show_failure(result)
            return
        self._result = result
        shape = result.layout.shape
        limits = None if result.made else result.whole
        self.strip.setEnabled(True)
        for part in (self.strip, self.facts, self.menu_button):
            part.setVisible(not failed)
        self._show_block()
        self.strip.set_shape(result.name, shape, limits, result.resizable, result.made)
        self.block.set_shape(shape, result.resizable)
        self.facts.set_text(f"{count_in_words(result.count, 'element')}, {bytes_in_words(result.nbytes)}")
        self.banner.set_problem(result.problem, result.code)
        self.grid.dim(False)
        self.grid.set_placeholder("" if failed else "Too large to compute: shape and strides are exact.")
        largest = result.summary.largest if result.summary is not None else 1.0
        characters = result.summary.characters if result.summary is not None else 0
        self.grid.setAccessibleName(f"Values of {result.name}")
        self.grid.set_reader(result.reader, largest, characters)
        self.readout.set_numbers(statistics_lines(result.cells) if result.cells is not None else ())
        self._show_layout(result, self.state)
        self._show_pointed(self.state)

    def _show_failure(self, result: ShapeResult) -> None:
        """The line fails now: its last good values stay, pale, below what is wrong."""
        self.banner.set_problem(result.problem, result.code)
        self.strip.setEnabled(False)
        self.grid.dim(True)

    def _show_nothing(self) -> None:
        self._result = None
        self.strip.set_shape("", (), None, False, False)
        self.block.set_shape((), False)
        self.facts.set_text("")
        self.banner.set_problem(None)
        self.grid.set_placeholder("Choose a tensor on the left, or make one with + Tensor.")
        self.grid.set_reader(None)
        self.readout.set_story(None)
        self.readout.set_numbers(())
        self.places.setVisible(False)
        self.pickers.setVisible(False)

    def show_problem(self, problem: Problem) -> None:
        self.banner.set_problem(problem)
        self.grid.dim(True)

    # What the hand does

    def _begin(self, gesture: Hashable) -> bool:
        if self._result is None:
            return False
        self._edits.begin(self.state, self._result, gesture)
        return True

    def _take(self, outcome: PlaygroundState | Problem, gesture: Hashable) -> None:
        if isinstance(outcome, Problem):
            self.banner.set_problem(outcome)
        else:
            self.banner.set_problem(None)
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
        self.banner.set_problem(Problem(words) if words else None)

    @Slot()
    def _on_let_go(self) -> None:
        self._edits.end()
        self.gesture_ended.emit()

    @Slot()
    def _on_reverted(self) -> None:
        found = self._edits.reverted()
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
        self.edit(replace(self.state, program=edit_code(self.state.program, self.state.selection, fix.code)))

    @Slot(object)
    def _on_pointed(self, index: object) -> None:
        if self._result is not None and isinstance(index, tuple):
            self.edit(replace(self.state, pointed=PointedCell(self._result.name, index)))

    @Slot(object)
    def _on_cells(self, cells: object) -> None:
        region = cells if isinstance(cells, tuple) else None
        self.edit(replace(self.state, shape=replace(self.state.shape, cells=region)))

    @Slot()
    def _on_copy(self) -> None:
        if self._result is not None:
            QGuiApplication.clipboard().setText(f"{self._result.name} = {self._result.code}")

    # The menu and its forms

    @Slot()
    def _on_menu(self) -> None:
        if self._result is None:
            return
        menu = gesture_menu(self, self._result.rows)
        menu.triggered.connect(self._on_gesture)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.menu_button.mapToGlobal(QPoint(0, self.menu_button.height() + 2)))

    def _on_gesture(self, action: QAction) -> None:
        row = action.data()
        if isinstance(row, MenuRow):
            self.perform(row)

    def perform(self, row: MenuRow) -> None:
        """Carry out a row of the menu, or open its form."""
        if row.form:
            self.open_form(row.gesture)
        elif self._begin(None):
            self._take(self._edits.perform(registered(row.gesture), dict(row.texts)), None)
            self._on_let_go()

    def open_form(self, name: str) -> GestureForm | None:
        """Open the form of a gesture; what is filled in is carried out at once, and taken back by Cancel."""
        if self._result is None:
            return None
        self._close_form(keep=True)
        self._forms += 1
        gesture = ("form", id(self), self._forms)
        self._edits.begin(self.state, self._result, gesture)
        self._form = GestureForm(registered(name), self._result.name, self._result.layout, self)
        self._form.changed.connect(self._on_form_changed)
        self._form.finished.connect(self._on_form_finished)
        self._form.open()
        self._place_form()
        return self._form

    def _place_form(self) -> None:
        if self._form is not None:
            self._form.adjustSize()
            self._form.move(max(8, self.width() - self._form.width() - PADDING), self.title_line.height())

    @Slot(object)
    def _on_form_changed(self, texts: object) -> None:
        if self._form is not None and isinstance(texts, dict):
            gesture = ("form", id(self), self._forms)
            self._take(self._edits.perform(self._form.gesture, texts), gesture)

    @Slot(bool)
    def _on_form_finished(self, keep: bool) -> None:
        self._close_form(keep)
        self.menu_button.setFocus()

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
        result = self._result
        return f"{result.name} {result.layout.shape}, {bytes_in_words(result.nbytes)}" if result is not None else ""


def _second(runs: tuple[Run, ...]) -> tuple[Run, ...]:
    """Words in the second colour, code in the first."""
    return tuple(replace(run, role="text2") if run.kind == "words" else run for run in runs)
