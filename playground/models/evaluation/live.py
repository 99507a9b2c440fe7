"""The values of a program for Python: on the memory that Python handed over, where they lie on it."""

from __future__ import annotations

from dataclasses import replace

import torch

from playground.models.evaluation.evaluate import evaluate
from playground.models.program.program import Program, source_reads, taken
from playground.models.program.sources import Binding, Imported, TensorReference


def live_values(program: Program, budget: int | None = None) -> dict[str, torch.Tensor]:
    """The value of each line that has one, by name.

    A tensor that Python handed over, and each view of one, is on Python's own memory instead of on the snapshot of it
    that the panels read. All others are copies: their memory is the app's.
    """
    values = {name: one.tensor for name, one in evaluate(program, budget).items() if one.tensor is not None}
    snapshots = {_storage(values[one.name]) for one in program.bindings if _reference(one) and one.name in values}
    shared = [name for name, value in values.items() if _storage(value) in snapshots]
    copies = taken({name: value for name, value in values.items() if name not in shared})
    live = evaluate(_on_live_memory(program, shared), budget)
    found = {name: live[name].tensor if name in shared else copies[name].tensor for name in values}
    return {name: tensor for name, tensor in found.items() if tensor is not None}


def _storage(tensor: torch.Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


def _reference(binding: Binding) -> TensorReference | None:
    """The reference of a line whose tensor Python still holds."""
    source = binding.source
    return source.reference if isinstance(source, Imported) and source.reference.live is not None else None


def _on_live_memory(program: Program, names: list[str]) -> Program:
    """The lines of these names, and those that they read, on the memory that Python holds."""
    needed, bindings = set(names), list[Binding]()
    for binding in reversed(program.bindings):
        if binding.name in needed:
            needed.update(source_reads(binding.source))
            bindings.append(_live(binding))
    return Program(tuple(reversed(bindings)))


def _live(binding: Binding) -> Binding:
    reference = _reference(binding)
    if reference is None or reference.live is None or not isinstance(binding.source, Imported):
        return binding
    return replace(binding, source=replace(binding.source, reference=TensorReference(reference.live)))
