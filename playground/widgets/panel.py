"""What every panel is: it shows a state and a result, and says what the user did."""

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

    A subclass overrides `show_state` (controls only), `show_result` (what was computed) and `show_problem` (keep the
    last good result, dimmed, and say what is wrong), and calls `edit` with the new state when the user did something.
    """

    edited = Signal(object, object)
    """The new `PlaygroundState`, and the gesture it belongs to (any hashable, or None: one drag is one undo)."""

    gesture_ended = Signal()
    """The hand let go: the next edit is a step of its own."""

    requested = Signal(str, object)
    """A command of the window by name, with its argument: `("open_files", None)`, `("export_tensor", "A")`."""

    cancelled = Signal()
    """The user pressed Cancel on the running computation."""

    asked = Signal(str, object)
    """A side computation of the panel's spec by name ("training"), with its request; None cancels it."""

    summary_changed = Signal()
    """`summary()` says something else now."""

    follows_pointing = True
    """Whether `show_state` is to be called where nothing but the pointed cell is another."""

    key = ""
    title = ""
    """Of the panel's spec, given by whoever makes the panel."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = PlaygroundState()
        self._was_shown = False
        self.is_answered = True
        """Whether the result or the problem that is shown is that of the present state, not of one before."""

    @property
    def state(self) -> PlaygroundState:
        """The state last shown, to build the edited one from."""
        return self._state

    def edit(self, state: PlaygroundState, gesture: Hashable = None) -> None:
        """Say that the user made this state out of the shown one."""
        if state != self._state:
            self.edited.emit(state, gesture)

    def take_offer(self, state: PlaygroundState, gesture: Hashable = None) -> None:
        """Take a change that was offered with what is shown; one made for a state that is gone would undo an edit."""
        if self.is_answered:
            self.edit(state, gesture)

    def accept_state(self, state: PlaygroundState) -> None:
        """Remember the state and show it, once for each different state."""
        before, self._state = self._state, state
        if not self._was_shown or state != before:
            is_elsewhere = not self.follows_pointing and replace(before, pointed=state.pointed) == state
            if not self._was_shown or not is_elsewhere:
                self.show_state(state)
            self._was_shown = True

    def keep_state(self, state: PlaygroundState) -> None:
        """Remember a state in which nothing that this panel shows is another."""
        self._state = state

    def show_state(self, state: PlaygroundState) -> None:
        """Set the controls to the state, with their signals blocked. Override."""

    def show_result(self, result: object) -> None:
        """Draw a result. Override."""

    def show_problem(self, problem: Problem) -> None:
        """Show what is wrong and keep the last good result, dimmed. Override."""

    def show_progress(self, fraction: float, words: str) -> None:
        """Show how far a long computation is; `fraction` in 0..1. Override where computations can be long."""

    def show_busy(self, busy: bool) -> None:
        """A computation began or ended. Override where that shows."""

    def show_answer(self, side: str, outcome: object, final: bool) -> None:
        """Draw what came of a side computation: a result or a `Problem`; `final` is False until it ends. Override."""

    def show_answer_progress(self, side: str, fraction: float, words: str) -> None:
        """Show how far a side computation is. Override."""

    def status_words(self) -> tuple[str, ...]:
        """What the bottom line of the window says while the page of this panel is in front. Override."""
        return ()

    def summary_runs(self) -> tuple[Run, ...]:
        """`summary()` in mixed type, for a panel with code in it. Override together with it."""
        return (Run(self.summary()),)

    def summary(self) -> str:
        """One line for the strip at the bottom that stands for the panel while it is hidden. Override."""
        return ""
