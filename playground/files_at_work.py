"""Opening and exporting: the dialogs, and the threads that read and write so that the window goes on answering."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from playground.export_note import ExportNote
from playground.latest_task import Answer, LatestTask
from playground.models.files.importing import import_bindings
from playground.models.files.tensor_files import FORMATS, format_of, load_tensors, losses, save_tensors
from playground.models.job import Job
from playground.models.outcome import Problem, ProblemError, refuse, together
from playground.models.tensors.evaluation import evaluate
from playground.models.words import bytes_in_words
from playground.save_dialog import SaveDialog
from playground.widgets.common.file_dialog import FileDialog
from playground.widgets.plot.export import PLOT_FORMATS, save_plot

if TYPE_CHECKING:
    from playground.models.files.tensor_files import LoadedFile
    from playground.models.tensors.program import Program
    from playground.store import Store


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """Files to read."""

    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OpenResult:
    """What was read, and what could not be."""

    files: tuple[tuple[str, LoadedFile], ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """A tensor of a program, and the file it goes to."""

    program: Program
    name: str
    path: str
    budget: int | None


def compute_open(request: OpenRequest, job: Job) -> OpenResult:
    """Read all files; one that cannot be read does not keep the others from opening."""
    files, problems = [], []
    for number, path in enumerate(request.paths):
        job.check()
        job.report(number / len(request.paths), f"reading {Path(path).name}")
        try:
            loaded = load_tensors(path, job=job)
        except ProblemError as error:
            problems.append(error.problem)
            continue
        files.append((path, loaded))
        problems.extend(loaded.said)
    return OpenResult(tuple(files), tuple(problems))


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
        dialog = FileDialog(self._window, "Open tensors")
        dialog.setObjectName("open_files")
        dialog.setNameFilters([f"Tensors ({suffixes})", "All files (*)"])
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
