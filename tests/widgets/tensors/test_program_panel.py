"""The program panel: state to cards, hand to edits, results to what is painted."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QAction, QGuiApplication, QTextCursor
from PySide6.QtTest import QTest

from playground.models.evaluation.cards import compute_program, program_request
from playground.models.job import Job
from playground.models.language.fills import FILLS
from playground.models.problem import Problem
from playground.models.program.program import Program, parse_source, source_code
from playground.models.program.sources import Expression, Made
from playground.models.state import PlaygroundState
from playground.runtime.store import History
from playground.widgets.tensors.card_painter import FULL_HEIGHT, LEFT, LINE_3, card_height, message_height
from playground.widgets.tensors.program_menus import fills_menu, tensor_menu
from playground.widgets.tensors.program_panel import ProgramPanel

TEXT = """A = torch.arange(12.).reshape(3, 4)
v = torch.tensor([10., 20., 30.])
B = A + v[:, None]
W = B.t()
D = A + v"""


class Bench:
    """The panel with a store of its own, computing at once."""

    def __init__(self, qtbot, text=TEXT, selection="B"):
        self.panel = ProgramPanel()
        qtbot.addWidget(self.panel)
        self.history = History(PlaygroundState(), work=lambda state: state.without_pointing())
        self.panel.edited.connect(self.apply)
        self.panel.gesture_ended.connect(self.seal)
        self.apply(replace(PlaygroundState(), program=Program.parse(text), selection=selection))
        self.history = History(self.history.present, work=lambda state: state.without_pointing())
        self.panel.resize(272, 700)
        self.panel.show()
        self.panel.activateWindow()
        qtbot.waitUntil(self.panel.isActiveWindow)

    @property
    def state(self):
        return self.history.present

    def apply(self, state, gesture=None):
        self.history = self.history.applied(state, gesture)
        self.panel.accept_state(self.state)
        self.panel.show_result(compute_program(program_request(self.state), Job()))

    def edit_unanswered(self, state):
        """Another state, whose result is not there yet."""
        self.history = self.history.applied(state)
        self.panel.accept_state(state)

    def seal(self):
        self.history = self.history.sealed()

    def undo(self):
        self.history = self.history.undone()
        self.apply(self.state)

    def code(self, name):
        return source_code(self.state.program.get(name).source)

    def card(self, name):
        return self.panel.list.card(name)

    def select(self, name):
        QTest.mouseClick(self.card(name), Qt.MouseButton.LeftButton, pos=QPoint(60, 60))


@pytest.fixture
def bench(qtbot):
    return Bench(qtbot)


def test_the_parts_have_their_names(bench):
    for name in ("tensors.list", "tensors.add", "tensors.name", "tensors.code", "tensors.problem"):
        part = bench.panel.findChild(object, name)
        assert part is not None, name
    for name in ("tensors.list", "tensors.add", "tensors.name", "tensors.code"):
        assert bench.panel.findChild(object, name).accessibleName()


def test_cards_show_the_program_and_its_results(bench):
    assert [card.view.name for card in bench.panel.list.cards] == ["A", "v", "B", "W", "D"]
    assert [card.view.selected for card in bench.panel.list.cards] == [False, False, True, False, False]
    assert bench.card("W").view.result.verdict_text == "view of B"
    assert bench.card("D").view.severity == "error"
    assert bench.card("D").height() > bench.card("A").height()
    assert "Axis 1 of A is 4, axis 0 of v is 3." in bench.card("D").accessibleName()
    bench.panel.grab()


def test_the_selected_card_holds_the_editors(bench):
    editors = bench.panel.list.editors
    assert editors.card is bench.card("B")
    assert editors.code.text() == "A + v[:, None]"
    bench.select("v")
    assert bench.state.selection == "v"
    assert editors.name.text() == "v"


def test_a_fix_mends_the_line(bench):
    QTest.mouseClick(bench.card("D").fix_button, Qt.MouseButton.LeftButton)
    assert bench.code("D") == "A + v[:, None]"
    assert bench.card("D").fix_button is None


@pytest.mark.parametrize(
    ("name", "code"), [("D", "A * v"), ("v", "torch.ones(4)"), ("A", "torch.ones(3, 4)"), ("B", "A * 2")]
)
def test_a_fix_of_a_line_that_is_another_by_now_is_not_taken(bench, name, code):
    button = bench.card("D").fix_button
    edited = replace(bench.state, program=bench.state.program.with_source(name, parse_source(code)))
    bench.edit_unanswered(edited)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert bench.state == edited


def test_a_fix_is_taken_while_a_line_below_is_computed(bench):
    bench.edit_unanswered(replace(bench.state, program=bench.state.program.appended("E", Expression("A.exp()"))))
    QTest.mouseClick(bench.card("D").fix_button, Qt.MouseButton.LeftButton)
    assert bench.code("D") == "A + v[:, None]"
    assert bench.code("E") == "A.exp()"


def deleted(bench, name):
    bench.select(name)
    QTest.keyClick(bench.panel.list, Qt.Key.Key_Delete)
    return bench.panel.problem


def test_a_line_is_brought_back_where_its_users_had_results(bench):
    before = bench.state.program
    banner = deleted(bench, "B")
    assert "W used it" in str(banner.problem)
    QTest.mouseClick(banner.buttons[0], Qt.MouseButton.LeftButton)
    assert bench.state.program == before
    assert bench.state.selection == "B"
    assert banner.isHidden()


def test_a_line_without_a_result_is_not_offered_back(qtbot):
    bench = Bench(qtbot, TEXT + "\nF = D + 1", "F")
    banner = deleted(bench, "D")
    assert "F used it" in str(banner.problem)
    assert not banner.buttons


@pytest.mark.parametrize("how", ["undone", "elsewhere"])
def test_an_offer_goes_when_the_program_becomes_another(bench, how):
    banner = deleted(bench, "B")
    assert banner.buttons
    if how == "undone":
        bench.undo()
    else:
        bench.apply(replace(bench.state, program=bench.state.program.appended("Z", Expression("A"))))
    assert banner.isHidden()


def test_a_name_is_offered_to_the_line_that_it_was_typed_for(bench):
    bench.select("v")
    QTest.keyClick(bench.panel.list, Qt.Key.Key_F2)
    field = bench.panel.findChild(object, "tensors.name")
    field.selectAll()
    QTest.keyClicks(field, "1x")
    button = bench.panel.problem.buttons[0]
    bench.apply(replace(bench.state, selection="W"))
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert bench.state.program.names == ("A", "t1x", "B", "W", "D")
    assert bench.code("B") == "A + t1x[:, None]"


def test_an_assignment_to_a_name_that_is_taken_keeps_the_code_and_says_so(bench):
    code = bench.panel.list.editors.code
    code.setFocus()
    code.selectAll()
    QTest.keyClicks(code, "A = v * 3")
    QTest.keyClick(code, Qt.Key.Key_Return)
    assert bench.code("B") == "v * 3"
    assert "already" in str(bench.panel.problem.problem)
    QTest.mouseClick(bench.panel.problem.buttons[0], Qt.MouseButton.LeftButton)
    assert bench.code("A2") == "v * 3"


def test_typing_code_is_live_and_one_step_of_undo(bench):
    bench.panel.list.setFocus()
    QTest.keyClick(bench.panel.list, Qt.Key.Key_Return)
    code = bench.panel.list.editors.code
    code.selectAll()
    QTest.keyClicks(code, "A * 2")
    assert bench.code("B") == "A * 2"
    assert bench.card("B").view.result.summary.mean == 11
    QTest.keyClick(code, Qt.Key.Key_Return)
    bench.undo()
    assert bench.code("B") == "A + v[:, None]"


def test_text_that_is_no_code_stays_as_typed(bench):
    code = bench.panel.list.editors.code
    code.setFocus()
    code.selectAll()
    QTest.keyClicks(code, "A +")
    assert code.text() == "A +"
    assert bench.code("B") == "A", "what is half typed waits"
    assert bench.card("B").view.severity == ""
    QTest.keyClick(code, Qt.Key.Key_Return)
    assert bench.code("B") == "A +"
    assert bench.card("B").view.severity == "error"
    code.setFocus()
    QTest.keyClicks(code, "v[")
    QTest.keyClick(code, Qt.Key.Key_Escape)
    assert bench.code("B") == "A +"


def test_a_typed_assignment_names_the_line_too(bench):
    code = bench.panel.list.editors.code
    code.setFocus()
    code.selectAll()
    QTest.keyClicks(code, "Q = A * 3")
    QTest.keyClick(code, Qt.Key.Key_Return)
    assert bench.code("Q") == "A * 3"
    assert bench.code("W") == "Q.t()"


def test_renaming_writes_all_lines(bench):
    bench.select("v")
    QTest.keyClick(bench.panel.list, Qt.Key.Key_F2)
    name = bench.panel.list.editors.name
    name.selectAll()
    QTest.keyClicks(name, "bias")
    QTest.keyClick(name, Qt.Key.Key_Return)
    assert bench.state.program.names == ("A", "bias", "B", "W", "D")
    assert bench.code("B") == "A + bias[:, None]"
    assert bench.state.selection == "bias"


@pytest.mark.parametrize(
    ("typed", "words"), [("A", "already a tensor called A"), ("lambda", "Python keyword"), ("é", "not a letter")]
)
def test_names_that_clash_are_refused_in_place(bench, typed, words):
    bench.select("v")
    QTest.keyClick(bench.panel.list, Qt.Key.Key_F2)
    name = bench.panel.list.editors.name
    name.selectAll()
    name.insert(typed)  # QTest types ASCII only
    assert words in str(bench.panel.problem.problem)
    QTest.keyClick(name, Qt.Key.Key_Return)
    assert bench.state.program.names == ("A", "v", "B", "W", "D")
    QTest.keyClick(name, Qt.Key.Key_Escape)
    assert bench.panel.problem.problem is None


def test_deleting_says_who_depended_and_brings_back(bench):
    before = bench.state.program
    bench.select("v")
    QTest.keyClick(bench.panel.list, Qt.Key.Key_Delete)
    assert bench.state.program.names == ("A", "B", "W", "D")
    assert "B, W, D used it" in str(bench.panel.problem.problem)
    QTest.mouseClick(bench.panel.problem.buttons[0], Qt.MouseButton.LeftButton)
    assert bench.state.program == before


def test_each_fill_can_be_added(bench):
    menu = fills_menu(bench.panel)
    names = [action.data() for action in menu.actions()]
    assert names == list(FILLS)
    for action in menu.actions():
        bench.panel._on_fill(action)
        made = bench.state.program.get(bench.state.selection).source
        assert isinstance(made, Made)
        assert made.fill == action.data()
        assert bench.card(bench.state.selection).view.severity == ""
    menu.deleteLater()


def test_a_new_line_waits_for_code(bench):
    QTest.mouseClick(bench.panel.buttons.line, Qt.MouseButton.LeftButton)
    assert bench.state.selection == "C"
    code = bench.panel.list.editors.code
    QTest.keyClicks(code, "A.sum(0)")
    assert bench.code("C") == "A.sum(0)"


def test_opening_and_exporting_are_asked_of_the_window(bench):
    asked = []
    bench.panel.requested.connect(lambda name, argument: asked.append((name, argument)))
    QTest.mouseClick(bench.panel.buttons.open, Qt.MouseButton.LeftButton)
    action = QAction("Export", bench.panel)
    action.setData("export")
    bench.panel._on_tensor_command(action)
    assert asked == [("open_files", None), ("export_tensor", "B")]


def test_keys_select_move_and_copy(bench):
    cards = bench.panel.list
    cards.setFocus()
    QTest.keyClick(cards, Qt.Key.Key_Up)
    assert bench.state.selection == "v"
    QTest.keyClick(cards, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert bench.state.program.names == ("A", "B", "v", "W", "D")
    assert bench.card("B").view.severity == "error"
    QTest.keyClick(cards, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    assert bench.state.selection == "v2"
    QTest.keyClick(cards, Qt.Key.Key_Home)
    assert bench.state.selection == "A"
    QTest.keyClick(cards, Qt.Key.Key_End)
    assert bench.state.selection == "D"


def test_lines_are_carried_by_hand_in_one_step(bench, qtbot):
    card, target = bench.card("D"), bench.card("v")
    way = target.geometry().center() - card.geometry().center() - QPoint(0, 10)
    QTest.mousePress(card, Qt.MouseButton.LeftButton, pos=QPoint(60, 60))
    for step in range(1, 9):
        place = card.mapToGlobal(QPoint(0, 0))
        QTest.mouseMove(card, QPoint(60, 60) + way * step / 8)
        qtbot.waitUntil(lambda place=place: card.mapToGlobal(QPoint(0, 0)) == place)
    QTest.mouseRelease(card, Qt.MouseButton.LeftButton)
    assert bench.state.program.names.index("D") < 2
    assert len(bench.history.past) == 1


def test_committing_code_leaves_the_keyboard_where_the_user_put_it(bench, qtbot):
    code = bench.panel.list.editors.code
    code.setFocus()
    QTest.keyClicks(code, " ")
    bench.panel.buttons.line.setFocus()
    assert bench.panel.buttons.line.hasFocus()


def test_words_are_completed_with_the_tensors_above(bench):
    code = bench.panel.list.editors.code
    code.setFocus()
    code.selectAll()
    QTest.keyClicks(code, "A.resh")
    assert code.popup.current.insert == "reshape("
    QTest.keyClick(code, Qt.Key.Key_Tab)
    assert code.text() == "A.reshape("
    assert "reshape" in code.popup.signature
    QTest.keyClick(code, Qt.Key.Key_Escape)


def test_the_menu_says_who_uses_the_tensor(bench):
    menu = tensor_menu(bench.panel, bench.state.program, "v")
    assert any("used by B, W, D" in action.text() for action in menu.actions())
    menu.deleteLater()


def test_programs_are_pasted_and_copied(bench):
    bench.panel.paste("A = torch.ones(2)\nZ = A + 1")
    assert bench.state.program.names[-2:] == ("A2", "Z")
    assert bench.code("Z") == "A2 + 1"
    bench.panel.paste("this is no code")
    assert bench.panel.problem.problem is not None
    action = QAction("Copy", bench.panel)
    action.setData("copy_all")
    bench.panel._on_program_command(action)
    assert QGuiApplication.clipboard().text() == bench.state.program.code
    bench.panel.list.setFocus()
    QTest.keyClick(bench.panel.list, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "Z = A2 + 1"
    QTest.keyClick(bench.panel.list, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert bench.state.program.names[-1] == "Z2"


def test_a_failure_is_said_and_taken_back_by_the_next_result(bench):
    bench.panel.show_problem(Problem("Something broke."))
    assert bench.panel.problem.isVisible()
    bench.apply(replace(bench.state, selection="A"))
    assert not bench.panel.problem.isVisible()


def test_markup_in_code_is_plain_text(qtbot):
    bench = Bench(qtbot, "A = torch.arange(3.)", "A")
    code = bench.panel.list.editors.code
    code.setFocus()
    code.selectAll()
    QTest.keyClicks(code, "<b>A</b>")
    QTest.keyClick(code, Qt.Key.Key_Return)
    assert code.toPlainText() == "<b>A</b>"
    assert bench.card("A").view.severity == "error"
    bench.panel.grab()


def test_narrow_lists_have_short_cards(bench, qtbot):
    bench.panel.resize(232, 500)
    qtbot.waitUntil(lambda: bench.card("A").height() == 52)
    bench.panel.grab()


def test_a_hundred_lines_reuse_their_cards(qtbot):
    text = "T0 = torch.ones(3)\n" + "\n".join(f"T{i} = T{i - 1} + 1" for i in range(1, 100))
    bench = Bench(qtbot, text, "T0")
    cards = list(bench.panel.list.cards)
    bench.apply(replace(bench.state, selection="T99"))
    assert bench.panel.list.cards == cards
    assert bench.card("T99").view.result.summary.mean == 100


def test_a_warning_stands_below_the_numbers_and_not_in_their_place(qtbot):
    bench = Bench(qtbot, "R = torch.randperm(6)\nE = R + torch.ones(5)", "R")
    warned, failed = (bench.panel.list.card(name) for name in "RE")
    assert warned.view.severity == "warning"
    assert warned.view.result.summary is not None
    assert failed.view.severity == "error"
    numbers = QRect(LEFT, LINE_3 - 10, 120, 12)
    assert _has_ink(warned, numbers)
    width = warned.width()
    assert card_height(warned.view, width, 0) - message_height(warned.view, width) > FULL_HEIGHT
    assert card_height(failed.view, width, 0) - message_height(failed.view, width) < FULL_HEIGHT


def _has_ink(card, rect):
    picture = card.grab(rect).toImage()
    return len({picture.pixel(x, y) for x in range(picture.width()) for y in range(picture.height())}) > 3


def test_long_code_of_the_selected_card_begins_at_its_beginning_and_ends_in_an_ellipsis(qtbot):
    code = "torch.arange(12.).reshape(3, 4).unsqueeze(0).expand(5, 3, 4).sum(0)"
    bench = Bench(qtbot, f"L = {code}\nS = L", "L")
    field = bench.panel.list.editors.code
    assert field.is_cut
    at_rest = field.grab().toImage()
    field.setFocus()
    field.moveCursor(QTextCursor.MoveOperation.End)
    assert not field.is_cut
    scrolled = field.grab().toImage()
    bench.panel.list.setFocus()
    assert field.is_cut
    assert field.horizontalScrollBar().value() == 0
    assert field.grab().toImage() == at_rest != scrolled
