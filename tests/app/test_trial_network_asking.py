"""A new user asks for too much on the Network page: what it costs is said first, and it can be stopped."""

from dataclasses import replace

import pytest
from hand import CONTROL, KEY
from PySide6.QtWidgets import QLineEdit

MEGABYTE = 10**6


@pytest.fixture
def network(hand):
    hand.key(KEY.Key_2, CONTROL, hand.window)
    hand.click("network.band")
    hand.settle(60_000)
    return hand


def type_number(hand, field, number):
    line = hand.in_view(hand.find(f"network.{field}")).findChild(QLineEdit)
    hand.write(line, str(number))
    hand.key(KEY.Key_Return, widget=line)
    hand.settle(60_000)


def limit(hand, size):
    hand.store.apply(replace(hand.state, memory_budget=size))
    hand.settle(60_000)


def offers(hand):
    return [button.text() for button in hand.panel("network").verdict.buttons]


def test_a_large_run_is_asked_for_and_runs_once_agreed(network):
    page = network.panel("network").views.page
    limit(network, 60 * MEGABYTE)
    assert network.said("network.verdict").startswith("A long run.  It takes about ")
    assert offers(network)[0] == "Run it"
    assert network.panel("network").views.page is page, "the last network stays in the plots"
    assert not network.panel("network").views.veil.isHidden()
    network.click("network.fix.0")
    network.settle(60_000)
    assert network.said("network.verdict").startswith("Activations vanish")
    assert network.panel("network").views.veil.isHidden()
    type_number(network, "gain", 1.3)
    assert network.said("network.verdict").startswith("A long run."), "another network is another question"
    network.click("network.fix.1")
    network.settle(60_000)
    assert "A long run" not in network.said("network.verdict"), "the smaller one that is offered needs no asking"


def test_one_that_does_not_fit_is_refused_with_sizes_that_do(network):
    limit(network, 20 * MEGABYTE)
    said = network.said("network.verdict")
    assert said.startswith("Too large to run.  This network needs about ")
    assert "the limit is 20 MB. It has 497,400 weights." in said
    assert offers(network)[0].startswith("width ")
    network.click("network.fix.0")
    network.settle(60_000)
    assert not network.said("network.verdict").startswith("Too large")


def test_a_run_that_was_agreed_to_and_cancelled_is_asked_for_again(network):
    """The button was dead: the network was agreed to already, so that pressing it changed nothing."""
    limit(network, 60 * MEGABYTE)
    network.click("network.fix.0")
    network.panel("network").verdict.cancel.click()
    network.settle(60_000)
    assert network.state.network.confirmed is None
    assert network.said("network.verdict").startswith("A long run.")
    network.click("network.fix.0")
    network.settle(60_000)
    assert network.said("network.verdict").startswith("Activations vanish")
