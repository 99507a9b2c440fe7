"""What each letter means for operands of given shapes: its size, its axes, kept or summed, and why."""

from __future__ import annotations

import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from playground.models.einsum.equation import ELLIPSIS, HINT, Equation, Subscript, Term
from playground.models.formatting import joined
from playground.models.problem import Problem, Span, refuse


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A label on axis `axis` of operand number `operand`, with size `size` there."""

    operand: int
    axis: int
    size: int


def role_of(output_axis: int | None, is_diagonal: bool, is_stretched: bool) -> str:
    """The one word for a label: "summed", "diagonal", "broadcast" or "kept"."""
    if output_axis is None:
        return "summed"
    if is_diagonal:
        return "diagonal"
    return "broadcast" if is_stretched else "kept"


@dataclass(frozen=True, slots=True)
class Circumstances:
    """The parts of a reason: `count` places, the result's axis (None: none), the operands that repeat or stretch it."""

    label: str
    output_axis: int | None
    count: int
    size: int
    diagonal: tuple[int, ...]
    stretched: tuple[Occurrence, ...]


def label_reason(about: Circumstances, names: Sequence[str], result_name: str, is_implicit: bool) -> str:
    """`"axis 0 of C"`, `"not right of the arrow"`, `"twice in A: the diagonal, axis 0 of B"`."""
    parts = []
    if about.diagonal:
        parts.append(f"{_times_in(about.count, about.diagonal, names)}: the diagonal")
    if about.stretched:
        where = joined([f"{names[o.operand]} axis {o.axis}" for o in about.stretched])
        parts.append(f"size 1 of {where} is stretched to {about.size}")
    parts.append(_ending(about, result_name, is_implicit))
    return ", ".join(parts)


def _times_in(count: int, diagonal: tuple[int, ...], names: Sequence[str]) -> str:
    inside = joined([names[operand] for operand in diagonal])
    return f"twice in {inside}" if count == 2 or len(diagonal) > 1 else f"repeated in {inside}"


def _ending(about: Circumstances, result_name: str, is_implicit: bool) -> str:
    ellipsis = "of the ellipsis, " if len(about.label) > 1 else ""
    if about.output_axis is None:
        if is_implicit:
            return f"{ellipsis}no arrow, and it appears {'twice' if about.count == 2 else f'{about.count} times'}"
        return f"{ellipsis}not right of the arrow"
    axis = f"axis {about.output_axis} of {result_name}"
    if is_implicit and not ellipsis:
        return f"no arrow, and it appears once: {axis}"
    return f"{ellipsis}{axis}"


Shape = tuple[int, ...]
MAXIMUM_RANK = 64


@dataclass(frozen=True, slots=True)
class Label:
    """A letter, or an axis of the ellipsis (named e0, e1, ... from the left); `place` is its colour's number.

    `role` is "kept", "summed", "diagonal" (kept, and twice in one operand) or "broadcast" (kept, and stretched from 1
    somewhere); `diagonal_of` and `stretched` record the last two for summed letters too.
    """

    name: str
    size: int
    place: int
    occurrences: tuple[Occurrence, ...]
    role: str
    reason: str
    output_axis: int | None
    diagonal_of: tuple[int, ...] = ()
    stretched: tuple[Occurrence, ...] = ()

    @property
    def is_summed(self) -> bool:
        """True if the result has no axis for it."""
        return self.output_axis is None

    @property
    def operands(self) -> tuple[int, ...]:
        """The numbers of the operands that contain it."""
        return tuple(dict.fromkeys(occurrence.operand for occurrence in self.occurrences))

    def found_in(self, names: Sequence[str]) -> str:
        """`"A axis 1, B axis 0"`."""
        return ", ".join(f"{names[o.operand]} axis {o.axis}" for o in self.occurrences)


@dataclass(frozen=True, slots=True)
class Indexing:
    """An equation applied to shapes: the label of each axis of each operand and of the result."""

    equation: Equation
    shapes: tuple[Shape, ...]
    names: tuple[str, ...]
    result_name: str
    input_labels: tuple[tuple[str, ...], ...]
    output_labels: tuple[str, ...]
    labels: Mapping[str, Label]

    @property
    def sizes(self) -> dict[str, int]:
        """The size of each label."""
        return {name: label.size for name, label in self.labels.items()}

    @property
    def output_shape(self) -> Shape:
        """The shape of the result."""
        return tuple(self.labels[name].size for name in self.output_labels)

    @property
    def summed(self) -> tuple[str, ...]:
        """The summed labels, in order of appearance."""
        return tuple(name for name, label in self.labels.items() if label.is_summed)

    @property
    def is_view(self) -> bool:
        """True if torch returns a view of the operand: one operand, and nothing is summed."""
        return len(self.shapes) == 1 and not self.summed


def default_operand_names(count: int) -> tuple[str, ...]:
    """Default operand names: `A`, `B`, ..., then `T26`, `T27`, ..."""
    return tuple(string.ascii_uppercase[i] if i < 26 else f"T{i}" for i in range(count))


def index_labels(
    equation: Equation, shapes: Sequence[Sequence[int]], names: Sequence[str] = (), result_name: str = ""
) -> Indexing:
    """Match letters with axes; raises a `ProblemError` that names the letter, the operands and the clashing sizes."""
    operand_shapes = tuple(tuple(int(size) for size in shape) for shape in shapes)
    operand_names = tuple(names) or default_operand_names(max(len(operand_shapes), len(equation.inputs)))
    _check_output(equation)
    if len(equation.inputs) != len(operand_shapes):
        _refuse_count(equation, len(operand_shapes), operand_names)
    ellipsis_rank = 0
    for term, shape, name in zip(equation.inputs, operand_shapes, operand_names, strict=False):
        ellipsis_rank = max(ellipsis_rank, _ellipsis_axes(equation, term, shape, name))
    input_labels = tuple(
        _expand(term, len(shape) - len(term.letters), ellipsis_rank)
        for term, shape in zip(equation.inputs, operand_shapes, strict=True)
    )
    output_labels = _expand_output(equation, ellipsis_rank)
    result = result_name or next(
        (name for name in default_operand_names(26) if name not in operand_names), f"T{len(operand_names)}"
    )
    occurrences = _collect(equation, operand_shapes, operand_names, input_labels)
    labels = _make_labels(equation, occurrences, output_labels, operand_names, result)
    return Indexing(equation, operand_shapes, operand_names, result, input_labels, output_labels, labels)


def _check_output(equation: Equation) -> None:
    if equation.output is None:
        return
    known = {label for term in equation.inputs for label in term.labels}
    seen: set[str] = set()
    for subscript in equation.output.subscripts:
        if subscript.label in seen:
            message = f"{subscript.label} appears twice in the output. For a diagonal, write it twice on the left."
            refuse(message, subscript.span, badge="twice in the output")
        if subscript.label != ELLIPSIS and subscript.label not in known:
            inputs = joined(sorted(known - {ELLIPSIS}), "or")
            allowed = f" Only {inputs} may stand to the right of the arrow." if inputs else ""
            refuse(f"{subscript.label} is not an input index.{allowed}", subscript.span, badge="unknown index")
        seen.add(subscript.label)


def _refuse_count(equation: Equation, given: int, names: Sequence[str]) -> None:
    terms = len(equation.inputs)
    if not equation.text.strip():
        refuse(HINT, badge="empty")
    if terms > given:
        missing = equation.inputs[given:]
        called = joined([names[i] if i < len(names) else f"operand {i}" for i in range(given, terms)])
        have = "has no tensor" if terms - given == 1 else "have no tensors"
        span = Span(missing[0].span.start, missing[-1].span.stop)
        refuse(f"The equation has {terms} operands: {called} {have}.", span, badge="operand missing")
    extra = joined([names[i] for i in range(terms, given)])
    word = "has" if given - terms == 1 else "have"
    span = equation.inputs[-1].span
    refuse(f"The equation has {_count(terms, 'operand')}, {given} are given: {extra} {word} no subscripts.", span)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _ellipsis_axes(equation: Equation, term: Term, shape: Shape, name: str) -> int:
    """The number of axes that a term's ellipsis represents."""
    letters, rank = len(term.letters), len(shape)
    if letters != rank and not (term.has_ellipsis and letters < rank):
        _refuse_rank(equation, term, shape, name)
    return rank - letters


def _refuse_rank(equation: Equation, term: Term, shape: Shape, name: str) -> None:
    if not equation.text.strip():
        refuse(HINT, badge="empty")
    letters, rank = len(term.letters), len(shape)
    axes = f"{rank} axis" if rank == 1 else f"{rank} axes"
    limit = f" No tensor has more than {MAXIMUM_RANK} axes." if letters > MAXIMUM_RANK else ""
    shown = term.text if len(term.text) <= 24 else term.text[:20] + "…"
    which = f"{shown} has {_count(letters, 'letter')}" if term.text else "its term is empty"
    refuse(f"{name} has {axes} {shape}, {which}.{limit}", term.span, badge=f"{letters} for {rank}")


def _expand(term: Term, own: int, ellipsis_rank: int) -> tuple[str, ...]:
    """The labels of an operand's axes; the ellipsis is aligned at its right end."""
    labels: list[str] = []
    for label in term.labels:
        if label == ELLIPSIS:
            labels.extend(f"e{axis}" for axis in range(ellipsis_rank - own, ellipsis_rank))
        else:
            labels.append(label)
    return tuple(labels)


def _expand_output(equation: Equation, ellipsis_rank: int) -> tuple[str, ...]:
    axes = tuple(f"e{axis}" for axis in range(ellipsis_rank))
    labels: list[str] = []
    for label in equation.output_labels:
        labels.extend(axes if label == ELLIPSIS else (label,))
    return tuple(labels)


def _collect(
    equation: Equation, shapes: tuple[Shape, ...], names: tuple[str, ...], input_labels: tuple[tuple[str, ...], ...]
) -> dict[str, list[Occurrence]]:
    """All places of each label, with their sizes checked against each other."""
    found: dict[str, list[Occurrence]] = {}
    for operand, (labels, shape) in enumerate(zip(input_labels, shapes, strict=True)):
        for axis, (label, size) in enumerate(zip(labels, shape, strict=True)):
            place = Occurrence(operand, axis, size)
            _check_sizes(equation, names, label, found.setdefault(label, []), place)
            found[label].append(place)
    return found


def _check_sizes(
    equation: Equation, names: tuple[str, ...], label: str, earlier: list[Occurrence], place: Occurrence
) -> None:
    for other in earlier:
        if other.size == place.size or (other.operand != place.operand and 1 in (other.size, place.size)):
            continue
        called = "The ellipsis" if label not in string.ascii_letters else label
        first, second = names[other.operand], names[place.operand]
        if other.operand == place.operand:
            message = (
                f"{other.size} is axis {other.axis} of {first}, {place.size} is axis {place.axis}. "
                "A diagonal needs equal sizes."
            )
        else:
            message = f"{other.size} is axis {other.axis} of {first}, {place.size} is axis {place.axis} of {second}."
        span = _span_of(equation, label, place)
        badge = f"{other.size} against {place.size}"
        refuse(message, span, lead=f"{called} has two sizes:", badge=badge)


def _span_of(equation: Equation, label: str, place: Occurrence) -> Span:
    term = equation.inputs[place.operand]
    matches = [s for s in term.subscripts if s.label == (label if label in string.ascii_letters else ELLIPSIS)]
    at: Subscript = matches[-1] if len(matches) > 1 else matches[0]
    return at.span


def colour_places(names: Iterable[str]) -> dict[str, int]:
    """The colour number of each label: letters in order of appearance, then the axes of the ellipsis."""
    ordered = sorted(dict.fromkeys(names), key=lambda name: len(name) > 1)
    return {name: place for place, name in enumerate(ordered)}


def _make_labels(
    equation: Equation,
    found: dict[str, list[Occurrence]],
    output_labels: tuple[str, ...],
    names: tuple[str, ...],
    result_name: str,
) -> Mapping[str, Label]:
    axis_of = {label: axis for axis, label in enumerate(output_labels)}
    labels: dict[str, Label] = {}
    places = colour_places(found)
    for name, occurrences in found.items():
        sizes = {occurrence.size for occurrence in occurrences}
        size = next((s for s in sizes if s != 1), 1)
        stretched = tuple(o for o in occurrences if o.size != size)
        operands = [o.operand for o in occurrences]
        diagonal = tuple(dict.fromkeys(o for o in operands if operands.count(o) > 1))
        axis = axis_of.get(name)
        about = Circumstances(name, axis, len(occurrences), size, diagonal, stretched)
        reason = label_reason(about, names, result_name, equation.output is None)
        role = role_of(axis, bool(diagonal), bool(stretched))
        labels[name] = Label(name, size, places[name], tuple(occurrences), role, reason, axis, diagonal, stretched)
    return MappingProxyType(labels)


def stretch_warning(indexing: Indexing) -> Problem | None:
    """A warning about letters silently stretched from 1 by torch and numpy; for an ellipsis that is intended."""
    stretched = [label for label in indexing.labels.values() if label.stretched and len(label.name) == 1]
    if not stretched:
        return None
    parts = []
    for label in stretched:
        where = joined([f"axis {place.axis} of {indexing.names[place.operand]}" for place in label.stretched])
        parts.append(f"{label.name} is 1 on {where} and is stretched to {label.size}.")
    span = _span_of(indexing.equation, stretched[0].name, stretched[0].stretched[0])
    badge = f"1 to {stretched[0].size}"
    return Problem(" ".join(parts), span, lead="Broadcast:", badge=badge, severity="warning")
