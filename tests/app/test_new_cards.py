"""A card that is new is in view, whatever made it."""

import pytest
from PySide6.QtWidgets import QApplication

MANY = "\n".join(f"t{number} = torch.ones({number % 5 + 1}, 4)" for number in range(30))


def paste(hand):
    hand.panel("tensors").paste("Z = torch.ones(2)")


def keep(hand):
    hand.click("einsum.keep")


def duplicate(hand):
    hand.panel("tensors")._on_duplicate(hand.names[-1])


def a_line(hand):
    hand.click("tensors.line")


@pytest.mark.parametrize("make", [paste, keep, duplicate, a_line], ids=lambda make: make.__name__)
def test_the_new_card_is_in_view(hand, make):
    hand.panel("tensors").paste(MANY)
    hand.settle()
    listed = hand.panel("tensors").list
    hand.select("t3")
    listed.verticalScrollBar().setValue(0)
    make(hand)
    hand.settle()

    def seen():
        card = hand.card(hand.state.selection)
        top = card.mapTo(listed.viewport(), card.rect().topLeft()).y()
        assert top >= 0
        assert top + card.height() <= listed.viewport().height()

    QApplication.processEvents()
    hand.until(seen)
