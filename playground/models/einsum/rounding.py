"""How far the other ways to write an einsum are from its result: they are run, and compared element by element."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from playground.models.job import Job
from playground.models.tensors.evaluation import evaluate
from playground.models.tensors.program import Expression, Program

COMPARED_OPERATIONS = 10**8
"""Einsums of more operations are not run a second time."""


def rounding_note(
    program: Program, ways: Sequence[str], outcome: torch.Tensor, work: int, *, budget: int | None, job: Job
) -> str:
    """What the numbers of these lines are to those of the result, in a sentence."""
    if not (outcome.is_floating_point() or outcome.is_complex()):
        return "All lines give exactly the same numbers."
    if work > COMPARED_OPERATIONS:
        return "All lines give the same sums. They may be rounded in another order: too long a sum to compare here."
    apart, odd = 0.0, False
    for way in ways:
        name = program.fresh_name()
        other = evaluate(program.appended(name, Expression(way)), budget, job)[name].tensor
        if other is None or other.shape != outcome.shape:
            return "All lines give the same sums. They may be rounded in another order."
        difference = _difference(outcome, other)
        odd = odd or difference is None
        apart = max(apart, difference or 0.0)
    if odd:
        return "All lines give the same sums, rounded in another order: here one is inf or nan where another is not."
    if not apart:
        return "All lines give exactly the same numbers here."
    return f"All lines give the same sums, rounded in another order: here they differ by up to {apart:.2g}."


def _difference(one: torch.Tensor, other: torch.Tensor) -> float | None:
    """The largest distance of two elements; None where one is finite and the other is not."""
    wide = torch.complex128 if one.is_complex() else torch.float64
    left, right = one.to(wide), other.to(wide)
    finite = left.isfinite()
    if not torch.equal(finite, right.isfinite()):
        return None
    rest = torch.equal(left[~finite].nan_to_num(nan=0.5), right[~finite].nan_to_num(nan=0.5))
    if not rest:
        return None
    apart = (left - right)[finite].abs()
    return float(apart.max()) if apart.numel() else 0.0
