from dataclasses import replace

from playground.models.state import PlaygroundState, PointedCell
from playground.widgets.network.panel import NetworkPanel
from playground.widgets.panel import Panel


class Counting(Panel):
    def __init__(self):
        super().__init__()
        self.shown = []

    def show_state(self, state):
        self.shown.append(state)


class Elsewhere(Counting):
    follows_pointing = False


def test_a_state_is_shown_once(qtbot):
    panel = Counting()
    qtbot.addWidget(panel)
    state = PlaygroundState()
    pointed = replace(state, pointed=PointedCell("A", (0,)))
    for each in (state, state, pointed, pointed, state):
        panel.accept_state(each)
    assert panel.shown == [state, pointed, state]


def test_a_panel_without_cells_keeps_still_while_the_hand_moves(qtbot):
    panel = Elsewhere()
    qtbot.addWidget(panel)
    state = PlaygroundState()
    pointed = replace(state, pointed=PointedCell("A", (0,)))
    selected = replace(pointed, selection="A")
    for each in (state, pointed, selected):
        panel.accept_state(each)
    assert panel.shown == [state, selected]
    assert panel.state is selected
    assert not NetworkPanel.follows_pointing


def test_an_offer_is_taken_while_what_is_shown_is_of_the_present_state(qtbot):
    panel, edits = Counting(), []
    qtbot.addWidget(panel)
    panel.edited.connect(lambda state, gesture: edits.append((state, gesture)))
    panel.accept_state(PlaygroundState())
    offered = replace(PlaygroundState(), selection="A")
    panel.take_offer(offered, "gesture")
    panel.is_answered = False
    panel.take_offer(offered)
    assert edits == [(offered, "gesture")]
    panel.edit(offered)
    assert len(edits) == 2, "what the hand does is no offer"
