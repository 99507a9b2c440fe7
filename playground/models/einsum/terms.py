"""Which cells feed which, and the sum of products behind one result cell, with its numbers.

Reads only the cells that it needs.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch

from playground.models.einsum.labels import Indexing

Index = tuple[int, ...]
Pattern = tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Region:
    """The cells with an index that matches `pattern` wherever that is not None, and is equal on `tied` axes.

    `Region((1, None))` is row 1; `Region((None, None), ((0, 1),))` is the diagonal.
    """

    shape: tuple[int, ...]
    pattern: Pattern
    tied: tuple[tuple[int, ...], ...] = ()

    def contains(self, index: Index) -> bool:
        """True if this cell is in the region."""
        agrees = all(want is None or want == place for want, place in zip(self.pattern, index, strict=True))
        return agrees and all(len({index[axis] for axis in axes}) == 1 for axes in self.tied)

    @property
    def count(self) -> int:
        """The number of cells."""
        tied = {axis for axes in self.tied for axis in axes}
        free = [
            size
            for axis, (size, want) in enumerate(zip(self.shape, self.pattern, strict=True))
            if want is None and axis not in tied
        ]
        return math.prod(free) * math.prod(self.shape[axes[0]] for axes in self.tied)

    def patterns(self, limit: int = 1000) -> Iterator[Pattern]:
        """The region as rectangles: one, or one per place on the diagonals, at most `limit`."""
        ranges = [range(self.shape[axes[0]]) for axes in self.tied]
        for places in itertools.islice(itertools.product(*ranges), limit):
            pattern = list(self.pattern)
            for axes, place in zip(self.tied, places, strict=True):
                for axis in axes:
                    pattern[axis] = place
            yield tuple(pattern)


def feeding_cells(indexing: Indexing, index: Index) -> tuple[Region, ...]:
    """For each operand, the cells that contribute to the result at `index`."""
    at = dict(zip(indexing.output_labels, index, strict=True))
    regions = []
    for labels, shape in zip(indexing.input_labels, indexing.shapes, strict=True):
        pattern: list[int | None] = []
        for label, size in zip(labels, shape, strict=True):
            place = at.get(label)
            pattern.append(0 if place is not None and size == 1 else place)
        regions.append(Region(shape, tuple(pattern), _tied(labels, at)))
    return tuple(regions)


def _tied(labels: tuple[str, ...], known: dict[str, int]) -> tuple[tuple[int, ...], ...]:
    """The axes that run together: those of a summed letter that appears more than once."""
    groups = (
        tuple(axis for axis, label in enumerate(labels) if label == name)
        for name in dict.fromkeys(labels)
        if name not in known
    )
    return tuple(axes for axes in groups if len(axes) > 1)


def fed_cells(indexing: Indexing, operand: int, index: Index) -> Region | None:
    """The result cells that this operand cell contributes to; None if it is not used."""
    at: dict[str, int] = {}
    labels, shape = indexing.input_labels[operand], indexing.shapes[operand]
    for label, place, size in zip(labels, index, shape, strict=True):
        if at.setdefault(label, place) != place:
            return None
        if size == 1 and indexing.labels[label].size != 1:
            del at[label]
    pattern = tuple(at.get(label) for label in indexing.output_labels)
    return Region(indexing.output_shape, pattern)


Number = bool | int | float | complex
SHOWN_TERMS = 8
EXACT_TERMS = 50_000
"""Sums with more terms than this are not stepped through."""

SINGLE_TERMS = 1_000_000
"""Sums with more terms than this are stepped in blocks."""

STEPPED_TERMS = 30_000_000
"""Sums with more terms than this cannot be stepped through: that would be too slow."""

MOST_BLOCKS = 64


@dataclass(frozen=True, slots=True)
class ProductTerm:
    """One product: `places` are the summed letters' values, `cells` each factor's index in its operand."""

    number: int
    places: Index
    cells: tuple[Index, ...]
    factors: tuple[Number, ...]
    product: Number


@dataclass(frozen=True, slots=True)
class CellSum:
    """`C[1,2] = A[1,0]*B[2,0] + ...`: the first and last terms, with `hidden` terms omitted after the first `head`.

    `value` is the result's cell; `products` are all products, `exact` their unrounded sum (empty and None if there are
    too many); `partial` is the sum of the first `upto` terms, if stepping was requested. If a step adds `block` terms,
    `products` are the sums of the blocks computed so far.
    """

    index: Index
    count: int
    terms: tuple[ProductTerm, ...]
    head: int
    value: Number | None
    exact: Number | None
    upto: int | None = None
    partial: Number | None = None
    products: tuple[Number, ...] = ()
    block: int = 1

    @property
    def hidden(self) -> int:
        """The number of terms omitted in the middle, after the first `head` ones."""
        if self.head >= len(self.terms):
            return 0
        return self.terms[self.head].number - self.terms[self.head - 1].number - 1

    @property
    def can_step(self) -> bool:
        """True if the sum can be stepped through."""
        return 1 < self.count <= STEPPED_TERMS and self.value is not None

    @property
    def is_rounded(self) -> bool:
        """True if the cell differs from the exact sum; nan counts as equal to nan."""
        if self.exact is None or self.value is None:
            return False
        return self.exact != self.value and not (self.exact != self.exact and self.value != self.value)


def place_of_term(indexing: Indexing, number: int) -> Index:
    """The summed letters' values in term `number`; the last letter varies fastest."""
    places = []
    for label in reversed(indexing.summed):
        number, place = divmod(number, indexing.labels[label].size)
        places.append(place)
    return tuple(reversed(places))


def count_of_terms(indexing: Indexing) -> int:
    """The number of products summed in each result cell."""
    return math.prod(indexing.labels[label].size for label in indexing.summed)


def cells_of_term(indexing: Indexing, index: Index, places: Index) -> tuple[Index, ...]:
    """The index in each operand; 0 on a stretched axis."""
    at = dict(zip(indexing.output_labels, index, strict=True)) | dict(zip(indexing.summed, places, strict=True))
    return tuple(
        tuple(0 if size == 1 else at[label] for label, size in zip(labels, shape, strict=True))
        for labels, shape in zip(indexing.input_labels, indexing.shapes, strict=True)
    )


def terms_of(
    indexing: Indexing,
    operands: Sequence[torch.Tensor],
    index: Index,
    result: torch.Tensor | None = None,
    *,
    shown: int = SHOWN_TERMS,
    upto: int | None = None,
    before: CellSum | None = None,
) -> CellSum:
    """The sum behind the cell `index`, with at most `shown` terms written out; `upto` sums only so many terms.

    Sums of more than 50,000 terms are not recomputed (`exact` is None) unless `upto` requests it. `before` is an
    earlier sum for the same cell of the same operands, so that its products can be reused.
    """
    count = count_of_terms(indexing)
    numbers, head = _shown_numbers(count, shown, upto)
    terms = tuple(_term(indexing, operands, index, number) for number in numbers)
    value = None if result is None else _python(result[index])
    block = block_of(indexing)
    known = before.products if before is not None and before.index == index else ()
    exact: Number | None = None
    if block > 1:
        wanted = 0 if upto is None or count > STEPPED_TERMS else -(-upto // block)
        products = known + tuple(_block(indexing, operands, index, at) for at in range(len(known), wanted))
    elif known and before is not None:
        products, exact = known, before.exact
    else:
        adds = count <= (EXACT_TERMS if upto is None else SINGLE_TERMS)
        products = tuple(_products(indexing, operands, index)) if adds else ()
        exact = _added(products) if adds else None
    partial = _added(products[: -(-upto // block)]) if upto is not None and products else None
    return CellSum(index, count, terms, head, value, exact, upto, partial, products, block)


def block_of(indexing: Indexing) -> int:
    """The number of terms per step: one; in long sums, whole values of the first summed letter, at most 64 steps."""
    count = count_of_terms(indexing)
    if count <= SINGLE_TERMS:
        return 1
    size = indexing.labels[_first_summed(indexing)].size
    return count // size * -(-size // MOST_BLOCKS)


def _first_summed(indexing: Indexing) -> str:
    """The outermost summed letter with more than one value."""
    return next(label for label in indexing.summed if indexing.labels[label].size > 1)


def _block(indexing: Indexing, operands: Sequence[torch.Tensor], index: Index, number: int) -> Number:
    """The sum of one block of terms, in double precision or 64-bit integers."""
    first = _first_summed(indexing)
    size = indexing.labels[first].size
    values = -(-size // MOST_BLOCKS)
    start = number * values
    within = (first, start, min(size, start + values))
    at = dict(zip(indexing.output_labels, index, strict=True))
    columns = [_column(indexing, operand, tensor, at, within) for operand, tensor in enumerate(operands)]
    product = columns[0] if columns[0].dtype != torch.bool else columns[0].to(torch.int64)
    for column in columns[1:]:
        product = product * column
    return _python(product.sum())


def with_fewer_terms(cell_sum: CellSum, indexing: Indexing, operands: Sequence[torch.Tensor], shown: int) -> CellSum:
    """The same sum with a different number of terms written out; nothing is summed again."""
    numbers, head = _shown_numbers(cell_sum.count, shown, cell_sum.upto)
    terms = tuple(_term(indexing, operands, cell_sum.index, number) for number in numbers)
    return replace(cell_sum, terms=terms, head=head)


def _shown_numbers(count: int, shown: int, upto: int | None) -> tuple[list[int], int]:
    """The terms to write out: the first and last ones; when stepping, the first and latest."""
    if count <= shown:
        return list(range(count)), count
    tail = max(1, shown // 3)
    head = shown - tail
    if upto is None or upto <= head:
        return [*range(head), *range(count - tail, count)], head
    last = min(upto, count)
    return [0, *range(last - shown + 1, last)], 1


def _term(indexing: Indexing, operands: Sequence[torch.Tensor], index: Index, number: int) -> ProductTerm:
    places = place_of_term(indexing, number)
    cells = cells_of_term(indexing, index, places)
    factors = tuple(_python(operand[cell]) for operand, cell in zip(operands, cells, strict=True))
    return ProductTerm(number, places, cells, factors, _multiplied(factors))


def _python(element: torch.Tensor) -> Number:
    number: Number = element.item()
    return number


def _multiplied(factors: Iterable[Number]) -> Number:
    product: Number = 1
    for place, factor in enumerate(factors):
        product = factor if place == 0 else product * factor
    return product


def _products(indexing: Indexing, operands: Sequence[torch.Tensor], index: Index) -> list[Number]:
    """All products of a cell in order, from exact values: Python integers, doubles or complex doubles."""
    at = dict(zip(indexing.output_labels, index, strict=True))
    columns = [_column(indexing, operand, tensor, at) for operand, tensor in enumerate(operands)]
    if any(column.dtype in (torch.float64, torch.complex128) for column in columns):
        product = columns[0]
        for column in columns[1:]:
            product = product * column
        numbers: list[Number] = product.tolist()
        return numbers
    # Integers are multiplied as Python integers, without overflow.
    lists = [column.tolist() for column in columns]
    return lists[0] if len(lists) == 1 else [_multiplied(factors) for factors in zip(*lists, strict=True)]


def _column(
    indexing: Indexing,
    operand: int,
    tensor: torch.Tensor,
    at: dict[str, int],
    within: tuple[str, int, int] | None = None,
) -> torch.Tensor:
    """One operand's factor in each term, in term order; `within` limits a letter to a range of values."""
    labels = list(indexing.input_labels[operand])
    part = tensor.detach()
    for axis in range(len(labels) - 1, -1, -1):
        if labels[axis] in at:
            part = part.select(axis, 0 if part.shape[axis] == 1 else at[labels[axis]])
            del labels[axis]
    while repeated := next((label for label in labels if labels.count(label) > 1), None):
        first = labels.index(repeated)
        second = labels.index(repeated, first + 1)
        part = part.diagonal(dim1=first, dim2=second)
        labels = [label for axis, label in enumerate(labels) if axis not in (first, second)] + [repeated]
    order = [labels.index(label) for label in indexing.summed if label in labels]
    part = part.permute(order)
    for axis, label in enumerate(indexing.summed):
        if label not in labels:
            part = part.unsqueeze(axis)
    sizes = [indexing.labels[label].size for label in indexing.summed]
    if within is not None:
        axis, start, stop = indexing.summed.index(within[0]), within[1], within[2]
        part = part.narrow(axis, start, stop - start) if part.shape[axis] > 1 else part
        sizes[axis] = stop - start
    flat = part.expand(sizes).reshape(-1)
    if flat.is_floating_point():
        return flat.to(torch.float64)
    return flat.to(torch.complex128).resolve_conj() if flat.is_complex() else flat


def _added(products: Sequence[Number]) -> Number:
    """The unrounded sum of the products, all of one type: integers exactly, doubles by `math.fsum`."""
    first = products[0] if products else 0
    if isinstance(first, complex):
        numbers = [complex(product) for product in products]
        return complex(_fsum(n.real for n in numbers), _fsum(n.imag for n in numbers))
    return _fsum(products) if isinstance(first, float) else sum(products)  # type: ignore[arg-type]


def _fsum(numbers: Iterable[float]) -> float:
    values, again = itertools.tee(numbers)
    try:
        return math.fsum(values)
    except (OverflowError, ValueError):
        return sum(again)
