"""What the shape panel shows of the selected tensor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch

from playground.models.job import Job
from playground.models.outcome import Problem
from playground.models.state import PlaygroundState
from playground.models.tensors.cell_copy import Region
from playground.models.tensors.cell_link import CellLinks, links_of
from playground.models.tensors.cell_story import TellsCells
from playground.models.tensors.cell_story_lines import tell_story
from playground.models.tensors.evaluation import Evaluated, evaluate
from playground.models.tensors.gesture import Layout, MenuRow, layout_of, menu_rows
from playground.models.tensors.gestures import GESTURES
from playground.models.tensors.program import Expression, Imported, Made, Program, parse_source, source_code
from playground.models.tensors.program_edit import can_resize, split_cut
from playground.models.tensors.summary import TensorSummary, summarise
from playground.models.tensors.summary_cache import known_summary, summary_of
from playground.models.tensors.window import TensorReader

__all__ = ["GESTURES", "ShapeRequest", "ShapeResult", "compute_shape", "shape_request"]


@dataclass(frozen=True, slots=True)
class ShapeRequest:
    """The program, the selected name, the budget in bytes, and the selected cells."""

    program: Program
    name: str
    budget: int | None = None
    cells: Region | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ShapeResult:
    """The selected tensor. `whole` is its shape without the cut its line ends with, and limits what can be pulled out.

    `made`: the handles set the size of a fill; else they cut. `reader` is None for tensors too large to compute.
    `cells` sums the selected cells up.
    """

    name: str
    code: str
    layout: Layout
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
    """What the shape panel depends on."""
    return ShapeRequest(state.program, state.selection, state.memory_budget, state.shape.cells)


def compute_shape(request: ShapeRequest, job: Job) -> ShapeResult | None:
    """Evaluate the program and describe the selected tensor; None where nothing is selected."""
    binding = request.program.get(request.name)
    if binding is None:
        return None
    evaluated = evaluate(request.program, request.budget, job)
    one = evaluated[request.name]
    known = one.tensor if one.tensor is not None else one.meta
    code = source_code(binding.source)
    if known is None:
        empty = Layout((), ())
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
        # The first preview of a copy of a stretched tensor imports torch's compiler, which takes a second.
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
    """The shape before the cut that ends the line; the shape itself where there is none."""
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
