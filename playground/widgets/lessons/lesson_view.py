"""The four parts of a lesson, one below the other."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from playground.models.lessons.fold import folded
from playground.models.lessons.request import LessonResult
from playground.models.lessons.state import Progress
from playground.models.lessons.where import has_place
from playground.widgets.common.buttons import Button
from playground.widgets.common.code_block import CodeBlock
from playground.widgets.common.runs_label import RunsLabel
from playground.widgets.lessons.answer_view import AnswerView
from playground.widgets.lessons.lesson_part import CODE_COLUMNS, LessonPart
from playground.widgets.lessons.prediction_card import PredictionCard

MOST_PREDICTIONS = 6


class LessonView(QWidget):
    """Shows a result and how far the learner is; says what the learner wants."""

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
        """The part that the learner has come to: prediction, something to try, or the answer."""
        if self._progress.answered:
            return self._answer_part
        total = len(self._result.steps) if self._result is not None else 0
        if self._progress.prediction < 0 and not self._progress.steps:
            return self._question_part
        return self._try_part if self._progress.steps < total else self._answer_part

    @property
    def is_ready(self) -> bool:
        """Whether a lesson with all its numbers is shown."""
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
        """Show how far the learner is."""
        if self._result is None:
            return
        self._progress = progress
        result = self._result
        tried = progress.steps >= len(result.steps)
        self._question_part.mark.set_state("done" if progress.prediction >= 0 else "present")
        self._show_predictions(result, progress)
        self._show_steps(result, progress)
        self._answer_part.mark.set_state("done" if progress.answered else "present" if tried else "waiting")
        self._waiting.set_content("" if tried else "Shows when you have tried it, with your prediction beside it.")
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
        words = "Kept until you have seen the answer. You can change it." if progress.prediction >= 0 else ""
        self._hint.set_content(words or "Choose what you expect: it is never counted. Then the page shows.")
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
        self._done_steps.set_content("Shows when you have made your prediction." if is_waiting else behind)
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
