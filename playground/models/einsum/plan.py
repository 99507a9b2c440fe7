"""What shapes alone tell about an einsum: as numbers, loops and a sentence.

`plan_einsum("ij,jk->ik", (3, 4), (4, 5))`
"""

from __future__ import annotations

import itertools
import keyword
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from playground.models.einsum.cost import ContractionStep, Cost, Path, better_cost, cost_of
from playground.models.einsum.equation import Equation, parse_equation
from playground.models.einsum.equivalents import Factor, equivalents_of, rewrite
from playground.models.einsum.fixes import with_fixes
from playground.models.einsum.labels import Indexing, Label, Shape, index_labels
from playground.models.formatting import count_in_words, joined, shape_in_words
from playground.models.printed import Part, Printed, TextTable
from playground.models.problem import ProblemError

INDENT = "  "


def loop_names(indexing: Indexing) -> dict[str, str]:
    """Each label's name as a variable: the label itself, with a number appended if a tensor has that name."""
    written = [*indexing.names, indexing.result_name, "torch", "range"]
    words = {word for text in written for word in re.findall(r"\w+", text)}
    names: dict[str, str] = {}
    for label in indexing.labels:
        fresh = itertools.chain([label], (f"{label.lower()}{number}" for number in itertools.count(1)))
        others = words | set(names.values()) | (set(indexing.labels) - {label})
        names[label] = next(name for name in fresh if name not in others and not keyword.iskeyword(name))
    return names


def cell(indexing: Indexing, operand: int, called: Mapping[str, str] | None = None) -> str:
    """`"A[i,j]"`; a stretched axis has index 0, an operand without axes has no brackets."""
    name = indexing.names[operand]
    stretched = {(o.operand, o.axis) for label in indexing.labels.values() for o in label.stretched}
    places = [
        "0" if (operand, axis) in stretched else (called or {}).get(label, label)
        for axis, label in enumerate(indexing.input_labels[operand])
    ]
    return f"{name}[{','.join(places)}]" if places else name


def product_code(indexing: Indexing) -> str:
    """`"A[i,j]*B[j,k]"`."""
    called = loop_names(indexing)
    return "*".join(cell(indexing, operand, called) for operand in range(len(indexing.shapes)))


def result_cell(indexing: Indexing) -> str:
    """`"C[i,k]"`, or `"C"` for a single number."""
    called = loop_names(indexing)
    labels = [called[label] for label in indexing.output_labels]
    return f"{indexing.result_name}[{','.join(labels)}]" if labels else indexing.result_name


def loop_labels(indexing: Indexing) -> tuple[str, ...]:
    """The labels from the outermost loop inwards: the result's in its order, then the summed ones."""
    return (*indexing.output_labels, *indexing.summed)


def nested_loops(indexing: Indexing) -> str:
    """The loops over the whole index space, without the line that creates the result."""
    lines, called = [], loop_names(indexing)
    for depth, label in enumerate(loop_labels(indexing)):
        lines.append(f"{INDENT * depth}for {called[label]} in range({indexing.labels[label].size}):")
    lines.append(f"{INDENT * len(indexing.labels)}{result_cell(indexing)} += {product_code(indexing)}")
    return "\n".join(lines)


def loops_of(indexing: Indexing, dtype: str = "") -> str:
    """Runnable Python: a result of zeros, then the loops that fill it.

    >>> loops_of(index_labels(parse_equation("i,i->"), [(3,), (3,)]))  # doctest: +SKIP
    C = torch.zeros(())
    for i in range(3):
      C += A[i]*B[i]
    """
    shape = indexing.output_shape
    written = f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"
    kind = f", dtype=torch.{dtype}" if dtype and dtype != "float32" else ""
    return f"{indexing.result_name} = torch.zeros({written}{kind})\n{nested_loops(indexing)}"


def sentence_of(indexing: Indexing) -> str:
    """`"For each i and k, multiply A[i,j] by B[j,k] and add over j."`"""
    kept, summed = indexing.output_labels, indexing.summed
    cells = [cell(indexing, operand) for operand in range(len(indexing.shapes))]
    start = f"For each {joined(kept)}, " if kept else ""
    if len(cells) == 1:
        rest = f"add {cells[0]} over {_each(summed)}" if summed else f"take {cells[0]}"
    else:
        rest = f"multiply {cells[0]} by {joined(cells[1:])}"
        if summed:
            rest += f" and add over {_each(summed)}"
    text = f"{start}{rest}."
    return text[0].upper() + text[1:]


def _each(labels: tuple[str, ...]) -> str:
    return joined(labels)


@dataclass(frozen=True, slots=True, repr=False)
class EinsumPlan(Printed):
    """What einsum will do, before a byte is allocated."""

    indexing: Indexing
    cost: Cost

    @property
    def equation(self) -> Equation:
        """The equation as typed."""
        return self.indexing.equation

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """The shapes of the operands."""
        return self.indexing.shapes

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the operands."""
        return self.indexing.names

    @property
    def result_name(self) -> str:
        """The name of the result."""
        return self.indexing.result_name

    @property
    def labels(self) -> Mapping[str, Label]:
        """Size, operands, role and reason of each letter, in order of appearance."""
        return self.indexing.labels

    @property
    def output_labels(self) -> tuple[str, ...]:
        """The letter of each axis of the result."""
        return self.indexing.output_labels

    @property
    def output_shape(self) -> Shape:
        """The shape of the result."""
        return self.indexing.output_shape

    @property
    def is_view(self) -> bool:
        """True if the result is a view of the operand."""
        return self.indexing.is_view

    @property
    def path(self) -> Path:
        """The best known contraction order."""
        return self.cost.path

    @property
    def loops(self) -> str:
        """Plain Python that fills the result, cell by cell."""
        return loops_of(self.indexing)

    @property
    def nested_loops(self) -> str:
        """The loops without the line that creates the result."""
        return nested_loops(self.indexing)

    @property
    def sentence(self) -> str:
        """A sentence that says what it does."""
        return sentence_of(self.indexing)

    @property
    def equivalents(self) -> tuple[str, ...]:
        """Other ways to write exactly the same, simplest first."""
        return equivalents_of(self.indexing)

    @property
    def equivalent(self) -> str | None:
        """The simplest other way, or None."""
        return next(iter(self.equivalents), None)

    @property
    def steps_in_torch(self) -> tuple[str, ...]:
        """The path as lines of torch, one per step."""
        exact = not any(label.stretched for label in self.labels.values())
        return tuple(_step_code(step, exact) for step in self.cost.steps)

    @property
    def better(self) -> Cost | None:
        """The cost of an order that needs at most half the memory of torch's own, if there is one."""
        return better_cost(self.indexing, self.cost)

    def steps_of(self, cost: Cost) -> tuple[str, ...]:
        """An order as calls of torch.einsum, one per line."""
        return tuple(_step_code(step, False) for step in cost.steps)

    @property
    def code(self) -> str:
        """`torch.einsum("ij,jk->ik", A, B)`."""
        count = len(self.shapes)
        return f'torch.einsum("{self.equation.text}", {", ".join(self.names[:count])})'

    def told(self) -> tuple[Part, ...]:
        """What it does, each letter, the result, the cost, and other ways to write it."""
        letters = [
            (label.name, str(label.size), label.found_in(self.names), label.role, label.reason)
            for label in self.labels.values()
        ]
        cost = self.cost
        view = ", a view of the operand" if self.is_view else ""
        cheaper = f" instead of {cost.naive_operations:,}" if cost.operations < cost.naive_operations else ""
        return (
            f"{self.result_name} = {self.code}",
            self.sentence,
            TextTable(("letter", "size", "in", "role", "why"), letters, "lrl"),
            f"Result {shape_in_words(self.output_shape)}{view}. {cost.operations:,} operations{cheaper}; "
            f"largest intermediate {count_in_words(cost.largest_intermediate, 'element')}.",
            f"The same: {'; '.join(self.equivalents)}" if self.equivalents else "",
        )


def _step_code(step: ContractionStep, is_exact: bool) -> str:
    """`is_exact`: no size of 1 is stretched, so `@` and the like give the same."""
    parts = [Factor(name, labels) for name, labels in zip(step.inputs, step.input_labels, strict=True)]
    ways = rewrite(parts, step.output_labels, frugal=True) if is_exact else ()
    way = ways[0] if ways else f'torch.einsum("{step.equation}", {", ".join(step.inputs)})'
    return f"{step.name} = {way}"


def plan_einsum(equation: str, *shapes: Sequence[int], names: Sequence[str] = (), result_name: str = "") -> EinsumPlan:
    """Plan `equation` for operands of these shapes: `output_shape`, `labels`, `cost`, `path`, `loops`.

    >>> plan_einsum("ij,jk->ik", (3, 4), (4, 5)).output_shape
    (3, 5)

    Nothing is allocated, so shapes of any size work. Costs count products and elements. Raises `ProblemError`; its
    problem names the letter, the operands and the sizes.
    """
    try:
        indexing = index_labels(parse_equation(equation), shapes, names, result_name)
    except ProblemError as error:
        raise ProblemError(with_fixes(error.problem, equation, shapes, names)) from None
    return EinsumPlan(indexing, cost_of(indexing))
