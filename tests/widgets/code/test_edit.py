import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from playground.models.problem import Span
from playground.widgets.code.completion import Completion, CompletionItem
from playground.widgets.code.edit import CodeEdit
from playground.widgets.code.marks import CodeMark
from playground.widgets.look import LIGHT

WORDS = ["torch.arange", "torch.arctan", "torch.argmax"]


def complete(text, position):
    typed = text[:position]
    return Completion(0, [CompletionItem(word, "a function", word + "(") for word in WORDS if word.startswith(typed)])


@pytest.fixture
def make(qtbot):
    def build(text="", **options):
        window = QWidget()
        column = QVBoxLayout(window)
        edit = CodeEdit(text, **options)
        column.addWidget(edit)
        window.other = QLineEdit()
        column.addWidget(window.other)
        column.addStretch(1)
        edit.seen, edit.done, edit.kept = [], [], window
        edit.edited.connect(edit.seen.append)
        edit.committed.connect(edit.done.append)
        qtbot.addWidget(window)
        window.resize(400, 300)
        window.show()
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow)
        edit.setFocus()
        return edit

    return build


def colors_of(widget):
    image = widget.grab().toImage()
    return {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}


def test_typing_is_told_live_and_enter_commits(make):
    edit = make("A")
    QTest.keyClicks(edit, "+1")
    assert edit.seen == ["+A", "+1A"]
    QTest.keyClick(edit, Qt.Key.Key_Return)
    assert edit.done == ["+1A"]
    QTest.keyClick(edit, Qt.Key.Key_Return)
    assert edit.done == ["+1A"]


def test_leaving_a_changed_field_commits(make):
    edit = make("A")
    QTest.keyClicks(edit, "-")
    edit.window().other.setFocus()
    assert edit.done == ["-A"]


def test_escape_goes_back_to_what_was_committed(make):
    edit = make("A")
    QTest.keyClicks(edit, "xyz")
    QTest.keyClick(edit, Qt.Key.Key_Escape)
    assert edit.text() == "A"
    assert edit.seen[-1] == "A"
    assert edit.done == []


def test_what_is_pasted_becomes_one_plain_line(make):
    edit = make()
    data = QMimeData()
    data.setHtml("<b>A</b>")
    data.setText("A +\r\n  <b>B</b>\0\n")
    edit.insertFromMimeData(data)
    assert edit.text() == "A +   <b>B</b> "
    assert edit.document().blockCount() == 1


def test_a_state_is_shown_without_a_word_and_keeps_the_cursor(make):
    edit = make("A + B")
    cursor = edit.textCursor()
    cursor.setPosition(3)
    edit.setTextCursor(cursor)
    edit.set_text("A - B")
    assert edit.seen == []
    assert edit.textCursor().position() == 3


def test_a_state_that_comes_back_leaves_what_is_being_typed_alone(make):
    edit = make("A")
    QTest.keyClicks(edit, "1+")
    edit.set_text("A")
    assert edit.text() == "1+A"
    edit.set_text("B")
    assert edit.text() == "B"
    edit.set_text("A")
    assert edit.text() == "A"


def test_completion_is_offered_moved_through_and_taken(make):
    edit = make(completer=complete, signature_help=lambda text, position: "torch.arange(start, end, step)")
    QTest.keyClicks(edit, "torch.ar")
    assert edit.popup is not None
    assert [item.text for item in edit.popup.items] == WORDS
    assert edit.popup.signature == "torch.arange(start, end, step)"
    assert edit.window().rect().contains(edit.popup.geometry())
    QTest.keyClick(edit, Qt.Key.Key_Down)
    QTest.keyClick(edit, Qt.Key.Key_Tab)
    assert edit.text() == "torch.arctan("
    assert edit.seen[-1] == "torch.arctan("
    assert edit.hasFocus()


def test_escape_closes_the_list_first(make):
    edit = make(completer=complete)
    QTest.keyClicks(edit, "torch.a")
    QTest.keyClick(edit, Qt.Key.Key_Escape)
    assert edit.popup is None
    assert edit.text() == "torch.a"
    QTest.keyClick(edit, Qt.Key.Key_Space, Qt.KeyboardModifier.ControlModifier)
    assert edit.popup is not None
    QTest.keyClick(edit, Qt.Key.Key_Return)
    assert edit.popup is None
    assert edit.done == ["torch.a"]


def test_a_word_can_be_taken_with_the_mouse(make):
    edit = make(completer=complete)
    QTest.keyClicks(edit, "torch.")
    QTest.mouseClick(edit.popup, Qt.MouseButton.LeftButton, pos=QPoint(20, 4 + 24 + 12))
    assert edit.text() == "torch.arctan("


def test_tab_goes_on_when_nothing_is_offered(make):
    edit = make("A", completer=complete)
    QTest.keyClick(edit, Qt.Key.Key_Tab)
    assert edit.window().other.hasFocus()


def test_undo_is_left_to_the_window(make):
    edit = make("A")
    QTest.keyClicks(edit, "x")
    QTest.keySequence(edit, QKeySequence(QKeySequence.StandardKey.Undo))
    assert edit.text() == "xA"


def test_colours_fault_letters_and_badges_are_painted(make):
    edit = make("torch.ones(3)")
    assert {LIGHT.code_number.lower(), LIGHT.text2.lower()} <= colors_of(edit)
    assert LIGHT.error.lower() not in colors_of(edit)
    edit.set_fault(Span(0, 5))
    reds = [name for name in colors_of(edit) if int(name[1:3], 16) - int(name[3:5], 16) > 100]
    assert reds
    lettered = make("ij", marker=lambda text: [CodeMark(0, 1, axis=1), CodeMark(1, 2, axis=0, badge=True)])
    assert {LIGHT.axis_line(1).name(), LIGHT.axis_fill(0).name()} <= colors_of(lettered)


def test_a_fault_beyond_the_text_does_no_harm(make):
    edit = make("A")
    for span in (Span(5, 9), Span(0, 0), Span(1, 1)):
        edit.set_fault(span)
        edit.grab()
    edit.set_text("")
    edit.grab()
