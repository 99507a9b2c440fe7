"""The shelf: twelve questions and the cards, with a check on those done."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from playground.models.lessons.lesson import Lesson
from playground.widgets.controls.buttons import Button
from playground.widgets.controls.tooltip import place_beside, set_tooltip
from playground.widgets.look import icon, look, words_font
from playground.widgets.painting import paint_box
from playground.widgets.text.labels import RunsLabel

SHELVES = (("questions", "Twelve questions"), ("cards", "Is it true?"))


class LessonRow(QWidget):
    """A lesson to open: its number or a check mark, and its title."""

    opened = Signal(str)

    def __init__(self, lesson: Lesson, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._key, self._number, self._is_done = lesson.key, lesson.number, False
        self.setObjectName(f"lessons.open.{lesson.key}")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._title = RunsLabel(lesson.title)
        self._title.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAccessibleName(f"Open lesson {lesson.number}: {self._title.text()}")
        place_beside(self)
        self.setToolTip(self._title.text())
        row = QHBoxLayout(self)
        row.setContentsMargins(40, 5, 8, 5)
        row.addWidget(self._title)

    def set_done(self, is_done: bool) -> None:
        """Show a check mark instead of the number."""
        self._is_done = is_done
        self.setAccessibleDescription("done" if is_done else "")
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.opened.emit(self._key)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.opened.emit(self._key)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            if self.underMouse() or self.hasFocus():
                paint_box(painter, self.rect(), look().color("hover"), None)
            place = QRectF(8, (self.height() - 16) / 2, 24, 16)
            if self._is_done:
                pixmap = icon("check", "good").pixmap(QSize(16, 16), self.devicePixelRatioF())
                painter.drawPixmap(round(place.left()) + 8, round(place.top()), pixmap)
                return
            painter.setFont(words_font())
            painter.setPen(look().color("text3"))
            painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, str(self._number))


class LessonList(QWidget):
    """All lessons, shelf by shelf; `opened(key)`. `wanted_answers` requests the answer sheet."""

    opened = Signal(str)
    wanted_answers = Signal()

    def __init__(self, lessons: Sequence[Lesson], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("lessons.list")
        self.setAccessibleName("Lessons")
        self.rows: dict[str, LessonRow] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 8)
        column.setSpacing(0)
        for shelf, title in SHELVES:
            heading = RunsLabel(f"**{title}**")
            heading.setContentsMargins(8, 8, 8, 4)
            column.addSpacing(8)
            column.addWidget(heading)
            column.addSpacing(4)
            for lesson in lessons:
                if lesson.shelf == shelf:
                    row = self.rows[lesson.key] = LessonRow(lesson)
                    row.opened.connect(self.opened)
                    column.addWidget(row)
        answers = Button("Save all answers...")
        answers.setObjectName("lessons.save_answers")
        set_tooltip(answers, "Run all lessons, and write questions, answers and numbers as a web page or a notebook")
        answers.clicked.connect(self.wanted_answers)
        column.addSpacing(16)
        column.addWidget(answers, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)

    def set_done(self, keys: frozenset[str]) -> None:
        """Show which lessons are done."""
        for key, row in self.rows.items():
            row.set_done(key in keys)
