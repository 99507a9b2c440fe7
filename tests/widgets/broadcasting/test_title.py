from dataclasses import replace

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFontMetrics

from playground.models.broadcasting.request import broadcast_request, compute_broadcast
from playground.models.job import Job
from playground.models.program.program import Program
from playground.models.state import BroadcastState, PlaygroundState
from playground.widgets.broadcasting.grids import WORDS_LEAST
from playground.widgets.broadcasting.panel import BroadcastPanel
from playground.widgets.broadcasting.title import OperandChoice
from playground.widgets.look import code_font, words_font
from playground.widgets.painting import text_width

WIDTHS = (360, 400, 500, 735)
LONG = "a_name_that_has_thirty_letters"
MATRIX, VECTOR = "torch.ones(3, 3)", "torch.ones(3)"


def two(name, other):
    return PlaygroundState(
        program=Program.parse(f"{name} = {MATRIX}\n{other} = {VECTOR}\nr = {name} + {other}"), selection="r"
    )


def three(name, other, operator="+"):
    chosen = BroadcastState(operands=(name, other, name), operator=operator, chosen_at="r")
    return replace(two(name, other), broadcast=chosen)


def several():
    program = Program.parse("a = torch.ones(3, 1)\nb = torch.ones(3)\nr = a + b * a / b")
    return PlaygroundState(program=program, selection="r")


def clash():
    return PlaygroundState(program=Program.parse("A = torch.ones(3, 4)\nv = torch.ones(3)\nr = A + v"), selection="r")


STATES = {
    "two short": two("m", "c"),
    "two long": two(LONG, f"{LONG}_too"),
    "three short": three("m", "c"),
    "three long": three(LONG, f"{LONG}_too", "maximum"),
    "a line of four": several(),
    "a clash": clash(),
}


def shown_panel(qtbot, state, width):
    panel = BroadcastPanel()
    qtbot.addWidget(panel)
    panel.resize(width, 320)
    panel.show()
    panel.accept_state(state)
    panel.show_result(compute_broadcast(broadcast_request(state), Job()))
    title = panel.bar.parts[0].parentWidget()
    qtbot.waitUntil(lambda: title.height() == title.flow.height_at(width) == title.layout().geometry().height())
    return panel


def parts_of(panel):
    layout = panel.bar.parts[0].parentWidget().layout()
    widgets = [layout.itemAt(place).widget() for place in range(layout.count())]
    return [widget for widget in widgets if not widget.isHidden() and widget.sizeHint().width() > 0]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", STATES)
def test_every_part_of_the_title_has_its_room_in_it(qtbot, name, width):
    panel = shown_panel(qtbot, STATES[name], width)
    title = panel.bar.parts[0].parentWidget()
    assert panel.width() == title.width() == width
    parts = parts_of(panel)
    assert panel.verdict in parts
    for part in parts:
        assert title.rect().adjusted(16, 8, -16, -8).contains(part.geometry())
        assert part.width() >= min(part.minimumSizeHint().width(), part.maximumWidth())
    for place, part in enumerate(parts):
        assert not any(part.geometry().intersects(other.geometry()) for other in parts[:place])
    assert panel.verdict.width() >= panel.verdict.sizeHint().width()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", STATES)
def test_an_operand_box_shows_its_name_or_three_letters_of_it(qtbot, name, width):
    panel = shown_panel(qtbot, STATES[name], width)
    boxes = [box for box in panel.bar.parts if isinstance(box, OperandChoice) and not box.isHidden()]
    assert len(boxes) == len(panel.bar.operands)
    for box in boxes:
        box.line.clearFocus()
        text, shown = box.currentText(), box.line.shown_text
        assert text
        assert shown == text or len(shown) >= 4
        assert text.startswith(shown.removesuffix("…"))
        assert text_width(code_font(), shown) <= box.line.width()


def test_one_line_where_there_is_room_and_the_same_line_again_after_a_narrow_one(qtbot):
    panel = shown_panel(qtbot, STATES["two short"], 735)
    title = panel.bar.parts[0].parentWidget()
    assert title.height() == 40
    panel.resize(400, 320)
    qtbot.waitUntil(lambda: title.height() == 70, timeout=20_000)
    assert panel.verdict.geometry().left() == 16
    assert panel.verdict.geometry().top() > panel.gradient.geometry().bottom()
    panel.resize(735, 320)
    qtbot.waitUntil(lambda: title.height() == 40, timeout=20_000)


def test_a_longer_verdict_takes_a_line_of_its_own_at_once(qtbot):
    panel = shown_panel(qtbot, STATES["two short"], 735)
    title = panel.bar.parts[0].parentWidget()
    panel.verdict.set_verdict("fits, and there is very much more to be said of it than in any other case", "good")
    qtbot.waitUntil(lambda: title.height() == 70, timeout=20_000)


def test_the_keyboard_goes_through_the_operands_from_left_to_right(qtbot):
    panel = shown_panel(qtbot, STATES["three short"], 735)
    wanted = [panel.bar.boxes[0], panel.bar.operator, *panel.bar.boxes[1:], panel.bar.third, panel.gradient]
    met, widget = [], panel.bar.boxes[0]
    while len(met) < len(wanted):
        met += [widget] if widget in wanted else []
        widget = widget.nextInFocusChain()
    assert met == wanted


@pytest.mark.parametrize("width", WIDTHS)
def test_grids_without_elements_say_so_in_full(qtbot, width):
    program = Program.parse("m = torch.ones(0, 3)\nc = torch.ones(3)\nr = m + c")
    panel = shown_panel(qtbot, PlaygroundState(program=program, selection="r"), width)
    grids = panel.grids.shown()
    qtbot.waitUntil(lambda: all(grid.width() >= WORDS_LEAST for grid in grids), timeout=20_000)
    for grid, words in zip(grids, ("0 elements: axis 0 has size 0.",) * 3, strict=True):
        room = grid.viewport().rect().adjusted(0, 4, -4, 0)
        needed = QFontMetrics(words_font()).boundingRect(QRect(room), int(Qt.TextFlag.TextWordWrap), words)
        assert needed.width() <= room.width()
        assert needed.height() <= room.height()
