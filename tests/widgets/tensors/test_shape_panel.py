"""The shape panel: every gesture by mouse and by keyboard is an edit of the line."""

from dataclasses import replace

import pytest
import torch
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from playground.models.evaluation.evaluate import evaluate
from playground.models.evaluation.selected import compute_shape, shape_request
from playground.models.job import Job
from playground.models.problem import Problem
from playground.models.program.gestures import GESTURES
from playground.models.program.program import Program, source_code
from playground.models.program.sources import Imported, TensorReference
from playground.models.state import PlaygroundState, PointedCell
from playground.runtime.store import History
from playground.widgets.tensors.gesture_form import gesture_menu
from playground.widgets.tensors.shape_panel import ShapePanel
from playground.widgets.tensors.tensor_block import block_geometry, size_at
from playground.widgets.text.runs import plain

TEXT = """A = torch.arange(12.).reshape(3, 4)
v = torch.tensor([10., 20., 30.])
B = A + v[:, None]
W = B.t()
T = torch.arange(24.).reshape(2, 3, 4)
D = A + v"""


class Bench:
    """The panel with a store of its own, computing at once."""

    def __init__(self, qtbot, text=TEXT, selection="B", **changes):
        self.panel = ShapePanel()
        self.view = self.panel.view
        qtbot.addWidget(self.panel)
        self.history = History(PlaygroundState(), work=lambda state: state.without_pointing())
        self.panel.edited.connect(self.apply)
        self.panel.gesture_ended.connect(self.seal)
        program = text if isinstance(text, Program) else Program.parse(text)
        state = replace(PlaygroundState(), program=program, selection=selection, **changes)
        self.history = History(state, work=lambda state: state.without_pointing())
        self.show()
        self.panel.resize(734, 300)
        self.panel.show()
        self.panel.activateWindow()
        qtbot.waitUntil(self.panel.isActiveWindow)

    @property
    def state(self):
        return self.history.present

    def apply(self, state, gesture=None):
        self.history = self.history.applied(state, gesture)
        self.show()

    def show(self):
        self.panel.accept_state(self.state)
        self.panel.show_result(compute_shape(shape_request(self.state), Job()))

    def seal(self):
        self.history = self.history.sealed()

    def undo(self):
        self.history = self.history.undone()
        self.show()

    def select(self, name):
        self.apply(replace(self.state, selection=name, pointed=None))

    def code(self, name=None):
        return source_code(self.state.program.get(name or self.state.selection).source)

    def tensor(self, name=None):
        return evaluate(self.state.program)[name or self.state.selection].tensor

    @property
    def steps(self):
        return len(self.history.past)


@pytest.fixture
def bench(qtbot):
    return Bench(qtbot)


def part(bench, name):
    found = bench.panel.findChild(object, name)
    assert found is not None, name
    return found


def test_the_parts_have_their_names_tooltips_and_accessible_names(bench):
    for name in (
        "shape.axis.0", "shape.axis.1", "shape.insert.0", "shape.insert.2", "shape.squeeze.0", "shape.block",
        "shape.grid", "shape.gestures", "shape.copy", "shape.rows", "shape.columns",
    ):  # fmt: skip
        control = part(bench, name)
        assert control.accessibleName(), name
        if name != "shape.grid":
            assert control.toolTip(), name


def test_the_state_is_shown(bench):
    assert plain(bench.view.code.runs) == "B = A + v[:, None]"
    assert [chip.value for chip in bench.view.strip.chips] == [3, 4]
    assert bench.view.facts.text() == "12 elements, 48 B"
    assert bench.view.grid.reader.shape == (3, 4)
    bench.select("T")
    assert [chip.value for chip in bench.view.strip.chips] == [2, 3, 4]
    assert bench.view.places.isVisible()
    bench.panel.grab()


def drag(widget, start, way, steps=6, release=True):
    QTest.mousePress(widget, Qt.MouseButton.LeftButton, pos=start)
    for step in range(1, steps + 1):
        QTest.mouseMove(widget, start + way * step / steps)
    if release:
        QTest.mouseRelease(widget, Qt.MouseButton.LeftButton, pos=start + way)


def test_pulling_a_side_of_the_block_resizes_and_is_one_step(bench):
    bench.select("A")
    block = bench.view.block
    pixels = round(block.block().column_pixels)
    drag(block, block.handles()["columns"].toPoint(), QPoint(3 * pixels, 0))
    assert bench.code() == "torch.arange(21.).reshape(3, 7)"
    assert bench.steps == 1
    bench.undo()
    assert bench.code() == "torch.arange(12.).reshape(3, 4)"
    drag(block, block.handles()["both"].toPoint(), QPoint(-pixels, 2 * pixels))
    assert bench.tensor().shape == (5, 3)


def test_pulling_a_computed_block_cuts_and_widens_up_to_what_there_is(bench):
    block = bench.view.block
    pixels = round(block.block().column_pixels)
    drag(block, block.handles()["columns"].toPoint(), QPoint(-pixels, 0))
    assert bench.code() == "(A + v[:, None])[:, :3]"
    drag(block, block.handles()["columns"].toPoint(), QPoint(9 * pixels, 0))
    assert bench.code() == "A + v[:, None]"


def test_escape_takes_a_drag_back(bench):
    bench.select("A")
    block = bench.view.block
    block.setFocus()
    drag(block, block.handles()["rows"].toPoint(), QPoint(0, 60), release=False)
    assert bench.code() != "torch.arange(12.).reshape(3, 4)"
    QTest.keyClick(block, Qt.Key.Key_Escape)
    assert bench.code() == "torch.arange(12.).reshape(3, 4)"


def test_other_buttons_and_lost_releases_do_not_confuse_a_drag(bench):
    bench.select("A")
    block = bench.view.block
    start = block.handles()["columns"].toPoint()
    drag(block, start, QPoint(60, 0), release=False)
    QTest.mousePress(block, Qt.MouseButton.RightButton, pos=start)
    QTest.mouseRelease(block, Qt.MouseButton.RightButton, pos=start)
    assert block._grabbed == "columns"
    place = QPointF(start + QPoint(120, 0))
    without_button = QMouseEvent(
        QEvent.Type.MouseMove, place, block.mapToGlobal(place), Qt.MouseButton.NoButton, Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    before = bench.code()
    block.mouseMoveEvent(without_button)
    assert block._grabbed == ""
    assert bench.code() == before


def test_the_block_has_keys(bench):
    bench.select("T")
    for key, shape in ((Qt.Key.Key_Right, (2, 3, 5)), (Qt.Key.Key_Up, (2, 2, 5)), (Qt.Key.Key_PageDown, (3, 2, 5))):
        QTest.keyClick(bench.view.block, key)
        assert tuple(bench.tensor().shape) == shape


def test_sizes_are_typed_and_stepped(bench):
    bench.select("A")
    box = part(bench, "shape.axis.1")
    box.setFocus()
    box.selectAll()
    QTest.keyClicks(box, "12")
    assert bench.tensor().shape == (3, 12)
    QTest.keyClick(box, Qt.Key.Key_Return)
    QTest.keyClick(box, Qt.Key.Key_Down)
    assert bench.tensor().shape == (3, 11)


@pytest.mark.parametrize("typed", ["9", "-1", "2.5", "1e3", "", "1_0", "0x2"])
def test_sizes_that_cannot_be_are_refused_in_words(bench, typed):
    box = part(bench, "shape.axis.1")
    box.setFocus()
    box.selectAll()
    QTest.keyClick(box, Qt.Key.Key_Delete)
    if typed:
        box.lineEdit().insert(typed)
    assert bench.view.banner.problem is None
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert bench.view.banner.problem is not None
    assert bench.state.program == Program.parse(TEXT)


def test_the_edge_of_a_chip_is_dragged(bench):
    bench.select("A")
    chip = bench.view.strip.chips[0]
    drag(chip, QPoint(chip.width() - 2, 16), QPoint(16, 0))
    assert bench.tensor().shape == (5, 4)
    assert bench.steps == 1


def test_carrying_a_chip_permutes_and_back_again(bench):
    first, second = bench.view.strip.chips
    way = second.geometry().center() - first.geometry().center()
    drag(first, QPoint(12, 16), way)
    assert bench.code() == "(A + v[:, None]).permute(1, 0)"
    assert bench.steps == 1
    assert "the same as `B.t()`" in bench.state.shape.last_gesture
    drag(bench.view.strip.chips[0], QPoint(12, 16), way)
    assert bench.code() == "A + v[:, None]"


def test_chips_move_by_keys(bench):
    bench.select("T")
    chip = bench.view.strip.chips[0]
    chip.setFocus()
    QTest.keyClick(chip, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    assert bench.code() == "torch.arange(24.).reshape(2, 3, 4).permute(1, 0, 2)"
    assert torch.equal(bench.tensor(), torch.arange(24.0).reshape(2, 3, 4).permute(1, 0, 2))


def test_pluses_and_crosses(bench):
    plus = part(bench, "shape.insert.1")
    assert "B.unsqueeze(1)  B[:, None]" in plus.toolTip()
    assert "gives (3, 1, 4)" in plus.toolTip()
    QTest.mouseClick(plus, Qt.MouseButton.LeftButton)
    assert bench.tensor().shape == (3, 1, 4)
    assert bench.code() == "(A + v[:, None]).unsqueeze(1)"
    assert "the same as `B[:, None]`" in bench.state.shape.last_gesture
    cross = part(bench, "shape.squeeze.1")
    assert cross.isVisible()
    QTest.mouseClick(cross, Qt.MouseButton.LeftButton)
    assert bench.code() == "A + v[:, None]"
    assert bench.steps == 2


def test_an_imported_tensor_gets_a_line_of_its_own(qtbot):
    program = Program().appended("I", Imported(TensorReference(torch.arange(6.0).reshape(2, 3))))
    bench = Bench(qtbot, program, "I")
    QTest.mouseClick(part(bench, "shape.insert.0"), Qt.MouseButton.LeftButton)
    assert bench.state.program.names == ("I", "I2")
    assert bench.state.selection == "I2"
    assert bench.tensor().shape == (1, 2, 3)


def test_pointing_tells_how_the_cell_came_about(bench, qtbot):
    grid = bench.view.grid
    x, y, width, height = grid.present_geometry().rect((1, 2))
    QTest.mouseMove(grid.viewport(), QPoint(x + width // 2, y + height // 2))
    qtbot.waitUntil(lambda: bench.state.pointed == PointedCell("B", (1, 2)))
    assert bench.view.readout.text() == "B[1,2] = 26\nA[1,2] 6\nv[1] 20\nsum 26"
    assert grid.marks.selected == (1, 2)
    assert bench.steps == 0


def test_the_same_cell_pointed_at_elsewhere_is_outlined(bench):
    bench.apply(replace(bench.state, pointed=PointedCell("W", (2, 1))))
    assert bench.view.grid.marks.selected == (1, 2)
    bench.apply(replace(bench.state, pointed=PointedCell("A", (2, 1))))
    assert bench.view.grid.marks.selected is None


def test_selected_cells_are_summed_up(bench):
    bench.view.grid._hand.select_region((0, 0), (1, 1))
    assert bench.state.shape.cells == ((0, 2), (0, 2))
    assert "4 cells selected\nsum  70" in bench.view.readout.text()


def test_axes_are_picked_and_others_stand_where_the_slider_says(bench):
    bench.select("T")
    assert (bench.view.grid.axes.row_axis, bench.view.grid.axes.column_axis) == (1, 2)
    bench.view.pickers.rows.setCurrentIndex(0)
    assert (bench.view.grid.axes.row_axis, bench.view.grid.axes.column_axis) == (0, 2)
    bench.view.pickers.columns.setCurrentIndex(0)
    assert (bench.view.grid.axes.row_axis, bench.view.grid.axes.column_axis) == (2, 0)
    box = part(bench, "shape.index.1")
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Up)
    assert dict(bench.state.shape.fixed) == {1: 1}
    assert dict(bench.view.grid.axes.fixed) == {1: 1}


def test_moving_along_an_axis_is_one_step_and_the_next_move_another(bench):
    bench.select("T")
    slider = part(bench, "shape.index.0")
    for _ in range(2):
        slider.setFocus()
        QTest.keyClick(slider, Qt.Key.Key_Up)
        QTest.keyClick(slider, Qt.Key.Key_Return)
        slider.setFocus()
        QTest.keyClick(slider, Qt.Key.Key_Down)
        QTest.keyClick(slider, Qt.Key.Key_Return)
    assert bench.steps == 4


def test_facets_show_all_of_the_other_axes(bench):
    bench.select("T")
    QTest.mouseClick(part(bench, "shape.facets"), Qt.MouseButton.LeftButton)
    assert bench.state.shape.facets
    assert bench.view.grid.axes.facets == (0,)
    bench.panel.grab()


def test_the_menu_says_shapes_and_verdicts_beforehand(bench):
    menu = gesture_menu(bench.panel, bench.panel.result.rows)
    texts = [action.text() for action in menu.actions()]
    assert "Transpose\t(4, 3)  view" in texts
    assert "Flip axis 0\t(3, 4)  copy" in texts
    squeeze = next(action for action in menu.actions() if action.text().startswith("Squeeze"))
    assert not squeeze.isEnabled()
    assert "No axis has size 1." in squeeze.toolTip()
    menu.deleteLater()


def test_rows_without_a_form_are_carried_out_at_once(bench):
    row = next(row for row in bench.panel.result.rows if row.label == "Transpose")
    bench.panel.perform(row)
    assert bench.code() == "(A + v[:, None]).transpose(0, 1)"
    assert bench.steps == 1


def test_a_form_is_live_and_one_step(bench):
    form = bench.panel.open_form("reshape")
    form.set_text("shape", "4, 3")
    assert bench.tensor().shape == (4, 3)
    assert "gives (4, 3)  view" in form.preview_label.text()
    form.set_text("shape", "5, 3")
    assert bench.tensor().shape == (4, 3)
    assert not form.done.isEnabled()
    assert "has 15 elements" in form.preview_label.text()
    form.set_text("shape", "-1")
    QTest.keyClick(form, Qt.Key.Key_Return)
    assert bench.code() == "(A + v[:, None]).reshape(-1)"
    assert bench.steps == 1


def test_a_cancelled_form_leaves_nothing(bench):
    form = bench.panel.open_form("slice")
    assert bench.code() == "(A + v[:, None])[:2]"
    QTest.keyClick(form, Qt.Key.Key_Escape)
    assert bench.code() == "A + v[:, None]"


@pytest.mark.parametrize("name", [name for name, gesture in GESTURES.items() if gesture.fields])
def test_each_form_opens_and_writes(qtbot, name):
    bench = Bench(qtbot, "M = torch.arange(12.).reshape(3, 1, 4)", "M")
    form = bench.panel.open_form(name)
    bench.panel.grab()
    assert form.done.isEnabled()
    assert bench.code() != "torch.arange(12.).reshape(3, 1, 4)"
    QTest.mouseClick(form.done, Qt.MouseButton.LeftButton)
    assert bench.tensor() is not None


def test_a_line_that_fails_keeps_its_last_values_pale(bench):
    bench.apply(replace(bench.state, program=bench.state.program.with_source("B", bench.state.program.get("D").source)))
    assert bench.view.banner.problem.badge == "4 against 3"
    assert bench.view.grid.marks.dimmed
    assert bench.view.grid.reader.shape == (3, 4)
    QTest.mouseClick(bench.view.banner.buttons[0], Qt.MouseButton.LeftButton)
    assert bench.code() == "A + v[:, None]"
    assert not bench.view.grid.marks.dimmed


def test_failed_lines_tensors_too_large_and_nothing(qtbot):
    bench = Bench(qtbot, TEXT + "\nX = torch.zeros(1000000, 128000)", "D", memory_budget=10**9)
    assert bench.view.banner.problem is not None
    assert not bench.view.strip.isVisible()
    bench.select("X")
    assert [chip.value for chip in bench.view.strip.chips] == [1000000, 128000]
    assert bench.view.facts.text() == "128,000,000,000 elements, 512 GB"
    assert bench.view.grid.reader is None
    bench.select("")
    assert bench.view.strip.chips == []
    bench.panel.grab()
    bench.panel.show_problem(Problem("Something broke."))
    assert bench.view.grid.marks.dimmed


@pytest.mark.parametrize("shape", ["()", "(0,)", "(1,)", "(2, 0)", "(1, 1, 1)", "(1, 2, 1, 2, 1, 2, 1, 2)"])
def test_any_rank_and_size(qtbot, shape):
    bench = Bench(qtbot, f"Z = torch.ones({shape})", "Z")
    bench.panel.grab()
    assert len(bench.view.strip.chips) == len(eval(shape))
    QTest.mouseClick(part(bench, "shape.insert.0"), Qt.MouseButton.LeftButton)
    assert bench.tensor().shape == (1, *eval(shape))


@pytest.mark.parametrize("shape", [(), (5,), (3, 4), (2, 3, 4), (2, 2, 3, 4), (10**9, 2), (0, 3), (1,) * 8])
def test_blocks_fit_their_room(shape):
    block = block_geometry(shape, 168, 130)
    assert 0 <= block.width <= 168
    assert 0 <= block.height <= 130
    if block.scaled and len(shape) > 1 and 0 not in shape:
        assert block.width / block.height == pytest.approx(shape[-1] / shape[-2])
    assert block_geometry((10**9, 2), 168, 130).scaled is False
    assert size_at(150, 38, 28) == 4


@pytest.mark.parametrize(("width", "height"), [(734, 220), (768, 254)])
def test_eight_axes_scroll_in_whole_lines(qtbot, width, height):
    bench = Bench(qtbot, "A = torch.arange(576).reshape(2, 3, 2, 1, 2, 3, 2, 4)", "A")
    bench.panel.resize(width, height)
    QApplication.processEvents()
    head, view = bench.view.head, bench.view
    assert head.verticalScrollBar().maximum() > 0
    for chip in view.strip.chips:
        top = chip.mapTo(head.viewport(), QPoint()).y()
        assert top >= head.viewport().height() or top + chip.height() <= head.viewport().height()
    place = view.places.findChild(QWidget, "shape.index.5")
    head.ensureWidgetVisible(place)
    bottom = place.mapTo(head.viewport(), QPoint(0, place.height())).y()
    assert place.height() <= bottom <= head.viewport().height()
    assert view.grid.height() >= 48


def test_a_few_axes_do_not_scroll(qtbot):
    bench = Bench(qtbot, "A = torch.arange(24).reshape(2, 3, 4)", "A")
    assert bench.view.head.verticalScrollBar().maximum() == 0


@pytest.mark.parametrize(
    ("height", "keeps_values"), [(200, False), (253, False), (424, False), (253, True), (300, True), (424, True)]
)
def test_nothing_of_a_problem_is_cut_where_there_is_little_room(qtbot, height, keeps_values):
    text = """weights_of_the_layer = torch.arange(24.).reshape(2, 3, 4)
bias_of_the_layer = torch.tensor([10., 20., 30.])
K = weights_of_the_layer.sum(0)"""
    clash = "K = (weights_of_the_layer.sum(0) * 2 + torch.ones(3, 4)) / (bias_of_the_layer + torch.ones(3) * 5)"
    bench = Bench(qtbot, text if keeps_values else text.replace(text.splitlines()[-1], clash), "K")
    bench.panel.resize(767, height)
    if keeps_values:
        bench.apply(replace(bench.state, program=Program.parse("\n".join([*text.splitlines()[:2], clash]))))
    banner = bench.view.banner
    assert banner.isVisible()

    def is_whole():
        shown = [button for button in (*banner.buttons, banner.more) if not button.isHidden()]
        inside = all(banner.rect().contains(one.mapTo(banner, one.rect().bottomRight())) for one in shown)
        return inside and bench.view.rect().contains(banner.geometry()) and shown[0].y() == 0

    qtbot.waitUntil(is_whole, timeout=20_000)
    assert bench.view.grid.isHidden() != keeps_values


def test_the_axes_come_back_after_a_line_that_failed(qtbot):
    text = """a = torch.ones(6, 5, 4)
huge = torch.zeros(1000000, 1000000)
bad = a + torch.ones(7)
good = torch.ones(2, 2) / torch.zeros(2, 2)"""
    bench = Bench(qtbot, text, "a", memory_budget=10**9)
    bench.panel.resize(734, 220)
    for name in ("huge", "bad", "good"):
        bench.select(name)
        QApplication.processEvents()
    assert [chip.value for chip in bench.view.strip.chips] == [2, 2]
    assert bench.view.strip.isVisible()
    assert bench.view.head.height() >= bench.view.strip.sizeHint().height()


def test_what_has_no_values_offers_no_rows_and_columns(qtbot):
    text = "small = torch.ones(2, 3, 4)\nhuge = torch.zeros(1000000, 1000000, 3)"
    bench = Bench(qtbot, text, "small", memory_budget=10**9)
    bench.panel.resize(1000, 220)
    assert bench.view.pickers.isVisible()
    bench.select("huge")
    QApplication.processEvents()
    assert bench.view.pickers.isHidden()
    assert bench.view.places.isHidden()
    assert bench.view.head.verticalScrollBar().maximum() == 0
    bench.select("small")
    QApplication.processEvents()
    assert bench.view.pickers.isVisible()


def test_in_a_narrow_panel_the_chips_come_before_the_facts(qtbot):
    bench = Bench(qtbot, "x = torch.arange(24.).reshape(2, 3, 4)", "x")
    facts, chips = bench.view.facts, bench.view.strip
    assert facts.isVisible()
    bench.panel.resize(400, 300)
    qtbot.waitUntil(lambda: not facts.isVisible() and chips.height() <= 2 * 32 + 8, timeout=20_000)
    bench.panel.resize(734, 300)
    qtbot.waitUntil(lambda: facts.isVisible() and chips.height() == 32, timeout=20_000)
