"""The answer: what became of the prediction, the words, the claims with their checks, the code."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from playground.models.lessons.fold import folded
from playground.models.lessons.request import LessonResult
from playground.widgets.common.code_block import CodeBlock
from playground.widgets.common.runs import Run, parse_runs
from playground.widgets.common.runs_label import RunsLabel
from playground.widgets.lessons.lesson_part import CODE_COLUMNS


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
        """All that is said, as plain text."""
        return "\n".join(label.text() for label in (self._verdict, self._words, *self._claims))

    def set_result(self, result: LessonResult, prediction: int) -> None:
        """Show the answer beside the prediction."""
        if 0 <= prediction < len(result.verdicts):
            chosen = result.verdicts[prediction]
            said = f"You predicted: {chosen.words}. "
            self._verdict.set_content(said + ("**Right.**" if chosen.holds else "**Not so.**"))
        else:
            self._verdict.set_content("**You made no prediction.** You still can: it is never counted.", "text2")
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
