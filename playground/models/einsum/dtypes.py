"""Which dtype an einsum gives, or why torch will not multiply these: asked of torch itself, on two by two cells."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from playground.models.einsum.cost import Cost, flat_path
from playground.models.einsum.labels import Indexing
from playground.models.outcome import Fix, Problem
from playground.models.words import joined

MAXIMUM_CELLS = 1 << 14


def result_dtype(indexing: Indexing, cost: Cost, dtypes: Sequence[torch.dtype]) -> torch.dtype | Problem:
    """The dtype of the result; a `Problem` with casts that mend it where torch refuses.

    Sizes above 2 are cut to 2, which changes no branch that torch takes; where even that is too many cells, one
    dtype for all operands is answered as it is.
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
    """What `contract` takes: the equation's text, the operands, and torch's flat path where there is a choice."""
    return indexing.equation.text, operands, flat_path(cost.path) if len(operands) > 2 else None


def contract(text: str, operands: Sequence[torch.Tensor], path: Sequence[int] | None) -> torch.Tensor:
    """torch's own einsum along a path, in whatever process."""
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
    """Cast every operand that is not of `target` yet, if that helps."""
    changed = [place for place, dtype in enumerate(dtypes) if dtype != target]
    if not changed:
        return None
    tried = result_dtype(indexing, cost, [target] * len(dtypes))
    if isinstance(tried, Problem):
        return None
    called = [indexing.names[place] for place in changed]
    casts = [f"{name if name.isidentifier() else f'({name})'}.to({target})" for name in called]
    # The same operand twice is one cast to read.
    code = casts[0] if len(set(casts)) == 1 else "; ".join(casts)
    return Fix(
        code,
        gives=str(tried).removeprefix("torch."),
        meaning=f"{joined(list(dict.fromkeys(called)))} as {str(target).removeprefix('torch.')}",
        target="operand." + ",".join(map(str, changed)),
    )
