"""What a run will cost, before anything is drawn.

The machine's speed is tried once: of "dragging a network of 50 x 100 x 200" that saves a third.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import torch

from playground.models.network.measure.histograms import choose_axis, count_layers
from playground.models.network.measure.reductions import CHUNK
from playground.models.network.measure.statistics import measure
from playground.models.network.run.build import parameter_counts
from playground.models.network.spec.noise import BANK
from playground.models.network.spec.spec import DTYPES, NetworkSpec

LONG_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Estimate:
    """Seconds and peak bytes, and the numbers of weights and biases."""

    seconds: float
    bytes: int
    weights: int
    biases: int


@dataclass(frozen=True, slots=True)
class MachineSpeed:
    """Seconds for one float32 multiplication or addition, and for drawing, measuring and binning one value."""

    multiply: float
    draw: float
    measure: float
    count: float = 0.0


def _best(work: Callable[[], object], tries: int = 5) -> float:
    """The shortest of a few runs, in this thread's CPU time: the window may be building meanwhile."""
    found = []
    for _ in range(tries):
        start = time.thread_time()
        work()
        found.append(time.thread_time() - start)
    return min(found)


@cache
def multiply_seconds(dtype: torch.dtype) -> float:
    """Seconds for one multiplication or addition of a matrix product; a CPU may need ten times as long for float16."""
    a = torch.ones(192, 192, dtype=dtype)
    return _best(lambda: torch.mm(a, a)) / (2 * 192**3)


@cache
def machine_speed() -> MachineSpeed:
    """Measured once on small tensors, in a few milliseconds."""
    values = torch.rand(1, 2**16)
    table = measure(values)
    axis = choose_axis("log", table.rms, table.minimum, table.maximum)
    return MachineSpeed(
        multiply_seconds(torch.float32),
        _best(lambda: torch.randn(2**14)) / 2**14,
        _best(lambda: measure(values)) / 2**16,
        _best(lambda: count_layers([values], axis)) / 2**16,
    )


def estimate(spec: NetworkSpec, features: int) -> Estimate:
    """The cost of a run with all its statistics, from sizes alone; bytes are exact Python integers."""
    weights, biases = parameter_counts(spec, features)
    width = DTYPES[spec.dtype].itemsize
    values = spec.depth * spec.batch * spec.width
    draws = 4 * weights if BANK.keeps(spec.depth, (spec.width, spec.width)) else 4 * spec.width**2
    size = draws + 2 * width * weights + 3 * width * values + min(values, 4 * CHUNK) * 24
    speed = machine_speed()
    multiply = 6 * spec.batch * weights * multiply_seconds(spec.torch_dtype)
    measuring = (4 * values + 2 * weights) * speed.measure + values * speed.count
    drawing = weights * speed.draw
    if spec.init in ("orthogonal", "lsuv"):
        drawing += 8 * weights * spec.width * multiply_seconds(torch.float32)
    return Estimate(multiply + measuring + drawing, size, weights, biases)
