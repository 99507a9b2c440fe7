"""What the learner does with lessons, from state to state."""

from __future__ import annotations

from dataclasses import replace

from playground.models.lessons.goals import do_step
from playground.models.lessons.lesson import Lesson
from playground.models.lessons.start import start_state
from playground.models.lessons.state import LessonState, Progress
from playground.models.state import PlaygroundState


def opened(state: PlaygroundState, lesson: Lesson, path: str = "") -> PlaygroundState:
    """The state with the lesson open: its own program, and the learner's work kept for afterwards."""
    own = own_work(state)
    begun = start_state(lesson)
    kept = LessonState(key=lesson.key, path=path, progress=state.lesson.progress, before=own)
    return replace(begun, lesson=kept, memory_budget=state.memory_budget)


def own_work(state: PlaygroundState) -> PlaygroundState:
    """The learner's work as it was before the first of the lessons that are open now."""
    before = state.lesson.before
    own = before if isinstance(before, PlaygroundState) else state
    return replace(own, lesson=LessonState())


def kept_in_words(state: PlaygroundState) -> str:
    """What becomes of the learner's own tensors while a lesson is open; empty if there is nothing to say."""
    if not state.lesson.key or not isinstance(state.lesson.before, PlaygroundState):
        return ""
    count = len(state.lesson.before.program.names)
    if count == 0:
        return ""
    own, they = ("tensor is", "It comes") if count == 1 else (f"{count} tensors are", "They come")
    return f"Your own {own} kept. {they} back when the lesson closes."


def listed(state: PlaygroundState) -> PlaygroundState:
    """The state with the list of lessons showing, and the learner's own work back."""
    return replace(closed(state), lesson=LessonState(is_listed=True, progress=state.lesson.progress))


def closed(state: PlaygroundState) -> PlaygroundState:
    """The state with the learner's own work back and no lesson open."""
    return replace(own_work(state), lesson=LessonState(progress=state.lesson.progress))


def predicted(state: PlaygroundState, choice: int) -> PlaygroundState:
    """The state with this prediction made; it can be changed as often as one likes."""
    return _progressed(state, replace(state.lesson.here, prediction=choice))


def step_done(state: PlaygroundState, steps: int) -> PlaygroundState:
    """The state with so many steps done; never fewer than before."""
    here = state.lesson.here
    return _progressed(state, replace(here, steps=max(here.steps, steps)))


def answer_seen(state: PlaygroundState) -> PlaygroundState:
    """The state with the answer shown."""
    return _progressed(state, replace(state.lesson.here, answered=True))


def done_for_me(state: PlaygroundState, lesson: Lesson, step: int) -> PlaygroundState:
    """The state in which the app has done this step."""
    return do_step(lesson.steps[step].goal, state)


def restarted(state: PlaygroundState, lesson: Lesson) -> PlaygroundState:
    """The lesson from its beginning."""
    fresh = opened(state, lesson, state.lesson.path)
    return replace(fresh, lesson=fresh.lesson.with_progress(Progress(lesson.key)))


def _progressed(state: PlaygroundState, progress: Progress) -> PlaygroundState:
    return replace(state, lesson=state.lesson.with_progress(progress))
