"""The content of the program's cards: a few numbers and a thumbnail for each line, and their short texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray

from playground.models.evaluation.cache import known_summary, summary_of
from playground.models.evaluation.evaluate import Evaluated, evaluate
from playground.models.evaluation.reader import TensorReader, short_text
from playground.models.evaluation.summary import TensorSummary
from playground.models.formatting import bytes_in_words, count_in_words
from playground.models.job import Job
from playground.models.memory.layout import storage_identity
from playground.models.problem import Problem
from playground.models.program.program import Program
from playground.models.program.sources import Imported
from playground.models.state import PlaygroundState

THUMBNAIL = 20
"""The most rows and columns of a thumbnail; larger tensors are sampled evenly."""


@dataclass(frozen=True, slots=True)
class ProgramRequest:
    """The program and the memory budget in bytes (None: the default)."""

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
    """One line of the program: its result or its problem.

    `verdict` is "new", "view", "copy", "same", "imported", "too large" or "problem", `verdict_text` its text.
    `shape` is None if not even that is known. `nbytes` counts all elements, `stored` the storage: fewer bytes for an
    expanded tensor, more for a part of a storage. `shared` means that the storage belongs to another line.
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
    """A card a line, by name and in order, of this program."""

    cards: tuple[CardResult, ...]
    program: Program = field(default_factory=Program)

    def card(self, name: str) -> CardResult | None:
        """The card with this name."""
        return next((card for card in self.cards if card.name == name), None)

    def is_of(self, program: Program, name: str) -> bool:
        """Whether the card of this name is that of the program: the line and those above it are the same."""
        stop = program.names.index(name) + 1 if name in program.names else 0
        return stop > 0 and self.program.bindings[:stop] == program.bindings[:stop]


def program_request(state: PlaygroundState) -> ProgramRequest:
    """The request for the cards."""
    return ProgramRequest(state.program, state.memory_budget)


def compute_program(request: ProgramRequest, job: Job) -> ProgramResult:
    """Evaluate the program and summarise each line; large tensors show their shape before their numbers."""
    evaluated = evaluate(request.program, request.budget, job)
    cards = [_with_numbers(_card(request.program, name, evaluated), evaluated[name]) for name in request.program.names]
    for place, card in enumerate(cards):
        tensor = evaluated[card.name].tensor
        if card.summary is None and tensor is not None:
            job.show(ProgramResult(tuple(cards), request.program))
            summary_of(tensor, job)
            cards[place] = _with_numbers(card, evaluated[card.name])
    return ProgramResult(tuple(cards), request.program)


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
    kind, text = card_verdict(program, name, one, owner)
    stored = one.tensor.untyped_storage().nbytes()
    return CardResult(name, shape, dtype, kind, text, nbytes, stored, owner is not None, problem=problem)


def storage_owner(program: Program, name: str, evaluated: Mapping[str, Evaluated]) -> str | None:
    """The first earlier line that owns this tensor's storage."""
    own = evaluated[name]
    is_real = own.tensor is not None
    tensor = own.tensor if is_real else own.meta
    for earlier in program.names[: program.names.index(name)]:
        other = evaluated[earlier].tensor if is_real else evaluated[earlier].meta
        if tensor is not None and other is not None and storage_identity(other) == storage_identity(tensor):
            return earlier
    return None


def card_verdict(program: Program, name: str, one: Evaluated, owner: str | None) -> tuple[str, str]:
    """`("view", "view of B")`, `("copy", "copy")`, `("new", "new")`, `("same", "same as A")`, ..."""
    binding = program.get(name)
    if binding is not None and isinstance(binding.source, Imported):
        return "imported", "imported" if binding.source.reference.live is None else "shared with Python"
    kind = str(one.steps[-1].kind) if one.steps else "new"
    if owner is not None:
        return ("same", f"same as {owner}") if kind == "same" else ("view", f"view of {owner}")
    return ("new", "new") if kind in ("view", "same") else (kind, kind)


def _with_numbers(card: CardResult, one: Evaluated) -> CardResult:
    """The card with its statistics, if they are known or quick to compute."""
    summary = None if one.tensor is None else known_summary(one.tensor)
    if summary is None or one.tensor is None:
        return card
    return replace(card, summary=summary, thumbnail=thumbnail_of(one.tensor, summary.largest))


def thumbnail_of(tensor: torch.Tensor, scale: float) -> Thumbnail | None:
    """The last two axes, the others at 0; a vector is shown upright. None without elements."""
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


_SHORT = {
    "float64": "f64",
    "float32": "f32",
    "float16": "f16",
    "bfloat16": "bf16",
    "int64": "i64",
    "int32": "i32",
    "int16": "i16",
    "int8": "i8",
    "uint8": "u8",
    "uint16": "u16",
    "uint32": "u32",
    "uint64": "u64",
    "complex64": "c64",
    "complex128": "c128",
    "float8_e4m3fn": "f8_e4m3",
    "float8_e5m2": "f8_e5m2",
}


def short_dtype(dtype: str) -> str:
    """`short_dtype("float32") == "f32"`; names without a short form stay as they are."""
    return _SHORT.get(dtype, dtype)


def summary_words(card: CardResult) -> str:
    """`"48 B  mean 25.5  std 12.0"`; a view says that it shares its bytes, an expanded tensor how few are stored; both
    show only their mean."""
    note = " shared" if card.shared else " stored" if card.stored != card.nbytes else ""
    parts = [bytes_in_words(card.stored if note == " stored" else card.nbytes) + note]
    summary = card.summary
    if summary is not None and summary.mean is not None:
        parts.append(f"mean {short_text(summary.mean)}")
        if summary.std is not None and not note:
            parts.append(f"std {short_text(summary.std)}")
    elif summary is not None:
        parts.append("no elements" if summary.count == 0 else "no finite value")
    return "  ".join(parts)


def trouble_words(summary: TensorSummary | None) -> str:
    """`"2 nan 1 inf"`; empty if everything is finite."""
    if summary is None:
        return ""
    infinities = summary.positive_infinities + summary.negative_infinities
    words = [f"{count:,} {noun}" for count, noun in ((summary.nans, "nan"), (infinities, "inf")) if count]
    return " ".join(words)


def _exact_or_short(value: float) -> str:
    return str(value) if isinstance(value, int) else short_text(value)


def definition_of_statistics(summary: TensorSummary | None) -> str:
    """A note on what mean and std are computed over."""
    if summary is None:
        return "mean and std of all elements; std divides by n - 1, as torch does"
    if summary.finite < summary.count:
        return f"mean and std of the {summary.finite:,} finite elements of {summary.count:,}; std divides by n - 1"
    return f"mean and std of all {summary.count:,} elements; std divides by n - 1, as torch does"


def statistics_lines(summary: TensorSummary) -> tuple[str, ...]:
    """The statistics of the selected cells, one per line."""
    lines = [f"{count_in_words(summary.count, 'cell')} selected"]
    if summary.total is not None and summary.mean is not None:
        lines += [f"sum  {_exact_or_short(summary.total)}", f"mean {short_text(summary.mean)}"]
    if summary.std is not None:
        lines.append(f"std  {short_text(summary.std)}")
    if summary.minimum is not None and summary.maximum is not None:
        lines.append(f"from {_exact_or_short(summary.minimum)} to {_exact_or_short(summary.maximum)}")
    trouble = trouble_words(summary)
    return (*lines, trouble) if trouble else tuple(lines)
