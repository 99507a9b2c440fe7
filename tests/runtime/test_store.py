from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.models.program.program import Program
from playground.models.program.sources import Made
from playground.models.state import PlaygroundState, PointedCell
from playground.runtime.store import History, Store


@pytest.fixture
def store(qtbot):
    return Store(PlaygroundState())


@pytest.fixture
def seen(store):
    states = []
    store.changed.connect(states.append)
    return states


def with_size(state, size):
    return replace(state, program=Program().appended("A", Made("arange", (size,))))


def test_one_changed_an_edit(store, seen):
    store.apply(with_size(store.state, 3))
    store.apply(with_size(store.state, 3))
    assert len(seen) == 1


def test_one_drag_is_one_step(store, seen):
    first = store.state
    for size in range(1, 40):
        store.apply(with_size(store.state, size), "drag A 0")
    store.end_gesture()
    store.undo()
    assert store.state == first
    store.redo()
    assert store.state.program.get("A").source.shape == (39,)
    assert len(seen) == 41


def test_two_drags_of_the_same_handle_are_two_steps(store):
    store.apply(with_size(store.state, 3), "drag A 0")
    store.end_gesture()
    store.apply(with_size(store.state, 5), "drag A 0")
    store.undo()
    assert store.state.program.get("A").source.shape == (3,)


def test_pointing_and_selecting_are_shown_but_are_no_steps(store, seen):
    store.apply(replace(store.state, pointed=PointedCell("A", (0,)), selection="A"))
    assert len(seen) == 1
    assert not store.history.can_undo


def test_undo_at_the_beginning_says_nothing(store, seen):
    store.undo()
    store.redo()
    assert not seen


def test_an_edit_from_inside_changed_ends_by_equality(store):
    def answer(state):
        store.apply(replace(state, selection="A"))

    store.changed.connect(answer)
    store.apply(with_size(store.state, 3))
    assert store.state.selection == "A"


def test_an_edit_asks_once_what_undo_sees_of_it(store, monkeypatch):
    asked = []
    work = PlaygroundState.without_pointing
    monkeypatch.setattr(PlaygroundState, "without_pointing", lambda state: (asked.append(state), work(state))[1])
    states = [replace(store.state, memory_budget=budget) for budget in range(1, 6)]
    for state in states:
        store.apply(state, "drag")
    assert [state.memory_budget for state in asked] == [1, None, 2, 3, 4, 5]
    store.undo()
    assert store.state.memory_budget is None


def moved(state, gain, moving=True):
    return replace(state, network=replace(state.network, spec=replace(state.network.spec, gain=gain), moving=moving))


def test_what_is_undone_in_the_middle_of_a_drag_comes_back_without_the_hand(store):
    store.apply(moved(store.state, 1.5), "gain")
    store.apply(moved(store.state, 2.0), "gain")
    store.undo()
    assert (store.state.network.spec.gain, store.state.network.moving) == (1.0, False)
    store.redo()
    assert (store.state.network.spec.gain, store.state.network.moving) == (2.0, False)


def test_undo_to_before_an_edit_in_the_middle_of_a_drag_finds_no_hand(store):
    store.apply(moved(store.state, 1.5), "gain")
    store.apply(with_size(store.state, 3))
    store.undo()
    assert (store.state.network.spec.gain, store.state.network.moving) == (1.5, False)


def test_that_the_hand_lets_go_is_no_step(store):
    first = store.state
    store.apply(moved(store.state, 1.5), "gain")
    store.apply(with_size(store.state, 3))
    store.apply(moved(store.state, 1.5, moving=False), "gain")
    store.undo()
    store.undo()
    assert store.state == first


edits = st.lists(st.tuples(st.integers(0, 5), st.sampled_from([None, "drag", "slide"])), max_size=30)


def test_undo_returns_old_states_in_order():
    history = History(0).applied(1).applied(2)
    assert (history.undone().present, history.undone().undone().present) == (1, 0)
    assert history.undone().redone().present == 2
    assert history.undone().undone().undone().present == 0


def test_one_gesture_is_one_step():
    history = History(0)
    for value in range(1, 50):
        history = history.applied(value, "drag")
    assert history.undone().present == 0
    assert history.sealed().applied(99, "drag").undone().present == 49


def test_a_new_edit_forgets_what_was_undone():
    history = History(0).applied(1).undone().applied(2)
    assert not history.can_redo
    assert history.undone().present == 0


def test_equal_states_make_no_step():
    history = History(0)
    assert history.applied(0) is history


def test_pointing_is_no_step():
    history = History((0, "here"), work=lambda state: state[0]).applied((0, "there"))
    assert history.present == (0, "there")
    assert not history.can_undo


def test_a_drag_that_comes_back_to_where_it_began_is_no_step():
    history = History(0).applied(1, "drag").applied(2, "drag").applied(0, "drag")
    assert not history.can_undo
    further = history.applied(3, "drag").applied(4, "drag")
    assert further.undone().present == 0
    assert not further.undone().can_undo


def test_the_past_is_bounded():
    history = History(0, limit=10)
    for value in range(1, 100):
        history = history.applied(value)
    assert len(history.past) == 10


@given(edits)
def test_undoing_everything_and_redoing_it_comes_back(steps):
    history = History(-1)
    for value, gesture in steps:
        history = history.applied(value, gesture)
    present, back = history.present, history
    while back.can_undo:
        back = back.undone()
    assert back.present == -1
    while back.can_redo:
        back = back.redone()
    assert back.present == present
