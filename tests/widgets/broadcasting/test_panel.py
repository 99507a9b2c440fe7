from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QSplitter, QWidget

from playground.models.broadcasting.request import broadcast_request, compute_broadcast
from playground.models.evaluation.evaluate import evaluate
from playground.models.job import Job
from playground.models.problem import Problem
from playground.models.program.program import Program
from playground.models.state import PlaygroundState, PointedCell
from playground.widgets.broadcasting.panel import BroadcastPanel
from playground.widgets.controls.fix_button import FixButton
from playground.widgets.look import code_font
from playground.widgets.painting import text_width
from playground.widgets.text.runs import runs_width

PROGRAM = """A = torch.arange(12.).reshape(3, 4)
v = torch.tensor([10., 20., 30.])
B = A + v[:, None]
D = A + v
pred = torch.ones(6, 1)
y = torch.ones(6)
loss = (pred - y) ** 2
x = torch.ones(2, 3, 4, 5) * torch.ones(4, 1)
"""


class Hand:
    """Drives a panel as the store would: each edit becomes the state, and its result is computed and shown."""

    def __init__(self, qtbot, selection):
        self.panel = BroadcastPanel()
        qtbot.addWidget(self.panel)
        self.panel.resize(760, 320)
        self.panel.show()
        self.edits = []
        self.panel.edited.connect(self.take)
        self.state = PlaygroundState(program=Program.parse(PROGRAM), selection=selection)
        self.follow()

    def take(self, state, gesture):
        self.edits.append(state)
        self.state = state
        self.follow()

    def follow(self):
        self.panel.accept_state(self.state)
        self.panel.show_result(compute_broadcast(broadcast_request(self.state), Job()))

    def select(self, name):
        self.state = replace(self.state, selection=name)
        self.follow()

    def part(self, name):
        found = [child for child in self.panel.findChildren(object) if child.objectName() == name]
        assert len(found) == 1, name
        return found[0]

    def click(self, widget):
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


@pytest.fixture
def hand(qtbot):
    def make(selection):
        return Hand(qtbot, selection)

    return make


def test_the_selected_line_is_shown_in_controls_table_and_grids(hand):
    h = hand("B")
    assert h.panel.bar.operands == ("A", "v[:, None]")
    assert h.part("broadcast.operator").currentText() == "+"
    assert h.part("broadcast.verdict").text() == "fits, 1 operand stretched"
    assert "axis 1: A 4, v[:, None] 1 → 4, result 4, stretched" in h.part("broadcast.table").describe()
    grids = h.panel.grids.shown()
    assert [grid.reader.shape for grid in grids] == [(3, 4)] * 3
    assert grids[1].marks.stretched == {1}
    assert grids[2].reader.text((1, 2)) == "26"
    assert "v[i] is added to all of row i." in h.panel.sentence.text()
    assert h.part("broadcast.keep").isHidden()


def test_parts_have_names_and_tooltips(hand):
    h = hand("D")
    for name in ("broadcast.other", "broadcast.operand", "broadcast.operator", "broadcast.table", "broadcast.verdict"):
        assert h.part(name).accessibleName()
    for button in h.panel.findChildren(FixButton):
        assert button.accessibleName()
        assert button.toolTip()
        assert button.objectName().startswith("broadcast.fix.")


def test_a_clash_offers_fixes_and_the_first_mends_the_line(hand):
    h = hand("D")
    assert h.panel.banner.problem.message == "Axis 1 of A is 4, axis 0 of v is 3. Neither is 1."
    assert h.part("broadcast.verdict").role == "error"
    h.click(h.part("broadcast.fix.0"))
    assert h.state.program.get("D").source.text == "A + v[:, None]"
    assert tuple(evaluate(h.state.program)["D"].tensor.shape) == (3, 4)
    assert h.panel.banner.isHidden()
    assert h.part("broadcast.verdict").role == "good"


def test_more_edits_are_shown_on_demand_and_each_works(hand):
    h = hand("D")
    assert len(h.panel.banner.buttons) == 3
    h.click(h.part("broadcast.more"))
    count = len(h.panel.banner.buttons)
    assert count > 5
    for place in range(count):
        fix = h.panel.banner.buttons[place].fix
        h.panel.banner.fix_chosen.emit(fix)
        assert str(tuple(evaluate(h.state.program)["D"].meta.shape)) == fix.gives
        h.state = replace(h.state, program=Program.parse(PROGRAM))
        h.follow()
        h.click(h.part("broadcast.more"))


def test_both_stretched_warns_inside_a_line_and_pairs_up_by_a_button(hand):
    h = hand("loss")
    assert h.part("broadcast.verdict").role == "warning"
    assert h.part("broadcast.operation").count() == 2
    h.click(h.part("broadcast.fix.0"))
    assert h.state.program.get("loss").source.text == "(pred.squeeze(1) - y) ** 2"
    assert tuple(evaluate(h.state.program)["loss"].tensor.shape) == (6,)


def test_typing_an_operand_and_choosing_an_operator(hand):
    h = hand("B")
    other = h.part("broadcast.other")
    other.line.setFocus()
    other.line.selectAll()
    QTest.keyClicks(other.line, "v.unsqueeze(1) * 2")
    QTest.keyClick(other.line, Qt.Key.Key_Return)
    assert h.state.broadcast.operands == ("A", "v.unsqueeze(1) * 2")
    operator = h.part("broadcast.operator")
    operator.setCurrentText("*")
    operator.activated.emit(operator.currentIndex())
    assert h.state.broadcast.operator == "*"
    assert h.panel.grids.shown()[2].reader.text((0, 1)) == "20"
    h.click(h.part("broadcast.back"))
    assert h.panel.bar.operands == ("A", "v[:, None]")


def test_the_other_line_shows_its_own_operands_again(hand):
    h = hand("B")
    h.panel.bar.chosen.emit(("A", "A"), "-")
    assert h.panel.bar.operands == ("A", "A")
    h.select("D")
    assert h.panel.bar.operands == ("A", "v")


def test_keep_as_line(hand):
    h = hand("A")
    h.panel.bar.chosen.emit(("A", "v + 1"), "*")
    h.panel.banner.fix_chosen.emit(h.panel.banner.buttons[0].fix)
    assert h.state.broadcast.operands == ("A", "(v + 1)[:, None]")
    h.click(h.part("broadcast.keep"))
    assert h.state.selection == "C"
    assert h.state.program.get("C").source.text == "A * (v + 1)[:, None]"


def test_pointing_at_a_cell_points_at_the_line(hand, qtbot):
    h = hand("B")
    grid = h.panel.grids.shown()[1]
    geometry = grid.present_geometry()
    x, y, width, height = geometry.rect((1, 2))
    QTest.mouseMove(grid.viewport(), QPoint(x + width // 2, y + height // 2))
    qtbot.waitUntil(lambda: h.state.pointed == PointedCell("B", (1, 2)))
    assert {shown.marks.selected for shown in h.panel.grids.shown()} == {(1, 2)}


def test_pointing_at_an_operand_elsewhere_lights_all_it_goes_into(hand):
    h = hand("B")
    h.state = replace(h.state, pointed=PointedCell("A", (2, 1)))
    h.follow()
    assert h.panel.grids.shown()[2].marks.lit[0].index == (2, 1)
    h.panel.bar.chosen.emit(("A", "v[:, None]"), "+")
    h.state = replace(h.state, pointed=PointedCell("v[:, None]", (2, 0)))
    h.follow()
    assert h.panel.grids.shown()[2].marks.lit[0].index == (2, None)


def test_the_gradient_is_shown_in_place_of_the_values(hand):
    h = hand("B")
    h.click(h.part("broadcast.gradient"))
    copies, total = h.panel.grids.shown()
    assert copies.reader.shape == (3, 4)
    assert total.reader.shape == (3, 1)
    assert total.reader.text((0, 0)) == "4"
    assert "used 4 times" in h.panel.sentence.text()


def test_more_axes_than_two_show_where_they_stand(hand):
    h = hand("x")
    assert "The grids show [0, 0, :, :]." in h.panel.sentence.text()
    h.state = replace(h.state, pointed=PointedCell("x", (1, 2, 3, 4)))
    h.follow()
    assert "The grids show [1, 2, :, :]." in h.panel.sentence.text()
    assert dict(h.panel.grids.shown()[2].axes.fixed) == {0: 1, 1: 2}


def test_a_problem_keeps_the_last_result_dimmed(hand):
    h = hand("B")
    h.panel.show_problem(Problem("Something broke."))
    assert not h.panel.banner.isHidden()
    assert all(grid.marks.dimmed for grid in h.panel.grids.shown())
    h.follow()
    assert h.panel.banner.isHidden()
    assert not any(grid.marks.dimmed for grid in h.panel.grids.shown())


def test_an_empty_program_says_what_to_do(hand, qtbot):
    panel = BroadcastPanel()
    qtbot.addWidget(panel)
    panel.show_result(compute_broadcast(broadcast_request(PlaygroundState()), Job()))
    assert panel.sentence.text().startswith("Nothing to broadcast yet")
    assert panel.summary() == ""


def test_the_summary_is_one_line(hand):
    assert hand("B").panel.summary() == "A + v[:, None]: fits, 1 operand stretched"


def test_a_third_operand_comes_and_goes(hand):
    h = hand("B")
    h.click(h.part("broadcast.third"))
    assert h.state.broadcast.operands == ("A", "v[:, None]", "A")
    assert len(h.panel.grids.shown()) == 4
    assert h.panel.grids.shown()[3].reader.text((1, 2)) == "32"
    box = h.part("broadcast.operand.2")
    box.line.setFocus()
    box.line.selectAll()
    QTest.keyClicks(box.line, "v")
    QTest.keyClick(box.line, Qt.Key.Key_Return)
    assert h.panel.banner.problem.message == "Axis 1 of A is 4, axis 0 of v is 3. Neither is 1."
    h.click(h.part("broadcast.third"))
    assert h.state.broadcast.operands == ("A", "v[:, None]")


def test_the_scroll_bar_of_one_row_stands_below_it(qtbot):
    hand = Hand(qtbot, "A")
    program = Program.parse("R = torch.arange(40.).reshape(1, 40)\nS = torch.arange(40.)\nT = R + S")
    hand.state = replace(hand.state, program=program, selection="T")
    hand.follow()
    grid = hand.panel.grids.shown()[0]
    qtbot.waitUntil(lambda: grid.horizontalScrollBar().isVisible())
    geometry = grid.present_geometry()
    assert geometry.top + geometry.cell_height <= grid.viewport().height()
    assert grid.viewport().height() + grid.horizontalScrollBar().height() <= grid.height()
    program = Program.parse("R = torch.arange(40.).reshape(1, 41)\nS = torch.arange(40.)\nT = R + S")
    hand.state = replace(hand.state, program=program)
    hand.follow()
    assert hand.panel.grids.columns[0].title.text().strip() == "R"


def test_a_line_without_an_operation_is_offered_a_pair_without_alarm(hand):
    h = hand("A")
    h.state = replace(h.state, program=Program.parse("A = torch.ones(3, 4)\nv = torch.ones(3)\nw = torch.ones(4)"))
    h.follow()
    assert h.panel.bar.operands == ("A", "w")
    assert (h.panel.verdict.text(), h.panel.verdict.role) == ("would fit, 1 operand stretched", "offer")
    assert "This line has no elementwise operation of several tensors. A + w would fit: " in h.panel.sentence.text()
    h.select("v")
    assert h.panel.bar.operands == ("v", "")
    assert h.part("broadcast.other").sizeHint().width() >= text_width(code_font(), "other") + 24
    assert h.panel.banner.isHidden()
    assert h.panel.verdict.text() == ""
    assert len(h.panel.grids.shown()) == 1
    assert h.part("broadcast.keep").isHidden()
    h.part("broadcast.other").setCurrentText("A")
    h.part("broadcast.other").activated.emit(0)
    assert h.panel.verdict.role == "error"
    assert not h.panel.banner.isHidden()


def test_a_long_operand_shows_its_beginning(hand):
    h = hand("B")
    h.panel.bar.chosen.emit(("torch.arange(12.).reshape(3, 4) + 100", "v[:, None]"), "+")
    box = h.part("broadcast.operand")
    box.line.clearFocus()
    assert box.line.text() == "torch.arange(12.).reshape(3, 4) + 100"
    assert "torch.arange(12.).reshape".startswith(box.line.shown_text[:-1])
    assert box.line.shown_text.endswith("…")


def test_a_title_without_room_says_how_many_axes_there_are(hand):
    h = hand("A")
    sizes = ", ".join(["2"] * 8)
    program = Program.parse(f"A = torch.ones({sizes})\nlong_name = A + torch.ones(2)")
    h.state = replace(h.state, program=program, selection="long_name")
    h.follow()
    title = h.panel.grids.columns[2].title
    texts = []
    for width in (300, 150, 130, 100):
        title.resize(width, title.height())
        texts.append(title.text())
        assert runs_width(title.runs) <= width + 1
    assert texts[0] == f"long_name ({sizes})"
    assert all(text.endswith("… 8 axes)") for text in texts[1:])


def test_infinities_have_room_for_their_triangle(hand):
    h = hand("A")
    program = Program.parse("I = torch.tensor([1., torch.inf, -torch.inf])\nK = I + torch.ones(3)")
    h.state = replace(h.state, program=program, selection="K")
    h.follow()
    geometry = h.panel.grids.shown()[0].present_geometry()
    assert geometry.rect((2,))[2] >= 6 + 8 + 2 + 4 * 7 + 6


@pytest.mark.parametrize("width", [360, 420, 500, 734])
def test_the_sentence_is_whole_at_every_width(qtbot, width):
    splitter = QSplitter(Qt.Orientation.Vertical)
    qtbot.addWidget(splitter)
    h = Hand(qtbot, "B")
    splitter.addWidget(h.panel)
    splitter.addWidget(QWidget())
    splitter.setStretchFactor(1, 1)
    names = [f"a_name_of_thirty_letters_here_{letter}" for letter in "abc"]
    text = f"{names[0]} = torch.ones(3, 4)\n{names[1]} = torch.ones(4)\n{names[2]} = {names[0]} + {names[1]}"
    h.state = replace(h.state, program=Program.parse(text), selection=names[2])
    splitter.resize(width, 420)
    splitter.show()
    h.follow()
    splitter.setSizes([100, 320])
    sentence, scroll = h.panel.sentence, h.panel._scroll

    def is_whole():
        whole = sentence.height() >= sentence.heightForWidth(sentence.width())
        return whole and scroll.geometry().bottom() < sentence.y() and h.panel.rect().contains(sentence.geometry())

    qtbot.waitUntil(is_whole, timeout=20_000)
