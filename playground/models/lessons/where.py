"""Where a step of a lesson is done: the part of the window to light up, as things stand."""

from __future__ import annotations

from playground.models.lessons.goals import cell_of
from playground.models.lessons.lesson import LessonStep
from playground.models.state import PlaygroundState


def part_to_light(step: LessonStep, state: PlaygroundState) -> str:
    """The objectName of the part, "shape.grid r[1, 0]" for a cell of it; the card while another tensor is selected."""
    pointed = dict(step.goal).get("pointed")
    if pointed is None or not step.part:
        return step.part
    cell = cell_of(pointed)
    if state.selection != cell.name and state.program.get(cell.name) is not None:
        return f"tensors.card.{cell.name}"
    return f"{step.part} {cell.name}[{', '.join(str(place) for place in cell.index)}]"
