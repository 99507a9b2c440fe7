"""The story of an element: the elements it came from, and the arithmetic with actual numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Protocol

import torch

from playground.models.evaluation.reader import TensorReader, tidy_number

Arithmetic = Callable[[torch.Tensor, int], str]
"""Maps the input numbers, as float64, and the cell's place among them (or the correction), to a formula."""

ELEMENTWISE = {
    "relu": "max({0}, 0)", "neg": "-{b0}", "square": "{b0} * {b0}", "reciprocal": "1 / {b0}", "rsqrt": "1 / sqrt({0})",
    "sigmoid": "1 / (1 + exp(-{b0}))", "silu": "{f0} / (1 + exp(-{b0}))", "softsign": "{f0} / (1 + abs({0}))",
    "expm1": "exp({0}) - 1", "log1p": "log(1 + {b0})", "maximum": "max({0}, {1})", "minimum": "min({0}, {1})",
    "fmax": "max({0}, {1})", "fmin": "min({0}, {1})", "add": "{0} + {b1}", "sub": "{0} - {b1}", "mul": "{b0} * {b1}",
    "div": "{f0} / {b1}", "pow": "{b0} ** {b1}", "lerp": "{0} + {b2} * ({1} - {b0})", "relu6": "min(max({0}, 0), 6)",
    **{name: f"{name}({{0}})" for name in ("exp", "log", "sqrt", "sin", "cos", "tan", "tanh", "abs", "floor", "ceil")},
}  # fmt: skip
"""How an element is computed from its inputs: `{0}` is the first, `{b0}` in brackets if negative or complex,
`{f0}` if complex."""


_PLACES = re.compile(r"{[bf]?(\d)}")


def elementwise_arithmetic(word: str, values: list[str]) -> str:
    """A word's formula with these numbers; empty if there is none."""
    form = ELEMENTWISE.get(word, "")
    if len(set(_PLACES.findall(form))) != len(values):
        return ""
    bracketed = {f"b{place}": bracketed_text(value) for place, value in enumerate(values)}
    first = {f"f{place}": first_text(value) for place, value in enumerate(values)}
    return form.format(*values, **bracketed, **first)


_SUM = re.compile(r"[\d.fnj][+-]")
"""The sign between the parts of a complex number; an exponent's sign follows an e."""


def bracketed_text(text: str) -> str:
    """A number as written after an operator: `(-3)`, `(1+2j)`."""
    return f"({text})" if text.startswith("-") else first_text(text)


def first_text(text: str) -> str:
    """A number as written before an operator: `-3`, `(1+2j)`."""
    return f"({text})" if _SUM.search(text) else text


def _text(value: float) -> str:
    """Five significant digits: enough to repeat the arithmetic by hand."""
    return tidy_number(f"{value:.5g}")


def _mean(values: torch.Tensor, _: int) -> str:
    return f"{_text(float(values.sum()))} / {values.numel()}"


def _squares(values: torch.Tensor) -> str:
    return _text(float((values - values.mean()).square().sum()))


def _variance(values: torch.Tensor, correction: int) -> str:
    return f"{_squares(values)} / ({values.numel()} - {correction})"


def _softmax(values: torch.Tensor, place: int) -> str:
    largest = values.max()
    total = float((values - largest).exp().sum())
    return f"exp({_text(float(values[place]))} - {bracketed_text(_text(float(largest)))}) / {_text(total)}"


def _log_softmax(values: torch.Tensor, place: int) -> str:
    largest = values.max()
    total = float((values - largest).exp().sum())
    return f"{_text(float(values[place]))} - {bracketed_text(_text(float(largest)))} - log({_text(total)})"


def _logsumexp(values: torch.Tensor, _: int) -> str:
    largest = values.max()
    return f"{_text(float(largest))} + log({_text(float((values - largest).exp().sum()))})"


REDUCED: dict[str, Arithmetic] = {
    "mean": _mean,
    "var": _variance,
    "std": lambda values, correction: f"sqrt({_variance(values, correction)})",
    "norm": lambda values, _: f"sqrt({_text(float(values.square().sum()))})",
    "logsumexp": _logsumexp,
    "softmax": _softmax,
    "softmin": lambda values, place: _softmax(-values, place),
    "log_softmax": _log_softmax,
}
"""Extra words for reductions."""


def reduced_arithmetic(word: str, values: torch.Tensor, place: int) -> str:
    """A word's formula with its numbers; empty if there is none, or if they are not finite."""
    if word not in REDUCED or not values.numel() or not bool(torch.isfinite(values).all()):
        return ""
    text = REDUCED[word](values, place)
    return "" if "inf" in text else text


Index = tuple[int, ...]
Find = Callable[[str], torch.Tensor | None]
MAXIMUM_TERMS = 6
MOST_IN_ARITHMETIC = 1 << 16
"""The most elements for which the formula is computed while the pointer moves."""

LONGEST_TEXT = 24
"""A longer operand is written as an ellipsis before its index."""


@dataclass(frozen=True, slots=True)
class StoryLine:
    """One input element: its name as in code, and its exact text."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class CellStory:
    """`B[1,2] = 26`, the lines it came from, and their combination ("sum"); `more` lines are omitted.

    `arithmetic` is the calculation in numbers if the lines do not show it: `22 / 4`.
    """

    head: str
    value: str
    lines: tuple[StoryLine, ...] = ()
    conclusion: str = ""
    more: int = 0
    arithmetic: str = ""


def told_alone(name: str, tensor: torch.Tensor, index: Index) -> CellStory | None:
    """An element and its value, without its origin; None for an index outside."""
    reader = TensorReader(tensor)
    return CellStory(element_label(name, index), reader.text(index)) if reader.holds(index) else None


def lines_shown(count: int) -> int:
    """How many of so many elements are listed: one line is reserved for the number of the others."""
    return count if count <= MAXIMUM_TERMS else MAXIMUM_TERMS - 1


def unraveled(place: int, shape: Sequence[int]) -> Index:
    """The index of the element at a flat index in row-major order: `unraveled(5, (2, 3)) == (1, 2)`."""
    index = []
    for size in reversed(shape):
        place, at = divmod(place, size)
        index.append(at)
    return tuple(reversed(index))


class TellsCells(Protocol):
    """Tells of any element of one tensor: `story.at((1, 2))`, None for an index outside."""

    def at(self, index: Index) -> CellStory | None:
        """The story of one element."""


@dataclass(frozen=True, slots=True, eq=False)
class SourceTensor:
    """An input tensor, with its text and the named tensors it may be a view of."""

    text: str
    tensor: torch.Tensor
    named: tuple[tuple[str, torch.Tensor], ...] = ()

    def line(self, index: Index) -> StoryLine:
        """The element at an index of this operand."""
        return StoryLine(self.label(index), TensorReader(self.tensor).text(index))

    def conjugated(self) -> SourceTensor:
        """The operand as its conjugate: `z.conj()[1]`; itself if it is real."""
        if not self.tensor.is_complex():
            return self
        return SourceTensor(f"{self.text}.conj()", self.tensor.conj(), self.named)

    def label(self, index: Index) -> str:
        """`v[1]` rather than `v[:, None][1,0]`: the element of the named tensor in the same cell."""
        place = int(self.tensor.storage_offset()) + sum(
            i * stride for i, stride in zip(index, self.tensor.stride(), strict=True)
        )
        for name, tensor in self.named:
            if shares_storage(tensor, self.tensor) and reads_alike(tensor, self.tensor):
                found = index_at_place(tensor, place)
                if found is not None:
                    return element_label(name, found)
        return element_label(self.text if len(self.text) <= LONGEST_TEXT else "…", index)


def reads_alike(first: torch.Tensor, second: torch.Tensor) -> bool:
    """True if a storage cell is the same number in both: views may read it conjugated, negated, or as another dtype."""
    return (first.dtype, first.is_conj(), first.is_neg()) == (second.dtype, second.is_conj(), second.is_neg())


def shares_storage(first: torch.Tensor, second: torch.Tensor) -> bool:
    """True if two tensors share a storage."""
    return first.untyped_storage().data_ptr() == second.untyped_storage().data_ptr() != 0


def element_label(text: str, index: Index) -> str:
    """`element_label("A", (1, 2)) == "A[1,2]"`; a single number has no index."""
    if not index:
        return text
    return f"{text}[{','.join(map(str, index))}]"


def index_at_place(tensor: torch.Tensor, place: int) -> Index | None:
    """The index of the element at this storage cell; None if there is none or more than one."""
    rest = place - int(tensor.storage_offset())
    index = [0] * tensor.ndim
    strides = tuple(tensor.stride())
    for axis in sorted(range(tensor.ndim), key=lambda a: -strides[a]):
        stride, size = strides[axis], tensor.shape[axis]
        if size == 1:
            continue
        if stride == 0:
            return None
        index[axis] = min(rest // stride, size - 1)
        rest -= index[axis] * stride
    return tuple(index) if rest == 0 else None


@dataclass(frozen=True, slots=True, eq=False)
class Story:
    """Tells of any element of one tensor: `story.at((1, 2))`."""

    name: str
    tensor: torch.Tensor
    operands: tuple[SourceTensor, ...] = ()
    conclusion: str = ""
    reduced: tuple[int, ...] = ()
    keeps_axes: bool = False
    form: Callable[[list[str]], str] | None = None
    correction: int = 1
    word: str = ""

    def at(self, index: Index) -> CellStory | None:
        """The story of one element; None for an index outside."""
        told = told_alone(self.name, self.tensor, index)
        if told is None:
            return None
        if self.reduced:
            return self._reduction(told, index)
        lines = tuple(operand.line(aligned(index, operand.tensor.shape)) for operand in self.operands)
        text = self.form([line.value for line in lines]) if self.form is not None else ""
        return replace(told, lines=lines, conclusion=self.conclusion, arithmetic=text)

    def _reduction(self, told: CellStory, index: Index) -> CellStory:
        """The first of the combined elements, in row-major order."""
        operand = self.operands[0]
        shape = operand.tensor.shape
        kept = [axis for axis in range(len(shape)) if axis not in self.reduced]
        places = dict(zip(kept, (index[axis] for axis in kept) if self.keeps_axes else index, strict=True))
        size = prod(shape[axis] for axis in self.reduced)
        shown = lines_shown(size)
        lines = []
        sizes = tuple(shape[axis] for axis in self.reduced)
        for number in range(shown):
            whole = places | dict(zip(self.reduced, unraveled(number, sizes), strict=True))
            lines.append(operand.line(tuple(whole[axis] for axis in range(len(shape)))))
        text = self._arithmetic(operand.tensor, places) if size <= MOST_IN_ARITHMETIC else ""
        return replace(told, lines=tuple(lines), conclusion=self.conclusion, more=size - shown, arithmetic=text)

    def _arithmetic(self, tensor: torch.Tensor, places: dict[int, int]) -> str:
        """The formula over all combined elements."""
        if tensor.is_complex() or not self.word:
            return ""
        part = tensor[tuple(places.get(axis, slice(None)) for axis in range(tensor.ndim))]
        return reduced_arithmetic(self.word, part.double().reshape(-1), self.correction)


@dataclass(frozen=True, slots=True, eq=False)
class ViewStory:
    """Tells of a view of an operation's result: the story of the cell that it reads."""

    name: str
    tensor: torch.Tensor
    base: torch.Tensor
    inner: TellsCells

    def at(self, index: Index) -> CellStory | None:
        """The story of one element; None for an index outside."""
        alone = told_alone(self.name, self.tensor, index)
        if alone is None:
            return None
        place = sum(i * stride for i, stride in zip(index, self.tensor.stride(), strict=True))
        inner = index_at_place(self.base, place + int(self.tensor.storage_offset()))
        told = None if inner is None else self.inner.at(inner)
        return alone if told is None or told.value != alone.value else replace(told, head=alone.head)


def aligned(index: Index, shape: Sequence[int]) -> Index:
    """The element of a broadcast operand of this shape that contributes to an element of the result."""
    own = index[len(index) - len(shape) :] if shape else ()
    return tuple(0 if size == 1 else place for place, size in zip(own, shape, strict=True))
