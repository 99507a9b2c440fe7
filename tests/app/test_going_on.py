"""Whatever began before something else changed keeps that change when it goes on, and brings nothing old back."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from playground.models.example import example_state
from playground.models.program.program import Program, parse_source
from playground.widgets.code.edit import CodeEdit
from playground.widgets.controls.number_box import NumberBox
from playground.widgets.controls.slider import SliderRow
from playground.widgets.tensors.axis_strip import AxisStrip

LEFT = Qt.MouseButton.LeftButton
KEY = Qt.Key
PROGRAM = "A = torch.ones(3, 4)\nB = torch.arange(12.).reshape(3, 4)\nC = A + B"


# Something else that changes the state: what it does, and how one sees that it is still so.


def a_line(state):
    program = state.program.appended("Other", parse_source("torch.ones(7)"))
    return replace(state, program=program, selection="Other"), lambda now: "Other" in now.program.names


def a_line_beside(state):
    program = state.program.appended("Other", parse_source("torch.ones(7)"))
    return replace(state, program=program), lambda now: "Other" in now.program.names


def no_card(state):
    program = state.program.without("C")
    return replace(state, program=program), lambda now: "C" not in now.program.names


def another_program(state):
    program = Program.parse("Q = torch.ones(2, 5)")
    return replace(
        state, program=program, selection="Q"
    ), lambda now: "Q" in now.program.names and "C" not in now.program.names


def another_selection(state):
    return replace(state, selection="B"), lambda now: now.program.get("B") == state.program.get("B")


def an_equation(state):
    einsum = replace(state.einsum, equation="ij,ij->j")
    return replace(state, einsum=einsum), lambda now: now.einsum.equation == "ij,ij->j"


def another_network(state):
    spec = replace(state.network.spec, activation="tanh", seed=99)
    return (
        replace(state, network=replace(state.network, spec=spec)),
        lambda now: (now.network.spec.activation, now.network.spec.seed) == ("tanh", 99),
    )


def bytes_shown(state):
    memory = replace(state.memory, as_bytes=True, pinned="B")
    return replace(state, memory=memory), lambda now: now.memory.as_bytes and now.memory.pinned in ("B", "")


OTHERS = (a_line, a_line_beside, no_card, another_program, another_selection, an_equation, another_network, bytes_shown)


# Gestures: begin, and what goes on afterwards, if what was held is still there.


def fill_a_form(name, text):
    def begin(hand):
        form = hand.panel("shape").open_form(name)
        first = next(iter(form.findChildren(CodeEdit)))
        QTest.keyClick(first, KEY.Key_A, Qt.KeyboardModifier.ControlModifier)
        QTest.keyClicks(first, text[0])
        yield
        if hand.is_seen("shape.form"):
            QTest.keyClicks(first, text[1:])
            QTest.keyClick(form, KEY.Key_Escape)

    begin.__name__ = f"form of {name}"
    return begin


def pull_the_block(hand):
    block = hand.find("shape.block")
    start = block.handles()["columns"].toPoint()
    QTest.mousePress(block, LEFT, pos=start)
    QTest.mouseMove(block, start - QPoint(15, 0))
    QTest.mouseMove(block, start - QPoint(30, 0))
    yield
    if block.isVisible():
        QTest.mouseMove(block, start - QPoint(45, 0))
        QTest.mouseMove(block, start - QPoint(60, 0))
        QTest.keyClick(block, KEY.Key_Escape)
        QTest.mouseRelease(block, LEFT, pos=start)


def pull_a_chip(hand):
    yield from drag_of_a_chip(hand, lambda chip: QPoint(chip.width() - 2, chip.height() // 2), QPoint(10, 0))


def carry_a_chip(hand):
    yield from drag_of_a_chip(hand, lambda _chip: QPoint(10, 12), QPoint(30, 0))


def drag_of_a_chip(hand, place_of, step):
    chip = hand.window.findChild(AxisStrip).chips[0]
    place = place_of(chip)
    QTest.mousePress(chip, LEFT, pos=place)
    for times in (1, 2, 3):
        QTest.mouseMove(chip, place + step * times)
    yield
    for times in (4, 5, 6):
        QTest.mouseMove(chip, place + step * times)
    QTest.keyClick(chip, KEY.Key_Escape)
    QTest.mouseRelease(chip, LEFT, pos=place)


def type_into(find):
    def begin(hand):
        field = find(hand)
        field.setFocus()
        hand.until(field.hasFocus)
        QTest.keyClick(field, KEY.Key_A, Qt.KeyboardModifier.ControlModifier)
        QTest.keyClicks(field, "2")
        yield
        if QApplication.focusWidget() is field:
            QTest.keyClicks(field, "3")
            QTest.keyClick(field, KEY.Key_Escape)
            QTest.keyClick(field, KEY.Key_Return)

    return begin


def named(name, kind):
    def find(hand):
        return hand.find(name, kind)

    return type_into(find)


def typed_name(hand):
    hand.panel("tensors").list.editors.edit_name()
    field = hand.find("tensors.name")
    QTest.keyClicks(field, "Zz")
    yield
    if QApplication.focusWidget() is field:
        QTest.keyClicks(field, "z")
        QTest.keyClick(field, KEY.Key_Return)


def size_of_a_letter(hand):
    table = hand.find("einsum.letters")
    table.setFocus()
    QTest.keyClicks(table, "4")
    yield
    QTest.keyClicks(table, "2")


def deletion_taken_back(hand):
    hand.select("A")
    QTest.keyClick(hand.panel("tensors").list, KEY.Key_Delete)
    banner = hand.panel("tensors").problem
    hand.until(lambda: bool(banner.buttons))
    yield
    if banner.isVisible() and banner.buttons:
        hand.click(banner.buttons[0])


def strided_handle(hand):
    hand.find("memory.strided").set_folded(False)
    strip = hand.in_view(hand.find("memory.strided_strip"))
    hand.settle()
    handle, place = strip._places(strip.strip)[0]
    view = strip.viewport()
    assert handle.kind == "offset"
    QTest.mousePress(view, LEFT, pos=place.toPoint())
    QTest.mouseMove(view, place.toPoint() + QPoint(26, 0))
    QTest.mouseMove(view, place.toPoint() + QPoint(30, 0))
    yield
    QTest.mouseMove(view, place.toPoint() + QPoint(56, 0))
    QTest.mouseMove(view, place.toPoint() + QPoint(58, 0))
    QTest.mouseRelease(view, LEFT, pos=place.toPoint())


GESTURES = {
    "slice form": fill_a_form("slice", "12"),
    "reshape form": fill_a_form("reshape", "12"),
    "block": pull_the_block,
    "chip's edge": pull_a_chip,
    "chip": carry_a_chip,
    "size": named("shape.axis.0", NumberBox),
    "code": named("tensors.code", CodeEdit),
    "name": typed_name,
    "equation": named("einsum.equation", CodeEdit),
    "letter": size_of_a_letter,
    "deletion": deletion_taken_back,
    "shape to view": named("memory.view_shape", QLineEdit),
    "value to write": named("memory.write_value", QLineEdit),
    "index to write": named("memory.write_index.0", NumberBox),
    "strided": strided_handle,
}


@pytest.mark.parametrize("other", OTHERS, ids=lambda other: other.__name__)
def test_what_goes_on_keeps_what_was_done_meanwhile(hand, other):
    """Each gesture of the tensors page in turn, from the same program."""
    lost = []
    for name, gesture in GESTURES.items():
        hand.store.apply(replace(example_state(), program=Program.parse(PROGRAM), selection="A"))
        hand.settle()
        going = gesture(hand)
        next(going)
        state, is_there = other(hand.store.state)
        hand.store.apply(state)
        next(going, None)
        hand.settle()
        if not is_there(hand.store.state):
            lost.append(f"{name}: {hand.store.state.program.code!r}")
        QApplication.focusWidget() and QApplication.focusWidget().clearFocus()
        if not is_there(hand.store.state):
            lost.append(f"{name}, when it was left: {hand.store.state.program.code!r}")
    assert not lost


@pytest.mark.parametrize("other", [a_line_beside, another_network], ids=lambda other: other.__name__)
def test_each_field_of_the_network_keeps_what_was_done_meanwhile(network, other):
    rows = [row for row in network.window.findChildren(SliderRow) if row.isVisible() and row.isEnabled()]
    assert len(rows) > 5
    lost = []
    for row in rows:
        slider = network.in_view(row.slider)
        middle = slider.rect().center()
        QTest.mousePress(slider, LEFT, pos=middle)
        QTest.mouseMove(slider, middle + QPoint(3, 0))
        state, is_there = other(replace(network.store.state, program=Program.parse(PROGRAM)))
        network.store.apply(state)
        QTest.mouseMove(slider, middle + QPoint(6, 0))
        QTest.mouseRelease(slider, LEFT, pos=middle + QPoint(6, 0))
        if not is_there(network.store.state):
            lost.append(row.label.text())
    network.settle()
    assert not lost
