"""The parts of the Shape panel and their layout; shows a result and a state, and does nothing by itself."""

from __future__ import annotations

import math
from dataclasses import replace

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLayout, QVBoxLayout, QWidget

from playground.models.evaluation.cards import statistics_lines
from playground.models.evaluation.selected import ShapeResult
from playground.models.formatting import bytes_in_words, count_in_words
from playground.models.problem import Problem
from playground.models.state import PlaygroundState
from playground.widgets.controls.buttons import Button, IconButton
from playground.widgets.controls.problem_banner import ProblemBanner
from playground.widgets.controls.section import PADDING, TitleLine
from playground.widgets.controls.tooltip import set_tooltip
from playground.widgets.grid.tensor_grid import TensorGrid
from playground.widgets.painting import fill_background
from playground.widgets.tensors.cell_readout import CellReadout
from playground.widgets.tensors.shape_head import LINE as HEAD_LINE
from playground.widgets.tensors.shape_head import ShapeHead, shown_axes, title_runs
from playground.widgets.tensors.tensor_block import TensorBlock
from playground.widgets.text.labels import RunsLabel
from playground.widgets.text.runs import Run, parse_runs

PICKERS_FROM = 600
BLOCK_FROM = 520
FULL_BLOCK_FROM = 320
"""The panel height that the block needs below a banner or with a grid of stacks."""

STACK_OF_AXES = 3
TITLE_AND_BUTTONS = 300
CHARACTER = 7.2
MARGINS, SPACING = 12, 8
LEAST_BODY = 66
"""Headers and one row of the grid, in pixels: the head always leaves this much."""


class ShapeView(QWidget):
    """Title, chips, block, grid, readout and the line that describes the last gesture."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        fill_background(self, "panel")
        self.result: ShapeResult | None = None
        self._state = PlaygroundState()
        self.title_line = TitleLine("Shape")
        self.code = RunsLabel(wrap=False)
        self.menu_button = Button("Reshape, slice, flip", opens_menu=True)
        self.copy_button = IconButton("copy", "Copy the line as code")
        self._fitted_state: PlaygroundState | None = None
        self.head = head = ShapeHead()
        self.strip, self.facts, self.pickers, self.places = head.strip, head.facts, head.pickers, head.places
        self.banner = ProblemBanner()
        self.block = TensorBlock()
        self.grid = TensorGrid("Values of the selected tensor")
        self.readout = CellReadout()
        self.last = RunsLabel(wrap=True)
        self._name_parts()
        self._lay_out()

    def _name_parts(self) -> None:
        self.menu_button.setObjectName("shape.gestures")
        self.copy_button.setObjectName("shape.copy")
        self.grid.setObjectName("shape.grid")
        self.readout.setObjectName("shape.readout")
        self.banner.setObjectName("shape.problem")
        self.last.setObjectName("shape.last_gesture")
        set_tooltip(self.menu_button, "Reshape or slice, with preview")

    def _lay_out(self) -> None:
        self.title_line.add(self.code, 1)
        self.title_line.add_right(self.menu_button)
        self.title_line.add_right(self.copy_button)
        body = QHBoxLayout()
        body.setSpacing(16)
        body.addWidget(self.block)
        body.addWidget(self.grid, 1)
        body.addWidget(self.readout)
        inner = QVBoxLayout()
        inner.setContentsMargins(PADDING, 4, PADDING, MARGINS - 4)
        inner.setSpacing(SPACING)
        inner.addWidget(self.head)
        inner.addWidget(self.banner)
        inner.addLayout(body, 1)
        inner.addStretch(0)
        inner.addWidget(self.last)
        column = QVBoxLayout(self)
        column.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.title_line)
        column.addLayout(inner, 1)

    def minimumSizeHint(self) -> QSize:
        return QSize(360, 180)

    def sizeHint(self) -> QSize:
        return QSize(734, 240)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Hide parts if there is little room: first the pickers, then the block."""
        super().resizeEvent(event)
        if self.result is not None:
            self.head.place_pickers(self.width())
            self._show_pickers(self.result)
        self._show_block()
        self._show_code(self._state)
        self._fit_head()

    def _fit_head(self) -> None:
        """Give the head the height that the others leave, and the banner what one line of the head leaves."""
        width = self.width() - 2 * PADDING
        room = self.height() - self.title_line.sizeHint().height() - MARGINS
        if not self.grid.isHidden():
            room -= LEAST_BODY + SPACING
        if not self.last.isHidden():
            room -= self.last.heightForWidth(width) + SPACING
        if not self.banner.isHidden():
            self.banner.fit(width, room - (0 if self.strip.isHidden() else HEAD_LINE + SPACING))
            room -= self.banner.heightForWidth(width) + SPACING
        self.head.fit(width, room)

    def _show_code(self, state: PlaygroundState) -> None:
        """Show the line in the title, cut to the room before the buttons."""
        self._state = state
        room = self.width() - TITLE_AND_BUTTONS
        self.code.set_content(title_runs(state.program, state.selection, max(11, int(room / CHARACTER))))

    def _show_block(self) -> None:
        result = self.result
        known = result is not None and not (result.reader is None and result.nbytes == 0 and result.problem is not None)
        rank = len(result.layout.shape) if result is not None else 0
        is_full = not self.banner.isHidden() or rank > STACK_OF_AXES
        is_low = is_full and self.height() < FULL_BLOCK_FROM
        self.block.setVisible(known and self.width() >= BLOCK_FROM and not is_low)

    def show_state(self, state: PlaygroundState) -> None:
        """Show the line, the layout and the pointed cell."""
        self._show_code(state)
        self.last.set_content(
            (Run("Last gesture: ", role="text2"), *_second(parse_runs(state.shape.last_gesture)))
            if state.shape.last_gesture
            else ()
        )
        self.last.setVisible(bool(state.shape.last_gesture))
        result = self.result
        if result is not None and result.name == state.selection:
            self._show_layout(result, state)
        self._show_pointed(state)
        if replace(state, pointed=None) != self._fitted_state:
            self._fitted_state = replace(state, pointed=None)
            self._fit_head()

    def _show_layout(self, result: ShapeResult, state: PlaygroundState) -> None:
        shape = result.layout.shape
        row, column = shown_axes(shape, state.shape)
        self.head.place_pickers(self.width())
        self.pickers.set_axes(len(shape), row, column)
        self._show_pickers(result)
        self.places.show_layout(shape if result.reader is not None else (), state.shape)
        if self.grid.reader is not None and self.grid.reader.shape == shape:
            self.grid.set_layout(row, column, dict(state.shape.fixed), state.shape.facets)

    def _show_pickers(self, result: ShapeResult) -> None:
        """Enable the row and column choice if there are values."""
        has_choice = result.reader is not None and len(result.layout.shape) > 1
        self.pickers.setVisible(has_choice and self.width() >= PICKERS_FROM)

    def _show_pointed(self, state: PlaygroundState) -> None:
        result, pointed = self.result, state.pointed
        index = None
        if result is not None and pointed is not None and result.name == state.selection and result.links is not None:
            index = result.links.index_of(pointed.name, pointed.index)
        self.grid.set_selected(index)
        story = (
            result.story.at(index) if result is not None and result.story is not None and index is not None else None
        )
        self.readout.set_story(story)

    def show_result(self, result: ShapeResult, state: PlaygroundState) -> None:
        """Show a result; if the line now fails, its last good values stay, dimmed."""
        failed = result.problem is not None and result.problem.severity == "error" and result.reader is None
        if failed and self.result is not None and self.result.name == result.name:
            self._show_failure(result)
            return
        self.result = result
        shape = result.layout.shape
        limits = None if result.made else result.whole
        for control in (self.strip, self.menu_button, self.copy_button):
            control.setEnabled(True)
        parts: tuple[QWidget, ...] = (self.strip, self.facts, self.menu_button, self.grid, self.readout)
        for part in parts:
            part.setVisible(not failed)
        self.strip.set_shape(result.name, shape, limits, result.resizable, result.made)
        self.block.set_shape(shape, result.resizable)
        self.facts.set_text(f"{count_in_words(result.count, 'element')}, {bytes_in_words(result.nbytes)}")
        is_error = result.problem is not None and result.problem.severity == "error"
        self.banner.set_problem(result.problem, result.code if is_error else "")  # the title already shows the line
        self._show_block()
        self.grid.dim(False)
        self.grid.set_placeholder("" if failed else "Too large to compute: shape and strides are exact.")
        # There is no heat until the largest value of a large tensor is known.
        largest = result.summary.largest if result.summary is not None else math.inf
        characters = result.summary.characters if result.summary is not None else 0
        self.grid.setAccessibleName(f"Values of {result.name}")
        self.grid.set_reader(result.reader, largest, characters)
        self.readout.set_numbers(statistics_lines(result.cells) if result.cells is not None else ())
        self._show_layout(result, state)
        self._show_pointed(state)
        self._fit_head()

    def _show_failure(self, result: ShapeResult) -> None:
        """Show the problem of a failing line, with its last good values dimmed below."""
        self.banner.set_problem(result.problem, result.code)
        self._show_block()
        self.strip.setEnabled(False)
        self.grid.dim(True)
        self._fit_head()

    def show_nothing(self) -> None:
        """Show that no tensor is selected."""
        self.result = None
        for button in (self.menu_button, self.copy_button):
            button.setEnabled(False)
        self.strip.set_shape("", (), None, False, False)
        self.strip.hide()
        self.block.set_shape((), False)
        self.block.hide()
        self.facts.set_text("")
        self.banner.set_problem(None)
        self.grid.show()
        self.grid.set_placeholder("Choose a tensor on the left, or make one with + Tensor.")
        self.grid.set_reader(None)
        self.readout.set_story(None)
        self.readout.set_numbers(())
        self.places.setVisible(False)
        self.pickers.setVisible(False)
        self._fit_head()

    def show_problem(self, problem: Problem) -> None:
        """Show an error of the computation."""
        self.banner.set_problem(problem)
        self.grid.dim(True)
        self._fit_head()


def _second(runs: tuple[Run, ...]) -> tuple[Run, ...]:
    """Words in the second text colour, code in the first."""
    return tuple(replace(run, role="text2") if run.kind == "words" else run for run in runs)
