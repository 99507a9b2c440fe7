from dataclasses import replace

import pytest

from playground.models.example import example_program
from playground.models.lessons import moves
from playground.models.lessons.goals import do_step, is_step_done
from playground.models.lessons.lesson import LessonStep
from playground.models.lessons.lesson_file import find_lesson, library, neighbour, place_in_words
from playground.models.lessons.moves import part_to_light, start_state
from playground.models.problem import ProblemError
from playground.models.program.program import Program, parse_source
from playground.models.state import LessonState, PlaygroundState, Progress
from playground.runtime.store import History


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


def test_a_lesson_reopens_where_it_was_left_with_the_learners_own_lines():
    lesson, _ = find_lesson("4")
    other, _ = find_lesson("5")
    state = moves.done_for_me(moves.predicted(moves.opened(own(), lesson), 0), lesson, 1)
    mine = state.program.appended("mine", parse_source("r * 2"))
    state = moves.answer_seen(moves.step_done(replace(state, program=mine, selection="mine"), 3))
    for way in (moves.closed, moves.with_list_shown, lambda state: moves.opened(state, other), lambda state: state):
        again = moves.opened(way(state), lesson)
        assert again.program == mine
        assert (again.selection, again.lesson.here.answered) == ("mine", True)
        assert moves.closed(again).program == own().program
        assert moves.restarted(again, lesson).program.names == ("m", "c", "r")
    assert moves.opened(moves.closed(state), other).program.names == ("m", "c", "e", "s")


def test_what_was_left_is_no_step_of_undo():
    lesson, _ = find_lesson("4")
    state = own()
    left = moves.closed(moves.opened(state, lesson))
    assert left.lesson.left
    assert left.without_pointing() == state.without_pointing()


@pytest.mark.parametrize("lesson", library(), ids=lambda lesson: lesson.key)
def test_where_only_the_progress_is_remembered_the_steps_are_made_again(lesson):
    here = Progress(lesson.key, 0, len(lesson.steps), True)
    state = moves.opened(replace(own(), lesson=LessonState(progress=(here,))), lesson)
    wanted = start_state(lesson)
    for number in range(len(lesson.steps)):
        wanted = moves.done_for_me(wanted, lesson, number)
    assert replace(state, lesson=wanted.lesson, memory_budget=None) == wanted


def test_skipped_steps_are_made_again_only_as_far_as_they_were():
    lesson, _ = find_lesson("4")
    here = Progress(lesson.key, 0, 3, True, (0, 1, 2))
    state = moves.opened(replace(own(), lesson=LessonState(progress=(here,))), lesson)
    assert state.program.names[-1] == "s"
    assert state.pointed is None


def test_a_lesson_that_begins_otherwise_now_begins_anew():
    lesson, _ = find_lesson("4")
    left = moves.closed(moves.done_for_me(moves.opened(own(), lesson), lesson, 1))
    changed = replace(lesson, start=replace(lesson.start, program="m = torch.ones(2)"))
    assert moves.opened(left, changed).program.names == ("m",)


def test_neighbours_end_at_the_ends():
    first, last = library()[0], library()[-1]
    assert neighbour(first, -1) is None
    assert neighbour(last, 1) is None
    assert neighbour(first, 1) is library()[1]
    assert neighbour(replace(first, key="mine"), 1) is None


def test_a_skipped_step_is_passed_over_and_its_line_is_made_for_later_ones():
    lesson, _ = find_lesson("4")
    state = moves.step_skipped(moves.opened(own(), lesson), lesson)
    assert state.pointed is None
    assert (state.lesson.here.steps, state.lesson.here.skipped) == (1, (0,))
    state = moves.step_skipped(state, lesson)
    assert state.program.names[-1] == "s"
    state = moves.step_skipped(moves.step_skipped(state, lesson), lesson)
    assert (state.lesson.here.steps, state.lesson.here.skipped) == (3, (0, 1, 2))
    assert moves.restarted(state, lesson).lesson.here.skipped == ()


def test_an_act_is_noted_in_a_lesson_alone_and_used_up_by_the_step_that_asked_for_it():
    lesson, _ = find_lesson("9")
    assert moves.noted(own(), "forward_pass") == own()
    state = moves.opened(own(), lesson)
    assert not is_step_done(lesson.steps[0].goal, state, {})
    state = moves.noted(moves.noted(state, "forward_pass"), "backward_pass")
    assert is_step_done(lesson.steps[0].goal, state, {})
    state = moves.step_done(state, 1, moves.acts_of(lesson, 0))
    assert state.lesson.noted == ("backward_pass",)
    assert is_step_done(lesson.steps[1].goal, state, {})
    state = moves.step_done(state, 2, moves.acts_of(lesson, 1))
    assert not is_step_done(lesson.steps[2].goal, moves.done_for_me(state, lesson, 2), {})


def test_an_act_is_no_step_of_undo():
    lesson, _ = find_lesson("9")
    state = moves.opened(own(), lesson)
    assert moves.noted(state, "ladder").without_pointing() == state.without_pointing()


def test_an_act_that_there_is_not_is_refused():
    lesson, _ = find_lesson("9")
    with pytest.raises(ProblemError, match="Did you mean ladder"):
        moves.noted(moves.opened(own(), lesson), "lader")


def test_the_place_of_a_lesson_is_said():
    assert [place_in_words(key) for key in ("", "mine", "04-rows-or-columns")] == ["", "", "lesson 4 of 12"]
    cards = [one for one in library() if one.shelf == "cards"]
    assert place_in_words(cards[2].key) == f"card 3 of {len(cards)}"


def test_the_light_goes_from_part_to_part():
    state = PlaygroundState(program=Program.parse("a = torch.ones(3)\nS = torch.ones(3, 3)"), selection="a")
    state = replace(state, einsum=replace(state.einsum, equation="i,i->", operands=("a", "a")))
    step = LessonStep("", "", (("einsum", (("equation", "ii->i"), ("operands", ("S",)))),))
    assert part_to_light(step, state) == "einsum.operand.0"
    state = replace(state, einsum=replace(state.einsum, operands=("S", "a")))
    assert part_to_light(step, state) == "einsum.operand.1"
    for nothing in (("S",), ("S", "")):
        state = replace(state, einsum=replace(state.einsum, operands=nothing))
        assert part_to_light(step, state) == "einsum.equation"
    assert part_to_light(step, do_step(step.goal, state)) == ""


def test_a_tensor_is_chosen_before_its_cell_or_its_view():
    state = PlaygroundState(program=Program.parse("a = torch.ones(3)\nb = torch.ones(3)"), selection="a")
    cell = LessonStep("", "shape.grid", (("pointed", "b[1]"),))
    assert part_to_light(cell, state) == "tensors.card.b"
    assert part_to_light(cell, replace(state, selection="b")) == "shape.grid b[1]"
    view = LessonStep("", "", (("memory", (("view_shape", "3, 1"),)), ("selected", "b")))
    assert part_to_light(view, state) == "tensors.card.b"
    assert part_to_light(view, replace(state, selection="b")) == "memory.view_shape"


@pytest.mark.parametrize("lesson", library(), ids=lambda lesson: lesson.key)
def test_every_step_has_a_place_and_none_names_a_part_that_its_goal_knows(lesson):
    state = start_state(lesson)
    for step in lesson.steps:
        assert part_to_light(step, state)
        if {kind for kind, _ in step.goal} <= {"selected", "einsum", "equation", "memory", "network"}:
            assert not step.part, f"{step.words}: this goal knows its place"
        state = do_step(step.goal, state)
