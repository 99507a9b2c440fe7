from __future__ import annotations

from dataclasses import replace
from unittest import mock

from PySide6.QtCore import Qt

from playground.models.program.program import Program
from playground.models.state import PointedCell
from playground.widgets.einsum import terms_view
from playground.widgets.einsum.sum_lines import exactness, term_columns


def test_the_note_on_rounding_is_never_cut(driven):
    one = driven("ij,kj->ik", "A", "B")
    program = Program.parse("A = torch.rand(3, 4)\nB = torch.rand(3, 4)")
    one.show(replace(one.state, program=program))
    one.panel.resize(734, 371)
    one.panel.grab()
    terms = one.panel.terms
    cells = [(row, column) for row in range(3) for column in range(3)]
    notes = 0
    for index in cells:
        one.show(replace(one.state, pointed=PointedCell("C", index)))
        note = exactness(terms.cell_sum, "float32")
        with mock.patch.object(terms_view, "paint_text", wraps=terms_view.paint_text) as painted:
            terms.grab()
        notes += bool(note)
        assert not note or note in [call.args[3] for call in painted.call_args_list]
    assert notes


def test_integers_that_overflow_are_said_to_wrap_around(driven):
    one = driven("i,i->i", "a", "a")
    one.show(replace(one.state, program=Program.parse("a = torch.tensor([100, 2], dtype=torch.int8)")))
    one.show(replace(one.state, pointed=PointedCell(one.panel.result.plan.result_name, (0,))))
    cell_sum = one.panel.terms.cell_sum
    assert cell_sum.value == 16
    assert exactness(cell_sum, "int8") == "wrapped around in int8, exactly 10000"


def test_complex_factors_stand_in_brackets(driven):
    one = driven("i,i->", "z", "z")
    one.show(replace(one.state, program=Program.parse("z = torch.tensor([1+2j, 3-1j])")))
    result = one.panel.result
    columns = term_columns(result.plan.indexing, one.panel.terms.cell_sum, ["complex64"] * 2)
    assert [column.numbers for column in columns] == ["(1+2j)*(1+2j)", "(3-1j)*(3-1j)"]
    assert [eval(column.numbers) for column in columns] == [eval(column.product) for column in columns]


def test_a_long_sum_is_stepped_through_too(driven, qtbot):
    one = driven("ij->", "M")
    one.show(replace(one.state, program=Program.parse("M = torch.arange(60000.).reshape(300, 200)")))
    terms = one.panel.terms
    assert terms.cell_sum.products == ()
    terms.setFocus()
    qtbot.keyClick(terms, Qt.Key.Key_Home)
    assert (terms.cell_sum.upto, terms.cell_sum.partial) == (1, 0.0)
    for _ in range(3):
        qtbot.keyClick(terms, Qt.Key.Key_Right)
    assert (terms.cell_sum.upto, terms.cell_sum.partial) == (4, 0.0 + 1 + 2 + 3)
    held = terms.cell_sum.products
    qtbot.keyClick(terms, Qt.Key.Key_Escape)
    assert terms.cell_sum.upto is None
    qtbot.keyClick(terms, Qt.Key.Key_Left)
    assert terms.cell_sum.upto == 59_999
    assert terms.cell_sum.partial == sum(range(59_999))
    assert terms.cell_sum.products is held, "the products are worked out once"


def test_a_sum_of_millions_is_stepped_through_by_blocks(driven, qtbot):
    one = driven("ij->", "M")
    one.show(replace(one.state, program=Program.parse("M = torch.ones(1100, 1000)")))
    terms = one.panel.terms
    block = terms.cell_sum.block
    terms.setFocus()
    qtbot.keyClick(terms, Qt.Key.Key_Home)
    assert (terms.cell_sum.upto, terms.cell_sum.partial) == (block, float(block))
    assert not terms._back.isEnabled()
    qtbot.mouseClick(terms._forward, Qt.MouseButton.LeftButton)
    assert (terms.cell_sum.upto, terms.cell_sum.partial) == (2 * block, 2.0 * block)
    terms.grab()
    qtbot.keyClick(terms, Qt.Key.Key_End)
    qtbot.keyClick(terms, Qt.Key.Key_Left)
    assert terms.cell_sum.upto == 1_100_000 - 1_100_000 % block
    qtbot.keyClick(terms, Qt.Key.Key_Right)
    assert terms.cell_sum.upto is None


def test_page_keys_go_a_sixteenth_of_the_sum(driven, qtbot):
    one = driven("i->", "v")
    one.show(replace(one.state, program=Program.parse("v = torch.ones(1600)")))
    terms = one.panel.terms
    for key, upto in (("PageUp", 1500), ("PageUp", 1400), ("Home", 1), ("PageUp", 1), ("PageDown", 101), ("Left", 100)):
        qtbot.keyClick(terms, getattr(Qt.Key, f"Key_{key}"))
        assert terms.cell_sum.upto == upto
    qtbot.keyClick(terms, Qt.Key.Key_End)
    qtbot.keyClick(terms, Qt.Key.Key_PageDown)
    assert terms.cell_sum.upto is None


def test_a_sum_too_long_to_step_through_says_so(driven):
    one = driven("i->", "v")
    one.show(replace(one.state, program=Program.parse("v = torch.ones(1).expand(40000000)")))
    terms = one.panel.terms
    assert not terms._back.isVisible()
    assert exactness(terms.cell_sum, "float32") == "40,000,000 terms, too many to step through"


def test_the_bar_of_a_long_sum_is_worked_out_once_a_cell(driven):
    one = driven("ij->i", "M")
    one.show(replace(one.state, program=Program.parse("M = torch.arange(90000.).reshape(3, 30000)")))
    name = one.panel.result.plan.result_name
    with mock.patch.object(terms_view, "segments_of", wraps=terms_view.segments_of) as worked_out:
        for row in (1, 2, 1):
            one.panel.accept_state(replace(one.state, pointed=PointedCell(name, (row,))))
        assert worked_out.call_count == 3
    assert one.panel.terms._segments == terms_view.segments_of(one.panel.terms.cell_sum)
