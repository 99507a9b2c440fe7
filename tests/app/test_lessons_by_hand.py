"""Every lesson is done from start to end with mouse and keyboard, in the real window."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QDeadlineTimer, QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QComboBox, QLineEdit, QScrollArea, QWidget

from playground import spotlight
from playground.models.lessons.acts import ACTS
from playground.models.lessons.goals import GOALS
from playground.models.lessons.library import find_lesson, library
from playground.models.network.activations import ACTIVATIONS
from playground.models.network.init_schemes import INIT_SCHEMES
from playground.models.tensors.state import PointedCell
from playground.widgets.network.step_through_view import StepThroughView

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(autouse=True)
def lights_go_out_late(monkeypatch):
    """Only what the hand does ends a light, however slow the machine."""
    monkeypatch.setattr(spotlight, "SHOWN_MILLISECONDS", 600_000)


def find(window, name, kind=QWidget):
    found = [widget for widget in window.findChildren(kind, name) if widget.isVisible()]
    assert found, f"{name} is not to be seen"
    return found[0]


def click(window, name):
    """Click a part, scrolled into view first, as a hand would do it."""
    widget = find(window, name)
    holder = widget.parentWidget()
    while holder is not None:
        if isinstance(holder, QScrollArea):
            holder.ensureWidgetVisible(widget)
        holder = holder.parentWidget()
    QApplication.processEvents()
    QTest.mouseClick(widget, LEFT, pos=widget.rect().center())


def replace_text(widget, text):
    widget.setFocus()
    QTest.keyClick(widget, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(widget, text)


def select(window, name):
    cards = window.furniture.workspace.panels["tensors"].list
    card = cards.card(name)
    cards.ensureWidgetVisible(card)
    QTest.mouseClick(card, LEFT, pos=QPoint(card.width() - 40, card.height() - 8))


def point_at(window, cell, part="shape.grid"):
    """Click the cell in the shape's grid, or in the grid of another part."""
    name, _, index = cell.partition("[")
    index = tuple(int(part) for part in index.rstrip("]").split(","))
    window.furniture.pages[0].open_tab(part.partition(".")[0])
    if part == "shape.grid":
        select(window, name)
    grid = find(window, part)

    def place():
        QTest.qWait(5)
        if any(link.task.is_busy for link in window.furniture.workspace.links.values()):
            return None
        for y in range(0, grid.viewport().height(), 6):
            for x in range(0, grid.viewport().width(), 12):
                if grid.index_at(QPoint(x, y).toPointF()) == index:
                    return QPoint(x + 4, y + 4)
        return None

    deadline, found = QDeadlineTimer(30_000), None
    while found is None and not deadline.hasExpired():
        found = place()
    assert found is not None, f"{cell} is not to be seen"
    QTest.mouseClick(grid.viewport(), LEFT, pos=found)


def type_line(window, line):
    name, _, code = line.partition(" = ")
    store = window.furniture.workspace.store
    if store.state.program.get(name) is None:
        click(window, "tensors.line")
        text = line
    else:
        select(window, name)
        QTest.keyClick(window.furniture.workspace.panels["tensors"].list, Qt.Key.Key_Return)
        text = code
    editor = find(window, "tensors.code")
    QTest.keyClick(editor, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(editor, text)
    assert editor.popup is None or not editor.popup.isVisible()
    QTest.keyClick(editor, Qt.Key.Key_Return)


def type_equation(window, equation):
    window.furniture.pages[0].open_tab("einsum")
    replace_text(find(window, "einsum.equation"), equation)


def set_einsum(window, pairs):
    wanted = dict(pairs)
    type_equation(window, wanted["equation"])
    for number, operand in enumerate(wanted.get("operands", ())):
        choose(find(window, f"einsum.operand.{number}", QComboBox), operand)


def set_memory(window, pairs):
    window.furniture.pages[0].open_tab("memory")
    for name, value in pairs:
        assert name == "view_shape"
        replace_text(find(window, "memory.view_shape", QLineEdit), value)


def choose(combo, value):
    """Choose an entry with the keyboard, by its data or its words."""
    texts = [str(combo.itemData(number) or combo.itemText(number)) for number in range(combo.count())]
    if value not in texts:
        texts = [combo.itemText(number) for number in range(combo.count())]
    combo.setFocus()
    QTest.keyClick(combo, Qt.Key.Key_Home)
    for _ in range(texts.index(value)):
        QTest.keyClick(combo, Qt.Key.Key_Down)


def set_network(window, pairs):
    for name, value in sorted(pairs, key=lambda pair: pair[0] != "init"):
        if isinstance(value, str):
            words = {"init": INIT_SCHEMES, "activation": ACTIVATIONS}[name]
            combo = find(window, f"network.{name}", QComboBox)
            choose(combo, combo.itemText(list(words).index(value)))
        else:
            box = find(window, f"network.{name}", QAbstractSpinBox)
            line = box.findChild(QLineEdit)
            replace_text(line, str(value))
            QTest.keyClick(line, Qt.Key.Key_Return)


def run_ladder(window, _qtbot):
    window.furniture.pages[0].open_tab("einsum")
    tabs = find(window, "einsum.details")
    QTest.mouseClick(tabs, LEFT, pos=tabs.tabRect(tabs.count() - 1).center())
    click(window, "einsum.ladder.run")


def step_on(window, qtbot, is_enough):
    """Press the arrow of the step-through until the loss, or the last step."""
    click(window, "network.open.step_through")
    view = window.findChild(StepThroughView)
    activation = window.furniture.workspace.store.state.network.spec.activation
    qtbot.waitUntil(lambda: activation in view.what.text(), timeout=20_000)
    QTest.mouseClick(view.back, LEFT)
    while not is_enough(view):
        assert view.on.isEnabled()
        QTest.mouseClick(view.on, LEFT)


def choose_checkpoint(window, qtbot):
    click(window, "network.saved.details")
    box = window.findChild(QAbstractSpinBox, "network.saved.every")
    words = window.findChild(QWidget, "network.saved.checkpoints")
    qtbot.waitUntil(lambda: bool(words.text()), timeout=20_000)
    line = box.findChild(QLineEdit)
    replace_text(line, "7" if box.value != 7 else "8")
    QTest.keyClick(line, Qt.Key.Key_Return)


ACTS_BY_HAND = {
    "ladder": run_ladder,
    "forward_pass": lambda window, qtbot: step_on(window, qtbot, lambda view: view.formula.text().startswith("L =")),
    "backward_pass": lambda window, qtbot: step_on(window, qtbot, lambda view: not view.on.isEnabled()),
    "checkpoint": choose_checkpoint,
}

HANDS = {
    "pointed": point_at,
    "line": type_line,
    "equation": type_equation,
    "selected": select,
    "memory": set_memory,
    "network": set_network,
    "einsum": set_einsum,
}


def test_there_is_a_hand_for_every_goal():
    assert {*HANDS, "act"} == set(GOALS)
    assert set(ACTS_BY_HAND) == set(ACTS)


def begin(window, qtbot, key):
    """Open a lesson at its beginning, whatever was done in it before, and wait for all its numbers."""
    window.furniture.workspace.commands.open_lesson(key)
    click(window, "lessons.again")
    view = find(window, "lessons.text")
    qtbot.waitUntil(lambda: view.is_ready and view.cards[0].isVisible(), timeout=30_000)


def lit_part_is_seen(window, part):
    """The ring lies in the window, around something that no fold, tab or scroll hides."""
    ring = find(window, "spotlight")
    seen = window.furniture.lessons.spotlight.find(part)
    return window.rect().contains(ring.geometry()) and seen.isVisible() and not in_view(window, seen).isEmpty()


def in_view(window, widget):
    """What of a widget no scrolled holder cuts away, in the window."""
    rect = QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())
    while widget is not window:
        widget = widget.parentWidget()
        rect &= QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())
    return rect


def test_a_part_that_is_folded_away_or_on_another_page_is_brought_into_view(open_window, qtbot):
    window = open_window((1000, 640))
    lessons = window.furniture.lessons
    begin(window, qtbot, "4")
    for part in ("memory.facts", "network.loss", "einsum.equation", "network.open.step_through", "shape.grid"):
        lessons.light(part)
        qtbot.waitUntil(lambda part=part: lit_part_is_seen(window, part), timeout=20_000)


def test_a_light_stays_while_the_hand_points_and_goes_out_when_another_line_is_selected(window, store):
    window.furniture.lessons.light("shape.grid")
    store.apply(replace(store.state, pointed=PointedCell("B", (0, 0))))
    assert find(window, "spotlight").isVisible()
    store.apply(replace(store.state, selection="A"))
    assert not any(widget.isVisible() for widget in window.findChildren(QWidget, "spotlight"))


def test_a_lit_part_that_a_layout_moves_away_is_scrolled_into_view_again(open_window, qtbot):
    window = open_window((1000, 640))
    lessons = window.furniture.lessons
    lessons.light("network.open.step_through")
    qtbot.waitUntil(lambda: lit_part_is_seen(window, "network.open.step_through"), timeout=20_000)
    button = lessons.spotlight.find("network.open.step_through")
    holder = button.parentWidget()
    spacer = QWidget()
    spacer.setFixedHeight(3000)
    while not isinstance(holder, QScrollArea):
        holder = holder.parentWidget()
    holder.widget().layout().insertWidget(0, spacer)
    qtbot.waitUntil(lambda: holder.verticalScrollBar().maximum() > 2500, timeout=20_000)
    qtbot.waitUntil(lambda: lit_part_is_seen(window, "network.open.step_through"), timeout=20_000)
    scroll_bar = holder.verticalScrollBar()
    waiting = lessons.spotlight._ring._laid_out
    qtbot.waitUntil(lambda: not waiting.isActive(), timeout=20_000)
    scroll_bar.setValue(0)  # moves the content at once; a layout that comes later may well scroll it back
    assert not waiting.isActive()
    assert scroll_bar.value() == 0


def test_the_cell_to_click_is_ringed_and_named(open_window, qtbot):
    window = open_window()
    begin(window, qtbot, "4")
    select(window, "m")
    click(window, "lessons.where")
    assert find(window, "spotlight").accessibleName() == ""
    assert find(window, "tensors.card.r").isVisible()
    select(window, "r")
    grid = find(window, "shape.grid")
    qtbot.waitUntil(lambda: grid.reader is not None and grid.reader.shape == (3, 3))
    click(window, "lessons.where")
    assert find(window, "spotlight").accessibleName() == "Click r[1, 0]"


def test_the_answer_is_seen_where_the_words_above_it_grow_when_it_is_shown(open_window, qtbot):
    window = open_window((1000, 640))
    begin(window, qtbot, "9")
    click(window, "lessons.predict.0")
    for _ in range(3):
        click(window, "lessons.skip")
    click(window, "lessons.answer")
    qtbot.waitUntil(lambda: in_view(window, find(window, "lessons.verdict")).height() > 200, timeout=20_000)
    panel = window.furniture.lessons._panel
    qtbot.waitUntil(lambda: not panel._revealing.isActive(), timeout=20_000)
    bar = panel._scrolls[1].verticalScrollBar()
    bar.setValue(20)
    view, end = find(window, "lessons.text"), bar.maximum()
    view.setMinimumHeight(view.height() + 400)
    qtbot.waitUntil(lambda: bar.maximum() >= end + 400, timeout=20_000)
    assert not panel._revealing.isActive()
    assert bar.value() == 20


def test_what_the_learner_has_come_to_is_scrolled_into_view(open_window, qtbot):
    window = open_window((1000, 640))
    begin(window, qtbot, "6")
    click(window, "lessons.predict.0")
    qtbot.waitUntil(lambda: in_view(window, find(window, "lessons.where")).height() > 10)
    click(window, "lessons.answer")
    qtbot.waitUntil(lambda: in_view(window, find(window, "lessons.verdict")).height() > 40)


def test_the_first_lesson_is_done_with_the_plus_and_the_cross_as_it_says(open_window, qtbot):
    window = open_window()
    begin(window, qtbot, "1")
    store = window.furniture.workspace.store
    qtbot.waitUntil(lambda: window.findChild(QWidget, "shape.insert.1") is not None)
    click(window, "shape.insert.0")
    qtbot.waitUntil(lambda: store.state.lesson.here.steps == 1)
    qtbot.waitUntil(lambda: window.findChild(QWidget, "shape.squeeze.0") is not None)
    click(window, "shape.squeeze.0")
    qtbot.waitUntil(lambda: window.findChild(QWidget, "shape.insert.2") is None)
    click(window, "shape.insert.1")
    qtbot.waitUntil(lambda: store.state.lesson.here.steps == 2)
    point_at(window, "C[2, 1]")
    qtbot.waitUntil(lambda: store.state.lesson.here.steps == 3)


@pytest.mark.parametrize("key", ["6", "9", "10"])
def test_do_it_for_me_does_all_steps_and_the_app_notices(open_window, qtbot, key):
    window = open_window()
    begin(window, qtbot, key)
    store = window.furniture.workspace.store
    lesson, _ = find_lesson(key)
    for number in range(len(lesson.steps)):
        click(window, "lessons.do")
        qtbot.waitUntil(lambda n=number: store.state.lesson.here.steps == n + 1, timeout=30_000)
    assert not window.furniture.lessons.player.is_playing
    assert store.state.lesson.here.skipped == ()
    assert find(window, "status.lesson").text() == f"lesson {key} of 12"


def test_closing_the_window_that_is_being_stepped_through_ends_it(open_window, qtbot):
    window = open_window()
    begin(window, qtbot, "9")
    click(window, "lessons.do")
    qtbot.waitUntil(lambda: window.findChild(StepThroughView) is not None, timeout=20_000)
    window.findChild(StepThroughView).close()
    qtbot.waitUntil(lambda: not window.furniture.lessons.player.is_playing, timeout=20_000)
    window.furniture.lessons.player.play("forward_pass")
    window.furniture.workspace.commands.open_lesson("4")
    assert not window.furniture.lessons.player.is_playing


def do_by_hand(window, qtbot, step):
    """Do what a step asks for; acts last, since they show what else was set."""
    for kind, wanted in sorted(step.goal, key=lambda goal: goal[0] == "act"):
        if kind == "act":
            ACTS_BY_HAND[wanted](window, qtbot)
        elif kind == "pointed":
            qtbot.waitUntil(lambda: not window.furniture.workspace.links["einsum"].task.is_busy, timeout=20_000)
            point_at(window, wanted, step.part)
        else:
            HANDS[kind](window, wanted)


@pytest.mark.parametrize("lesson", library(), ids=lambda lesson: lesson.key)
def test_a_lesson_is_done_by_hand(open_window, qtbot, lesson):
    window = open_window()
    store = window.furniture.workspace.store
    own = store.state.program
    begin(window, qtbot, lesson.key)
    assert window.pages.currentIndex() == (1 if lesson.page == "network" else 0)
    right = next(number for number, one in enumerate(lesson.predictions) if one.right)
    click(window, f"lessons.predict.{right}")
    assert store.state.lesson.here.prediction == right
    for number, step in enumerate(lesson.steps):
        assert store.state.lesson.here.steps == number
        click(window, "lessons.where")
        qtbot.waitUntil(lambda step=step: lit_part_is_seen(window, step.part), timeout=20_000)
        do_by_hand(window, qtbot, step)
        qtbot.waitUntil(lambda n=number: store.state.lesson.here.steps == n + 1, timeout=20_000)
    click(window, "lessons.answer")
    said = find(window, "lessons.verdict").accessibleName()
    assert "It is so." in said
    assert "NOT" not in said
    click(window, "lessons.close")
    assert store.state.program == own
    assert store.state.lesson.progress_in(lesson.key).answered
