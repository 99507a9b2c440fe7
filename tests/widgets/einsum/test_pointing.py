"""Pointing at a cell: what feeds it lights up, its sum is written and stepped through."""

from __future__ import annotations

import re
from dataclasses import replace

from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from playground.models.program.sources import Made
from playground.models.state import PointedCell


def test_pointing_at_a_result_cell_lights_what_feeds_it_and_writes_the_sum(driven):
    d = driven()
    QApplication.processEvents()
    d.point(d.panel.tensors.result.grid, (1, 2))
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
    d.point(d.panel.tensors.operands[0].grid, (2, 1))
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
    QTest.mouseClick(d.part("terms.forward"), Qt.MouseButton.LeftButton)
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


def test_slices_of_a_result_of_rank_four(driven):
    d = driven("bhqd,bhkd->bhqk", "Q", "K")
    box = d.part("slice.1")
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Up)
    assert d.state.pointed.index == (0, 1, 0, 0)
    assert dict(d.panel.tensors.operands[0].grid.axes.fixed)[1] == 1
    assert dict(d.panel.tensors.result.grid.axes.fixed)[1] == 1


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


def test_what_feeds_a_far_cell_is_scrolled_into_view(driven):
    d = driven("ij,jk->ik", "R", "R")
    d.show(replace(d.state, program=d.state.program.appended("R", Made("eye", (300, 300)))))
    d.show(replace(d.state, pointed=PointedCell(d.panel.result.plan.result_name, (200, 250))))
    first, second = (column.grid for column in d.panel.tensors.operands)
    assert first.present_geometry().rect((200, first.sheet.first[1])) is not None
    assert second.present_geometry().rect((second.sheet.first[0], 250)) is not None
    assert d.panel.tensors.result.grid.present_geometry().rect((200, 250)) is not None
    assert first.sheet.first[1] == 0


def lit_letters(panel):
    """By part, the letters that stand out there."""
    equation = panel.line.equation
    found = {"equation": {equation.text()[mark.start] for mark in equation.marker(equation.text()) if mark.lit}}
    for name, block in (("loops", panel.details.loops), ("torch", panel.details.torch)):
        lines = block.text().splitlines()
        found[name] = {line[mark.start : mark.stop] for line in lines for mark in block._marker(line) if mark.lit}
    for name, column in zip("AB", panel.tensors.operands, strict=True):
        found[name] = {column.grid.marks.lit_label} & {label.text for label in column.grid.marks.labels}
    result = panel.tensors.result
    found["result"] = {result.grid.marks.lit_label} & {label.text for label in result.grid.marks.labels}
    sizes = [run.text for run in result.caption.runs if run.role == "accent"]
    return found, sizes


def test_a_letter_under_the_hand_stands_out_wherever_it_is(driven):
    d = driven()
    table = d.panel.letters
    tops = table.arrangement().tops
    plan = d.panel.result.plan
    for row, (name, label) in enumerate(plan.labels.items()):
        QTest.mouseMove(table, QPoint(40, int(tops[row]) + 8))
        QTest.mouseMove(table, QPoint(41, int(tops[row]) + 9))
        found, sizes = lit_letters(d.panel)
        assert found["equation"] == found["loops"] == found["torch"] == {name}
        for place, operand in enumerate("AB"):
            assert found[operand] == ({name} & set(plan.indexing.input_labels[place]))
        assert found["result"] == ({name} & set(plan.output_labels))
        assert sizes == [str(label.size)] * plan.output_labels.count(name)
    QApplication.sendEvent(table, QEvent(QEvent.Type.Leave))
    found, sizes = lit_letters(d.panel)
    assert not any(found.values())
    assert not sizes
