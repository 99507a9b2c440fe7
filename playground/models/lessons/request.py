"""What the lesson panel shows: the open lesson's texts, filled with numbers computed now, and the steps done."""

from __future__ import annotations

from dataclasses import dataclass, replace

from playground.models.evaluation.evaluate import evaluate
from playground.models.job import Job
from playground.models.lessons.goals import is_step_done
from playground.models.lessons.lesson import Lesson
from playground.models.lessons.lesson_file import find_lesson, place_in_file
from playground.models.lessons.scope import Scope, make_scope, unfilled
from playground.models.problem import ProblemError
from playground.models.state import PlaygroundState


@dataclass(frozen=True, slots=True)
class LessonRequest:
    """The lesson, and the state to check its steps against."""

    lesson: str
    state: PlaygroundState


@dataclass(frozen=True, slots=True)
class JudgedPrediction:
    """A prediction with the run's verdict: `holds` is the current result of its check."""

    words: str
    detail: str
    holds: bool
    because: str


@dataclass(frozen=True, slots=True)
class LessonResult:
    """The open lesson's texts; `now_done` says which steps the current state completes.

    `is_ready` is False while the lesson's measures are being taken: the texts then have dots for numbers.
    """

    lesson: Lesson
    question: str
    verdicts: tuple[JudgedPrediction, ...]
    steps: tuple[str, ...]
    now_done: tuple[bool, ...]
    answer: str
    claims: tuple[tuple[str, bool], ...]
    is_ready: bool = True


def lesson_request(state: PlaygroundState) -> LessonRequest | None:
    """The panel's request: all of the state except the progress, since any part can be a step's goal."""
    if not state.lesson.key:
        return None
    bare = replace(state.lesson, progress=(), before=None, is_listed=False)
    return LessonRequest(state.lesson.path or state.lesson.key, replace(state, lesson=bare))


_SCOPES: dict[Lesson, Scope] = {}


def compute_lesson(request: LessonRequest | None, job: Job) -> LessonResult | None:
    """Run the lesson's start and checks (once), fill in its texts, and check which steps the current state completes.

    A lesson with measures shows its text first, and its numbers when they are ready.
    """
    if request is None:
        return None
    lesson, _ = find_lesson(request.lesson)
    values = evaluate(request.state.program, request.state.memory_budget, job)
    done = tuple(is_step_done(step.goal, request.state, values) for step in lesson.steps)
    if lesson not in _SCOPES:
        job.show(_waiting(lesson, done))
        _SCOPES[lesson] = make_scope(lesson, job)
    try:
        return _filled(lesson, _SCOPES[lesson], done)
    except ProblemError as error:
        lead = " ".join(filter(None, (place_in_file(request.lesson, error.problem.lead), error.problem.lead)))
        raise ProblemError(replace(error.problem, lead=lead, badge="broken lesson")) from error


def _filled(lesson: Lesson, scope: Scope, done: tuple[bool, ...]) -> LessonResult:
    verdicts = tuple(
        JudgedPrediction(one.words, one.detail, scope.is_true(one.check), scope.filled(one.because))
        for one in lesson.predictions
    )
    return LessonResult(
        lesson=lesson,
        question=scope.filled(lesson.question),
        verdicts=verdicts,
        steps=tuple(scope.filled(step.words) for step in lesson.steps),
        now_done=done,
        answer=scope.filled(lesson.answer.words),
        claims=tuple((scope.filled(claim.words), scope.is_true(claim.check)) for claim in lesson.answer.claims),
    )


def _waiting(lesson: Lesson, done: tuple[bool, ...]) -> LessonResult:
    """The lesson's texts before its numbers are known."""
    return LessonResult(
        lesson=lesson,
        question=unfilled(lesson.question),
        verdicts=tuple(JudgedPrediction(one.words, one.detail, False, "") for one in lesson.predictions),
        steps=tuple(unfilled(step.words) for step in lesson.steps),
        now_done=done,
        answer="The numbers are being computed.",
        claims=(),
        is_ready=False,
    )
