"""The learner's actions on lessons as changes of state: start, answer, continue; and where each step is done."""

from __future__ import annotations

from dataclasses import replace

from playground.models.lessons.goals import GOALS, do_step
from playground.models.lessons.lesson import Lesson, LessonStep
from playground.models.network.spec.spec import NetworkSpec
from playground.models.program.program import Program
from playground.models.state import BroadcastState, LeftWork, LessonState, PlaygroundState, Progress


def start_state(lesson: Lesson, code: str = "") -> PlaygroundState:
    """A new state with the lesson's program (or this code), selection, equation, network and memory choices."""
    start = lesson.start
    program = Program.parse(code or start.program)
    state = PlaygroundState(
        program=program,
        selection=start.selection or (program.names[-1] if program.names else ""),
        lesson=LessonState(key=lesson.key),
        shows_chance=start.chance,
    )
    state = replace(state, einsum=replace(state.einsum, equation=start.equation, operands=start.operands))
    state = replace(state, broadcast=BroadcastState(operands=start.broadcast, chosen_at=state.selection))
    state = replace(state, network=replace(state.network, spec=NetworkSpec()))
    goals = (("network", start.network), ("memory", start.memory))
    return do_step(tuple(goal for goal in goals if goal[1]), state)


def part_to_light(step: LessonStep, state: PlaygroundState) -> str:
    """The objectName of the part to use next: that of the first goal not yet reached."""
    goal = dict(step.goal)
    places = (GOALS.find(kind).place(state, goal[kind], step.part) for kind in GOALS if kind in goal)
    return next((place for place in places if place), step.part)


def has_place(step: LessonStep) -> bool:
    """True if a step has a part to highlight; a user's own lesson need not name one."""
    return bool(part_to_light(step, PlaygroundState()))


def opened(state: PlaygroundState, lesson: Lesson, path: str = "") -> PlaygroundState:
    """The state with the lesson open where the learner left it, and the learner's own work set aside."""
    start = replace(start_state(lesson), lesson=LessonState())
    here = state.lesson.progress_in(lesson.key)
    left = left_work(state)
    known = (one.work for one in left if one.key == lesson.key and one.start == start)
    work = next(known, None) or _steps_done_again(start, lesson, here)
    assert isinstance(work, PlaygroundState)
    kept = LessonState(
        key=lesson.key, path=path, progress=state.lesson.progress, before=own_work(state), start=start, left=left
    )
    return replace(work, lesson=kept, memory_budget=state.memory_budget)


def _steps_done_again(state: PlaygroundState, lesson: Lesson, here: Progress) -> PlaygroundState:
    """Redo the work of earlier steps if only the steps are remembered."""
    for number, step in enumerate(lesson.steps[: here.steps]):
        made = (goal for goal in step.goal if goal[0] == "line" or (number not in here.skipped and goal[0] != "act"))
        state = do_step(tuple(made), state)
    return state


def left_work(state: PlaygroundState) -> tuple[LeftWork, ...]:
    """The work in each lesson, with the current work for the open one."""
    here = state.lesson
    if not here.key:
        return here.left
    others = tuple(one for one in here.left if one.key != here.key)
    return (*others, LeftWork(here.key, here.start, replace(state.at_rest(), lesson=LessonState())))


def own_work(state: PlaygroundState) -> PlaygroundState:
    """The learner's own work before the first lesson was opened."""
    before = state.lesson.before
    own = before if isinstance(before, PlaygroundState) else state
    return replace(own, lesson=LessonState())


def kept_in_words(state: PlaygroundState) -> str:
    """A note on the learner's own tensors while a lesson is open; empty if there are none."""
    if not state.lesson.key or not isinstance(state.lesson.before, PlaygroundState):
        return ""
    count = len(state.lesson.before.program.names)
    if count == 0:
        return ""
    own, they = ("tensor is", "It comes") if count == 1 else (f"{count} tensors are", "They come")
    return f"Your own {own} kept. {they} back when the lesson closes."


def with_list_shown(state: PlaygroundState) -> PlaygroundState:
    """The state with the list of lessons open, and the learner's own work restored."""
    back = closed(state)
    return replace(back, lesson=replace(back.lesson, is_listed=True))


def closed(state: PlaygroundState) -> PlaygroundState:
    """The state with the learner's own work restored and no lesson open."""
    return replace(own_work(state), lesson=LessonState(progress=state.lesson.progress, left=left_work(state)))


def predicted(state: PlaygroundState, choice: int) -> PlaygroundState:
    """The state with this prediction made; it can be changed any number of times."""
    return _progressed(state, replace(state.lesson.here, prediction=choice))


def step_done(state: PlaygroundState, steps: int, acts: tuple[str, ...] = ()) -> PlaygroundState:
    """The state with so many steps done, never fewer than before. The acts that they asked for are cleared."""
    here = state.lesson.here
    left = tuple(act for act in state.lesson.noted if act not in acts)
    state = replace(state, lesson=replace(state.lesson, noted=left))
    return _progressed(state, replace(here, steps=max(here.steps, steps)))


def step_skipped(state: PlaygroundState, lesson: Lesson) -> PlaygroundState:
    """The state with the current step skipped; a line that it asks for is still added, since later steps need it."""
    here = state.lesson.here
    if here.steps >= len(lesson.steps):
        return state
    made = tuple(goal for goal in lesson.steps[here.steps].goal if goal[0] == "line")
    state = step_done(do_step(made, state), here.steps + 1)
    return _progressed(state, replace(state.lesson.here, skipped=(*here.skipped, here.steps)))


def noted(state: PlaygroundState, act: str) -> PlaygroundState:
    """The state after an act has been reported; unchanged outside a lesson."""
    return do_step((("act", act),), state) if state.lesson.key else state


def answer_seen(state: PlaygroundState) -> PlaygroundState:
    """The state with the answer shown."""
    return _progressed(state, replace(state.lesson.here, answered=True))


def done_for_me(state: PlaygroundState, lesson: Lesson, step: int) -> PlaygroundState:
    """The state after the app has done this step, except for acts that only the window can perform."""
    return do_step(tuple(goal for goal in lesson.steps[step].goal if goal[0] != "act"), state)


def acts_of(lesson: Lesson, step: int) -> tuple[str, ...]:
    """The acts that a step asks for."""
    return tuple(str(wanted) for kind, wanted in lesson.steps[step].goal if kind == "act")


def restarted(state: PlaygroundState, lesson: Lesson) -> PlaygroundState:
    """The lesson from the start."""
    fresh = replace(start_state(lesson), lesson=state.lesson, memory_budget=state.memory_budget)
    return _progressed(fresh, Progress(lesson.key))


def _progressed(state: PlaygroundState, progress: Progress) -> PlaygroundState:
    return replace(state, lesson=state.lesson.with_progress(progress))
