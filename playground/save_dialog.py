"""The dialog that asks where a file goes; the chosen kind of file decides the ending."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from playground.widgets.common.file_dialog import FileDialog


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
