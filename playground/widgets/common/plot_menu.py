"""The context menu of a plot: its picture and its numbers, to a file or to the clipboard."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QDir, QObject, QStandardPaths, Qt, Slot
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from playground.models.files.reading import shown_name
from playground.models.outcome import ProblemError
from playground.models.words import bytes_in_words
from playground.widgets.common.plot_export import (
    PLOT_FORMATS,
    Exportable,
    copy_numbers,
    copy_picture,
    has_numbers,
    save_plot,
)


class Speaking(Exportable, Protocol):
    """An exportable widget that can say in its title line what came of it."""

    def say(self, words: str, role: str = "text2") -> None:
        """Show a sentence for some seconds."""
        ...


def file_name(plot: Exportable, kind: str) -> str:
    """A name for the file: "gradients-of-the-loss-rms.svg"."""
    return f"{re.sub(r'[^a-z0-9]+', '-', plot.plot_name().lower()).strip('-') or 'plot'}.{kind}"


class _Export(QObject):
    """One entry of the menu that asks for a path and writes there; it lives as long as the plot."""

    def __init__(self, plot: Speaking, kind: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._plot, self._kind, self._widget = plot, kind, parent

    @Slot()
    def ask(self) -> None:
        """Open the file dialog; it does not stop the window."""
        folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation) or QDir.homePath()
        dialog = QFileDialog(self._widget, f"Save {self._plot.plot_name()}", folder)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(self._kind)
        dialog.setNameFilter(f"{PLOT_FORMATS[self._kind].words} (*.{self._kind})")
        dialog.selectFile(file_name(self._plot, self._kind))
        dialog.fileSelected.connect(self.write)
        dialog.open()

    @Slot(str)
    def write(self, path: str) -> None:
        """Write the file and say what came of it."""
        problem = save_plot(self._plot, path, self._kind)
        if problem is None:
            self._plot.say(f"Saved as {shown_name(Path(path))}, {bytes_in_words(Path(path).stat().st_size)}.")
        else:
            self._plot.say(str(problem), "error")
        exported = getattr(self._plot, "exported", None)
        if exported is not None:
            exported.emit(problem if problem is not None else path)

    @Slot()
    def copy_picture(self) -> None:
        """The picture to the clipboard."""
        try:
            copy_picture(self._plot)
            self._plot.say("The picture is on the clipboard.")
        except ProblemError as error:
            self._plot.say(str(error.problem), "error")

    @Slot()
    def copy_numbers(self) -> None:
        """The numbers to the clipboard."""
        try:
            copy_numbers(self._plot)
            self._plot.say("The numbers are on the clipboard, with tabs between them.")
        except ProblemError as error:
            self._plot.say(str(error.problem), "error")


def plot_menu(plot: Speaking) -> QMenu:
    """The menu of a plot, to be shown with `popup`; it is deleted when it closes."""
    if not isinstance(plot, QWidget):
        raise TypeError("only a widget has a menu")
    menu = QMenu(plot)
    menu.setObjectName("plot_menu")
    menu.aboutToHide.connect(menu.deleteLater)
    drawn = has_numbers(plot)
    for kind, form in PLOT_FORMATS.items():
        export = _exporter(plot, kind)
        action = menu.addAction(f"Save as {kind.upper()}...", export.ask)
        action.setToolTip(form.words)
        action.setEnabled(drawn or kind != "csv")
    menu.addSeparator()
    export = _exporter(plot, "png")
    menu.addAction("Copy picture", export.copy_picture)
    menu.addAction("Copy numbers", export.copy_numbers).setEnabled(drawn)
    return menu


def _exporter(plot: Speaking, kind: str) -> _Export:
    """The one exporter of this kind that the plot has."""
    if not isinstance(plot, QWidget):
        raise TypeError("only a widget can be exported")
    for child in plot.findChildren(_Export, kind, Qt.FindChildOption.FindDirectChildrenOnly):
        return child
    made = _Export(plot, kind, plot)
    made.setObjectName(kind)
    return made
