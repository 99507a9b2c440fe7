"""What a lesson is: a question, a prediction, a start, steps to try, an answer computed on the spot."""

from __future__ import annotations

from dataclasses import dataclass

Pairs = tuple[tuple[str, object], ...]


@dataclass(frozen=True, slots=True)
class Start:
    """The state that a lesson puts the app into; what is empty stays as a new window has it."""

    program: str = ""
    selection: str = ""
    equation: str = ""
    operands: tuple[str, ...] = ()
    broadcast: tuple[str, ...] = ()
    network: Pairs = ()
    memory: Pairs = ()


@dataclass(frozen=True, slots=True)
class Prediction:
    """An answer to choose; `check` is a line of the tensor language that must be true if it is `right`, else false.

    `because` is said once the answer is seen: the case that bears it out or refutes it.
    """

    words: str
    right: bool
    check: str
    because: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class LessonStep:
    """Something to do by hand: `goal` says by what the app notices it, `part` is the objectName that lights up."""

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
    """A number taken from the app's own models: `name` stands for it in the texts and checks of the lesson."""

    name: str
    kind: str
    arguments: Pairs


@dataclass(frozen=True, slots=True)
class LessonAnswer:
    """What is shown at the end: words, code to copy, and claims that were all just run."""

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
