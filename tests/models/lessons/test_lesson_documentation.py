"""What the documentation says of lessons is what the app reads: its example runs, its tables are whole."""

import re
from pathlib import Path

import pytest

from playground.models.evaluation.evaluate import evaluate
from playground.models.lessons.goals import GOALS, is_step_done
from playground.models.lessons.lesson_file import _KEYS, parse_lesson
from playground.models.lessons.measures import MEASURES, NETWORK_READINGS, NUMPY_READINGS, SAVED_READINGS, WRITES
from playground.models.lessons.moves import start_state
from playground.models.lessons.scope import make_scope

TEXT = (Path(__file__).parents[3] / "docs" / "lessons.md").read_text(encoding="utf-8")


def section(heading):
    return TEXT.partition(f"\n## {heading}")[2].partition("\n## ")[0]


def rows(heading):
    return re.findall(r"^\| `(\w+)` \|", section(heading), re.MULTILINE)


EXAMPLES = re.findall(r"^\| `(\w+)` \| `(.+?)` \|", section("Goals"), re.MULTILINE)


def test_every_goal_and_every_measure_has_its_row():
    assert sorted(rows("Goals")) == sorted(GOALS)
    assert sorted(rows("Measures")) == sorted(MEASURES)


@pytest.mark.parametrize("name", [*NETWORK_READINGS, *SAVED_READINGS, *WRITES, *NUMPY_READINGS])
def test_every_reading_is_named(name):
    assert f"`{name}`" in TEXT


@pytest.mark.parametrize("key", sorted({key for keys in _KEYS.values() for key in keys}))
def test_every_key_is_named(key):
    assert re.search(rf"`{key}`|\[{key}\]|\.{key}\]", TEXT)


def test_the_example_is_a_lesson_whose_checks_hold():
    example = re.search(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    lesson = parse_lesson(example[1])
    scope = make_scope(lesson)
    assert [scope.is_true(one.check) for one in lesson.predictions] == [one.right for one in lesson.predictions]
    assert all(scope.is_true(claim.check) for claim in lesson.answer.claims)
    assert scope.filled(lesson.answer.words).endswith("12 bytes, before and after.")
    code = evaluate(start_state(lesson, lesson.answer.code).program)
    assert all(one.tensor is not None for one in code.values())
    state = start_state(lesson)
    assert not is_step_done(lesson.steps[0].goal, state, evaluate(state.program))


@pytest.mark.parametrize("goal", EXAMPLES, ids=lambda goal: goal[0])
def test_the_goals_of_the_table_are_read(goal):
    kind, value = goal
    text = 'title = "t"\nquestion = "q"\n[[step]]\nwords = "w"\ngoal = { %s = %s }\n[answer]\nwords = "a"\n'
    assert parse_lesson(text % (kind, value)).steps[0].goal[0][0] == kind
