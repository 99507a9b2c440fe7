"""Where the learner is, and what the learner had before the lesson began."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Progress:
    """What was done in one lesson: the prediction (-1: none yet), the steps behind the learner, the answer seen.

    `skipped` are those of the steps that were passed over.
    """

    key: str
    prediction: int = -1
    steps: int = 0
    answered: bool = False
    skipped: tuple[int, ...] = ()

    @property
    def is_begun(self) -> bool:
        """Whether the learner has predicted, or gone on without."""
        return self.prediction >= 0 or self.steps > 0 or self.answered


@dataclass(frozen=True, slots=True)
class LeftWork:
    """What the learner had made in a lesson when leaving it: `work` grew from `start`, both a `PlaygroundState`."""

    key: str
    start: object
    work: object


@dataclass(frozen=True, slots=True)
class LessonState:
    """The open lesson by key (empty: none; `path` where it is a file of one's own), and the progress in each.

    `is_listed` shows the shelf. `noted` are the acts seen in the open lesson that no step has used yet. `before` is the
    learner's own work, a `PlaygroundState` that comes back at the end. `start` is how the open lesson began, `left` is
    what was made in the lessons that were left.
    """

    key: str = ""
    path: str = ""
    is_listed: bool = False
    progress: tuple[Progress, ...] = ()
    before: object = None
    noted: tuple[str, ...] = ()
    start: object = None
    left: tuple[LeftWork, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether the side panel shows."""
        return bool(self.key) or self.is_listed

    @property
    def here(self) -> Progress:
        """The progress in the open lesson."""
        return self.progress_in(self.key)

    def progress_in(self, key: str) -> Progress:
        """The progress in a lesson; a fresh one if it was never opened."""
        return next((one for one in self.progress if one.key == key), Progress(key))

    def with_progress(self, progress: Progress) -> LessonState:
        """The state with this progress in its lesson."""
        others = tuple(one for one in self.progress if one.key != progress.key)
        return replace(self, progress=tuple(sorted((*others, progress), key=lambda one: one.key)))
