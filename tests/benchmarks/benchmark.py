"""What a benchmark is: two things to time in turns, and the ratio that was promised."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Pair = tuple[Callable[[], object], Callable[[], object]]


@dataclass(frozen=True)
class Benchmark:
    """`make()` sets up and returns (ours, bare); or else `measured()` gives the ratio itself."""

    name: str
    against: str
    bound: float
    make: Callable[[], Pair] | None = None
    rounds: int = 7
    measured: Callable[[], float] | None = None
