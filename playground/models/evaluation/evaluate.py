"""Computes every line of a program once, within a budget; a failing line affects only lines that read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch

from playground.models.evaluation.cache import ResultCache
from playground.models.evaluation.evaluate_line import Around, Budget, LineResult, compute_line
from playground.models.formatting import shape_in_words
from playground.models.job import CancelledError, Job
from playground.models.language.budget import default_budget
from playground.models.language.steps import Step
from playground.models.language.torch_warnings import QUIET_TORCH
from playground.models.offers import helpful
from playground.models.printed import Part, Printed, TextTable
from playground.models.problem import Fix, Problem, Span
from playground.models.program.program import Program, parse_source, source_code, source_reads, source_spans
from playground.models.program.sources import Binding, Expression, Imported

__all__ = ["CACHE", "Evaluated", "evaluate", "try_line"]


@dataclass(frozen=True, slots=True, eq=False)
class Evaluated:
    """The result of a line.

    `tensor` is None when the line failed or is too large to compute; `meta` is a meta tensor with its true shape,
    strides, offset and dtype (None only when the line failed). `problem` says why there is no tensor, or warns.
    `code` is the text of the line, `reads` the names in it, in order, `spans` their places.
    """

    name: str
    code: str
    tensor: torch.Tensor | None = None
    meta: torch.Tensor | None = None
    steps: tuple[Step, ...] = ()
    problem: Problem | None = None
    reads: tuple[str, ...] = ()

    @property
    def spans(self) -> Mapping[str, tuple[Span, ...]]:
        """The place of each name that the line reads in its code."""
        return dict(source_spans(Expression(self.code))) if self.reads else {}

    @property
    def failed(self) -> bool:
        """True if not even the shape is known."""
        return self.meta is None

    @property
    def view_of(self) -> str:
        """The earlier tensor that owns the storage of this one; empty if it owns its storage."""
        return self.steps[-1].base if self.steps else ""


class Evaluation(Printed, dict[str, Evaluated]):
    """The results of a program's lines by name; printed it shows what the cards say."""

    def told(self) -> tuple[Part, ...]:
        """A row a line: its shape and dtype, whether it is a view or a copy, its code, and its problem."""
        head = ("name", "shape", "dtype", "is", "code", "problem")
        return (TextTable(head, [_told_line(one) for one in self.values()]),) if self else ("No lines.",)


def _told_line(one: Evaluated) -> tuple[str, ...]:
    known = one.tensor if one.tensor is not None else one.meta
    shape = "" if known is None else shape_in_words(known.shape)
    dtype = "" if known is None else str(known.dtype).removeprefix("torch.")
    kind = f"{one.steps[-1].kind}" if one.steps else ""
    kind = f"{kind} of {one.view_of}" if one.view_of and kind == "view" else kind
    return one.name, shape, dtype, kind, one.code, "" if one.problem is None else str(one.problem)


def _bytes_of(result: LineResult) -> int:
    return 0 if result.tensor is None else result.tensor.untyped_storage().nbytes()


GIVEN_UP = Problem(
    "This was cancelled. It runs again when the line, or a line that it reads, changes.", badge="cancelled"
)
CACHE: ResultCache[LineResult] = ResultCache(max(default_budget() // 2, 1 << 28), _bytes_of)


def evaluate(program: Program, budget: int | None = None, job: Job | None = None) -> Mapping[str, Evaluated]:
    """Each name of the program with its `Evaluated`: `tensor`, `meta`, `steps`, `problem`.

    >>> from playground import Program
    >>> results = evaluate(Program.parse("A = torch.zeros(3, 4)\\nB = A.t()[None]"))
    >>> tuple(results["B"].tensor.shape), results["B"].steps[-1].kind
    ((1, 4, 3), 'view')

    `budget` limits the bytes of all values together (None: the default memory budget); beyond it `tensor` is None, but
    `meta` still has shape, strides and dtype. A failing line has a `problem` and affects only lines that read it.
    Results of lines that did not change, and read nothing that did, are reused from earlier calls. Raises only
    `CancelledError`, if the job is cancelled.
    """
    job = job or Job()
    limit = default_budget() if budget is None else budget
    run = _Run(program, limit, job)
    with QUIET_TORCH:
        for place, binding in enumerate(program.bindings):
            job.check()
            run.add(place, binding)
    CACHE.trim(run.keys)
    return run.results


def try_line(
    program: Program, code: str, budget: int | None = None, job: Job | None = None, *, with_values: bool = False
) -> torch.Tensor | None:
    """The shape, strides and dtype that a line with this code would have after the program; None if it fails.

    `with_values`: None too where it would be too large or too long to compute.
    """
    run = _Run(program, default_budget() if budget is None else budget, job or Job())
    with QUIET_TORCH:
        for place, binding in enumerate(program.bindings):
            run.add(place, binding)
        line = Binding(program.fresh_name(), parse_source(code))
        tried = run.tried(line, Around(program.names, ()))
    reads = [run.results[name] for name in source_reads(line.source) if name in run.results]
    has_values = not tried.too_large and all(one.tensor is not None for one in reads)
    return tried.meta if has_values or not with_values else None


class _Run:
    """One pass over the lines, with the remaining budget."""

    def __init__(self, program: Program, limit: int, job: Job) -> None:
        self.names, self.limit, self.job = program.names, limit, job
        self.left = limit
        self.results = Evaluation()
        self.serials: dict[str, int] = {}
        self.keys: set[object] = set()

    def add(self, place: int, binding: Binding) -> None:
        """Evaluate one line, or take it from the cache if nothing it depends on has changed."""
        source, name = binding.source, binding.name
        reads = source_reads(source)
        known = tuple(read for read in reads if read in self.results)
        blocked = next((read for read in known if self.results[read].failed), "")
        if blocked:
            self.results[name] = self._blocked(binding, blocked, reads)
            return
        serial, result = self._line(place, binding, known)
        budget = Budget(self.limit, self.left)
        tensor, problem = result.tensor, result.problem
        if tensor is not None and not isinstance(source, Imported) and result.new_bytes > self.left:
            tensor, problem, serial = None, budget.warning(result.new_bytes), -serial
        elif tensor is not None:
            self.left = max(self.left - result.new_bytes, 0)
        elif result.too_large and result.new_bytes:
            problem = budget.warning(result.new_bytes, result.at_most)
        self.serials[name] = serial
        code = source_code(source)
        self.results[name] = Evaluated(name, code, tensor, result.meta, result.steps, problem, reads)

    def _line(self, place: int, binding: Binding, known: tuple[str, ...]) -> tuple[int, LineResult]:
        """The serial and result of a line with known inputs."""
        around = Around(self.names[:place], self.names[place + 1 :])
        missing = len(known) < len(source_reads(binding.source))
        inputs_key = tuple((read, self.serials[read]) for read in (self.serials if missing else known))
        key = (binding.name, binding.source, inputs_key, around if missing else None)
        self.keys.add(key)
        left = self.left

        def compute() -> LineResult:
            inputs = {read: self.results[read] for read in known}
            try:
                result = compute_line(binding, inputs, around, Budget(self.limit, left), self.job)
            except CancelledError:
                if self.job.is_given_up():
                    CACHE.keep(key, LineResult(problem=GIVEN_UP))
                raise
            problem = result.problem
            if problem is None or not problem.fixes:
                return result
            return replace(result, problem=helpful(problem, lambda fix: self._mended(fix, problem, binding, around)))

        serial, result = CACHE.get(key, compute, self.job)
        if result.too_large and 0 < result.new_bytes <= left:  # skipped for lack of memory, which is now available
            CACHE.forget(key, serial)
            serial, result = CACHE.get(key, compute, self.job)
        return serial, result

    def _mended(self, fix: Fix, problem: Problem, binding: Binding, around: Around) -> str | None:
        """The shape of a line after a fix; None if it still fails, or still has the same problem."""
        mended = self.tried(Binding(binding.name, parse_source(fix.code)), around)
        if mended.meta is None or mended.problem == problem:
            return None
        return shape_in_words(mended.meta.shape)

    def tried(self, binding: Binding, around: Around) -> LineResult:
        """A trial line outside the program: computed if tiny, otherwise planned; no shape if it fails."""
        reads = [read for read in source_reads(binding.source) if read in self.results]
        if any(self.results[read].failed for read in reads):
            return LineResult()
        inputs = {read: self.results[read] for read in reads}
        return compute_line(binding, inputs, around, Budget(self.limit, self.left, is_trial=True), self.job)

    def _blocked(self, binding: Binding, blocked: str, reads: tuple[str, ...]) -> Evaluated:
        code = source_code(binding.source)
        span = dict(source_spans(binding.source))[blocked][0]
        problem = Problem(f"{blocked} has no result, so there is none here.", span, badge=f"waits for {blocked}")
        return Evaluated(binding.name, code, problem=problem, reads=reads)
