"""The Export menu: the selected tensor in every format, every plot on the page, the program as code, the answers."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from playground.commands import Commands
from playground.export_note import KEEPS_ALL, foreseen_losses
from playground.models.files.tensor_files import FORMATS
from playground.models.state import PlaygroundState
from playground.store import Store


def visible_plots(window: QWidget) -> Iterator[QWidget]:
    """All widgets now on screen that can be exported as a plot, in the order in which they were made."""
    for widget in window.findChildren(QWidget):
        if hasattr(widget, "paint_plot") and widget.isVisible():
            yield widget


class ExportMenu(QMenu):
    """Filled each time it is about to open."""

    def __init__(self, store: Store, commands: Commands, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("export.menu")
        self.setToolTipsVisible(True)
        self._store = store
        self._commands = commands
        self._window = window
        self.aboutToShow.connect(self._on_about_to_show)
        self.triggered.connect(self._on_triggered)

    @Slot()
    def _on_about_to_show(self) -> None:
        self.clear()
        self._add_tensor(self._store.state)
        plots = list(visible_plots(self._window))
        if plots:
            self._add_heading("Plots")
        for plot in plots:
            self._add(f"{plot.plot_name()}...", ("plot", plot))  # type: ignore[attr-defined]
        self._add_heading("Program")
        self.addAction(self._commands.actions["copy_program"])
        self._add_heading("Lessons")
        self.addAction(self._commands.actions["save_answers"])

    def _add_tensor(self, state: PlaygroundState) -> None:
        if not state.selection:
            return
        self._add_heading("Tensor")
        for one in FORMATS.values():
            action = self._add(f"{state.selection} as {one.suffixes[0]}...", ("tensor", one.name))
            lost = foreseen_losses(state, state.selection, one.name)
            action.setToolTip(" ".join(lost) or KEEPS_ALL)
            action.setText(f"{action.text()}\t{'not all is kept' if lost else 'keeps all'}")

    def _add_heading(self, words: str) -> None:
        """A row that cannot be chosen; a style sheet leaves Qt's own section titles out."""
        if not self.isEmpty():
            self.addSeparator()
        self.addAction(words).setEnabled(False)

    def _add(self, words: str, what: tuple[str, object]) -> QAction:
        action = self.addAction(words.replace("&", "&&"))
        action.setData(what)
        return action

    @Slot(QAction)
    def _on_triggered(self, action: QAction) -> None:
        what = action.data()
        if not what:
            return
        kind, argument = what
        if kind == "tensor":
            self._commands.files.ask_export_tensor(self._store.state.selection, str(argument))
        else:
            self._commands.files.ask_export_plot(argument)
