from dataclasses import replace

from playground.models.history import History
from playground.models.lessons import moves
from playground.models.lessons.library import find_lesson, library, neighbour
from playground.models.state import PlaygroundState
from playground.models.tensors.example import example_program


def own():
    return PlaygroundState(program=example_program(), selection="B", memory_budget=12345)


def test_the_learners_work_comes_back_when_the_lesson_closes():
    lesson, _ = find_lesson("4")
    state = moves.opened(own(), lesson)
    assert state.program.names == ("m", "c", "r")
    state = moves.done_for_me(state, lesson, 1)
    back = moves.closed(state)
    assert back.program == own().program
    assert back.selection == "B"
    assert not back.lesson.is_open


def test_what_waits_for_the_end_of_the_lesson_is_said():
    lesson, _ = find_lesson("4")
    assert moves.kept_in_words(own()) == ""
    kept = moves.kept_in_words(moves.opened(own(), lesson))
    assert kept == f"Your own {len(example_program().names)} tensors are kept. They come back when the lesson closes."
    alone = replace(own(), program=example_program().__class__.parse("A = torch.ones(2)"))
    assert moves.kept_in_words(moves.opened(alone, lesson)).startswith("Your own tensor is kept. It comes")
    assert moves.kept_in_words(moves.opened(PlaygroundState(), lesson)) == ""
    assert moves.kept_in_words(moves.closed(moves.opened(own(), lesson))) == ""


def test_it_comes_back_after_several_lessons_in_a_row():
    state = own()
    for lesson in library():
        state = moves.opened(state, lesson)
    assert moves.closed(state).program == own().program


def test_progress_is_kept_and_predictions_can_be_changed():
    lesson, _ = find_lesson("4")
    state = moves.predicted(moves.opened(own(), lesson), 1)
    state = moves.predicted(state, 0)
    state = moves.answer_seen(moves.step_done(state, 2))
    state = moves.opened(moves.closed(state), lesson)
    assert (state.lesson.here.prediction, state.lesson.here.steps, state.lesson.here.answered) == (0, 2, True)
    assert moves.step_done(state, 1).lesson.here.steps == 2
    assert moves.restarted(state, lesson).lesson.here.steps == 0


def test_undo_goes_across_a_lesson():
    lesson, _ = find_lesson("4")
    history = History(own(), work=lambda state: state.without_pointing())
    history = history.applied(moves.opened(history.present, lesson))
    history = history.applied(moves.predicted(history.present, 1))
    history = history.applied(moves.closed(history.present))
    assert history.present.program == own().program
    history = history.undone()
    assert history.present.program.names == ("m", "c", "r")
    history = history.undone()
    assert history.present == own()


def test_neighbours_end_at_the_ends():
    first, last = library()[0], library()[-1]
    assert neighbour(first, -1) is None
    assert neighbour(last, 1) is None
    assert neighbour(first, 1) is library()[1]
    assert neighbour(replace(first, key="mine"), 1) is None
