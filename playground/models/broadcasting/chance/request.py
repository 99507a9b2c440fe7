"""What the window asks about chance: the notes of its program, computed once for all panels that show them."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from playground.models.broadcasting.chance.explain import explain_chance
from playground.models.broadcasting.chance.telling import ChanceNote
from playground.models.job import Job
from playground.models.program.program import Program
from playground.models.state import PlaygroundState


@dataclass(frozen=True, slots=True)
class ChanceRequest:
    """The program and the memory budget in bytes (None: the default)."""

    program: Program
    budget: int | None = None


@dataclass(frozen=True, slots=True)
class ChanceResult:
    """The notes of a program, in order."""

    request: ChanceRequest
    notes: tuple[ChanceNote, ...] = ()

    def of_line(self, name: str) -> tuple[ChanceNote, ...]:
        """The notes whose first line is this one."""
        return tuple(note for note in self.notes if note.name == name)


_LOCK = threading.Lock()
_LAST: list[ChanceResult] = []


def chance_request(state: PlaygroundState) -> ChanceRequest | None:
    """The request for a state; None where the notes are switched off."""
    return ChanceRequest(state.program, state.memory_budget) if state.shows_chance else None


def compute_chance(request: ChanceRequest, job: Job) -> ChanceResult:
    """The notes of the program; panels that ask for the same share one computation."""
    with _LOCK:
        known = next((one for one in _LAST if one.request == request), None)
        if known is None:
            known = ChanceResult(request, explain_chance(request.program, request.budget, job))
            _LAST[:] = [known]
        return known
