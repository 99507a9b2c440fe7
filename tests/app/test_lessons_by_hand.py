"""Every lesson is done from start to end with mouse and keyboard, in the real window."""

from dataclasses import replace

import pytest
from hand import KEY, LEFT, Hand
from PySide6.QtCore import QPoint, QRect
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractSpinBox, QComboBox, QLineEdit, QScrollArea, QWidget

from playground import spotlight
from playground.models.lessons.acts import ACTS
from playground.models.lessons.goals import GOALS
from playground.models.lessons.library import find_lesson, library
from playground.models.network.activations import ACTIVATIONS
from playground.models.network.init_schemes import INIT_SCHEMES
from playground.models.tensors.state import PointedCell
from playground.widgets.network.step_through_view import StepThroughView


@pytest.fixture(autouse=True)
def lights_go_out_late(monkeypatch):
    """Only what the hand does ends a light, however slow the machine."""
    monkeypatch.setattr(spotlight, "SHOWN_MILLISECONDS", 600_000)


class LessonHand(Hand):
    """A hand that does what the steps of a lesson ask for."""

    def begin(self, key):
        """Open a lesson at its beginning, whatever was done in it before, and wait for all its numbers."""
        self.workspace.commands.open_lesson(key)
        self.click("lessons.again")
        view = self.find("lessons.text")
        self.until(lambda: view.is_ready and view.cards[0].isVisible(), timeout=30_000)

    def light_is_seen(self, part):
        """The ring lies in the window, around something that no fold, tab or scroll hides."""
        ring, seen = self.find("spotlight"), self.window.furniture.lessons.spotlight.find(part)
        return self.window.rect().contains(ring.geometry()) and seen.isVisible() and not self.shown(seen).isEmpty()

    def shown(self, widget):
        """What of a part no scrolled holder cuts away, in the window."""
        widget = self.find(widget) if isinstance(widget, str) else widget
        rect = QRect(widget.mapTo(self.window, QPoint(0, 0)), widget.size())
        while widget is not self.window:
            widget = widget.parentWidget()
            rect &= QRect(widget.mapTo(self.window, QPoint(0, 0)), widget.size())
        return rect

    def point_at(self, cell, part="shape.grid"):
        """Click the cell in the shape's grid, or in the grid of another part."""
        name, _, index = cell.partition("[")
        self.tab(part.partition(".")[0])
        if part == "shape.grid":
            self.select(name)
        grid, places = self.find(part), []
        self.until(lambda: places.append(self.cell(grid, tuple(map(int, index.rstrip("]").split(","))))))
        QTest.mouseClick(grid.viewport(), LEFT, pos=places[0])

    def type_line(self, line):
        name, _, code = line.partition(" = ")
        if self.state.program.get(name) is None:
            self.click("tensors.line")
            text = line
        else:
            self.open_line(name)
            text = code
        editor = self.find("tensors.code")
        self.write(editor, text)
        assert editor.popup is None or not editor.popup.isVisible()
        self.key(KEY.Key_Return, widget=editor)

    def type_equation(self, equation):
        self.tab("einsum")
        self.write("einsum.equation", equation)

    def set_einsum(self, pairs):
        wanted = dict(pairs)
        self.type_equation(wanted["equation"])
        for number, operand in enumerate(wanted.get("operands", ())):
            self.pick(f"einsum.operand.{number}", operand)

    def set_memory(self, pairs):
        self.tab("memory")
        for name, value in pairs:
            assert name == "view_shape"
            self.write("memory.view_shape", value)

    def set_network(self, pairs):
        for name, value in sorted(pairs, key=lambda pair: pair[0] != "init"):
            if isinstance(value, str):
                words = {"init": INIT_SCHEMES, "activation": ACTIVATIONS}[name]
                combo = self.find(f"network.{name}", QComboBox)
                self.pick(combo, combo.itemText(list(words).index(value)))
            else:
                line = self.find(f"network.{name}", QAbstractSpinBox).findChild(QLineEdit)
                self.write(line, str(value))
                self.key(KEY.Key_Return, widget=line)

    def run_ladder(self):
        self.tab("einsum")
        tabs = self.find("einsum.details")
        QTest.mouseClick(tabs, LEFT, pos=tabs.tabRect(tabs.count() - 1).center())
        self.click("einsum.ladder.run")

    def step_on(self, is_enough):
        """Press the arrow of the step-through until the loss, or the last step."""
        self.click("network.open.step_through")
        view = self.window.findChild(StepThroughView)
        activation = self.state.network.spec.activation
        self.until(lambda: activation in view.what.text())
        QTest.mouseClick(view.back, LEFT)
        while not is_enough(view):
            assert view.on.isEnabled()
            QTest.mouseClick(view.on, LEFT)

    def choose_checkpoint(self):
        self.click("network.saved.details")
        box = self.window.findChild(QAbstractSpinBox, "network.saved.every")
        words = self.window.findChild(QWidget, "network.saved.checkpoints")
        self.until(lambda: bool(words.text()))
        line = box.findChild(QLineEdit)
        self.write(line, "7" if box.value != 7 else "8")
        self.key(KEY.Key_Return, widget=line)

    def do(self, step):
        """Do what a step asks for; acts last, since they show what else was set."""
        for kind, wanted in sorted(step.goal, key=lambda goal: goal[0] == "act"):
            if kind == "act":
                ACTS_BY_HAND[wanted](self)
            elif kind == "pointed":
                self.point_at(wanted, step.part)
            else:
                HANDS[kind](self, wanted)


@pytest.fixture
def open_hand(open_window, qtbot):
    return lambda *size: LessonHand(open_window(size or (1360, 860)), qtbot)


ACTS_BY_HAND = {
    "ladder": LessonHand.run_ladder,
    "forward_pass": lambda hand: hand.step_on(lambda view: view.formula.text().startswith("L =")),
    "backward_pass": lambda hand: hand.step_on(lambda view: not view.on.isEnabled()),
    "checkpoint": LessonHand.choose_checkpoint,
}

HANDS = {
    "pointed": LessonHand.point_at,
    "line": LessonHand.type_line,
    "equation": LessonHand.type_equation,
    "selected": LessonHand.select,
    "memory": LessonHand.set_memory,
    "network": LessonHand.set_network,
    "einsum": LessonHand.set_einsum,
}


def test_there_is_a_hand_for_every_goal():
    assert {*HANDS, "act"} == set(GOALS)
    assert set(ACTS_BY_HAND) == set(ACTS)


def test_a_part_that_is_folded_away_or_on_another_page_is_brought_into_view(open_hand):
    hand = open_hand(1000, 640)
    lessons = hand.window.furniture.lessons
    hand.begin("4")
    for part in ("memory.facts", "network.loss", "einsum.equation", "network.open.step_through", "shape.grid"):
        lessons.light(part)
        hand.until(lambda part=part: hand.light_is_seen(part))


def test_a_light_stays_while_the_hand_points_and_goes_out_when_another_line_is_selected(open_hand):
    hand = open_hand()
    hand.window.furniture.lessons.light("shape.grid")
    hand.store.apply(replace(hand.state, pointed=PointedCell("B", (0, 0))))
    assert hand.find("spotlight").isVisible()
    hand.store.apply(replace(hand.state, selection="A"))
    assert not hand.is_seen("spotlight")


def test_a_lit_part_that_a_layout_moves_away_is_scrolled_into_view_again(open_hand):
    hand = open_hand(1000, 640)
    lessons = hand.window.furniture.lessons
    lessons.light("network.open.step_through")
    hand.until(lambda: hand.light_is_seen("network.open.step_through"))
    button = lessons.spotlight.find("network.open.step_through")
    holder = button.parentWidget()
    spacer = QWidget()
    spacer.setFixedHeight(3000)
    while not isinstance(holder, QScrollArea):
        holder = holder.parentWidget()
    holder.widget().layout().insertWidget(0, spacer)
    hand.until(lambda: holder.verticalScrollBar().maximum() > 2500)
    hand.until(lambda: hand.light_is_seen("network.open.step_through"))
    scroll_bar = holder.verticalScrollBar()
    waiting = lessons.spotlight._ring._laid_out
    hand.until(lambda: not waiting.isActive())
    scroll_bar.setValue(0)  # moves the content at once; a layout that comes later may well scroll it back
    assert not waiting.isActive()
    assert scroll_bar.value() == 0


def test_the_cell_to_click_is_ringed_and_named(open_hand):
    hand = open_hand()
    hand.begin("4")
    hand.select("m")
    hand.click("lessons.where")
    assert hand.find("spotlight").accessibleName() == ""
    assert hand.find("tensors.card.r").isVisible()
    hand.select("r")
    grid = hand.find("shape.grid")
    hand.until(lambda: grid.reader is not None and grid.reader.shape == (3, 3))
    hand.click("lessons.where")
    assert hand.find("spotlight").accessibleName() == "Click r[1, 0]"


def test_the_answer_is_seen_where_the_words_above_it_grow_when_it_is_shown(open_hand):
    hand = open_hand(1000, 640)
    hand.begin("9")
    hand.click("lessons.predict.0")
    for _ in range(3):
        hand.click("lessons.skip")
    hand.click("lessons.answer")
    hand.until(lambda: hand.shown("lessons.verdict").height() > 200)
    panel = hand.window.furniture.lessons._panel
    hand.until(lambda: not panel._revealing.isActive())
    bar = panel._scrolls[1].verticalScrollBar()
    bar.setValue(20)
    view, end = hand.find("lessons.text"), bar.maximum()
    view.setMinimumHeight(view.height() + 400)
    hand.until(lambda: bar.maximum() >= end + 400)
    assert not panel._revealing.isActive()
    assert bar.value() == 20


def test_what_the_learner_has_come_to_is_scrolled_into_view(open_hand):
    hand = open_hand(1000, 640)
    hand.begin("6")
    hand.click("lessons.predict.0")
    hand.until(lambda: hand.shown("lessons.where").height() > 10)
    hand.click("lessons.answer")
    hand.until(lambda: hand.shown("lessons.verdict").height() > 40)


def test_the_first_lesson_is_done_with_the_plus_and_the_cross_as_it_says(open_hand):
    hand = open_hand()
    hand.begin("1")
    hand.until(lambda: hand.window.findChild(QWidget, "shape.insert.1") is not None)
    hand.click("shape.insert.0")
    hand.until(lambda: hand.state.lesson.here.steps == 1)
    hand.until(lambda: hand.window.findChild(QWidget, "shape.squeeze.0") is not None)
    hand.click("shape.squeeze.0")
    hand.until(lambda: hand.window.findChild(QWidget, "shape.insert.2") is None)
    hand.click("shape.insert.1")
    hand.until(lambda: hand.state.lesson.here.steps == 2)
    hand.point_at("C[2, 1]")
    hand.until(lambda: hand.state.lesson.here.steps == 3)


@pytest.mark.parametrize("key", ["6", "9", "10"])
def test_do_it_for_me_does_all_steps_and_the_app_notices(open_hand, key):
    hand = open_hand()
    hand.begin(key)
    lesson, _ = find_lesson(key)
    for number in range(len(lesson.steps)):
        hand.click("lessons.do")
        hand.until(lambda n=number: hand.state.lesson.here.steps == n + 1, timeout=30_000)
    assert not hand.window.furniture.lessons.player.is_playing
    assert hand.state.lesson.here.skipped == ()
    assert hand.find("status.lesson").text() == f"lesson {key} of 12"


def test_closing_the_window_that_is_being_stepped_through_ends_it(open_hand):
    hand = open_hand()
    hand.begin("9")
    hand.click("lessons.do")
    hand.until(lambda: hand.window.findChild(StepThroughView) is not None)
    hand.window.findChild(StepThroughView).close()
    hand.until(lambda: not hand.window.furniture.lessons.player.is_playing)
    hand.window.furniture.lessons.player.play("forward_pass")
    hand.workspace.commands.open_lesson("4")
    assert not hand.window.furniture.lessons.player.is_playing


@pytest.mark.parametrize("lesson", library(), ids=lambda lesson: lesson.key)
def test_a_lesson_is_done_by_hand(open_hand, lesson):
    hand = open_hand()
    own = hand.state.program
    hand.begin(lesson.key)
    assert hand.window.pages.currentIndex() == (1 if lesson.page == "network" else 0)
    right = next(number for number, one in enumerate(lesson.predictions) if one.right)
    hand.click(f"lessons.predict.{right}")
    assert hand.state.lesson.here.prediction == right
    for number, step in enumerate(lesson.steps):
        assert hand.state.lesson.here.steps == number
        hand.click("lessons.where")
        hand.until(lambda step=step: hand.light_is_seen(step.part))
        hand.do(step)
        hand.until(lambda n=number: hand.state.lesson.here.steps == n + 1)
    hand.click("lessons.answer")
    said = hand.find("lessons.verdict").accessibleName()
    assert "Right." in said
    assert "NOT" not in said
    hand.click("lessons.close")
    assert hand.state.program == own
    assert hand.state.lesson.progress_in(lesson.key).answered
