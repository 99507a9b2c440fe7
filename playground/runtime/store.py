"""The current state, its history, and the one signal that says that it changed. Undo is old states."""

from __future__ import annotations

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
    """The present state with those before and after it.

    `applied(state, gesture)` replaces the present while the same gesture goes on, so that one drag is one step, and
    one that comes back to where it began is none; two states that `work` maps to equal values differ by pointing only,
    and make no step.
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
        """The history in which the running gesture has ended: the next edit is a step of its own."""
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
        """One step back; the same history at its beginning."""
        if not self.past:
            return self
        *past, present = self.past
        return replace(self, present=present, past=tuple(past), future=(self.present, *self.future), gesture=None)

    def redone(self) -> History[State]:
        """One step forward again; the same history at its end."""
        if not self.future:
            return self
        present, *future = self.future
        return replace(self, present=present, past=(*self.past, self.present), future=tuple(future), gesture=None)


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

    def begin(self, state: PlaygroundState) -> None:
        """Go on from this state, with no step to undo."""
        self._become(History(state, work=self._work))

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
