"""All that `MainWindow.furnish` puts into the frame, made and wired in one place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSettings, Slot
from PySide6.QtWidgets import QApplication, QStackedWidget

from playground.command_palette import CommandPalette
from playground.export_menu import ExportMenu
from playground.header import HeaderTools
from playground.lesson_memory import remembered_progress, save_progress
from playground.lesson_side import LessonSide
from playground.memory_limit import remembered_limit, save_limit
from playground.models.outcome import Problem
from playground.network_page import NetworkPage
from playground.panel_link import PanelSpec
from playground.tensors_page import TensorsPage
from playground.theme import install_theme
from playground.widgets.common.look import look
from playground.widgets.common.problem_banner import ProblemBanner
from playground.widgets.status.status_panel import StatusPanel
from playground.window_settings import remember_theme, settings
from playground.workspace import Workspace

if TYPE_CHECKING:
    from playground.main_window import MainWindow
    from playground.models.state import PlaygroundState


class Furniture(QObject):
    """The pages, the header's tools, the notice and the bottom line of one window, wired to its workspace."""

    def __init__(self, window: MainWindow, specs: Iterable[PanelSpec], state: PlaygroundState) -> None:
        super().__init__(window)
        state = replace(state, memory_budget=remembered_limit(settings()))
        self.workspace = Workspace(tuple(specs), state, window)
        panels, commands = self.workspace.panels, self.workspace.commands
        # Built where they will stand: put there whole, Qt would style each of their hundreds of parts once more.
        stack = window.pages.findChild(QStackedWidget)
        self.pages = (TensorsPage(panels, stack), NetworkPage(panels["network"], stack))
        self.lessons = LessonSide(panels["lessons"], self.pages, window)
        status = panels["status"]
        assert isinstance(status, StatusPanel)
        self.status = status
        self.export_menu = ExportMenu(self.workspace.store, commands, window)
        self.tools = HeaderTools(commands.actions, self.export_menu)
        self.palette = CommandPalette(window)
        self.notice = ProblemBanner()
        self.notice.setObjectName("notice")
        commands.page_wanted.connect(window.show_page)
        commands.full_screen_wanted.connect(window.toggle_full_screen)
        commands.close_wanted.connect(window.close)
        commands.theme_wanted.connect(self._on_theme_wanted)
        commands.search_wanted.connect(self._on_search_wanted)
        commands.lesson_wanted.connect(self.lessons.open)
        commands.lessons_wanted.connect(self.lessons.toggle)
        for worker in (commands.files, commands.texts):
            worker.said.connect(self._on_files_said)
            worker.failed.connect(self._on_files_failed)
        commands.part_wanted.connect(self.lessons.light)
        self.tools.lessons_clicked.connect(self.lessons.toggle)
        self.workspace.store.changed.connect(self.lessons.show_state)
        self.workspace.busy_changed.connect(status.show_window_busy)
        status.cancel.clicked.connect(self._on_cancel_clicked)
        window.pages.currentChanged.connect(self._on_page_changed)
        panels["network"].summary_changed.connect(self._on_network_changed)
        self._on_page_changed(window.pages.currentIndex())
        self.workspace.store.changed.connect(self._on_store_changed)

    def save(self, settings: QSettings) -> None:
        """Remember the sizes of the splitters, the progress in the lessons, and the memory limit."""
        self.pages[0].save_sizes(settings)
        save_progress(settings, self.workspace.store.state.lesson.progress)
        save_limit(settings, self.workspace.store.state.memory_budget)

    def restore(self, settings: QSettings) -> None:
        """Take the sizes and the progress of the last time."""
        self.pages[0].restore_sizes(settings)
        state = self.workspace.store.state
        lesson = replace(state.lesson, progress=remembered_progress(settings))
        self.workspace.store.apply(replace(state, lesson=lesson))

    @Slot(int)
    def _on_page_changed(self, index: int) -> None:
        self.status.show_page(on_network=isinstance(self.pages[index], NetworkPage))

    @Slot()
    def _on_network_changed(self) -> None:
        self.status.show_network(self.workspace.panels["network"].status_words())

    @Slot(str)
    def _on_theme_wanted(self, wanted: str) -> None:
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        dark = None if wanted == "system" else not look().dark
        install_theme(application, dark=dark)
        remember_theme({None: "system", True: "dark", False: "light"}[dark])

    @Slot()
    def _on_cancel_clicked(self) -> None:
        self.workspace.cancel()
        self.status.say("cancelled: the next edit computes again")

    @Slot()
    def _on_search_wanted(self) -> None:
        self.palette.open(self.workspace.commands.actions.values())

    @Slot(str)
    def _on_files_said(self, message: str) -> None:
        self.notice.set_problem(None)
        self.status.say(message)

    @Slot(object)
    def _on_files_failed(self, problem: Problem) -> None:
        self.notice.set_problem(problem)

    @Slot(object)
    def _on_store_changed(self, _state: object) -> None:
        self.notice.set_problem(None)
