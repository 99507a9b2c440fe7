"""Lists every operation of a program in which broadcasting stretches an operand, and which of them fit by chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from playground.models.broadcasting.alignment import Shape, align
from playground.models.broadcasting.chance.explain import explain_chance
from playground.models.evaluation.evaluate import Evaluated, evaluate
from playground.models.formatting import joined, shape_in_words
from playground.models.job import Job
from playground.models.language.steps import Step
from playground.models.program.program import Program


@dataclass(frozen=True, slots=True)
class StretchedOperand:
    """An operand that is repeated: its text, its own shape, and the result's axes along which it is."""

    text: str
    shape: Shape
    axes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StretchedOperation:
    """An operation with stretched operands.

    `name` is the line of the program, or the place in a module's source ("model.py:12"); `code` the operation. `chance`
    says what else would fit if it fits by chance, in a sentence; otherwise it is empty.
    """

    name: str
    code: str
    shapes: tuple[Shape, ...]
    result: Shape
    stretched: tuple[StretchedOperand, ...]
    chance: str = ""

    @property
    def words(self) -> str:
        """`"A + v: v (4,) is repeated along axis 0 of (3, 4)"`."""
        parts = [
            f"{one.text} {shape_in_words(one.shape)} is repeated along "
            f"{'axis' if len(one.axes) == 1 else 'axes'} {joined([str(axis) for axis in one.axes])}"
            for one in self.stretched
        ]
        return f"{self.code}: {joined(parts)} of {shape_in_words(self.result)}"


def list_broadcasts(
    program: Program, budget: int | None = None, job: Job | None = None
) -> tuple[StretchedOperation, ...]:
    """Every operation of the program in which an operand is stretched, in the order in which they run.

    >>> from playground import Program
    >>> program = Program.parse("A = torch.ones(3, 4)\\nv = torch.ones(4)\\nB = (A + v) * 2")
    >>> [one.words for one in list_broadcasts(program)]
    ['A + v: v (4,) is repeated along axis 0 of (3, 4)']

    Numbers without axes are not listed: they fit everything. `budget` limits the bytes of all values, as in `evaluate`.
    """
    job = job or Job()
    results = evaluate(program, budget, job)
    notes = {(note.name, note.place): note.plain for note in explain_chance(program, budget, job)}
    found: list[StretchedOperation] = []
    for name, result in results.items():
        waiting: list[Step] = []
        for step in result.steps:
            if step.is_stretch:
                waiting.append(step)
            elif waiting:
                place = (step.span.start, step.span.stop)
                found.append(_operation(result, waiting, step, results, notes.get((name, place), "")))
                waiting = []
    return tuple(found)


def _operation(
    result: Evaluated, stretches: Sequence[Step], step: Step, results: Mapping[str, Evaluated], chance: str
) -> StretchedOperation:
    operands = tuple(
        StretchedOperand(text, shape, _axes(shape, step.shape))
        for one in stretches
        for text in [one.span.of(result.code)]
        for shape in [_own_shape(text, one, result, results)]
    )
    shapes = tuple(operand.shape for operand in operands)
    return StretchedOperation(result.name, step.span.of(result.code), shapes, step.shape, operands, chance)


def _axes(shape: Shape, result: Shape) -> tuple[int, ...]:
    row = align([shape, result], ("", "")).rows[0]
    return row.stretched


def _own_shape(text: str, stretch: Step, result: Evaluated, results: Mapping[str, Evaluated]) -> Shape:
    """The operand's shape before it is stretched: that of its name, or of the step that made it."""
    known = results.get(text)
    if known is not None and known.meta is not None:
        return tuple(known.meta.shape)
    made = next((step for step in result.steps if step.span == stretch.span and not step.is_stretch), None)
    if made is not None:
        return made.shape
    return tuple(1 if stride == 0 else size for size, stride in zip(stretch.shape, stretch.strides, strict=True))


def other_places(small: Shape, large: Shape) -> tuple[tuple[int, ...], ...]:
    """The other axes of `large`, in order, that an operand of shape `small` would fit besides the last ones.

    >>> other_places((4,), (4, 3, 4))
    ((0,),)
    """
    if not small or len(small) >= len(large) or all(size == 1 for size in small):
        return ()
    usual = tuple(range(len(large) - len(small), len(large)))
    return tuple(
        places
        for places in combinations(range(len(large)), len(small))
        if places != usual and all(size in (1, large[place]) for size, place in zip(small, places, strict=True))
        if any(size != 1 and place != own for size, place, own in zip(small, places, usual, strict=True))
    )
