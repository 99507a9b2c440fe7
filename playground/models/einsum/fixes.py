"""Fixes for an equation or its operands, and whether an equation may just be unfinished.

Every fix is tried on the shapes before it is offered.
"""

from __future__ import annotations

import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from playground.models.einsum.equation import ARROW, ELLIPSIS, Equation, implicit_output, parse_equation
from playground.models.einsum.labels import Shape, index_labels
from playground.models.formatting import shape_in_words
from playground.models.problem import Fix, Problem, ProblemError, Span

NOTE = "note"
"""The severity of an unfinished equation."""


def is_unfinished(text: str, shapes: Sequence[Shape]) -> bool:
    """True if typing more at the end can produce an equation that fits these operands.

    >>> is_unfinished("ij,j", [(3, 4), (4, 5)]), is_unfinished("ij,i", [(3, 4), (4, 5)])
    (True, False)
    """
    return any(_fits(candidate, shapes) for candidate in _continued(text.rstrip(), shapes))


def while_typing(problem: Problem) -> Problem:
    """The problem while the user types: an unfinished equation needs no fixes yet."""
    return replace(problem, fixes=(), span=None) if problem.severity == NOTE else problem


def once_left(problem: Problem) -> Problem:
    """The problem after the user has stopped typing: the equation does not fit."""
    return replace(problem, severity="error") if problem.severity == NOTE else problem


def _continued(text: str, shapes: Sequence[Shape]) -> Iterator[str]:
    """Ways to continue: the rest of an arrow, more dots, missing letters and terms."""
    if text.endswith("-"):
        yield f"{text}>"
        return
    dots = len(text) - len(text.rstrip("."))
    if 0 < dots < len(ELLIPSIS):
        text += "." * (len(ELLIPSIS) - dots)
        yield text
    if ARROW not in text:
        yield from _filled(text, shapes)


def _filled(text: str, shapes: Sequence[Shape]) -> Iterator[str]:
    """The last term and the missing ones, filled with new letters."""
    try:
        equation = parse_equation(text)
    except ProblemError:
        return
    given = len(equation.inputs)
    if given > len(shapes):
        return
    missing = max(0, len(shapes[given - 1]) - len(equation.inputs[-1].letters))
    for count in range(missing, -1, -1):
        letters = iter(sorted(set(string.ascii_letters) - set(text)))
        counts = (count, *(len(shape) for shape in shapes[given:]))
        parts = ["".join(letter for _, letter in zip(range(size), letters, strict=False)) for size in counts]
        yield text + ",".join(parts) + (ARROW if _sums(equation) else "")


def _sums(equation: Equation) -> bool:
    """True without an ellipsis: then everything may be summed, so the output cannot be the error."""
    return not any(term.has_ellipsis for term in equation.inputs)


def _fits(text: str, shapes: Sequence[Shape]) -> bool:
    try:
        index_labels(parse_equation(text), shapes)
    except ProblemError:
        return False
    return True


MAXIMUM_FIXES = 3
MAXIMUM_TRIES = 300
MAXIMUM_CHARACTERS = 60_000
"""The most characters read when searching for fixes."""

EQUATION = "equation"
"""`Fix.target` of a new equation; for a new operand it is `operand.1`, for a tensor to create `make.1`."""

PATIENCE = "patience"
"""`Fix.target` for running a long computation."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An edit that may fix the equation: another text, or another expression and shape for one operand."""

    code: str
    meaning: str = ""
    operand: int | None = None
    shape: Shape = ()


def with_fixes(problem: Problem, text: str, shapes: Sequence[Sequence[int]], names: Sequence[str]) -> Problem:
    """The problem with up to three fixes that work for these shapes; if none does, it keeps its own."""
    operand_shapes = tuple(tuple(shape) for shape in shapes)
    tries = min(MAXIMUM_TRIES, MAXIMUM_CHARACTERS // max(1, len(text)))
    candidates = islice(_candidates(problem, text, operand_shapes, names), tries)
    found: dict[str, Fix] = {}
    for candidate in candidates:
        fix = _tried(candidate, text, operand_shapes)
        if fix is not None and candidate.code not in found and candidate.code != text:
            found[candidate.code] = fix
        if len(found) == MAXIMUM_FIXES:
            break
    return replace(problem, fixes=tuple(found.values()) or problem.fixes)


def _tried(candidate: Candidate, text: str, shapes: tuple[Shape, ...]) -> Fix | None:
    equation = text if candidate.operand is not None else candidate.code
    if candidate.operand is not None:
        shapes = tuple(candidate.shape if i == candidate.operand else shape for i, shape in enumerate(shapes))
    try:
        indexing = index_labels(parse_equation(equation), shapes)
    except ProblemError:
        return None
    target = EQUATION if candidate.operand is None else f"operand.{candidate.operand}"
    return Fix(candidate.code, shape_in_words(indexing.output_shape), candidate.meaning, target)


def _candidates(problem: Problem, text: str, shapes: tuple[Shape, ...], names: Sequence[str]) -> Iterator[Candidate]:
    for fix in problem.fixes:
        yield Candidate(fix.code, fix.meaning)
    try:
        equation = parse_equation(text)
    except ProblemError:
        yield from _character_edits(problem, text)
        return
    yield from _output_edits(equation)
    if len(equation.inputs) != len(shapes):
        yield from _term_count_edits(equation, shapes)
        return
    yield from _letter_edits(equation, shapes)
    yield from _operand_edits(equation, shapes, names)
    yield from _every_term_edit(equation, shapes)


def _character_edits(problem: Problem, text: str) -> Iterator[Candidate]:
    if problem.span is not None:
        before, after = text[: problem.span.start], text[problem.span.stop :]
        marked = problem.span.of(text)
        kind = (ARROW,) if set(marked) & set(ARROW) else (ELLIPSIS,) if "." in marked else (",",)
        for replacement in (*kind, ""):
            yield Candidate(before + replacement + after)


def _replaced(text: str, span: Span, new: str) -> str:
    return text[: span.start] + new + text[span.stop :]


def _output_edits(equation: Equation) -> Iterator[Candidate]:
    """Drop an output letter that is unknown or repeated, or replace it by a missing one."""
    if equation.output is None:
        return
    known = list(dict.fromkeys(letter for term in equation.inputs for letter in term.letters))
    missing = [letter for letter in known if letter not in equation.output.letters]
    for place, subscript in enumerate(equation.output.subscripts):
        repeated = subscript.label in equation.output.labels[:place]
        if repeated or (subscript.label != ELLIPSIS and subscript.label not in known):
            for letter in missing:
                yield Candidate(_replaced(equation.text, subscript.span, letter))
            yield Candidate(_replaced(equation.text, subscript.span, ""), f"without {subscript.label}")
            head = equation.text[: equation.output.span.start]
            yield Candidate(head + "".join(implicit_output(equation.inputs)), "what appears once")


def _term_count_edits(equation: Equation, shapes: tuple[Shape, ...]) -> Iterator[Candidate]:
    given = len(shapes)
    tail = "" if equation.output is None else equation.text[equation.inputs[-1].span.stop :]
    if len(equation.inputs) > given > 0:
        head = equation.text[: equation.inputs[given - 1].span.stop]
        yield Candidate(head + tail, "without it")
        kept = "".join(implicit_output(equation.inputs[:given]))
        yield Candidate(head + ARROW + kept, "without it")
    elif len(equation.inputs) < given:
        yield from _more_terms(equation, shapes)


def _more_terms(equation: Equation, shapes: tuple[Shape, ...]) -> Iterator[Candidate]:
    """Letters for operands that have none: the last letter is reused if the sizes agree, the others are new."""
    free = free_letters(equation)
    text = ",".join(term.text for term in equation.inputs)
    last = equation.inputs[-1].letters[-1:] if equation.inputs[-1].letters else ()
    last_size = shapes[len(equation.inputs) - 1][-1:] if last else ()
    for shape in shapes[len(equation.inputs) :]:
        letters = [next(free, "") for _ in shape]
        if last and last_size and shape and shape[0] == last_size[0]:
            letters[0] = last[0]
        text += "," + "".join(letters)
        last, last_size = tuple(letters[-1:]), shape[-1:]
    yield Candidate(text, "letters for the rest")


def _letter_edits(equation: Equation, shapes: tuple[Shape, ...]) -> Iterator[Candidate]:
    """Swap two letters of one operand; drop or add one if their number is wrong."""
    for operand in range(len(equation.inputs) - 1, -1, -1):
        term, rank = equation.inputs[operand], len(shapes[operand])
        subscripts = [s for s in term.subscripts if s.label != ELLIPSIS]
        if len(subscripts) > rank:
            for subscript in subscripts:
                yield Candidate(_replaced(equation.text, subscript.span, ""), f"without {subscript.label}")
            continue
        if len(subscripts) < rank and not term.has_ellipsis:
            yield from _longer_term(equation, operand, shapes)
            continue
        for first, one in enumerate(subscripts):
            for other in subscripts[first + 1 :]:
                swapped = _replaced(equation.text, one.span, other.label)
                yield Candidate(_replaced(swapped, other.span, one.label), f"{one.label} and {other.label} swapped")


def _longer_term(equation: Equation, operand: int, shapes: tuple[Shape, ...]) -> Iterator[Candidate]:
    """Letters for axes that have none, reusing the previous operand's last letter if the sizes agree."""
    term, shape = equation.inputs[operand], shapes[operand]
    letters = list(term.letters)
    free = free_letters(equation)
    before = equation.inputs[operand - 1].letters if operand else ()
    if not letters and before and shapes[operand - 1][-1:] == shape[:1]:
        letters.append(before[-1])
    while len(letters) < len(shape):
        letters.append(next(free, ""))
    added = "".join(letters[len(term.letters) :])
    stop = term.subscripts[-1].span.stop if term.subscripts else term.span.start
    start = term.subscripts[0].start if term.subscripts else term.span.start
    yield Candidate(_replaced(equation.text, Span(stop, stop), added), "letters for the rest")
    yield Candidate(_replaced(equation.text, Span(start, start), ELLIPSIS), "an ellipsis for the rest")


def _every_term_edit(equation: Equation, shapes: tuple[Shape, ...]) -> Iterator[Candidate]:
    """As many letters as each operand has axes, keeping its own while the sizes agree. This changes the most."""
    if any(term.has_ellipsis for term in equation.inputs):
        return
    free = free_letters(equation)
    sizes: dict[str, int] = {}
    terms = []
    for term, shape in zip(equation.inputs, shapes, strict=True):
        own = term.letters[: len(shape)]
        letters = [own[axis] if axis < len(own) else next(free, "") for axis in range(len(shape))]
        for axis, size in enumerate(shape):
            if sizes.setdefault(letters[axis], size) != size:
                letters[axis] = next(free, "")
                sizes[letters[axis]] = size
        terms.append("".join(letters))
    kept = "" if equation.output is None else "".join(one for one in equation.output.letters if one in sizes)
    yield Candidate(",".join(terms) + (ARROW + kept if equation.output is not None else ""), "letters for every axis")


def free_letters(equation: Equation) -> Iterator[str]:
    """Letters that the equation does not use, common ones first."""
    used = {letter for term in equation.inputs for letter in term.letters}
    return (letter for letter in dict.fromkeys("ijklmnopqrst" + string.ascii_letters) if letter not in used)


def _operand_edits(equation: Equation, shapes: tuple[Shape, ...], names: Sequence[str]) -> Iterator[Candidate]:
    for operand, (term, shape) in enumerate(zip(equation.inputs, shapes, strict=True)):
        name = names[operand] if operand < len(names) else string.ascii_uppercase[operand % 26]
        callable_name = name if name.isidentifier() else f"({name})"
        letters = len(term.letters)
        if len(shape) > letters and not term.has_ellipsis:
            yield from _fewer_axes(callable_name, operand, shape)
        elif len(shape) < letters:
            for axis in range(len(shape) + 1):
                longer = (*shape[:axis], 1, *shape[axis:])
                yield Candidate(f"{callable_name}.unsqueeze({axis})", "an axis of size 1", operand, longer)
        else:
            yield from _smaller_axes(callable_name, operand, shape, shapes)


def _fewer_axes(name: str, operand: int, shape: Shape) -> Iterator[Candidate]:
    for axis, size in enumerate(shape):
        rest = (*shape[:axis], *shape[axis + 1 :])
        if size == 1:
            yield Candidate(f"{name}.squeeze({axis})", "without the axis of size 1", operand, rest)
    for axis in range(len(shape)):
        rest = (*shape[:axis], *shape[axis + 1 :])
        places = ", ".join([*([":"] * axis), "0"])
        if shape[axis] > 0:
            yield Candidate(f"{name}[{places}]", f"the first of axis {axis}", operand, rest)


def _smaller_axes(name: str, operand: int, shape: Shape, shapes: tuple[Shape, ...]) -> Iterator[Candidate]:
    sizes = sorted({size for other in shapes for size in other})
    for axis, size in enumerate(shape):
        for smaller in sizes:
            if 1 < smaller < size:
                places = ", ".join([*([":"] * axis), f":{smaller}"])
                cut = (*shape[:axis], smaller, *shape[axis + 1 :])
                yield Candidate(f"{name}[{places}]", f"the first {smaller} of axis {axis}", operand, cut)
