"""Opens tensors and sessions, exports tensors, plots and texts: the dialogs, and the threads that read and write.

The window goes on answering meanwhile; what a format does not keep is said before anything is written.

Qt's own dialog waits in a loop inside `accept` where a file is to be replaced or is not there. A window that is taken
apart meanwhile leaves that loop with widgets that are deleted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QGridLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMessageBox,
    QWidget,
)

from playground.models.evaluation.evaluate import evaluate
from playground.models.files.disk import write_whole
from playground.models.files.script import session_script
from playground.models.files.session_file import LoadedSession, is_session, load_session
from playground.models.files.tensor_files import (
    FORMATS,
    format_of,
    import_bindings,
    load_tensors,
    losses,
    planned_losses,
    save_tensors,
)
from playground.models.formatting import bytes_in_words
from playground.models.job import Job
from playground.models.lessons.lesson_file import library, skeleton
from playground.models.lessons.sheet import SheetRequest, compute_sheet
from playground.models.problem import Problem, ProblemError, refuse, together
from playground.models.state import PlaygroundState
from playground.runtime.task import Answer, LatestTask
from playground.widgets.plot.export import PLOT_FORMATS, save_plot

if TYPE_CHECKING:
    from playground.models.files.tensor_format import LoadedFile
    from playground.models.program.program import Program
    from playground.runtime.store import Store


class FileDialog(QFileDialog):
    """Open it with `open()`; it deletes itself when it is closed."""

    def __init__(self, window: QWidget, title: str, folder: str = "") -> None:
        super().__init__(window, title, folder)
        self.setOption(QFileDialog.Option.DontConfirmOverwrite)
        for view in (*self.findChildren(QAbstractItemView), *self.findChildren(QHeaderView)):
            view.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)  # Qt's menus wait in loops of their own
        self.finished.connect(self.deleteLater)

    def accept(self) -> None:
        """Take the chosen files; ask before one is replaced, and say which one is not there."""
        self._take_what_is_typed()
        files = [Path(name) for name in self.selectedFiles()]
        if self.acceptMode() == QFileDialog.AcceptMode.AcceptSave:
            if any(path.is_file() for path in files):
                self._ask(files[0])
            else:
                super().accept()
            return
        missing = [path.name for path in files if not path.exists()]
        if missing:
            box = self._box(f"There is no file {', '.join(missing)} in this folder.")
            box.setStandardButtons(QMessageBox.StandardButton.Ok)
            box.open()
        else:
            super().accept()

    def _take_what_is_typed(self) -> None:
        """Let a whole path that was typed count, and not the row that is still selected in the folder shown."""
        field = self.findChild(QLineEdit, "fileNameEdit")
        if field is not None and Path(field.text()).expanduser().is_absolute():
            for view in self.findChildren(QAbstractItemView):
                if view.selectionModel() is not None:
                    view.clearSelection()

    def _box(self, words: str) -> QMessageBox:
        box = QMessageBox(self)
        box.setWindowTitle(self.windowTitle())
        box.setIcon(QMessageBox.Icon.Warning)
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(words)
        box.finished.connect(box.deleteLater)
        return box

    def _ask(self, path: Path) -> None:
        box = self._box(f"{path.name} is there already. Replace it?")
        replace = box.addButton("Replace", QMessageBox.ButtonRole.AcceptRole)
        replace.clicked.connect(self._on_replace)
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        box.open()

    @Slot()
    def _on_replace(self) -> None:
        super().accept()


class SaveDialog(FileDialog):
    """`SaveDialog(window, "Export B", "export_tensor", "B.npy", ("numpy (*.npy)", ...))`; it goes when it is closed."""

    def __init__(self, window: QWidget, title: str, name: str, file: str, kinds: Sequence[str]) -> None:
        super().__init__(window, title)
        self.setObjectName(name)
        self.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        self.setNameFilters(list(kinds))
        ending = Path(file).suffix
        self.selectNameFilter(next((kind for kind in kinds if f"*{ending})" in kind), kinds[0]))
        self.setDefaultSuffix(ending.lstrip("."))
        self.selectFile(file)
        self.filterSelected.connect(self._on_filter_selected)

    @Slot(str)
    def _on_filter_selected(self, chosen: str) -> None:
        self.setDefaultSuffix(chosen.rpartition("*.")[2].rstrip(")"))


KEEPS_ALL = "Nothing is lost: the file gives the same tensor."


def foreseen_losses(state: PlaygroundState, name: str, format_name: str) -> tuple[str, ...]:
    """What of a tensor of the program a format does not keep; its plan is enough to know."""
    planned = evaluate(state.program, 0).get(name)
    return planned_losses(planned.meta, format_name) if planned is not None and planned.meta is not None else ()


class ExportNote(QLabel):
    """A line in the export dialog that follows the ending of the file's name, else the chosen type of files.

    A dialog of the system's own has no room for it; the menu and the bottom line say the same there.
    """

    def __init__(self, dialog: QFileDialog, state: PlaygroundState, name: str) -> None:
        super().__init__(dialog)
        self.setObjectName("export.losses")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self.setMinimumHeight(2 * self.fontMetrics().lineSpacing())
        self._dialog, self._state, self._name = dialog, state, name
        grid = dialog.layout()
        if isinstance(grid, QGridLayout):
            grid.addWidget(self, grid.rowCount(), 0, 1, grid.columnCount())
        else:
            self.hide()
        dialog.filterSelected.connect(self._on_choice)
        field = dialog.findChild(QLineEdit, "fileNameEdit")
        if field is not None:
            field.textChanged.connect(self._on_choice)
        self._field = field
        self._on_choice()

    @Slot()
    @Slot(str)
    def _on_choice(self, _text: str = "") -> None:
        typed = Path(self._field.text()).suffix.lower() if self._field is not None else ""
        suffix = typed or self._dialog.selectedNameFilter().rpartition("*")[2].rstrip(")")
        chosen = next((one.name for one in FORMATS.values() if suffix in one.suffixes), "")
        lost = foreseen_losses(self._state, self._name, chosen) if chosen else ()
        self.setText(" ".join(lost) or (KEEPS_ALL if chosen else ""))


@dataclass(frozen=True, slots=True)
class LessonTextRequest:
    """The state to save as a lesson, and the file."""

    state: PlaygroundState
    path: str


@dataclass(frozen=True, slots=True)
class ScriptRequest:
    """The state to write as a script, and the file."""

    state: PlaygroundState
    path: str


def compute_text(request: SheetRequest | LessonTextRequest | ScriptRequest, job: Job) -> str:
    """Make the text, write it whole, and say so."""
    match request:
        case SheetRequest():
            text = compute_sheet(request, job)
        case ScriptRequest():
            text = session_script(request.state, job=job)
        case LessonTextRequest():
            text = skeleton(request.state)

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

    def ask_save_script(self) -> None:
        """Let the user choose the file of the script."""
        dialog = SaveDialog(self._window, "Save as Python", "save_script", "playground.py", ("Python (*.py)",))
        dialog.fileSelected.connect(self.save_script)
        dialog.open()

    @Slot(str)
    def save_script(self, path: str) -> None:
        """Write the program and the einsum as a script that needs only torch and prints the same numbers."""
        self._task.submit(ScriptRequest(self._store.state, path))

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


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """Files to read."""

    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OpenResult:
    """What was read, and what could not be."""

    files: tuple[tuple[str, LoadedFile], ...]
    problems: tuple[Problem, ...]
    sessions: tuple[tuple[str, LoadedSession], ...] = ()


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """A tensor of a program, and the file it goes to."""

    program: Program
    name: str
    path: str
    budget: int | None


def compute_open(request: OpenRequest, job: Job) -> OpenResult:
    """Read all files; one that cannot be read does not keep the others from opening."""
    files, problems, sessions = [], [], []
    for number, path in enumerate(request.paths):
        job.check()
        job.report(number / len(request.paths), f"reading {Path(path).name}")
        try:
            if is_session(path):
                sessions.append((path, load_session(path)))
                continue
            loaded = load_tensors(path, job=job)
        except ProblemError as error:
            problems.append(error.problem)
            continue
        files.append((path, loaded))
        problems.extend(loaded.said)
    return OpenResult(tuple(files), tuple(problems), tuple(sessions))


def compute_export(request: ExportRequest, job: Job) -> str:
    """Write the tensor; what was written, in words."""
    one = evaluate(request.program, request.budget, job).get(request.name)
    if one is None or one.tensor is None:
        refuse(f"{request.name or 'The program'} has no values to export.")
    save_tensors(request.path, {request.name: one.tensor})
    path = Path(request.path)
    lost = losses(one.tensor, format_of(path).name)
    return ". ".join((f"saved {path.name}, {bytes_in_words(path.stat().st_size)}", *lost[:1])).rstrip(".")


class FilesAtWork(QObject):
    """Reads and writes files in threads of its own."""

    said = Signal(str)
    """What was done, in a few words."""

    failed = Signal(object)
    """A `Problem`."""

    session_read = Signal(str, object)
    """The path of a session, and the `LoadedSession`."""

    became_busy = Signal(bool)

    def __init__(self, store: Store, window: QWidget) -> None:
        super().__init__(window)
        self._store = store
        self._window = window
        self._queue: tuple[str, ...] = ()
        self._is_reading = False
        self._reading = LatestTask(compute_open, "open files", self)
        self._writing = LatestTask(compute_export, "export", self)
        self._reading.finished.connect(self._on_reading_finished)
        self._writing.finished.connect(self._on_writing_finished)
        for task in (self._reading, self._writing):
            task.became_busy.connect(self.became_busy)
        self._exported_name = ""
        self._exported_plot: QWidget | None = None
        self._note: ExportNote | None = None

    def close(self) -> None:
        """Wait for what is being read or written."""
        self._reading.close()
        self._writing.close()

    def cancel(self) -> None:
        """Stop reading and writing, and forget what waits."""
        self._queue, self._is_reading = (), False
        self._reading.cancel()
        self._writing.cancel()

    def open_paths(self, paths: tuple[str, ...]) -> None:
        """Read these files, after those that are being read."""
        self._queue += paths
        self._read_next()

    def ask_open(self) -> None:
        """Let the user choose files to open."""
        suffixes = " ".join(f"*{suffix}" for one in FORMATS.values() for suffix in one.suffixes)
        dialog = FileDialog(self._window, "Open tensors or a session")
        dialog.setObjectName("open_files")
        dialog.setNameFilters([f"Tensors and sessions ({suffixes})", "All files (*)"])
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(self._on_files_chosen)
        dialog.open()

    def ask_export_tensor(self, name: str, format_name: str = "") -> None:
        """Let the user choose where a tensor goes; the file's ending chooses the format."""
        self._exported_name = name
        formats = list(FORMATS.values())
        ending = FORMATS.get(format_name, formats[0]).suffixes[0]
        kinds = [f"{one.words} (*{one.suffixes[0]})" for one in formats]
        dialog = SaveDialog(self._window, f"Export {name}", "export_tensor", f"{name}{ending}", kinds)
        dialog.fileSelected.connect(self._on_export_path_chosen)
        self._note = ExportNote(dialog, self._store.state, name)
        dialog.open()

    def ask_export_plot(self, plot: QWidget) -> None:
        """Let the user choose where a plot goes: the ending chooses PNG, SVG or CSV."""
        self._exported_plot = plot
        file = f"{plot.plot_name()}.png"  # type: ignore[attr-defined]
        kinds = [f"{one.words} (*.{kind})" for kind, one in PLOT_FORMATS.items()]
        dialog = SaveDialog(self._window, "Export the plot", "export_plot", file, kinds)
        dialog.fileSelected.connect(self._on_plot_path_chosen)
        dialog.open()

    def export_tensor(self, name: str, path: str) -> None:
        """Write a tensor of the program to this file."""
        state = self._store.state
        self._writing.submit(ExportRequest(state.program, name, path, state.memory_budget))

    def export_plot(self, plot: QWidget, path: str) -> None:
        """Write a plot to this file, in the format of its ending."""
        problem = save_plot(plot, path)  # type: ignore[arg-type]
        if problem is not None:
            self.failed.emit(problem)
        else:
            self.said.emit(f"saved {Path(path).name}")

    def _read_next(self) -> None:
        if self._queue and not self._is_reading:
            self._is_reading = True
            paths, self._queue = self._queue, ()
            self._reading.submit(OpenRequest(paths))

    @Slot(list)
    def _on_files_chosen(self, paths: list[str]) -> None:
        self.open_paths(tuple(paths))

    @Slot(str)
    def _on_export_path_chosen(self, path: str) -> None:
        self.export_tensor(self._exported_name, path)

    @Slot(str)
    def _on_plot_path_chosen(self, path: str) -> None:
        if self._exported_plot is not None:
            self.export_plot(self._exported_plot, path)
            self._exported_plot = None

    @Slot(object)
    def _on_reading_finished(self, answer: Answer) -> None:
        self._is_reading = False
        if isinstance(answer.outcome, Problem):
            self.failed.emit(answer.outcome)
        elif isinstance(answer.outcome, OpenResult):
            self._add(answer.outcome)
        self._read_next()

    def _add(self, result: OpenResult) -> None:
        for path, session in result.sessions[-1:]:
            self.session_read.emit(path, session)
        state = self._store.state
        program = state.program
        for path, loaded in result.files:
            program = import_bindings(program, loaded, path)
        if program != state.program:
            self._store.apply(replace(state, program=program, selection=program.names[-1], pointed=None))
            self.said.emit(f"opened {', '.join(Path(path).name for path, _ in result.files)}")
        if result.problems:
            self.failed.emit(together(result.problems))

    @Slot(object)
    def _on_writing_finished(self, answer: Answer) -> None:
        if isinstance(answer.outcome, Problem):
            self.failed.emit(answer.outcome)
        else:
            self.said.emit(str(answer.outcome))
