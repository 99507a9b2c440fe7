"""Undo as old states."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

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
