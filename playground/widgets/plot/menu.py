"""The export entries of a context menu: picture and numbers, to a file or to the clipboard."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QDir, QObject, QStandardPaths, Qt, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from playground.models.files.disk import plain_name
from playground.models.formatting import bytes_in_words
from playground.models.problem import ProblemError
from playground.widgets.plot.export import (
    PLOT_FORMATS,
    PNG_SCALE,
    PNG_SCALES,
    Exportable,
    copy_numbers,
    copy_picture,
    has_numbers,
    save_plot,
)


class Speaking(Exportable, Protocol):
    """An exportable widget that can show the result in its title line."""

    def say(self, words: str, role: str = "text2") -> None:
        """Show a message for some seconds."""
        ...


def file_name(plot: Exportable, kind: str) -> str:
    """A file name: "gradients-of-the-loss-rms.svg"."""
    return f"{re.sub(r'[^a-z0-9]+', '-', plot.plot_name().lower()).strip('-') or 'plot'}.{kind}"


class Exporter(QObject):
    """Runs one export that a menu offers, and lets the plot show the result; outlives the menu."""

    def __init__(self, what: Exportable, speaker: Speaking, parent: QWidget, light: bool) -> None:
        super().__init__(parent)
        self._what, self._speaker, self._widget, self._light = what, speaker, parent, light
        self._kind, self._scale = "png", PNG_SCALE

    @Slot()
    def ask(self) -> None:
        """Open a non-modal file dialog for the chosen menu entry."""
        action = self.sender()
        if isinstance(action, QAction):
            self._kind, self._scale = action.data()
        folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation) or QDir.homePath()
        dialog = QFileDialog(self._widget, f"Save {self._what.plot_name()}", folder)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(self._kind)
        dialog.setNameFilter(f"{PLOT_FORMATS[self._kind].words} (*.{self._kind})")
        dialog.selectFile(file_name(self._what, self._kind))
        dialog.fileSelected.connect(self.write)
        dialog.open()

    @Slot(str)
    def write(self, path: str) -> None:
        """Write the file and report the result."""
        problem = save_plot(self._what, path, self._kind, self._scale, self._light)
        if problem is None:
            self._speaker.say(f"Saved as {plain_name(Path(path))}, {bytes_in_words(Path(path).stat().st_size)}.")
        else:
            self._speaker.say(str(problem), "error")

    @Slot()
    def copy_picture(self) -> None:
        """Copy the picture to the clipboard."""
        try:
            copy_picture(self._what, self._light)
            self._speaker.say("Copied the picture to the clipboard.")
        except ProblemError as error:
            self._speaker.say(str(error.problem), "error")

    @Slot()
    def copy_numbers(self) -> None:
        """Copy the numbers to the clipboard."""
        try:
            copy_numbers(self._what)
            self._speaker.say("Copied the numbers to the clipboard, separated by tabs.")
        except ProblemError as error:
            self._speaker.say(str(error.problem), "error")


def add_exports(menu: QMenu, what: Exportable, speaker: Speaking, light: bool = False) -> None:
    """Offer every way to export `what`; the exporter belongs to the plot, since a dialog outlives its menu."""
    assert isinstance(speaker, QWidget)
    for known in speaker.findChildren(Exporter, what.plot_name(), Qt.FindChildOption.FindDirectChildrenOnly):
        known.setObjectName("")
        known.deleteLater()
    export, drawn = Exporter(what, speaker, speaker, light), has_numbers(what)
    export.setObjectName(what.plot_name())
    for kind in PLOT_FORMATS:
        scales = PNG_SCALES if kind == "png" else (1,)
        for scale in scales:
            times = f", {scale}x" if kind == "png" else ""
            action = menu.addAction(f"Save as {kind.upper()}{times}...")
            action.setData((kind, scale))
            action.triggered.connect(export.ask)
            action.setEnabled(drawn or kind != "csv")
    menu.addSeparator()
    menu.addAction("Copy picture", export.copy_picture)
    menu.addAction("Copy numbers", export.copy_numbers).setEnabled(drawn)
