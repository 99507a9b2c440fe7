"""Every claim in every lesson and card is run: no lesson states what the code does not show."""

import functools
import re

import pytest

from playground.models.evaluation.evaluate import evaluate
from playground.models.lessons.goals import do_step, is_step_done
from playground.models.lessons.lesson_file import load_lesson
from playground.models.lessons.moves import part_to_light, start_state
from playground.models.lessons.scope import make_scope
from playground.models.network.spec.activations import ACTIVATIONS
from playground.models.network.spec.inits import INIT_SCHEMES
from playground.models.resources import resource_path
from playground.widgets.network.controls import NUMBERS

FILES = sorted(resource_path("lessons").rglob("*.toml"))


@functools.cache
def opened(file):
    lesson = load_lesson(file)
    return lesson, make_scope(lesson)


@pytest.fixture(params=FILES, ids=lambda file: file.stem)
def lesson_and_scope(request):
    return opened(request.param)


def test_there_are_twelve_questions_in_order_and_at_least_twelve_cards():
    lessons = [opened(file)[0] for file in FILES]
    assert sorted(one.number for one in lessons if one.shelf == "questions") == list(range(1, 13))
    assert len([one for one in lessons if one.shelf == "cards"]) >= 12
    assert len({(one.shelf, one.number) for one in lessons}) == len(lessons)


@pytest.mark.processor
def test_predictions_are_right_or_wrong_as_they_say(lesson_and_scope):
    lesson, scope = lesson_and_scope
    for prediction in lesson.predictions:
        assert scope.is_true(prediction.check) == prediction.right, prediction.check
    assert sum(prediction.right for prediction in lesson.predictions) == 1


@pytest.mark.processor
def test_claims_hold(lesson_and_scope):
    lesson, scope = lesson_and_scope
    assert lesson.answer.claims
    for claim in lesson.answer.claims:
        assert scope.is_true(claim.check), claim.check


@pytest.mark.processor
def test_every_text_can_be_filled_with_computed_values(lesson_and_scope):
    lesson, scope = lesson_and_scope
    texts = [lesson.question, lesson.answer.words, *(prediction.because for prediction in lesson.predictions)]
    texts += [step.words for step in lesson.steps]
    for text in texts:
        filled = scope.filled(text)
        assert "{" not in filled
        assert text.strip()


def test_steps_are_open_at_the_start_and_done_after_doing_them(lesson_and_scope):
    lesson, _ = lesson_and_scope
    state = start_state(lesson)
    for step in lesson.steps:
        assert not is_step_done(step.goal, state, evaluate(state.program)), step.words
        state = do_step(step.goal, state)
        assert is_step_done(step.goal, state, evaluate(state.program)), step.words


def test_the_code_of_an_answer_runs(lesson_and_scope):
    lesson, _ = lesson_and_scope
    if lesson.answer.code:
        values = evaluate(start_state(lesson, lesson.answer.code).program)
        assert all(one.tensor is not None for one in values.values())


def test_each_prediction_has_an_answer_of_its_own_and_a_wrong_one_is_refuted_by_what_was_computed(lesson_and_scope):
    lesson, _ = lesson_and_scope
    reasons = [prediction.because for prediction in lesson.predictions]
    assert len({*reasons, lesson.answer.words}) == len(reasons) + 1
    for prediction in lesson.predictions:
        assert prediction.right or "{" in prediction.because, prediction.words


def test_what_refutes_a_wrong_prediction_has_a_number_in_it_that_comes_from_the_case(lesson_and_scope):
    lesson, scope = lesson_and_scope
    for prediction in lesson.predictions:
        holes = re.findall(r"\{([^{}]+)\}", prediction.because)
        names = {name for hole in holes for name in re.findall(r"[A-Za-z_]\w*", hole)}
        numbers = [hole for hole in holes if re.search(r"\d", scope.filled("{" + hole + "}"))]
        assert prediction.right or (numbers and names & set(scope.environment)), prediction.words


def asked_in_words(goal, words):
    """What a step asks for and its words do not say: what is to be typed, chosen, pressed or clicked."""
    kind, wanted = goal
    pairs = dict(wanted) if isinstance(wanted, tuple) else {}
    match kind:
        case "line":
            return [] if wanted in words or f"`{wanted.partition(' = ')[2]}`" in words else [wanted]
        case "act":
            return []
        case "network":
            return [name for name, value in pairs.items() if not says(name, value, words)]
        case "einsum" | "memory":
            values = [one for value in pairs.values() for one in (value if isinstance(value, tuple) else (value,))]
            return [value for value in values if f"`{value}`" not in words]
    return [] if f"`{wanted}`" in words else [wanted]


def says(name, value, words):
    """Whether the words name a control of the network and what to set it to, as its list has it."""
    labels = {"init": INIT_SCHEMES, "activation": ACTIVATIONS}
    text = labels[name][value].label if name in labels else f"{value:g}"
    return FIELD_WORDS[name] in words and re.search(rf"(?<![\w.]){re.escape(text)}(?!\.?\w)", words) is not None


FIELD_WORDS = {"activation": "Activation", "init": "Init", **{name: field.label for name, field in NUMBERS.items()}}


def test_the_words_of_a_step_say_all_that_its_goal_asks_for_under_the_names_that_the_window_has(lesson_and_scope):
    lesson, _ = lesson_and_scope
    state = start_state(lesson)
    for step in lesson.steps:
        for goal in step.goal:
            assert not asked_in_words(goal, step.words), step.words
        part = part_to_light(step, state)
        if part.startswith("tensors.card.") and "line" not in dict(step.goal):
            assert re.search(r"\b[Cc]hoose\b", step.words), f"{step.words}: another tensor must be chosen first"
        if part == "tensors.line":
            assert "Line" in step.words or state.program.names != start_state(lesson).program.names, step.words
        state = do_step(step.goal, state)


def test_no_claim_says_only_that_the_title_is_true_or_false(lesson_and_scope):
    lesson, _ = lesson_and_scope
    for claim in lesson.answer.claims:
        assert not claim.words.startswith("The claim is")
    checks = [claim.check for claim in lesson.answer.claims]
    assert len(set(checks)) == len(checks)


def test_something_can_be_tried_in_every_lesson(lesson_and_scope):
    assert lesson_and_scope[0].steps


def test_the_texts_are_short(lesson_and_scope):
    lesson, scope = lesson_and_scope
    assert len(scope.filled(lesson.answer.words)) < 750
    assert all(len(scope.filled(one.because)) < 300 for one in lesson.predictions)
    assert all(len(scope.filled(one.words)) < 300 for one in lesson.steps)
