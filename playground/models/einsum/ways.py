"""An einsum and its equivalents, run on this machine: how long each takes and how many bytes it allocates."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from playground.models.evaluation.evaluate import evaluate
from playground.models.formatting import bytes_in_words, digits
from playground.models.job import CancelledError, Job
from playground.models.language.budget import PlanWatch, Watch, default_budget
from playground.models.language.interpreter import Interpreter
from playground.models.language.source import parse_expression
from playground.models.language.torch_warnings import QUIET_TORCH
from playground.models.language.vocabulary.bounds import tensors
from playground.models.program.program import Program, source_reads
from playground.models.program.sources import Expression

SECONDS_EACH = 0.05
"""How long a way is repeated, after its first run."""

LONGEST = 2.0
"""In seconds: a way that may take longer is planned, not run."""

SLOWER = 2.0
"""From this ratio on, a way is said to be slower."""


@dataclass(frozen=True, slots=True)
class WaysRequest:
    """The einsum's code and its equivalents, over a program's tensors."""

    program: Program
    code: str
    ways: tuple[str, ...]
    budget: int | None = None


@dataclass(frozen=True, slots=True)
class WayCost:
    """One way: the seconds of its fastest run (None: not run) and the bytes that it allocates, the result's included.

    `ratio` is how many times as long as the einsum it takes.
    """

    code: str
    seconds: float | None
    allocated: int
    ratio: float = 1.0

    @property
    def is_slow(self) -> bool:
        """True if it takes more than twice as long as the einsum, or is too large or long to run."""
        return self.seconds is None or self.ratio > SLOWER

    @property
    def words(self) -> str:
        """`"12.3 us, 36 B"`, `"97 ms, 48.0 MB, 2,940 times as long"`, `"not run, 192 GB"`."""
        if self.seconds is None:
            return f"not run, {bytes_in_words(self.allocated)}"
        words = f"{measured_time(self.seconds)}, {bytes_in_words(self.allocated)}"
        return f"{words}, {digits(self.ratio)} times as long" if self.is_slow else words


@dataclass(frozen=True, slots=True)
class WaysResult:
    """The costs of the einsum and then of each way, in the order of the request."""

    request: WaysRequest
    costs: tuple[WayCost, ...]

    def of(self, code: str) -> WayCost | None:
        """The cost of one way; None if it was not asked for."""
        return next((cost for cost in self.costs if cost.code == code), None)


def measured_time(seconds: float) -> str:
    """`measured_time(0.0000123) == "12.3 us"`."""
    for unit, factor in (("s", 1.0), ("ms", 1e3), ("us", 1e6)):
        if seconds * factor >= 1 or unit == "us":
            return f"{digits(seconds * factor)} {unit}"
    raise AssertionError("the last unit takes all")


class AllocationCount(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Adds up the bytes of all new storages while it is entered, also of those that die before the end."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.total = 0

    def __torch_dispatch__(
        self, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        known = {tensor.untyped_storage()._cdata for tensor in tensors([*args, *(kwargs or {}).values()])}
        for tensor in tensors([result]):
            if tensor.untyped_storage()._cdata not in known:
                self.total += tensor.untyped_storage().nbytes()
        return result


def compute_ways(request: WaysRequest, job: Job | None = None) -> WaysResult:
    """Run the einsum and each way and time them; what would not fit or take long is only planned.

    >>> program = Program.parse("A = torch.ones(2, 3)\\nB = torch.ones(3, 4)")
    >>> result = compute_ways(WaysRequest(program, 'torch.einsum("ij,jk->ik", A, B)', ("A @ B",)))
    >>> [cost.allocated for cost in result.costs]
    [32, 32]
    """
    job = job or Job()
    limit = default_budget() if request.budget is None else request.budget
    values = evaluate(request.program, request.budget, job)
    costs: list[WayCost] = []
    with QUIET_TORCH:
        for code in (request.code, *request.ways):
            job.check()
            named = {name: values[name].tensor for name in source_reads(Expression(code)) if name in values}
            present = {name: tensor for name, tensor in named.items() if tensor is not None}
            if len(present) == len(named):
                costs.append(_cost(code, present, limit, job))
    first = costs[0].seconds if costs else None
    told = (_compared(cost, first) for cost in costs)
    return WaysResult(request, tuple(told))


def _compared(cost: WayCost, first: float | None) -> WayCost:
    if cost.seconds is None or not first:
        return cost
    return WayCost(cost.code, cost.seconds, cost.allocated, cost.seconds / first)


def _cost(code: str, named: Mapping[str, torch.Tensor], limit: int, job: Job) -> WayCost:
    parsed = parse_expression(code)
    watch = PlanWatch(job, limit)
    metas = {name: torch.empty_strided(t.shape, t.stride(), dtype=t.dtype, device="meta") for name, t in named.items()}
    try:
        Interpreter(parsed, metas, watch, "meta").run()
    except CancelledError:
        raise
    except Exception:  # without a plan it is not run
        return WayCost(code, None, 0)
    if not watch.fits or watch.seconds > LONGEST:
        return WayCost(code, None, watch.used)
    with torch.no_grad(), AllocationCount() as allocated:
        Interpreter(parsed, named, Watch(job)).run()
    best, started = math.inf, time.perf_counter()
    while best == math.inf or time.perf_counter() - started < SECONDS_EACH:
        before = time.perf_counter()
        Interpreter(parsed, named, Watch(job)).run()
        best = min(best, time.perf_counter() - before)
    return WayCost(code, best, allocated.total)
