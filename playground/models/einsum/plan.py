"""All that shapes alone tell about an einsum: `plan_einsum("ij,jk->ik", (3, 4), (4, 5))`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from playground.models.einsum.cost import Cost, Path, Step, cost_of
from playground.models.einsum.equation import Equation, parse_equation
from playground.models.einsum.equivalents import Part, equivalents_of, rewrite
from playground.models.einsum.fixes import with_fixes
from playground.models.einsum.labels import Indexing, Label, Shape, index_labels
from playground.models.einsum.loops import loops_of, nested_loops
from playground.models.einsum.sentence import sentence_of
from playground.models.outcome import ProblemError


@dataclass(frozen=True, slots=True)
class EinsumPlan:
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
        """What the result is called."""
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
        """Whether the result is a view of the operand."""
        return self.indexing.is_view

    @property
    def path(self) -> Path:
        """The best known order of contraction."""
        return self.cost.path

    @property
    def loops(self) -> str:
        """Plain Python that fills the result, cell by cell."""
        return loops_of(self.indexing)

    @property
    def nested_loops(self) -> str:
        """The loops without the line that makes the result."""
        return nested_loops(self.indexing)

    @property
    def sentence(self) -> str:
        """What it does, in words."""
        return sentence_of(self.indexing)

    @property
    def equivalents(self) -> tuple[str, ...]:
        """Other ways to write exactly the same, the simplest first."""
        return equivalents_of(self.indexing)

    @property
    def equivalent(self) -> str | None:
        """The simplest other way, or None."""
        return next(iter(self.equivalents), None)

    @property
    def steps_in_torch(self) -> tuple[str, ...]:
        """The path as lines of torch, one a step."""
        exact = not any(label.stretched for label in self.labels.values())
        return tuple(_step_code(step, exact) for step in self.cost.steps)

    @property
    def code(self) -> str:
        """`torch.einsum("ij,jk->ik", A, B)`."""
        count = len(self.shapes)
        return f'torch.einsum("{self.equation.text}", {", ".join(self.names[:count])})'


def _step_code(step: Step, is_exact: bool) -> str:
    """`is_exact`: no size of 1 is stretched, so that `@` and its like give the same."""
    parts = [Part(name, labels) for name, labels in zip(step.inputs, step.input_labels, strict=True)]
    ways = rewrite(parts, step.output_labels, frugal=True) if is_exact else ()
    way = ways[0] if ways else f'torch.einsum("{step.equation}", {", ".join(step.inputs)})'
    return f"{step.name} = {way}"


def plan_einsum(equation: str, *shapes: Sequence[int], names: Sequence[str] = (), result_name: str = "") -> EinsumPlan:
    """Plan `equation` for operands of these shapes; a `ProblemError` names the letter, the operands and the sizes.

    >>> plan_einsum("ij,jk->ik", (3, 4), (4, 5)).output_shape
    (3, 5)
    """
    try:
        indexing = index_labels(parse_equation(equation), shapes, names, result_name)
    except ProblemError as error:
        raise ProblemError(with_fixes(error.problem, equation, shapes, names)) from None
    return EinsumPlan(indexing, cost_of(indexing))
