"""Saving texts that take a while to make: the answer sheet of all lessons, the present state as a lesson."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from playground.latest_task import Answer, LatestTask
from playground.models.files.writing import write_whole
from playground.models.job import Job
from playground.models.lessons.library import library
from playground.models.lessons.sheet import SheetRequest, compute_sheet
from playground.models.lessons.skeleton import skeleton
from playground.models.outcome import Problem
from playground.models.state import PlaygroundState
from playground.save_dialog import SaveDialog

if TYPE_CHECKING:
    from playground.store import Store


@dataclass(frozen=True, slots=True)
class LessonTextRequest:
    """The state to save as a lesson, and the file."""

    state: PlaygroundState
    path: str


def compute_text(request: SheetRequest | LessonTextRequest, job: Job) -> str:
    """Make the text, write it whole, and say so."""
    text = compute_sheet(request, job) if isinstance(request, SheetRequest) else skeleton(request.state)

    def write(fresh: Path) -> int:
        data = text.encode("utf-8")
        fresh.write_bytes(data)
        return len(data)

    write_whole(request.path, write)
    return f"saved {Path(request.path).name}"


class TextsAtWork(QObject):
    """Makes and writes texts in a thread of its own."""

    said = Signal(str)
    failed = Signal(object)

    def __init__(self, store: Store, window: QWidget) -> None:
        super().__init__(window)
        self._store = store
        self._window = window
        self._task = LatestTask(compute_text, "texts", self)
        self._task.finished.connect(self._on_task_finished)

    def close(self) -> None:
        """Wait for what is being written."""
        self._task.close()

    def ask_save_answers(self) -> None:
        """Let the user choose the file of the answer sheet."""
        kinds = ("Web page (*.html)", "Jupyter notebook (*.ipynb)")
        dialog = SaveDialog(self._window, "Save the answers", "save_answers", "answers.html", kinds)
        dialog.fileSelected.connect(self.save_answers)
        dialog.open()

    def ask_save_lesson(self) -> None:
        """Let the user choose the file of the lesson."""
        kinds = ("Lesson (*.toml)",)
        dialog = SaveDialog(self._window, "Save this as a lesson", "save_as_lesson", "lesson.toml", kinds)
        dialog.fileSelected.connect(self.save_lesson)
        dialog.open()

    @Slot(str)
    def save_answers(self, path: str) -> None:
        """Run all lessons and write what came of it, as .html or .ipynb."""
        self.said.emit("running all lessons")
        self._task.submit(SheetRequest(library(), path))

    @Slot(str)
    def save_lesson(self, path: str) -> None:
        """Write the present state as the beginning of a lesson."""
        self._task.submit(LessonTextRequest(self._store.state, path))

    @Slot(object)
    def _on_task_finished(self, answer: Answer) -> None:
        if isinstance(answer.outcome, Problem):
            self.failed.emit(answer.outcome)
        else:
            self.said.emit(str(answer.outcome))
