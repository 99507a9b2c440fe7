"""Turns the texts of the operand boxes into tensors, and offers tensors for empty boxes."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch

from playground.models.einsum.equation import ELLIPSIS, Equation
from playground.models.einsum.labels import Shape, index_labels
from playground.models.evaluation.evaluate import Evaluated, evaluate
from playground.models.formatting import joined, shape_in_words
from playground.models.job import Job
from playground.models.problem import Fix, Problem, ProblemError, Span, refuse
from playground.models.program.program import Program, parse_source

NEW_SIZES = (4, 5, 2, 3, 6, 7)
"""Sizes for letters without a size from any operand."""

MAXIMUM_OFFERED = 2
MAXIMUM_TRIES = 400
MAXIMUM_NAMED = 8
"""A problem with more empty boxes than this does not list them and offers nothing."""

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


@dataclass(frozen=True, slots=True, eq=False)
class Operand:
    """An operand: `tensor` is None if its values are too large to compute; `meta` has its shape and dtype."""

    text: str
    meta: torch.Tensor
    tensor: torch.Tensor | None

    @property
    def shape(self) -> Shape:
        """Its shape."""
        return tuple(self.meta.shape)


def ordinal(position: int) -> str:
    """`ordinal(1) == "second"`."""
    return _ORDINALS[position] if position < len(_ORDINALS) else f"{position + 1}th"


def resolve_operands(
    program: Program, texts: Sequence[str], budget: int | None, job: Job
) -> tuple[tuple[Operand | None, ...], Mapping[str, Evaluated]]:
    """The operands in order (None: an empty box, or the name of a deleted tensor) and all lines of the program.

    Raises a `ProblemError` that names a bad box.
    """
    longer = program
    hidden: dict[int, str] = {}
    for position, text in enumerate(texts):
        if text and text not in program.names and not is_gone(program, text):
            hidden[position] = f"_operand_{position}"
            longer = longer.appended(hidden[position], parse_source(text))
    evaluated = evaluate(longer, budget, job)
    operands = tuple(
        _operand(position, text, evaluated[hidden.get(position, text)]) if text and not is_gone(program, text) else None
        for position, text in enumerate(texts)
    )
    return operands, {name: evaluated[name] for name in program.names}


def is_gone(program: Program, text: str) -> bool:
    """True if a box names a tensor that the program does not have (any more)."""
    return text.strip().isidentifier() and text.strip() not in program.names


def _operand(position: int, text: str, found: Evaluated) -> Operand:
    if found.meta is None:
        reason = f" {found.problem.message}" if found.problem is not None else ""
        refuse(f"The {ordinal(position)} operand, {text}, has no result.{reason}", badge="no operand")
    return Operand(text, found.meta, found.tensor)


def missing_problem(
    equation: Equation,
    operands: Sequence[Operand | None],
    evaluated: Mapping[str, Evaluated],
    texts: Sequence[str] = (),
) -> Problem | None:
    """A problem for empty boxes, with tensors that could be created or used for them; None if no box is empty.

    `texts` are the boxes' contents: a deleted tensor's name is mentioned, and is not an error of the equation.
    """
    count = len(equation.inputs)
    empty = [place for place in range(count) if place >= len(operands) or operands[place] is None]
    if not empty or not equation.text.strip():
        return None
    shapes = made_shapes(equation, operands)
    boxes = joined([f"the {ordinal(place)}" for place in empty])
    text = f"{boxes[0].upper()}{boxes[1:]} operand {'has' if len(empty) == 1 else 'have'} no tensor."
    if len(empty) > MAXIMUM_NAMED:
        text = f"{len(empty):,} of {count:,} operands have no tensor, the {ordinal(empty[0])} is the first of them."
    span = Span(equation.inputs[empty[0]].span.start, equation.inputs[empty[-1]].span.stop)
    fixes: list[Fix] = []
    if shapes is not None and len(empty) <= MAXIMUM_NAMED:
        whole = [shapes[place] for place in range(count)]
        fixes = list(_offered(equation, empty, whole, evaluated))
        code = "make " + "; ".join(shape_in_words(shapes[place]) for place in empty)
        gives = _gives(equation, whole)
        if gives is not None:
            fixes.append(Fix(code, gives, "new tensors with these shapes", "make." + ",".join(map(str, empty))))
    gone = [texts[place] for place in empty if place < len(texts) and texts[place]]
    if len(gone) == len(empty):
        names = joined(list(dict.fromkeys(gone)))
        text = f"There {'is no tensor' if len(set(gone)) == 1 else 'are no tensors'} called {names}."
        return Problem(text, None, tuple(fixes), badge="operand missing", severity="warning")
    return Problem(text, span, tuple(fixes), badge="operand missing")


def _gives(equation: Equation, shapes: Sequence[Shape]) -> str | None:
    """The shape of the result; None if the shapes do not fit without stretching."""
    try:
        indexing = index_labels(equation, shapes)
    except ProblemError:
        return None
    if any(label.stretched for label in indexing.labels.values()):
        return None
    return shape_in_words(indexing.output_shape)


def _offered(
    equation: Equation, empty: list[int], whole: list[Shape], evaluated: Mapping[str, Evaluated]
) -> tuple[Fix, ...]:
    """Program tensors that fit the empty boxes, each used once if possible."""
    shapes = {name: tuple(line.meta.shape) for name, line in evaluated.items() if line.meta is not None}
    fixes: dict[str, Fix] = {}
    choices = itertools.chain(itertools.permutations(shapes, len(empty)), itertools.product(shapes, repeat=len(empty)))
    for names in itertools.islice(choices, MAXIMUM_TRIES):
        tried = list(whole)
        for place, name in zip(empty, names, strict=True):
            tried[place] = shapes[name]
        code, gives = "; ".join(names), _gives(equation, tried)
        if gives is not None and code not in fixes:
            fixes[code] = Fix(code, gives, "tensors that fit", "operand." + ",".join(map(str, empty)))
        if len(fixes) == MAXIMUM_OFFERED:
            break
    return tuple(fixes.values())


def made_shapes(equation: Equation, operands: Sequence[Operand | None]) -> dict[int, Shape] | None:
    """A shape for each operand: its own, or one from the letters' sizes; None if a box does not fit its term."""
    sizes: dict[str, int] = {}
    ellipsis: Shape = ()
    for term, operand in zip(equation.inputs, operands, strict=False):
        if operand is None:
            continue
        letters, shape = term.letters, operand.shape
        own = len(shape) - len(letters)
        if own < 0 or (own > 0 and not term.has_ellipsis):
            return None
        at = term.labels.index(ELLIPSIS) if term.has_ellipsis else len(letters)
        ellipsis = max(ellipsis, shape[at : at + own], key=len)
        for letter, size in zip(letters, (*shape[:at], *shape[at + own :]), strict=True):
            sizes[letter] = size if sizes.get(letter, 1) == 1 else sizes[letter]
    free = iter([size for size in NEW_SIZES if size not in sizes.values()] + [3] * 60)
    for letter in dict.fromkeys(letter for term in equation.inputs for letter in term.letters):
        sizes.setdefault(letter, next(free))
    shapes: dict[int, Shape] = {}
    for place, term in enumerate(equation.inputs):
        known = operands[place] if place < len(operands) else None
        shapes[place] = known.shape if known is not None else _shape_of(term.labels, sizes, ellipsis)
    return shapes


def _shape_of(labels: Sequence[str], sizes: Mapping[str, int], ellipsis: Shape) -> Shape:
    shape: list[int] = []
    for label in labels:
        shape.extend(ellipsis if label == ELLIPSIS else (sizes[label],))
    return tuple(shape)


def with_boxes(problem: Problem, operands: Sequence[str]) -> Problem:
    """Add a fix that empties the last box to a problem about too many operands."""
    last = len(operands) - 1
    fix = Fix(f"without {operands[last]}", "", "empty the last operand", f"drop.{last}")
    return replace(problem, fixes=(fix, *problem.fixes))
