"""Five operands: every grid is seen, two rows of it beside a drawing, and the sum ends in its value."""

from __future__ import annotations

from dataclasses import replace
from unittest import mock

import pytest
from PySide6.QtWidgets import QApplication

from playground.models.program.program import Program
from playground.widgets.einsum import terms_view
from playground.widgets.einsum.details import DRAWN
from playground.widgets.einsum.layout import lower_height
from playground.widgets.einsum.sum_lines import PLUS, terms_spacing

CHAIN = """A = torch.arange(12.).reshape(3, 4)
B = torch.arange(20.).reshape(4, 5)
C = torch.arange(10.).reshape(5, 2)
D = torch.arange(6.).reshape(2, 3)
E = torch.arange(6.).reshape(3, 2)"""
EQUATION = "ab,bc,cd,de,ef->af"


@pytest.fixture
def chain(driven):
    one = driven()
    one.show(replace(one.state, program=Program.parse(CHAIN)))
    one.type(EQUATION, *"ABCDE")
    one.panel.resize(734, 374)
    return one


def test_all_grids_are_seen_at_once_with_digits_of_their_own(chain, qtbot):
    tensors = chain.panel.tensors
    qtbot.waitUntil(lambda: tensors.horizontalScrollBar().maximum() == 0, timeout=20_000)
    for column in tensors.operands:
        geometry = column.grid.present_geometry()
        assert geometry.cell_width < 40
        assert geometry.view_width - geometry.left >= 2 * geometry.cell_width
    assert tensors.result.grid.present_geometry().cell_width >= 6 * 7


def test_a_drawing_leaves_two_rows_of_the_grids(chain, qtbot):
    chain.panel.details.tabs.setCurrentIndex(DRAWN[0])
    grid = chain.panel.tensors.operands[0].grid
    qtbot.waitUntil(lambda: grid.present_geometry().fitting_rows >= 2, timeout=20_000)
    assert not chain.panel.terms.isVisible()


def test_heights_of_letters_and_drawing():
    assert lower_height(374, 68, 0) == 103
    assert lower_height(374, 68, 74) == 103 + 71
    assert lower_height(374, 98, 74) == 103 + 41
    assert lower_height(240, 98, 74) == 102


@pytest.mark.parametrize("width", [734, 520, 420])
@pytest.mark.parametrize("letter", ["A", "an_operand_with_a_name_that_takes_room"])
def test_the_sum_ends_in_its_value_however_long_its_terms(driven, width, letter):
    one = driven()
    one.show(replace(one.state, program=Program.parse(CHAIN.replace("A =", f"{letter} ="))))
    one.type(EQUATION, letter, *"BCDE")
    one.panel.resize(width, 374)
    QApplication.processEvents()
    terms = one.panel.terms
    with mock.patch.object(terms_view, "paint_text", wraps=terms_view.paint_text) as painted:
        terms.grab()
    left, text, font = next(
        (call.args[1], call.args[3], call.args[4]) for call in painted.call_args_list if call.args[3] == "= 78360"
    )
    assert left + terms_view.text_width(font, text) <= terms.width()


def test_columns_stand_closer_before_they_are_cut():
    assert terms_spacing(100, 2, 0, 300).plus == PLUS
    close = terms_spacing(100, 2, 5, 262)
    assert (close.column, close.gap) == (100, "…")
    assert close.plus < PLUS
    cut = terms_spacing(100, 2, 5, 200)
    assert cut.column < 100
    assert cut.width(2) <= 200.5
    assert terms_spacing(1000, 2, 5, 50).column == 40
