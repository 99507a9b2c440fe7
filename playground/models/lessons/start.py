"""The state that a lesson puts the app into."""

from __future__ import annotations

from dataclasses import replace

from playground.models.lessons.goals import do_step
from playground.models.lessons.lesson import Lesson
from playground.models.lessons.state import LessonState
from playground.models.network.spec import NetworkSpec
from playground.models.state import PlaygroundState
from playground.models.tensors.program import Program
from playground.models.tensors.state import BroadcastState


def start_state(lesson: Lesson, code: str = "") -> PlaygroundState:
    """A fresh state with the lesson's program (or this code), selection, equation, network and memory choices."""
    start = lesson.start
    program = Program.parse(code or start.program)
    state = PlaygroundState(
        program=program,
        selection=start.selection or (program.names[-1] if program.names else ""),
        lesson=LessonState(key=lesson.key),
    )
    state = replace(state, einsum=replace(state.einsum, equation=start.equation, operands=start.operands))
    state = replace(state, broadcast=BroadcastState(operands=start.broadcast, chosen_at=state.selection))
    state = replace(state, network=replace(state.network, spec=NetworkSpec()))
    goals = (("network", start.network), ("memory", start.memory))
    return do_step(tuple(goal for goal in goals if goal[1]), state)
