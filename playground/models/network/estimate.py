"""What a run will cost, before anything is drawn."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cache

import torch

from playground.models.network.build import parameter_counts
from playground.models.network.noise import BANK
from playground.models.network.spec import DTYPES, NetworkSpec
from playground.models.network.stacks import CHUNK

LONG_SECONDS = 2.0
SLOW_DTYPES = {"float16": 6.0, "bfloat16": 3.0, "float32": 1.0, "float64": 2.0}
"""How much longer a CPU multiplies matrices of a dtype than of float32, roughly."""
PASSES_A_VALUE = 60
"""How many passes over a value full statistics and a histogram come to."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Seconds and bytes at the peak, with how many weights and biases there are."""

    seconds: float
    bytes: int
    weights: int
    biases: int


@cache
def machine_speed() -> tuple[float, float]:
    """(multiplications and additions a second in a float32 matrix product, float32 values a second in one pass)."""
    a, values = torch.ones(256, 256), torch.ones(2**18)
    torch.mm(a, a)
    values.abs()
    start = time.perf_counter()
    for _ in range(4):
        torch.mm(a, a)
    middle = time.perf_counter()
    for _ in range(8):
        values.abs()
    end = time.perf_counter()
    return 4 * 2 * 256**3 / max(1e-9, middle - start), 8 * 2**18 / max(1e-9, end - middle)


def estimate(spec: NetworkSpec, features: int, seeds: int = 1) -> Estimate:
    """The cost of a run with all its statistics, from sizes alone; bytes are exact Python integers."""
    weights, biases = parameter_counts(spec, features)
    width = DTYPES[spec.dtype].itemsize
    values = spec.depth * spec.batch * spec.width
    draws = 4 * weights if BANK.keeps(spec.depth, (spec.width, spec.width)) else 4 * spec.width**2
    size = draws + 2 * width * weights + 3 * width * values + min(values, 4 * CHUNK) * 24
    operations, passes = machine_speed()
    multiply = 6 * spec.batch * weights * SLOW_DTYPES[spec.dtype] / operations
    measuring = PASSES_A_VALUE * (3 * values + 2 * weights) / passes
    drawing = 8 * weights / passes
    if spec.init in ("orthogonal", "lsuv"):
        drawing += 8 * weights * spec.width / operations
    return Estimate(multiply * (1 + seeds) + measuring + drawing * max(1, seeds), size, weights, biases)
