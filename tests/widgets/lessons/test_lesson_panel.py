import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from playground.models.job import Job
from playground.models.lessons import moves
from playground.models.lessons.lesson_file import find_lesson, library
from playground.models.lessons.request import compute_lesson, lesson_request
from playground.models.problem import Problem
from playground.models.state import PlaygroundState
from playground.widgets.lessons.lesson_panel import LessonPanel

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def panel(shown):
    panel = LessonPanel()
    panel.accept_state(PlaygroundState())
    return shown(panel, 368, 800)


@pytest.fixture
def edits(panel):
    seen = []
    panel.edited.connect(lambda state, gesture: seen.append(state))
    return seen


def opened(panel, number="4", prediction=0):
    lesson, _ = find_lesson(number)
    state = moves.opened(PlaygroundState(), lesson)
    state = state if prediction is None else moves.predicted(state, prediction)
    panel.accept_state(state)
    panel.show_result(compute_lesson(lesson_request(state), Job()))
    return lesson


def test_the_shelf_lists_every_lesson(panel):
    assert len(panel.findChild(type(panel._list), "lessons.list").rows) == len(library())


def test_a_click_on_the_shelf_opens_a_lesson_with_its_own_program(panel, edits):
    row = panel._list.rows["04-rows-or-columns"]
    QTest.mouseClick(row, LEFT, pos=QPoint(60, row.height() // 2))
    assert edits[-1].lesson.key == "04-rows-or-columns"
    assert edits[-1].program.names == ("m", "c", "r")


def test_a_prediction_is_chosen_by_mouse_and_by_key(panel, edits):
    opened(panel)
    QTest.mouseClick(panel.view.cards[1], LEFT)
    assert edits[-1].lesson.here.prediction == 1
    panel.accept_state(edits[-1])
    QTest.keyClick(panel.view.cards[0], Qt.Key.Key_Space)
    assert edits[-1].lesson.here.prediction == 0


def test_what_to_try_shows_when_a_prediction_was_made(panel):
    opened(panel, prediction=None)
    for part in (panel.view._step, panel.view._try_buttons, panel._skip):
        assert not part.isVisible()
    panel.accept_state(moves.predicted(panel.state, 0))
    for part in (panel.view._step, panel.view._try_buttons, panel._skip):
        assert part.isVisible()


def test_after_the_answer_the_keyboard_is_on_nothing_that_wipes_the_lesson(panel, edits):
    panel.activateWindow()
    for key in ("4", library()[-1].key):
        opened(panel, key)
        panel.view._show_answer.setFocus()
        QTest.keyClick(panel.view._show_answer, Qt.Key.Key_Space)
        panel.accept_state(edits[-1])
        assert not panel.view._show_answer.isVisible()
        assert panel.focusWidget() is (panel._next if panel._next.isEnabled() else panel._all)


def test_the_answers_are_asked_for_from_the_shelf(panel):
    asked = []
    panel.requested.connect(lambda name, argument: asked.append(name))
    button = panel.findChild(QWidget, "lessons.save_answers")
    QTest.mouseClick(button, LEFT)
    assert asked == ["save_answers"]


def test_a_title_with_code_is_bold_too(panel):
    opened(panel, "7")
    assert {run.kind for run in panel.view._question_part.title.runs} == {"bold", "code"}


def test_nothing_is_told_before_the_answer(panel):
    opened(panel)
    assert not panel.view.answer.isVisible()
    assert panel.view.cards[0]._because.text() == ""


def test_a_step_that_is_done_is_noticed(panel, edits):
    lesson = opened(panel)
    state = moves.done_for_me(panel.state, lesson, 0)
    panel.accept_state(state)
    panel.show_result(compute_lesson(lesson_request(state), Job()))
    assert edits[-1].lesson.here.steps == 1


def test_the_answer_stands_beside_the_prediction(panel, edits):
    opened(panel)
    panel.accept_state(moves.answer_seen(moves.predicted(panel.state, 1)))
    said = panel.view.answer.text()
    assert "To each column" in said
    assert "Not so." in said
    assert "ran, true" in said


def test_code_that_stands_in_the_question_already_is_not_repeated_in_the_answer(panel):
    for key, is_shown in (("4", True), ("9", False)):
        opened(panel, key)
        panel.accept_state(moves.answer_seen(panel.state))
        assert panel.view.answer._code.isVisible() == is_shown


def test_where_and_do_it_for_me_say_what_they_want(panel, edits):
    opened(panel)
    asked = []
    panel.requested.connect(lambda name, argument: asked.append((name, argument)))
    QTest.mouseClick(panel.view._where, LEFT)
    assert asked == [("light_part", "shape.grid r[1, 0]")]
    QTest.mouseClick(panel.view._do, LEFT)
    assert edits[-1].pointed.index == (1, 0)


def test_a_step_can_be_skipped_and_is_not_counted_as_done(panel, edits):
    opened(panel)
    assert panel._skip.isVisible()
    for _ in range(2):
        QTest.mouseClick(panel._skip, LEFT)
        panel.accept_state(edits[-1])
    assert panel.view._done_steps.text() == "Done: 0 of 3, 2 skipped."
    assert edits[-1].program.names[-1] == "s"
    panel.accept_state(moves.step_done(panel.state, 3))
    assert panel.view._done_steps.text() == "Done: 1 of 3, 2 skipped."
    assert not panel._skip.isVisible()


def test_what_no_state_can_say_is_asked_of_the_window(panel, edits):
    opened(panel, "9")
    asked = []
    panel.act_wanted.connect(asked.append)
    QTest.mouseClick(panel.view._do, LEFT)
    assert asked == ["forward_pass"]
    assert edits == []


def test_next_is_the_primary_button_once_the_answer_is_seen(panel):
    opened(panel)
    assert panel._next.kind == "secondary"
    panel.accept_state(moves.answer_seen(panel.state))
    assert panel._next.kind == "primary"


def test_next_back_and_the_shelf(panel, edits):
    opened(panel)
    QTest.mouseClick(panel._next, LEFT)
    assert edits[-1].lesson.key.startswith("05")
    panel.accept_state(edits[-1])
    QTest.mouseClick(panel._back, LEFT)
    assert edits[-1].lesson.key.startswith("04")
    QTest.mouseClick(panel._all, LEFT)
    assert edits[-1].lesson.is_listed


def test_a_broken_lesson_shows_its_problem(panel):
    panel.show_problem(Problem("'title' is missing.", lead="mine.toml, line 3:"))
    assert panel._banner.isVisible()


def test_a_result_of_another_lesson_is_not_shown(panel):
    opened(panel, "4")
    other, _ = find_lesson("5")
    stale = compute_lesson(lesson_request(moves.opened(PlaygroundState(), other)), Job())
    panel.show_result(stale)
    assert panel.view._result.lesson.number == 4


def test_the_title_says_where_on_which_shelf_one_is(panel):
    for key, title, place in (("4", "Lesson", "4 of 12"), ("none-copies", "Card", "13 of 19")):
        opened(panel, key)
        assert (panel._title.title.text(), panel._place_words.text()) == (title, place)
    panel.accept_state(moves.with_list_shown(panel.state))
    assert (panel._title.title.text(), panel._place_words.text()) == ("Lessons", "")


def test_until_a_lesson_is_read_no_other_stands_below_its_number(panel):
    opened(panel, "4")
    other, _ = find_lesson("5")
    panel.accept_state(moves.opened(panel.state, other))
    assert panel._place_words.text() == "5 of 12"
    assert not panel.view.isVisible()
    opened(panel, "5")
    assert panel.view.isVisible()
    assert panel.view._result.lesson.number == 5
