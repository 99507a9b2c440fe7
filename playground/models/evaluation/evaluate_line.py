"""Computes one line: directly if it is small, otherwise planned on the meta device and then run within the budget."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import torch

from playground.models.formatting import bytes_in_words, shape_in_words, time_in_words
from playground.models.job import CancelledError, Job
from playground.models.language.budget import (
    CarefulWatch,
    NeedsPlanError,
    NoValuesError,
    PlanWatch,
    StraightWatch,
    Watch,
    run_where_cancelled,
)
from playground.models.language.check import check_expression
from playground.models.language.fills import made_code, make
from playground.models.language.interpreter import Interpreter, unseeded_problem
from playground.models.language.source import ExpressionText, parse_expression
from playground.models.language.steps import Step, share_storage
from playground.models.language.vocabulary.costs import HEAVY, MOST_SECONDS
from playground.models.problem import Fix, Problem, ProblemError, Span
from playground.models.program.sources import Binding, Expression, Imported, Made

TRIED = 1 << 16
"""A trial line below this many bytes is computed, not just planned."""


class Input(Protocol):
    """An input of a line: an earlier result."""

    @property
    def tensor(self) -> torch.Tensor | None:
        """The values, if they were computed."""
        ...

    @property
    def meta(self) -> torch.Tensor | None:
        """Shape, strides and dtype."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class LineResult:
    """A line's result: `new_bytes` is the storage that it allocated and keeps, or would need if it is too large."""

    tensor: torch.Tensor | None = None
    meta: torch.Tensor | None = None
    steps: tuple[Step, ...] = ()
    problem: Problem | None = None
    too_large: bool = False
    new_bytes: int = 0
    at_most: bool = False


@dataclass(frozen=True, slots=True)
class Around:
    """The names of the lines before and after a line."""

    above: tuple[str, ...]
    below: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Budget:
    """How many bytes all values may take together, and how many are left for a line.

    `is_trial`: the line is only tried, so anything not tiny is planned, not computed.
    """

    limit: int
    left: int
    is_trial: bool = False

    @property
    def unplanned(self) -> int:
        """The bytes that a line may allocate before it is planned."""
        return min(self.left, TRIED) if self.is_trial else self.left

    def warning(self, needed: int, at_most: bool = False) -> Problem:
        """The warning for a tensor that does not fit; `at_most`: its shape is an upper bound."""
        taken = self.limit - self.left
        used = "" if needed > self.limit else f" The lines above use {bytes_in_words(taken)} of it."
        size = (
            f"{'At most ' if at_most else ''}{bytes_in_words(needed)}, the limit is {bytes_in_words(self.limit)}.{used}"
        )
        known = (
            "The shape depends on values; this is the largest possible one. Values are not computed."
            if at_most
            else "Shape, strides and cost are exact; values are not computed."
        )
        return Problem(f"{size} {known}", badge="too large", severity="warning")


def compute_line(binding: Binding, inputs: Mapping[str, Input], around: Around, budget: Budget, job: Job) -> LineResult:
    """The result of one line; every failure except a cancelled job becomes its problem."""
    try:
        match binding.source:
            case Made() as made:
                return _made(made, budget, job)
            case Imported(reference=reference):
                return _imported(reference.tensor, binding.name)
            case Expression(text=text):
                parsed = parse_expression(text)
                if not _is_fine(text, tuple(inputs)):
                    check_expression(parsed, around.above, around.below, binding.name)
                return _expression(parsed, inputs, budget, job)
    except ProblemError as error:
        return LineResult(problem=error.problem)
    except (CancelledError, NeedsPlanError, NoValuesError):
        raise
    except Exception as error:  # a bug must not crash the window: it becomes a problem of this line
        return LineResult(problem=Problem(f"This line cannot be computed: {error}", badge="cannot be computed"))


@functools.lru_cache(maxsize=4096)
def _is_fine(text: str, names: tuple[str, ...]) -> bool:
    """True if a line passes the check with these tensors above it; cached by text."""
    try:
        check_expression(parse_expression(text), names)
    except ProblemError:
        return False
    return True


def _made(made: Made, budget: Budget, job: Job) -> LineResult:
    meta = make(made, "meta")
    code = made_code(made)
    needed = meta.nbytes
    steps = (_whole_step(code, meta, ""),)
    if needed > budget.unplanned:
        return LineResult(None, meta, steps, too_large=True, new_bytes=needed)
    tensor = run_where_cancelled(make, (made,), job, HEAVY * meta.numel(), made_code(made))
    return LineResult(tensor, meta, steps, new_bytes=needed)


def _imported(tensor: torch.Tensor, name: str) -> LineResult:
    meta = meta_of(tensor, {})
    return LineResult(tensor, meta, (_whole_step(name, tensor, ""),), new_bytes=tensor.untyped_storage().nbytes())


def _whole_step(code: str, tensor: torch.Tensor, base: str) -> Step:
    return Step(
        code,
        Span(0, len(code)),
        "new",
        tuple(tensor.shape),
        tensor.stride(),
        int(tensor.storage_offset()),
        tensor.dtype,
        tensor.nbytes,
        tensor.untyped_storage().nbytes(),
        base=base,
    )


def _expression(parsed: ExpressionText, inputs: Mapping[str, Input], budget: Budget, job: Job) -> LineResult:
    values = {name: tensor for name, given in inputs.items() if (tensor := given.tensor) is not None}
    if len(values) == len(inputs):
        # A call too large to run without a plan ends the run before it starts: it is planned below.
        with contextlib.suppress(NeedsPlanError):
            return _ran(parsed, values, inputs, StraightWatch(job, budget.unplanned))
    metas = {name: meta for name, given in inputs.items() if (meta := given.meta) is not None}
    watch = PlanWatch(job, budget.left)
    interpreter = Interpreter(parsed, metas, watch, "meta")
    try:
        planned = _tensor_of(interpreter, interpreter.run())
    except ProblemError:
        if len(values) < len(inputs):
            raise
        # A line without a plan, because its shape or validity depends on values, is checked word by word.
        return _ran(parsed, values, inputs, CarefulWatch(job, budget.left))
    steps = tuple(interpreter.recorder.steps)
    if not watch.fits:
        return LineResult(None, planned, steps, too_large=True, new_bytes=watch.needed, at_most=watch.depends_on_values)
    if watch.seconds > MOST_SECONDS:
        return LineResult(None, planned, steps, _too_long(watch.seconds), too_large=True)
    if budget.is_trial:
        return LineResult(None, planned, steps)
    try:
        return _ran(parsed, metas | values, inputs, Watch(job))
    except NoValuesError:
        absent = ", ".join(name for name in inputs if name not in values)
        problem = Problem(
            f"The values of {absent} are not computed, so there are none here. Shape, strides and cost are exact.",
            badge="no values",
            severity="warning",
        )
        return LineResult(None, planned, steps, problem, too_large=True)


def _too_long(seconds: float) -> Problem:
    message = f"This may take up to {time_in_words(seconds)}. Shape and strides are exact; values are not computed."
    return Problem(message, badge="too long", severity="warning")


def _ran(
    parsed: ExpressionText, values: Mapping[str, torch.Tensor], inputs: Mapping[str, Input], watch: Watch
) -> LineResult:
    interpreter = Interpreter(parsed, values, watch)
    tensor = _tensor_of(interpreter, interpreter.run())
    if tensor.is_meta:
        raise NoValuesError
    shared = any(share_storage(tensor, value) for value in values.values())
    new_bytes = 0 if shared else tensor.untyped_storage().nbytes()
    meta = meta_of(tensor, {name: (values[name], given.meta) for name, given in inputs.items()})
    warning = interpreter.warning or unseeded_problem(parsed)
    return LineResult(tensor, meta, tuple(interpreter.recorder.steps), warning, new_bytes=new_bytes)


def _tensor_of(interpreter: Interpreter, value: Any) -> torch.Tensor:
    """The value of a line, which must be a tensor; for a number, shape or pair of tensors, says how to get one."""
    parsed = interpreter.parsed
    if isinstance(value, torch.Tensor):
        if not interpreter.recorder.steps:
            interpreter.recorder.note_alias(value)
        return value
    text, span = parsed.text.strip(), Span(0, len(parsed.text))
    raise ProblemError(_no_tensor(text, span, value))


def _no_tensor(text: str, span: Span, value: Any) -> Problem:
    if isinstance(value, tuple | list) and any(isinstance(part, torch.Tensor) for part in value):
        shapes = ", ".join(shape_in_words(part.shape) for part in value[:4] if isinstance(part, torch.Tensor))
        fixes = tuple(
            Fix(f"{text}[{k}]", gives=shape_in_words(part.shape), target=f"[{k}]")
            for k, part in enumerate(value[:4])
            if isinstance(part, torch.Tensor)
        )
        return Problem(
            f"This gives {len(value)} tensors, {shapes}. A line must give one.",
            span,
            fixes,
            badge=f"{len(value)} tensors",
        )
    if isinstance(value, bool | int | float | tuple | list) and _is_numbers(value):
        written = shape_in_words(value) if isinstance(value, tuple) else repr(value)
        fix = Fix(f"torch.tensor({text})", target=f"torch.tensor({text})")
        return Problem(f"{text} is {written}, but a line must give a tensor.", span, (fix,), badge=f"is {written}"[:24])
    if isinstance(value, torch.Generator):
        return Problem("This is a random generator, for torch.randn(3, generator=...).", span, badge="no tensor")
    return Problem(f"{text} is {value}, but a line must give a tensor.", span, badge="no tensor")


def _is_numbers(value: Any) -> bool:
    if isinstance(value, tuple | list):
        return all(_is_numbers(part) for part in value)
    return isinstance(value, bool | int | float)


def meta_of(tensor: torch.Tensor, inputs: Mapping[str, tuple[torch.Tensor, torch.Tensor | None]]) -> torch.Tensor:
    """A meta tensor of the same layout, on the meta storage of the input that shares its storage."""
    layout = (tuple(tensor.shape), tensor.stride(), tensor.storage_offset())
    for values, meta in inputs.values():
        if meta is not None and values is not tensor and share_storage(values, tensor) and meta.dtype == tensor.dtype:
            return meta.as_strided(*layout)
        if meta is not None and values is tensor:
            return meta
    elements = tensor.untyped_storage().nbytes() // tensor.element_size()
    return torch.empty(elements, dtype=tensor.dtype, device="meta").as_strided(*layout)
