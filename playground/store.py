"""The current state, its history, and the one signal that says that it changed."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import fields, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from playground.models.history import History

if TYPE_CHECKING:
    from playground.models.state import PlaygroundState


ROUNDS = 100
"""After so many answers to one edit, those who listen contradict one another."""


class Store(QObject):
    """Holds the `PlaygroundState`; emits `changed(state)` once for each edit that makes a different one.

    All listeners are told the same states in the same order: one that edits while it is being told has its edit told
    when the others have heard of the one before.
    """

    changed = Signal(object)

    def __init__(self, state: PlaygroundState, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._is_telling = False
        self._works: list[tuple[PlaygroundState, PlaygroundState]] = []
        self._history: History[PlaygroundState] = History(state, work=self._work)

    def _work(self, state: PlaygroundState) -> PlaygroundState:
        """What undo sees of a state; remembered for the last few, because each edit compares with two of before."""
        known = [pair for pair in self._works if pair[0] is state] or [(state, state.without_pointing())]
        self._works = [*known, *(pair for pair in self._works if pair[0] is not state)][:3]
        return known[0][1]

    @property
    def state(self) -> PlaygroundState:
        """The present state."""
        return self._history.present

    @property
    def history(self) -> History[PlaygroundState]:
        """The present state with those before and after it."""
        return self._history

    @Slot(object, object)
    def apply(self, state: PlaygroundState, gesture: Hashable = None, base: PlaygroundState | None = None) -> None:
        """Make an edited state the present one; edits of one `gesture` are one step of undo.

        `base` is the state that was edited; where the present one is another already, what both changed is kept.
        """
        if base is not None and base is not self.state:
            state = rebased(state, base, self.state)
        self._become(self._history.applied(state, gesture))

    @Slot()
    def end_gesture(self) -> None:
        """The hand let go: the next edit starts a step of its own."""
        self._history = self._history.sealed()

    @Slot()
    def undo(self) -> None:
        """One step back, in the middle of a drag too."""
        self._become_at_rest(self._history.undone())

    @Slot()
    def redo(self) -> None:
        """One step forward again."""
        self._become_at_rest(self._history.redone())

    def _become_at_rest(self, history: History[PlaygroundState]) -> None:
        """A state that was left while a hand was moving it comes back without the hand."""
        self._become(replace(history, present=history.present.at_rest()))

    @Slot()
    def refresh(self) -> None:
        """Show what Python has written since into tensors that it handed over; that is no step of undo."""
        self._become(replace(self._history, present=self.state.refreshed(thoroughly=True)))

    @Slot()
    def glance(self) -> None:
        """The same where it is quickly seen."""
        self._become(self._history)

    def _become(self, history: History[PlaygroundState]) -> None:
        fresh = history.present.refreshed()
        history = history if fresh is history.present else replace(history, present=fresh)
        differs = history.present != self._history.present
        self._history = history
        if differs and not self._is_telling:
            self._tell()

    def _tell(self) -> None:
        """Tell the present state, and then those that came of telling it."""
        self._is_telling = True
        try:
            for _ in range(ROUNDS):
                told = self.state
                self.changed.emit(told)
                if self.state == told:
                    return
        finally:
            self._is_telling = False
        raise RuntimeError("Those who listen to the store answer one another without end.")


def rebased(state: PlaygroundState, base: PlaygroundState, present: PlaygroundState) -> PlaygroundState:
    """The present state with what made `state` out of `base`."""
    edited = {entry.name: getattr(state, entry.name) for entry in fields(state)}
    return replace(present, **{name: value for name, value in edited.items() if value != getattr(base, name)})
