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
