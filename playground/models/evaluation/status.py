"""The content of the status line: the selection, who shares its storage, failing lines, memory used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from playground.models.evaluation.evaluate import Evaluated, evaluate
from playground.models.formatting import count_in_words
from playground.models.job import Job
from playground.models.language.budget import default_budget
from playground.models.language.names import cut_name, cut_names
from playground.models.program.program import Program
from playground.models.state import PlaygroundState


@dataclass(frozen=True, slots=True)
class StatusRequest:
    """The program, the selected name, and the memory budget in bytes (None: the default)."""

    program: Program
    selection: str
    budget: int | None


@dataclass(frozen=True, slots=True)
class StatusResult:
    """`selected` and `problems` in words; `used` is the bytes of all storages, each counted once, of `budget` bytes."""

    selected: str
    problems: str
    used: int
    budget: int


def status_request(state: PlaygroundState) -> StatusRequest:
    """The status line's request."""
    return StatusRequest(state.program, state.selection, state.memory_budget)


def compute_status(request: StatusRequest, job: Job) -> StatusResult:
    """Evaluate the program (shared with all panels) and summarise it in a line."""
    evaluated = evaluate(request.program, request.budget, job)
    failed = [name for name, one in evaluated.items() if one.problem is not None and one.problem.severity == "error"]
    return StatusResult(
        selected=describe_selected(request.selection, evaluated.values()),
        problems=count_problems(failed),
        used=used_bytes(evaluated.values()),
        budget=request.budget or default_budget(),
    )


def describe_selected(name: str, evaluated: Iterable[Evaluated]) -> str:
    """`describe_selected("B", ...) == "B: 12 elements, shares its storage with W"`."""
    tensors = {one.name: one.tensor for one in evaluated if one.tensor is not None}
    if name not in tensors:
        return f"{cut_name(name, 24)}: no values" if name else ""
    tensor = tensors[name]
    storage = tensor.untyped_storage().data_ptr()
    others = [
        other
        for other, its in tensors.items()
        if other != name and its.untyped_storage().data_ptr() == storage and its.untyped_storage().nbytes()
    ]
    count = tensor.numel()
    words = f"{cut_name(name, 24)}: {count_in_words(count, 'element')}"
    return (
        f"{words}, shares its storage with {cut_names(others)}"
        if others
        else f"{words}, shares storage with no other tensor"
    )


def count_problems(names: list[str]) -> str:
    """`count_problems(["D"]) == "one problem, in D"`; empty when all lines work."""
    if not names:
        return ""
    return f"one problem, in {cut_names(names)}" if len(names) == 1 else f"{len(names)} problems, in {cut_names(names)}"


def used_bytes(evaluated: Iterable[Evaluated]) -> int:
    """Bytes of all storages, each counted once."""
    storages = {
        one.tensor.untyped_storage().data_ptr(): one.tensor.untyped_storage().nbytes()
        for one in evaluated
        if one.tensor is not None
    }
    return sum(storages.values())
