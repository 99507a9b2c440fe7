"""What a moving slider costs the window: only what changes is set and painted."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage, QRegion
from PySide6.QtTest import QTest

from playground.models.job import Job
from playground.models.network.saved.request import SavedRequest
from playground.models.network.spec.spec import NetworkSpec
from playground.models.state import NetworkState
from playground.runtime.panels import PANELS
from playground.widgets.controls.number_box import NumberBox
from playground.widgets.network.controls import NetworkControls
from playground.widgets.network.layer_numbers import ROW, LayerNumbers
from playground.widgets.network.saved_strip import SavedStrip

SPEC = NetworkSpec(depth=6, width=8, batch=4)


@pytest.fixture
def saved():
    compute = next(panel for panel in PANELS if panel.key == "network").sides["saved"]
    return compute(SavedRequest(SPEC), Job(is_cancelled=lambda: False))


def test_the_strip_is_not_painted_when_it_shows_the_same(qtbot, saved):
    strip = SavedStrip()
    qtbot.addWidget(strip)
    strip.show_result(saved)
    strip.show_layer(2)
    asked = []
    strip.bars.update = lambda: asked.append(1)
    for _ in range(5):
        strip.show_layer(2)
    assert asked == []
    strip.show_layer(3)
    assert asked == [1]
    assert "3" in strip.words.text()


def test_a_moved_slider_sets_one_box(qtbot, monkeypatch):
    controls = NetworkControls()
    qtbot.addWidget(controls)
    state = NetworkState(spec=SPEC)
    controls.show_state(state, ("A",))
    touched = []
    set_value = NumberBox.set_value
    monkeypatch.setattr(NumberBox, "set_value", lambda box, value: (touched.append(box), set_value(box, value)))
    for gain in (1.1, 1.2, 1.3):
        state = replace(state, spec=replace(state.spec, gain=gain), moving=True)
        controls.show_state(state, ("A",))
    assert touched == [controls.numbers["gain"].box] * 3
    assert controls.numbers["gain"].value == 1.3


def test_a_choice_that_is_not_taken_goes_back(qtbot):
    controls = NetworkControls()
    qtbot.addWidget(controls)
    state = NetworkState(spec=SPEC)
    controls.show_state(state, ())
    box, before = controls.choices["activation"].box, controls.choices["activation"].box.currentIndex()
    box.setCurrentIndex(before + 1)
    controls.show_state(state, ())
    assert box.currentIndex() == before


def test_what_was_typed_and_not_taken_goes_back(qtbot):
    controls = NetworkControls()
    qtbot.addWidget(controls)
    controls.show()
    state = NetworkState(spec=SPEC)
    controls.show_state(state, ())
    box = controls.numbers["depth"].box
    shown = box.text()
    QTest.keyClick(box, Qt.Key.Key_Up)
    assert box.text() != shown
    controls.show_state(state, ())
    qtbot.waitUntil(lambda: (box.text(), box.value) == (shown, SPEC.depth))


def test_of_the_numbers_of_a_layer_only_those_that_changed_are_painted(qtbot):
    numbers = LayerNumbers(20, "numbers")
    qtbot.addWidget(numbers)
    numbers.resize(280, 120)
    rows = [("mean", "1", ""), ("std", "2", ""), ("rms", "3", "")]
    numbers.set_rows(rows)
    asked = []
    numbers.update = lambda *place: asked.append(place)
    numbers.set_rows([rows[0], ("std", "2.5", ""), rows[2]])
    assert asked == [(136, 20 + ROW, 280 - 136, ROW)]
    numbers.set_rows([("mean", "9", "another meaning alone"), rows[0]])
    assert asked[1:] == [()]


def test_rows_painted_one_by_one_look_like_all_painted_at_once(qtbot):
    def shown(numbers):
        return numbers.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)

    whole, parts = LayerNumbers(20, "whole"), LayerNumbers(20, "parts")
    rows = [("mean", "1.5", ""), ("std across inputs", "2e-5", ""), ("rms", "3", "")]
    for numbers in (whole, parts):
        qtbot.addWidget(numbers)
        numbers.resize(280, 90)
        numbers.set_rows(rows)
    picture = QImage(280, 90, QImage.Format.Format_RGB32)
    picture.fill(whole.palette().window().color())
    for index in range(3):
        for left, width in ((0, 136), (136, 144)):
            top = 20 + index * ROW
            parts.render(picture, QPoint(left, top), QRegion(left, top, width, ROW))
    assert picture == shown(whole)
