"""The values of a program's tensors, for networks that are fed or trained on them."""

from __future__ import annotations

import torch

from playground.models.job import Job
from playground.models.tensors.evaluation import evaluate
from playground.models.tensors.program import Program


def tensors_of(program: Program | None, job: Job | None = None, budget: int | None = None) -> dict[str, torch.Tensor]:
    """Name -> tensor for every line that has values within the budget of memory; empty without a program."""
    if program is None:
        return {}
    results = evaluate(program, budget, job or Job())
    return {name: result.tensor for name, result in results.items() if result.tensor is not None}
