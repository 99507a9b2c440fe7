"""`make bench`: how much the app costs beyond bare torch and bare Qt, as ratios taken in one run.

Each pair is timed in turns, so that a noisy machine slows both alike; the median of the ratios is printed.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

from tests.benchmarks import computing, dragging, painting, starting
from tests.benchmarks.benchmark import Benchmark

ROUNDS = 7


def ratio(ours: Callable[[], object], bare: Callable[[], object], rounds: int = ROUNDS) -> tuple[float, float]:
    """The median of ours / bare over some rounds, after one warm-up of each; and the median seconds of ours."""
    ours(), bare()
    pairs = []
    for _ in range(rounds):
        started = time.perf_counter()
        ours()
        middle = time.perf_counter()
        bare()
        pairs.append((middle - started, time.perf_counter() - middle))
    return statistics.median(a / b for a, b in pairs), statistics.median(a for a, _ in pairs)


def run(benchmark: Benchmark) -> tuple[float, float]:
    """The ratio of a benchmark, and the seconds of ours or of the whole measurement."""
    if benchmark.make is not None:
        return ratio(*benchmark.make(), benchmark.rounds)
    assert benchmark.measured is not None
    started = time.perf_counter()
    return benchmark.measured(), time.perf_counter() - started


def main(wanted: list[str]) -> int:
    """Run the benchmarks whose names hold one of the wanted words (all if none is given) and print a line each."""
    for module in (starting, computing, dragging, painting):
        for benchmark in module.BENCHMARKS:
            if wanted and not any(word in benchmark.name for word in wanted):
                continue
            measured, seconds = run(benchmark)
            verdict = "ok" if measured <= benchmark.bound else "ABOVE"
            print(
                f"{benchmark.name:<58} {measured:7.2f} x {benchmark.against:<34} "
                f"(at most {benchmark.bound:g}) {verdict:<5} {1000 * seconds:8.1f} ms",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
