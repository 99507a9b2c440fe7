"""The marks of lines that hold by chance, in the real window."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu, QPushButton

from playground.models.program.program import Program
from playground.models.state import EinsumState, PlaygroundState

SQUARE = "A = torch.ones(4, 4)\nw = torch.ones(4)\nB = A * w"


def begin(store, code, selection, **parts):
    store.apply(replace(PlaygroundState(program=Program.parse(code), selection=selection), **parts))


def mark(window, name):
    return window.findChild(QPushButton, f"tensors.chance.{name}")


@pytest.fixture
def marked(window, store, qtbot):
    begin(store, SQUARE, "B")
    qtbot.waitUntil(lambda: mark(window, "B") is not None, timeout=20_000)
    return window


def choose(window, qtbot, name, text):
    QTest.mouseClick(mark(window, name), Qt.MouseButton.LeftButton)
    menu = window.findChild(QMenu, "tensors.chance.menu")
    action = next(action for action in menu.actions() if action.text() == text)
    QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(action).center())


def test_a_line_that_holds_by_chance_has_a_mark_with_the_sentence(marked, part):
    assert "it would fit axis 0 as well, because A is square" in mark(marked, "B").toolTip()
    assert mark(marked, "A") is None
    assert part("broadcast.verdict").text() == "fits, 1 operand stretched, by chance"
    assert part("broadcast.chance").problem.fixes[0].code == "A * w[:, None]"
    said = part("broadcast.sentence")
    assert "By chance:" in said.text()
    assert "because A is square. For the rows: A * w[:, None]" in said.text().replace("`", "")
    assert said.visibleRegion().boundingRect() == said.rect(), "nobody needs to scroll to it"


def test_the_tie_is_one_click_and_ends_the_mark(marked, store, qtbot):
    choose(marked, qtbot, "B", "w = torch.ones(A.shape[1])")
    qtbot.waitUntil(lambda: "w = torch.ones(A.shape[1])" in store.state.program.code)
    qtbot.waitUntil(lambda: mark(marked, "B") is None or not mark(marked, "B").isVisible())
    store.undo()
    assert store.state.program.code == SQUARE


def test_the_other_reading_is_a_button_of_the_broadcast_panel(marked, store, part, qtbot):
    banner = part("broadcast.chance")
    QTest.mouseClick(banner.buttons[0], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: store.state.program.code.endswith("B = A * w[:, None]"))
    qtbot.waitUntil(lambda: not banner.isVisibleTo(marked), timeout=20_000)


def test_the_command_stops_the_marks_and_brings_them_back(marked, store, part, qtbot):
    marked.furniture.workspace.commands.toggle_chance()
    qtbot.waitUntil(lambda: mark(marked, "B") is None or not mark(marked, "B").isVisible())
    assert not store.state.shows_chance
    marked.furniture.workspace.commands.toggle_chance()
    qtbot.waitUntil(lambda: mark(marked, "B") is not None and mark(marked, "B").isVisible(), timeout=20_000)


def test_the_letters_of_an_einsum_say_which_are_equal_by_chance(window, store, part, qtbot):
    code = 'A = torch.ones(4, 4)\nB = torch.ones(4, 5)\nz = torch.einsum("ij,jk->ik", A, B)'
    begin(store, code, "z", einsum=EinsumState("ij,jk->ik", ("A", "B")))
    letters = part("einsum.letters")
    qtbot.waitUntil(lambda: "by chance 4 in A and in B" in letters.accessibleDescription(), timeout=20_000)
    assert "i 4, A axis 0, kept: axis 0 of z" in letters.accessibleDescription()
