"""A new user asks the Memory panel: what copied, why, how many bytes, and what would a write change."""

from dataclasses import replace

import pytest
import torch
from hand import KEY
from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest

from playground.models.program.program import Program

LINES = ("r = A.t().reshape(12)", "q = A.reshape(2, 6)", "c = torch.tensor([1., 2., 3.])", "e = c.expand(3, 3)")


@pytest.fixture
def memory(hand):
    """The lines stand in the program already, as if a file with them were opened: what is tried out here is Memory."""
    program = Program.parse("\n".join((hand.state.program.code, *LINES)))
    hand.store.apply(replace(hand.state, program=program, selection="e"))
    hand.settle()
    return hand


def column(hand):
    return hand.panel("memory").column


def steps(hand):
    table = hand.find("memory.steps")
    return table.accessibleDescription() or table.accessibleName()


def point_at_storage(hand, cell):
    strip = column(hand).facts.strip

    def arrived():
        QTest.mouseMove(strip.viewport(), QPoint(1, 1))
        QTest.mouseMove(strip.viewport(), strip.strip.rect(cell).center().toPoint())
        return strip.marks.pointed == cell

    hand.until(arrived)


def test_why_one_reshape_copies_and_the_other_does_not(memory):
    memory.select("r")
    assert ".reshape(12), (12,), (1,), copy 48 B" in steps(memory)
    assert "stride 0 would have to be stride 1 times size 1, 4*3 = 12, but it is 1." in steps(memory)
    transposed = torch.arange(12.0).reshape(3, 4).t()
    assert transposed.reshape(12).untyped_storage().data_ptr() != transposed.untyped_storage().data_ptr()

    memory.select("q")
    assert "A.reshape(2, 6), (2, 6), (6, 1), view" in steps(memory)
    assert memory.card("q").view.result.verdict_text == "view of A"

    # the same asked beforehand, in the box of W = B.t()
    memory.select("W")
    memory.write("memory.view_shape", "2, 6")
    memory.settle()
    assert memory.said("memory.view_verdict") == "view works: No"
    memory.write("memory.view_shape", "2, 2, 3")
    memory.settle()
    assert memory.said("memory.view_verdict") == "view works: Yes"
    assert memory.tensor("W").view(2, 2, 3).stride() == (2, 1, 4)
    memory.undo()
    assert memory.state.memory.view_shape in ("2, 6", "")


def test_an_expanded_row_takes_twelve_bytes_and_says_why(memory):
    memory.select("e")
    assert memory.tensor("e").untyped_storage().nbytes() == 12
    facts = memory.find("memory.facts")
    told = f"{facts.accessibleName()} {facts.accessibleDescription()}"
    for words in ("(0, 1)", "12 B", "36 B", "3"):
        assert words in told, told
    assert "c.expand(3, 3), (3, 3), (0, 1), view" in steps(memory)


def test_which_elements_a_write_to_the_expanded_row_changes(memory):
    memory.select("e")
    memory.write("memory.write_value", "99")
    memory.settle()
    said = memory.find("memory.write_effect").text()
    assert said.startswith("Cell 0 goes from 1 to 99. That changes e[0,0], e[1,0], e[2,0] and c[0].")
    refused = memory.find("memory.in_place").text().partition("Refused: ")[2]
    assert "e.add_(1)" in refused
    expanded = torch.tensor([1.0, 2.0, 3.0]).expand(3, 3).clone().copy_(memory.tensor("e"))
    assert torch.equal(memory.tensor("e"), expanded), "nothing in the program changes"
    memory.click("memory.write_preview")
    memory.settle()
    assert column(memory).facts.strip.marks.changes
    truth = torch.tensor([1.0, 2.0, 3.0])
    truth.expand(3, 3)[0, 0] = 99
    assert truth[0] == 99


def test_pointing_links_grid_and_storage_both_ways(memory):
    memory.select("W")
    point_at_storage(memory, 6)
    assert (memory.state.pointed.name, memory.state.pointed.index) == ("W", (2, 1))
    assert memory.find("memory.cell").text() == "W[2,1]  0 + 2*1 + 1*4 = 6   26"
    assert memory.find("shape.grid").marks.selected == (2, 1)
    memory.point("shape.grid", (3, 2))
    memory.settle()
    assert column(memory).facts.strip.marks.pointed == 3 * 1 + 2 * 4
    assert memory.find("memory.cell").text() == "W[3,2]  0 + 3*1 + 2*4 = 11   41"
    memory.select("B")
    memory.point("shape.grid", (1, 2))
    memory.settle()
    assert column(memory).facts.strip.marks.pointed == 6


def test_the_panel_is_pinned_while_another_tensor_is_edited(memory):
    memory.select("q")
    memory.click("memory.pin")
    memory.select("c")
    assert memory.state.memory.pinned == "q"
    assert memory.find("memory.tensor").currentText() == "q"
    memory.click("memory.pin")
    memory.settle()
    assert memory.find("memory.tensor").currentText() == "c"


def test_odd_tensors_have_a_story_too(memory):
    for line, storage in (
        ("z = torch.zeros(0, 3)", "0 B"),
        ("s = torch.tensor(2.5)", "4 B"),
        ("n = torch.tensor([float('nan'), float('inf'), -float('inf'), 1e-42])", "16 B"),
        ("H = torch.zeros(10**6, 10**6)[::2, :1]", "4 TB"),
        ("o = torch.arange(256.).reshape(2, 2, 2, 2, 2, 2, 2, 2)[1:, ..., 1]", "1.02 kB"),
    ):
        memory.add_line(line)
        facts = memory.find("memory.facts")
        told = f"{facts.accessibleName()} {facts.accessibleDescription()}"
        assert storage in told, (line, told)


def test_a_shape_that_is_none_is_refused_in_words(memory):
    memory.select("A")
    for text in ("5, 5", "a, b", "-1, -1", "10**9"):
        memory.write("memory.view_shape", text)
        memory.settle()
        assert memory.said("memory.view_verdict") in ("view works: No", "view works: "), text
    memory.write("memory.view_shape", "-1, 6")
    memory.key(KEY.Key_Return, widget=memory.find("memory.view_shape"))
    memory.settle()
    assert memory.said("memory.view_verdict") == "view works: Yes"
    memory.click("memory.view_fix.0")
    memory.settle()
    assert torch.equal(memory.tensor(), torch.arange(12.0).view(2, 6))
