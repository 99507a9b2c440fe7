"""What the lesson panel shows: the texts of the open lesson, filled with numbers computed now, and the steps done."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace

from playground.models.job import Job
from playground.models.lessons.goals import is_step_done
from playground.models.lessons.lesson import Lesson
from playground.models.lessons.library import find_lesson
from playground.models.lessons.scope import Scope, make_scope
from playground.models.state import PlaygroundState
from playground.models.tensors.evaluation import evaluate


@dataclass(frozen=True, slots=True)
class LessonRequest:
    """The lesson, and the state in which its steps may be done."""

    lesson: str
    state: PlaygroundState


@dataclass(frozen=True, slots=True)
class Verdict:
    """A prediction as the run judged it: `holds` is what its check gave just now."""

    words: str
    detail: str
    holds: bool
    because: str


@dataclass(frozen=True, slots=True)
class LessonResult:
    """The open lesson in words; `now_done` says which steps the present state fulfils."""

    lesson: Lesson
    question: str
    verdicts: tuple[Verdict, ...]
    steps: tuple[str, ...]
    now_done: tuple[bool, ...]
    answer: str
    claims: tuple[tuple[str, bool], ...]


def lesson_request(state: PlaygroundState) -> LessonRequest | None:
    """What the panel depends on: all of the state but the progress, since any part can be a step's goal."""
    if not state.lesson.key:
        return None
    bare = replace(state.lesson, progress=(), before=None, is_listed=False)
    return LessonRequest(state.lesson.path or state.lesson.key, replace(state, lesson=bare))


@functools.lru_cache(maxsize=32)
def _scope(lesson: Lesson) -> Scope:
    return make_scope(lesson)


def compute_lesson(request: LessonRequest | None, job: Job) -> LessonResult | None:
    """Run the lesson's start and checks (once), fill its texts, look which steps are done in the present state."""
    if request is None:
        return None
    lesson, _ = find_lesson(request.lesson)
    scope = _scope(lesson)
    job.check()
    values = evaluate(request.state.program, request.state.memory_budget, job)
    verdicts = tuple(
        Verdict(one.words, one.detail, scope.is_true(one.check), scope.filled(one.because))
        for one in lesson.predictions
    )
    return LessonResult(
        lesson=lesson,
        question=scope.filled(lesson.question),
        verdicts=verdicts,
        steps=tuple(scope.filled(step.words) for step in lesson.steps),
        now_done=tuple(is_step_done(step.goal, request.state, values) for step in lesson.steps),
        answer=scope.filled(lesson.answer.words),
        claims=tuple((scope.filled(claim.words), scope.is_true(claim.check)) for claim in lesson.answer.claims),
    )
