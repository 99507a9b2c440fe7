"""What an einsum costs: operations, the order of contraction, the largest intermediate."""

from __future__ import annotations

import math
import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import opt_einsum

from playground.models.einsum.equation import ARROW
from playground.models.einsum.labels import Indexing

Path = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One contraction of the path: `operands` are places in the list of what is left; the outcome goes to its end.

    `inputs` names operands and earlier outcomes ("A", "t0"), `name` the outcome.
    """

    operands: tuple[int, ...]
    inputs: tuple[str, ...]
    input_labels: tuple[tuple[str, ...], ...]
    output_labels: tuple[str, ...]
    name: str
    shape: tuple[int, ...]
    operations: int
    products: int
    work: int

    @property
    def elements(self) -> int:
        """How many elements the outcome has."""
        return math.prod(self.shape)

    @property
    def equation(self) -> str:
        """The step as an equation of its own, the axes of an ellipsis with letters that are free."""
        used = {label for labels in self.input_labels for label in labels}
        free = (letter for letter in string.ascii_letters if letter not in used)
        letters = {label: label if len(label) == 1 else next(free, "?") for label in sorted(used)}
        terms = ("".join(letters[label] for label in labels) for labels in self.input_labels)
        return ",".join(terms) + ARROW + "".join(letters[label] for label in self.output_labels)


@dataclass(frozen=True, slots=True)
class Cost:
    """Operations are multiplications and additions, as opt_einsum counts them; sizes are in elements.

    `work` is what torch does: it adds a letter up that one operand alone has, before it multiplies.
    """

    naive_operations: int
    operations: int
    products: int
    work: int
    largest_intermediate: int
    output_elements: int
    index_space: int
    steps: tuple[Step, ...]

    @property
    def path(self) -> Path:
        """The order of contraction, as `opt_einsum.contract_path` and `torch.einsum` write it."""
        return tuple(step.operands for step in self.steps)

    @property
    def speedup(self) -> float:
        """How many times fewer operations the path needs than one loop over everything."""
        return self.naive_operations / self.operations if self.operations else 1.0


def plan_path(indexing: Indexing) -> Path:
    """The order that torch.einsum takes: opt_einsum's "auto" for three operands and more."""
    count = len(indexing.shapes)
    if count <= 2:
        return (tuple(range(count)),)
    inputs = [frozenset(labels) for labels in indexing.input_labels]
    found = opt_einsum.paths.auto(inputs, frozenset(indexing.output_labels), indexing.sizes, None)
    return tuple(tuple(sorted(operands)) for operands in found)


def cost_of(indexing: Indexing, path: Path | None = None) -> Cost:
    """The cost along `path` (the best known one unless given) and of one loop over everything.

    A sum of products of n factors over a space of N index values counts N * (n - 1) products, and as many additions
    as opt_einsum counts: N more where anything is summed.
    """
    sizes = indexing.sizes
    order = plan_path(indexing) if path is None else path
    steps = _steps(indexing, sizes, order)
    output = math.prod(indexing.output_shape)
    return Cost(
        naive_operations=_operations(sizes, sizes, bool(indexing.summed), len(indexing.shapes)),
        operations=sum(step.operations for step in steps),
        products=sum(step.products for step in steps),
        work=sum(step.work for step in steps),
        largest_intermediate=max((step.elements for step in steps), default=output),
        output_elements=output,
        index_space=math.prod(sizes.values()),
        steps=steps,
    )


def _operations(labels: Iterable[str], sizes: Mapping[str, int], is_summed: bool, count: int) -> int:
    """opt_einsum's `flop_count`: the size of the index space times the operations at each point."""
    return math.prod(sizes[label] for label in labels) * (max(1, count - 1) + (1 if is_summed else 0))


def _steps(indexing: Indexing, sizes: Mapping[str, int], path: Path) -> tuple[Step, ...]:
    left: list[tuple[str, tuple[str, ...]]] = list(zip(indexing.names, indexing.input_labels, strict=False))
    place = {label: number for number, label in enumerate(indexing.labels)}
    steps: list[Step] = []
    for number, operands in enumerate(path):
        taken = [left[operand] for operand in operands]
        left = [entry for at, entry in enumerate(left) if at not in operands]
        involved = dict.fromkeys(label for _, labels in taken for label in labels)
        if left:
            needed = set(indexing.output_labels).union(*(labels for _, labels in left))
            output = tuple(sorted(needed & involved.keys(), key=place.__getitem__))
            name = f"t{number}"
        else:
            output, name = indexing.output_labels, indexing.result_name
        space = math.prod(sizes[label] for label in involved)
        steps.append(
            Step(
                operands=operands,
                inputs=tuple(entry[0] for entry in taken),
                input_labels=tuple(entry[1] for entry in taken),
                output_labels=output,
                name=name,
                shape=tuple(sizes[label] for label in output),
                operations=_operations(involved, sizes, len(output) < len(involved), len(taken)),
                products=space * (len(taken) - 1),
                work=_work(sizes, [labels for _, labels in taken], output),
            )
        )
        left.append((name, output))
    return tuple(steps)


def _work(sizes: Mapping[str, int], taken: Sequence[tuple[str, ...]], output: tuple[str, ...]) -> int:
    """Additions over lone letters, each operand for itself, then a product and an addition for each point left."""
    total = 0
    left: set[str] = set()
    for number, labels in enumerate(taken):
        others = {label for at, other in enumerate(taken) if at != number for label in other}
        lone = {label for label in labels if label not in output and label not in others}
        if lone:
            total += math.prod(sizes[label] for label in set(labels))
        left |= set(labels) - lone
    if len(taken) == 1:
        return total
    return total + _operations(left, sizes, bool(left - set(output)), len(taken))


def flat_path(path: Sequence[Sequence[int]]) -> list[int]:
    """The path in one list, as torch's own operator wants it."""
    return [operand for operands in path for operand in operands]
