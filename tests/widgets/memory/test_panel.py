from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtWidgets import QLineEdit, QWidget

from playground.models.job import Job
from playground.models.memory.request import compute_memory, memory_request
from playground.models.problem import Problem, ProblemError
from playground.models.program.program import Program
from playground.models.program.sources import Binding, Expression, Imported, TensorReference
from playground.models.state import MemoryState, PlaygroundState, PointedCell, StridedChoice
from playground.widgets.memory.facts import reads_in_words
from playground.widgets.memory.panel import MemoryPanel
from playground.widgets.memory.strided import dragged, handles_of
from playground.widgets.memory.strip_painter import painted_bools
from playground.widgets.text.runs import runs_width
from playground.widgets.text.table import RowTable, TableRow, code_cell

PROGRAM = """A = torch.arange(12.).reshape(3, 4)
v = torch.tensor([10., 20., 30.])
B = A + v[:, None]
W = B.t()
e = v.expand(3, 3)
f = A.t().reshape(12)
C = A.t().contiguous().t().contiguous()
"""


class Driven:
    """A panel whose edits are taken, and computed at once where they ask for something else, as the window does it."""

    def __init__(self, qtbot, program=None, **state):
        self.panel = MemoryPanel()
        qtbot.addWidget(self.panel)
        self.states, self.gestures, self._asked = [], [], None
        self.panel.edited.connect(self._on_edited)
        self.take(PlaygroundState(program=program or Program.parse(PROGRAM), **state))
        self.panel.resize(352, 836)
        self.panel.show()
        self.qtbot = qtbot
        QGuiApplication.processEvents()

    def _on_edited(self, state, gesture):
        self.states.append(state)
        self.gestures.append(gesture)
        self.take(state)

    def take(self, state):
        self.state = state
        self.panel.accept_state(state)
        asked, self._asked = self._asked, memory_request(state)
        if asked == self._asked:
            return
        try:
            self.panel.show_result(compute_memory(self._asked, Job()))
        except ProblemError as error:
            self.panel.show_problem(error.problem)

    def part(self, name, kind=QWidget):
        found = self.panel.findChild(kind, name)
        assert found is not None, name
        return found

    @property
    def strip(self):
        return self.panel.column.facts.strip

    def point_at(self, cell):
        self.qtbot.mouseMove(self.strip.viewport(), QPoint(1, 1))
        self.qtbot.mouseMove(self.strip.viewport(), self.cell_point(cell))

    def cell_point(self, cell):
        return self.strip.strip.rect(cell).center().toPoint()


@pytest.fixture
def driven(qtbot):
    return Driven(qtbot, selection="W")


PARTS = ("tensor", "pin", "facts", "storage", "steps", "view_shape", "view_verdict", "write")


def test_every_part_has_its_name_and_every_control_says_what_it_is(driven):
    for part in PARTS:
        assert driven.part(f"memory.{part}")
    for part in ("tensor", "pin", "view_shape", "write_value", "write_preview", "copy", "as_bytes"):
        widget = driven.part(f"memory.{part}")
        assert widget.toolTip()
        assert widget.accessibleName() or widget.text()


def test_state_goes_to_the_controls_without_an_edit(driven):
    state = replace(driven.state, memory=MemoryState(pinned="e", view_shape="9", write_value="5", as_bytes=True))
    driven.take(state)
    assert driven.part("memory.tensor").currentText() == "e"
    assert driven.part("memory.pin").isChecked()
    assert driven.part("memory.view_shape", QLineEdit).text() == "9"
    assert driven.part("memory.write_value", QLineEdit).text() == "5"
    assert driven.part("memory.as_bytes").isChecked()
    assert driven.strip.marks.as_bytes
    assert driven.states == []


def test_pointing_at_a_cell_points_at_the_element_of_the_selected_tensor(qtbot, driven):
    driven.point_at(6)
    assert driven.state.pointed == PointedCell("W", (2, 1))
    assert driven.panel.column.facts.cell.text() == "W[2,1]  0 + 2*1 + 1*4 = 6   26"
    assert driven.panel.column.facts.bytes.text() == "00 00 d0 41, little endian, byte 6*4 = 24"
    assert driven.strip.marks.pointed == 6


def test_pointing_at_an_element_elsewhere_outlines_its_cell(driven):
    driven.take(replace(driven.state, pointed=PointedCell("B", (1, 2))))
    assert driven.strip.marks.pointed == 6
    assert driven.panel.column.facts.cell.text().startswith("W[2,1]")
    driven.take(replace(driven.state, pointed=PointedCell("A", (0, 0))))
    assert driven.strip.marks.pointed is None


def test_a_pinned_tensor_links_to_the_selected_one(qtbot):
    driven = Driven(qtbot, selection="B", memory=MemoryState(pinned="W"))
    driven.point_at(4)
    assert driven.state.pointed == PointedCell("B", (1, 0))
    assert driven.panel.column.facts.cell.text().startswith("W[0,1]")


def test_the_keyboard_walks_through_the_cells_and_chooses_one_to_write(qtbot, driven):
    driven.strip.setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left):
        qtbot.keyClick(driven.strip, key)
    assert driven.state.pointed == PointedCell("W", (1, 0))
    qtbot.keyClick(driven.strip, Qt.Key.Key_End)
    assert driven.strip.marks.pointed == 11
    qtbot.keyClick(driven.strip, Qt.Key.Key_Return)
    assert driven.state.memory.write_index == (3, 2)
    assert "W[3,2]" in driven.part("memory.write_effect").text()


def test_a_click_chooses_the_element_to_write_and_write_shows_it(qtbot):
    driven = Driven(qtbot, selection="e")
    qtbot.mouseClick(driven.strip.viewport(), Qt.MouseButton.LeftButton, pos=driven.cell_point(1))
    assert driven.state.memory.write_index == (0, 1)
    assert "e[0,1], e[1,1], e[2,1] and v[1]" in driven.part("memory.write_effect").text()
    assert driven.strip.marks.changes == {}
    driven.part("memory.write_preview").click()
    assert driven.strip.marks.changes == {1: "99"}
    assert driven.state.program == Program.parse(PROGRAM)


def test_the_words_about_writing_follow_the_hand_once_it_rests(qtbot, driven):
    sentence = driven.part("memory.write_effect")
    before = sentence.text()
    driven.part("memory.write_preview").click()
    driven.panel._rest.setInterval(600_000)
    driven.point_at(6)
    assert sentence.text() == before
    driven.panel._rest.setInterval(0)
    qtbot.waitUntil(lambda: "W[2,1]" in sentence.text())
    assert driven.strip.marks.changes == {6: "99"}
    assert [box.value for box in driven.panel.column.write.boxes] == [2, 1]
    qtbot.mouseClick(driven.strip.viewport(), Qt.MouseButton.LeftButton, pos=driven.cell_point(4))
    driven.point_at(8)
    assert driven.state.memory.write_index == (0, 1)
    qtbot.waitUntil(lambda: not driven.panel._rest.isActive(), timeout=20_000)
    assert "W[0,1]" in sentence.text()


def test_an_unread_cell_says_so(qtbot):
    driven = Driven(qtbot, Program.parse("x = torch.arange(6.)[1:4]"), selection="x")
    driven.point_at(5)
    assert driven.panel.column.facts.cell.text() == "Cell 5 is not read by x.  5"


def test_typing_a_shape_is_one_gesture_and_changes_the_verdict(qtbot, driven):
    assert driven.part("memory.view_verdict").text() == "No"
    box = driven.part("memory.view_shape", QLineEdit)
    qtbot.keyClicks(box, "2, 6")
    assert driven.state.memory.view_shape == "2, 6"
    assert set(driven.gestures) == {"memory.view_shape"}
    assert (
        "stride 0 must be stride 1 times size 1, which is 4*3 = 12. It is 1." in driven.panel.column.view.message.text()
    )
    qtbot.keyClicks(box, "x")
    assert "not a whole number" in driven.panel.column.view.message.text()
    box.clear()
    qtbot.keyClicks(box, "4, 3")
    assert driven.part("memory.view_verdict").text() == "Yes"


def test_a_fix_becomes_a_line_of_the_program(qtbot, driven):
    qtbot.keyClicks(driven.part("memory.view_shape", QLineEdit), "2, 6")
    texts = [button.fix.code for button in driven.panel.column.view.buttons]
    assert texts == [".reshape(2, 6)", ".view(2, 2, 3)"]
    driven.panel.column.view.buttons[0].click()
    added = driven.state.program.bindings[-1]
    assert added.source == Expression("W.reshape(2, 6)")
    assert driven.state.selection == added.name
    assert driven.panel.column.steps.table.rows[-1].note


def test_choosing_a_tensor_pins_it_and_the_pin_lets_go(qtbot, driven):
    combo = driven.part("memory.tensor")
    combo.setFocus()
    combo.activated.emit(combo.findText("e"))
    assert driven.state.memory.pinned == "e"
    driven.part("memory.pin").click()
    assert driven.state.memory.pinned == ""
    assert combo.currentText() == "W"


def test_a_row_of_the_storage_table_pins_its_tensor(qtbot, driven):
    table = driven.part("memory.sharing")
    qtbot.mouseClick(table, Qt.MouseButton.LeftButton, pos=QPoint(20, 10))
    assert driven.state.memory.pinned == "B"


def test_steps_show_why_they_copied_and_open_on_a_click(qtbot):
    driven = Driven(qtbot, selection="f")
    rows = driven.part("memory.steps").rows
    assert "copy 48 B" in rows[-1].words()
    assert "Axes 0 and 1" in rows[-1].words()
    assert not rows[0].note
    driven.part("memory.steps").chosen.emit(0)
    assert "no data is moved" in driven.part("memory.steps").rows[0].words()


def test_pointing_at_a_step_shows_how_it_reads_the_storage(driven):
    steps = driven.part("memory.steps")
    as_it_is = driven.strip.viewport().grab().toImage()
    steps.pointed.emit(2)
    assert driven.strip._source.tensor.strides == (4, 1)
    assert driven.strip.viewport().grab().toImage() != as_it_is
    steps.pointed.emit(0)
    assert driven.strip._source.tensor.strides == (1, 4)
    steps.pointed.emit(None)
    assert driven.strip.viewport().grab().toImage() == as_it_is


def test_a_cheaper_chain_is_offered_and_taken(qtbot):
    driven = Driven(qtbot, selection="C")
    assert "copies twice" in driven.part("memory.advice").text()
    driven.part("memory.advice_fix").click()
    assert driven.state.program.get("C").source == Expression("A.t().t()")


def test_dragging_a_handle_of_the_playground_changes_the_stride(qtbot, driven):
    driven.panel.column.strided.set_folded(False)
    driven.panel.resize(352, 2200)
    QGuiApplication.processEvents()
    strip = driven.part("memory.strided_strip")
    start = strip.strip.rect(1)
    qtbot.mousePress(
        strip.viewport(), Qt.MouseButton.LeftButton, pos=QPointF(start.center().x(), start.top()).toPoint()
    )
    qtbot.mouseMove(strip.viewport(), strip.strip.rect(2).center().toPoint())
    qtbot.waitUntil(lambda: driven.state.memory.strided.stride == (2, 4))
    qtbot.mouseRelease(strip.viewport(), Qt.MouseButton.LeftButton, pos=strip.strip.rect(2).center().toPoint())
    assert len(set(driven.gestures)) == 1


def test_out_of_bounds_is_red_with_the_bytes_needed(qtbot, driven):
    box = driven.part("memory.strided_size.0")
    box.stepBy(2)
    assert "4 B too few" not in driven.panel.column.strided.banner.message.text()
    driven.part("memory.strided_offset").stepBy(3)
    assert "too few" in driven.panel.column.strided.banner.message.text()
    assert driven.part("memory.strided_strip").strip.cells > 12
    assert not driven.part("memory.strided_keep").isEnabled()
    driven.panel.column.strided.banner.buttons[0].click()
    assert driven.panel.column.strided.banner.problem is None
    assert driven.part("memory.strided_values").isVisibleTo(driven.panel.column.strided.body)
    driven.panel.column.strided.reset.click()
    assert driven.state.memory.strided is None


def test_sizes_without_strides_are_said_and_mended_by_a_button(driven):
    choice = StridedChoice("W", (2, 2), (4,), 1)
    driven.take(replace(driven.state, memory=replace(driven.state.memory, strided=choice)))
    banner = driven.panel.column.strided.banner
    assert "2 sizes, (4,) names 1 stride" in banner.message.text()
    assert not driven.part("memory.strided_keep").isEnabled()
    banner.buttons[0].click()
    assert driven.state.memory.strided == StridedChoice("W", (2,), (4,), 1)
    assert banner.problem is None


def test_a_pattern_is_laid_over_the_storage_and_kept(driven):
    combo = driven.part("memory.strided_patterns")
    combo.activated.emit(combo.findText("Diagonal"))
    assert "diagonal" in driven.part("memory.strided_pattern").text()
    driven.part("memory.strided_keep").click()
    assert driven.state.program.bindings[-1].source.text.startswith("W.as_strided((3,), (5,)")


def test_handles_move_what_they_stand_for(driven):
    spec = driven.panel.column.strided._spec
    by_kind = {(handle.kind, handle.axis): handle for handle in handles_of(spec)}
    assert dragged(spec, by_kind["offset", -1], 2).offset == 2
    assert dragged(spec, by_kind["stride", 1], 6).stride == (1, 6)
    assert dragged(spec, by_kind["size", 0], 1).size == (2, 3)
    assert dragged(spec, by_kind["size", 0], -5).size == (1, 3)


def test_facts_are_copied_as_text(driven):
    driven.part("memory.copy").click()
    assert "strides        (1, 4) elements" in QGuiApplication.clipboard().text()


def test_the_strip_is_exported(qtbot, driven):
    with qtbot.waitSignal(driven.panel.requested) as caught:
        driven.strip.export_asked.emit()
    assert caught.args[0] == "export_plot"
    strip = caught.args[1]
    image = QImage(strip.size(), QImage.Format.Format_RGB32)
    image.fill(0)
    with QPainter(image) as painter:
        strip.paint_plot(painter, image.rect().toRectF())
    assert len({image.pixel(x, image.height() // 2) for x in range(image.width())}) > 4
    assert strip.plot_columns()["value"][6] == "26"
    assert strip.plot_columns()["readers"] == [1] * 12


def test_what_is_painted_follows_the_values(driven):
    before = driven.strip.viewport().grab().toImage()
    driven.take(
        replace(driven.state, program=driven.state.program.with_source("v", Expression("torch.tensor([-90., 2., 3.])")))
    )
    assert driven.strip.viewport().grab().toImage() != before
    assert driven.strip.plot_columns()["value"][0] == "-90"


def test_a_problem_keeps_the_last_good_result_dimmed(driven):
    driven.panel.show_problem(Problem("Axis 1 of A is 4."))
    assert driven.panel.column.banner.problem is not None
    assert driven.panel.column.veil.isVisible()
    assert driven.panel.column.body.isVisible()
    driven.take(replace(driven.state, program=driven.state.program.with_source("W", Expression("A + v"))))
    assert driven.panel.column.veil.isVisible()
    driven.take(replace(driven.state, selection="A"))
    assert not driven.panel.column.veil.isVisible()
    assert driven.panel.column.banner.problem is None


def test_a_failed_tensor_never_shown_before_shows_its_problem_alone(qtbot):
    driven = Driven(qtbot, Program.parse("A = torch.zeros(2)\nD = A + torch.zeros(3)"), selection="D")
    assert driven.panel.column.banner.problem is not None
    assert not driven.panel.column.body.isVisible()


def test_the_folded_line_says_the_layout(driven):
    assert driven.panel.summary() == "strides (1, 4) offset 0, not contiguous, elements 48 B, shared with B"
    assert [run.axis for run in driven.panel.summary_runs() if run.axis is not None] == [0, 1]


def test_the_folded_line_of_a_failed_tensor_says_why(qtbot):
    driven = Driven(qtbot, Program.parse("A = torch.zeros(2)\nD = A + torch.zeros(3)"), selection="D")
    assert driven.panel.summary() == driven.panel.column.banner.problem.message


@pytest.mark.parametrize("as_bytes", [False, True])
@pytest.mark.parametrize("width", [352, 700])
@pytest.mark.parametrize(
    "tensor",
    [
        torch.tensor(1.0),
        torch.zeros(0, 4),
        torch.zeros(3).expand(4, 3),
        torch.arange(8.0).unfold(0, 3, 1),
        torch.tensor([True, False]),
        torch.tensor([1 + 2j]),
        torch.tensor([0.1], dtype=torch.bfloat16),
        torch.tensor([2**53 + 1]),
        torch.tensor([float("nan"), float("inf"), -float("inf"), 1e-42]),
        torch.zeros((1,) * 65),
        torch.zeros(1).expand(10**12),
        torch.zeros(2000, 3000)[5:, 7:].t(),
    ],
    ids=lambda tensor: f"{str(tensor.dtype)[6:]} rank {tensor.ndim}",
)
def test_every_kind_of_tensor_is_painted(qtbot, tensor, width, as_bytes):
    program = Program((Binding("x", Imported(TensorReference(tensor))),))
    driven = Driven(qtbot, program, selection="x")
    for part in (driven.panel.column.bits, driven.panel.column.strided, driven.panel.column.files):
        part.set_folded(False)
    driven.panel.resize(width, 900)
    driven.strip.cell_pointed.emit(0)
    driven._on_edited(replace(driven.state, memory=MemoryState(as_bytes=as_bytes)), None)
    assert not driven.panel.grab().isNull()
    assert driven.panel.column.widget().width() <= width


def test_counts_of_trillions_fit_into_the_facts(qtbot):
    driven = Driven(qtbot, Program.parse("h = torch.zeros(1000000, 1280000).t()"), selection="h")
    assert reads_in_words(driven.panel.column.facts.view._layout) == "1.28e12 of 1.28e12"
    view = driven.part("memory.facts")
    for _, facts in view._lines(view.width()):
        starts = (64, view._second(view.width()) + 68)
        for start, (_, value) in zip(starts, facts, strict=False):
            assert start + runs_width(value) <= view.width() + 1
    assert reads_in_words(
        compute_memory(memory_request(PlaygroundState(Program.parse(PROGRAM), "W")), Job()).layout
    ) == ("12 of 12")


def test_true_and_false_are_both_whole_or_both_short():
    values = [True, False]
    assert painted_bools(values, 5) == ["True", "False"]
    assert painted_bools(values, 4) == painted_bools(values, 1) == ["T", "F"]


def test_sizes_and_strides_of_many_axes_take_a_line_each(qtbot):
    table = RowTable("sizes", stretch=2, least=1e9)
    qtbot.addWidget(table)
    long = "(1, 2, 1, 2, 1, 2, 1, 2)"
    cells = (code_cell("r8"), code_cell(long), code_cell(long), code_cell("new"))
    table.set_rows((TableRow((*cells[:1], code_cell("(1,)"), code_cell("(1,)"), *cells[3:])), TableRow(cells)))
    one, two = runs_width(code_cell(long)), 2 * runs_width(code_cell(long)) + 12
    assert table.heightForWidth(round(two) + 2) == table.heightForWidth(round(one) + 2) - 18


def test_without_tensors_there_is_nothing_to_choose_and_nothing_to_scroll(driven, qtbot):
    assert driven.part("memory.tensor").isEnabled()
    driven.take(PlaygroundState(program=Program(())))
    assert not driven.part("memory.tensor").isEnabled()
    bar = driven.panel.column.verticalScrollBar()
    qtbot.waitUntil(lambda: not bar.isEnabled(), timeout=20_000)


def test_a_code_of_which_nothing_is_left_is_not_shown(driven):
    code = driven.panel.title_line.code
    code.resize(200, 24)
    assert code.shown_text() == "= B.t()"
    code.resize(30, 24)
    assert code.shown_text() == ""


def test_writing_a_single_number_says_so_without_a_gap(qtbot):
    driven = Driven(qtbot, Program.parse("s = torch.tensor(3.5)"), selection="s")
    write = driven.panel.column.write
    assert write.before.text() == "s[()] ="
    assert write.after.isHidden()
    driven.take(PlaygroundState(program=Program.parse(PROGRAM), selection="W"))
    assert (write.before.text(), write.after.text(), write.after.isHidden()) == ("W[", "] =", False)


def test_the_row_to_write_in_follows_the_number_of_axes(qtbot):
    text = "one = torch.ones(3)\ntwo = torch.ones(3, 3)\nthree = torch.ones(2, 3, 4)"
    driven = Driven(qtbot, Program.parse(text), selection="two")
    write = driven.panel.column.write
    for name in ("three", "two", "one", "three"):
        driven.take(replace(driven.state, selection=name))
        shown = [write.before, *write.boxes, write.after, write.value, write.button]

        def in_order(shown=shown):
            places = [(part.y(), part.x(), part.x() + part.width()) for part in shown]
            pairs = list(pairwise(places))
            return all(a[0] < b[0] or (a[0] == b[0] and a[2] < b[1]) for a, b in pairs)

        qtbot.waitUntil(in_order, timeout=20_000)
        row = write.button.parentWidget()
        qtbot.waitUntil(lambda row=row: row.rect().contains(write.button.geometry()), timeout=20_000)
