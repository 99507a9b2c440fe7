from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from playground.models.program.program import Program
from playground.models.program.sources import Expression
from playground.models.state import EinsumState, PlaygroundState
from playground.widgets.grid.tensor_grid import TensorGrid
from playground.widgets.text.runs import plain

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


def test_every_part_has_its_name(driven):
    d = driven()
    for name in PARTS:
        d.part(name)


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


def test_keeping_appends_the_line(driven):
    d = driven()
    QTest.mouseClick(d.panel.line.keep, Qt.MouseButton.LeftButton)
    kept = d.state.program.bindings[-1]
    assert kept.source == Expression('torch.einsum("ij,kj->ik", A, B)')
    assert d.state.selection == kept.name
    count = len(d.state.program.bindings)
    QTest.mouseClick(d.panel.line.keep, Qt.MouseButton.LeftButton)
    assert len(d.state.program.bindings) == count


def test_a_silent_stretch_is_a_visible_warning(driven):
    d = driven("ij,jk->ik", "A[:, :1]", "X")
    assert d.panel.banner.isVisible()
    assert d.panel.banner.problem.severity == "warning"
    assert "stretched to 4" in str(d.panel.banner.problem)
    assert not d.panel.tensors.result.grid.marks.dimmed


def test_too_large_keeps_the_plan(driven):
    d = driven("ab,cd->abcd", "H", "H")
    program = d.state.program.appended("H", Expression("torch.zeros(1000, 1000)"))
    d.show(replace(d.state, program=program))
    assert "4 TB" in str(d.panel.banner.problem)
    assert d.panel.result.plan.output_shape == (1000, 1000, 1000, 1000)
    assert d.panel.tensors.result.grid.reader is None
    assert d.panel.cost.verdict.kind == "too large"


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


def test_twenty_operands_and_ten_thousand_characters(driven):
    d = driven(",".join("abcdefghijklmnopqrst") + "->a", *["v"] * 20)
    assert len(d.panel.tensors.operands) == 20
    assert len(d.panel.line.boxes) == 20
    assert not d.panel.grab().isNull()
    d.type("i" * 10_000, "v")
    assert "No tensor has more than 64 axes" in str(d.panel.banner.problem)
    assert not d.panel.grab().isNull()


def test_an_empty_program_clears_the_grids_and_hints(driven):
    d = driven("ij,jk->ik", "A", "X")
    assert d.panel.tensors.isVisible()
    d.show(PlaygroundState())
    assert not d.panel.tensors.isVisible()
    assert d.panel.result is None
    assert "ij,jk" in d.panel.terms.text()
    d.show(replace(d.state, program=Program.parse("A = torch.ones(2, 3)"), einsum=EinsumState("ij->i", ("A",))))
    assert d.panel.tensors.isVisible()


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


def test_the_folded_line_keeps_the_colours_of_the_letters_and_the_arrow_in_two_characters(driven):
    d = driven("ij,jk->ik", "A", "X")
    runs = d.panel.summary_runs()
    letters = [(run.text, run.axis) for run in runs[: len("ij,jk->ik")]]
    assert letters == list(zip("ij,jk->ik", [0, 1, None, 1, 2, None, None, 0, 2], strict=True))
    assert all(run.kind == "code" for run in runs[: len(letters)])
    assert plain(runs) == d.panel.summary() == "ij,jk->ik of A, X gives C (3, 5)"
