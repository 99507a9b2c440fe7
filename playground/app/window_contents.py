"""What fills the frame: the store, panels, links, pages and actions of one window, made, wired and closed together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSettings, QTimer, Signal, Slot
from PySide6.QtGui import QGuiApplication, QWindow
from PySide6.QtWidgets import QApplication, QMainWindow, QStackedWidget, QWidget

from playground.app.commands.commands import Commands, ExportMenu
from playground.app.commands.menus import Menus
from playground.app.commands.palette import CommandPalette
from playground.app.header import HeaderTools, Pages
from playground.app.lesson_dock import LessonSide, remembered_progress, save_progress
from playground.app.memory_limit import remembered_limit, save_limit
from playground.app.pages import NetworkPage, TensorsPage
from playground.app.settings import remember_theme, settings
from playground.app.theme import install_theme
from playground.models.problem import Problem
from playground.runtime.panel_link import PanelLink, PanelSpec
from playground.runtime.store import Store
from playground.widgets.controls.problem_banner import ProblemBanner
from playground.widgets.look import look
from playground.widgets.status import StatusPanel

if TYPE_CHECKING:
    from playground.models.state import PlaygroundState
    from playground.widgets.panel import Panel


class Workspace(QObject):
    """Everything of a window that lives behind its surface."""

    busy_changed = Signal(bool)
    GLANCE_MS = 500
    """How often it is looked whether Python wrote into a tensor that it handed over."""

    def __init__(self, specs: Iterable[PanelSpec], state: PlaygroundState, window: QWidget) -> None:
        super().__init__(window)
        self.store = Store(state, self)
        self.commands = Commands(self.store, window)
        self.panels: dict[str, Panel] = {}
        self.links: dict[str, PanelLink] = {}
        self._busy = 0
        self._glances = QTimer(self, interval=self.GLANCE_MS)
        self._glances.timeout.connect(self.store.glance)
        self._glances.start()
        application = QGuiApplication.instance()
        if isinstance(application, QGuiApplication):
            application.focusWindowChanged.connect(self._on_focus_window_changed)
        for spec in specs:
            panel = spec.widget()
            panel.key, panel.title = spec.key, spec.title
            panel.setObjectName(panel.objectName() or spec.key)
            self.panels[spec.key] = panel
            panel.requested.connect(self.commands.run_request)
        for spec in specs:
            link = PanelLink(spec, self.panels[spec.key], self.store, self)
            link.task.became_busy.connect(self._on_task_became_busy)
            self.links[spec.key] = link
        self.commands.files.became_busy.connect(self._on_task_became_busy)

    def cancel(self) -> None:
        """Stop what the panels compute and what is read or written; the next edit computes again."""
        for panel in self.panels.values():
            panel.cancelled.emit()
        self.commands.files.cancel()

    def close(self) -> None:
        """Stop all computations, then wait for each."""
        self._glances.stop()
        for link in self.links.values():
            link.stop()
        for link in self.links.values():
            link.close()
        self.commands.close()

    @Slot(QWindow)
    def _on_focus_window_changed(self, window: QWindow | None) -> None:
        if window is not None and self._glances.isActive():
            self.store.refresh()

    @Slot(bool)
    def _on_task_became_busy(self, busy: bool) -> None:
        self._busy += 1 if busy else -1
        self.busy_changed.emit(self._busy > 0)


class Furniture(QObject):
    """The pages, the header's tools, the notice and the bottom line of one window, wired to its workspace."""

    def __init__(self, window: QMainWindow, stack: Pages, specs: Iterable[PanelSpec], state: PlaygroundState) -> None:
        super().__init__(window)
        state = replace(state, memory_budget=remembered_limit(settings()))
        self.workspace = Workspace(tuple(specs), state, window)
        panels, commands = self.workspace.panels, self.workspace.commands
        # Built where they will stand: put there whole, Qt would style each of their hundreds of parts once more.
        holder = stack.findChild(QStackedWidget)
        self.pages = (TensorsPage(panels, holder), NetworkPage(panels["network"], holder))
        self.lessons = LessonSide(panels["lessons"], self.pages, stack)
        status = panels["status"]
        assert isinstance(status, StatusPanel)
        self.status = status
        self.export_menu = ExportMenu(self.workspace.store, commands, window)
        self.tools = HeaderTools(commands.actions, self.export_menu)
        self.menus = Menus(commands, window)
        self.palette = CommandPalette(window)
        self.notice = ProblemBanner(first=0)
        self.notice.setObjectName("notice")
        commands.close_wanted.connect(window.close)
        commands.theme_wanted.connect(self._on_theme_wanted)
        commands.search_wanted.connect(self._on_search_wanted)
        commands.lesson_wanted.connect(self.lessons.open)
        commands.lessons_wanted.connect(self.lessons.toggle)
        for worker in (commands.files, commands.texts, commands.session):
            worker.said.connect(self._on_files_said)
            worker.failed.connect(self._on_files_failed)
        commands.part_wanted.connect(self.lessons.light)
        self.tools.lessons_clicked.connect(self.lessons.toggle)
        self.workspace.store.changed.connect(self.lessons.show_state)
        self.workspace.busy_changed.connect(status.show_window_busy)
        status.cancel.clicked.connect(self._on_cancel_clicked)
        stack.currentChanged.connect(self._on_page_changed)
        panels["network"].summary_changed.connect(self._on_network_changed)
        self._on_page_changed(stack.currentIndex())
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
