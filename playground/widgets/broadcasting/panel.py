"""The Broadcast panel: why shapes fit or clash, what is stretched, and the edits that fix a clash."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from playground.models.broadcasting.chance.telling import ChanceNote
from playground.models.broadcasting.request import BroadcastResult, broadcast_request, chosen_operands, request_with_fix
from playground.models.problem import Fix, Problem
from playground.models.program.program import parse_source
from playground.models.state import BroadcastState, PlaygroundState, PointedCell
from playground.widgets.broadcasting.grids import BroadcastGrids, Index, chains, gradient_grids, sentence, value_grids
from playground.widgets.broadcasting.table import BroadcastTable
from playground.widgets.broadcasting.title import BroadcastTitle
from playground.widgets.controls.chance_notes import ChanceNotes, chance_problem, with_chance_fix
from playground.widgets.controls.problem_banner import ProblemBanner
from playground.widgets.controls.section import PADDING
from playground.widgets.painting import fill_background
from playground.widgets.panel import Panel
from playground.widgets.text.labels import RunsLabel

FIRST_FIXES = 3
LEAST_BODY, SOME_BODY = 84, 114
"""The height the body keeps when the title takes two lines, and when there is room."""

ABOVE, BELOW = 2, 4


class BroadcastPanel(Panel):
    """Follows the selected line if it is an operation; otherwise shows the operands chosen in its boxes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("broadcast")
        self.setAccessibleName("Broadcast")
        fill_background(self, "panel")
        self._result: BroadcastResult | None = None
        self._all_fixes = False
        self._here: Index | None = None
        self._place = ""
        self._make_title()
        self.banner = ProblemBanner(first=99)  # `more` shows the rest in place
        self.banner.setObjectName("broadcast.problem")
        self.banner.fix_chosen.connect(self._on_fix_chosen)
        self.by_chance = ProblemBanner()
        self.by_chance.setObjectName("broadcast.chance")
        self.by_chance.fix_chosen.connect(self._on_chance_fix_chosen)
        self.chance = ChanceNotes(self)
        self._note: ChanceNote | None = None
        self.chance.changed.connect(self._show_chance)
        self.table = BroadcastTable()
        self.grids = BroadcastGrids()
        self.grids.pointed.connect(self._on_pointed)
        self.grids.chosen.connect(self._on_pointed)
        self.sentence = RunsLabel()
        self.sentence.setObjectName("broadcast.sentence")
        self._lay_out()

    def _make_title(self) -> None:
        self._title = title = BroadcastTitle()
        self.bar, self.operation, self.back, self.keep = title.bar, title.operation, title.back, title.keep
        self.more, self.gradient, self.verdict = title.more, title.gradient, title.verdict
        self.bar.chosen.connect(self._on_operands_chosen)
        self.operation.activated.connect(self._on_operation_chosen)
        self.back.clicked.connect(self._on_back_clicked)
        self.keep.clicked.connect(self._on_keep_clicked)
        self.more.clicked.connect(self._on_more_clicked)
        self.gradient.clicked.connect(self._on_gradient_clicked)

    def _lay_out(self) -> None:
        body = QWidget()
        fill_background(body, "panel")
        row = QHBoxLayout(body)
        row.setContentsMargins(PADDING, 0, PADDING, 0)
        row.setSpacing(16)
        row.addWidget(self.table, 0, Qt.AlignmentFlag.AlignTop)
        self._right = right = QVBoxLayout()
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(6)
        right.addWidget(self.banner)
        right.addWidget(self.grids, 1)
        right.addWidget(self.by_chance)
        row.addLayout(right, 1)
        self._scroll = QScrollArea()
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setWidgetResizable(True)
        self._scroll.setMinimumHeight(LEAST_BODY)
        self._scroll.setWidget(body)
        below = QVBoxLayout()
        below.setContentsMargins(PADDING, ABOVE, PADDING, BELOW)
        below.addWidget(self.sentence)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self._title)
        whole.addWidget(self._scroll, 1)
        whole.addLayout(below)
        whole.addStretch(0)

    # State and result ----------------------------------------------------------------------------------------------

    def show_state(self, state: PlaygroundState) -> None:
        request = broadcast_request(state)
        self.gradient.setChecked(state.broadcast.gradient)
        self.chance.follow(state)
        chosen_here = bool(state.broadcast.operands) and state.broadcast.chosen_at == state.selection
        bare = replace(state, broadcast=BroadcastState())
        follows = broadcast_request(bare).line if chosen_here else ""
        self.back.setText(f"back to {follows}")
        self.back.setVisible(bool(follows))
        if not request.line and not request.offered:
            self.bar.show_choice(request.names, request.operands, request.operator, chains(request.operator))
        self._show_pointed()

    def show_result(self, result: object) -> None:
        assert isinstance(result, BroadcastResult)
        if self._result is None or self._result.request != result.request:
            self._here = None
            self._all_fixes = False
        self._result = result
        texts = tuple(operand.text for operand in result.operands)
        self.bar.show_choice(result.request.names, texts, result.operator, chains(result.operator))
        self._title.show_operations(result.operations, result.place)
        self.keep.setVisible(len(texts) > 1 and not result.line)
        self.gradient.setVisible(bool(result.explanation and result.explanation.shape is not None))
        self.table.set_explanation(result.explanation)
        self.table.setVisible(result.explanation is not None or len(texts) != 1)
        self.grids.show_grids(gradient_grids(result) if result.request.gradient else value_grids(result))
        self.grids.dim(result.problem is not None)
        self._show_chance()
        self._show_pointed()

    def show_answer(self, side: str, outcome: object, final: bool) -> None:
        self.chance.take(outcome)

    @Slot()
    def _show_chance(self) -> None:
        """The verdict and the sentence say if the shown line holds by chance; the edits stand below the grids."""
        result = self._result
        notes = self.chance.of_line(result.request.line) if result is not None and result.request.line else ()
        self._note = notes[0] if notes else None
        self.by_chance.set_problem(chance_problem(self._note))
        if result is not None:
            self._show_words(result)
        self._fit_body()

    @Slot(object)
    def _on_chance_fix_chosen(self, fix: Fix) -> None:
        self.take_offer(with_chance_fix(self.state, fix.target, fix.code))

    def _fit_body(self) -> None:
        """Limit the height to the content, so that the sentence follows directly below."""
        body = self._scroll.widget()
        layout = body.layout() if body is not None else None
        if layout is not None:
            self._right.invalidate()
            layout.invalidate()
            is_narrow = layout.minimumSize().width() > self.width()
            bar = self._scroll.horizontalScrollBar().sizeHint().height() if is_narrow else 0
            self._scroll.setMaximumHeight(max(SOME_BODY, layout.sizeHint().height() + bar + 2))

    def minimumSizeHint(self) -> QSize:
        """Give the sentence its full height at this width; the body scrolls."""
        sentence = self.sentence.heightForWidth(self.width() - 2 * PADDING)
        height = self._title.height() + LEAST_BODY + ABOVE + sentence + BELOW
        return QSize(super().minimumSizeHint().width(), height)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_body()
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()  # the sentence may need one more line

    def _show_words(self, result: BroadcastResult) -> None:
        explanation, problem = result.explanation, result.problem
        if explanation is not None and not result.request.offered:
            problem = problem or explanation.problem or explanation.warning
        self._show_problem_with_fixes(problem)
        self.sentence.set_content(sentence(result))
        if explanation is None:
            self.verdict.set_verdict(problem.badge if problem else "", "error")
        elif problem is not None and problem.severity == "error":
            self.verdict.set_verdict(explanation.verdict if result.problem is None else problem.badge, "error")
        elif problem is not None:
            self.verdict.set_verdict(f"fits, {problem.badge}", "warning")
        elif result.request.offered:
            self.verdict.set_verdict(f"would fit{explanation.verdict.removeprefix('fits')}", "offer")
        elif self._note is None:
            self.verdict.set_verdict(explanation.verdict, "good")
        else:
            self.verdict.set_verdict(f"{explanation.verdict}, by chance", "good")
            self.sentence.set_content(f"{sentence(result)} By chance: {self._note.message}")

    def _show_problem_with_fixes(self, problem: Problem | None) -> None:
        if problem is None:
            self.banner.set_problem(None)
            self.more.hide()
            return
        hidden = 0 if self._all_fixes else max(0, len(problem.fixes) - FIRST_FIXES)
        shown = problem.fixes if not hidden else problem.fixes[:FIRST_FIXES]
        self.banner.set_problem(replace(problem, fixes=shown))
        for place, button in enumerate(self.banner.buttons):
            button.setObjectName(f"broadcast.fix.{place}")
        self.more.setText(f"{hidden} more edits" if hidden else "")
        self.more.setVisible(hidden > 0)

    def show_problem(self, problem: Problem) -> None:
        self._show_problem_with_fixes(problem)
        self.verdict.set_verdict(problem.badge or "no result", "error")
        self.table.dim(True)
        self.grids.dim(True)

    def summary(self) -> str:
        result = self._result
        if result is None or result.explanation is None:
            return ""
        return f"{result.code}: {self.verdict.text()}"

    # Pointing ------------------------------------------------------------------------------------------------------

    def _show_pointed(self) -> None:
        result, pointed = self._result, self.state.pointed
        if result is None or result.explanation is None or result.explanation.shape is None:
            return
        shape = result.explanation.shape
        index = self._here
        if pointed is not None:
            if pointed.name == result.line:
                index = pointed.index
            else:
                row = next((row for row in result.explanation.rows if row.name == pointed.name), None)
                if row is not None and len(row.shape) == len(pointed.index):
                    lead = (None,) * (len(shape) - len(row.shape))
                    places: tuple[int | None, ...] = (*lead, *pointed.index)
                    self.grids.set_lit(tuple(None if k in row.stretched else p for k, p in enumerate(places)))
                    return
        fits = index is not None and len(index) == len(shape)
        self._place_axes(index if fits else None, len(shape))
        self.grids.set_selected(index if fits else None)
        where = f" The grids show `{self._place}`." if self._place else ""
        self.sentence.set_content(sentence(result) + where)

    def _place_axes(self, index: Index | None, rank: int) -> None:
        """The last two axes, the others at the pointed cell's index; or the axes that the Shape panel shows."""
        result, chosen = self._result, self.state.shape
        self._place = ""
        if rank < 3 or result is None or result.request.gradient:
            return
        row, column = rank - 2, rank - 1
        fixed = dict(enumerate(index)) if index is not None else {}
        if result.line and self.state.selection == result.line:
            row = chosen.row_axis if chosen.row_axis is not None else row
            column = chosen.column_axis if chosen.column_axis is not None else column
            fixed = fixed or dict(chosen.fixed)
        if row < rank and column < rank and row != column:
            others = {k: fixed.get(k, 0) for k in range(rank) if k not in (row, column)}
            self.grids.set_layout(row, column, others)
            self._place = f"[{', '.join(str(others[k]) if k in others else ':' for k in range(rank))}]"

    @Slot(object)
    def _on_pointed(self, index: Index) -> None:
        result = self._result
        if result is None:
            return
        self._here = index
        if result.line:
            self.edit(replace(self.state, pointed=PointedCell(result.line, index)))
        self.grids.set_selected(index)

    # Edits ---------------------------------------------------------------------------------------------------------

    @Slot(object, str)
    def _on_operands_chosen(self, operands: tuple[str, ...], operator: str) -> None:
        self.edit(chosen_operands(self.state, operands, operator))

    @Slot()
    def _on_operation_chosen(self) -> None:
        place = self.operation.currentIndex()
        chosen = BroadcastState(chosen_at=self.state.selection, place=place, gradient=self.state.broadcast.gradient)
        self.edit(replace(self.state, broadcast=chosen))

    @Slot()
    def _on_back_clicked(self) -> None:
        self.edit(replace(self.state, broadcast=BroadcastState(gradient=self.state.broadcast.gradient)))

    @Slot()
    def _on_gradient_clicked(self) -> None:
        chosen = replace(self.state.broadcast, gradient=self.gradient.isChecked())
        self.edit(replace(self.state, broadcast=chosen))

    @Slot()
    def _on_keep_clicked(self) -> None:
        if self._result is None:
            return
        name = self.state.program.fresh_name()
        program = self.state.program.appended(name, parse_source(self._result.code))
        self.edit(replace(self.state, program=program, selection=name))

    @Slot()
    def _on_more_clicked(self) -> None:
        self._all_fixes = True
        if self._result is not None:
            self._show_words(self._result)
            self._fit_body()

    @Slot(object)
    def _on_fix_chosen(self, fix: Fix) -> None:
        result = self._result
        if result is None:
            return
        request = request_with_fix(result, fix)
        if request is None:
            return
        if request.line:
            program = self.state.program.with_source(request.line, parse_source(request.text))
            self.take_offer(replace(self.state, program=program))
        else:
            self.take_offer(chosen_operands(self.state, request.operands, result.operator))
