"""What the Broadcast panel computes: operands of a line or of a choice, how they fit, and their stretched values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod

import torch

from playground.models.broadcasting.alignment import OperandRow, Shape, align
from playground.models.broadcasting.explain import BroadcastExplanation, explain_broadcast
from playground.models.broadcasting.gradient import StretchedGradient, stretched_gradients
from playground.models.broadcasting.lines import (
    BroadcastRequest,
    LineOperation,
    evaluate_lines,
    line_operations,
    line_with_operand,
    lines_of,
)
from playground.models.broadcasting.operators import BROADCAST_OPERATORS
from playground.models.evaluation.cache import summary_of
from playground.models.evaluation.evaluate import Evaluated, evaluate, try_line
from playground.models.evaluation.reader import TensorReader
from playground.models.formatting import bytes_in_words
from playground.models.job import Job
from playground.models.language.budget import default_budget
from playground.models.offers import helpful
from playground.models.problem import Fix, Problem, Span
from playground.models.program.program import Program
from playground.models.program.sources import Expression
from playground.models.state import BroadcastState, PlaygroundState


def best_partner(name: str, shapes: Mapping[str, Shape]) -> str:
    """The first of the tensors in `shapes` that broadcast best with `name`; empty if none fits.

    >>> best_partner("A", {"A": (3, 4), "v": (3,), "w": (4,)})
    'w'
    """
    if name not in shapes:
        return ""
    ranks = {other: _rank(shapes[name], shape) for other, shape in shapes.items() if other != name}
    best = max(ranks.values(), default=0)
    return next((other for other, rank in ranks.items() if rank == best), "") if best else ""


def _rank(shape: Shape, other: Shape) -> int:
    """A pair's score: best is one stretched tensor, then equal shapes, a number, two stretched; 0 for a clash."""
    alignment = align([shape, other], ("a", "b"))
    if alignment.shape is None:
        return 0
    if not shape or not other:
        return 2
    return {0: 3, 1: 4, 2: 1}[len(alignment.stretched_rows)]


@dataclass(frozen=True, slots=True, eq=False)
class OperandValues:
    """An operand as shown in the grids: `reader` reads it stretched to the result's shape (None: no values).

    `characters` is the width of its widest whole number, 0 if there are fractions.
    """

    text: str
    shape: tuple[int, ...]
    stretched: tuple[int, ...] = ()
    reader: TensorReader | None = None
    note: str = ""
    characters: int = 0
    failed: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class BroadcastResult:
    """The explanation with its values; `operations` are those of the line, `place` is the one shown.

    `line` is the line with this result (empty: the operation is only part of a line, or chosen by hand). `problem` is
    any other reason why the operation cannot run, `spans` are the operands' places in `text`.
    """

    request: BroadcastRequest
    operator: str = "+"
    operands: tuple[OperandValues, ...] = ()
    explanation: BroadcastExplanation | None = None
    result: OperandValues | None = None
    line: str = ""
    operations: tuple[str, ...] = ()
    place: int = 0
    spans: tuple[Span, ...] = ()
    problem: Problem | None = None
    gradients: tuple[StretchedGradient, ...] = ()
    gradient_note: str = ""
    scale: float = 1.0
    cost: str = ""

    @property
    def code(self) -> str:
        """The operation as a line of code."""
        return BROADCAST_OPERATORS[self.operator].code([operand.text for operand in self.operands])


def broadcast_request(state: PlaygroundState) -> BroadcastRequest:
    """The operation in the selected line; otherwise the last choice; otherwise an offer for the selected tensor."""
    chosen, program = state.broadcast, state.program
    names = program.names
    common = BroadcastRequest(program, names, gradient=chosen.gradient, budget=state.memory_budget)
    binding = program.get(state.selection)
    chosen_here = chosen.operands and chosen.chosen_at == state.selection
    if binding is not None and isinstance(binding.source, Expression) and not chosen_here:
        text = binding.source.text
        if line_operations(text):
            scope = Program(program.bindings[: names.index(binding.name)])
            place = chosen.place if chosen.chosen_at == state.selection else None
            return replace(common, scope=scope, line=binding.name, text=text, place=place)
    gone = not chosen_here and any(text.isidentifier() and text not in names for text in chosen.operands)
    if chosen.operands and not gone:
        return replace(common, operands=chosen.operands, operator=chosen.operator)
    first = state.selection if binding is not None else next(iter(names), "")
    return replace(common, operands=(first,) if first else (), offered=True)


def compute_broadcast(request: BroadcastRequest, job: Job) -> BroadcastResult:
    """Explain the operation and compute its values, within the memory budget."""
    if request.line:
        return _with_helpful_fixes(_of_line(request, job), job)
    if not request.operands:
        return BroadcastResult(request)
    if request.offered:
        return _with_helpful_fixes(_offer(request, job), job)
    operation = LineOperation(request.operator, "", request.operands, (), False)
    return _with_helpful_fixes(_of_operation(request, operation, job), job)


def request_with_fix(result: BroadcastResult, fix: Fix) -> BroadcastRequest | None:
    """The panel's request after a fix: the line, or the chosen operands, with one operand replaced."""
    texts = tuple(operand.text for operand in result.operands)
    if fix.target not in texts:
        return None
    place = texts.index(fix.target)
    if result.request.line:
        return replace(result.request, text=line_with_operand(result.request.text, result.spans[place], fix.code))
    return replace(result.request, operands=(*texts[:place], fix.code, *texts[place + 1 :]), offered=False)


def _with_helpful_fixes(result: BroadcastResult, job: Job) -> BroadcastResult:
    """The result without fixes that leave the line, or the chosen operation, with a problem."""
    explanation = result.explanation
    if explanation is None:
        return result

    def mended(fix: Fix) -> str | None:
        request = request_with_fix(result, fix)
        if request is None:
            return None
        code = request.text if request.line else BROADCAST_OPERATORS[result.operator].code(request.operands)
        return None if try_line(request.scope, code, request.budget, job) is None else ""

    problem, warning = explanation.problem, explanation.warning
    problem = None if problem is None else helpful(problem, mended)
    warning = None if warning is None else helpful(warning, mended)
    return replace(result, explanation=replace(explanation, problem=problem, warning=warning))


def _offer(request: BroadcastRequest, job: Job) -> BroadcastResult:
    """The tensor and the one that fits it best; alone if none fits, since nobody asked for a pair."""
    values, (first,) = evaluate(request.scope, request.budget, job), request.operands
    shapes = {name: tuple(one.meta.shape) for name, one in values.items() if one.meta is not None}
    partner = best_partner(first, shapes)
    if partner:
        operation = LineOperation(request.operator, "", (first, partner), (), False)
        result = _of_operation(request, operation, job)
        if result.problem is None:
            return result
    alone = _operand_values(first, values[first], job)
    return BroadcastResult(request, operands=(alone,), scale=_scale([values[first].tensor], job))


def _of_line(request: BroadcastRequest, job: Job) -> BroadcastResult:
    operations = line_operations(request.text)
    place = request.place if request.place is not None and request.place < len(operations) else None
    if place is None:
        place = _worth_looking_at(request, operations, job)
    result = _of_operation(request, operations[place], job)
    return replace(result, operations=tuple(one.text for one in operations), place=place, spans=operations[place].spans)


def _worth_looking_at(request: BroadcastRequest, operations: tuple[LineOperation, ...], job: Job) -> int:
    """The first operation that clashes; else the last that stretches an axis; else the last without a number."""
    best, best_rank = len(operations) - 1, 0
    for place, operation in enumerate(operations):
        lines = lines_of(request, operation)
        values = evaluate_lines(request, lines, job)
        shapes = [tuple(meta.shape) for name in lines.operands if (meta := values[name].meta) is not None]
        if len(shapes) < len(operation.operands):
            continue
        explanation = explain_broadcast(*shapes, operator=operation.operator)
        if explanation.problem is not None:
            return place
        rank = 2 if any(row.shape for row in explanation.stretched) else 1 if all(shapes) else 0
        if rank >= best_rank:
            best, best_rank = place, rank
    return best


def _of_operation(request: BroadcastRequest, operation: LineOperation, job: Job) -> BroadcastResult:
    lines = lines_of(request, operation)
    values = evaluate_lines(request, lines, job)
    operands = [values[name] for name in lines.operands]
    bare = tuple(_operand_values(text, one, job) for text, one in zip(operation.operands, operands, strict=True))
    failed = next(
        ((text, one) for text, one in zip(operation.operands, operands, strict=True) if one.meta is None), None
    )
    line = request.line if operation.is_whole_line else ""
    result = BroadcastResult(request, operation.operator, bare, line=line)
    if failed is not None:
        scale = _scale([one.tensor for one in operands], job)
        return replace(result, problem=_operand_problem(*failed), scale=scale)
    planned = values[lines.outcome].meta
    itemsize = planned.element_size() if planned is not None else 4
    explanation = explain_broadcast(
        *(operand.shape for operand in bare),
        names=operation.operands,
        operator=operation.operator,
        itemsize=itemsize,
        spelling="index",
    )
    result = replace(result, explanation=explanation)
    if explanation.shape is None:
        return replace(result, scale=_scale([one.tensor for one in operands], job))
    return _with_values(result, explanation, operands, values[lines.outcome], job)


def _operand_problem(text: str, evaluated: Evaluated) -> Problem:
    problem = evaluated.problem
    if problem is None:
        return Problem(f"{text} has no shape.")
    return replace(problem, span=None, fixes=(), lead=f"{text}:")


def _operand_values(text: str, evaluated: Evaluated, job: Job) -> OperandValues:
    """An operand unstretched; a failed one has neither shape nor values."""
    if evaluated.meta is None:
        return OperandValues(text, (), note=_NO_RESULT, failed=True)
    return _values(text, tuple(evaluated.meta.shape), evaluated.tensor, job)


def _values(text: str, shape: tuple[int, ...], tensor: torch.Tensor | None, job: Job) -> OperandValues:
    """A tensor as shown in the grids."""
    if tensor is None:
        return OperandValues(text, shape, note=_TOO_LARGE)
    return OperandValues(text, shape, (), TensorReader(tensor), "", summary_of(tensor, job).characters)


def _stretched(
    values: OperandValues, row: OperandRow, tensor: torch.Tensor | None, to: tuple[int, ...]
) -> OperandValues:
    """The same, stretched to the shape `to`."""
    if tensor is None or prod(max(size, 1) for size in to) >= 2**63:  # more elements than torch can count
        return replace(values, stretched=row.stretched, reader=None, note=values.note or _TOO_LARGE)
    return replace(values, stretched=row.stretched, reader=TensorReader(torch.broadcast_to(tensor, to)))


def _with_values(
    result: BroadcastResult,
    explanation: BroadcastExplanation,
    operands: Sequence[Evaluated],
    outcome: Evaluated,
    job: Job,
) -> BroadcastResult:
    shape = explanation.shape
    assert shape is not None
    tensors = [one.tensor for one in operands]
    stretched = tuple(
        _stretched(values, row, tensor, shape)
        for values, row, tensor in zip(result.operands, explanation.rows, tensors, strict=True)
    )
    gradients, note = _gradients(result, explanation, tensors)
    return replace(
        result,
        operands=stretched,
        result=_values(result.line or "result", shape, outcome.tensor, job),
        problem=outcome.problem if outcome.failed else None,
        scale=_scale([*tensors, outcome.tensor], job),
        cost=_cost_text(explanation),
        gradients=gradients,
        gradient_note=note,
    )


_TOO_LARGE = "too large to show values"
_NO_RESULT = "no result"


def _gradients(
    result: BroadcastResult, explanation: BroadcastExplanation, tensors: list[torch.Tensor | None]
) -> tuple[tuple[StretchedGradient, ...], str]:
    if not result.request.gradient:
        return (), ""
    present = [tensor for tensor in tensors if tensor is not None]
    if len(present) < len(tensors):
        return (), "Too large to compute gradients."
    limit = result.request.budget or default_budget()
    return stretched_gradients(present, explanation, BROADCAST_OPERATORS[result.operator].apply, limit)


def _scale(tensors: list[torch.Tensor | None], job: Job) -> float:
    """The largest finite |value|, so that grids side by side share one heat scale."""
    return max([summary_of(one, job).largest for one in tensors if one is not None], default=0.0) or 1.0


def _cost_text(explanation: BroadcastExplanation) -> str:
    made = f"the result is new, {bytes_in_words(explanation.result_bytes)}"
    if not explanation.stretched:
        return made[0].upper() + made[1:] + "."
    return f"The stretch costs 0 B (stride 0); {made}."


def chosen_operands(state: PlaygroundState, operands: tuple[str, ...], operator: str) -> PlaygroundState:
    """The state after a choice on the panel."""
    chosen = BroadcastState(operands, operator, state.selection, None, state.broadcast.gradient)
    return replace(state, broadcast=chosen)
