"""A long name takes the room of neither the sizes nor the box that names the tensor; an empty program shows no axes."""

from dataclasses import replace

from PySide6.QtGui import QFont
from PySide6.QtWidgets import QComboBox, QWidget

from playground.models.program.program import Program
from playground.widgets.look import code_font
from playground.widgets.painting import text_width
from playground.widgets.tensors.card_painter import LEFT, RIGHT, name_room

LONG = "a_rather_long_tensor_name_for_weights"


def test_sizes_are_not_cut_by_a_long_name(window, store, qtbot):
    program = Program.parse(f"{LONG} = torch.zeros(6, 5, 4)\nodd = torch.zeros(2, 2)")
    store.apply(replace(store.state, program=program, selection="odd"))
    cards = window.furniture.workspace.panels["tensors"].list

    def shown():
        card = cards.card(LONG)
        assert card is not None
        assert card.view.result is not None

    qtbot.waitUntil(shown, timeout=10_000)
    card = cards.card(LONG)
    sizes = text_width(code_font(13), "(6, 5, 4)")
    assert name_room(card.view, card.width()) + 8 + sizes <= card.width() - LEFT - RIGHT
    huge = replace(card.view, name="huge", result=replace(card.view.result, shape=(1000000, 1000000)))
    assert name_room(huge, card.width()) >= text_width(code_font(13, QFont.Weight.Bold), "huge")
    combo = window.findChild(QComboBox, "memory.tensor")
    qtbot.waitUntil(lambda: combo.currentText() == "odd" and combo.width() >= 100, timeout=10_000)


def test_an_empty_program_shows_no_plus_and_no_block(window, store, qtbot):
    window.furniture.workspace.commands.new_program()
    plus, block = window.findChild(QWidget, "shape.insert.0"), window.findChild(QWidget, "shape.block")
    qtbot.waitUntil(lambda: not plus.isVisible() and not block.isVisible(), timeout=10_000)
    menu = window.findChild(QWidget, "shape.gestures")
    assert not menu.isEnabled()
    window.furniture.workspace.commands.open_example()
    qtbot.waitUntil(
        lambda: block.isVisible() and window.findChild(QWidget, "shape.insert.0").isVisible(), timeout=10_000
    )
    assert menu.isEnabled()
