"""A file dialog that runs no event loop of its own: what it has to ask or say, it asks and says in the one there is.

Qt's own dialog waits in a loop inside `accept` where a file is to be replaced or is not there. A window that is taken
apart meanwhile leaves that loop with widgets that are deleted.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QAbstractItemView, QFileDialog, QHeaderView, QLineEdit, QMessageBox, QWidget


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
