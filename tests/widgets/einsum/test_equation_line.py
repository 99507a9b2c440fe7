"""Typing an equation and choosing what it is of."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from playground.models.einsum.equation import HINT
from playground.models.einsum.fixes import NOTE
from playground.widgets.einsum.equation_line import EquationLine
from playground.widgets.look import code_font
from playground.widgets.painting import text_width


def test_typing_edits_the_state_key_by_key_in_one_gesture(driven):
    d = driven()
    equation = d.panel.line.equation
    equation.setFocus()
    equation.selectAll()
    QTest.keyClicks(equation, "ij,jk->ik")
    texts = [state.einsum.equation for state, _ in d.edits]
    assert texts == ["ij,jk->ik"[:n] for n in range(1, 10)]
    assert len({gesture for _, gesture in d.edits}) == 1
    assert equation.textCursor().position() == len("ij,jk->ik")


def test_typing_in_the_middle_keeps_the_cursor(driven):
    d = driven()
    equation = d.panel.line.equation
    equation.setFocus()
    cursor = equation.textCursor()
    cursor.setPosition(1)
    equation.setTextCursor(cursor)
    QTest.keyClicks(equation, "x")
    assert d.state.einsum.equation == "ixj,kj->ik"
    assert equation.textCursor().position() == 2


def test_operands_are_chosen_from_the_program(driven):
    d = driven("ij,jk->ik", "A", "B")
    combo = d.part("operand.1")
    row = [combo.itemText(n) for n in range(combo.count())].index("X")
    combo.setCurrentIndex(row)
    combo.activated.emit(row)
    assert d.state.einsum.operands == ("A", "X")
    assert not d.panel.banner.isVisible()


def test_an_expression_can_be_an_operand(driven):
    d = driven("ij,jk->ik", "A", "B")
    box = d.panel.line.boxes[1]
    box.open_field()
    box.field.selectAll()
    QTest.keyClicks(box.field, "B.t()")
    QTest.keyClick(box.field, Qt.Key.Key_Return)
    assert d.state.einsum.operands == ("A", "B.t()")
    assert d.panel.result.plan.output_shape == (3, 3)


def test_a_missing_operand_is_made_in_one_click(driven):
    d = driven("ij,jk->ik", "A")
    assert "second operand has no tensor" in str(d.panel.banner.problem).lower()
    make = next(b for b in d.panel.banner.buttons if b.fix.target.startswith("make"))
    QTest.mouseClick(make, Qt.MouseButton.LeftButton)
    name = d.state.einsum.operands[1]
    assert d.state.program.get(name).source.shape[0] == 4
    assert not d.panel.banner.isVisible()


def test_presets_fill_the_operands(driven):
    d = driven()
    menu = d.panel.line.presets.menu()
    action = next(action for action in menu.actions() if action.data() == "attention scores")
    action.trigger()
    assert d.state.einsum.equation == "bhqd,bhkd->bhqk"
    assert d.panel.result.plan.equivalent.endswith(".mT")


def test_nothing_is_red_while_an_equation_is_typed_and_what_is_left_unfinished_is(driven):
    d = driven("ij,jk->ik", "A", "X")
    equation = d.panel.line.equation
    equation.setFocus()
    QTest.keyClick(equation, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    said = set()
    for letter in "ij,j":
        QTest.keyClicks(equation, letter)
        assert d.panel.banner.problem.severity == "note"
        assert not d.panel.banner.problem.fixes
        said.add(str(d.panel.banner.problem))
        d.panel.grab()
    assert "X has 2 axes (4, 5), j has 1 letter." in said
    QTest.keyClick(equation, Qt.Key.Key_Return)
    assert d.panel.banner.problem.severity == "error"
    QTest.keyClicks(equation, "1")
    assert d.panel.banner.problem.severity == "error"
    QTest.keyClick(equation, Qt.Key.Key_Backspace)
    assert d.panel.banner.problem.severity == "note"
    QTest.keyClicks(equation, "k")
    assert d.panel.banner.problem is None
    QTest.keyClick(equation, Qt.Key.Key_Return)
    assert d.panel.banner.problem is None


def test_an_empty_equation_hints(driven):
    d = driven("")
    d.type("")
    assert d.panel.banner.isVisible()
    assert d.panel.summary() == "no equation yet"


def test_an_equation_not_begun_is_no_error(driven):
    d = driven("", "A", "B")
    assert (d.panel.banner.problem.severity, str(d.panel.banner.problem)) == (NOTE, HINT)
    assert d.panel.terms.text() == ""
    d.type("ij,jk->iq")
    assert d.panel.banner.problem.severity == "error"
    d.type("")
    d.panel.line.equation_left.emit()
    assert d.panel.banner.problem.severity == NOTE


WIDTHS = (360, 400, 500, 735)
LONG = "a_name_that_has_thirty_letters"
CHOICES = {
    "two short": ("ij,jk->ik", ("A", "B")),
    "two long": ("ij,jk->ik", (LONG, f"{LONG}_too")),
    "four": ("ij,jk,kl,lm->im", ("A", "B", "A", "B")),
    "four long": ("ij,jk,kl,lm->im", (LONG, f"{LONG}_too", LONG, LONG)),
    "a long equation": ("abcdefgh,hgfedcba->abcd", ("A", LONG)),
    "one long": ("ij->ji", (LONG,)),
}


def shown_line(qtbot, name, width):
    equation, operands = CHOICES[name]
    line = EquationLine()
    qtbot.addWidget(line)
    line.resize(width, 140)
    line.show()
    line.set_choices(equation, operands, ("A", "B", LONG, f"{LONG}_too"))
    title = line.title
    qtbot.waitUntil(
        lambda: title.height() == title.flow.height_at(width) == title.layout().geometry().height(), timeout=20_000
    )
    return line


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", CHOICES)
def test_every_part_of_the_title_has_its_room_in_it(qtbot, name, width):
    line = shown_line(qtbot, name, width)
    title, layout = line.title, line.title.layout()
    assert line.width() == title.width() == width
    items = [layout.itemAt(place) for place in range(layout.count())]
    parts = [item for item in items if not item.isEmpty() and item.sizeHint().width()]
    assert {line.equation, line.presets, line.keep} <= {part.widget() for part in parts}
    for place, part in enumerate(parts):
        assert title.rect().adjusted(16, 8, -16, -8).contains(part.geometry())
        assert part.geometry().width() >= part.minimumSize().width()
        assert not any(part.geometry().intersects(other.geometry()) for other in parts[:place])
    for button in (line.presets, line.keep):
        assert button.width() >= button.sizeHint().width()
    assert line.presets.y() == line.keep.y()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", CHOICES)
def test_an_operand_box_has_room_for_its_name_or_three_letters(qtbot, name, width):
    line = shown_line(qtbot, name, width)
    assert len(line.boxes) == len(CHOICES[name][1])
    for box in line.boxes:
        assert not box.isHidden()
        needed = min(text_width(code_font(), box.combo.currentText()), text_width(code_font(), "abc…"))
        qtbot.waitUntil(lambda box=box, needed=needed: box.combo.width() - 32 >= needed, timeout=20_000)


def test_the_buttons_return_to_the_first_line_where_there_is_room(qtbot):
    line = shown_line(qtbot, "two short", 400)
    assert line.presets.y() > line.equation.geometry().bottom()
    line.resize(735, 140)
    qtbot.waitUntil(lambda: line.title.height() == 40, timeout=20_000)
    assert line.equation.geometry().bottom() > line.presets.y()
