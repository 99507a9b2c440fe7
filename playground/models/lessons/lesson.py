"""The data of a lesson: a question, predictions, a start, steps to try, an answer computed on the spot."""

from __future__ import annotations

from dataclasses import dataclass

Pairs = tuple[tuple[str, object], ...]


@dataclass(frozen=True, slots=True)
class Start:
    """The state in which a lesson starts; empty fields are as in a new window. `chance`: chance is marked."""

    program: str = ""
    selection: str = ""
    equation: str = ""
    operands: tuple[str, ...] = ()
    broadcast: tuple[str, ...] = ()
    network: Pairs = ()
    memory: Pairs = ()
    chance: bool = False


@dataclass(frozen=True, slots=True)
class Prediction:
    """An answer to choose; `check` is a line of the tensor language that must be true if it is `right`, else false.

    `because` is shown with the answer: the case that confirms or refutes it.
    """

    words: str
    right: bool
    check: str
    because: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class LessonStep:
    """Something to do: `goal` is how the app notices it, `part` is the objectName to highlight."""

    words: str
    part: str
    goal: Pairs


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence of the answer with the line of the tensor language that must be true."""

    words: str
    check: str


@dataclass(frozen=True, slots=True)
class Measure:
    """A number from the app's own models, available as `name` in the lesson's texts and checks."""

    name: str
    kind: str
    arguments: Pairs


@dataclass(frozen=True, slots=True)
class LessonAnswer:
    """The content of the answer: text, code to copy, and claims that were all just run."""

    words: str
    code: str = ""
    claims: tuple[Claim, ...] = ()


@dataclass(frozen=True, slots=True)
class Lesson:
    """A whole lesson. `shelf` is "questions" (the twelve) or "cards" (is it true?)."""

    key: str
    title: str
    question: str
    answer: LessonAnswer
    number: int = 0
    shelf: str = "questions"
    page: str = "tensors"
    about: tuple[str, ...] = ()
    covered: tuple[str, ...] = ()
    start: Start = Start()
    predictions: tuple[Prediction, ...] = ()
    steps: tuple[LessonStep, ...] = ()
    measures: tuple[Measure, ...] = ()
