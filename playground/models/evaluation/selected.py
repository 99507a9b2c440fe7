"""What the Shape panel shows for the selected tensor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch

from playground.models.evaluation.cache import known_summary, summary_of
from playground.models.evaluation.copy_text import Region
from playground.models.evaluation.evaluate import Evaluated, evaluate
from playground.models.evaluation.reader import TensorReader
from playground.models.evaluation.summary import TensorSummary, summarise
from playground.models.job import Job
from playground.models.problem import Problem
from playground.models.program.edit import can_resize, split_cut
from playground.models.program.gesture import MenuRow, layout_of
from playground.models.program.gestures import Metadata, menu_rows
from playground.models.program.program import Program, parse_source, source_code
from playground.models.program.sources import Expression, Imported, Made
from playground.models.provenance.lines import tell_story
from playground.models.provenance.story import TellsCells, index_at_place, shares_storage
from playground.models.state import PlaygroundState

Index = tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class CellLinks:
    """The tensors that share the storage of `tensor`, by name: `links.index_of("B", (1, 2))` in `tensor`'s own axes."""

    name: str
    tensor: torch.Tensor
    others: tuple[tuple[str, torch.Tensor], ...] = ()

    def index_of(self, name: str, index: Index) -> Index | None:
        """The element of `tensor` at the pointed cell; None if there is none."""
        if name == self.name:
            return index if fits(index, tuple(self.tensor.shape)) else None
        other = next((tensor for candidate, tensor in self.others if candidate == name), None)
        if other is None or not fits(index, tuple(other.shape)):
            return None
        place = int(other.storage_offset()) + sum(i * stride for i, stride in zip(index, other.stride(), strict=True))
        return index_at_place(self.tensor, place)


def fits(index: Index, shape: Index) -> bool:
    """True if an index is valid for this shape."""
    return len(index) == len(shape) and all(0 <= i < size for i, size in zip(index, shape, strict=True))


def links_of(name: str, tensors: dict[str, torch.Tensor]) -> CellLinks:
    """The links of a tensor to the other computed ones."""
    tensor = tensors[name]
    others = tuple(
        (other, its)
        for other, its in tensors.items()
        if other != name and its.numel() and its.dtype == tensor.dtype and shares_storage(its, tensor)
    )
    return CellLinks(name, tensor, others)


@dataclass(frozen=True, slots=True)
class ShapeRequest:
    """The program, the selected name, the budget in bytes, and the selected cells."""

    program: Program
    name: str
    budget: int | None = None
    cells: Region | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ShapeResult:
    """The selected tensor. `whole` is its shape before its line's final slice, which limits how far it can grow.

    `made`: the handles set the size of a fill; otherwise they slice. `reader` is None for tensors too large to compute.
    `cells` summarises the selected cells.
    """

    name: str
    code: str
    layout: Metadata
    whole: tuple[int, ...]
    made: bool
    resizable: bool
    nbytes: int
    reader: TensorReader | None = None
    summary: TensorSummary | None = None
    rows: tuple[MenuRow, ...] = ()
    story: TellsCells | None = None
    links: CellLinks | None = None
    problem: Problem | None = None
    cells: TensorSummary | None = None

    @property
    def count(self) -> int:
        """The number of elements."""
        count = 1
        for size in self.layout.shape:
            count *= size
        return count


def shape_request(state: PlaygroundState) -> ShapeRequest:
    """The Shape panel's request."""
    return ShapeRequest(state.program, state.selection, state.memory_budget, state.shape.cells)


def compute_shape(request: ShapeRequest, job: Job) -> ShapeResult | None:
    """Evaluate the program and describe the selected tensor; None if nothing is selected."""
    binding = request.program.get(request.name)
    if binding is None:
        return None
    evaluated = evaluate(request.program, request.budget, job)
    one = evaluated[request.name]
    known = one.tensor if one.tensor is not None else one.meta
    code = source_code(binding.source)
    if known is None:
        empty = Metadata((), ())
        return ShapeResult(request.name, code, empty, (), False, False, 0, problem=one.problem)
    layout = layout_of(known)
    result = ShapeResult(
        request.name,
        code,
        layout,
        _whole_shape(request, layout.shape, job),
        isinstance(binding.source, Made),
        can_resize(binding.source, 0, len(layout.shape)) is None,
        known.numel() * known.element_size(),
        problem=one.problem,
    )
    if one.tensor is not None:
        result = _with_values(request, result, one.tensor, evaluated, job)
    if 0 in layout.strides:
        # The first preview of copying a stretched tensor imports torch's compiler, which takes a second.
        job.show(result)
    return replace(result, rows=menu_rows(layout))


def _with_values(
    request: ShapeRequest, result: ShapeResult, tensor: torch.Tensor, evaluated: Mapping[str, Evaluated], job: Job
) -> ShapeResult:
    tensors = {name: other.tensor for name, other in evaluated.items() if other.tensor is not None}
    result = replace(
        result,
        reader=TensorReader(tensor),
        story=_story(request, tensors, job),
        links=links_of(request.name, tensors),
    )
    result = replace(result, summary=known_summary(tensor))
    if result.summary is None:
        job.show(result)
        result = replace(result, summary=summary_of(tensor, job))
    if request.cells is not None and len(request.cells) == tensor.ndim:
        part = tensor
        for axis, (first, stop) in enumerate(request.cells):
            start, size = min(first, tensor.shape[axis]), tensor.shape[axis]
            part = part.narrow(axis, start, max(0, min(stop, size) - start))
        result = replace(result, cells=summarise(part, job))
    return result


def _story(request: ShapeRequest, tensors: Mapping[str, torch.Tensor], job: Job) -> TellsCells | None:
    place = request.program.names.index(request.name)

    def find(text: str) -> torch.Tensor | None:
        before = Program(request.program.bindings[:place])
        fresh = before.fresh_name("part")
        found: torch.Tensor | None = evaluate(before.appended(fresh, Expression(text)), request.budget, job)[
            fresh
        ].tensor
        return found

    return tell_story(request.program, request.name, tensors, find)


def _whole_shape(request: ShapeRequest, shape: tuple[int, ...], job: Job) -> tuple[int, ...]:
    """The shape before the slice that ends the line; the shape itself if there is none."""
    binding = request.program.get(request.name)
    if binding is None or isinstance(binding.source, Made | Imported):
        return shape
    base, stops = split_cut(source_code(binding.source), len(shape))
    if stops is None:
        return shape
    place = request.program.names.index(request.name)
    before = Program(request.program.bindings[:place])
    fresh = before.fresh_name("whole")
    one = evaluate(before.appended(fresh, parse_source(base)), request.budget, job)[fresh]
    known = one.tensor if one.tensor is not None else one.meta
    whole = tuple(known.shape) if known is not None else shape
    return whole if len(whole) == len(shape) else shape
