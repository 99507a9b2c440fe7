"""A small network's forward and backward pass, one operation at a time, with every number spelled out."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from playground.models.formatting import count_in_words
from playground.models.network.step_through.forward import StepThroughResult
from playground.models.network.step_through.steps import PassStep, StepTensor, spell
from playground.models.problem import Problem
from playground.widgets.controls.buttons import IconButton
from playground.widgets.controls.layouts import FlowLayout
from playground.widgets.controls.problem_banner import ProblemBanner
from playground.widgets.controls.section import Hairline, TitleLine
from playground.widgets.grid.style import AxisLabel, LitRegion
from playground.widgets.grid.tensor_grid import TensorGrid
from playground.widgets.network.windows.step_list import StepList
from playground.widgets.painting import fill_background
from playground.widgets.text.labels import RunsLabel, TextLabel
from playground.widgets.text.runs import Run

COLOURS = {"i": 0, "j": 1, "k": 2, "n": 2}
LIST_WIDTH = 288


CHARACTERS = 7
"""Room for `-0.0396` in a cell: gradients are small, and one digit of them would say nothing."""


class NamedGrid(QWidget):
    """A tensor of a step, with its name and shape above."""

    pointed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = TextLabel("", code=True, bold=True)
        self.grid = TensorGrid(compact=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.name)
        column.addWidget(self.grid)
        column.addStretch(1)
        self.grid.pointed.connect(self.pointed)

    def show_tensor(self, tensor: StepTensor, letters: str, scale: float) -> None:
        """Show its numbers, with the axes labelled by letters."""
        self.name.set_text(tensor.name)
        self.grid.setAccessibleName(f"values of {tensor.name}")
        self.grid.set_reader(tensor.reader, scale, CHARACTERS)
        self.grid.set_axes(AxisLabel(letter, COLOURS[letter]) for letter in letters)
        self.grid.setFixedSize(self.grid.sizeHint().expandedTo(QSize(72, 40)))


class StepThroughView(QWidget):
    """`show_result(result)`; the view itself keeps the step shown, since it is not part of the user's work.

    `noted("forward_pass")` when the user reaches the loss, "backward_pass" at the last step.
    """

    noted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("network.step_through")
        self.setWindowTitle("Forward and backward, step by step")
        self._result: StepThroughResult | None = None
        self._index = 0
        self._cell: tuple[int, ...] = ()
        fill_background(self, "panel")
        self.list = StepList()
        self.list.setObjectName("network.step_through.list")
        self.list.setFixedWidth(LIST_WIDTH)
        self.formula = RunsLabel(pixels=13)
        self.rule = RunsLabel(role="text2")
        self.spelled = RunsLabel()
        self.spelled.setObjectName("network.step_through.spelled")
        self.agreement = RunsLabel(role="text2")
        self.agreement.setObjectName("network.step_through.agreement")
        self.banner = ProblemBanner(first=0)
        self.grids: list[NamedGrid] = []
        self.result_grid = NamedGrid()
        self.result_grid.pointed.connect(self._on_pointed)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._title())
        column.addWidget(Hairline())
        body = QHBoxLayout()
        body.setSpacing(0)
        body.addWidget(self.list)
        body.addWidget(Hairline(vertical=True))
        body.addWidget(self._right(), 1)
        column.addLayout(body, 1)
        self.list.chosen.connect(self._on_chosen)
        self.list.setFocus()  # the arrow keys move from step to step as soon as the window opens

    def _title(self) -> TitleLine:
        line = TitleLine("Step through")
        self.what = TextLabel("", "text2")
        self.where = TextLabel("", "text2", fixed=True)
        self.back = IconButton("chevron-left", "Previous step")
        self.back.setObjectName("network.step_through.back")
        self.on = IconButton("chevron-right", "Next step")
        self.on.setObjectName("network.step_through.next")
        line.add(self.what)
        for widget in (self.where, self.back, self.on):
            line.add_right(widget)
        self.back.clicked.connect(self._on_back)
        self.on.clicked.connect(self._on_next)
        return line

    def _right(self) -> QWidget:
        inner = QWidget()
        fill_background(inner, "panel")
        row = QWidget()
        self._row = FlowLayout(row, spacing=20)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        row.setSizePolicy(policy)
        self._row.addWidget(self.result_grid)
        column = QVBoxLayout(inner)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        for widget in (self.banner, self.formula, self.rule):
            column.addWidget(widget)
        column.addSpacing(8)
        column.addWidget(row)
        column.addSpacing(8)
        column.addWidget(self.spelled)
        column.addWidget(self.agreement)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        scroll.setWidget(inner)
        return scroll

    def sizeHint(self) -> QSize:
        return QSize(1040, 560)

    # Content

    def show_result(self, result: StepThroughResult) -> None:
        """Show another pass, at the same step if it has that many."""
        self._result = result
        self.banner.set_problem(None)
        spec = result.spec
        norm = "" if spec.normalisation == "none" else f", {spec.normalisation} norm"
        self.what.set_text(
            f"{count_in_words(spec.depth, 'layer')} of {count_in_words(spec.width, 'unit')}, "
            f"{count_in_words(spec.batch, 'input')}, {spec.activation}{norm}: {result.verdict()}"
        )
        self.show_step(min(self._index, len(result.steps) - 1))

    def show_problem(self, problem: Problem) -> None:
        """Show why there is nothing to step through; the last pass stays."""
        self.banner.set_problem(problem)

    @Slot(int)
    def show_step(self, index: int) -> None:
        """Show one step of the pass."""
        if self._result is None:
            return
        self._index = max(0, min(index, len(self._result.steps) - 1))
        step = self._result.steps[self._index]
        self.list.show_steps(self._result.steps, self._index)
        self.where.set_text(f"step {self._index + 1} of {len(self._result.steps)}")
        self.back.setEnabled(self._index > 0)
        self.on.setEnabled(self._index < len(self._result.steps) - 1)
        self.formula.set_content((Run(step.formula, "bold code"),))
        self.rule.set_content(step.rule)
        self._show_grids(step)
        self._show_agreement(step)
        shape = step.result.values.shape
        fits = len(self._cell) == len(shape) and all(at < size for at, size in zip(self._cell, shape, strict=True))
        self._show_cell(self._cell if fits else (0,) * len(shape))

    def _show_grids(self, step: PassStep) -> None:
        while len(self.grids) < len(step.operands):
            grid = NamedGrid()
            self._row.removeWidget(self.result_grid)
            self._row.addWidget(grid)
            self._row.addWidget(self.result_grid)
            self.grids.append(grid)
        for position, grid in enumerate(self.grids):
            grid.setVisible(position < len(step.operands))
            if position < len(step.operands):
                operand = step.operands[position]
                grid.show_tensor(operand, step.letters_of(position), operand.largest)
        letters = step.result_letters[: step.result.values.ndim]
        self.result_grid.show_tensor(step.result, letters, step.result.largest)

    def _show_agreement(self, step: PassStep) -> None:
        if step.agreement is None:
            self.agreement.set_content("")
            return
        holds = step.agreement.holds
        self.agreement.set_content(step.agreement.words().capitalize() + ".", "good" if holds else "error")

    def _show_cell(self, index: tuple[int, ...]) -> None:
        """Spell out one number of the result, and highlight its inputs."""
        if self._result is None:
            return
        self._cell = index
        step = self._result.steps[self._index]
        spelling = spell(step, index)
        self.spelled.set_content((Run(spelling.words(), "code"),))
        self.result_grid.grid.set_selected(index or None)
        lit: dict[int, set[tuple[int, ...]]] = {}
        for term in spelling.terms:
            for position, cell in term.cells:
                lit.setdefault(position, set()).add(cell)
        for position, grid in enumerate(self.grids[: len(step.operands)]):
            cells = sorted(lit.get(position, ()))
            grid.grid.set_lit(_regions(cells, step.letters_of(position)))

    # User actions

    @Slot(object)
    def _on_pointed(self, index: object) -> None:
        if isinstance(index, tuple):
            self._show_cell(index)

    @Slot()
    def _on_back(self) -> None:
        self.show_step(self._index - 1)

    @Slot()
    def _on_next(self) -> None:
        self._on_chosen(self._index + 1)

    @Slot(int)
    def _on_chosen(self, index: int) -> None:
        self.show_step(index)
        if self._result is None:
            return
        steps = self._result.steps
        if steps[self._index].direction != "forward" or steps[self._index].kind == "loss":
            self.noted.emit("forward_pass")
        if self._index == len(steps) - 1:
            self.noted.emit("backward_pass")


def _regions(cells: list[tuple[int, ...]], letters: str) -> list[LitRegion]:
    """One frame if the cells are a whole row or column, otherwise one around each."""
    if len(cells) > 1:
        for axis, letter in enumerate(letters):
            values = {cell[axis] for cell in cells}
            if len(values) == 1 and len(cells[0]) == 2:
                at = values.pop()
                index = (at, None) if axis == 0 else (None, at)
                return [LitRegion(index, COLOURS[letter])]
    return [LitRegion(cell) for cell in cells[:64]]
