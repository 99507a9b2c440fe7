"""Ties one panel to the store: edits up, state down, results back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject, Slot

from playground.models.job import Job
from playground.models.problem import Problem, ProblemError
from playground.runtime.task import Answer, LatestTask
from playground.runtime.worker import SecondProcessSpec

if TYPE_CHECKING:
    from playground.models.state import PlaygroundState
    from playground.runtime.store import Store
    from playground.widgets.panel import Panel


@dataclass(frozen=True, slots=True)
class PanelSpec:
    """A panel: its request for a state, the computation, and its widget.

    `sides` are computations that the panel starts itself (training, a phase diagram), by name. A `lazy` panel is
    computed only once it is visible: the Network page costs nothing while the user looks at tensors. `ignores` are
    fields of the state that neither the panel nor its request reads: an edit of only these costs nothing. `second` says
    what a second process computes, so that results follow a drag more closely.
    """

    key: str
    title: str
    request: Callable[[PlaygroundState], object]
    compute: Callable[[Any, Job], object]
    widget: Callable[[], Panel]
    sides: Mapping[str, Callable[[Any, Job], object]] = field(default_factory=lambda: MappingProxyType({}))
    lazy: bool = False
    ignores: frozenset[str] = frozenset()
    second: SecondProcessSpec | None = None

    def is_concerned(self, before: PlaygroundState, after: PlaygroundState) -> bool:
        """True if a field that this panel reads has changed."""
        return any(
            getattr(before, entry.name) != getattr(after, entry.name)
            for entry in fields(after)
            if entry.name not in self.ignores
        )


class SideLink(QObject):
    """A side computation started by a panel; its answers are returned by name."""

    def __init__(self, side: str, compute: Callable[[Any, Job], object], panel: Panel, parent: QObject) -> None:
        super().__init__(parent)
        self._side = side
        self._panel = panel
        self.task = LatestTask(compute, side, self)
        self.task.finished.connect(self._on_task_finished)
        self.task.progressed.connect(self._on_task_progressed)

    @Slot(object)
    def _on_task_finished(self, answer: Answer) -> None:
        self._panel.show_answer(self._side, answer.outcome, answer.final)

    @Slot(float, str)
    def _on_task_progressed(self, fraction: float, words: str) -> None:
        self._panel.show_answer_progress(self._side, fraction, words)


class PanelLink(QObject):
    """Keeps a panel and the store in sync until `close()`."""

    def __init__(self, spec: PanelSpec, panel: Panel, store: Store, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.spec = spec
        self.panel = panel
        self._store = store
        self._last_request: object = None
        self._wanted: object = None
        self._answered: object = None
        self._seen: PlaygroundState | None = None
        self.task = LatestTask(spec.compute, spec.key, self, spec.second)
        self._sides = {side: SideLink(side, compute, panel, self) for side, compute in spec.sides.items()}
        self.task.finished.connect(self._on_task_finished)
        self.task.progressed.connect(self._on_task_progressed)
        self.task.became_busy.connect(self._on_task_became_busy)
        panel.edited.connect(self._on_panel_edited)
        panel.gesture_ended.connect(store.end_gesture)
        panel.cancelled.connect(self._on_panel_cancelled)
        panel.asked.connect(self._on_panel_asked)
        store.changed.connect(self._on_store_changed)
        if spec.lazy:
            panel.installEventFilter(self)
        self._on_store_changed(store.state)

    def tasks(self) -> tuple[LatestTask, ...]:
        """All computations of this panel."""
        return (self.task, *(side.task for side in self._sides.values()))

    def stop(self) -> None:
        """Cancel all computations, without waiting for them."""
        for task in self.tasks():
            task.stop()

    def close(self) -> None:
        """Stop listening and wait for the computations in flight."""
        self.stop()
        self.panel.removeEventFilter(self)
        self._store.changed.disconnect(self._on_store_changed)
        self.panel.edited.disconnect(self._on_panel_edited)
        for task in self.tasks():
            task.close()

    @Slot(object, object)
    def _on_panel_edited(self, state: object, gesture: object) -> None:
        self._store.apply(state, gesture, self.panel.state)  # type: ignore[arg-type]

    @Slot(object)
    def _on_store_changed(self, state: PlaygroundState) -> None:
        before, self._seen = self._seen, state
        if before is not None and self.spec.ignores and not self.spec.is_concerned(before, state):
            self.panel.keep_state(state)
            return
        self.panel.accept_state(state)
        try:
            request = self.spec.request(state)
        except ProblemError as error:
            self._last_request = self._wanted = self._answered = None
            self.panel.is_answered = True
            self.task.cancel()  # a running computation must not replace the problem when it finishes
            self.panel.show_problem(error.problem)
            return
        self._wanted = request
        self.panel.is_answered = request == self._answered
        self._submit()

    def _submit(self) -> None:
        if self.spec.lazy and not self.panel.isVisible():
            return
        if self._wanted != self._last_request:
            self._last_request = self._wanted
            self.task.submit(self._wanted)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Give a lazy panel that becomes visible what it missed."""
        if event.type() == QEvent.Type.Show and watched is self.panel:
            self._submit()
        return super().eventFilter(watched, event)

    @Slot()
    def _on_panel_cancelled(self) -> None:
        self.task.cancel()
        self._last_request = None

    @Slot(str, object)
    def _on_panel_asked(self, side: str, request: object) -> None:
        task = self._sides[side].task
        if request is None:
            task.cancel()
        else:
            task.submit(request)

    @Slot(object)
    def _on_task_finished(self, answer: Answer) -> None:
        self._answered = answer.request
        self.panel.is_answered = answer.request == self._wanted
        if isinstance(answer.outcome, Problem):
            self.panel.show_problem(answer.outcome)
        else:
            self.panel.show_result(answer.outcome)

    @Slot(float, str)
    def _on_task_progressed(self, fraction: float, words: str) -> None:
        self.panel.show_progress(fraction, words)

    @Slot(bool)
    def _on_task_became_busy(self, busy: bool) -> None:
        self.panel.show_busy(busy)
