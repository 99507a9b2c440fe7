"""The Einsum panel: type an equation, point at a cell, see its sum."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QSize, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from playground.models.einsum import edits
from playground.models.einsum.fixes import NOTE, once_left, while_typing
from playground.models.einsum.operands import is_gone
from playground.models.einsum.presets import PRESETS
from playground.models.einsum.request import EinsumResult
from playground.models.einsum.terms import Index
from playground.models.einsum.ways import WaysRequest, WaysResult
from playground.models.problem import Fix, Problem
from playground.models.state import PlaygroundState, PointedCell
from playground.widgets.controls.chance_notes import ChanceNotes
from playground.widgets.controls.dim_overlay import PaleCover
from playground.widgets.controls.problem_banner import ProblemBanner
from playground.widgets.controls.section import PADDING
from playground.widgets.einsum.cost_line import CostLine
from playground.widgets.einsum.details import DRAWN, Details
from playground.widgets.einsum.equation_line import EquationLine
from playground.widgets.einsum.layout import ROOMY, LowerPart
from playground.widgets.einsum.letters import equation_summary
from playground.widgets.einsum.letters_table import LettersTable
from playground.widgets.einsum.story import CellFocus
from playground.widgets.einsum.tensors_row import RESULT, TensorsRow
from playground.widgets.einsum.terms_view import TermsView
from playground.widgets.painting import fill_background
from playground.widgets.panel import Panel
from playground.widgets.text.runs import Run, plain


class EinsumPanel(Panel):
    """Equation, operands, result, terms, letters, loops and cost."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        fill_background(self, "panel")
        self.line = EquationLine()
        self.banner = ProblemBanner()
        self.banner.setObjectName("einsum.problem")
        self.tensors = TensorsRow()
        self.terms = TermsView()
        self.letters = LettersTable()
        self._ways: WaysRequest | None = None
        self.chance = ChanceNotes(self)
        self.chance.changed.connect(self._show_chance)
        self.details = Details()
        self.cost = CostLine()
        self._veil = PaleCover(self.cost.label)
        self.story = CellFocus(self.tensors, self.terms)
        self._result: EinsumResult | None = None
        self._problem: Problem | None = None
        self._pointed_operand = self._typing = 0
        self._letter = ""
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        self._lower = LowerPart(self.letters, self.details)
        body = QVBoxLayout()
        body.setContentsMargins(PADDING, 0, PADDING, 2)
        body.setSpacing(3)
        body.addWidget(self.banner)
        body.addWidget(self.tensors, 1)
        body.addWidget(self.terms)
        body.addWidget(self._lower)
        body.addWidget(self.cost)
        body.addStretch(0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.line)
        column.addLayout(body, 1)

    def minimumSizeHint(self) -> QSize:
        """As small as a tab may get: grids, letters and loops scroll, and a banner takes space from them."""
        return QSize(420, 300)

    def sizeHint(self) -> QSize:
        return QSize(734, 371)

    def _connect(self) -> None:
        self.line.equation_edited.connect(self._on_equation_edited)
        self.line.equation_left.connect(self._on_equation_left)
        self.line.operand_chosen.connect(self._on_operand_chosen)
        self.line.preset_chosen.connect(self._on_preset_chosen)
        self.line.keep_wanted.connect(self._on_keep_wanted)
        self.banner.fix_chosen.connect(self._on_fix_chosen)
        self.tensors.pointed.connect(self._on_pointed)
        self.terms.stepped.connect(self.story.step_to)
        self.terms.resized.connect(self.story.retell)
        self.letters.sized.connect(self._on_letter_sized)
        self.letters.let_go.connect(self.gesture_ended)
        self.letters.hovered.connect(self._on_letter_hovered)
        self.details.tabs.currentChanged.connect(self._make_room)
        self.details.tabs.currentChanged.connect(self._ask_ways)
        self.cost.cancelled.connect(self.cancelled)
        self.cost.open_wanted.connect(self._on_open_wanted)
        self.details.ladder.run_wanted.connect(self._on_ladder_wanted)

    @property
    def result(self) -> EinsumResult | None:
        """The last good result."""
        return self._result

    def show_state(self, state: PlaygroundState) -> None:
        self.line.set_choices(state.einsum.equation, state.einsum.operands, state.program.names)
        selected = edits.einsum_of_line(state.program, state.selection)
        shown = (state.einsum.equation, state.einsum.operands)
        same = selected is None or (selected.equation, selected.operands) == shown
        self.cost.offer("" if same else state.selection)
        self.chance.follow(state)
        self._show_chance()
        self._show_resizable()
        self._show_pointed()

    def show_result(self, result: object) -> None:
        assert isinstance(result, EinsumResult)
        self._problem = result.problem
        self.line.equation.set_fault(None)
        if result.plan is None:
            self._result = replace(self._result, shapes=result.shapes) if self._result is not None else None
            self._forget_what_is_gone()
            self._show_hint(result.hint)
            return
        self._result = result
        notice = result.problem or result.warning
        self.banner.set_problem(notice, self.state.einsum.equation if notice is result.warning else "")
        if result.warning is not None:
            self.line.equation.set_fault(result.warning.span, "warning")
        self._dim(False)
        self.line.show_plan(result.plan)
        self.line.keep.setEnabled(True)
        self.tensors.show_result(result)
        self.details.show_result(result)
        self.cost.show_result(result)
        self.story.show_result(result)
        if self._letter:
            self._light_letter()
        self._show_resizable()
        self._show_pointed()
        self._ask_ways()
        self.summary_changed.emit()

    def show_problem(self, problem: Problem) -> None:
        is_blank = not self.state.einsum.equation.strip()
        self._problem = replace(problem, severity=NOTE) if is_blank else once_left(problem)
        problem = while_typing(problem) if self.line.is_typing else self._problem
        self.banner.set_problem(problem, self.state.einsum.equation if problem.span is not None else "")
        self.line.equation.set_fault(problem.span, problem.severity)
        self.line.keep.setEnabled(False)
        self._forget_what_is_gone()
        if self._result is None:
            self.terms.set_note("")  # the banner shows the problem
        self._dim(True)
        self.summary_changed.emit()

    def _forget_what_is_gone(self) -> None:
        """Keep the last result, dimmed, only while its tensors exist."""
        program, plan = self.state.program, self._result.plan if self._result is not None else None
        if not any(self.state.einsum.operands) or (plan and any(is_gone(program, name) for name in plan.names)):
            self._result = None
            self.line.show_plan(None)
            self.cost.show_result(None)
            self.terms.set_note("")

    def _show_hint(self, hint: str) -> None:
        self.banner.set_problem(None)
        self.line.show_plan(None)
        self.line.keep.setEnabled(False)
        self._dim(self._result is not None)
        if self._result is None:
            self._show_resizable()
            self.cost.show_result(None)
            self.terms.set_note(hint)
            self.terms.show()
        self.summary_changed.emit()

    def _dim(self, dimmed: bool) -> None:
        for part in (self.tensors, self.terms, self.letters, self.details):
            part.dim(dimmed)
        self.tensors.setVisible(self._result is not None)
        self._lower.setVisible(self._result is not None)
        self._veil.dim(dimmed)
        self._make_room()

    @Slot()
    def _make_room(self) -> None:
        """Hide the written sum if a banner or a drawing needs the room."""
        is_high = self.height() >= ROOMY
        draws = self.details.tabs.currentIndex() in DRAWN
        self.terms.setVisible(is_high or (self.banner.isHidden() and not draws))
        takes_the_sum = draws and not is_high and self.banner.isHidden()
        others = self.line.sizeHint().height() + self.cost.sizeHint().height()
        drawn = self.terms.sizeHint().height() if takes_the_sum else 0
        written = 0 if self.terms.isHidden() else self.terms.sizeHint().height()
        self._lower.fit(self.width(), self.height(), others, drawn, written)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def show_busy(self, busy: bool) -> None:
        self.cost.set_busy(busy)

    @Slot()
    def _ask_ways(self) -> None:
        """Measure the lines of torch while they are shown, once for each result."""
        result = self._result
        plan = result.plan if result is not None and result.tensor is not None else None
        if result is None or plan is None:
            return
        request = WaysRequest(self.state.program, plan.code, result.equivalents, self.state.memory_budget)
        if request != self._ways:
            self._ways = None
            self.details.show_ways(None)
            if self.details.shows_torch and self.is_answered:
                self._ways = request
                self.asked.emit("ways", request)

    @Slot()
    def _show_chance(self) -> None:
        """Which letters are equal by chance, if the equation is that of the selected line."""
        state = self.state
        selected = edits.einsum_of_line(state.program, state.selection)
        is_here = selected is not None and selected.equation == state.einsum.equation
        notes = self.chance.of_line(state.selection)
        self.letters.set_chance({letter: note for note in notes for letter in note.letters} if is_here else {})

    def show_answer(self, side: str, outcome: object, final: bool) -> None:
        self.chance.take(outcome)
        if side == "ways" and isinstance(outcome, WaysResult) and outcome.request == self._ways:
            self.details.show_ways(outcome)
        if side == "ladder":
            self.details.ladder.show_answer(outcome, final)

    def show_answer_progress(self, side: str, _fraction: float, words: str) -> None:
        if side == "ladder":
            self.details.ladder.set_progress(words)

    def summary(self) -> str:
        return plain(self.summary_runs())

    def summary_runs(self) -> tuple[Run, ...]:
        einsum, result, problem = self.state.einsum, self._result, self._problem
        stands_in_the_way = problem is not None and (problem.severity == "error" or result is None)
        gives = self.line.result.runs if result is not None and result.plan is not None else None
        return equation_summary(einsum.equation, einsum.operands, problem if stands_in_the_way else None, gives)

    def _show_resizable(self) -> None:
        plan = self._result.plan if self._result is not None else None
        if plan is None:
            self.letters.set_letters(None)
            return
        names = [name for name in plan.labels if edits.is_resizable(self.state, plan.indexing, name)]
        self.letters.set_letters(plan.indexing, names)
        self._make_room()

    def _show_pointed(self) -> None:
        plan, pointed = self._result.plan if self._result is not None else None, self.state.pointed
        if plan is None:
            return
        if pointed is not None and pointed.name == plan.result_name:
            self.story.point_at_result(pointed.index)
        elif pointed is not None and pointed.name in plan.names:
            number = self._pointed_operand
            if number >= len(plan.shapes) or plan.names[number] != pointed.name:
                number = plan.names.index(pointed.name)
            self.story.point_at_operand(number, pointed.index)
        else:
            self.story.point_at_result(None)

    # What the user does --------------------------------------------------------------------------------------------

    @Slot(str)
    def _on_equation_edited(self, text: str) -> None:
        self.edit(edits.with_equation(self.state, text), ("equation", self._typing))

    @Slot()
    def _on_equation_left(self) -> None:
        self._typing += 1
        if self._problem is not None and self.banner.problem is not None and self.banner.problem.severity == NOTE:
            self.show_problem(self._problem)
        self.gesture_ended.emit()

    @Slot(int, str)
    def _on_operand_chosen(self, number: int, text: str) -> None:
        self.edit(edits.with_operand(self.state, number, text))

    @Slot(str)
    def _on_preset_chosen(self, name: str) -> None:
        computed = self._result.shapes if self._result is not None else {}
        self.edit(edits.with_preset(self.state, PRESETS[name], edits.known_shapes(self.state, computed)))

    @Slot()
    def _on_keep_wanted(self) -> None:
        self.edit(edits.result_kept(self.state))

    @Slot()
    def _on_open_wanted(self) -> None:
        selected = edits.einsum_of_line(self.state.program, self.state.selection)
        if selected is not None:
            self.edit(replace(self.state, einsum=selected))

    @Slot(object)
    def _on_fix_chosen(self, fix: Fix) -> None:
        self.take_offer(edits.with_fix(self.state, fix))

    @Slot(int, object)
    def _on_pointed(self, number: int, index: Index | None) -> None:
        plan = self._result.plan if self._result is not None else None
        if plan is None:
            return
        if index is None:
            self.edit(replace(self.state, pointed=None))
            return
        name = plan.result_name if number == RESULT else plan.names[number]
        self._pointed_operand = max(0, number)
        self.edit(replace(self.state, pointed=PointedCell(name, index)))

    @Slot(str, object, object)
    def _on_letter_sized(self, name: str, size: int, gesture: object) -> None:
        plan = self._result.plan if self._result is not None else None
        if plan is not None:
            self.edit(edits.with_letter_size(self.state, plan.indexing, name, size), gesture)

    @Slot(object)
    def _on_letter_hovered(self, name: str | None) -> None:
        self._letter = name or ""
        self._light_letter()

    def _light_letter(self) -> None:
        """Highlight a letter everywhere while the pointer is on its row."""
        for part in (self.line.equation.light, self.tensors.light_letter, self.details.light):
            part(self._letter)

    @Slot(object)
    def _on_ladder_wanted(self, request: object) -> None:
        self.asked.emit("ladder", request)
