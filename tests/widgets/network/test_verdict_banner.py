"""What stands in the banner: a problem before a verdict, and why something typed was not taken beside either."""

import pytest
from PySide6.QtWidgets import QPushButton

from playground.models.network.spec.spec import NetworkSpec
from playground.models.network.verdict.cures import SpecFix
from playground.models.network.verdict.verdict import Verdict
from playground.models.problem import Fix, Problem
from playground.widgets.network.verdict_banner import VerdictBanner

HEALTHY = Verdict("good", "Healthy.", "All is well.")
ILL = Verdict("error", "Activations vanish.", "Layer 2 is 0.")
PROBLEM = Problem("Batch norm needs at least 2 inputs.", fixes=(Fix("2", gives="batch 2", target="batch"),))
REFUSAL = "Depth must be at most 500."


@pytest.fixture
def banner(shown):
    return shown(VerdictBanner(), 900, 68)


def test_why_something_was_not_taken_stands_beside_a_problem_and_a_verdict_until_it_is_taken_away(banner):
    banner.show_verdict(HEALTHY)
    banner.show_given_up(REFUSAL)
    assert banner.text() == f"Healthy.  All is well. Rejected. {REFUSAL}"
    banner.show_problem(PROBLEM)
    assert REFUSAL in banner.text()
    assert [button.text() for button in banner.buttons] == ["batch 2"]
    banner.show_verdict(ILL)
    assert banner.text() == f"Activations vanish.  Layer 2 is 0. Rejected. {REFUSAL}"
    banner.show_given_up("")
    assert REFUSAL not in banner.text()


LONG = Problem(
    "It takes about 2.7 s and 1.00 GB.",
    lead="A long run.",
    severity="warning",
    fixes=(Fix("Run it", target="confirm"), Fix("37", gives="depth 37", target="depth")),
)


def test_a_long_run_that_was_agreed_to_says_where_it_is_and_asks_no_more(banner, qtbot):
    banner.show_verdict(HEALTHY)
    banner.show_problem(LONG)
    assert [button.isVisible() for button in banner.buttons] == [True, True]
    banner.buttons[0].setFocus()
    banner.show_busy(True)
    qtbot.waitUntil(banner.cancel.isVisible, timeout=20_000)
    banner.show_progress(0.4, "drawing, layer 46 of 50")
    assert banner.focusWidget() is banner.cancel
    assert banner.reason.text() == "Drawing, layer 46 of 50."
    assert not any(button.isVisible() for button in banner.buttons)
    banner.show_busy(False)
    assert [button.isVisible() for button in banner.buttons] == [True, True]
    assert "layer 46" not in banner.text()


def test_a_run_that_nobody_was_asked_about_keeps_the_verdict_and_its_fixes(banner, qtbot):
    banner.show_verdict(ILL)
    banner.show_busy(True)
    qtbot.waitUntil(banner.cancel.isVisible, timeout=20_000)
    banner.show_progress(0.4, "seed 4 of 20")
    assert banner.text().startswith("Activations vanish.")
    assert "seed 4" not in banner.text()
    banner.show_busy(False)
    banner.show_verdict(HEALTHY)
    assert banner.text().startswith("Healthy.")


def test_after_a_long_run_its_result_stands_there(banner, qtbot):
    banner.show_problem(LONG)
    banner.show_busy(True)
    qtbot.waitUntil(banner.cancel.isVisible, timeout=20_000)
    banner.show_progress(0.9, "backward, layer 2 of 50")
    banner.show_verdict(ILL)
    banner.show_progress(0.95, "seed 1 of 20")
    assert banner.text().startswith("Activations vanish.")
    banner.show_busy(False)
    assert banner.text().startswith("Activations vanish.")


def test_the_keys_stay_with_the_fixes_when_one_is_taken(banner):
    """A button that goes would hand the keyboard to the box that stands next."""
    other = QPushButton("next", banner)
    other.show()
    banner.show_problem(LONG)
    banner.buttons[1].setFocus()
    banner.show_problem(PROBLEM)
    assert banner.focusWidget() is banner.buttons[0]
    banner.show_verdict(HEALTHY)
    assert not banner.buttons
    assert banner.focusWidget() is not other


def test_what_finds_no_room_in_the_first_line_goes_to_the_second_where_that_is_free(banner):
    text = "The first inf is at layer `5`, nan from layer `6`: float32 ends at `3.40e38`."
    whole = text.replace("`", "")
    banner.show_verdict(Verdict("error", "Activations explode.", text))
    assert banner.message.text().endswith(whole)
    assert not banner.reason.text()
    banner.resize(420, 68)
    assert banner.reason.text()
    assert banner.text() == f"Activations explode.  {whole}"
    banner.show_verdict(Verdict("error", "Activations explode.", text, "Each layer multiplies."))
    assert banner.reason.text() == "Each layer multiplies."
    assert whole in banner.message.text()
    banner.resize(900, 68)
    banner.show_verdict(Verdict("error", "Activations explode.", text))
    assert banner.message.text().endswith(whole)


@pytest.mark.parametrize("width", [340, 360, 480, 630, 720, 859, 860, 1000])
def test_every_word_is_shown_at_every_width(banner, qtbot, width):
    long = "Each layer multiplies the rms by sqrt(fan_in / 2) times the std of its weights, which is 0.707 here. " * 2
    fixes = tuple(SpecFix(f"Gain {number}.414", NetworkSpec(), "") for number in range(3))
    banner.resize(width, banner.height())
    heights = []
    for verdict in (HEALTHY, Verdict("error", "Activations vanish.", long, long, fixes), ILL):
        banner.show_verdict(verdict)
        qtbot.waitUntil(lambda: not banner.layout().geometry().isEmpty())
        for label in (banner.message, banner.reason):
            qtbot.waitUntil(lambda label=label: label.heightForWidth(label.width()) <= label.height())
        heights.append(banner.height())
    assert heights[1] == heights[2] > heights[0], "nothing jumps back under a dragging hand"
