"""A new user's first hour on the Tensors page, with mouse and keys alone; what they see is checked against torch."""

import torch
from hand import ALT, CONTROL, KEY, SHIFT
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from playground.models.resources import resource_path

A = torch.arange(12.0).reshape(3, 4)
V = torch.tensor([10.0, 20.0, 30.0])


def chip(hand, axis):
    return hand.panel("shape").view.strip.chips[axis]


def test_a_size_is_dragged_on_the_edge_of_its_chip_in_one_step(hand):
    hand.select("A")
    start = hand.state.program
    edge = chip(hand, 1)
    hand.drag(edge, QPoint(edge.width() - 3, edge.height() // 2), QPoint(24, 0), steps=12)
    hand.settle()
    assert hand.code("A") == "torch.arange(21.).reshape(3, 7)"
    assert torch.equal(hand.tensor("A"), torch.arange(21.0).reshape(3, 7))
    assert hand.card("A").view.result.shape == (3, 7)
    assert torch.equal(hand.tensor("C"), hand.tensor("A") @ (hand.tensor("A") + V[:, None]).T), "and so C follows"
    hand.undo()
    assert hand.state.program == start


def test_a_size_is_dragged_on_the_handle_of_the_block_in_one_step(hand):
    hand.select("A")
    start = hand.state.program
    block = hand.find("shape.block")
    pixels = round(block.block().row_pixels)
    hand.drag(block, block.handles()["rows"].toPoint(), QPoint(0, 2 * pixels), steps=9)
    hand.settle()
    assert hand.code("A") == "torch.arange(20.).reshape(5, 4)"
    hand.undo()
    assert hand.state.program == start


def test_a_corner_of_the_block_drags_both_sizes_and_escape_takes_it_back(hand):
    hand.select("A")
    start = hand.state.program
    block = hand.find("shape.block")
    block.setFocus()
    way = QPoint(round(block.block().column_pixels), round(block.block().row_pixels))
    hand.drag(block, block.handles()["both"].toPoint(), way, release=False)
    hand.until(lambda: hand.code("A") == "torch.arange(20.).reshape(4, 5)")
    QTest.keyClick(block, KEY.Key_Escape)
    hand.until(lambda: hand.state.program == start)
    QTest.mouseRelease(block, Qt.MouseButton.LeftButton)
    hand.until(lambda: not hand.store.history.can_undo)
    assert not hand.window.findChild(QAction, "command.undo").isEnabled()


def test_sizes_are_scrolled_and_typed(hand):
    hand.select("A")
    start = hand.state.program
    hand.scroll(chip(hand, 0).box, 2)
    hand.settle()
    assert hand.tensor("A").shape == (5, 4)
    hand.write("shape.axis.1", "12")
    hand.key(KEY.Key_Return, widget=hand.find("shape.axis.1"))
    hand.settle()
    assert torch.equal(hand.tensor("A"), torch.arange(60.0).reshape(5, 12))
    for _ in range(3):
        if hand.state.program != start:
            hand.undo()
    assert hand.state.program == start


def test_what_is_no_size_is_refused_in_place_when_it_is_done(hand):
    hand.select("A")
    start = hand.state.program
    box = hand.find("shape.axis.1")
    hand.write(box, "x")
    hand.settle()
    assert hand.state.program == start
    assert not hand.is_seen("shape.problem"), "nothing is refused while it is typed"
    hand.key(KEY.Key_Return, widget=box)
    hand.settle()
    assert hand.said("shape.problem") == "The size must be a whole number in digits 0 to 9."
    assert hand.tensor("A").shape == (3, 4)
    hand.write(box, "5")
    hand.settle()
    assert not hand.is_seen("shape.problem")
    assert hand.tensor("A").shape == (3, 5)


def test_an_axis_is_carried_to_another_place(hand):
    hand.select("B")
    first, second = chip(hand, 0), chip(hand, 1)
    way = second.mapTo(second.parentWidget(), second.rect().center()) - first.mapTo(first.parentWidget(), QPoint(8, 16))
    hand.drag(first, QPoint(8, 16), way, steps=10)
    hand.settle()
    assert hand.code("B") in ("(A + v[:, None]).permute(1, 0)", "(A + v[:, None]).t()", "(A + v[:, None]).mT")
    assert torch.equal(hand.tensor("B"), (A + V[:, None]).permute(1, 0))
    assert hand.tensor("B").stride() == (1, 4)
    hand.undo()
    assert hand.code("B") == "A + v[:, None]"
    chip(hand, 0).setFocus()
    hand.key(KEY.Key_Right, ALT, chip(hand, 0))
    hand.settle()
    assert hand.tensor("B").shape == (4, 3)


def test_a_plus_inserts_an_axis_and_the_cross_takes_it_away(hand):
    hand.select("v")
    before = hand.state.program
    hand.click("shape.insert.1")
    hand.settle()
    assert hand.tensor("v").shape == (3, 1)
    assert torch.equal(hand.tensor("v"), V[:, None])
    written = hand.code("v")
    assert written in ("torch.tensor([10., 20., 30.]).unsqueeze(1)", "torch.tensor([[10.], [20.], [30.]])")
    said = hand.find("shape.last_gesture").text() if hasattr(hand.find("shape.last_gesture"), "text") else ""
    assert "unsqueeze(1)" in said
    assert "[:, None]" in said
    hand.click("shape.squeeze.1")
    hand.settle()
    assert torch.equal(hand.tensor("v"), V)
    hand.undo()
    assert hand.code("v") == written
    hand.undo()
    assert hand.state.program == before


def test_m_plus_v_fails_and_is_mended_with_the_button(hand):
    hand.choose("tensors.add", "Count up")
    hand.settle()
    hand.rename("M")
    assert hand.tensor("M").shape == (3, 4)
    hand.choose("tensors.add", "Count up")
    hand.settle()
    hand.rename("w")
    box = hand.find("shape.axis.1")
    hand.write(box, "1")
    hand.key(KEY.Key_Return, widget=box)
    hand.settle()
    hand.click("shape.squeeze.1")
    hand.settle()
    assert hand.tensor("w").shape == (3,)
    hand.add_line("S = M + w")
    assert hand.state.selection == "S"
    result = hand.card("S").view.result
    assert result.shape is None
    assert str(result.problem) == "Axis 1 of M is 4, axis 0 of w is 3. Neither is 1."
    assert hand.card("S").fix_button.accessibleName() == "w[:, None] gives (3, 4)"

    # unsqueeze(0) is tried, and does not help: the same two axes still meet
    hand.edit_line("S", "M + w.unsqueeze(0)")
    problem = hand.card("S").view.result.problem
    assert "Axis 1 of M is 4, axis 1 of" in str(problem)
    assert hand.panel("broadcast").isVisible()
    hand.edit_line("S", "M + w")
    hand.click(hand.card("S").fix_button)
    hand.settle()
    assert hand.code("S") == "M + w[:, None]"
    assert hand.card("S").view.result.problem is None
    assert torch.equal(hand.tensor("S"), A + torch.arange(3.0)[:, None])


def test_d_of_the_worked_example_is_mended_in_the_broadcast_panel(hand):
    hand.select("D")
    button = hand.find("broadcast.fix.0")
    assert button.accessibleName() == "v[:, None] gives (3, 4)"
    hand.click(button)
    hand.settle()
    assert hand.code("D") == "A + v[:, None]"
    assert torch.equal(hand.tensor("D"), A + V[:, None])


def form(hand, words):
    hand.choose("shape.gestures", words)
    return hand.find("shape.form")


def test_a_sliding_window_is_made_with_the_menu(hand):
    hand.add_line("s = torch.arange(10.)")
    sheet = form(hand, "Unfold")
    hand.write("shape.form.size", "3")
    hand.write("shape.form.step", "2")
    hand.click(sheet.done)
    hand.settle()
    assert hand.code("s") == "torch.arange(10.).unfold(0, 3, 2)"
    assert torch.equal(hand.tensor("s"), torch.arange(10.0).unfold(0, 3, 2))
    assert hand.tensor("s").stride() == (2, 1)
    hand.undo()
    assert hand.code("s") == "torch.arange(10.)"


def test_a_window_too_large_is_refused_in_the_form_and_cancel_leaves_nothing(hand):
    hand.add_line("s = torch.arange(10.)")
    sheet = form(hand, "Unfold")
    hand.write("shape.form.size", "11")
    hand.until(lambda: not sheet.done.isEnabled())
    assert "A window of 11 does not fit axis 0, which has size 10." in sheet.preview_label.accessibleName()
    hand.click(sheet.cancel)
    hand.settle()
    assert hand.code("s") == "torch.arange(10.)"


def test_twelve_digits_as_a_mosaic_and_the_code_gives_the_same_tensor(hand):
    hand.workspace.commands.open_paths((str(resource_path("data", "digits.safetensors")),))
    hand.until(lambda: "images" in hand.names)
    hand.settle()
    images = hand.tensor("images")
    hand.add_line("mosaic = images[:12]")
    sheet = form(hand, "Reshape")
    hand.write("shape.form.shape", "3, 4, 8, 8")
    hand.click(sheet.done)
    hand.settle()
    sheet = form(hand, "Permute")
    hand.write("shape.form.order", "0, 2, 1, 3")
    hand.click(sheet.done)
    hand.settle()
    sheet = form(hand, "Reshape")
    hand.write("shape.form.shape", "24, 32")
    hand.click(sheet.done)
    hand.settle()
    assert hand.code("mosaic") == "images[:12].reshape(3, 4, 8, 8).permute(0, 2, 1, 3).reshape(24, 32)"
    expected = images[:12].reshape(3, 4, 8, 8).permute(0, 2, 1, 3).reshape(24, 32)
    assert torch.equal(hand.tensor("mosaic"), expected)
    assert torch.equal(hand.tensor("mosaic")[8:16, 24:32], images[7])
    hand.key(KEY.Key_C, CONTROL | SHIFT, hand.window)
    spaces = {}
    exec(QApplication.clipboard().text(), spaces)
    assert torch.equal(spaces["mosaic"], expected)
    assert torch.equal(spaces["C"], torch.einsum("ij,kj->ik", A, A + V[:, None]))


def test_a_line_is_typed_wrong_and_says_where(hand):
    hand.add_line("q = A.reshap(2, 6)")
    problem = hand.card("q").view.result.problem
    assert "reshap" in str(problem)
    assert any("reshape" in fix.code for fix in problem.fixes)
    hand.click(hand.card("q").fix_button)
    hand.settle()
    assert torch.equal(hand.tensor("q"), A.reshape(2, 6))


def test_an_empty_program_says_what_to_do(hand):
    hand.choose("tensors.more", "Delete all")
    hand.settle()
    assert hand.names == ()
    for key in ("tensors", "shape", "broadcast", "einsum", "memory"):
        assert hand.panel(key).isVisible(), key
    hand.choose("tensors.add", "Ones")
    hand.settle()
    assert torch.equal(hand.tensor(), torch.ones(3, 4))
    hand.undo()
    hand.undo()
    assert hand.names == ("A", "v", "B", "W", "C", "D")


def test_a_tensor_of_ten_to_the_twelve_elements_is_known_but_not_computed(hand):
    hand.add_line("H = torch.zeros(10**6, 10**6)")
    result = hand.card("H").view.result
    assert result.shape == (10**6, 10**6)
    assert hand.tensor("H") is None
    hand.tab("memory")
    hand.add_line("T = H.t().reshape(-1)")
    assert hand.card("T").view.result.shape == (10**12,)
    assert "TB" in hand.card("T").accessibleName()


def test_rank_0_and_rank_8(hand):
    hand.add_line("s = torch.tensor(3.5)")
    assert not hand.panel("shape").view.strip.chips
    hand.click("shape.insert.0")
    hand.settle()
    assert hand.tensor("s").shape == (1,)
    hand.add_line("r = torch.arange(256.).reshape(2, 2, 2, 2, 2, 2, 2, 2)")
    assert len(hand.panel("shape").view.strip.chips) == 8
    hand.write("shape.axis.7", "3")
    hand.key(KEY.Key_Return, widget=hand.find("shape.axis.7"))
    hand.settle()
    assert hand.tensor("r").shape == (2,) * 7 + (3,)


def test_renaming_renames_everywhere_and_deleting_offers_the_tensor_back(hand):
    hand.select("v")
    hand.rename("the_vector_with_a_very_long_name_indeed")
    assert hand.code("B") == "A + the_vector_with_a_very_long_name_indeed[:, None]"
    card = hand.card("the_vector_with_a_very_long_name_indeed")
    field, column = hand.find("tensors.name"), hand.panel("memory").column
    hand.until(lambda: field.geometry().right() < card.width() - 40)  # the verdict beside it is not covered
    hand.until(lambda: column.widget().width() <= column.viewport().width())  # the memory panel shows all its width
    hand.key(KEY.Key_Delete, widget=hand.panel("tensors").list)
    hand.settle()
    assert "B, W, C, D used it" in hand.said("tensors.problem")
    hand.click(hand.panel("tensors").problem.buttons[0])
    hand.settle()
    assert "the_vector_with_a_very_long_name_indeed" in hand.names
    assert hand.card("B").view.result.problem is None


def test_pointing_at_a_cell_is_seen_in_every_panel(hand):
    hand.select("B")
    hand.point("shape.grid", (1, 2))
    hand.settle()
    assert hand.state.pointed.index == (1, 2)
    readout = hand.find("shape.readout")
    assert readout.accessibleDescription().splitlines()[0] == "B[1,2] = 26"
    assert hand.panel("memory").state.pointed.index == (1, 2)
