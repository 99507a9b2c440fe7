"""What a file format does not keep of a tensor, said before anything is written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QFileDialog, QGridLayout, QLabel, QLineEdit

from playground.models.files.tensor_files import FORMATS, planned_losses
from playground.models.tensors.evaluation import evaluate

if TYPE_CHECKING:
    from playground.models.state import PlaygroundState

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
