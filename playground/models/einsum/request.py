"""The Einsum panel's request and result."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch

from playground.models.einsum.cost import Cost, contract, contraction, result_dtype
from playground.models.einsum.diagram import Diagram, diagram_of
from playground.models.einsum.edits import name_of_result, with_fix
from playground.models.einsum.equation import HINT, Equation, parse_equation
from playground.models.einsum.fixes import NOTE, PATIENCE, is_unfinished, with_fixes
from playground.models.einsum.labels import Shape, stretch_warning
from playground.models.einsum.numpy_verdict import NumpyVerdict, einsum_in_numpy, first_sentence
from playground.models.einsum.operands import Operand, missing_problem, resolve_operands, with_boxes
from playground.models.einsum.plan import EinsumPlan, plan_einsum
from playground.models.evaluation.cache import summary_of
from playground.models.evaluation.evaluate import evaluate
from playground.models.evaluation.reader import TensorReader
from playground.models.evaluation.summary import TensorSummary
from playground.models.formatting import bytes_in_words, digits, shape_in_words
from playground.models.job import Job
from playground.models.language.budget import default_budget, run_where_cancelled
from playground.models.language.vocabulary.costs import seconds_each
from playground.models.offers import helpful
from playground.models.problem import Fix, Problem, ProblemError
from playground.models.program.edit import bracketed
from playground.models.program.program import Program
from playground.models.program.sources import Expression, Made
from playground.models.state import EinsumState, PlaygroundState

COMPARED_OPERATIONS = 10**8
"""Einsums with more operations than this are not run a second time."""


def rounding_note(
    program: Program, ways: Sequence[str], outcome: torch.Tensor, work: int, *, budget: int | None, job: Job
) -> str:
    """A sentence that compares the numbers of these lines with the result's."""
    if not (outcome.is_floating_point() or outcome.is_complex()):
        return "All lines give exactly the same numbers."
    if work > COMPARED_OPERATIONS:
        return "All lines give the same sums, perhaps rounded in a different order; too long to compare here."
    apart, odd = 0.0, False
    for way in ways:
        name = program.fresh_name()
        other = evaluate(program.appended(name, Expression(way)), budget, job)[name].tensor
        if other is None or other.shape != outcome.shape:
            return "All lines give the same sums. They may be rounded in a different order."
        difference = _difference(outcome, other)
        odd = odd or difference is None
        apart = max(apart, difference or 0.0)
    if odd:
        return "All lines give the same sums, rounded in a different order: one is inf or nan where another is not."
    if not apart:
        return "All lines give exactly the same numbers here."
    return f"All lines give the same sums, rounded in a different order: here they differ by up to {apart:.2g}."


def _difference(one: torch.Tensor, other: torch.Tensor) -> float | None:
    """The largest difference of two elements; None if one is finite and the other is not."""
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


PATIENT_OPERATIONS = 2 * 10**11
"""Einsums with more operations are computed only on request: a few seconds on two cores."""

TRIED_ELEMENTS = 1 << 16
"""New tensors with more elements are planned, not created, while trying an offer to create them."""


@dataclass(frozen=True, slots=True)
class EinsumRequest:
    """The program, the typed equation, the texts of the operand boxes, and the budget in bytes."""

    program: Program
    equation: str
    operands: tuple[str, ...]
    patient: bool = False
    budget: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class EinsumResult:
    """The plan and, if computed, the result.

    `plan` is None while there is no equation (`hint` says what to type). `problem` says why there are no values,
    `warning` what may be unintended (a stretched size of 1).
    `equivalents_note` compares the equivalents' numbers with the result's.
    `scale` is the largest finite |value| of operands and result, `largest_bytes` the peak memory of the path.
    `better` is an order with a far smaller largest intermediate than torch's own (`better_bytes`), if there is one.
    """

    plan: EinsumPlan | None = None
    operands: tuple[Operand, ...] = ()
    tensor: torch.Tensor | None = None
    dtype: str = ""
    nbytes: int = 0
    largest_bytes: int = 0
    better: Cost | None = None
    better_bytes: int = 0
    numpy: NumpyVerdict | None = None
    diagram: Diagram | None = None
    equivalents: tuple[str, ...] = ()
    equivalents_note: str = ""
    summaries: tuple[TensorSummary | None, ...] = ()
    shapes: Mapping[str, Shape] = field(default_factory=dict)
    problem: Problem | None = None
    warning: Problem | None = None
    hint: str = ""

    @property
    def readers(self) -> tuple[TensorReader | None, ...]:
        """A window onto each operand."""
        return tuple(None if one.tensor is None else TensorReader(one.tensor) for one in self.operands)

    @property
    def reader(self) -> TensorReader | None:
        """A window onto the result."""
        return None if self.tensor is None else TensorReader(self.tensor)

    @property
    def tensors(self) -> tuple[torch.Tensor, ...] | None:
        """The operands' values, if all of them could be computed."""
        found = tuple(one.tensor for one in self.operands if one.tensor is not None)
        return found if len(found) == len(self.operands) else None


def einsum_request(state: PlaygroundState) -> EinsumRequest:
    """The panel's request for a state."""
    einsum = state.einsum
    return EinsumRequest(state.program, einsum.equation, einsum.operands, einsum.patient, state.memory_budget)


def compute_einsum(request: EinsumRequest, job: Job | None = None) -> EinsumResult:
    """Plan, check dtypes and budget, then run along the best path; raises `ProblemError` if the equation does not fit.

    If it is only unfinished, the severity is "note".
    """
    job = job or Job()
    try:
        result = _described(request, job)
        return result if result.plan is None else _answer(request, result, job)
    except ProblemError as error:
        problem = helpful(error.problem, lambda fix: _mended(request, fix, job))
        boxes, _ = resolve_operands(request.program, request.operands, request.budget, job)
        shapes = [box.shape for box in boxes if box is not None]
        if len(shapes) == len(boxes) and is_unfinished(request.equation, shapes):
            problem = replace(problem, severity=NOTE)
        raise ProblemError(problem) from None


def _state_with_fix(request: EinsumRequest, fix: Fix) -> PlaygroundState:
    """What the button of a fix makes of what was asked."""
    einsum = EinsumState(request.equation, request.operands, patient=request.patient)
    return with_fix(PlaygroundState(program=request.program, einsum=einsum, memory_budget=request.budget), fix)


def _mended(request: EinsumRequest, fix: Fix, job: Job) -> str | None:
    """The shape of the result after a fix; raises `ProblemError` if there is still a problem."""
    state = _state_with_fix(request, fix)
    made = state.program.bindings[len(request.program.bindings) :]
    is_small = all(math.prod(one.source.shape) <= TRIED_ELEMENTS for one in made if isinstance(one.source, Made))
    state = replace(state, memory_budget=request.budget if is_small else 0)
    plan = _described(einsum_request(state), job).plan
    return None if plan is None else shape_in_words(plan.output_shape)


def _described(request: EinsumRequest, job: Job) -> EinsumResult:
    """Everything except the values; without a plan if there is no equation."""
    if not request.equation.strip() and not request.operands:
        return EinsumResult(hint=HINT, shapes=_known_shapes(request, job))
    equation = _parsed(request, job)
    boxes, evaluated = resolve_operands(request.program, request.operands, request.budget, job)
    missing = missing_problem(equation, boxes, evaluated, request.operands)
    if missing is not None:
        raise ProblemError(missing)
    operands = tuple(box for box in boxes if box is not None)
    plan = _planned(request, operands)
    shapes = {name: tuple(line.meta.shape) for name, line in evaluated.items() if line.meta is not None}
    dtype = result_dtype(plan.indexing, plan.cost, [operand.meta.dtype for operand in operands])
    if isinstance(dtype, Problem):
        raise ProblemError(dtype)
    return _told(request, plan, operands, dtype, shapes)


def _answer(request: EinsumRequest, result: EinsumResult, job: Job) -> EinsumResult:
    job.check()
    problem = _refusal(request, result)
    if problem is not None:
        problem = helpful(problem, lambda fix: _allowed(request, result, fix))
        return replace(result, problem=problem, summaries=_summaries(result.operands, None, job))
    return _computed(request, result, job)


def _allowed(request: EinsumRequest, result: EinsumResult, fix: Fix) -> str | None:
    """Nothing to tell where a fix lets the values be computed, None where it does not."""
    return "" if _refusal(einsum_request(_state_with_fix(request, fix)), result) is None else None


def _parsed(request: EinsumRequest, job: Job) -> Equation:
    """The equation; fixes for one that cannot be parsed are tried on the operands."""
    try:
        return parse_equation(request.equation)
    except ProblemError as error:
        boxes, _ = resolve_operands(request.program, request.operands, request.budget, job)
        shapes = [box.shape for box in boxes if box is not None]
        raise ProblemError(with_fixes(error.problem, request.equation, shapes, request.operands)) from None


def _known_shapes(request: EinsumRequest, job: Job) -> dict[str, Shape]:
    _, evaluated = resolve_operands(request.program, (), request.budget, job)
    return {name: tuple(line.meta.shape) for name, line in evaluated.items() if line.meta is not None}


def _planned(request: EinsumRequest, operands: Sequence[Operand]) -> EinsumPlan:
    """The plan; if there are more operands than terms, emptying the last box is also offered.

    An operand such as `A + 1` stands in brackets everywhere, as the code around it must read it.
    """
    texts = [operand.text for operand in operands]
    names = [bracketed(text) for text in texts]
    result_name = name_of_result(request.program, request.equation, texts)
    try:
        return plan_einsum(request.equation, *(o.shape for o in operands), names=names, result_name=result_name)
    except ProblemError as error:
        if len(names) > len(parse_equation(request.equation).inputs) and request.equation.strip():
            raise ProblemError(with_boxes(error.problem, texts)) from None
        raise


def _told(
    request: EinsumRequest,
    plan: EinsumPlan,
    operands: tuple[Operand, ...],
    dtype: torch.dtype,
    shapes: Mapping[str, Shape],
) -> EinsumResult:
    kinds = [str(operand.meta.dtype).removeprefix("torch.") for operand in operands]
    better = plan.better
    same_dtype = all(operand.meta.dtype == dtype for operand in operands)
    return EinsumResult(
        plan=plan,
        operands=operands,
        dtype=str(dtype).removeprefix("torch."),
        nbytes=0 if plan.is_view else math.prod(plan.output_shape) * dtype.itemsize,
        largest_bytes=plan.cost.largest_intermediate * dtype.itemsize,
        better=better,
        better_bytes=better.largest_intermediate * dtype.itemsize if better is not None else 0,
        numpy=einsum_in_numpy(request.equation, plan.shapes, kinds),
        diagram=diagram_of(plan.indexing),
        # torch.sum accumulates short integers in a wider dtype than bmm, so only one common dtype guarantees equality.
        equivalents=plan.equivalents if same_dtype and _keeps_dtype(dtype, len(operands)) else (),
        shapes=shapes,
        warning=stretch_warning(plan.indexing),
    )


def _keeps_dtype(dtype: torch.dtype, count: int) -> bool:
    return count == 1 or dtype.is_floating_point or dtype.is_complex or dtype == torch.int64


def peak_elements(plan: EinsumPlan) -> int:
    """The peak number of elements along the path, without the operands."""
    alive: list[int] = [0] * len(plan.shapes)
    peak = 0
    for step in plan.cost.steps:
        peak = max(peak, sum(alive) + step.elements)
        alive = [size for place, size in enumerate(alive) if place not in step.operands]
        alive.append(step.elements)
    return peak


def _refusal(request: EinsumRequest, result: EinsumResult) -> Problem | None:
    """Why there will be no values: an operand has none, or they would exceed the memory budget or take too long."""
    plan = result.plan
    assert plan is not None
    without = next((operand.text for operand in result.operands if operand.tensor is None), None)
    kept = "Shapes, letters and cost are exact; values are not computed."
    if without is not None:
        return Problem(f"{without} is too large to compute. {kept}", badge="too large", severity="warning")
    if plan.is_view:
        return None
    limit = default_budget() if request.budget is None else request.budget
    itemsize: int = getattr(torch, result.dtype).itemsize
    needed = peak_elements(plan) * itemsize
    if needed > limit:
        what = f"{bytes_in_words(needed)}, the limit is {bytes_in_words(limit)}."
        return Problem(f"{what} {kept}", badge="too large", severity="warning")
    if plan.cost.work > PATIENT_OPERATIONS and not request.patient:
        fix = Fix("compute anyway", target=PATIENCE)
        what = f"{digits(plan.cost.work)} operations would take a long time."
        return Problem(f"{what} {kept}", fixes=(fix,), badge="takes long", severity="warning")
    return None


def _computed(request: EinsumRequest, result: EinsumResult, job: Job) -> EinsumResult:
    plan, tensors = result.plan, result.tensors
    assert plan is not None
    assert tensors is not None
    try:
        seconds = 0.0 if plan.is_view else 2 * seconds_each(tensors) * plan.cost.work
        given = contraction(plan.indexing, plan.cost, tensors)
        outcome = run_where_cancelled(contract, given, job, seconds, "einsum")
    except (RuntimeError, ValueError, NotImplementedError) as error:
        raise ProblemError(Problem(f"torch refuses: {first_sentence(error)}", badge="refused")) from None
    job.check()
    ways = result.equivalents
    work = plan.cost.work
    note = rounding_note(request.program, ways, outcome, work, budget=request.budget, job=job) if ways else ""
    summaries = _summaries(result.operands, outcome, job)
    return replace(result, tensor=outcome, summaries=summaries, equivalents_note=note)


def _summaries(operands: Sequence[Operand], outcome: torch.Tensor | None, job: Job) -> tuple[TensorSummary | None, ...]:
    """The summaries of the operands and, last, of the result."""
    tensors = (*(operand.tensor for operand in operands), outcome)
    return tuple(None if tensor is None else summary_of(tensor, job) for tensor in tensors)
