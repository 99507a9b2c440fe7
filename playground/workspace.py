"""The store, the panels and the links of one window, made together and closed together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtGui import QGuiApplication, QWindow
from PySide6.QtWidgets import QWidget

from playground.commands import Commands
from playground.panel_link import PanelLink, PanelSpec
from playground.store import Store

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
