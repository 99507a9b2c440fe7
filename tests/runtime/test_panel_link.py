import threading
import time
from dataclasses import replace

import pytest
from PySide6.QtWidgets import QApplication

from playground.models.example import example_state
from playground.models.problem import Problem, refuse
from playground.models.state import PlaygroundState
from playground.runtime.panel_link import PanelLink, PanelSpec
from playground.runtime.panels import PANELS
from playground.runtime.store import Store
from playground.widgets.panel import Panel


class RecordingPanel(Panel):
    def __init__(self):
        super().__init__()
        self.states, self.results, self.problems, self.answers = [], [], [], []

    def show_state(self, state):
        self.states.append(state)

    def show_result(self, result):
        self.results.append(result)

    def show_problem(self, problem):
        self.problems.append(problem)

    def show_answer(self, side, outcome, final):
        self.answers.append((side, outcome, final))


@pytest.fixture
def make_link(qtbot):
    links = []

    def make(compute=lambda request, job: request, request=lambda state: state.selection, **sides):
        store = Store(PlaygroundState())
        panel = RecordingPanel()
        qtbot.addWidget(panel)
        link = PanelLink(PanelSpec("test", "Test", request, compute, RecordingPanel, sides), panel, store)
        links.append(link)
        return link, panel, store

    yield make
    for link in links:
        link.close()


def is_idle(link):
    """Whether nothing runs or waits; an edit that asks for a computation ends that at once."""
    return not any(task.is_busy for task in link.tasks())


def select(store, name):
    store.apply(replace(store.state, selection=name))


def test_the_panel_is_shown_the_state_and_the_result(make_link, qtbot):
    link, panel, store = make_link()
    select(store, "A")
    qtbot.waitUntil(lambda: panel.results[-1:] == ["A"])
    assert panel.states[-1].selection == "A"


def test_an_edit_of_the_panel_reaches_the_store_once(make_link, qtbot):
    link, panel, store = make_link()
    seen = []
    store.changed.connect(seen.append)
    panel.edit(replace(panel.state, selection="B"))
    assert store.state.selection == "B"
    assert len(seen) == 1
    panel.edit(replace(panel.state, selection="B"))
    assert len(seen) == 1


def test_the_same_request_is_not_computed_twice(make_link, qtbot):
    calls = []

    def compute(request, job):
        calls.append(request)
        return request

    link, panel, store = make_link(compute)
    select(store, "A")
    qtbot.waitUntil(lambda: panel.results[-1:] == ["A"] and is_idle(link))
    store.apply(replace(store.state, memory_budget=7))
    assert is_idle(link)
    assert calls.count("A") == 1


def test_a_panel_whose_computation_raises_shows_the_problem_and_lives_on(make_link, qtbot, caplog):
    def compute(request, job):
        if request == "bad":
            raise ZeroDivisionError("one over none")
        return request

    link, panel, store = make_link(compute)
    select(store, "bad")
    qtbot.waitUntil(lambda: len(panel.problems) == 1)
    assert "one over none" in str(panel.problems[-1])
    select(store, "good")
    qtbot.waitUntil(lambda: panel.results[-1:] == ["good"])


def test_a_request_that_cannot_be_made_is_a_problem_too(make_link, qtbot):
    def request(state):
        if state.selection == "bad":
            refuse("There is no tensor called bad.")
        return state.selection

    link, panel, store = make_link(request=request)
    select(store, "bad")
    assert panel.problems == [Problem("There is no tensor called bad.")]


def test_what_was_being_computed_does_not_hide_a_problem_that_came_meanwhile(make_link, qtbot):
    may_end = threading.Event()

    def request(state):
        if state.selection == "bad":
            refuse("There is no tensor called bad.")
        return state.selection

    def compute(request, job):
        if request == "slow":
            may_end.wait()
        return request

    link, panel, store = make_link(compute, request)
    qtbot.waitUntil(lambda: is_idle(link))
    select(store, "slow")
    select(store, "bad")
    may_end.set()
    qtbot.waitUntil(lambda: is_idle(link))
    QApplication.processEvents()  # an answer that was sent would be shown now
    assert "slow" not in panel.results
    select(store, "good")
    qtbot.waitUntil(lambda: panel.results[-1:] == ["good"])
    assert "slow" not in panel.results


def test_side_computations_answer_by_name(make_link, qtbot):
    def train(request, job):
        job.show("step 1")
        return f"trained {request}"

    link, panel, store = make_link(training=train)
    panel.asked.emit("training", 20)
    qtbot.waitUntil(lambda: len(panel.answers) == 2)
    assert panel.answers == [("training", "step 1", False), ("training", "trained 20", True)]


def test_no_feedback_loop_when_two_panels_show_the_same_state(qtbot):
    store = Store(PlaygroundState())
    spec = PanelSpec("test", "Test", lambda state: state.selection, lambda request, job: request, RecordingPanel)
    panels = [RecordingPanel(), RecordingPanel()]
    links = [PanelLink(spec, panel, store) for panel in panels]
    for panel in panels:
        qtbot.addWidget(panel)
    for number in range(50):
        panels[number % 2].edit(replace(store.state, selection=f"T{number}"))
    qtbot.waitUntil(lambda: all(panel.results[-1:] == ["T49"] for panel in panels))
    assert [len(panel.states) for panel in panels] == [51, 51]
    for link in links:
        link.close()


def test_every_result_of_a_drag_is_shown_and_the_last_is_the_newest(make_link, qtbot):
    def compute(request, job):
        time.sleep(0.005)
        return request

    link, panel, store = make_link(compute)
    for number in range(60):
        store.apply(replace(store.state, selection=f"T{number}"), "drag")
        shown = len(panel.results)
        if number % 5 == 4:
            qtbot.waitUntil(lambda shown=shown: len(panel.results) > shown)
    qtbot.waitUntil(lambda: panel.results[-1:] == ["T59"])
    assert len(panel.results) > 10


def test_a_lazy_panel_is_computed_once_it_is_seen(qtbot):
    calls = []

    def compute(request, job):
        calls.append(request)
        return request

    store = Store(PlaygroundState())
    panel = RecordingPanel()
    qtbot.addWidget(panel)
    spec = PanelSpec("test", "Test", lambda state: state.selection, compute, RecordingPanel, lazy=True)
    link = PanelLink(spec, panel, store)
    select(store, "A")
    select(store, "B")
    assert is_idle(link)
    assert calls == []
    panel.show()
    qtbot.waitUntil(lambda: panel.results == ["B"] and is_idle(link))
    panel.hide()
    panel.show()
    assert is_idle(link)
    assert calls == ["B"]
    link.close()


def test_an_edit_that_a_panel_ignores_costs_it_nothing_and_is_kept(make_link, monkeypatch):
    link, panel, store = make_link()
    asked = []
    spec = replace(link.spec, ignores=frozenset({"network"}), request=asked.append)
    monkeypatch.setattr(link, "spec", spec)
    shown = len(panel.states)
    store.apply(replace(store.state, network=replace(store.state.network, layer=7)))
    assert (len(panel.states), asked) == (shown, [])
    assert panel.state == store.state
    store.apply(replace(store.state, selection="A"))
    assert (len(panel.states), asked) == (shown + 1, [store.state])


@pytest.mark.parametrize("spec", PANELS, ids=lambda spec: spec.key)
def test_what_a_panel_ignores_is_in_none_of_its_requests(spec):
    state = example_state()
    other = replace(state.network, layer=3, pins=(state.network.spec,), moving=True)
    if "network" in spec.ignores:
        assert spec.request(replace(state, network=other)) == spec.request(state)
    else:
        assert spec.key in ("network", "lessons")


def test_a_panel_knows_whether_what_it_shows_is_of_the_present_state(make_link, qtbot):
    """Not from an edit on until its answer; at once where the same is asked for, or a refusal comes at once."""
    go_on = threading.Event()

    def compute(request, job):
        if request == "held":
            go_on.wait(10)
        return request

    def request(state):
        return refuse("no") if state.selection == "refused" else state.selection

    link, panel, store = make_link(compute, request)
    qtbot.waitUntil(lambda: panel.is_answered)
    select(store, "held")
    assert not panel.is_answered
    panel.take_offer(replace(panel.state, selection="lost"))
    assert store.state.selection == "held"
    store.apply(replace(store.state, memory_budget=5))
    assert not panel.is_answered, "an edit that asks for nothing answers nothing"
    go_on.set()
    qtbot.waitUntil(lambda: panel.is_answered)
    assert panel.results[-1] == "held"
    panel.take_offer(replace(panel.state, selection="taken"))
    assert store.state.selection == "taken"
    qtbot.waitUntil(lambda: panel.is_answered)
    select(store, "refused")
    assert panel.is_answered
    assert is_idle(link)


def test_an_answer_to_what_is_asked_no_longer_makes_no_offer_good(make_link, qtbot):
    """First pictures come while a newer request waits."""
    shown, go_on = threading.Event(), threading.Event()

    def compute(request, job):
        if request == "long":
            job.show("first picture of long")
            shown.set()
            go_on.wait(10)
        return request

    link, panel, store = make_link(compute)
    select(store, "long")
    qtbot.waitUntil(lambda: "first picture of long" in panel.results)
    assert panel.is_answered
    select(store, "next")
    assert not panel.is_answered
    go_on.set()
    qtbot.waitUntil(lambda: panel.results[-1:] == ["next"])
    assert panel.is_answered
