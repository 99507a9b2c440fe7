"""Every lesson is done from start to end with mouse and keyboard, in the real window."""

from dataclasses import replace

import pytest
from hand import CONTROL, KEY, LEFT, SHIFT, Hand
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QMouseEvent, QRegion
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QComboBox, QLineEdit, QScrollArea, QWidget

from playground.app import lesson_dock
from playground.models.lessons.goals import ACTS, GOALS, TOLERANCE
from playground.models.lessons.lesson_file import find_lesson, library
from playground.models.lessons.moves import part_to_light
from playground.models.network.spec.activations import ACTIVATIONS
from playground.models.network.spec.inits import INIT_SCHEMES
from playground.models.state import PointedCell
from playground.widgets.controls.slider import FINE
from playground.widgets.network.windows.step_through import StepThroughView


@pytest.fixture(autouse=True)
def lights_go_out_late(monkeypatch):
    """Only what the hand does ends a light, however slow the machine."""
    monkeypatch.setattr(lesson_dock, "SHOWN_MILLISECONDS", 600_000)


class LessonHand(Hand):
    """A hand that does what the steps of a lesson say, where the light is."""

    def begin(self, key, prediction=0):
        """Open a lesson at its beginning, wait for all its numbers, and predict."""
        self.workspace.commands.open_lesson(key)
        self.click("lessons.again")
        self.until(lambda: self.is_seen("lessons.text"), timeout=30_000)
        view = self.find("lessons.text")
        self.until(lambda: view.is_ready and view.cards[0].isVisible(), timeout=30_000)
        if prediction is not None:
            self.click(f"lessons.predict.{prediction}")

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

    def lit(self, step):
        """Press Show me where; the name of the part, the widget below the middle of the light, and that place in it."""
        name = part_to_light(step, self.state)
        self.window.activateWindow()  # as a click of a real hand does, where another window is open
        self.until(self.window.isActiveWindow)
        self.click("lessons.where")
        self.until(lambda: self.light_is_seen(name))
        self.settle()
        ring = self.find("spotlight")
        spot = ring.mapTo(self.window, ring.rect().center())
        if isinstance(ring, lesson_dock.CellRing):
            self.until(lambda: ring._cell() is not None)
            spot = ring._grid.mapTo(self.window, ring._cell().center())
        widget = self.window.childAt(spot)
        return name, widget, widget.mapFrom(self.window, spot)

    def do(self, step):
        """Do what is to be done at the light, until the step is counted."""
        before = self.state.lesson.here.steps
        goal = dict(step.goal)
        done = []
        for _ in range(MOST_PLACES):
            name, widget, place = self.lit(step)
            done.append(name)
            self.act(step, goal, name, widget, place)
            self.settle()
            if self.is_counted(before) or part_to_light(step, self.state) == name:
                break

        def counted():
            light = part_to_light(step, self.state)
            assert self.is_counted(before), f"{step.words}: after {done} not counted, the light is at {light!r}"

        self.until(counted)

    def is_counted(self, before):
        return self.state.lesson.here.steps > before

    def act(self, step, goal, name, widget, place):
        places = {kind: GOALS.find(kind).place(self.state, goal[kind], step.part) for kind in GOALS if kind in goal}
        kind = next(kind for kind, place_of_it in places.items() if place_of_it == name)
        HANDS[kind](self, goal[kind], name, widget, place)

    def press(self, _wanted, _name, widget, place):
        QTest.mouseClick(widget, LEFT, pos=place)

    def type_line(self, line, name, widget, place):
        """Press Line, a plus or a cross; in a card, double-click. What opens an editor is typed into."""
        code = line if name == "tensors.line" else line.partition(" = ")[2]
        if name.startswith("shape."):
            QTest.mouseClick(widget, LEFT, pos=place)
            return
        if name == "tensors.line":
            QTest.mouseClick(widget, LEFT, pos=place)
        else:
            QTest.mouseDClick(widget, LEFT, pos=place)
        editor = self.find("tensors.code")
        self.until(editor.hasFocus)
        QTest.keyClick(editor, KEY.Key_A, CONTROL)
        QTest.keyClicks(editor, code)
        self.until(lambda: editor.popup is None or not editor.popup.isVisible())
        QTest.keyClick(editor, KEY.Key_Return)

    def type_equation(self, equation, _name, widget, place):
        QTest.mouseClick(widget, LEFT, pos=place)
        self.type_here(equation)

    def type_here(self, text):
        """Replace what stands in the field that the click went into."""
        field = QApplication.focusWidget()
        QTest.keyClick(field, KEY.Key_A, CONTROL)
        QTest.keyClicks(field, text)

    def set_einsum(self, pairs, name, widget, place):
        wanted = dict(pairs)
        if name == "einsum.equation":
            self.type_equation(wanted["equation"], name, widget, place)
        else:
            number, operands = int(name.rpartition(".")[2]), wanted["operands"]
            self.pick_row(widget, operands[number] if number < len(operands) else "none")

    def set_memory(self, pairs, _name, widget, place):
        QTest.mouseClick(widget, LEFT, pos=place)
        self.type_here(dict(pairs)["view_shape"])

    def set_network(self, pairs, name, widget, _place):
        field = name.removeprefix("network.")
        value = dict(pairs)[field]
        if isinstance(value, str):
            self.pick_row(widget, {"init": INIT_SCHEMES, "activation": ACTIVATIONS}[field][value].label)
        else:
            self.drag_to(self.find(f"{name}.row"), value)

    def pick_row(self, combo, words):
        """Click a box, go down its list to these words, and press Enter; no row that shows is cut."""
        assert isinstance(combo, QComboBox)
        QTest.mouseClick(combo, LEFT, pos=combo.rect().center())
        view = combo.view()
        self.until(view.isVisible)
        texts = [combo.itemText(row) for row in range(combo.count())]
        for row, text in enumerate(texts):
            shown = view.visualRect(combo.model().index(row, 0)).intersected(view.viewport().rect())
            assert shown.isEmpty() or shown.width() >= view.fontMetrics().horizontalAdvance(text), f"{text} is cut"
        QTest.keyClick(view, KEY.Key_Home)
        for _ in range(texts.index(words)):
            QTest.keyClick(view, KEY.Key_Down)
        QTest.keyClick(view, KEY.Key_Return)
        self.window.activateWindow()
        QApplication.processEvents()

    def drag_to(self, row, wanted):
        """Drag the handle near to a number, then with Shift to within what the step allows."""
        slider = row.slider
        x = near = round(slider.handle_x())
        self.mouse(slider, QEvent.Type.MouseButtonPress, x)
        way = 1 if row.value < wanted else -1
        while (wanted - row.value) * way > 0 and 0 < near + way < slider.width():
            near += way
            self.mouse(slider, QEvent.Type.MouseMove, near)
        for far in range(1, 2 * FINE):
            if abs(row.value / wanted - 1) < TOLERANCE / 2:
                break
            self.mouse(slider, QEvent.Type.MouseMove, near - (far - 1) * way, SHIFT)
            self.mouse(slider, QEvent.Type.MouseMove, near - far * way, SHIFT)
        self.mouse(slider, QEvent.Type.MouseButtonRelease, near, SHIFT)
        assert abs(row.value / wanted - 1) < TOLERANCE

    def mouse(self, widget, kind, x, keys=Qt.KeyboardModifier.NoModifier):
        place = QPointF(x, widget.height() / 2)
        QApplication.sendEvent(widget, QMouseEvent(kind, place, widget.mapToGlobal(place), LEFT, LEFT, keys))

    def run_ladder(self):
        """The button was pressed at the light; the times come by themselves."""

    def step_on(self, is_enough):
        """Press the arrow of the step-through until the loss, or the last step."""
        view = self.window.findChild(StepThroughView)
        activation = self.state.network.spec.activation
        self.until(lambda: activation in view.what.text())
        QTest.mouseClick(view.back, LEFT)
        while not is_enough(view):
            assert view.on.isEnabled()
            QTest.mouseClick(view.on, LEFT)

    def choose_checkpoint(self):
        box = self.window.findChild(QAbstractSpinBox, "network.saved.every")
        words = self.window.findChild(QWidget, "network.saved.checkpoints")
        self.until(lambda: bool(words.text()))
        line = box.findChild(QLineEdit)
        self.write(line, "10" if box.value != 10 else "8")
        self.key(KEY.Key_Return, widget=line)

    def do_act(self, wanted, _name, widget, place):
        QTest.mouseClick(widget, LEFT, pos=place)
        ACTS_BY_HAND[wanted](self)


MOST_PLACES = 6


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
    "selected": LessonHand.press,
    "line": LessonHand.type_line,
    "einsum": LessonHand.set_einsum,
    "equation": LessonHand.type_equation,
    "memory": LessonHand.set_memory,
    "network": LessonHand.set_network,
    "pointed": LessonHand.press,
    "act": LessonHand.do_act,
}


def test_there_is_a_hand_for_every_goal():
    assert set(HANDS) == set(GOALS)
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
    hand.until(lambda: hand.find("spotlight").accessibleName() == "")
    assert hand.find("tensors.card.r").isVisible()
    hand.select("r")
    grid = hand.find("shape.grid")
    hand.until(lambda: grid.reader is not None and grid.reader.shape == (3, 3))
    hand.click("lessons.where")
    hand.until(lambda: hand.find("spotlight").accessibleName() == "Click r[1, 0]")


def test_the_answer_is_seen_where_the_words_above_it_grow_when_it_is_shown(open_hand):
    hand = open_hand(1000, 640)
    hand.begin("9")
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
    hand.until(lambda: hand.shown("lessons.where").height() > 10)
    hand.click("lessons.answer")
    hand.until(lambda: hand.shown("lessons.verdict").height() > 40)


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
    hand.begin(lesson.key, prediction=None)
    assert hand.window.pages.currentIndex() == (1 if lesson.page == "network" else 0)
    assert_all_is_covered(hand)
    right = next(number for number, one in enumerate(lesson.predictions) if one.right)
    hand.click(f"lessons.predict.{right}")
    hand.until(lambda: hand.state.lesson.here.prediction == right)
    for number, step in enumerate(lesson.steps):
        assert hand.state.lesson.here.steps == number
        hand.do(step)
        assert hand.state.lesson.here.steps == number + 1
    hand.click("lessons.answer")
    said = hand.find("lessons.verdict").accessibleName()
    assert "Right." in said
    assert "NOT" not in said
    made = hand.state.program
    hand.click("lessons.close")
    hand.until(lambda: hand.state.program == own)
    assert hand.state.lesson.progress_in(lesson.key).answered
    hand.workspace.commands.open_lesson(lesson.key)
    hand.settle()
    assert hand.state.program == made
    assert not covers(hand)


def covers(hand):
    return [one for one in hand.window.findChildren(QWidget, "cover") if one.isVisible()]


def assert_all_is_covered(hand):
    """Of the whole window, nothing but the header and the lesson can be seen."""
    hand.until(lambda: len(covers(hand)) == 2)
    top = hand.window.pages.mapTo(hand.window, QPoint(0, 0)).y()
    lesson = hand.window.furniture.lessons._panel
    free = QRegion(0, top, hand.window.width(), hand.window.height() - top)
    for widget in (*covers(hand), lesson):
        free -= QRegion(QRect(widget.mapTo(hand.window, QPoint(0, 0)), widget.size()))
    assert all(min(rect.width(), rect.height()) <= 1 for rect in free), list(free)
    assert_no_key_reaches_what_is_covered(hand)


def assert_no_key_reaches_what_is_covered(hand):
    for _ in range(30):
        QTest.keyClick(hand.window.focusWidget() or hand.window, Qt.Key.Key_Tab)
        reached = hand.window.focusWidget()
        assert reached is None or not any(one._target.isAncestorOf(reached) for one in covers(hand)), reached
