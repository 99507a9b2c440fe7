import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QScrollArea, QVBoxLayout, QWidget

from playground.widgets.controls.number_box import NumberBox, box_text, float_text, read_number


@pytest.fixture
def make(qtbot):
    def build(*args, **options):
        window = QWidget()
        column = QVBoxLayout(window)
        box = NumberBox(*args, **options)
        column.addWidget(box)
        qtbot.addWidget(window)
        window.show()
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow)
        box.setFocus()
        box.seen, box.kept = [], window
        box.changed.connect(box.seen.append)
        return box

    return build


def type_in(box, text):
    box.selectAll()
    QTest.keyClicks(box, text)


def wheel(widget, notches):
    middle = QPointF(widget.rect().center())
    event = QWheelEvent(
        middle, widget.mapToGlobal(middle), QPoint(), QPoint(0, 120 * notches), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(widget, event)
    return event.isAccepted()


def test_typing_says_each_legal_number(make):
    box = make(3, 0)
    type_in(box, "120")
    assert box.seen == [1, 12, 120]
    assert box.value == 120


@pytest.mark.parametrize("text", ["-1", "2.5", "1_000", "0x10", "٣", "1e3", "--", "５", "1 0", "nan"])
def test_what_is_no_size_may_be_typed_and_is_refused_in_words_on_return(make, text):
    box = make(3, 0, name="axis 0")
    reasons = []
    box.given_up.connect(reasons.append)
    box.lineEdit().setText(text)
    box.lineEdit().textEdited.emit(text)
    assert box.seen == []
    assert box.value == 3
    assert box.text() == text
    assert reasons == []
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert box.text() == "3"
    assert reasons[-1].startswith("axis 0 ")


@pytest.mark.parametrize("text", ["1e999", "inf", "nan", "1e", ".", "1,5", "٠.٥"])
def test_what_is_no_float_is_refused(make, text):
    box = make(0.5, decimals=3, name="gain")
    reasons = []
    box.given_up.connect(reasons.append)
    box.lineEdit().setText(text)
    box.lineEdit().textEdited.emit(text)
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert box.seen == []
    assert reasons


def test_numbers_that_come_late_do_not_touch_what_is_typed(make):
    box = make(7, 0)
    box.selectAll()
    QTest.keyClicks(box, "2")
    box.set_value(7)
    QTest.keyClicks(box, "5")
    box.set_value(2)
    QTest.keyClicks(box, "0")
    assert box.text() == "250"
    assert box.seen == [2, 25, 250]
    QTest.keyClick(box, Qt.Key.Key_Return)
    box.set_value(25)
    assert box.text() == "250"
    box.set_value(250)
    box.set_value(25)
    assert box.text() == "25"


def test_a_number_that_came_late_counts_where_no_other_follows(make, qtbot):
    box = make(7, 0)
    box.selectAll()
    QTest.keyClicks(box, "25")
    box.set_value(7)
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert box.text() == "25"
    qtbot.waitUntil(lambda: box.text() == "7")


def test_the_caret_stays_where_another_number_comes(make):
    box = make(1234, 0)
    box.lineEdit().setCursorPosition(2)
    box.set_value(5678)
    assert box.text() == "5678"
    assert box.lineEdit().cursorPosition() == 2


def test_integers_beyond_31_and_63_bits(make):
    box = make(1, 0)
    type_in(box, str(2**70))
    assert box.value == 2**70
    QTest.keyClick(box, Qt.Key.Key_Up)
    assert box.value == 2**70 + 1
    assert box.text() == str(2**70 + 1)


def test_keys_step_within_the_limits(make):
    box = make(2, 1, 4)
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Down):
        QTest.keyClick(box, key)
    assert box.seen == [3, 4, 3]
    QTest.keyClick(box, Qt.Key.Key_PageDown)
    assert box.value == 1


def test_the_arrows_can_be_clicked(make):
    box = make(2, 0)
    right = box.width() - 8
    QTest.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(right, 6))
    QTest.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(right, 6))
    QTest.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(right, 18))
    assert box.seen == [3, 4, 3]


def test_escape_goes_back_to_where_the_keyboard_came(make):
    box = make(7, 0)
    type_in(box, "99")
    QTest.keyClick(box, Qt.Key.Key_Escape)
    assert box.value == 7
    assert box.seen == [9, 99, 7]


def test_one_typing_is_one_gesture(make):
    box = make(7, 0)
    first = box.gesture
    type_in(box, "12")
    assert box.gesture == first
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert box.gesture != first


def test_a_state_that_means_what_is_typed_does_not_touch_the_text(make):
    box = make(1.0, decimals=3)
    type_in(box, "0.50")
    box.set_value(0.5)
    assert box.text() == "0.50"
    box.set_value(0.75)
    assert box.text() == "0.750"
    assert box.seen == [0.0, 0.5]


def test_a_state_that_comes_back_leaves_half_typed_text_alone(make):
    box = make(3, 0)
    box.selectAll()
    QTest.keyClick(box, Qt.Key.Key_Backspace)
    box.set_value(3)
    assert box.text() == ""
    box.set_value(5)
    assert box.text() == "5"


def test_the_wheel_turns_the_box_but_not_one_in_a_column_that_scrolls(qtbot, make):
    box = make(2, 0)
    assert wheel(box, 2)
    assert box.value == 4
    area = QScrollArea()
    area.setWidgetResizable(True)
    inside = QWidget()
    inside.setMinimumHeight(900)
    column = QVBoxLayout(inside)
    other = NumberBox(2, 0)
    column.addWidget(other)
    area.setWidget(inside)
    qtbot.addWidget(area)
    area.resize(120, 200)
    area.show()
    wheel(other, 1)
    assert other.value == 2


def test_of_a_number_too_long_the_first_digits_are_seen(make, qtbot):
    box = make(1.0, 0.0, decimals=6)
    other = NumberBox(1.0, 0.0)
    box.kept.layout().addWidget(other)
    other.show()
    box.setFixedWidth(60)
    line = box.lineEdit()
    qtbot.waitUntil(lambda: line.isVisible() and line.width() < 60)
    first = QPoint(4, line.height() // 2)
    type_in(box, "0.123456")
    assert line.cursorPosition() == 8
    qtbot.waitUntil(lambda: line.cursorPositionAt(first) > 0)  # the end is seen while it is typed
    other.setFocus()
    qtbot.waitUntil(lambda: line.cursorPositionAt(first) == 0)
    box.set_value(0.654321)
    assert box.text() == "0.654321"
    qtbot.waitUntil(lambda: line.cursorPositionAt(first) == 0)


def test_what_return_takes_back_is_told_with_the_reason_and_what_is_taken_is_not(make):
    box = make(3, 1, 9, name="Depth")
    reasons = []
    box.given_up.connect(reasons.append)
    for typed, kept in (("70", "7"), ("4", "4")):
        type_in(box, typed)
        QTest.keyClick(box, Qt.Key.Key_Return)
        assert box.text() == kept
    assert reasons == ["Depth must be at most 9."]


@settings(max_examples=300, deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([None, 1, 3]))
def test_each_float_is_written_so_that_it_reads_back(value, decimals):
    text = float_text(value, decimals)
    assert math.isclose(float(text), value, rel_tol=1e-9)
    assert decimals is not None or float(text) == value
    assert "e-0" not in text


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [(1.0, 3, "1.000"), (1.414, 3, "1.414"), (2.16e-8, 3, "2.16e-8"), (0.0, 3, "0"), (1e300, None, "1e300"),
     (0.1, None, "0.1")],
)  # fmt: skip
def test_floats_in_sensible_notation(value, decimals, text):
    assert float_text(value, decimals) == text


@given(st.integers(-(10**300), 10**300))
def test_an_integer_of_any_size_reads_back(value):
    assert read_number(f" {box_text(value, None)} ", "Seed", None) == (value, "")


@pytest.mark.parametrize(
    ("text", "decimals", "reason"),
    [
        (" ", None, "Gain is empty."),
        ("9" * 401, None, "Gain has 401 digits."),
        ("1.5", None, "Gain must be a whole number in digits 0 to 9."),
        ("1,5", 3, "Gain must be a number such as 0.5 or 1e-3."),
        ("nan", 3, "Gain must be a number such as 0.5 or 1e-3."),
        ("1e999", 3, "Gain is beyond the largest float64, 1.8e308."),
    ],
)
def test_what_is_no_number_is_named(text, decimals, reason):
    assert read_number(text, "Gain", decimals) == (None, reason)
