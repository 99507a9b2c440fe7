"""Which axes a reshape joins, splits and mixes: the sizes that it was given, lined up with those it reads."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

from playground.models.broadcasting.chance.sizes import SizeOrigin, Sizes

MOST_PERMUTED = 5


@dataclass(frozen=True, slots=True)
class ReshapeReading:
    """How a reshape is understood.

    `shape` are the sizes of its result. `mixed`: the order of the result's axes in which whole axes would stay whole,
    although the reshape cuts them in another order (empty if they do). `joined`: a source axis that is joined with a
    part of another axis in place of the part that was split off before it, as (axis, axis of the right part).
    `swapped`: the line puts the size of the second of these source axes where the first stands.
    """

    shape: tuple[int, ...]
    mixed: tuple[int, ...] = ()
    joined: tuple[int, int] | None = None
    swapped: tuple[int, int] | None = None

    @property
    def is_doubtful(self) -> bool:
        """True if the reshape fits only because two sizes are equal, or because a product is."""
        return bool(self.mixed or self.joined or self.swapped)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the source axis `axis`; `whole` if it is all of it."""

    axis: int
    size: int
    whole: bool


def read_reshape(sizes: Sizes, source: Sequence[int], target: Sequence[int], name: str) -> ReshapeReading:
    """Line up the sizes of a reshape; `target` holds plain numbers where the line writes numbers.

    A written number becomes the size that it lines up with, or a part of it. Sizes that do not line up are new.
    """
    values = [sizes.value(size) for size in source]
    wanted = _without_minus_one(sizes, values, target)
    if 0 in wanted or prod(wanted) != prod(values):
        return _unrelated(sizes, wanted, name)
    pieces = _pieces(values, wanted)
    known_fit = _known_fit(sizes, source, target, wanted)
    mixed = () if known_fit and pieces and _is_clean(pieces) else _order_that_fits(sizes, source, target, wanted)
    if mixed or pieces is None or not known_fit:
        swapped = None if mixed or pieces is None else _swapped(sizes, source, target, wanted)
        return replace(_unrelated(sizes, wanted, name, target), mixed=mixed, swapped=swapped)
    groups = _assigned(sizes, source, target, wanted)
    if groups is None:
        return _unrelated(sizes, wanted, name, target)
    shape = [sizes.joined([piece.size for piece in group]) if group else 1 for group in groups]
    for own, given in zip(shape, target, strict=True):
        if given > 1 and sizes.plain_part(given) == 1 and sizes.value(given) == sizes.value(own):
            sizes.merge(own, given)
    return ReshapeReading(sizes.shape_now(shape), joined=_wrong_part(sizes, groups))


def _without_minus_one(sizes: Sizes, values: list[int], target: Sequence[int]) -> list[int]:
    wanted = [size if size == -1 else sizes.value(size) for size in target]
    if wanted.count(-1) == 1:
        rest = prod(size for size in wanted if size != -1)
        wanted[wanted.index(-1)] = prod(values) // rest if rest else 0
    return wanted


def _unrelated(sizes: Sizes, wanted: Sequence[int], name: str, target: Sequence[int] = ()) -> ReshapeReading:
    """New sizes for a result that does not line up; those that the line reads from a tensor stay what they are."""
    given = target or [0] * len(wanted)
    return ReshapeReading(
        tuple(
            sizes.now(size)
            if size > 1 and sizes.plain_part(size) != size
            else sizes.fresh(SizeOrigin(name, axis, value, True))
            for axis, (size, value) in enumerate(zip(given, wanted, strict=True))
        )
    )


Sketch = list[list[tuple[int, bool]]]
"""For each axis of the result, the source axes of its pieces, each with whether the piece is the whole axis."""


def _pieces(values: Sequence[int], wanted: Sequence[int]) -> Sketch | None:
    """The pieces of each axis of the result, by value only; None if the sizes do not divide one another."""
    sketch: Sketch = [[] for _ in wanted]
    axis, place = len(values) - 1, len(wanted) - 1
    left, open_ = (values[-1] if values else 1), (wanted[-1] if wanted else 1)
    while axis >= 0 and place >= 0:
        if left == 1:
            axis -= 1
            left = values[axis] if axis >= 0 else 1
        elif open_ == 1:
            place -= 1
            open_ = wanted[place] if place >= 0 else 1
        else:
            step = min(left, open_)
            if max(left, open_) % step:
                return None
            sketch[place].append((axis, step == values[axis]))
            left, open_ = left // step, open_ // step
    return sketch


def _is_clean(sketch: Sketch) -> bool:
    """True if no part of an axis is joined with another axis."""
    return all(len(group) <= 1 or all(whole for _, whole in group) for group in sketch)


def _known_fit(sizes: Sizes, source: Sequence[int], target: Sequence[int], wanted: Sequence[int]) -> bool:
    """True if the sizes that the line reads from an axis of the source stand where the source has that axis."""
    own = dict(zip(sizes.shape_now(source), _starts([sizes.value(size) for size in source]), strict=True))
    here = zip(sizes.shape_now(target), _starts(wanted), strict=True)
    return all(own.get(size, start) == start for size, start in here if size in sizes.origins)


def _swapped(
    sizes: Sizes, source: Sequence[int], target: Sequence[int], wanted: Sequence[int]
) -> tuple[int, int] | None:
    """The source axis that stands where the line puts the size of another source axis, and that other axis."""
    shape = sizes.shape_now(source)
    starts = _starts([sizes.value(size) for size in shape])
    for size, start, value in zip(sizes.shape_now(target), _starts(wanted), wanted, strict=True):
        if size in sizes.origins and size in shape and start in starts:
            there = starts.index(start)
            if shape[there] != size and sizes.value(shape[there]) == value:
                return there, shape.index(size)
    return None


def _starts(values: Sequence[int]) -> list[int]:
    """For each axis, the number of elements to its right: the same number means the same place."""
    return [prod(values[axis + 1 :]) * (1 if values[axis] != 1 else -1) for axis in range(len(values))]


def _order_that_fits(
    sizes: Sizes, source: Sequence[int], target: Sequence[int], wanted: Sequence[int]
) -> tuple[int, ...]:
    """The order of the result's axes in which all source axes stay whole or are split, if one of them is split."""
    values = [sizes.value(size) for size in source]
    if len(wanted) > MOST_PERMUTED or len(wanted) <= len([value for value in values if value != 1]):
        return ()
    for order in itertools.permutations(range(len(wanted))):
        if order == tuple(range(len(wanted))):
            continue
        sketch = _pieces(values, [wanted[axis] for axis in order])
        if sketch is None or any(len(group) > 1 for group in sketch):
            continue
        if _known_fit(sizes, source, [target[axis] for axis in order], [wanted[axis] for axis in order]):
            return order
    return ()


def _assigned(
    sizes: Sizes, source: Sequence[int], target: Sequence[int], wanted: Sequence[int]
) -> list[list[Piece]] | None:
    """The pieces of each axis of the result, from left to right; sizes are split where the result splits them."""
    groups: list[list[Piece]] = [[] for _ in wanted]
    axis, place = len(source) - 1, len(wanted) - 1
    left, open_ = (source[-1] if source else 1), (wanted[-1] if wanted else 1)
    whole = True
    while axis >= 0 and place >= 0:
        value = sizes.value(left)
        if value == 1:
            axis, whole = axis - 1, True
            left = source[axis] if axis >= 0 else 1
        elif open_ == 1:
            place -= 1
            open_ = wanted[place] if place >= 0 else 1
        elif value <= open_:
            groups[place].insert(0, Piece(axis, sizes.now(left), whole))
            open_, left = open_ // value, 1
        else:
            known = sizes.now(target[place]) if open_ == wanted[place] else 0
            try:
                left, right = sizes.split(left, open_, known if known in sizes.origins else None)
            except ValueError:
                return None
            groups[place].insert(0, Piece(axis, right, False))
            open_, whole = 1, False
    return groups


def _wrong_part(sizes: Sizes, groups: Sequence[Sequence[Piece]]) -> tuple[int, int] | None:
    """Two joined axes of which the second was once split from an axis of the first's size, but not from the first."""
    for group in groups:
        for first, second in itertools.pairwise(group):
            if first.axis == second.axis or not first.whole or not second.whole:
                continue
            lefts = {sizes.now(left) for left, right in sizes.splits if sizes.same(second.size, right)}
            fitting = {left for left in lefts if sizes.value(left) == sizes.value(first.size)}
            if fitting and not any(sizes.now(piece.size) in lefts for piece in group):
                return first.axis, second.axis
    return None
