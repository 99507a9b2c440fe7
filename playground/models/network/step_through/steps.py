"""The steps of a forward and backward pass as values, with any number spelled out."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import torch

from playground.models.evaluation.reader import TensorReader
from playground.models.formatting import digits


@dataclass(frozen=True, slots=True, eq=False)
class StepTensor:
    """A tensor of a step by its name in the formulas (`"W1"`, `"dz1"`), as read-only float64 numbers."""

    name: str
    values: np.ndarray

    @property
    def reader(self) -> TensorReader:
        """The reader for a grid."""
        return TensorReader(torch.tensor(self.values))

    @property
    def largest(self) -> float:
        """The largest finite magnitude."""
        finite = np.abs(self.values[np.isfinite(self.values)])
        return float(finite.max(initial=0.0))

    def label(self, index: tuple[int, ...]) -> str:
        """`StepTensor("W1", ...).label((0, 2)) == "W1[0,2]"`; a scalar is just its name."""
        return f"{self.name}[{','.join(map(str, index))}]" if index else self.name


@dataclass(frozen=True, slots=True)
class Product:
    """A product of operands, each with its index letters; letters not in the result are summed."""

    factors: tuple[tuple[int, str], ...]
    coefficient: float = 1.0


@dataclass(frozen=True, slots=True)
class Agreement:
    """The comparison of the chain rule's result with autograd's for the whole network.

    `overflowed` counts the numbers where one is nan or inf and the other differs: autograd passes no gradient where a
    slope is 0, but 0 times inf is nan.
    """

    equal: bool
    largest_difference: float
    largest_value: float
    within: float
    overflowed: int = 0

    @property
    def holds(self) -> bool:
        """True if the two differ at most by rounding."""
        return self.equal or self.largest_difference <= self.within

    def words(self) -> str:
        """`"autograd gives the same bits"`, or the difference."""
        if self.equal:
            return "autograd gives the same bits"
        if self.overflowed:
            return f"{self.overflowed:,} numbers overflowed: 0 times inf is nan, but autograd passes 0"
        relative = digits(self.largest_difference / self.largest_value) if self.largest_value else "0"
        verdict = "rounding" if self.holds else "more than rounding"
        return f"autograd differs by at most {relative} of the largest value: {verdict}"


@dataclass(frozen=True, slots=True, eq=False)
class PassStep:
    """One operation of the forward pass, or one use of the chain rule in the backward pass.

    `formula` is what is computed (`"z1 = x0 @ W1.T"`), `rule` the sentence that explains it. If `products` is not
    empty, the result is their sum over the letters not in `result_letters`; otherwise it is `function` of `operands`.
    """

    direction: str
    layer: int
    kind: str
    formula: str
    rule: str
    operands: tuple[StepTensor, ...]
    result: StepTensor
    products: tuple[Product, ...] = ()
    result_letters: str = "ij"
    function: str = ""
    agreement: Agreement | None = None

    def letters_of(self, position: int) -> str:
        """The index letters of an operand: those of its product, or as many of "ij" as it has axes."""
        for product in self.products:
            for place, letters in product.factors:
                if place == position:
                    return letters
        return "ij"[: self.operands[position].values.ndim]


@dataclass(frozen=True, slots=True)
class SpelledTerm:
    """One term of a sum: its labels (`"x0[0,1]*W1[2,1]"`), its numbers (`"0.5*-1.2"`), its value, its cells."""

    labels: str
    numbers: str
    value: float
    cells: tuple[tuple[int, tuple[int, ...]], ...]


@dataclass(frozen=True, slots=True)
class Spelling:
    """One number of a step's result: its name, the terms of its sum, and its value."""

    label: str
    terms: tuple[SpelledTerm, ...]
    value: float

    def words(self, most: int = 6) -> str:
        """`z1[0,1] = x0[0,0]*W1[1,0] + ... = 0.5*2 + ... = 1.3`, cut after `most` terms."""
        shown = self.terms[:most]
        rest = f" + {len(self.terms) - most} more" if len(self.terms) > most else ""
        labels = " + ".join(term.labels for term in shown) + rest
        numbers = " + ".join(term.numbers for term in shown) + rest
        value = digits(self.value)
        return f"{self.label} = {labels} = {numbers}" + ("" if numbers == value else f" = {value}")


def spell(step: PassStep, index: tuple[int, ...]) -> Spelling:
    """Spell out the result's number at `index`: which numbers of the operands it comes from, and how."""
    value = float(step.result.values[index])
    label = step.result.label(index)
    if step.products:
        place = dict(zip(step.result_letters, index, strict=True))
        terms = tuple(term for product in step.products for term in _terms(step, product, place))
        return Spelling(label, terms, value)
    cells = tuple(
        (position, index) for position, operand in enumerate(step.operands) if operand.values.ndim == len(index)
    )
    inside = ", ".join(step.operands[position].label(at) for position, at in cells[:1]) or step.operands[0].name
    number = ", ".join(digits(float(step.operands[position].values[at])) for position, at in cells[:1])
    term = SpelledTerm(f"{step.function}({inside})", f"{step.function}({number or '...'})", value, cells)
    return Spelling(label, (term,), value)


def _terms(step: PassStep, product: Product, place: dict[str, int]) -> list[SpelledTerm]:
    sizes: dict[str, int] = {}
    for position, letters in product.factors:
        sizes.update(zip(letters, step.operands[position].values.shape, strict=True))
    summed = [letter for letter in sizes if letter not in place]
    terms = []
    for values in itertools.product(*(range(sizes[letter]) for letter in summed)):
        at = place | dict(zip(summed, values, strict=True))
        cells = tuple((position, tuple(at[letter] for letter in letters)) for position, letters in product.factors)
        factors = [float(step.operands[position].values[cell]) for position, cell in cells]
        labels = [step.operands[position].label(cell) for position, cell in cells]
        numbers = [digits(factor) if factor >= 0 else f"({digits(factor)})" for factor in factors]
        if product.coefficient != 1.0:
            labels.insert(0, digits(product.coefficient))
            numbers.insert(0, digits(product.coefficient))
        terms.append(
            SpelledTerm("*".join(labels), "*".join(numbers), product.coefficient * float(np.prod(factors)), cells)
        )
    return terms
