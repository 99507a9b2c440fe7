"""Where a step of a lesson is done: the part of the window to light up, as things stand."""

from __future__ import annotations

from playground.models.lessons.goals import GOALS
from playground.models.lessons.lesson import LessonStep
from playground.models.state import PlaygroundState


def part_to_light(step: LessonStep, state: PlaygroundState) -> str:
    """The objectName of the part where a hand goes on: that of the first goal that is not reached."""
    goal = dict(step.goal)
    places = (GOALS.find(kind).place(state, goal[kind], step.part) for kind in GOALS if kind in goal)
    return next((place for place in places if place), step.part)


def has_place(step: LessonStep) -> bool:
    """Whether there is a part to light up for a step; a lesson of one's own need not name one."""
    return bool(part_to_light(step, PlaygroundState()))
