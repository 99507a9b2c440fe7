"""An einsum's cost and dtype: operations, contraction order, largest intermediate."""

from __future__ import annotations

import math
import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import opt_einsum
import torch

from playground.models.einsum.equation import ARROW
from playground.models.einsum.labels import Indexing
from playground.models.formatting import joined
from playground.models.problem import Fix, Problem

Path = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class ContractionStep:
    """One contraction of the path: `operands` index the list of remaining operands; the outcome is appended to it.

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
        """The number of elements of the outcome."""
        return math.prod(self.shape)

    @property
    def equation(self) -> str:
        """The step as its own equation, with unused letters for the axes of an ellipsis."""
        used = {label for labels in self.input_labels for label in labels}
        free = (letter for letter in string.ascii_letters if letter not in used)
        letters = {label: label if len(label) == 1 else next(free, "?") for label in sorted(used)}
        terms = ("".join(letters[label] for label in labels) for labels in self.input_labels)
        return ",".join(terms) + ARROW + "".join(letters[label] for label in self.output_labels)


@dataclass(frozen=True, slots=True)
class Cost:
    """Operations are multiplications and additions, as opt_einsum counts them; sizes are in elements.

    `work` is what torch does: it sums letters found in one operand only before it multiplies.
    """

    naive_operations: int
    operations: int
    products: int
    work: int
    largest_intermediate: int
    output_elements: int
    index_space: int
    steps: tuple[ContractionStep, ...]

    @property
    def path(self) -> Path:
        """The contraction order, in the form of `opt_einsum.contract_path` and `torch.einsum`."""
        return tuple(step.operands for step in self.steps)

    @property
    def speedup(self) -> float:
        """The ratio of the operations of one loop over everything to those that torch computes along the path."""
        done = min(self.operations, self.work)
        return self.naive_operations / done if done else 1.0


def plan_path(indexing: Indexing) -> Path:
    """The order that torch.einsum uses: opt_einsum's "auto" for three operands or more."""
    count = len(indexing.shapes)
    if count <= 2:
        return (tuple(range(count)),)
    inputs = [frozenset(labels) for labels in indexing.input_labels]
    found = opt_einsum.paths.auto(inputs, frozenset(indexing.output_labels), indexing.sizes, None)
    return tuple(tuple(sorted(operands)) for operands in found)


MOST_SEARCHED = 8
"""The most operands for which every order is searched; beyond it, greedy and dynamic programming."""

LITTLE_MORE = 1.1
"""An order with at most this many times torch's operations may be better."""


def better_cost(indexing: Indexing, cost: Cost) -> Cost | None:
    """The cost of the order with the smallest largest intermediate, if it is at most half of that of torch's own order.

    torch's order has the fewest operations of those that opt_einsum's "auto" finds, but does not look at memory. None
    if no order with about as few operations needs less. For `ij,jk,kl,jk->il` at 500 squared, torch multiplies A and B
    first and holds 500**3 elements; B times D first holds 500**2.
    """
    count = len(indexing.shapes)
    if count <= 2:
        return None
    inputs = [frozenset(labels) for labels in indexing.input_labels]
    output, sizes = frozenset(indexing.output_labels), indexing.sizes
    largest = max(math.prod(shape) for shape in (*indexing.shapes, indexing.output_shape))
    finders = [opt_einsum.paths.greedy, opt_einsum.paths.DynamicProgramming(minimize="size")]
    finders += [opt_einsum.paths.optimal] if count <= MOST_SEARCHED else []
    found: list[Cost] = []
    for finder in finders:
        for limit in (None, largest):
            path = finder(inputs, output, sizes, limit)
            found.append(cost_of(indexing, tuple(tuple(sorted(operands)) for operands in path)))
    fit = [one for one in found if one.work <= LITTLE_MORE * cost.work]
    best = min(fit, key=lambda one: (one.largest_intermediate, one.work), default=None)
    is_better = best is not None and 2 * best.largest_intermediate <= cost.largest_intermediate
    return best if is_better else None


def cost_of(indexing: Indexing, path: Path | None = None) -> Cost:
    """The cost along `path` (the best known one unless given) and of one loop over everything.

    A sum of products of n factors over N index values counts N * (n - 1) products, and as many additions as
    opt_einsum counts: N more if anything is summed. `products` and `work` count what torch computes: it sums letters
    found in one operand only before it multiplies.
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
    """opt_einsum's `flop_count`: the size of the index space times the operations per point."""
    return math.prod(sizes[label] for label in labels) * (max(1, count - 1) + (1 if is_summed else 0))


def _steps(indexing: Indexing, sizes: Mapping[str, int], path: Path) -> tuple[ContractionStep, ...]:
    left: list[tuple[str, tuple[str, ...]]] = list(zip(indexing.names, indexing.input_labels, strict=False))
    place = {label: number for number, label in enumerate(indexing.labels)}
    steps: list[ContractionStep] = []
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
        steps.append(
            ContractionStep(
                operands=operands,
                inputs=tuple(entry[0] for entry in taken),
                input_labels=tuple(entry[1] for entry in taken),
                output_labels=output,
                name=name,
                shape=tuple(sizes[label] for label in output),
                operations=_operations(involved, sizes, len(output) < len(involved), len(taken)),
                products=_products(sizes, [labels for _, labels in taken], output),
                work=_work(sizes, [labels for _, labels in taken], output),
            )
        )
        left.append((name, output))
    return tuple(steps)


def _lone_letters(taken: Sequence[tuple[str, ...]], output: tuple[str, ...]) -> set[str]:
    """The letters of one operand only that the step sums: torch sums over them before it multiplies."""
    found = {label for labels in taken for label in labels if label not in output}
    return {label for label in found if sum(label in labels for labels in taken) == 1}


def _products(sizes: Mapping[str, int], taken: Sequence[tuple[str, ...]], output: tuple[str, ...]) -> int:
    """The products that torch computes: none over letters that it has summed before."""
    left = {label for labels in taken for label in labels} - _lone_letters(taken, output)
    return math.prod(sizes[label] for label in left) * (len(taken) - 1)


def _work(sizes: Mapping[str, int], taken: Sequence[tuple[str, ...]], output: tuple[str, ...]) -> int:
    """Additions over letters found in one operand only, then a product and an addition for each remaining point."""
    lone = _lone_letters(taken, output)
    total = sum(math.prod(sizes[label] for label in set(labels)) for labels in taken if lone.intersection(labels))
    left = {label for labels in taken for label in labels} - lone
    if len(taken) == 1:
        return total
    return total + _operations(left, sizes, bool(left - set(output)), len(taken))


def flat_path(path: Sequence[Sequence[int]]) -> list[int]:
    """The path as one flat list, as torch's operator expects it."""
    return [operand for operands in path for operand in operands]


MAXIMUM_CELLS = 1 << 14


def result_dtype(indexing: Indexing, cost: Cost, dtypes: Sequence[torch.dtype]) -> torch.dtype | Problem:
    """The dtype of the result; a `Problem` with casts that fix it if torch refuses.

    Sizes above 2 are cut to 2, which does not change any branch that torch takes; if even that is too many cells, a
    dtype common to all operands is returned directly.
    """
    small = [tuple(min(size, 2) for size in shape) for shape in indexing.shapes]
    if max((math.prod(shape) for shape in small), default=1) > MAXIMUM_CELLS or _cut_steps(cost) > MAXIMUM_CELLS:
        return dtypes[0] if len(set(dtypes)) == 1 else torch.result_type(*_zeros(dtypes)[:2])
    try:
        operands = [torch.zeros(shape).to(dtype) for shape, dtype in zip(small, dtypes, strict=True)]
        return run_along(indexing, cost, operands).dtype
    except (RuntimeError, ValueError) as error:
        return _dtype_problem(indexing, cost, dtypes, str(error).splitlines()[0])


def _zeros(dtypes: Sequence[torch.dtype]) -> list[torch.Tensor]:
    return [torch.zeros((), dtype=dtype) for dtype in dtypes]


def _cut_steps(cost: Cost) -> int:
    return max((math.prod(min(size, 2) for size in step.shape) for step in cost.steps), default=1)


def run_along(indexing: Indexing, cost: Cost, operands: Sequence[torch.Tensor]) -> torch.Tensor:
    """torch's own einsum along the planned path."""
    return contract(*contraction(indexing, cost, operands))


def contraction(
    indexing: Indexing, cost: Cost, operands: Sequence[torch.Tensor]
) -> tuple[str, Sequence[torch.Tensor], Sequence[int] | None]:
    """The arguments of `contract`: the equation's text, the operands, and torch's flat path if there is a choice."""
    return indexing.equation.text, operands, flat_path(cost.path) if len(operands) > 2 else None


def contract(text: str, operands: Sequence[torch.Tensor], path: Sequence[int] | None) -> torch.Tensor:
    """torch's own einsum along a path; runs in any process."""
    with torch.no_grad():
        outcome: torch.Tensor = torch.ops.aten.einsum.default(text, list(operands), path=path)
    return outcome


def _dtype_problem(indexing: Indexing, cost: Cost, dtypes: Sequence[torch.dtype], said: str) -> Problem:
    names = [str(dtype).removeprefix("torch.") for dtype in dtypes]
    if len(set(names)) > 1:
        listed = joined([f"{indexing.names[i]} is {name}" for i, name in enumerate(names)])
        message = f"{listed}. torch multiplies tensors of one dtype here."
        badge = "two dtypes"
    else:
        message = f"torch has no product of {names[0]} tensors here: {said}."
        badge = names[0]
    fixes = tuple(
        fix
        for target in dict.fromkeys((_common(dtypes), torch.float32))
        if (fix := _cast(indexing, cost, dtypes, target)) is not None
    )
    return Problem(message, fixes=fixes, badge=badge)


def _common(dtypes: Sequence[torch.dtype]) -> torch.dtype:
    common = dtypes[0]
    try:
        for dtype in dtypes[1:]:
            common = torch.promote_types(common, dtype)
    except RuntimeError:
        return torch.float32
    return common


def _cast(indexing: Indexing, cost: Cost, dtypes: Sequence[torch.dtype], target: torch.dtype) -> Fix | None:
    """Cast every operand that does not have dtype `target` yet, if that helps."""
    changed = [place for place, dtype in enumerate(dtypes) if dtype != target]
    if not changed:
        return None
    tried = result_dtype(indexing, cost, [target] * len(dtypes))
    if isinstance(tried, Problem):
        return None
    called = [indexing.names[place] for place in changed]
    casts = [f"{name if name.isidentifier() else f'({name})'}.to({target})" for name in called]
    # An operand that appears twice is listed once.
    code = casts[0] if len(set(casts)) == 1 else "; ".join(casts)
    return Fix(
        code,
        gives=str(tried).removeprefix("torch."),
        meaning=f"{joined(list(dict.fromkeys(called)))} as {str(target).removeprefix('torch.')}",
        target="operand." + ",".join(map(str, changed)),
    )
