from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.models.program.program import Program
from playground.models.program.sources import Made
from playground.models.state import PlaygroundState, PointedCell
from playground.runtime.store import History, Store, rebased


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


def test_an_edit_made_while_the_store_tells_is_told_next_to_all_in_one_order(store):
    """Whoever listens first edits at once; those behind hear of the first state before they hear of the second."""
    heard = {"first": [], "last": []}

    def first(state):
        heard["first"].append(state)
        if state.memory_budget == 1:
            store.apply(replace(state, memory_budget=2))

    store.changed.connect(first)
    store.changed.connect(heard["last"].append)
    store.apply(replace(store.state, memory_budget=1))
    assert [state.memory_budget for state in heard["first"]] == [1, 2]
    assert heard["last"] == heard["first"]


def test_an_edit_that_takes_itself_back_while_the_store_tells_is_told_as_it_is(store, seen):
    """Two listeners edit in the same telling: the last state is told once."""
    store.changed.connect(lambda state: store.apply(replace(state, memory_budget=None)))
    store.apply(replace(store.state, memory_budget=1))
    assert store.state.memory_budget is None
    assert [state.memory_budget for state in seen] == [1, None]


def test_two_who_contradict_each_other_are_stopped(store):
    store.changed.connect(lambda state: store.apply(replace(state, memory_budget=(state.memory_budget or 0) + 1)))
    with pytest.raises(RuntimeError, match="endlessly"):
        store.apply(replace(store.state, memory_budget=1))
    store.changed.disconnect()
    store.apply(replace(store.state, memory_budget=3))
    assert store.state.memory_budget == 3, "the store goes on"


FIELDS = {
    "program": st.sampled_from([Program(), Program().appended("A", Made("arange", (3,)))]),
    "selection": st.sampled_from(["", "A", "B"]),
    "memory_budget": st.sampled_from([None, 10**9, 10**10]),
    "pointed": st.sampled_from([None, PointedCell("A", (0,))]),
}
STATES = st.builds(lambda **changed: replace(PlaygroundState(), **changed), **FIELDS)


@given(STATES, STATES, STATES)
def test_rebased_keeps_what_each_changed(base, edited, present):
    """Field by field: what the edit changed is the edit's, everything else is that of the present state."""
    both = rebased(edited, base, present)
    for name in FIELDS:
        changed = getattr(edited, name) != getattr(base, name)
        assert getattr(both, name) == getattr(edited if changed else present, name)
    assert rebased(edited, base, base) == edited
    assert rebased(base, base, present) == present


@given(STATES, st.lists(st.tuples(STATES, st.sampled_from([None, "drag"])), min_size=1, max_size=6))
def test_edits_of_an_old_state_lose_nothing_and_are_undone_one_by_one(base, edits_of_base):
    """Whoever still shows an old state edits that one; the store keeps what others did meanwhile."""
    store = Store(base)
    expected = base
    for edited, gesture in edits_of_base:
        expected = rebased(edited, base, expected)
        store.apply(edited, gesture, base)
        assert store.state == expected
    while store.history.can_undo:
        store.undo()
    assert store.state.without_pointing() == base.without_pointing()


def test_the_base_is_looked_at_only_where_another_state_is_present(store):
    """A panel that shows the present state says what it says: nothing of the store's is put back into it."""
    edited = replace(store.state, selection="A", memory_budget=1)
    store.apply(edited, None, store.state)
    assert store.state is edited
    store.apply(replace(edited, memory_budget=None), None, edited)
    assert (store.state.selection, store.state.memory_budget) == ("A", None)
