"""Every fix that stands as a button in the real window is pressed, and the problem that it stood under is gone."""

import pytest

from playground.models.evaluation.evaluate import evaluate
from playground.models.program.program import Program
from playground.models.state import EinsumState, MemoryState, PlaygroundState
from playground.widgets.controls.fix_button import FixButton

BASE = "A = torch.arange(12.).reshape(3, 4)\nv = torch.tensor([10., 20., 30.])\nn = torch.arange(12).reshape(3, 4)\n"
LINES = [
    "A + v",
    "A @ A",
    "A @ n.t()",
    'torch.einsum("ij,jk->ik", A, A)',
    'torch.einsum("ij,j->i", A[None], v)',
    "A.add_(1)",
    "A.t().view(12)",
    "n.mean()",
    "torch.zeros(3, device=7)",
    "A.max(1)",
    "A > 0 and A < 3",
    "10. in A",
    "A[None].T",
    "torch.rand(2)",
]
EINSUMS = [
    ("ij,jk->ik", ("A", "A")),
    ("ij,jk->ik", ("A", "v")),
    ("ij,jk", ("A",)),
    ("ij->k", ("A",)),
    ("ij;jk->ik", ("A", "A.t()")),
    ("ij,ij->", ("A", "n")),
    ("ij->i", ("A", "v")),
]


def seen_buttons(hand):
    """The fixes that are to be seen, from top to bottom; those that lie inside a hidden part are not."""
    buttons = [button for button in hand.window.findChildren(FixButton) if button.isVisible() and button.isEnabled()]
    return sorted(buttons, key=lambda button: (button.mapTo(hand.window, button.rect().topLeft()).y(), button.x()))


def failing(state):
    return {name for name, line in evaluate(state.program).items() if line.failed}


def press_each(hand, state):
    """Take every fix of a state, each from that state; the words of all that were pressed."""
    pressed = []
    place = 0
    while True:
        hand.store.apply(state)
        hand.settle()
        buttons = seen_buttons(hand)
        if place >= len(buttons):
            return pressed
        button = buttons[place]
        words = button.accessibleName()
        before = hand.state
        hand.click(button)
        hand.until(lambda before=before: hand.state != before, timeout=3000)
        hand.settle()
        assert failing(hand.state) <= failing(before) - ({"Z"} & failing(before)), (words, hand.state.program.code)
        pressed.append(words)
        place += 1


@pytest.mark.parametrize("line", LINES)
def test_fixes_of_a_line_on_its_card_and_beside_it(hand, line):
    state = PlaygroundState(program=Program.parse(f"{BASE}Z = {line}"), selection="Z")
    assert press_each(hand, state)


def test_a_line_with_two_faults_has_no_fix_that_leaves_one(hand):
    state = PlaygroundState(program=Program.parse(f"{BASE}Z = (A * v).sum() + torch.empty(2)"), selection="Z")
    assert not press_each(hand, state)


@pytest.mark.parametrize(("equation", "operands"), EINSUMS)
def test_fixes_of_an_einsum(hand, equation, operands):
    program = Program.parse(BASE.strip())
    state = PlaygroundState(program=program, selection="A", einsum=EinsumState(equation, operands))
    banner = hand.panel("einsum").banner
    place = 0
    while True:
        hand.store.apply(state)
        hand.settle()
        buttons = [button for button in banner.buttons if button.isVisible()]
        if place >= len(buttons):
            break
        words = buttons[place].accessibleName()
        hand.click(buttons[place])
        hand.until(lambda: hand.state.einsum != state.einsum)
        hand.settle()
        problem = banner.problem
        assert problem is None or problem.severity != "error", (words, str(problem))
        place += 1
    assert place


@pytest.mark.parametrize("view", ["12", "5", "2, 6", "3, 3"])
def test_fixes_of_a_view(hand, view):
    program = Program.parse(f"{BASE}T = A.t()")
    state = PlaygroundState(program=program, selection="T", memory=MemoryState(view_shape=view))
    pressed = press_each(hand, state)
    assert pressed or view == "5"
