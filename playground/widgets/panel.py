"""The base class of panels: shows a state and a result, and emits what the user did."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from playground.models.problem import Problem
from playground.models.state import PlaygroundState
from playground.widgets.text.runs import Run


class Panel(QWidget):
    """Base of the panels.

    A subclass overrides `show_state` (controls only), `show_result` (the computed result) and `show_problem` (keep the
    last good result, dimmed, and show the problem), and calls `edit` with the new state after a user action.
    """

    edited = Signal(object, object)
    """The new `PlaygroundState`, and the gesture it belongs to (any hashable, or None: one drag is one undo)."""

    gesture_ended = Signal()
    """The user let go: the next edit is a separate undo step."""

    requested = Signal(str, object)
    """A command of the window by name, with its argument: `("open_files", None)`, `("export_tensor", "A")`."""

    cancelled = Signal()
    """The user pressed Cancel on the running computation."""

    asked = Signal(str, object)
    """A side computation of the panel's spec by name ("training"), with its request; None cancels it."""

    summary_changed = Signal()
    """The text of `summary()` has changed."""

    follows_pointing = True
    """True if `show_state` should also be called when only the pointed cell changed."""

    key = ""
    title = ""
    """From the panel's spec; set by whoever creates the panel."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = PlaygroundState()
        self._was_shown = False
        self.is_answered = True
        """True if the shown result or problem belongs to the current state, not to an earlier one."""

    @property
    def state(self) -> PlaygroundState:
        """The state last shown, to build the edited one from."""
        return self._state

    def edit(self, state: PlaygroundState, gesture: Hashable = None) -> None:
        """Emit that the user changed the shown state to this one."""
        if state != self._state:
            self.edited.emit(state, gesture)

    def take_offer(self, state: PlaygroundState, gesture: Hashable = None) -> None:
        """Apply an offered change, unless the state has moved on: it would undo an edit."""
        if self.is_answered:
            self.edit(state, gesture)

    def accept_state(self, state: PlaygroundState) -> None:
        """Store the state and show it, if it differs from the last one."""
        before, self._state = self._state, state
        if not self._was_shown or state != before:
            is_elsewhere = not self.follows_pointing and replace(before, pointed=state.pointed) == state
            if not self._was_shown or not is_elsewhere:
                self.show_state(state)
            self._was_shown = True

    def keep_state(self, state: PlaygroundState) -> None:
        """Store a state that changes nothing in this panel."""
        self._state = state

    def show_state(self, state: PlaygroundState) -> None:
        """Set the controls to the state, with their signals blocked. Override."""

    def show_result(self, result: object) -> None:
        """Draw a result. Override."""

    def show_problem(self, problem: Problem) -> None:
        """Show a problem and keep the last good result, dimmed. Override."""

    def show_progress(self, fraction: float, words: str) -> None:
        """Show the progress of a long computation; `fraction` in 0..1. Override if computations can be long."""

    def show_busy(self, busy: bool) -> None:
        """Called when a computation starts or ends. Override to show it."""

    def show_answer(self, side: str, outcome: object, final: bool) -> None:
        """Draw a side computation's outcome: a result or a `Problem`; `final` is False until it ends. Override."""

    def show_answer_progress(self, side: str, fraction: float, words: str) -> None:
        """Show a side computation's progress. Override."""

    def status_words(self) -> tuple[str, ...]:
        """The text of the window's status line while this panel's page is visible. Override."""
        return ()

    def summary_runs(self) -> tuple[Run, ...]:
        """`summary()` as runs, for a panel with code in its summary. Override both together."""
        return (Run(self.summary()),)

    def summary(self) -> str:
        """One line that represents the panel at the bottom while it is hidden. Override."""
        return ""
