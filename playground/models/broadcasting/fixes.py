"""Every single edit of one operand that makes shapes fit, with its resulting shape and meaning."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations
from math import prod
from typing import Literal

from playground.models.broadcasting.alignment import Alignment, Shape, align, broadcast_shape
from playground.models.broadcasting.operators import axes_text, postfix_text, sentence_text
from playground.models.formatting import shape_in_words
from playground.models.problem import Fix

Spelling = Literal["method", "index"]

LARGEST_RANK_PERMUTED = 5
LARGEST_RANK_INSERTED = 8
LARGEST_RANK_TRANSPOSED = 16
MOST_FIXES = 40
"""More fixes would help nobody, and finding them would take longer than the 50 ms allowed for a refusal."""


@dataclass(frozen=True, slots=True)
class OperandEdit:
    """One edit of an operand: its code, the resulting shape, and a note if values are dropped or reordered.

    `order` ranks kinds of edit: those that lose nothing come first.
    """

    code: str
    shape: Shape
    order: int
    note: str = ""


def mending_fixes(
    shapes: Sequence[Shape], names: Sequence[str], symbol: str, spelling: Spelling = "method"
) -> tuple[Fix, ...]:
    """All single edits of one operand that make the shapes fit, the most likely first.

    More likely are edits that stretch only one side, lose no value, and keep the result as small as the operands.
    """
    found: list[tuple[tuple[int, ...], Alignment, OperandEdit, str]] = []
    for position, (shape, name) in enumerate(zip(shapes, names, strict=True)):
        for edit in operand_edits(shape, name, shapes, spelling):
            edited = [*shapes[:position], edit.shape, *shapes[position + 1 :]]
            if broadcast_shape(edited) is None:
                continue
            alignment = align(edited, [*names[:position], edit.code, *names[position + 1 :]])
            found.append((_rank(alignment, edit, position), alignment, edit, name))
    found.sort(key=lambda item: item[0])
    return tuple(_fix(alignment, edit, name, symbol) for _, alignment, edit, name in found[:MOST_FIXES])


def element_by_element_fixes(
    shapes: Sequence[Shape], names: Sequence[str], symbol: str, spelling: Spelling = "method"
) -> tuple[Fix, ...]:
    """The edits that make two mutually stretched operands match element by element: `pred.squeeze(1)` gives (64,)."""
    found: list[tuple[tuple[int, ...], Fix]] = []
    for position, (shape, name) in enumerate(zip(shapes, names, strict=True)):
        for edit in operand_edits(shape, name, shapes, spelling):
            edited = [*shapes[:position], edit.shape, *shapes[position + 1 :]]
            if edit.order > _ORDER_TRANSPOSE or broadcast_shape(edited) is None:
                continue
            alignment = align(edited, [*names[:position], edit.code, *names[position + 1 :]])
            if not any(row.stretched for row in alignment.rows):
                found.append(((len(edit.shape), edit.order, position), _fix(alignment, edit, name, symbol)))
    return tuple(fix for _, fix in sorted(found, key=_by_rank))


def operand_edits(
    shape: Shape, name: str, shapes: Sequence[Shape], spelling: Spelling = "method"
) -> Iterator[OperandEdit]:
    """The edits to try on one operand, given the shapes it must fit; each produces exactly its `shape`."""
    text = postfix_text(name)
    yield from _insertions(shape, text, max(map(len, shapes)), spelling)
    yield from _squeezes(shape, text)
    yield from _reorderings(shape, text, shapes)
    yield from _reshapes(shape, text, shapes)
    yield from _slices(shape, text, shapes)


_ORDER_INSERT, _ORDER_SQUEEZE, _ORDER_TRANSPOSE, _ORDER_RESHAPE, _ORDER_SLICE, _ORDER_PICK = range(6)


def _by_rank(item: tuple[tuple[int, ...], Fix]) -> tuple[int, ...]:
    return item[0]


def _rank(alignment: Alignment, edit: OperandEdit, position: int) -> tuple[int, ...]:
    both = len(alignment.stretched_rows) == len(alignment.rows)
    return (both, edit.order, prod(alignment.shape or ()), len(edit.shape), position)


def _fix(alignment: Alignment, edit: OperandEdit, name: str, symbol: str) -> Fix:
    sentence = sentence_text(alignment, symbol)
    meaning = f"{sentence} {edit.note}" if edit.note else sentence
    return Fix(edit.code, gives=shape_in_words(alignment.shape or ()), meaning=meaning, target=name)


def _insertions(shape: Shape, text: str, rank: int, spelling: Spelling) -> Iterator[OperandEdit]:
    """New axes of size 1 between or after the old ones; in front they change nothing. A 0-d operand has none."""
    own = len(shape)
    yield from (_insertion(shape, text, (place,), own + 1, spelling) for place in range(1, own + 1))
    for total in range(own + 2, min(rank, LARGEST_RANK_INSERTED) + 1):
        for places in combinations(range(1, total), total - own):
            yield _insertion(shape, text, places, total, spelling)


def _insertion(shape: Shape, text: str, places: tuple[int, ...], total: int, spelling: Spelling) -> OperandEdit:
    sizes = iter(shape)
    grown = tuple(1 if axis in places else next(sizes) for axis in range(total))
    if len(places) == 1 and spelling == "method":
        return OperandEdit(f"{text}.unsqueeze({places[0]})", grown, _ORDER_INSERT)
    items = ["None" if axis in places else ":" for axis in range(max(places) + 1)]
    return OperandEdit(f"{text}[{', '.join(items)}]", grown, _ORDER_INSERT)


def _squeezes(shape: Shape, text: str) -> Iterator[OperandEdit]:
    ones = [axis for axis, size in enumerate(shape) if size == 1]
    for axis in ones:
        yield OperandEdit(f"{text}.squeeze({axis})", shape[:axis] + shape[axis + 1 :], _ORDER_SQUEEZE)
    if len(ones) > 1:
        yield OperandEdit(f"{text}.squeeze()", tuple(size for size in shape if size != 1), _ORDER_SQUEEZE)


def _reorderings(shape: Shape, text: str, shapes: Sequence[Shape]) -> Iterator[OperandEdit]:
    """Each pair of axes swapped, and full permutations that exactly fit another operand's leading sizes."""
    if len(shape) > LARGEST_RANK_TRANSPOSED:
        return
    for first, second in combinations(range(len(shape)), 2):
        order = list(range(len(shape)))
        order[first], order[second] = second, first
        swapped = tuple(shape[axis] for axis in order)
        if swapped != shape:
            code = f"{text}.t()" if len(shape) == 2 else f"{text}.transpose({first}, {second})"
            yield OperandEdit(code, swapped, _ORDER_TRANSPOSE)
    if 3 <= len(shape) <= LARGEST_RANK_PERMUTED:
        yield from _permutations(shape, text, shapes)


def _permutations(shape: Shape, text: str, shapes: Sequence[Shape]) -> Iterator[OperandEdit]:
    seen = {shape}
    for order in permutations(range(len(shape))):
        permuted = tuple(shape[axis] for axis in order)
        moved = sum(axis != place for place, axis in enumerate(order))
        if moved > 2 and permuted not in seen:
            seen.add(permuted)
            yield OperandEdit(f"{text}.permute{order}", permuted, _ORDER_TRANSPOSE)


def _reshapes(shape: Shape, text: str, shapes: Sequence[Shape]) -> Iterator[OperandEdit]:
    """Reshaping to another operand's shape, if it has as many elements."""
    note = "The elements keep their reading order, not their axes."
    for other in dict.fromkeys(shapes):
        if prod(other) == prod(shape) and other != shape and sorted(_long(other)) != sorted(_long(shape)):
            code = f"{text}.flatten()" if len(other) == 1 else f"{text}.reshape{other}"
            yield OperandEdit(code, other, _ORDER_RESHAPE, note)


def _long(shape: Shape) -> list[int]:
    return [size for size in shape if size != 1]


def _slices(shape: Shape, text: str, shapes: Sequence[Shape]) -> Iterator[OperandEdit]:
    """Axes sliced to the size they must match or to their first element (then stretched), or removed by an index."""
    rank = max(map(len, shapes))
    met: list[set[int]] = [set() for _ in shape]
    for other in shapes:
        for axis in range(len(shape)):
            theirs = axis - len(shape) + len(other)
            if theirs >= 0 and other[theirs] != shape[axis]:
                met[axis].add(other[theirs])
    for axis, sizes in enumerate(met):
        lead = ":, " * axis
        size = shape[axis]
        for shorter in sorted({1, *sizes}, reverse=True):
            if shorter < size:
                note = _cut_note(axis, shorter, size)
                order = _ORDER_SLICE if shorter in sizes and shorter != 1 else _ORDER_PICK
                yield OperandEdit(f"{text}[{lead}:{shorter}]", _with(shape, axis, shorter), order, note)
        if size > 1 and len(shape) <= rank:
            dropped = shape[:axis] + shape[axis + 1 :]
            yield OperandEdit(f"{text}[{lead}0]", dropped, _ORDER_PICK, f"Only index 0 of {axes_text([axis])} is used.")


def _with(shape: Shape, axis: int, size: int) -> Shape:
    return (*shape[:axis], size, *shape[axis + 1 :])


def _cut_note(axis: int, kept: int, size: int) -> str:
    if kept == 0:
        return f"All {size} of {axes_text([axis])} are dropped."
    return f"Only the first {kept} of {size} on {axes_text([axis])} {'is' if kept == 1 else 'are'} kept."
