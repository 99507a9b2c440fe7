from dataclasses import replace

import pytest

from playground.models.network.saved.request import SavedRequest, compute_saved
from playground.models.network.spec.spec import NetworkSpec
from playground.models.network.step_through.forward import StepThroughRequest, compute_step_through
from playground.models.network.theory.phase import PhaseRequest, compute_phase
from playground.models.problem import Problem
from playground.models.state import PlaygroundState
from playground.widgets.network.windows.windows import NetworkWindows

SPEC = NetworkSpec(depth=5, width=8, batch=6, activation="tanh", init="lecun_normal")
COMPUTE = {"phase": compute_phase, "step_through": compute_step_through, "saved_details": compute_saved}


def state_of(spec, **fields):
    state = PlaygroundState()
    return replace(state, network=replace(state.network, spec=spec, **fields))


@pytest.fixture
def windows(qtbot):
    widget = NetworkWindows()
    qtbot.addWidget(widget)
    widget.requests = []
    widget.asked.connect(lambda side, request: widget.requests.append((side, request)))
    widget.show_state(state_of(SPEC))
    return widget


def test_nothing_is_asked_for_while_all_windows_are_closed(windows):
    windows.show_state(state_of(replace(SPEC, gain=2.0)))
    assert windows.requests == []


@pytest.mark.parametrize(
    ("name", "side", "expected"),
    [
        ("open_step_through", "step_through", StepThroughRequest.small(SPEC)),
        ("open_phase", "phase", PhaseRequest(SPEC)),
        ("open_details", "saved_details", SavedRequest(SPEC)),
    ],
)
def test_a_window_asks_for_what_it_shows_and_shows_the_answer(windows, name, side, expected):
    getattr(windows, name)()
    assert windows.requests == [(side, expected)]
    view = next(iter(windows._windows.values()))
    assert view.isVisible()
    assert view.windowTitle()
    assert windows.show_answer(side, COMPUTE[side](expected))
    view.grab()
    assert windows.show_answer(side, Problem("The gain is nan."))
    assert view.banner.isVisible()
    view.close()
    windows.show_state(state_of(replace(SPEC, activation="relu")))
    assert len(windows.requests) == 1


def test_moving_in_the_same_diagram_asks_for_nothing_new(windows):
    windows.open_phase()
    windows.show_answer("phase", compute_phase(PhaseRequest(SPEC)))
    view = windows._windows["PhaseDiagramView"]
    windows.show_state(state_of(replace(SPEC, gain=1.4), moving=True))
    assert len(windows.requests) == 1
    assert view.map.point[0] == pytest.approx(1.96)
    windows.show_state(state_of(replace(SPEC, activation="relu")))
    assert windows.requests[-1] == ("phase", PhaseRequest(replace(SPEC, activation="relu")))


def test_the_other_diagram_is_asked_for_and_can_be_cancelled(windows):
    windows.open_phase()
    view = windows._windows["PhaseDiagramView"]
    view.tabs.setCurrentIndex(1)
    assert windows.requests[-1] == ("phase", PhaseRequest(SPEC, "measured"))
    windows.show_progress("phase", 0.5, "gain 24 of 48")
    view.cancel.click()
    assert windows.requests[-1] == ("phase", None)


def test_dragging_the_point_is_passed_on(windows):
    dragged = []
    windows.fields_dragged.connect(lambda fields, gesture: dragged.append((fields, gesture)))
    windows.open_phase()
    windows.show_answer("phase", compute_phase(PhaseRequest(SPEC)))
    windows._windows["PhaseDiagramView"].map.dragged.emit(2.0, 0.1)
    assert dragged[0][0]["gain"] == pytest.approx(2**0.5, rel=1e-3)


def test_watched_modules_are_listed(windows):
    windows.open_watch()
    assert windows._windows["WatchView"].isVisible()
    assert not windows.show_answer("training", None)


def test_a_diagram_that_arrives_late_shows_the_setting_of_now_and_not_that_it_was_asked_for(windows):
    windows.open_phase()
    view = windows._windows["PhaseDiagramView"]
    asked = windows.requests[-1][1]
    windows.show_state(state_of(replace(SPEC, bias_std=0.5)))
    assert windows.requests[-1][1] is asked, "the diagram is the same"
    windows.show_answer("phase", compute_phase(asked))
    assert view.map.point == (pytest.approx(1.0), pytest.approx(0.25))
    assert "chi1" in view.words.text()
    assert "On the edge" not in view.words.text()
