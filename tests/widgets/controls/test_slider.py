import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from playground.widgets.controls.slider import FINE, POSITIONS, SliderRow


@pytest.fixture
def make(qtbot):
    def build(*args, **options):
        row = SliderRow(*args, **options)
        row.seen, row.ends = [], []
        row.changed.connect(row.seen.append)
        row.gesture_ended.connect(lambda: row.ends.append(1))
        qtbot.addWidget(row)
        row.resize(260, 32)
        row.show()
        row.activateWindow()
        qtbot.waitUntil(row.isActiveWindow)
        return row

    return build


def drag(slider, *shares):
    places = [QPoint(round(11 + (slider.width() - 22) * share), slider.height() // 2) for share in shares]
    QTest.mousePress(slider, Qt.MouseButton.LeftButton, pos=places[0])
    for place in places[1:]:
        QTest.mouseMove(slider, place)
    QTest.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=places[-1])


def test_a_drag_speaks_live_and_is_one_gesture(make):
    row = make("Gain", 0, 2, 1.0, decimals=3)
    gestures = []
    row.changed.connect(lambda _value: gestures.append(row.gesture))
    drag(row.slider, 0.5, 0.25, 0.1, 0.9)
    assert len(row.seen) == 3
    assert row.seen[-1] == pytest.approx(1.8, abs=0.02)
    assert len(set(gestures)) == 1
    assert row.ends == [1]
    assert row.gesture not in gestures


def test_the_logarithmic_slider_has_the_geometric_mean_in_its_middle(make):
    row = make("Depth", 1, 100, 1, logarithmic=True)
    drag(row.slider, 0.01, 0.5)
    assert row.seen[-1] in (9, 10, 11)
    assert all(isinstance(value, int) for value in row.seen)


def test_keys_move_whole_numbers_by_one(make):
    row = make("Depth", 1, 20, 5)
    row.slider.setFocus()
    QTest.keyClick(row.slider, Qt.Key.Key_Right)
    QTest.keyClick(row.slider, Qt.Key.Key_Right)
    QTest.keyClick(row.slider, Qt.Key.Key_Left)
    assert row.seen == [6, 7, 6]


def test_a_double_click_goes_back_to_the_start(make):
    row = make("Gain", 0, 2, 1.0, decimals=3)
    row.set_value(1.7)
    QTest.mouseDClick(row.slider, Qt.MouseButton.LeftButton)
    assert row.value == 1.0
    assert row.seen[-1] == 1.0


def test_the_box_takes_more_than_the_slider_shows(make):
    row = make("Width", 1, 500, 100, logarithmic=True, hard_minimum=0, hard_maximum=10**7)
    row.box.setFocus()
    row.box.selectAll()
    QTest.keyClicks(row.box, "4000")
    assert row.value == 4000
    assert row.slider.value() == row.slider.maximum()
    row.box.selectAll()
    QTest.keyClicks(row.box, "0")
    assert row.value == 0
    assert row.slider.value() == 0


def test_a_state_is_shown_without_a_word(make):
    row = make("Gain", 0, 2, 1.0, decimals=3)
    row.set_value(0.5)
    assert row.seen == []
    assert row.box.text() == row.slider.accessibleDescription() == "0.500"
    assert row.slider.value() == POSITIONS // 4


def test_the_handle_stays_under_the_hand_while_a_state_comes_back(make):
    row = make("Depth", 1, 11, 5)
    QTest.mousePress(row.slider, Qt.MouseButton.LeftButton, pos=QPoint(round(row.slider.handle_x()), 12))
    QTest.mouseMove(row.slider, QPoint(row.slider.width() // 2 + 3, 12))
    held = row.slider.value()
    row.set_value(row.value)
    assert row.slider.value() == held
    QTest.mouseRelease(row.slider, Qt.MouseButton.LeftButton, pos=QPoint(row.slider.width() // 2 + 3, 12))


def test_a_number_that_came_while_the_handle_was_held_is_shown_when_it_is_let_go(make, qtbot):
    row = make("Gain", 0, 2, 1.0, decimals=3)
    before = row.slider.value()
    places = [QPoint(round(row.slider.handle_x()) + far, 12) for far in (0, 20)]
    QTest.mousePress(row.slider, Qt.MouseButton.LeftButton, pos=places[0])
    QTest.mouseMove(row.slider, places[1])
    qtbot.waitUntil(lambda: row.slider.value() != before)
    row.set_value(1.0)
    QTest.mouseRelease(row.slider, Qt.MouseButton.LeftButton, pos=places[1])
    assert (row.slider.value(), row.value) == (before, 1.0)
    assert len(row.seen) == 1


def drag_finely(slider, start, *ends):
    """Drag with Shift held; places are pixels from the left."""
    for number, x in enumerate((start, *ends, ends[-1])):
        kind = QEvent.Type.MouseButtonPress if number == 0 else QEvent.Type.MouseMove
        kind = QEvent.Type.MouseButtonRelease if number > len(ends) else kind
        place = QPointF(x, slider.height() / 2)
        left, shift = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier
        QApplication.sendEvent(slider, QMouseEvent(kind, place, slider.mapToGlobal(place), left, left, shift))


def test_with_shift_the_handle_goes_slowly_from_where_it_is(make):
    row = make("Weight std", 0.001, 10, 0.1, decimals=3, logarithmic=True)
    places = []
    row.slider.valueChanged.connect(places.append)
    per_pixel = POSITIONS / (row.slider.width() - 22)
    for start, way in ((round(row.slider.handle_x()), 20), (40, -10)):  # it need not begin at the handle
        before = row.slider.value()
        drag_finely(row.slider, start, start + way // 2, start + way)
        assert places[-1] - before == pytest.approx(way * per_pixel / FINE, abs=1)
    assert row.ends == [1, 1]


def test_shift_lets_a_hand_stop_within_one_percent_of_any_value(make):
    row = make("Weight std", 0.001, 10, 0.1, decimals=3, logarithmic=True)
    row.resize(220, 32)  # as narrow as on the network page
    for wanted in (0.1414, 0.01, 1.0, 7.3, 0.002):
        row.set_value(wanted * 1.3)
        x = round(row.slider.handle_x())
        values = []
        row.changed.connect(values.append)
        drag_finely(row.slider, x, *range(x, x - 60, -1))
        row.changed.disconnect(values.append)
        assert min(abs(value / wanted - 1) for value in values) < 0.01


def test_shift_and_an_arrow_move_by_a_twentieth(make):
    row = make("Gain", 0, 2, 1.0, decimals=3)
    row.slider.setFocus()
    QTest.keyClick(row.slider, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert row.value == 1.001
    QTest.keyClick(row.slider, Qt.Key.Key_Right)
    assert row.value == 1.021
