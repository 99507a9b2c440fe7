"""All that the user can edit, as one frozen value. It holds intent; nothing derived is kept here."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from playground.models.einsum.state import EinsumState
from playground.models.lessons.state import LessonState
from playground.models.memory.state import MemoryState
from playground.models.network.state import NetworkState
from playground.models.renaming import renamed_line, with_name
from playground.models.tensors.handover import refreshed
from playground.models.tensors.program import Program
from playground.models.tensors.state import BroadcastState, PointedCell, ShapeState


@dataclass(frozen=True, slots=True)
class PlaygroundState:
    """Program, selection, and the choices of each panel. `pointed` is where the hand points, and is no step of undo."""

    program: Program = field(default_factory=Program)
    selection: str = ""
    pointed: PointedCell | None = None
    shape: ShapeState = field(default_factory=ShapeState)
    broadcast: BroadcastState = field(default_factory=BroadcastState)
    einsum: EinsumState = field(default_factory=EinsumState)
    memory: MemoryState = field(default_factory=MemoryState)
    network: NetworkState = field(default_factory=NetworkState)
    lesson: LessonState = field(default_factory=LessonState)
    memory_budget: int | None = None

    def with_program(self, program: Program) -> PlaygroundState:
        """The state with another program; where a line got another name, whatever names it elsewhere follows."""
        names = renamed_line(self.program, program)
        state = self if names is None else with_name(self, *names)
        return replace(state, program=program)

    def refreshed(self, thoroughly: bool = False) -> PlaygroundState:
        """The state with what Python has written since into the tensors that it handed over."""
        program = refreshed(self.program, thoroughly)
        return self if program is self.program else replace(self, program=program)

    def without_pointing(self) -> PlaygroundState:
        """The state as undo sees it: pointing, selecting and the progress in a lesson are no work of the user's."""
        lesson = replace(self.lesson, progress=(), is_listed=False, noted=(), left=())
        rest = self.at_rest()
        return replace(rest, pointed=None, selection="", shape=self.shape.without_selection(), lesson=lesson)

    def at_rest(self) -> PlaygroundState:
        """The state that no hand is moving."""
        return replace(self, network=replace(self.network, moving=False)) if self.network.moving else self
