from dataclasses import replace

import torch

from playground.models.evaluation.evaluate import evaluate
from playground.models.evaluation.status import StatusResult, count_problems, describe_selected, used_bytes
from playground.models.problem import Problem
from playground.models.program.program import Program
from playground.models.state import LessonState, PlaygroundState
from playground.widgets.status import StatusPanel
from playground.widgets.text.labels import TextLabel


def test_the_line_says_selection_problems_and_memory(qtbot):
    panel = StatusPanel()
    qtbot.addWidget(panel)
    panel.show_result(StatusResult("B: 12 elements", "one problem, in D", 144, 4_000_000_000))
    assert panel.problems == "one problem, in D"
    assert panel._memory.text() == "memory 144 B of 4 GB"
    panel.show_problem(Problem("A bug."))
    assert panel.problems == "A bug."


def test_before_the_network_page_the_line_speaks_of_the_network(qtbot):
    panel = StatusPanel()
    qtbot.addWidget(panel)
    panel.show_result(StatusResult("B: 12 elements", "one problem, in D", 144, 4_000_000_000))
    panel.show()
    panel.show_network(("50 layers, 497,400 weights, 1.99 MB", "ran in 6.1 ms"))
    for on_network in (True, False):
        panel.show_page(on_network=on_network)
        said = {label.text() for label in panel.findChildren(TextLabel) if label.isVisible()}
        assert ("50 layers, 497,400 weights, 1.99 MB" in said) == on_network
        assert ("ran in 6.1 ms" in said) == on_network
        assert ("B: 12 elements" in said) != on_network
    assert panel.problems == "one problem, in D"
    panel.show_network(("40 layers", ""))
    panel.show_page(on_network=True)
    said = {label.text() for label in panel.findChildren(TextLabel) if label.isVisible()}
    assert {"40 layers", "ran in 6.1 ms"} <= said, "while the hand moves the last time stays"


def test_sharing_is_told_by_storage_not_by_pointer():
    values = evaluate(
        Program.parse("x = torch.arange(6.)\ny = x[1:4]\nz = x + 1\ne = torch.zeros(0)\nf = torch.zeros(0)")
    )
    assert describe_selected("x", values.values()) == "x: 6 elements, shares its storage with y"
    assert describe_selected("z", values.values()) == "z: 6 elements, shares storage with nobody"
    assert describe_selected("e", values.values()) == "e: 0 elements, shares storage with nobody"
    assert describe_selected("none", values.values()) == "none: no values"
    assert used_bytes(values.values()) == 2 * torch.arange(6.0).nbytes


def test_problems_are_counted():
    assert [count_problems(names) for names in ([], ["D"], ["D", "E"])] == [
        "",
        "one problem, in D",
        "2 problems, in D, E",
    ]


def test_the_open_lesson_is_named(qtbot):
    panel = StatusPanel()
    qtbot.addWidget(panel)
    state = PlaygroundState()
    panel.accept_state(state)
    assert panel._lesson.isHidden()
    panel.accept_state(replace(state, lesson=LessonState(key="04-rows-or-columns")))
    assert panel._lesson.text() == "lesson 4 of 12"
    assert not panel._lesson.isHidden()


def test_what_stands_at_the_right_is_whole_and_the_rest_is_cut_with_an_ellipsis(shown):
    panel = shown(StatusPanel(), 1000, 24)
    panel.show_page(on_network=True)
    panel.show_state(PlaygroundState(lesson=LessonState(key="lesson 12")))
    panel.show_result(StatusResult("B: 12 elements", "one problem, in D", 10**9 + 5, 6_320_000_000))
    panel.show_network(("50 layers, 500,000 weights and as many biases as there are units, 2.00 MB", "ran in 608 ms"))
    panel.show_window_busy(True)
    panel._on_patience_ended()
    panel.layout().activate()
    assert panel._memory.geometry().right() <= panel.width() - 16
    assert panel._memory.shown_text() == panel._memory.text()
    size = panel._size
    assert size.shown_text().endswith("…")
    assert size.text() in size.toolTip()
