"""Symbolic sizes: each independent size of a program is a prime of its own, so that a shape says where it came from.

A size is a product of symbols and of a plain number: 2 * 101 is twice the symbol 101. Arithmetic on sizes, such as
`A.shape[0] * 2`, then needs no rules of its own.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import prod

FIRST_PRIME = 101
"""The smallest symbol: larger than most numbers that lines use as indices."""


@dataclass(frozen=True, slots=True)
class SizeOrigin:
    """Where a size was written or first appeared: an axis of a line's tensor. `loose` sizes may be anything."""

    name: str
    axis: int
    value: int
    loose: bool = False
    place: int | None = None


@dataclass(frozen=True, slots=True)
class SizesTogether:
    """A tensor in which two sizes are axes of their own; `name` is empty for one in the middle of a line."""

    name: str
    axes: tuple[int, int]
    rank: int


class Sizes:
    """The symbols of a program, what they stand for, and which of them turned out to be the same.

    >>> sizes = Sizes("A = torch.ones(3, 3)")
    >>> rows, columns = sizes.fresh(SizeOrigin("A", 0, 3)), sizes.fresh(SizeOrigin("A", 1, 3))
    >>> sizes.value(2 * rows * columns)
    18
    >>> sizes.merge(rows, columns)
    >>> sizes.same(rows, columns)
    True
    """

    def __init__(self, code: str) -> None:
        written = {int(digits) for digits in re.findall(r"\d+", code) if len(digits) < 12}
        self._primes = _primes_beside({number for number in written if number >= FIRST_PRIME})
        self.origins: dict[int, SizeOrigin] = {}
        self.replaced: dict[int, int] = {}
        self.splits: list[tuple[int, int]] = []
        self.shapes: dict[tuple[int, ...], str] = {}
        self._derived: dict[int, int] = {}
        self._order: dict[int, tuple[int, ...]] = {}

    def fresh(self, origin: SizeOrigin) -> int:
        """A new symbol; sizes of 0 and 1 stand for themselves."""
        if origin.value in (0, 1):
            return origin.value
        symbol = next(self._primes)
        self.origins[symbol] = origin
        return symbol

    def derived(self, size: int, origin: SizeOrigin) -> int:
        """The symbol of a size that is computed from symbols but is no product of them, such as a sum."""
        if size not in self._derived:
            self._derived[size] = self.fresh(origin)
        return self.now(self._derived[size])

    def now(self, size: int) -> int:
        """The size with merged and split symbols replaced by what they are now."""
        if not self.replaced or size < FIRST_PRIME:
            return size
        for symbol in self._symbols(size):
            while symbol in self.replaced and size % symbol == 0:
                size = size // symbol * self.now(self.replaced[symbol])
        return size

    def shape_now(self, shape: Iterable[int]) -> tuple[int, ...]:
        """`now` of each size."""
        return tuple(map(self.now, shape))

    def _symbols(self, size: int) -> list[int]:
        if size in self.origins:
            return [size]
        return [symbol for symbol in self.origins if size % symbol == 0] if size else []

    def factors(self, size: int) -> tuple[int, ...]:
        """The symbols of a size in the order in which they were joined, with its plain number first if that is not 1.

        A symbol that appears twice is listed twice.
        """
        size = self.now(size)
        if size in self.origins:
            return (size,)
        if size in self._order:
            known = tuple(itertools.chain.from_iterable(map(self.factors, self._order[size])))
            if prod(known) == size:
                return known
        found: list[int] = []
        for symbol in self._symbols(size):
            while size % symbol == 0 and size:
                found.append(symbol)
                size //= symbol
        return tuple(found) if size == 1 and found else (size, *found)

    def joined(self, parts: Sequence[int]) -> int:
        """The product of sizes, of which the order is remembered."""
        size = prod(parts)
        if len(parts) > 1:
            self._order.setdefault(size, tuple(parts))
        return size

    def plain_part(self, size: int) -> int:
        """The factor of a size that is no symbol."""
        for symbol in self._symbols(size):
            while size % symbol == 0 and size:
                size //= symbol
        return size

    def value(self, size: int) -> int:
        """The size in the program as it is written."""
        return prod(self.origins[f].value if f in self.origins else f for f in self.factors(size))

    def same(self, left: int, right: int) -> bool:
        """True if the program ties the two sizes."""
        return self.now(left) == self.now(right)

    def is_loose(self, size: int) -> bool:
        """True if a size depends on values, or on anything else that is not followed: it never holds by chance."""
        return any(self.origins[f].loose for f in self.factors(size) if f in self.origins)

    def merge(self, left: int, right: int) -> None:
        """Make two sizes of equal value the same; products are merged symbol by symbol if that is possible."""
        left, right = self.now(left), self.now(right)
        if left == right:
            return
        ours, theirs = list(self.factors(left)), list(self.factors(right))
        for factor in tuple(ours):
            if factor in theirs:
                ours.remove(factor)
                theirs.remove(factor)
        if len(ours) > 1 and len(theirs) == 1:
            ours, theirs = theirs, ours
        if len(ours) == 1 and ours[0] in self.origins:
            if len(theirs) == 1 and theirs[0] in self.origins and self._is_older(ours[0], theirs[0]):
                ours, theirs = theirs, ours
            if ours[0] not in theirs:
                self.replaced[ours[0]] = self.joined(theirs)
        elif len(ours) == 1 and len(theirs) == 1 and theirs[0] in self.origins:
            self.replaced[theirs[0]] = ours[0]
        elif len(ours) == len(theirs):
            self._merge_in_order(ours, theirs)

    def _merge_in_order(self, ours: list[int], theirs: list[int]) -> None:
        """Merge products factor by factor, if these have equal values in the same order."""
        values = [[self.origins[f].value if f in self.origins else 0 for f in side] for side in (ours, theirs)]
        if values[0] == values[1]:
            for ours_one, theirs_one in zip(ours, theirs, strict=True):
                self.merge(ours_one, theirs_one)

    def _is_older(self, left: int, right: int) -> bool:
        if self.origins[left].loose != self.origins[right].loose:
            return self.origins[right].loose
        return left < right

    def split(self, size: int, right_value: int, right: int | None = None) -> tuple[int, int]:
        """A size as the product of two: what is left of a part of this value at its right.

        `right` is that part if it is already a symbol. Symbols are split for the whole program.
        """
        size = self.now(size)
        parts = self.factors(size)
        if right is not None and right > 1 and size % right == 0:
            return size // right, right
        for start in range(len(parts) - 1, -1, -1):
            tail = parts[start:]
            if right is None and self.value(prod(tail)) == right_value:
                return size // prod(tail), self.joined(tail)
        if right is None:
            alone = next((part for part in parts if self.value(part) == right_value), None)
            if alone is not None:
                return size // alone, alone
        divisible = [part for part in parts if part in self.origins and self.origins[part].value % right_value == 0]
        if not divisible:
            raise ValueError("no single size can be split")
        return self._split_symbol(size, divisible[-1], right_value, right)

    def _split_symbol(self, size: int, symbol: int, right_value: int, right: int | None) -> tuple[int, int]:
        origin = self.origins[symbol]
        left = self.fresh(SizeOrigin(origin.name, origin.axis, origin.value // right_value, origin.loose))
        if right is None:
            right = self.fresh(SizeOrigin(origin.name, origin.axis, right_value, origin.loose))
        if left != 1 and right != 1:
            self.splits.append((left, right))
        self.replaced[symbol] = self.joined((left, right))
        return size // symbol * left, right

    def seen(self, shape: Sequence[int], name: str = "") -> None:
        """Remember the shape of a tensor of the program; a name replaces none."""
        if not self.shapes.get(tuple(shape)):
            self.shapes[tuple(shape)] = name

    def together(self, left: int, right: int) -> SizesTogether | None:
        """A tensor with both sizes as axes of its own: then they are different things of equal size.

        A named tensor comes first.
        """
        left, right = self.now(left), self.now(right)
        found = None
        for shape, name in self.shapes.items():
            here = self.shape_now(shape)
            if left in here and right in here:
                axes = sorted((here.index(left), here.index(right)))
                if name:
                    return SizesTogether(name, (axes[0], axes[1]), len(shape))
                found = found or SizesTogether("", (axes[0], axes[1]), len(shape))
        return found


def _primes_beside(numbers: set[int]) -> Iterator[int]:
    """The primes from `FIRST_PRIME` on that divide none of these numbers."""
    found: list[int] = []
    for candidate in itertools.count(2):
        if all(candidate % prime for prime in found if prime * prime <= candidate):
            found.append(candidate)
            if candidate >= FIRST_PRIME and all(number % candidate for number in numbers):
                yield candidate
