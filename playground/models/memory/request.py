"""Everything the Memory panel shows, from the program and the panel's input; also as text to copy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch

from playground.models.evaluation.cards import card_verdict, storage_owner
from playground.models.evaluation.evaluate import Evaluated, evaluate, try_line
from playground.models.evaluation.reader import TensorReader
from playground.models.formatting import bytes_in_words, shape_in_words
from playground.models.job import Job
from playground.models.memory.aliasing import WriteEffect, explain_write
from playground.models.memory.as_strided import (
    StridedExplanation,
    StridedSpec,
    explain_strided,
    named_specs,
    spec_from_code,
    spec_of,
)
from playground.models.memory.chain import ChainAdvice, StepNote, advise_chain, note_steps
from playground.models.memory.file_costs import FileCost, csv_cost, file_costs
from playground.models.memory.in_place import Trial, try_in_place
from playground.models.memory.layout import Layout, describe_layout, fact_lines, sharing_tensors
from playground.models.memory.numpy_side import NumpyRow, compare_with_numpy
from playground.models.memory.readers import StorageReader, cell_of, elements_of_cell
from playground.models.memory.view_rule import ViewExplanation, explain_view, parse_shape
from playground.models.offers import helpful
from playground.models.problem import Fix, Problem, ProblemError
from playground.models.program.program import Program
from playground.models.state import PlaygroundState, PointedCell, StridedChoice


def facts_text(
    name: str, code: str, layout: Layout, steps: Sequence[StepNote], view: tuple[str, ViewExplanation | None]
) -> str:
    """Plain text: the facts, the steps, the verdict on the typed view."""
    lines = [f"{name} = {code}" if code else name, layout.verdict, ""]
    lines += [f"{fact:<14} {value}" for fact, value in fact_lines(layout)]
    if steps:
        lines += ["", "steps"]
    for note in steps:
        step = note.step
        lines.append(
            f"{note.line}: {step.code}  {shape_in_words(step.shape)} strides {shape_in_words(step.strides)} "
            f"offset {step.offset} storage {bytes_in_words(step.storage_bytes)}  {note.verdict}. {note.note}"
        )
    view_text, verdict = view
    if verdict is not None:
        lines += ["", f"{name}.view({view_text}): {'yes' if verdict.allowed else 'no'}. {verdict.message}"]
    return "\n".join(lines)


SAMPLE = 128


@dataclass(frozen=True, slots=True)
class MemoryRequest:
    """The tensor by name, the panel's input, and the element to write; not the pointed cell."""

    program: Program
    name: str
    budget: int | None
    view_text: str
    write_index: tuple[int, ...] | None
    write_value: str
    strided: StridedChoice | None


@dataclass(frozen=True, slots=True)
class SharingTensor:
    """A tensor on the shown storage: its layout, and its verdict ("new", "view of B")."""

    name: str
    layout: Layout
    kind: str
    verdict: str


@dataclass(frozen=True, slots=True, eq=False)
class MemoryResult:
    """The memory of one tensor. `reader` is None if its values are not computed; `scale` is the |value| of full heat.

    `write` is the effect of writing the chosen element, `tensors` are those that could share its storage.
    """

    name: str
    code: str
    layout: Layout
    reader: StorageReader | None
    scale: float
    characters: int
    sharing: tuple[SharingTensor, ...]
    steps: tuple[StepNote, ...]
    advice: ChainAdvice | None
    view_text: str
    view: ViewExplanation | None
    view_problem: Problem | None
    write: WriteEffect | None
    tensors: Mapping[str, torch.Tensor]
    trials: tuple[Trial, ...]
    strided: StridedExplanation
    strided_values: TensorReader | None
    patterns: tuple[tuple[str, StridedSpec], ...]
    files: tuple[FileCost, ...]
    numpy_rows: tuple[NumpyRow, ...]
    facts: str
    warning: Problem | None = None


def shown_name(state: PlaygroundState) -> str:
    """The tensor on the Memory panel: the pinned one, else the selected one, else the last line."""
    names = state.program.names
    for name in (state.memory.pinned, state.selection):
        if name in names:
            return name
    return names[-1] if names else ""


def memory_request(state: PlaygroundState) -> MemoryRequest:
    """The panel's request; pointing does not change it."""
    name, choice = shown_name(state), state.memory
    strided = choice.strided if choice.strided is not None and choice.strided.name == name else None
    return MemoryRequest(
        state.program, name, state.memory_budget, choice.view_shape, choice.write_index, choice.write_value, strided
    )


def compute_memory(request: MemoryRequest, job: Job) -> MemoryResult:
    """Describe the memory of the tensor; raises `ProblemError` if there is none or its line failed."""
    if not request.name:
        raise ProblemError(Problem("There is no tensor yet.", severity="note"))
    evaluated = dict(evaluate(request.program, request.budget, job))
    line = evaluated[request.name]
    tensor = line.tensor if line.tensor is not None else line.meta
    if tensor is None:
        raise ProblemError(line.problem or Problem(f"{request.name} has no result."))
    tensors = _comparable(evaluated, real=line.tensor is not None)
    layout = describe_layout(tensor, {name: other for name, other in tensors.items() if name != request.name})
    reader = StorageReader(tensor) if line.tensor is not None else None
    scale, characters = _sampled(reader, layout)
    sharing = _sharing(tensor, tensors, evaluated, request.program)
    job.check()
    steps = note_steps(request.name, evaluated)
    view_text, view, view_problem = _view(request, layout)
    strided = _spec(request.strided) if request.strided is not None else spec_of(layout)
    view, explained = _with_helpful_fixes(
        request, layout, view, explain_strided(strided, layout.storage_bytes, layout.itemsize), job
    )
    files, numpy_rows = _costs(layout, request.name)
    return MemoryResult(
        name=request.name,
        code=line.code,
        layout=layout,
        reader=reader,
        scale=scale,
        characters=characters,
        sharing=sharing,
        steps=steps,
        advice=advise_chain(request.program, request.name, request.budget),
        view_text=view_text,
        view=view,
        view_problem=view_problem,
        write=_write(request, layout, tensors),
        tensors=tensors,
        trials=try_in_place(layout, request.name),
        strided=explained,
        strided_values=_strided_values(reader, explained),
        patterns=named_specs(layout.storage_cells),
        files=_with_helpful_lines(request, files if line.tensor is None else (*files, csv_cost(tensor)), job),
        numpy_rows=numpy_rows,
        facts=facts_text(request.name, line.code, layout, steps, (view_text, view)),
        warning=line.problem,
    )


def _with_helpful_lines(request: MemoryRequest, files: tuple[FileCost, ...], job: Job) -> tuple[FileCost, ...]:
    """The costs of files; what would take less is offered only where that line has values."""
    return tuple(
        cost
        if not cost.fix or try_line(request.program, cost.fix, request.budget, job, with_values=True) is not None
        else replace(cost, fix="", fix_bytes=None)
        for cost in files
    )


def _with_helpful_fixes(
    request: MemoryRequest, layout: Layout, view: ViewExplanation | None, strided: StridedExplanation, job: Job
) -> tuple[ViewExplanation | None, StridedExplanation]:
    """The verdicts on view and pattern without fixes that do not work."""

    def mended(fix: Fix) -> str | None:
        spec = spec_from_code(fix.code)
        if spec is not None:
            return "" if explain_strided(spec, layout.storage_bytes, layout.itemsize).allowed else None
        line = try_line(request.program, f"{request.name}{fix.code}", request.budget, job)
        return None if line is None else shape_in_words(line.shape)

    if view is not None:
        view = replace(view, fixes=helpful(Problem("", fixes=view.fixes), mended).fixes)
    if strided.problem is not None:
        strided = replace(strided, problem=helpful(strided.problem, mended))
    return view, strided


def _comparable(evaluated: Mapping[str, Evaluated], real: bool) -> dict[str, torch.Tensor]:
    """All tensors of the program that can share a storage with a computed tensor, or with one that is only planned."""
    chosen = {name: one.tensor if real else one.meta if one.tensor is None else None for name, one in evaluated.items()}
    return {name: tensor for name, tensor in chosen.items() if tensor is not None}


def _sharing(
    tensor: torch.Tensor, tensors: Mapping[str, torch.Tensor], evaluated: Mapping[str, Evaluated], program: Program
) -> tuple[SharingTensor, ...]:
    rows = []
    for name, other in sharing_tensors(tensor, tensors).items():
        kind, words = card_verdict(program, name, evaluated[name], storage_owner(program, name, evaluated))
        rows.append(SharingTensor(name, describe_layout(other), kind, words))
    return tuple(rows)


def _sampled(reader: StorageReader | None, layout: Layout) -> tuple[float, int]:
    """Largest finite |value| and longest text of some cells: at the start, the offset, the end, and in between."""
    if reader is None or not reader.cells:
        return 1.0, 2
    largest, characters = 0.0, 1
    starts = {0, max(0, layout.offset - SAMPLE // 2), max(0, reader.cells - SAMPLE)}
    starts |= {reader.cells * part // 16 for part in range(16)}
    for start in sorted(starts):
        window = reader.read(start, start + SAMPLE)
        numbers = abs(window.magnitudes)
        finite = numbers[(numbers < float("inf"))]
        largest = max(largest, float(finite.max()) if finite.size else 0.0)
        columns = window.columns if start in {0, max(0, layout.offset - SAMPLE // 2)} else window.columns[:8]
        limit = 11 if "complex" in layout.dtype else 6
        characters = max([characters, *(min(limit, len(window.text(0, cell))) for cell in columns)])
    return largest or 1.0, characters


def _view(request: MemoryRequest, layout: Layout) -> tuple[str, ViewExplanation | None, Problem | None]:
    """The verdict on the typed shape; on one flat axis if nothing is typed."""
    text = request.view_text.strip() or str(layout.elements)
    sizes = parse_shape(text)
    if isinstance(sizes, Problem):
        return text, None, sizes
    view = explain_view(layout.shape, layout.strides, sizes, itemsize=layout.itemsize, name=request.name)
    return ", ".join(map(str, sizes)), view, None


def _write(request: MemoryRequest, layout: Layout, tensors: Mapping[str, torch.Tensor]) -> WriteEffect | None:
    index = request.write_index if request.write_index is not None else (0,) * len(layout.shape)
    return explain_write(request.name, index, request.write_value, tensors)


def write_at_pointed(result: MemoryResult, pointed: PointedCell | None, value: str) -> WriteEffect | None:
    """The effect of writing the pointed element, or the chosen element if no cell of this tensor is pointed at.

    Reads a few cells of each tensor on the storage, whatever its size.
    """
    index = find_element(pointed, result.name, result.sharing)
    return result.write if index is None else explain_write(result.name, index, value, result.tensors)


def find_element(pointed: PointedCell | None, name: str, sharing: tuple[SharingTensor, ...]) -> tuple[int, ...] | None:
    """The element of `name` on the pointed cell, whichever tensor of the storage is pointed at; or None."""
    cell = find_cell(pointed, sharing)
    if cell is None or pointed is None:
        return None
    if pointed.name == name:
        return pointed.index
    own = next((one.layout for one in sharing if one.name == name), None)
    if own is None:
        return None
    found = elements_of_cell(own.shape, own.strides, own.offset, cell, 1)
    return found[0] if found else None


def find_cell(pointed: PointedCell | None, sharing: tuple[SharingTensor, ...]) -> int | None:
    """The cell of the pointed element; None if it is on another storage or does not exist."""
    one = next((one for one in sharing if pointed is not None and one.name == pointed.name), None)
    if one is None or pointed is None or len(pointed.index) != len(one.layout.shape):
        return None
    if not all(0 <= place < size for place, size in zip(pointed.index, one.layout.shape, strict=True)):
        return None
    return cell_of(pointed.index, one.layout.strides, one.layout.offset)


def find_pointed(cell: int, preferred: tuple[str, ...], sharing: tuple[SharingTensor, ...]) -> PointedCell | None:
    """The element to outline for a cell: of the first preferred tensor that reads it, otherwise of any tensor."""
    by_name = {one.name: one.layout for one in sharing}
    for name in (*(name for name in preferred if name in by_name), *by_name):
        layout = by_name[name]
        found = elements_of_cell(layout.shape, layout.strides, layout.offset, cell, 1)
        if found:
            return PointedCell(name, found[0])
    return None


def strided_choice(state: PlaygroundState) -> StridedSpec | None:
    """The arguments chosen in the as_strided playground for the shown tensor; None: the tensor's own."""
    choice = state.memory.strided
    return _spec(choice) if choice is not None and choice.name == shown_name(state) else None


def _spec(choice: StridedChoice) -> StridedSpec:
    return StridedSpec(choice.size, choice.stride, choice.offset)


def _strided_values(reader: StorageReader | None, explained: StridedExplanation) -> TensorReader | None:
    spec = explained.spec
    return reader.strided(spec.size, spec.stride, spec.offset) if reader is not None and explained.allowed else None


def _costs(layout: Layout, name: str) -> tuple[tuple[FileCost, ...], tuple[NumpyRow, ...]]:
    return file_costs(layout, name), compare_with_numpy(layout, name)
