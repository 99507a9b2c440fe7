"""The current state, its history, and the signal for its changes. Undo restores old states."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Generic, TypeVar

from PySide6.QtCore import QObject, Signal, Slot

if TYPE_CHECKING:
    from playground.models.state import PlaygroundState

State = TypeVar("State")


def _itself(state: object) -> object:
    return state


@dataclass(frozen=True, slots=True)
class History(Generic[State]):
    """The current state with those before and after it.

    `applied(state, gesture)` replaces the current state while the same gesture continues, so that one drag is one step,
    and a drag that returns to its start is none; two states that `work` maps to equal values differ only by pointing,
    and do not make a step.
    """

    present: State
    past: tuple[State, ...] = ()
    future: tuple[State, ...] = ()
    gesture: Hashable = None
    limit: int = 500
    work: Callable[[State], object] = _itself

    def applied(self, state: State, gesture: Hashable = None) -> History[State]:
        """The history after an edit; the same history if nothing changed."""
        if state == self.present:
            return self
        if self.work(state) == self.work(self.present):
            return replace(self, present=state)
        if gesture is not None and gesture == self.gesture and self.past:
            if self.work(state) == self.work(self.past[-1]):
                return replace(self, present=state, past=self.past[:-1], future=(), gesture=None)
            return replace(self, present=state, future=())
        past = (*self.past, self.present)[-self.limit :]
        return replace(self, present=state, past=past, future=(), gesture=gesture)

    def sealed(self) -> History[State]:
        """The history after the current gesture has ended: the next edit is a separate step."""
        return replace(self, gesture=None)

    @property
    def can_undo(self) -> bool:
        """Whether there is an older state."""
        return bool(self.past)

    @property
    def can_redo(self) -> bool:
        """Whether there is an undone state."""
        return bool(self.future)

    def undone(self) -> History[State]:
        """Undo one step; the same history at its beginning."""
        if not self.past:
            return self
        *past, present = self.past
        return replace(self, present=present, past=tuple(past), future=(self.present, *self.future), gesture=None)

    def redone(self) -> History[State]:
        """Redo one step; the same history at its end."""
        if not self.future:
            return self
        present, *future = self.future
        return replace(self, present=present, past=(*self.past, self.present), future=tuple(future), gesture=None)


COMPARED_AT_A_GLANCE = 1 << 26
"""Storages with more bytes are not compared twice a second: smaller ones take less than 10 ms."""
ROUNDS = 100
"""After this many reactions to one edit, the listeners must be contradicting one another."""


class Store(QObject):
    """Holds the `PlaygroundState`; emits `changed(state)` once for each edit that changes it.

    All listeners receive the same states in the same order: an edit made by a listener is emitted after all listeners
    have received the previous state.
    """

    changed = Signal(object)

    def __init__(self, state: PlaygroundState, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._is_telling = False
        self._works: list[tuple[PlaygroundState, PlaygroundState]] = []
        self._history: History[PlaygroundState] = History(state, work=self._work)

    def _work(self, state: PlaygroundState) -> PlaygroundState:
        """The state as undo sees it; cached for the last few, because each edit compares with two earlier ones."""
        known = [pair for pair in self._works if pair[0] is state] or [(state, state.without_pointing())]
        self._works = [*known, *(pair for pair in self._works if pair[0] is not state)][:3]
        return known[0][1]

    @property
    def state(self) -> PlaygroundState:
        """The current state."""
        return self._history.present

    @property
    def history(self) -> History[PlaygroundState]:
        """The current state with those before and after it."""
        return self._history

    @Slot(object, object)
    def apply(self, state: PlaygroundState, gesture: Hashable = None, base: PlaygroundState | None = None) -> None:
        """Make an edited state the current one; edits of one `gesture` are one undo step.

        `base` is the state that was edited; if the current one has changed since, both changes are kept.
        """
        if base is not None and base is not self.state:
            state = rebased(state, base, self.state)
        self._become(self._history.applied(state, gesture))

    def begin(self, state: PlaygroundState) -> None:
        """Go on from this state, with no step to undo."""
        self._become(History(state, work=self._work))

    @Slot()
    def end_gesture(self) -> None:
        """The user let go: the next edit starts a separate step."""
        self._history = self._history.sealed()

    @Slot()
    def undo(self) -> None:
        """Undo one step, even during a drag."""
        self._become_at_rest(self._history.undone())

    @Slot()
    def redo(self) -> None:
        """Redo one step."""
        self._become_at_rest(self._history.redone())

    def _become_at_rest(self, history: History[PlaygroundState]) -> None:
        """Restore a state without its drag, if it was left during one."""
        self._become(replace(history, present=history.present.at_rest()))

    @Slot()
    def refresh(self) -> None:
        """Show Python's later writes into tensors that it passed in; this is not an undo step."""
        self._become(replace(self._history, present=self.state.refreshed(math.inf)))

    @Slot()
    def glance(self) -> None:
        """The same, if it is quick to detect."""
        self._become(replace(self._history, present=self.state.refreshed(COMPARED_AT_A_GLANCE)))

    def _become(self, history: History[PlaygroundState]) -> None:
        fresh = history.present.refreshed()
        history = history if fresh is history.present else replace(history, present=fresh)
        differs = history.present != self._history.present
        self._history = history
        if differs and not self._is_telling:
            self._tell()

    def _tell(self) -> None:
        """Emit the current state, and then the states that result from emitting it."""
        self._is_telling = True
        try:
            for _ in range(ROUNDS):
                told = self.state
                self.changed.emit(told)
                if self.state == told:
                    return
        finally:
            self._is_telling = False
        raise RuntimeError("The listeners of the store react to one another endlessly.")


def rebased(state: PlaygroundState, base: PlaygroundState, present: PlaygroundState) -> PlaygroundState:
    """The current state with the changes from `base` to `state`."""
    edited = {entry.name: getattr(state, entry.name) for entry in fields(state)}
    return replace(present, **{name: value for name, value in edited.items() if value != getattr(base, name)})
