"""File, Edit, View and Help: in the platform's menu bar where there is one, else behind a button in the header."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMainWindow, QMenu, QWidget

from playground.app.commands.commands import COMMANDS, MENUS, Commands, CommandSpec
from playground.app.session.kept import KeptPlace, kept_files
from playground.app.session.session import recent_paths
from playground.models.files.session_file import session_about
from playground.models.problem import ProblemError

FOLDER_WIDTH = 320
"""The most pixels for the folder of a file, cut in the middle."""


class RecentMenu(QMenu):
    """The sessions opened or saved last, and those that were kept without being saved."""

    def __init__(self, commands: Commands, parent: QWidget) -> None:
        super().__init__("Open recent", parent)
        self.setObjectName("menu.recent")
        self.setToolTipsVisible(True)
        self._commands = commands
        self.aboutToShow.connect(self._on_about_to_show)
        self.triggered.connect(self._on_triggered)
        self.menuAction().setObjectName("menu.recent.entry")

    @Slot()
    def _on_about_to_show(self) -> None:
        self.clear()
        for path in map(Path, recent_paths()):
            folder = self.fontMetrics().elidedText(str(path.parent), Qt.TextElideMode.ElideMiddle, FOLDER_WIDTH)
            self._add(f"{path.stem}\t{folder}", ("open", str(path)))
        place = self._commands.session.folder
        kept = [(file, _described(file)) for file in (kept_files(place) if place else ()) if _is_free(file)]
        if kept:
            self.addSeparator()
            self.addAction("Kept, not saved").setEnabled(False)
        for file, words in kept:
            self._add(words, ("reopen", str(file)))
        if self.isEmpty():
            self.addAction("Nothing has been saved or opened yet").setEnabled(False)

    def _add(self, words: str, what: tuple[str, str]) -> None:
        action = self.addAction(words.replace("&", "&&"))
        action.setData(what)
        action.setToolTip(what[1])

    @Slot(QAction)
    def _on_triggered(self, action: QAction) -> None:
        kind, path = action.data() or ("", "")
        if kind == "open":
            self._commands.open_paths((path,))
        elif kind == "reopen":
            self._commands.session.reopen(Path(path))


def _is_free(file: Path) -> bool:
    """Whether no window has it, and it holds more than the path of a saved session."""
    place = KeptPlace(file)
    if not place.claim():
        return False
    place.release()
    return bool(_described(file))


def _described(file: Path) -> str:
    """Its lines and when it was kept; nothing for what cannot be read or is saved elsewhere."""
    try:
        about = session_about(file)
    except ProblemError:
        return ""
    if about.get("is_saved") is True and about.get("path"):
        return ""
    when = datetime.fromtimestamp(file.stat().st_mtime)
    return f"{about.get('lines') or 'no tensors'}\t{when.day} {when:%b %H:%M}"


class Menus(QObject):
    """The menus of one window: `behind_button` holds them all, but where the platform has a menu bar."""

    def __init__(self, commands: Commands, window: QMainWindow, in_bar: bool = sys.platform == "darwin") -> None:
        super().__init__(window)
        self.recent = RecentMenu(commands, window)
        self.behind_button = None if in_bar else QMenu(window)
        place = window.menuBar() if self.behind_button is None else self.behind_button
        place.setObjectName("menu")
        for title in MENUS:
            menu = place.addMenu(title)
            menu.setObjectName(f"menu.{title.lower()}")
            for spec in COMMANDS:
                if spec.menu == title:
                    self._add(menu, spec, commands.actions[spec.key])

    def _add(self, menu: QMenu, spec: CommandSpec, action: QAction) -> None:
        if spec.opens_group:
            menu.addSeparator()
        if spec.key == "open_recent":
            menu.addMenu(self.recent)
        else:
            menu.addAction(action)
