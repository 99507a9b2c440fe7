from __future__ import annotations

import math
import re
from dataclasses import replace

import torch
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from playground.models.einsum.equation import HINT
from playground.models.einsum.state import EinsumState
from playground.models.einsum.unfinished import NOTE
from playground.models.state import PlaygroundState
from playground.models.tensors.program import Expression, Made, Program
from playground.models.tensors.state import PointedCell
from playground.widgets.common.runs import plain
from playground.widgets.common.tensor_grid import TensorGrid
from playground.widgets.einsum.einsum_panel import EinsumPanel
from playground.widgets.einsum.ladder_view import time_in_words

PARTS = [
    "equation",
    "operand.0",
    "operand.1",
    "result",
    "terms",
    "letters",
    "loops",
    "cost",
    "presets",
    "keep",
    "problem",
]


def part(panel: EinsumPanel, name: str) -> QWidget:
    found = panel.findChild(QWidget, f"einsum.{name}")
    assert found is not None, name
    return found


def cell_center(grid, index) -> QPointF:
    x, y, width, height = grid.present_geometry().rect(index)
    return QPointF(x + width / 2, y + height / 2)


def point(grid, index) -> None:
    QTest.mouseMove(grid.viewport(), cell_center(grid, index).toPoint())


def test_every_part_has_its_name(driven):
    panel = driven().panel
    for name in PARTS:
        part(panel, name)


def test_every_control_has_a_tooltip_and_an_accessible_name(driven):
    panel = driven("abcdef,ij->a", "A", "A").panel
    for widget in panel.findChildren(QWidget):
        if widget.focusPolicy() != Qt.FocusPolicy.NoFocus and widget.objectName().startswith("einsum."):
            assert widget.toolTip() or isinstance(widget, TensorGrid), widget.objectName()
            assert widget.accessibleName(), widget.objectName()


def test_state_sets_the_controls(driven):
    d = driven("ij,jk->ik", "A", "X")
    assert d.panel.line.equation.text() == "ij,jk->ik"
    assert [box.combo.currentText() for box in d.panel.line.boxes] == ["A", "X"]
    assert "C (3, 5)" in d.panel.line.result.text()


def test_typing_edits_the_state_key_by_key_in_one_gesture(driven):
    d = driven()
    equation = d.panel.line.equation
    equation.setFocus()
    equation.selectAll()
    QTest.keyClicks(equation, "ij,jk->ik")
    texts = [state.einsum.equation for state, _ in d.edits]
    assert texts == ["ij,jk->ik"[:n] for n in range(1, 10)]
    assert len({gesture for _, gesture in d.edits}) == 1
    assert equation.textCursor().position() == len("ij,jk->ik")


def test_typing_in_the_middle_keeps_the_cursor(driven):
    d = driven()
    equation = d.panel.line.equation
    equation.setFocus()
    cursor = equation.textCursor()
    cursor.setPosition(1)
    equation.setTextCursor(cursor)
    QTest.keyClicks(equation, "x")
    assert d.state.einsum.equation == "ixj,kj->ik"
    assert equation.textCursor().position() == 2


def test_a_problem_says_where_keeps_the_result_pale_and_mends_itself(driven):
    d = driven()
    d.type("ij,jk->ik")
    banner = d.panel.banner
    assert banner.isVisible()
    assert "j has two sizes: 4 is axis 1 of A, 3 is axis 0 of B." in str(banner.problem)
    assert d.panel.tensors.result.grid.reader is not None
    assert d.panel.tensors.result.grid.marks.dimmed
    assert not d.panel.line.keep.isEnabled()
    QTest.mouseClick(banner.buttons[0], Qt.MouseButton.LeftButton)
    assert d.state.einsum.equation == "ij,kj->ik"
    assert not banner.isVisible()
    assert not d.panel.tensors.result.grid.marks.dimmed


def test_pointing_at_a_result_cell_lights_what_feeds_it_and_writes_the_sum(driven):
    d = driven()
    QApplication.processEvents()
    point(d.panel.tensors.result.grid, (1, 2))
    assert d.state.pointed is not None
    assert d.state.pointed.index == (1, 2)
    assert d.state.pointed.name == d.panel.result.plan.result_name
    first, second = d.panel.tensors.operands
    assert [region.index for region in first.grid.marks.lit] == [(1, None)]
    assert [region.index for region in second.grid.marks.lit] == [(2, None)]
    assert d.panel.terms.text().endswith("= 4*38 + 5*39 + 6*40 + 7*41 = 874")
    assert "A[1,0]*B[2,0] + A[1,1]*B[2,1]" in d.panel.terms.text()


def test_arrow_keys_point_too(driven):
    d = driven()
    grid = d.panel.tensors.result.grid
    grid.setFocus()
    QTest.keyClick(grid, Qt.Key.Key_Down)
    QTest.keyClick(grid, Qt.Key.Key_Right)
    assert d.state.pointed is not None
    before = d.state.pointed.index
    QTest.keyClick(grid, Qt.Key.Key_Right)
    assert d.state.pointed.index != before


def test_pointing_at_an_operand_lights_what_it_feeds(driven):
    d = driven()
    QApplication.processEvents()
    point(d.panel.tensors.operands[0].grid, (2, 1))
    assert d.state.pointed == PointedCell("A", (2, 1))
    assert [region.index for region in d.panel.tensors.result.grid.marks.lit] == [(2, None)]


def test_a_trace_lights_the_diagonal(driven):
    d = driven("ii->", "S")
    d.show(replace(d.state, program=d.state.program.appended("S", Made("arange", (3, 3)))))
    lit = [region.index for region in d.panel.tensors.operands[0].grid.marks.lit]
    assert lit == [(0, 0), (1, 1), (2, 2)]


def test_pointing_from_elsewhere_is_shown(driven):
    d = driven()
    name = d.panel.result.plan.result_name
    d.show(replace(d.state, pointed=PointedCell(name, (2, 0))))
    assert d.panel.tensors.result.grid.marks.selected == (2, 0)
    d.show(replace(d.state, pointed=PointedCell("X", (0, 0))))
    assert d.panel.tensors.result.grid.marks.selected == (2, 0)


def test_stepping_lets_the_sum_grow(driven):
    d = driven()
    d.show(replace(d.state, pointed=PointedCell(d.panel.result.plan.result_name, (1, 2))))
    terms = d.panel.terms
    terms.setFocus()
    QTest.keyClick(terms, Qt.Key.Key_Home)
    assert (terms.cell_sum.upto, terms.cell_sum.partial) == (1, 152)
    QTest.keyClick(terms, Qt.Key.Key_Right)
    assert terms.cell_sum.partial == 347
    QTest.mouseClick(part(d.panel, "terms.forward"), Qt.MouseButton.LeftButton)
    assert terms.cell_sum.partial == 587
    QTest.keyClick(terms, Qt.Key.Key_Right)
    assert terms.cell_sum.upto is None
    QTest.keyClick(terms, Qt.Key.Key_Left)
    assert terms.cell_sum.partial == 587
    QTest.keyClick(terms, Qt.Key.Key_Escape)
    assert terms.cell_sum.upto is None


def test_long_sums_are_shortened_in_the_middle(driven):
    d = driven("i->", "L")
    d.show(replace(d.state, program=d.state.program.appended("L", Made("arange", (1000,)))))
    assert re.search(r"\.\.\. \d+ more \.\.\.", d.panel.terms.text())
    assert d.panel.terms.text().endswith("= 499500")


def test_operands_are_chosen_from_the_program(driven):
    d = driven("ij,jk->ik", "A", "B")
    combo = part(d.panel, "operand.1")
    row = [combo.itemText(n) for n in range(combo.count())].index("X")
    combo.setCurrentIndex(row)
    combo.activated.emit(row)
    assert d.state.einsum.operands == ("A", "X")
    assert not d.panel.banner.isVisible()


def test_an_expression_can_be_an_operand(driven):
    d = driven("ij,jk->ik", "A", "B")
    box = d.panel.line.boxes[1]
    box.open_field()
    box.field.selectAll()
    QTest.keyClicks(box.field, "B.t()")
    QTest.keyClick(box.field, Qt.Key.Key_Return)
    assert d.state.einsum.operands == ("A", "B.t()")
    assert d.panel.result.plan.output_shape == (3, 3)


def test_a_missing_operand_is_made_in_one_click(driven):
    d = driven("ij,jk->ik", "A")
    assert "second operand has no tensor" in str(d.panel.banner.problem).lower()
    make = next(b for b in d.panel.banner.buttons if b.fix.target.startswith("make"))
    QTest.mouseClick(make, Qt.MouseButton.LeftButton)
    name = d.state.einsum.operands[1]
    assert d.state.program.get(name).source.shape[0] == 4
    assert not d.panel.banner.isVisible()


def test_keeping_appends_the_line(driven):
    d = driven()
    QTest.mouseClick(d.panel.line.keep, Qt.MouseButton.LeftButton)
    kept = d.state.program.bindings[-1]
    assert kept.source == Expression('torch.einsum("ij,kj->ik", A, B)')
    assert d.state.selection == kept.name
    count = len(d.state.program.bindings)
    QTest.mouseClick(d.panel.line.keep, Qt.MouseButton.LeftButton)
    assert len(d.state.program.bindings) == count


def test_presets_fill_the_operands(driven):
    d = driven()
    menu = d.panel.line.presets.menu()
    action = next(action for action in menu.actions() if action.data() == "attention scores")
    action.trigger()
    assert d.state.einsum.equation == "bhqd,bhkd->bhqk"
    assert d.panel.result.plan.equivalent.endswith(".mT")


def test_slices_of_a_result_of_rank_four(driven):
    d = driven("bhqd,bhkd->bhqk", "Q", "K")
    box = part(d.panel, "slice.1")
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Up)
    assert d.state.pointed.index == (0, 1, 0, 0)
    assert dict(d.panel.tensors.operands[0].grid.axes.fixed)[1] == 1
    assert dict(d.panel.tensors.result.grid.axes.fixed)[1] == 1


def test_a_letters_size_is_dragged_where_operands_are_made(driven):
    d = driven("ij,jk->ik", "A", "X")
    letters = d.panel.letters
    rect = letters._size_rect(1)
    start = rect.center().toPoint()
    QTest.mousePress(letters, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(letters, start + QPointF(26, 0).toPoint())
    QTest.mouseRelease(letters, Qt.MouseButton.LeftButton, pos=start)
    assert d.panel.result.plan.labels["j"].size == 6
    assert d.state.program.get("A").source.shape == (3, 6)
    assert d.state.program.get("X").source.shape == (6, 5)
    letters.setFocus()
    QTest.keyClick(letters, Qt.Key.Key_Left)
    assert d.panel.result.plan.labels["j"].size == 5
    QTest.keyClicks(letters, "7")
    assert d.panel.result.plan.labels["j"].size == 7


def test_sizes_of_computed_operands_stay(driven):
    d = driven("ij,kj->ik", "A", "B")
    d.panel.letters.setFocus()
    QTest.keyClick(d.panel.letters, Qt.Key.Key_Down)
    QTest.keyClick(d.panel.letters, Qt.Key.Key_Right)
    assert d.edits == []


def test_the_loops_copied_out_run(driven):
    d = driven()
    loops = part(d.panel, "loops")
    loops.copy()
    tensors = dict(zip(d.panel.result.plan.names, d.panel.result.tensors, strict=False))
    exec(QApplication.clipboard().text(), {"torch": torch}, tensors)
    assert torch.equal(tensors[d.panel.result.plan.result_name], d.panel.result.tensor)


def test_the_last_line_says_the_cost(driven):
    d = driven()
    text = d.panel.cost.label.text()
    assert "36 products, one step" in text
    assert "Largest in between: 9 elements, 36 B" in text
    assert text.endswith("Same as A @ B.t()")
    assert d.panel.cost.verdict.kind == "new"
    d.type("ij->ji", "A")
    assert d.panel.cost.verdict.text == "view of A"


def test_a_silent_stretch_is_a_visible_warning(driven):
    d = driven("ij,jk->ik", "A[:, :1]", "X")
    assert d.panel.banner.isVisible()
    assert d.panel.banner.problem.severity == "warning"
    assert "stretched to 4" in str(d.panel.banner.problem)
    assert not d.panel.tensors.result.grid.marks.dimmed


def test_an_empty_equation_hints(driven):
    d = driven("", *())
    d.type("")
    assert "ij,jk->ik" in d.panel.terms.text() or d.panel.banner.isVisible()
    assert d.panel.summary()


def test_too_large_keeps_the_plan(driven):
    d = driven("ab,cd->abcd", "H", "H")
    program = d.state.program.appended("H", Expression("torch.zeros(1000, 1000)"))
    d.show(replace(d.state, program=program))
    assert "4 TB" in str(d.panel.banner.problem)
    assert d.panel.result.plan.output_shape == (1000, 1000, 1000, 1000)
    assert d.panel.tensors.result.grid.reader is None
    assert d.panel.cost.verdict.kind == "too large"


def test_the_ladder_runs_when_asked(driven):
    d = driven()
    d.panel.details.tabs.setCurrentIndex(5)
    ladder = d.panel.details.ladder
    ladder._size.setCurrentIndex(0)
    QTest.mouseClick(part(d.panel, "ladder.run"), Qt.MouseButton.LeftButton)
    columns = ladder.chart.plot_columns()
    assert columns["way"] == ["three loops", "rows", "broadcasting", "einsum", "@"]
    assert all(seconds > 0 for seconds in columns["seconds"])


def test_times_in_words():
    assert time_in_words(0.0000123) == "12.3 us"
    assert time_in_words(1.5) == "1.5 s"


def test_everything_is_drawn_in_every_tab(driven):
    d = driven("bhqd,bhkd->bhqk", "Q", "K")
    for tab in range(6):
        d.panel.details.tabs.setCurrentIndex(tab)
        assert not d.panel.grab().isNull()
    d.type("bhqd,bhkd->bhq1")
    assert not d.panel.grab().isNull()


def test_it_fits_a_small_tab(driven):
    panel = driven("ij,jk,kl->il", "A", "X", "X.t()").panel
    panel.resize(560, 460)
    QApplication.processEvents()
    assert panel.minimumSizeHint().width() <= 560
    assert panel.line.presets.geometry().right() <= 560
    assert not panel.grab().isNull()


def test_the_einsum_of_the_selected_line_is_opened_when_asked(driven):
    d = driven()
    program = d.state.program.appended("E", Expression('torch.einsum("ij,jk->ik", A, X)'))
    d.show(replace(d.state, program=program, selection="E"))
    assert d.state.einsum.equation == "ij,kj->ik"
    assert d.panel.cost.open.isVisible()
    QTest.mouseClick(d.panel.cost.open, Qt.MouseButton.LeftButton)
    assert (d.state.einsum.equation, d.state.einsum.operands) == ("ij,jk->ik", ("A", "X"))
    assert d.panel.result.plan.result_name == "E"
    assert not d.panel.cost.open.isVisible()


def test_more_summed_axes_than_fit_can_be_turned(driven):
    d = driven("abcdef->a", "F")
    d.show(replace(d.state, program=d.state.program.appended("F", Made("arange", (2, 2, 2, 2, 2, 3)))))
    column = d.panel.tensors.operands[0]
    assert len(column.grid.axes.facets) == 2
    box = column.findChild(QWidget, "einsum.slice.5")
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Up)
    assert dict(column.grid.axes.fixed)[5] == 1
    d.show(replace(d.state, pointed=PointedCell(d.panel.result.plan.result_name, (1,))))
    assert dict(column.grid.axes.fixed)[5] == 1


def test_twenty_operands_and_ten_thousand_characters(driven):
    d = driven(",".join("abcdefghijklmnopqrst") + "->a", *["v"] * 20)
    assert len(d.panel.tensors.operands) == 20
    assert len(d.panel.line.boxes) == 20
    assert not d.panel.grab().isNull()
    d.type("i" * 10_000, "v")
    assert "No tensor has more than 64 axes" in str(d.panel.banner.problem)
    assert not d.panel.grab().isNull()


def test_what_feeds_a_far_cell_is_scrolled_into_view(driven):
    d = driven("ij,jk->ik", "R", "R")
    d.show(replace(d.state, program=d.state.program.appended("R", Made("eye", (300, 300)))))
    d.show(replace(d.state, pointed=PointedCell(d.panel.result.plan.result_name, (200, 250))))
    first, second = (column.grid for column in d.panel.tensors.operands)
    assert first.present_geometry().rect((200, first.sheet.first[1])) is not None
    assert second.present_geometry().rect((second.sheet.first[0], 250)) is not None
    assert d.panel.tensors.result.grid.present_geometry().rect((200, 250)) is not None
    assert first.sheet.first[1] == 0


def test_an_empty_program_clears_the_grids_and_hints(driven):
    d = driven("ij,jk->ik", "A", "X")
    assert d.panel.tensors.isVisible()
    d.show(PlaygroundState())
    assert not d.panel.tensors.isVisible()
    assert d.panel.result is None
    assert "ij,jk" in d.panel.terms.text()
    d.show(replace(d.state, program=Program.parse("A = torch.ones(2, 3)"), einsum=EinsumState("ij->i", ("A",))))
    assert d.panel.tensors.isVisible()


def test_nothing_is_red_while_an_equation_is_typed_and_what_is_left_unfinished_is(driven):
    d = driven("ij,jk->ik", "A", "X")
    equation = d.panel.line.equation
    equation.setFocus()
    QTest.keyClick(equation, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    said = set()
    for letter in "ij,j":
        QTest.keyClicks(equation, letter)
        assert d.panel.banner.problem.severity == "note"
        assert not d.panel.banner.problem.fixes
        said.add(str(d.panel.banner.problem))
        d.panel.grab()
    assert "X has 2 axes (4, 5), j has 1 letter." in said
    QTest.keyClick(equation, Qt.Key.Key_Return)
    assert d.panel.banner.problem.severity == "error"
    QTest.keyClicks(equation, "1")
    assert d.panel.banner.problem.severity == "error"
    QTest.keyClick(equation, Qt.Key.Key_Backspace)
    assert d.panel.banner.problem.severity == "note"
    QTest.keyClicks(equation, "k")
    assert d.panel.banner.problem is None
    QTest.keyClick(equation, Qt.Key.Key_Return)
    assert d.panel.banner.problem is None


def test_the_einsum_of_deleted_tensors_keeps_no_pale_grids_and_offers_to_make_them(driven):
    d = driven("ij,jk->ik", "A", "X")
    assert d.panel.tensors.isVisibleTo(d.panel)
    d.show(replace(d.state, program=Program.parse("Z = torch.ones(4, 2)")))
    assert d.panel.result is None
    assert not d.panel.tensors.isVisibleTo(d.panel)
    problem = d.panel.banner.problem
    assert (str(problem), problem.severity) == ("There are no tensors called A and X.", "warning")
    assert d.panel.summary() == "ij,jk->ik of A, X: There are no tensors called A and X."
    make = next(fix for fix in problem.fixes if fix.code.startswith("make"))
    d.panel.banner.fix_chosen.emit(make)
    assert d.panel.result is not None
    assert d.panel.banner.problem is None


def test_one_deleted_operand_is_named_with_what_fits_in_its_place(driven):
    d = driven("ij,jk->ik", "A", "X")
    d.show(replace(d.state, program=Program.parse("A = torch.ones(3, 4)\nZ = torch.ones(4, 2)")))
    problem = d.panel.banner.problem
    assert str(problem) == "There is no tensor called X."
    assert "Z" in [fix.code for fix in problem.fixes]
    d.show(replace(d.state, program=Program()))
    assert str(d.panel.banner.problem) == "There are no tensors called A and X."
    d.panel.grab()


CHAIN = "\n".join(f"{name} = torch.ones({shape})" for name, shape in zip(
    "abcde", ((2, 3), (3, 4), (4, 2), (2, 5), (5, 3)), strict=True))  # fmt: skip


def test_the_cost_says_less_where_its_line_would_break(driven):
    d = driven("ij,jk,kl,lm,mn->in", *"abcde")
    d.show(replace(d.state, program=Program.parse(CHAIN)))
    for width, words in ((2000, "Largest in between: 6 elements, 24 B"), (500, "Largest: 24 B")):
        d.panel.resize(width, 371)
        d.panel.grab()
        assert words in d.panel.cost.label.text()


def test_a_size_has_room_between_two_nodes_or_stands_above(driven):
    d = driven("ij,jk,kl,lm,mn->in", *"abcde")
    d.show(replace(d.state, program=Program.parse(CHAIN)))
    view = d.panel.details.diagram
    lines = {line.label: line for line in view._diagram.lines}
    assert view._room(QRectF(0, 0, 300, 100), view._diagram, lines["j"]) < 40
    assert view._room(QRectF(0, 0, 900, 100), view._diagram, lines["j"]) > 100
    assert view._room(QRectF(0, 0, 300, 100), view._diagram, lines["i"]) == math.inf
    view.grab()


def test_the_folded_line_keeps_the_colours_of_the_letters_and_the_arrow_in_two_characters(driven):
    d = driven("ij,jk->ik", "A", "X")
    runs = d.panel.summary_runs()
    letters = [(run.text, run.axis) for run in runs[: len("ij,jk->ik")]]
    assert letters == list(zip("ij,jk->ik", [0, 1, None, 1, 2, None, None, 0, 2], strict=True))
    assert all(run.kind == "code" for run in runs[: len(letters)])
    assert plain(runs) == d.panel.summary() == "ij,jk->ik of A, X gives C (3, 5)"


def test_an_equation_not_begun_is_no_error(driven):
    d = driven("", "A", "B")
    assert (d.panel.banner.problem.severity, str(d.panel.banner.problem)) == (NOTE, HINT)
    assert d.panel.terms.text() == ""
    d.type("ij,jk->iq")
    assert d.panel.banner.problem.severity == "error"
    d.type("")
    d.panel.line.equation_left.emit()
    assert d.panel.banner.problem.severity == NOTE


def test_a_long_reason_goes_on_below_where_there_is_room(driven, qtbot):
    d = driven("i,j,k", "v", "v", "v")
    letters = d.panel.letters
    reason = d.panel.result.plan.labels["i"].reason
    d.panel.resize(700, 760)
    qtbot.waitUntil(lambda: letters._tops() == [24, 66, 108, 150], timeout=20_000)
    lines = letters._reason_lines(d.panel.result.plan.labels["i"])
    assert len(lines) == 2
    assert " ".join(lines) == reason
    assert letters._size_rect(1).top() == 68
    d.panel.resize(700, 380)
    qtbot.waitUntil(lambda: letters._tops() == [24, 48, 72, 96], timeout=20_000)
    assert [letters._label_at(y) for y in (10, 30, 50, 95, 97)] == [None, 0, 1, 2, None]


def test_a_narrow_panel_has_its_letters_above_the_loops(driven, qtbot):
    d = driven("ij,kj->ik", "A", "B")
    letters, details = d.panel.letters, d.panel.details

    def beside():
        return details.y() == 0

    d.panel.resize(400, 520)
    qtbot.waitUntil(lambda: letters.width() > 340 and not beside(), timeout=20_000)
    _, why_x = letters._columns()
    assert why_x < letters.width() - 60
    d.panel.resize(734, 520)
    qtbot.waitUntil(beside, timeout=20_000)
    d.panel.resize(400, 300)
    qtbot.waitUntil(beside, timeout=20_000)
    d.type("i,i->i", "v", "v")
    d.panel.resize(400, 511)
    qtbot.waitUntil(lambda: not beside() and letters.width() > 340, timeout=20_000)
    d.type("ij,kj->ik", "A", "B")
    area = letters.parentWidget()
    qtbot.waitUntil(lambda: not beside() and area.height() >= 3 * 24, timeout=20_000)
