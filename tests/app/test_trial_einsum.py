"""A new user at the Einsum panel: typing letter by letter, pointing, presets, missing operands, keeping the result."""

import pytest
import torch
from hand import CONTROL, KEY
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

A = torch.arange(12.0).reshape(3, 4)
B = A + torch.tensor([10.0, 20.0, 30.0])[:, None]

LETTER_BY_LETTER = {
    "i": "The equation has 1 operand, 2 are given: B has no subscripts.",
    "ij": "The equation has 1 operand, 2 are given: B has no subscripts.",
    "ij,": "B has 2 axes (3, 4), its term is empty.",
    "ij,j": "B has 2 axes (3, 4), j has 1 letter.",
    "ij,jk": "two sizes",
    "ij,jk-": "The arrow is two adjacent characters, ->.",
    "ij,jk->": "two sizes",
    "ij,jk->i": "two sizes",
    "ij,jk->ik": "j has two sizes: 4 is axis 1 of A, 3 is axis 0 of B.",
}


def panel(hand):
    return hand.panel("einsum")


def fix(hand, words):
    """Press the button of a fix."""
    buttons = panel(hand).banner.buttons
    found = [button for button in buttons if button.accessibleName() == words]
    assert found, [button.accessibleName() for button in buttons]
    hand.click(found[0])
    hand.settle()


def said(hand):
    return hand.said("einsum.problem") if hand.is_seen("einsum.problem") else ""


def set_equation(hand, equation):
    hand.write("einsum.equation", equation)
    hand.settle()


def test_a_matrix_product_typed_letter_by_letter_makes_sense_on_the_way(hand):
    field = hand.find("einsum.equation")
    before = hand.state
    field.setFocus()
    hand.key(KEY.Key_A, CONTROL, field)
    hand.key(KEY.Key_Delete, widget=field)
    hand.settle()
    messages = {}
    for letter in "ij,jk->ik":
        QTest.keyClicks(field, letter)
        hand.settle()
        messages[field.text()] = said(hand)
        grid = panel(hand).tensors.result.grid
        assert grid.reader is not None, "the last good result stays"
        assert grid.marks.dimmed == bool(said(hand) and panel(hand).banner.problem.severity in ("note", "error"))
    for text, words in LETTER_BY_LETTER.items():
        assert words in messages[text], (text, messages[text])
    fix(hand, "ij,kj->ik gives (3, 3)")
    assert said(hand) == ""
    assert torch.equal(panel(hand).result.tensor, torch.einsum("ij,kj->ik", A, B))
    hand.undo()
    assert hand.state.einsum.equation == "ij,jk->ik"
    hand.undo()
    assert hand.state.einsum == before.einsum


def test_a_repeated_letter_on_the_left_is_understood_by_pointing(hand):
    hand.add_line("S = torch.arange(9.).reshape(3, 3)")
    set_equation(hand, "ii->i")
    assert not panel(hand).banner.buttons, "without B there is still A, which is not square"
    hand.pick("einsum.operand.0", "S")
    hand.settle()
    fix(hand, "without B")
    shown = panel(hand)
    assert torch.equal(shown.result.tensor, torch.tensor([0.0, 4.0, 8.0]))
    hand.point(shown.tensors.result.grid, (2,))
    assert [region.index for region in shown.tensors.operands[0].grid.marks.lit] == [(2, 2)]
    assert "S[2,2]" in shown.terms.text()
    hand.point(shown.tensors.operands[0].grid, (0, 1))
    assert list(shown.tensors.result.grid.marks.lit) == [], "off the diagonal: it feeds nothing"
    set_equation(hand, "ii->")
    assert shown.result.tensor.item() == 12
    hand.point(shown.tensors.result.grid, ())
    assert [region.index for region in shown.tensors.operands[0].grid.marks.lit] == [(0, 0), (1, 1), (2, 2)]


def test_pointing_at_the_result_lights_a_row_and_a_column_and_writes_the_sum(hand):
    shown = panel(hand)
    hand.point(shown.tensors.result.grid, (1, 2))
    first, second = shown.tensors.operands
    assert [region.index for region in first.grid.marks.lit] == [(1, None)]
    assert [region.index for region in second.grid.marks.lit] == [(2, None)]
    assert shown.terms.text().endswith("= 4*38 + 5*39 + 6*40 + 7*41 = 874")
    assert torch.einsum("ij,kj->ik", A, B)[1, 2] == 874
    hand.click("einsum.terms.back")
    hand.until(lambda: shown.terms.cell_sum.partial == 4 * 38 + 5 * 39 + 6 * 40)


def test_attention_scores_from_the_presets_are_read_off_the_panel(hand):
    hand.choose("einsum.presets", "Attention scores")
    hand.settle()
    shown = panel(hand)
    assert hand.state.einsum.equation == "bhqd,bhkd->bhqk"
    queries, keys = (hand.tensor(name) for name in hand.state.einsum.operands)
    assert torch.equal(shown.result.tensor, torch.einsum("bhqd,bhkd->bhqk", queries, keys))
    roles = {label.name: label.is_summed for label in shown.result.plan.labels.values()}
    assert roles == {"b": False, "h": False, "q": False, "d": True, "k": False}
    assert shown.result.plan.equivalent.endswith(".mT")
    shown.details.tabs.setCurrentIndex(3)
    assert "for each" in shown.details.words.text().lower()
    hand.point(shown.tensors.result.grid, (0, 0, 1, 2))
    assert "[0,0,1,0]" in shown.terms.text().replace(" ", "")


def test_missing_operands_are_made_in_one_click_and_the_result_is_kept(hand):
    set_equation(hand, "ij,jk->ik")
    hand.pick("einsum.operand.1", "none")
    hand.settle()
    assert "second operand has no tensor" in said(hand).lower()
    make = next(button for button in panel(hand).banner.buttons if "make" in button.accessibleName())
    count = len(hand.names)
    hand.click(make)
    hand.settle()
    assert len(hand.names) == count + 1
    name = hand.state.einsum.operands[1]
    assert hand.tensor(name).shape[0] == 4
    expected = torch.einsum("ij,jk->ik", A, hand.tensor(name))
    assert torch.equal(panel(hand).result.tensor, expected)
    hand.click("einsum.keep")
    hand.settle()
    kept = hand.state.selection
    assert hand.code(kept) == f'torch.einsum("ij,jk->ik", A, {name})'
    assert torch.equal(hand.tensor(kept), expected)


def test_the_loops_that_are_copied_run_and_give_the_same_numbers(hand):
    loops = hand.find("einsum.loops")
    loops.setFocus()
    hand.key(KEY.Key_C, CONTROL, loops)
    spaces = {"torch": torch, "A": A, "B": B}
    exec(QApplication.clipboard().text(), spaces)
    assert torch.equal(spaces["C"], torch.einsum("ij,kj->ik", A, B))


@pytest.mark.parametrize(
    ("equation", "words"),
    [
        ("ij,jk->iq", "q"),
        ("ij;kj->ik", ";"),
        ("ij,kj->ik->", "->"),
        ("..ij,kj->ik", "three dots"),
        ("αj,kj->ik", "α"),
    ],
)
def test_what_is_no_equation_says_where(hand, equation, words):
    set_equation(hand, equation)
    assert words in said(hand)
    assert panel(hand).banner.problem.span is not None


def test_operands_too_large_still_have_a_plan(hand):
    hand.add_line("H = torch.zeros(10**6, 10**6)")
    set_equation(hand, "ij->ji")
    fix(hand, "without B")
    hand.pick("einsum.operand.0", "H")
    hand.settle()
    assert panel(hand).result.plan.output_shape == (10**6, 10**6)
    assert panel(hand).line.result.text().endswith("(1000000, 1000000)")


@pytest.mark.parametrize("size", [(1360, 860), (1360, 900), (1600, 1000)])
def test_grids_that_nearly_fit_show_no_scroll_bars_and_cut_nothing(open_window, qtbot, size):
    window = open_window(size)
    shown = window.furniture.workspace.panels["einsum"]
    qtbot.waitUntil(lambda: shown.tensors.result.grid.reader is not None, timeout=20_000)

    def whole():
        for column in (*shown.tensors.operands, shown.tensors.result):
            grid = column.grid
            assert not grid.verticalScrollBar().isVisible()
            assert not grid.horizontalScrollBar().isVisible()
            last = tuple(size - 1 for size in grid.reader.shape)
            _x, y, _width, height = grid.present_geometry().rect(last)
            assert y + height < grid.viewport().height() + 1, "the last row has its lower edge"

    qtbot.waitUntil(whole, timeout=20_000)
