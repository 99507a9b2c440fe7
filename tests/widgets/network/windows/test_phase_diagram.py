import math
from dataclasses import replace

import numpy as np
import pytest
from plot_hand import LEFT, click, drag, place, point
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QFocusEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from playground.models.network.spec.spec import NetworkSpec
from playground.models.network.theory.mean_field import fixed_point, weight_variance_of
from playground.models.network.theory.phase import PhaseRequest, compute_phase, theory_words
from playground.models.problem import Problem
from playground.widgets.look import words_font
from playground.widgets.network.windows.phase_diagram import PhaseDiagramView
from playground.widgets.painting import text_width
from playground.widgets.plot.export import save_plot
from playground.widgets.plot.figure import MARGIN

SPEC = NetworkSpec(depth=6, width=20, batch=10, activation="tanh", init="lecun_normal", bias_std=0.2)
THEORY = compute_phase(PhaseRequest(SPEC))
MEASURED = compute_phase(PhaseRequest(SPEC, "measured"))


@pytest.fixture
def view(shown):
    widget = PhaseDiagramView()
    widget.show_result(THEORY)
    return shown(widget, 640, 540)


def test_the_point_lies_at_the_present_setting(view):
    assert view.map.point == THEORY.point == (pytest.approx(1.0), pytest.approx(0.04))
    assert view.words.text() == THEORY.words.replace("`", "")


def at(view, x, y):
    """Where a setting lies: gains on an axis of powers of two."""
    measured = view._result.request.kind == "measured"
    return place(view.map, math.log2(x) if measured else x, y)


def keep(view):
    """The networks that are dragged to, with their gestures, and the ends of the gestures."""
    dragged, ended = [], []
    view.fields_dragged.connect(lambda fields, gesture: dragged.append((replace(SPEC, **fields), gesture)))
    view.gesture_ended.connect(lambda: ended.append(1))
    return dragged, ended


@pytest.mark.parametrize("result", [THEORY, MEASURED])
def test_each_value_lies_in_the_middle_of_its_cell_and_the_point_comes_to_where_one_clicks(view, result):
    view.show_result(result)
    cells, smallest = view.map.cells, view.map.canvas.view.viewPixelSize()
    for column, row in ((5, 3), (len(result.x) - 1, len(result.y) - 1), (0, 0)):
        x, y = float(result.x[column]), float(result.y[row])
        middle = cells.mapToParent(QPointF(column + 0.5, row + 0.5))
        assert view.map._real(middle) == (pytest.approx(x, rel=1e-6), pytest.approx(y, abs=1e-6))
        value = cells.image[row, column]
        assert value == pytest.approx(np.clip(np.log(result.values[row, column]), *cells.levels), nan_ok=True)
        click(view.map, at(view, x, y) - QPoint(0, -1 if row else 1))
        assert view.map.point == (pytest.approx(x, rel=0.02), pytest.approx(y, abs=3 * smallest[1]))


def test_the_map_fits_into_its_axes(view):
    for result in (THEORY, MEASURED):
        view.show_result(result)
        (left, right), (low, high) = view.map.canvas.view.viewRange()
        assert (low, high) == pytest.approx((result.y[0], result.y[-1]))
        assert view.map._real(QPointF(left, low))[0] == pytest.approx(result.x[0])
        assert view.map._real(QPointF(right, high))[0] == pytest.approx(result.x[-1])


def test_dragging_the_point_gives_the_network_that_lies_there(view):
    dragged, ended = keep(view)
    start, target = at(view, *view.map.point), at(view, 1.761, 0.05)
    drag(view.map, start, target)
    assert len({gesture for _, gesture in dragged}) == 1
    assert ended == [1]
    spec = dragged[-1][0]
    assert weight_variance_of(spec, spec.width) == pytest.approx(1.761, abs=0.02)
    assert spec.bias_std**2 == pytest.approx(0.05, abs=0.003)
    click(view.map, start)
    assert dragged[-1][1] != dragged[0][1]
    assert ended == [1, 1]


def test_the_point_moves_by_keys_too(view):
    dragged = []
    view.fields_dragged.connect(lambda fields, _gesture: dragged.append(replace(SPEC, **fields)))
    view.map.setFocus()
    QTest.keyClick(view.map.canvas, Qt.Key.Key_Right)
    assert dragged[-1].gain > SPEC.gain


def test_a_key_moves_the_measured_point_by_a_layer_and_is_one_gesture_while_it_is_held(view):
    dragged, ended = keep(view)
    view.show_result(MEASURED)
    QTest.keyClick(view.map.canvas, Qt.Key.Key_Up)
    assert (dragged[-1][0].depth, ended) == (SPEC.depth + 1, [1])
    first = dragged[-1][1]
    QTest.keyPress(view.map.canvas, Qt.Key.Key_Up)
    QTest.keyPress(view.map.canvas, Qt.Key.Key_Up)
    assert [spec.depth for spec, _ in dragged] == [7, 8, 9]
    assert ended == [1]
    QTest.keyRelease(view.map.canvas, Qt.Key.Key_Up)
    assert ended == [1, 1]
    assert first != dragged[1][1] == dragged[2][1]


def test_a_key_that_is_held_while_the_keyboard_goes_elsewhere_has_let_go(view):
    ended = []
    view.gesture_ended.connect(lambda: ended.append(1))
    QTest.keyPress(view.map.canvas, Qt.Key.Key_Right)
    QApplication.sendEvent(view.map.canvas, QFocusEvent(QEvent.Type.FocusOut))
    assert ended == [1]
    QTest.keyRelease(view.map.canvas, Qt.Key.Key_Right)
    QApplication.sendEvent(view.map.canvas, QFocusEvent(QEvent.Type.FocusOut))
    assert ended == [1]
    QTest.keyPress(view.map.canvas, Qt.Key.Key_Right)
    view.close()
    assert ended == [1, 1]


def test_a_drag_that_was_undone_while_the_hand_held_the_point_takes_it_back(view):
    start = at(view, *view.map.point)
    drag(view.map, start, start + QPoint(40, -20), release=False)
    view.show_setting(THEORY.request)
    assert view.map.point != THEORY.point, "the hand still holds it"
    QTest.mouseRelease(view.map.canvas.viewport(), LEFT, pos=start + QPoint(40, -20))
    assert view.map.point == THEORY.point


def test_a_window_that_closes_lets_the_point_go_and_stops_computing(view):
    ended, cancelled = [], []
    view.gesture_ended.connect(lambda: ended.append(1))
    view.cancelled.connect(lambda: cancelled.append(1))
    view.show_progress(0.5, "gain 24 of 48")
    start = at(view, *view.map.point)
    drag(view.map, start, start + QPoint(40, -20), release=False)
    assert view.map.is_held
    view.close()
    assert (ended, cancelled) == ([1], [1])
    assert not view.map.is_held
    view.show()
    drag(view.map, at(view, *view.map.point), start)
    assert view.map.point == (pytest.approx(1.0, abs=0.01), pytest.approx(0.04, abs=0.002))
    assert ended == [1, 1]


def test_a_setting_of_the_same_diagram_only_moves_the_point(view):
    view.show_setting(PhaseRequest(NetworkSpec(depth=6, width=20, activation="tanh", init="lecun_normal", gain=1.5)))
    assert view.map.point == (pytest.approx(2.25), 0.0)
    assert "explode" in view.words.text()


def test_tabs_ask_for_the_other_diagram(view):
    wanted = []
    view.kind_wanted.connect(wanted.append)
    view.tabs.setCurrentIndex(1)
    assert wanted == ["measured"]
    view.show_result(MEASURED)
    assert wanted == ["measured"]
    assert view.map.point == (1.0, 6.0)


def test_progress_can_be_cancelled(view):
    cancelled = []
    view.cancelled.connect(lambda: cancelled.append(1))
    view.show_progress(0.25, "gain 12 of 48")
    assert view.progress.text() == "gain 12 of 48  25%"
    QTest.mouseClick(view.cancel, Qt.MouseButton.LeftButton)
    assert cancelled == [1]
    assert not view.cancel.isVisible(), "what was there before is whole"


def test_a_diagram_that_was_stopped_can_be_started_again(view):
    wanted = []
    view.kind_wanted.connect(wanted.append)
    view.show_result(replace(MEASURED, done=False))
    view.show_progress(0.25, "gain 12 of 48")
    wanted.clear()
    QTest.mouseClick(view.cancel, Qt.MouseButton.LeftButton)
    assert (view.progress.text(), view.cancel.text(), wanted) == ("stopped", "Start again", [])
    QTest.mouseClick(view.cancel, Qt.MouseButton.LeftButton)
    assert wanted == ["measured"]


def test_a_problem_keeps_the_last_diagram(view):
    view.show_problem(Problem("LSUV rescales by what it measures.", lead="No theory to draw."))
    assert view.banner.isVisible()
    assert view.map.point == THEORY.point


def test_pointing_reads_the_value(view):
    there = at(view, float(THEORY.x[50]), float(THEORY.y[40]))
    point(view.map, there)
    found = view.map.canvas.view.mapSceneToView(QPointF(there))
    assert view.there.text() == THEORY.value_in_words(found.x(), found.y())
    assert view.there.text().startswith("at weight variance ")
    point(view.map, QPoint(2, 2))
    assert view.there.text() == "", "outside the field there is nothing to read"


@pytest.mark.parametrize("result", [THEORY, MEASURED])
def test_what_the_colours_mean_is_said_in_full_and_gives_way_to_what_is_pointed_at(view, result):
    view.show_result(result)
    assert not view.there.isVisible()
    needed = text_width(words_font(), view.meaning.text())
    assert needed <= view.width() - 32
    point(view.map, at(view, float(result.x[20]), float(result.y[2])))
    assert view.there.isVisible()
    assert not view.meaning.isVisible()
    point(view.map, QPoint(2, 2))
    assert view.meaning.isVisible()


@pytest.mark.parametrize(
    ("weight", "bias"), [(1.758276, 0.04986), (1.00001, 0.0), (4.0, 0.0), (0.1, 0.5), (1.0, 1e-14)]
)
def test_what_holds_at_the_point_takes_one_line_so_that_the_map_does_not_jump(view, weight, bias):
    view.words.set_content(theory_words(fixed_point("tanh", weight, bias), 500))
    width = view.width() - 32
    assert view.words.heightForWidth(width) == view.words.heightForWidth(10_000)


def test_the_colours_are_those_that_the_words_name(view):
    """Orange where chi1 is below 1, blue where it is above."""
    for x, warm in ((0.3, True), (3.5, False)):
        color = view.map.canvas.grab().toImage().pixelColor(at(view, x, 0.02))
        assert (color.red() > color.blue()) == warm


def test_an_unfinished_diagram_is_drawn(view):
    values = MEASURED.values.copy()
    view.show_result(MEASURED)
    whole = view.grab().toImage()
    values[:, 20:] = math.nan
    view.show_result(replace(MEASURED, values=values, done=False))
    assert view.grab().toImage() != whole


def test_what_was_read_in_one_diagram_is_not_said_of_the_other_nor_of_the_point_that_is_dragged(view):
    there = at(view, float(THEORY.x[50]), float(THEORY.y[40]))
    point(view.map, there)
    assert view.there.text()
    view.show_result(MEASURED)
    assert not view.there.text()
    assert view.meaning.isVisible()
    point(view.map, there)
    assert view.there.text()
    start = at(view, *view.map.point)
    drag(view.map, start, start + QPoint(40, 20), release=False)
    assert not view.there.text()
    assert view.meaning.isVisible()
    QTest.mouseRelease(view.map.canvas.viewport(), LEFT, pos=start + QPoint(40, 20))


@pytest.mark.parametrize(("result", "value"), [(THEORY, "chi1"), (MEASURED, "rms relative to layer 1")])
def test_a_diagram_is_exported_as_a_picture_a_drawing_and_its_numbers(view, tmp_path, result, value):
    view.show_result(result)
    for kind in ("png", "svg", "csv"):
        assert save_plot(view.map, tmp_path / f"phase.{kind}") is None
    assert QImage(str(tmp_path / "phase.png")).width() == 2 * (view.map.width() + 2 * MARGIN)
    table = np.genfromtxt(tmp_path / "phase.csv", delimiter=",", skip_header=1, encoding="utf-8")
    assert (tmp_path / "phase.csv").read_text(encoding="utf-8").splitlines()[0].endswith(value)
    assert np.array_equal(table[:, 2].reshape(result.values.shape), result.values, equal_nan=True)
    assert np.array_equal(table[: len(result.x), 0], result.x)
    view.map.say("Saved as phase.csv.")
    assert view.there.text() == "Saved as phase.csv."
    point(view.map, QPoint(2, 2))
    assert view.meaning.isVisible()
