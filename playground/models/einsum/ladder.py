"""The same matrix product computed and timed five ways: three loops, rows, broadcasting, einsum, @."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import torch

from playground.models.einsum.ways import compute_ways
from playground.models.job import Job
from playground.models.registry import Registry

SECONDS_EACH = 0.6
"""In seconds; a rung that would take longer is timed on part of its rows."""

LEAST_RUNS = 30
"""The least number of runs of a fast way, within its time: other programs disturb the first few."""

SIZES = (8, 16, 32, 64, 128, 256)


@dataclass(frozen=True, slots=True)
class Rung:
    """One way to multiply matrices: `run(a, b, rows)` fills the first `rows` rows of the product."""

    name: str
    code: str
    run: Callable[[torch.Tensor, torch.Tensor, int], torch.Tensor]
    by_row: bool = True


RUNGS: Registry[Rung] = Registry("rung")


@dataclass(frozen=True, slots=True)
class LadderRequest:
    """The product of two `size` x `size` matrices."""

    size: int = 64


@dataclass(frozen=True, slots=True)
class RungTime:
    """Seconds for the whole product. `measured` is the share of rows run; the time is scaled up. `error` is the
    largest difference from `@`."""

    name: str
    code: str
    seconds: float
    measured: int
    rows: int
    error: float


@dataclass(frozen=True, slots=True)
class LadderResult:
    """The times on this machine, slowest first."""

    size: int
    times: tuple[RungTime, ...]

    def ratio(self, name: str) -> float:
        """How many times slower a way is than `@`."""
        seconds = {rung.name: rung.seconds for rung in self.times}
        return seconds[name] / seconds["@"]


def _three_loops(a: torch.Tensor, b: torch.Tensor, rows: int) -> torch.Tensor:
    out = torch.zeros(rows, b.shape[1])
    for i in range(rows):
        for k in range(b.shape[1]):
            for j in range(a.shape[1]):
                out[i, k] += a[i, j] * b[j, k]
    return out


def _rows(a: torch.Tensor, b: torch.Tensor, rows: int) -> torch.Tensor:
    out = torch.zeros(rows, b.shape[1])
    for i in range(rows):
        for k in range(b.shape[1]):
            out[i, k] = (a[i, :] * b[:, k]).sum()
    return out


def _broadcasting(a: torch.Tensor, b: torch.Tensor, rows: int) -> torch.Tensor:
    out = torch.zeros(rows, b.shape[1])
    for i in range(rows):
        out[i] = (a[i].unsqueeze(-1) * b).sum(dim=0)
    return out


def _einsum(a: torch.Tensor, b: torch.Tensor, rows: int) -> torch.Tensor:
    return torch.einsum("ij,jk->ik", a[:rows], b)


def _matmul(a: torch.Tensor, b: torch.Tensor, rows: int) -> torch.Tensor:
    return a[:rows] @ b


for _rung in (
    Rung("three loops", "out[i,k] += A[i,j] * B[j,k]", _three_loops),
    Rung("rows", "out[i,k] = (A[i,:] * B[:,k]).sum()", _rows),
    Rung("broadcasting", "out[i] = (A[i].unsqueeze(-1) * B).sum(dim=0)", _broadcasting),
    Rung("einsum", 'torch.einsum("ij,jk->ik", A, B)', _einsum, by_row=False),
    Rung("@", "A @ B", _matmul, by_row=False),
):
    RUNGS.register(_rung)


def compute_ladder(request: LadderRequest, job: Job | None = None) -> LadderResult:
    """Time every rung and check each against `@`. A rung that would take longer than its share runs on fewer rows."""
    job = job or Job()
    generator = torch.Generator().manual_seed(0)
    a, b = (torch.randn(request.size, request.size, generator=generator) for _ in range(2))
    expected = a @ b
    times: list[RungTime] = []
    for number, rung in enumerate(RUNGS.values()):
        job.check()
        job.report(number / len(RUNGS), rung.name)
        times.append(_timed(rung, a, b, expected, job))
        job.show(LadderResult(request.size, tuple(times)))
    return LadderResult(request.size, tuple(times))


def _timed(rung: Rung, a: torch.Tensor, b: torch.Tensor, expected: torch.Tensor, job: Job) -> RungTime:
    total = a.shape[0]
    if not rung.by_row:
        seconds, product = _best(rung, a, b, total)
        return RungTime(rung.name, rung.code, seconds, total, total, _error(product, expected))
    rows, spent, product = 0, 0.0, torch.zeros(0, b.shape[1])
    step = 1
    while rows < total and spent < SECONDS_EACH:
        job.check()
        step = min(step, total - rows)
        started = time.perf_counter()
        part = rung.run(a[rows:], b, step)
        spent += time.perf_counter() - started
        product = torch.cat([product, part])
        rows += step
        step *= 2 if spent < SECONDS_EACH / 8 else 1
    return RungTime(rung.name, rung.code, spent * total / rows, rows, total, _error(product, expected[:rows]))


def _best(rung: Rung, a: torch.Tensor, b: torch.Tensor, rows: int) -> tuple[float, torch.Tensor]:
    """The fastest of several runs, not counting the first."""
    product = rung.run(a, b, rows)
    best = float("inf")
    started = time.perf_counter()
    runs = 0
    while runs < LEAST_RUNS or time.perf_counter() - started < SECONDS_EACH / 6:
        if time.perf_counter() - started > SECONDS_EACH:
            break
        runs += 1
        before = time.perf_counter()
        product = rung.run(a, b, rows)
        best = min(best, time.perf_counter() - before)
    return best, product


def _error(product: torch.Tensor, expected: torch.Tensor) -> float:
    return float((product - expected).abs().max()) if product.numel() else 0.0


EINSUM_SIDES: Mapping[str, Callable[[Any, Job], object]] = MappingProxyType(
    {"ladder": compute_ladder, "ways": compute_ways}
)
"""The side computations of the Einsum panel, by name."""
