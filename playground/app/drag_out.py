"""Dragging a tensor out of the window: as a file for other programs, and as a line of code for text fields."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QObject, Qt, QTemporaryDir, QUrl, Slot
from PySide6.QtGui import QDrag, QGuiApplication
from PySide6.QtWidgets import QWidget

from playground.models.evaluation.evaluate import evaluate
from playground.models.files.tensor_files import FORMATS, losses, save_tensors
from playground.models.job import Job
from playground.models.problem import ProblemError
from playground.models.program.program import source_code
from playground.runtime.task import Answer, LatestTask

if TYPE_CHECKING:
    from playground.models.program.program import Program
    from playground.runtime.store import Store

FORMATS_IN_ORDER = ("npy", "safetensors", "pt")
"""The dragged file uses the first of these formats that loses the least."""


@dataclass(frozen=True, slots=True)
class CarriedTensor:
    """The tensor to drag out, and the folder for its file."""

    program: Program
    name: str
    folder: str
    budget: int | None


@dataclass(frozen=True, slots=True)
class CarriedFile:
    """The tensor's line of code and its file (empty if it has no values)."""

    text: str
    path: str = ""


def compute_carried(request: CarriedTensor, job: Job) -> CarriedFile:
    """Write the tensor in the format that loses the least."""
    binding = request.program.get(request.name)
    text = f"{request.name} = {source_code(binding.source)}" if binding is not None else request.name
    one = evaluate(request.program, request.budget, job).get(request.name)
    tensor = one.tensor if one is not None else None
    if tensor is None:
        return CarriedFile(text)
    lost = {key: len(losses(tensor, key)) for key in FORMATS_IN_ORDER}
    for key in sorted(FORMATS_IN_ORDER, key=lost.__getitem__):
        path = Path(request.folder, f"{request.name}{FORMATS[key].suffixes[0]}")
        try:
            save_tensors(path, {request.name: tensor}, key)
        except ProblemError:
            continue
        return CarriedFile(text, str(path))
    return CarriedFile(text)


class DragOut(QObject):
    """Writes the file in a thread; the drag starts once the file exists, if the button is still held."""

    def __init__(self, store: Store, window: QWidget) -> None:
        super().__init__(window)
        self._store, self._window = store, window
        self._folder: QTemporaryDir | None = None
        self._task = LatestTask(compute_carried, "drag out", self)
        self._task.finished.connect(self._on_finished)

    def start(self, name: str) -> None:
        """Start dragging the tensor called `name`."""
        if self._folder is None:
            self._folder = QTemporaryDir()
        state = self._store.state
        self._task.submit(CarriedTensor(state.program, name, self._folder.path(), state.memory_budget))

    def close(self) -> None:
        """Wait for the file being written, and delete the dragged files."""
        self._task.close()
        if self._folder is not None:
            self._folder.remove()

    @Slot(object)
    def _on_finished(self, answer: Answer) -> None:
        held = QGuiApplication.mouseButtons() & Qt.MouseButton.LeftButton
        if held and isinstance(answer.outcome, CarriedFile):
            self.carry(answer.outcome)

    def carry(self, carried: CarriedFile) -> None:
        """Run the drag until the button is released."""
        drag = QDrag(self._window)
        drag.setMimeData(mime_data(carried))
        drag.exec(Qt.DropAction.CopyAction)


def mime_data(carried: CarriedFile) -> QMimeData:
    """The file as a link and the line as text."""
    data = QMimeData()
    data.setText(carried.text)
    if carried.path:
        data.setUrls([QUrl.fromLocalFile(carried.path)])
    return data
