"""What the cards of the program show: a few numbers and a thumbnail for each line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from playground.models.job import Job
from playground.models.memory.layout import storage_identity
from playground.models.outcome import Problem
from playground.models.state import PlaygroundState
from playground.models.tensors.evaluation import Evaluated, evaluate
from playground.models.tensors.program import Imported, Program
from playground.models.tensors.summary import TensorSummary
from playground.models.tensors.summary_cache import known_summary, summary_of
from playground.models.tensors.window import TensorReader

THUMBNAIL = 20
"""At most so many rows and columns of a thumbnail; larger tensors are sampled evenly."""


@dataclass(frozen=True, slots=True)
class ProgramRequest:
    """The program and the memory budget in bytes (None: the usual one)."""

    program: Program
    budget: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Thumbnail:
    """A few values in rows and columns, their glyphs, and the |value| with full heat."""

    values: NDArray[np.float64]
    kinds: NDArray[np.uint8]
    scale: float


@dataclass(frozen=True, slots=True, eq=False)
class CardResult:
    """One line of the program: what it gave, or what is wrong with it.

    `verdict` is "new", "view", "copy", "same", "imported", "too large" or "problem", `verdict_text` its words.
    `shape` is None where not even that is known. `nbytes` are those of all elements, `stored` those of the storage:
    fewer where it is expanded, more where it is a part. `shared` says that the storage is another line's.
    """

    name: str
    shape: tuple[int, ...] | None
    dtype: str
    verdict: str
    verdict_text: str
    nbytes: int = 0
    stored: int = 0
    shared: bool = False
    summary: TensorSummary | None = None
    thumbnail: Thumbnail | None = None
    problem: Problem | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ProgramResult:
    """A card a line, by name and in order."""

    cards: tuple[CardResult, ...]

    def card(self, name: str) -> CardResult | None:
        """The card of this name."""
        return next((card for card in self.cards if card.name == name), None)


def program_request(state: PlaygroundState) -> ProgramRequest:
    """What the cards depend on."""
    return ProgramRequest(state.program, state.memory_budget)


def compute_program(request: ProgramRequest, job: Job) -> ProgramResult:
    """Evaluate the program and sum each line up; large tensors show their shape before their numbers."""
    evaluated = evaluate(request.program, request.budget, job)
    cards = [_with_numbers(_card(request.program, name, evaluated), evaluated[name]) for name in request.program.names]
    for place, card in enumerate(cards):
        tensor = evaluated[card.name].tensor
        if card.summary is None and tensor is not None:
            job.show(ProgramResult(tuple(cards)))
            summary_of(tensor, job)
            cards[place] = _with_numbers(card, evaluated[card.name])
    return ProgramResult(tuple(cards))


def _card(program: Program, name: str, evaluated: Mapping[str, Evaluated]) -> CardResult:
    one = evaluated[name]
    known = one.tensor if one.tensor is not None else one.meta
    problem = one.problem
    if known is None:
        badge = problem.badge if problem is not None else ""
        return CardResult(name, None, "", "problem", badge or "problem", problem=problem)
    dtype = str(known.dtype).removeprefix("torch.")
    nbytes = known.numel() * known.element_size()
    shape = tuple(known.shape)
    if one.tensor is None:
        kind = "problem" if problem is not None and problem.severity == "error" else "too large"
        badge = problem.badge if problem is not None and problem.badge else kind
        return CardResult(name, shape, dtype, kind, badge, nbytes, nbytes, problem=problem)
    owner = storage_owner(program, name, evaluated)
    kind, text = verdict_of(program, name, one, owner)
    stored = one.tensor.untyped_storage().nbytes()
    return CardResult(name, shape, dtype, kind, text, nbytes, stored, owner is not None, problem=problem)


def storage_owner(program: Program, name: str, evaluated: Mapping[str, Evaluated]) -> str | None:
    """The first earlier line whose storage this tensor lies in."""
    own = evaluated[name]
    is_real = own.tensor is not None
    tensor = own.tensor if is_real else own.meta
    for earlier in program.names[: program.names.index(name)]:
        other = evaluated[earlier].tensor if is_real else evaluated[earlier].meta
        if tensor is not None and other is not None and storage_identity(other) == storage_identity(tensor):
            return earlier
    return None


def verdict_of(program: Program, name: str, one: Evaluated, owner: str | None) -> tuple[str, str]:
    """`("view", "view of B")`, `("copy", "copy")`, `("new", "new")`, `("same", "same as A")`, ..."""
    binding = program.get(name)
    if binding is not None and isinstance(binding.source, Imported):
        return "imported", "imported"
    kind = str(one.steps[-1].kind) if one.steps else "new"
    if owner is not None:
        return ("same", f"same as {owner}") if kind == "same" else ("view", f"view of {owner}")
    return ("new", "new") if kind in ("view", "same") else (kind, kind)


def _with_numbers(card: CardResult, one: Evaluated) -> CardResult:
    """The card with its statistics, if they are known or quickly found."""
    summary = None if one.tensor is None else known_summary(one.tensor)
    if summary is None or one.tensor is None:
        return card
    return replace(card, summary=summary, thumbnail=thumbnail_of(one.tensor, summary.largest))


def thumbnail_of(tensor: torch.Tensor, scale: float) -> Thumbnail | None:
    """The last two axes, the others at 0; a vector stands upright. None without elements."""
    reader = TensorReader(tensor)
    if 0 in reader.shape:
        return None
    rank = reader.ndim
    row_axis = rank - 2 if rank > 1 else 0 if rank else None
    column_axis = rank - 1 if rank > 1 else None
    window = reader.read(row_axis, column_axis, _sample(reader, row_axis), _sample(reader, column_axis))
    return Thumbnail(window.magnitudes, window.kinds(scale), scale)


def _sample(reader: TensorReader, axis: int | None) -> range:
    size = 1 if axis is None else reader.shape[axis]
    return range(0, size, max(1, -(-size // THUMBNAIL)))
