from hypothesis import given
from hypothesis import strategies as st

from playground.models.history import History

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
