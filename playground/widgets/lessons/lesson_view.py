"""The four parts of a lesson, top to bottom: question, prediction, something to try, the answer."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from playground.models.formatting import folded
from playground.models.lessons.moves import has_place
from playground.models.lessons.request import LessonResult
from playground.models.state import Progress
from playground.widgets.code.block import CodeBlock
from playground.widgets.controls.buttons import Button
from playground.widgets.controls.section import Hairline
from playground.widgets.controls.tooltip import place_beside
from playground.widgets.look import icon, look, words_font
from playground.widgets.painting import paint_box
from playground.widgets.text.labels import RunsLabel
from playground.widgets.text.runs import Run, parse_runs

SIZE = 24


class StepMark(QWidget):
    """`state` is "waiting", "present" or "done"."""

    def __init__(self, number: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._number = number
        self._state = "waiting"
        self.setFixedSize(SIZE, SIZE)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_state(self, state: str) -> None:
        """Show another state, and announce it to assistive tools."""
        self._state = state
        self.setAccessibleName(f"Part {self._number}: {state}")
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        colours = look()
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            circle = QRectF(self.rect()).adjusted(0.75, 0.75, -0.75, -0.75)
            role = {"waiting": "text3", "present": "accent", "done": "good"}[self._state]
            painter.setPen(QPen(colours.color(role), 1.5))
            painter.setBrush(colours.color("accent") if self._state == "present" else Qt.BrushStyle.NoBrush)
            painter.drawEllipse(circle)
            if self._state == "done":
                pixmap = icon("check", "good").pixmap(QSize(16, 16), self.devicePixelRatioF())
                painter.drawPixmap(4, 4, pixmap)
                return
            painter.setPen(colours.color("accent_text" if self._state == "present" else "text3"))
            painter.setFont(words_font())
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, str(self._number))


class ProgressBar(QWidget):
    """One short dash per lesson: done ones in green, the current one in the accent colour."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._done: tuple[bool, ...] = ()
        self._present = -1
        self.setFixedHeight(12)
        self.setAccessibleName("Progress through the lessons")

    def set_progress(self, done: tuple[bool, ...], present: int) -> None:
        """Show which lessons are done and which one is open."""
        self._done, self._present = done, present
        self.setAccessibleDescription(f"{sum(done)} of {len(done)} done")
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        colours = look()
        with QPainter(self) as painter:
            count = max(1, len(self._done))
            width = (self.width() - 4 * (count - 1)) / count
            for number, done in enumerate(self._done):
                role = "accent" if number == self._present else "good" if done else "edge"
                painter.fillRect(QRectF(number * (width + 4), 4, width, 4), colours.color(role))


CODE_COLUMNS = 36
"""This many characters of code fit into a part of a lesson, beside its scroll bar."""


class LessonPart(QWidget):
    """`add` puts widgets below the title; a hairline closes the part."""

    def __init__(self, number: int, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.mark = StepMark(number)
        self.title = RunsLabel(f"**{title}**")
        self._body = QVBoxLayout()
        self._body.setSpacing(8)
        self._body.addWidget(self.title)
        row = QHBoxLayout()
        row.setSpacing(12)
        column = QVBoxLayout()
        column.addWidget(self.mark)
        column.addStretch(1)
        row.addLayout(column)
        row.addLayout(self._body, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 12, 0, 0)
        whole.setSpacing(12)
        whole.addLayout(row)
        whole.addWidget(Hairline())

    def add(self, *widgets: QWidget) -> None:
        """Put widgets below what is there."""
        for widget in widgets:
            if isinstance(widget, Button):
                self._body.addWidget(widget, 0, Qt.AlignmentFlag.AlignLeft)
            else:
                self._body.addWidget(widget)

    def set_title(self, title: str) -> None:
        """Show another title, in bold; code stays in the code font."""
        pieces = enumerate(title.split("`"))
        self.title.set_content("".join(f"`{one}`" if at % 2 else f"**{one}**" for at, one in pieces if one))


LEFT = 34


class PredictionCard(QWidget):
    """`chosen(number)` on a click, space or Enter. `set_verdict` shows the run's verdict on it."""

    chosen = Signal(int)

    def __init__(self, number: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._number = number
        self._is_chosen = False
        self.setObjectName(f"lessons.predict.{number}")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._words, self._detail, self._because = RunsLabel(), RunsLabel(role="text2"), RunsLabel(role="text2")
        column = QVBoxLayout(self)
        column.setContentsMargins(LEFT, 6, 10, 6)
        column.setSpacing(2)
        for label in (self._words, self._detail, self._because):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            column.addWidget(label)

    def set_words(self, words: str, detail: str) -> None:
        """Show the prediction to choose."""
        self._words.set_content(words)
        self._detail.set_content(detail)
        self._detail.setVisible(bool(detail))
        self.setAccessibleName(f"{self._words.text()}. {self._detail.text()}")
        place_beside(self)
        self.setToolTip("Choose this answer; you can change it at any time")

    def set_chosen(self, is_chosen: bool) -> None:
        """Fill or empty the circle."""
        self._is_chosen = is_chosen
        self.setAccessibleDescription("chosen" if is_chosen else "")
        self.update()

    def set_verdict(self, because: str, holds: bool | None) -> None:
        """Show the run's verdict on this answer; None removes it."""
        mark = "" if holds is None else "**Right.** " if holds else "**Not so.** "
        self._because.set_content(mark + because if holds is not None else "", "good" if holds else "text2")
        self._because.setVisible(holds is not None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(self._number)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.chosen.emit(self._number)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        colours = look()
        fill = "selected" if self._is_chosen else "hover" if self.underMouse() else "raised"
        with QPainter(self) as painter:
            paint_box(painter, self.rect(), colours.color(fill), colours.color("accent" if self._is_chosen else "edge"))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            circle = QRectF(11, 8, 14, 14)
            painter.setPen(QPen(colours.color("accent" if self._is_chosen else "field"), 1.2))
            painter.setBrush(colours.color("raised"))
            painter.drawEllipse(circle)
            if self._is_chosen:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(colours.color("accent"))
                painter.drawEllipse(circle.adjusted(3.5, 3.5, -3.5, -3.5))


class AnswerView(QWidget):
    """Shows a result's answer; objectName `lessons.verdict`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("lessons.verdict")
        self._verdict, self._words = RunsLabel(), RunsLabel()
        self._code = CodeBlock()
        self._claims: list[RunsLabel] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        for widget in (self._verdict, self._words, self._code):
            self._column.addWidget(widget)

    def text(self) -> str:
        """The whole verdict as plain text."""
        return "\n".join(label.text() for label in (self._verdict, self._words, *self._claims))

    def set_result(self, result: LessonResult, prediction: int) -> None:
        """Show the answer beside the prediction."""
        if 0 <= prediction < len(result.verdicts):
            chosen = result.verdicts[prediction]
            said = f"You predicted: {chosen.words}. "
            self._verdict.set_content(said + ("**Right.**" if chosen.holds else "**Not so.**"))
        else:
            self._verdict.set_content("**You made no prediction.** You still can: predictions are not scored.", "text2")
        self._words.set_content(result.answer)
        self._code.set_text(folded(result.lesson.answer.code, CODE_COLUMNS))
        is_above = result.lesson.answer.code.strip() == result.lesson.start.program.strip()
        self._code.setVisible(bool(result.lesson.answer.code) and not is_above)
        self._show_claims(result)
        self.setAccessibleName(self.text())

    def _show_claims(self, result: LessonResult) -> None:
        while len(self._claims) < len(result.claims):
            label = RunsLabel()
            self._claims.append(label)
            self._column.addWidget(label)
        for number, label in enumerate(self._claims):
            label.setVisible(number < len(result.claims))
            if number < len(result.claims):
                words, holds = result.claims[number]
                mark = Run("ran, true: " if holds else "ran, NOT true: ", "bold", "good" if holds else "error")
                label.set_content((mark, *parse_runs(words)))


MOST_PREDICTIONS = 6


class LessonView(QWidget):
    """Shows a result and the learner's progress; emits what the learner asks for."""

    predicted = Signal(int)
    shown_where = Signal(int)
    wanted_done = Signal(int)
    wanted_answer = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("lessons.text")
        self._result: LessonResult | None = None
        self._progress = Progress("")
        self._question_part = LessonPart(1, "Question")
        self._question, self._code = RunsLabel(), CodeBlock()
        self._question_part.add(self._question, self._code)
        self._prediction_part = LessonPart(2, "Your prediction")
        self.cards = [PredictionCard(number) for number in range(MOST_PREDICTIONS)]
        self._hint = RunsLabel(role="text2")
        self._prediction_part.add(*self.cards, self._hint)
        for card in self.cards:
            card.chosen.connect(self.predicted)
        self._try_part = LessonPart(3, "Try it")
        self._done_steps, self._step = RunsLabel(role="text2"), RunsLabel()
        self._try_part.add(self._done_steps, self._step, self._make_try_buttons())
        self._answer_part = LessonPart(4, "The answer")
        self._waiting = RunsLabel(role="text2")
        self._show_answer = Button("Show the answer")
        self._show_answer.setObjectName("lessons.answer")
        self._show_answer.clicked.connect(self.wanted_answer)
        self.answer = AnswerView()
        self._answer_part.add(self._waiting, self._show_answer, self.answer)
        self._parts = QWidget()
        self._parts.hide()
        column = QVBoxLayout(self._parts)
        column.setContentsMargins(0, 0, 4, 16)
        column.setSpacing(0)
        for part in (self._question_part, self._prediction_part, self._try_part, self._answer_part):
            column.addWidget(part)
        column.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._parts)

    def _make_try_buttons(self) -> QWidget:
        self._where, self._do = Button("Show me where"), Button("Do it for me")
        self._where.setObjectName("lessons.where")
        self._do.setObjectName("lessons.do")
        self._where.clicked.connect(self._on_where_clicked)
        self._do.clicked.connect(self._on_do_clicked)
        self._try_buttons = QWidget()
        row = QHBoxLayout(self._try_buttons)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self._where)
        row.addWidget(self._do)
        row.addStretch(1)
        return self._try_buttons

    def present_part(self) -> QWidget:
        """The learner's current part: prediction, something to try, or the answer."""
        if self._progress.answered:
            return self._answer_part
        total = len(self._result.steps) if self._result is not None else 0
        if self._progress.prediction < 0 and not self._progress.steps:
            return self._question_part
        return self._try_part if self._progress.steps < total else self._answer_part

    @property
    def is_ready(self) -> bool:
        """True if a lesson with all its numbers is shown."""
        return self._result is not None and self._result.is_ready

    def set_result(self, result: LessonResult, progress: Progress) -> None:
        """Show a lesson's texts."""
        self._result = result
        self._parts.show()
        self._question_part.set_title(result.lesson.title)
        self._question.set_content(result.question)
        self._code.set_text(folded(result.lesson.start.program, CODE_COLUMNS))
        self._code.setVisible(bool(result.lesson.start.program))
        for number, card in enumerate(self.cards):
            card.setVisible(number < len(result.verdicts))
            if number < len(result.verdicts):
                card.set_words(result.verdicts[number].words, result.verdicts[number].detail)
        self.set_progress(progress)

    def set_progress(self, progress: Progress) -> None:
        """Show the learner's progress."""
        if self._result is None:
            return
        self._progress = progress
        result = self._result
        tried = progress.steps >= len(result.steps)
        self._question_part.mark.set_state("done" if progress.prediction >= 0 else "present")
        self._show_predictions(result, progress)
        self._show_steps(result, progress)
        self._answer_part.mark.set_state("done" if progress.answered else "present" if tried else "waiting")
        self._waiting.set_content("" if tried else "Appears once you have tried it, next to your prediction.")
        self._show_answer.setVisible(not progress.answered)
        self._show_answer.set_kind("primary" if tried else "quiet")
        self._waiting.setVisible((not tried and not progress.answered) or (progress.answered and not result.is_ready))
        if progress.answered and not result.is_ready:
            self._waiting.set_content(result.answer)
        self.answer.setVisible(progress.answered and result.is_ready)
        if progress.answered and result.is_ready:
            self.answer.set_result(result, progress.prediction)

    def _show_predictions(self, result: LessonResult, progress: Progress) -> None:
        self._prediction_part.mark.set_state("done" if progress.prediction >= 0 else "present")
        words = "You can change your prediction until you have seen the answer." if progress.prediction >= 0 else ""
        self._hint.set_content(words or "Choose what you expect (not scored). Then the page is uncovered.")
        self._hint.setVisible(not progress.answered)
        for number, (card, verdict) in enumerate(zip(self.cards, result.verdicts, strict=False)):
            card.set_chosen(number == progress.prediction)
            repeats = verdict.because == result.answer
            is_told = progress.answered and result.is_ready
            card.set_verdict("" if repeats else verdict.because, verdict.holds if is_told else None)

    def _show_steps(self, result: LessonResult, progress: Progress) -> None:
        count, total = min(progress.steps, len(result.steps)), len(result.steps)
        self._try_part.setVisible(total > 0)
        is_waiting = bool(result.verdicts) and not progress.is_begun
        is_open = count < total and not is_waiting
        state = "done" if count == total else "waiting" if is_waiting else "present"
        self._try_part.mark.set_state(state)
        self._try_part.set_title("Try it" if total < 2 or not is_open else f"Try it, {count + 1} of {total}")
        self._done_steps.setVisible(count > 0 or is_waiting)
        behind = _steps_behind(count, total, len(progress.skipped))
        self._done_steps.set_content("Appears once you have made your prediction." if is_waiting else behind)
        self._step.setVisible(is_open)
        self._try_buttons.setVisible(is_open)
        if is_open:
            self._step.set_content(result.steps[count])
            self._where.setVisible(has_place(result.lesson.steps[count]))

    @Slot()
    def _on_where_clicked(self) -> None:
        if self._result is not None and self._progress.steps < len(self._result.steps):
            self.shown_where.emit(self._progress.steps)

    @Slot()
    def _on_do_clicked(self) -> None:
        self.wanted_done.emit(self._progress.steps)


def _steps_behind(count: int, total: int, skipped: int) -> str:
    """ "Done: 1 of 3.", "Done: 1 of 3, 1 skipped.", "All done." """
    done = count - skipped
    if done == total:
        return "All done."
    return f"Done: {done} of {total}" + (f", {skipped} skipped." if skipped else ".")
