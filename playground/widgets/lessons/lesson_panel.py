"""The lesson beside the page: question, prediction, something to try, the answer."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from playground.models.lessons import moves
from playground.models.lessons.lesson import Lesson
from playground.models.lessons.lesson_file import find_lesson, library, neighbour, place_in_words
from playground.models.lessons.moves import part_to_light
from playground.models.lessons.request import LessonResult
from playground.models.problem import Problem
from playground.models.state import PlaygroundState, Progress
from playground.widgets.controls.buttons import Button, IconButton
from playground.widgets.controls.problem_banner import ProblemBanner
from playground.widgets.controls.section import Hairline, TitleLine
from playground.widgets.controls.tooltip import set_tooltip
from playground.widgets.lessons.lesson_list import LessonList
from playground.widgets.lessons.lesson_view import LessonView, ProgressBar
from playground.widgets.look import look
from playground.widgets.panel import Panel
from playground.widgets.text.labels import TextLabel

WIDTH = 368


class LessonPanel(Panel):
    """The shelf, or the open lesson; the window stands it at the right of the page while `state.lesson.is_open`.

    `act_wanted(name)` asks the window to do what no state can say, such as stepping through a pass.
    """

    act_wanted = Signal(str)
    arrived = Signal()
    """A lesson's texts are there."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedWidth(WIDTH)
        self._result: LessonResult | None = None
        self._banner = ProblemBanner(first=0)
        self._progress = ProgressBar()
        self._list = LessonList(library())
        self._list.opened.connect(self.open_lesson)
        self._list.wanted_answers.connect(self._on_list_wanted_answers)
        self.view = LessonView()
        self.view.predicted.connect(self._on_view_predicted)
        self.view.shown_where.connect(self._on_view_shown_where)
        self.view.wanted_done.connect(self._on_view_wanted_done)
        self.view.wanted_answer.connect(self._on_view_wanted_answer)
        self._stack = QStackedWidget()
        self._shown = Progress("")
        self._scrolls: list[QScrollArea] = []
        for widget in (self._list, self.view):
            scroll = QScrollArea()
            scroll.setWidgetResizable(True)
            scroll.setFrameShape(QScrollArea.Shape.NoFrame)
            scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
            scroll.viewport().setAutoFillBackground(False)
            widget.setAutoFillBackground(False)
            scroll.setWidget(widget)
            self._scrolls.append(scroll)
            self._stack.addWidget(scroll)
        self._revealed_at = -1
        self._revealing = QTimer(self)
        self._revealing.setSingleShot(True)
        self._revealing.timeout.connect(self._reveal)
        self._scrolls[1].verticalScrollBar().rangeChanged.connect(self._on_range_changed)
        self._place(self._make_title(), self._make_buttons())

    def _make_title(self) -> TitleLine:
        title = TitleLine("Lessons")
        self._title = title
        self._place_words = TextLabel("", role="text2", fixed=True)
        self._all = Button("All lessons", kind="quiet")
        self._all.setObjectName("lessons.all")
        self._all.clicked.connect(self._on_all_clicked)
        close = IconButton("x", "Close the lesson; your own work comes back")
        close.setObjectName("lessons.close")
        close.clicked.connect(self._on_close_clicked)
        title.add(self._place_words)
        title.add_right(self._all)
        title.add_right(close)
        return title

    def _make_buttons(self) -> QWidget:
        self._back, self._again = Button("Back"), Button("From the start", kind="quiet")
        self._skip, self._next = Button("Skip", kind="quiet"), Button("Next")
        set_tooltip(self._skip, "Pass over this step", "A line that later steps need is made")
        set_tooltip(self._again, "Begin this lesson anew")
        for button, name, slot in (
            (self._back, "back", self._on_back_clicked),
            (self._again, "again", self._on_again_clicked),
            (self._skip, "skip", self._on_skip_clicked),
            (self._next, "next", self._on_next_clicked),
        ):
            button.setObjectName(f"lessons.{name}")
            button.clicked.connect(slot)
        self._buttons = QWidget()
        row = QHBoxLayout(self._buttons)
        row.setContentsMargins(0, 8, 0, 8)
        row.addWidget(self._back)
        row.addStretch(1)
        for button in (self._again, self._skip, self._next):
            row.addWidget(button)
        return self._buttons

    def _place(self, title: QWidget, buttons: QWidget) -> None:
        inside = QVBoxLayout()
        inside.setContentsMargins(16, 0, 16, 0)
        inside.setSpacing(0)
        inside.addWidget(self._progress)
        inside.addWidget(self._banner)
        inside.addWidget(self._stack, 1)
        inside.addWidget(buttons)
        column = QVBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(title)
        column.addLayout(inside, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(Hairline(vertical=True))
        row.addLayout(column, 1)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The colour of the window, as the Program column has it."""
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), look().color("window"))

    def show_state(self, state: PlaygroundState) -> None:
        """Set list or lesson, progress and buttons."""
        here = state.lesson
        done = frozenset(one.key for one in here.progress if one.answered)
        self._list.set_done(done)
        self._stack.setCurrentIndex(1 if here.key else 0)
        questions = [one for one in library() if one.shelf == "questions"]
        keys = [one.key for one in questions]
        present = keys.index(here.key) if here.key in keys else -1
        self._progress.set_progress(tuple(key in done for key in keys), present)
        kind, _, place = place_in_words(here.key).partition(" ")
        self._title.set_title(kind.capitalize() or ("Lesson" if here.key else "Lessons"))
        self._place_words.set_text(place)
        self._all.setVisible(bool(here.key))
        self._buttons.setVisible(bool(here.key))
        self._banner.set_problem(None)
        if here.here != self._shown:
            self._shown = here.here
            self._revealing.start()
        is_read = self._result is not None and self._result.lesson.key == here.key
        self.view.setVisible(is_read)  # until then it would show another lesson below this one's number
        if is_read:
            self.view.set_progress(here.here)
        lesson = self.lesson()
        self._back.setEnabled(lesson is not None and neighbour(lesson, -1) is not None)
        self._next.setEnabled(lesson is not None and neighbour(lesson, 1) is not None)
        self._next.set_kind("primary" if here.here.answered else "secondary")
        self._skip.setVisible(lesson is not None and here.here.is_begun and here.here.steps < len(lesson.steps))

    def show_result(self, result: object) -> None:
        """Show the lesson's texts, and take note of the steps that are done now."""
        if not isinstance(result, LessonResult) or result.lesson.key != self.state.lesson.key:
            return
        self._result = result
        here = self.state.lesson.here
        self.view.set_result(result, here)
        self.view.show()
        self.arrived.emit()
        if here.steps < len(result.now_done) and result.now_done[here.steps]:
            acts = moves.acts_of(result.lesson, here.steps)
            self.edit(moves.step_done(self.state, here.steps + 1, acts))

    @Slot()
    def _reveal(self) -> None:
        """Scroll to the part that the learner has come to: its end where it fits, its top where it does not."""
        scroll, part = self._scrolls[1], self.view.present_part()
        layout = self.view.layout()
        if layout is not None:
            layout.activate()
        top = part.mapTo(self.view, QPoint(0, 0)).y()
        bar = scroll.verticalScrollBar()
        bottom = top + part.height() - scroll.viewport().height()
        bar.setValue(min(top, max(bar.value(), bottom)))
        self._revealed_at = bar.value()

    @Slot()
    def _on_range_changed(self) -> None:
        """What the answer adds above itself is laid out late; where a hand has scrolled since, nothing moves."""
        if self._scrolls[1].verticalScrollBar().value() == self._revealed_at:
            self._revealing.start()

    def show_problem(self, problem: Problem) -> None:
        """A lesson of one's own that is broken says where."""
        self._banner.set_problem(problem)

    @Slot(str)
    def open_lesson(self, wanted: str) -> None:
        """Open a lesson by number, key or path; the learner's own work waits."""
        lesson, path = find_lesson(wanted)
        self.requested.emit("show_page", lesson.page)  # first: the page's tabs depend on whether a lesson stands there
        self.edit(moves.opened(self.state, lesson, path))

    def lesson(self) -> Lesson | None:
        """The open lesson; one of one's own once it was read."""
        here = self.state.lesson
        if self._result is not None and self._result.lesson.key == here.key:
            return self._result.lesson
        return next((one for one in library() if one.key == here.key), None)

    @Slot()
    def _on_list_wanted_answers(self) -> None:
        self.requested.emit("save_answers", None)

    @Slot()
    def _on_all_clicked(self) -> None:
        self.edit(moves.with_list_shown(self.state))

    @Slot()
    def _on_close_clicked(self) -> None:
        self.edit(moves.closed(self.state))

    @Slot()
    def _on_back_clicked(self) -> None:
        self._go(-1)

    @Slot()
    def _on_next_clicked(self) -> None:
        self._go(1)

    def _go(self, step: int) -> None:
        lesson = self.lesson()
        other = neighbour(lesson, step) if lesson is not None else None
        if other is not None:
            self.open_lesson(other.key)
            (self._next if step > 0 else self._back).setFocus()  # the other page hid it on the way

    @Slot()
    def _on_again_clicked(self) -> None:
        lesson = self.lesson()
        if lesson is not None:
            self.edit(moves.restarted(self.state, lesson))

    @Slot(int)
    def _on_view_predicted(self, choice: int) -> None:
        self.edit(moves.predicted(self.state, choice))

    @Slot(int)
    def _on_view_shown_where(self, step: int) -> None:
        lesson = self.lesson()
        if lesson is not None:
            self.requested.emit("light_part", part_to_light(lesson.steps[step], self.state))

    @Slot(int)
    def _on_view_wanted_done(self, step: int) -> None:
        lesson = self.lesson()
        if lesson is not None and step < len(lesson.steps):
            self.edit(moves.done_for_me(self.state, lesson, step))
            for act in moves.acts_of(lesson, step):
                self.act_wanted.emit(act)

    @Slot()
    def _on_skip_clicked(self) -> None:
        lesson = self.lesson()
        if lesson is not None:
            self.edit(moves.step_skipped(self.state, lesson))

    @Slot()
    def _on_view_wanted_answer(self) -> None:
        self.edit(moves.answer_seen(self.state))
        # The button that was pressed is gone, and Qt would take the next one, which wipes the lesson.
        (self._next if self._next.isEnabled() else self._all).setFocus()
