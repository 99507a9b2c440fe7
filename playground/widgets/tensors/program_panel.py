"""The program: one card per tensor, and ways to add one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QPoint, QSize, Qt, Slot
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QLayout, QVBoxLayout, QWidget

from playground.models.evaluation.cards import ProgramResult
from playground.models.language.completion import says_something
from playground.models.language.fills import default_made
from playground.models.language.names import name_problem
from playground.models.problem import Fix, Problem, ProblemError
from playground.models.program.edit import (
    duplicate,
    edit_code,
    moved,
    paste_problem,
    pasted,
    restored,
    split_assignment,
    with_statement,
)
from playground.models.program.program import Program, parse_source, source_code
from playground.models.program.sources import Binding
from playground.models.state import PlaygroundState
from playground.widgets.controls.buttons import IconButton
from playground.widgets.controls.chance_notes import ChanceNotes
from playground.widgets.controls.problem_banner import ProblemBanner
from playground.widgets.controls.section import TitleLine
from playground.widgets.painting import fill_background
from playground.widgets.panel import Panel
from playground.widgets.tensors.card_list import CardList
from playground.widgets.tensors.program_menus import AddButtons, KeptNote, fills_menu, program_menu, tensor_menu

LEAST_WIDTH = 232


class ProgramPanel(Panel):
    """Cards with name, code and numbers; every edit is an edit of the program."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        fill_background(self, "window")
        self._gestures = 0
        self._failure: Problem | None = None
        self._take: Callable[[Fix], None] | None = None
        self._asked_about: Program | None = None
        self.title_line = TitleLine("Program")
        self.more = IconButton("ellipsis", "More: copy the program, paste lines")
        self.title_line.add_right(self.more)
        self.list, self.problem = CardList(), ProblemBanner()
        self.problem.setObjectName("tensors.problem")
        self.kept, self.buttons = KeptNote(), AddButtons()
        self.chance = ChanceNotes(self)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        self.more.setObjectName("tensors.more")
        banner = QVBoxLayout()
        banner.setContentsMargins(8, 0, 8, 0)
        banner.addWidget(self.problem)
        column = QVBoxLayout(self)
        column.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.title_line)
        column.addWidget(self.list, 1)
        column.addWidget(self.kept)
        column.addLayout(banner)
        column.addWidget(self.buttons)

    def _connect(self) -> None:
        self.buttons.tensor.clicked.connect(self._on_add)
        self.buttons.line.clicked.connect(self._on_line)
        self.buttons.open.clicked.connect(self._on_open)
        self.more.clicked.connect(self._on_more)
        self.problem.fix_chosen.connect(self._on_banner_fix)
        self.chance.changed.connect(self._on_chance_changed)
        cards = self.list
        cards.selected.connect(self._on_selected)
        cards.fix_chosen.connect(self._on_fix)
        cards.menu_wanted.connect(self._on_menu)
        cards.move_wanted.connect(self._on_move)
        cards.dropped.connect(self._on_dropped)
        cards.carried_out.connect(self.requested)
        cards.copy_wanted.connect(self._on_copy)
        cards.paste_wanted.connect(self._on_paste)
        cards.delete_wanted.connect(self._on_delete)
        cards.duplicate_wanted.connect(self._on_duplicate)
        cards.editors.renamed.connect(self._on_renamed)
        cards.editors.name_typed.connect(self._on_name_typed)
        cards.editors.code_edited.connect(self._on_code_edited)
        cards.editors.code_committed.connect(self._on_code_committed)
        cards.editors.code_reverted.connect(self._on_code_reverted)

    def minimumSizeHint(self) -> QSize:
        return QSize(LEAST_WIDTH, 200)

    def sizeHint(self) -> QSize:
        return QSize(272, 600)

    # Content

    def show_state(self, state: PlaygroundState) -> None:
        if self._take is not None and state.program != self._asked_about:
            self._offer(None)
        self.list.show_program(state.program, state.selection)
        self.chance.follow(state)
        self.kept.show_state(state)

    def show_result(self, result: object) -> None:
        if isinstance(result, ProgramResult):
            self.list.show_result(result)
            if self.problem.problem is self._failure:
                self.problem.set_problem(None)

    def show_answer(self, side: str, outcome: object, final: bool) -> None:
        self.chance.take(outcome)

    @Slot()
    def _on_chance_changed(self) -> None:
        notes = {name: found[0] for name in self.state.program.names if (found := self.chance.of_line(name))}
        self.list.show_notes(notes)

    def show_problem(self, problem: Problem) -> None:
        self._failure = problem
        self._offer(problem)

    def _offer(self, problem: Problem | None, text: str = "", take: Callable[[Fix], None] | None = None) -> None:
        """Say what is wrong; `take` is what taking a fix does, which is offered while the program is this one."""
        self._take, self._asked_about = take, self.state.program
        self.problem.set_problem(problem, text)

    # User actions

    def _change(self, program: Program, selection: str | None = None, gesture: object = None) -> None:
        """Edit the program, and select a line."""
        state = self.state.with_program(program)
        if selection is not None and selection != state.selection:
            state = replace(state, selection=selection, pointed=None)
        self._offer(None)
        self.edit(state, gesture)

    @Slot(str)
    def _on_selected(self, name: str) -> None:
        if name != self.state.selection:
            shape = replace(self.state.shape, row_axis=None, column_axis=None, fixed=(), cells=None)
            self.edit(replace(self.state, selection=name, pointed=None, shape=shape))

    @Slot()
    def _on_add(self) -> None:
        menu = fills_menu(self)
        menu.triggered.connect(self._on_fill)
        menu.aboutToHide.connect(menu.deleteLater)
        height = menu.sizeHint().height()
        menu.popup(self.buttons.tensor.mapToGlobal(QPoint(0, -height - 4)))

    def _on_fill(self, action: QAction) -> None:
        name = self.state.program.fresh_name()
        self._change(self.state.program.appended(name, default_made(str(action.data()))), name)

    @Slot()
    def _on_line(self) -> None:
        program = self.state.program
        name = program.fresh_name()
        text = self.state.selection if self.state.selection in program.names else "torch.arange(4.)"
        self._change(program.appended(name, parse_source(text)), name)
        self.list.editors.edit_code(select=True)

    @Slot()
    def _on_open(self) -> None:
        self.requested.emit("open_files", None)

    @Slot()
    def _on_more(self) -> None:
        menu = program_menu(self, bool(self.state.program.names))
        menu.triggered.connect(self._on_program_command)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.more.mapToGlobal(QPoint(0, self.more.height())))

    def _on_program_command(self, action: QAction) -> None:
        match action.data():
            case "copy_all":
                QGuiApplication.clipboard().setText(self.state.program.code)
            case "paste":
                self._on_paste()
            case "clear":
                self._change(Program(), "")

    def paste(self, text: str) -> None:
        """Append the lines of a text, renaming tensors with names already taken."""
        try:
            program = pasted(self.state.program, text)
        except ProblemError as error:
            problem = paste_problem(self.state.program, text, error.problem)
            shown = text if len(text) < 2000 else ""
            self._offer(problem, shown, lambda fix: self.paste(with_statement(text, problem, fix)))
            return
        self._change(program, program.names[-1] if program.names else None)

    @Slot(str, QPoint)
    def _on_menu(self, name: str, place: QPoint) -> None:
        self._on_selected(name)
        if name not in self.state.program.names:
            return
        menu = tensor_menu(self, self.state.program, name)
        menu.triggered.connect(self._on_tensor_command)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(place)

    def _on_tensor_command(self, action: QAction) -> None:
        name = self.state.selection
        match action.data():
            case "code":
                self.list.editors.edit_code()
            case "rename":
                self.list.editors.edit_name()
            case "duplicate":
                self._on_duplicate(name)
            case "copy":
                self._on_copy(name)
            case "export":
                self.requested.emit("export_tensor", name)
            case "up" | "down" as way:
                self._on_move(name, -1 if way == "up" else 1)
            case "delete":
                self._on_delete(name)

    @Slot(str)
    def _on_copy(self, name: str) -> None:
        binding = self.state.program.get(name)
        if binding is not None:
            QGuiApplication.clipboard().setText(f"{name} = {source_code(binding.source)}")

    @Slot()
    def _on_paste(self) -> None:
        self.paste(QGuiApplication.clipboard().text())

    @Slot(str)
    def _on_duplicate(self, name: str) -> None:
        edit = duplicate(self.state.program, name)
        self._change(edit.program, edit.name)

    @Slot(str, int)
    def _on_move(self, name: str, by: int) -> None:
        self._change(moved(self.state.program, name, by), gesture=("move", name, self._gestures))

    @Slot()
    def _on_dropped(self) -> None:
        self._gestures += 1
        self.gesture_ended.emit()

    @Slot(str)
    def _on_delete(self, name: str) -> None:
        program = self.state.program
        users = program.dependents(name)
        place = program.names.index(name)
        left = program.without(name)
        cards = [card for user in users if (card := self.list.result.card(user)) is not None]
        had_results = any(card.shape is not None and self.list.result.is_of(program, card.name) for card in cards)
        selection = left.names[min(place, len(left.names) - 1)] if left.names else ""
        self._change(left, selection)
        if users:
            have = "has" if len(users) == 1 else "have"
            words = f"{name} is deleted. {', '.join(users)} used it and {have} no result."
            fixes = (Fix(f"Restore {name}"),) if had_results else ()
            binding = program.bindings[place]
            self._offer(Problem(words, fixes=fixes, severity="warning"), "", lambda _: self._bring_back(binding, place))

    def _bring_back(self, binding: Binding, place: int) -> None:
        program = restored(self.state.program, binding, place)
        self._change(program, binding.name)

    @Slot(str, object)
    def _on_fix(self, name: str, fix: Fix) -> None:
        """Take what a card offers, unless the line has become another since."""
        if self.list.result.is_of(self.state.program, name):
            self._change(edit_code(self.state.program, name, fix.code), name)
            self.setFocus(Qt.FocusReason.OtherFocusReason)

    @Slot(object)
    def _on_banner_fix(self, fix: Fix) -> None:
        if self._take is not None:
            self._take(fix)

    @Slot(str)
    def _on_name_typed(self, text: str) -> None:
        line = self.list.editors.line
        taken = [name for name in self.state.program.names if name != line]
        self._offer(name_problem(text, taken), text, lambda fix: self._rename(line, fix.code))

    @Slot(str)
    def _on_renamed(self, text: str) -> None:
        self._rename(self.list.editors.line, text)

    def _rename(self, line: str, text: str) -> None:
        try:
            program = self.state.program.renamed(line, text.strip())
        except ProblemError as error:
            self._offer(error.problem, text, lambda fix: self._rename(line, fix.code))
            return
        self._change(program, text.strip())
        self.list.editors.name.set_name(text.strip())
        if self.list.editors.name.hasFocus():
            self.list.setFocus(Qt.FocusReason.OtherFocusReason)

    @Slot(str)
    def _on_code_edited(self, text: str) -> None:
        """Update the line for each complete text; half-typed text waits for Enter."""
        name = self.list.editors.line
        if says_something(self.state.program, name, text):
            self._set_code(name, text)

    @Slot(str)
    def _on_code_reverted(self, text: str) -> None:
        self._set_code(self.list.editors.line, text)

    def _set_code(self, name: str, text: str) -> None:
        if split_assignment(text) is None and self.state.program.get(name) is not None:
            self._change(edit_code(self.state.program, name, text), gesture=("code", name, self._gestures))

    @Slot(str)
    def _on_code_committed(self, text: str) -> None:
        name = self.list.editors.line
        self._set_code(name, text)
        self._gestures += 1
        assignment = split_assignment(text)
        if assignment is not None and self.state.program.get(name) is not None:
            new_name, code = assignment
            self._change(edit_code(self.state.program, name, code), name)
            self._rename(name, new_name)
        binding = self.state.program.get(self.state.selection)
        if binding is not None:
            self.list.editors.code.set_text(source_code(binding.source))
        self.gesture_ended.emit()
        if self.list.editors.code.hasFocus():
            self.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def summary(self) -> str:
        """The number of lines."""
        return f"{len(self.state.program.names)} tensors"
