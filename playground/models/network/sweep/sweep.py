"""Runs many networks and measures each: `sweep(NetworkSpec(depth=50), gain=[0.5, 1, 2], seed=range(20))`."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import replace
from typing import Any

from playground.models.job import Job
from playground.models.network.measure.measuring import Detail
from playground.models.network.measure.result import NetworkResult
from playground.models.network.pinned import curves_of, judge_run
from playground.models.network.run.run import run_network
from playground.models.network.spec.checks import check_spec
from playground.models.network.spec.spec import NetworkSpec
from playground.models.network.sweep.each import run_in_processes, run_in_turn, run_on
from playground.models.network.sweep.table import MEASURED, SETTINGS, SweepRow, SweepTable
from playground.models.problem import ProblemError, refuse

MOST_NETWORKS = 1_000_000
FEW = 4
"""So many networks run in this process: starting others takes longer."""
QUICK = Detail(histograms=(), quick=True)


def sweep(
    specs: NetworkSpec | Iterable[NetworkSpec],
    executor: Executor | None = None,
    on_result: Callable[[SweepRow], None] | None = None,
    job: Job | None = None,
    **grid: Iterable[Any],
) -> SweepTable:
    """Run each network once, forward and backward, and return a table with a row for each, in order.

    >>> from playground import NetworkSpec, sweep
    >>> table = sweep(NetworkSpec(width=20, batch=8, activation="relu"), depth=[2, 3], gain=[0.5, 1.0])
    >>> [(row["depth"], row["gain"]) for row in table]
    [(2, 0.5), (2, 1.0), (3, 0.5), (3, 1.0)]

    `specs` is one network or several; each setting given by name multiplies them by its values, the last one varying
    fastest. The networks run in processes of this machine, or on any `concurrent.futures.Executor`; `on_result` gets
    each row as it is finished. A row says what was measured, or in `row["problem"]` why its network cannot run; a
    worker that dies costs nothing but time. Raises `ProblemError` for a setting that does not exist, and
    `CancelledError` if the job is cancelled.
    """
    wanted = tuple(itertools.islice(networks_of(specs, grid), MOST_NETWORKS + 1))
    if len(wanted) > MOST_NETWORKS:
        refuse(f"More than {MOST_NETWORKS:,} networks.")
    job = job or Job()
    rows: dict[int, SweepRow] = {}
    for place, row in _runs(wanted, executor, job):
        rows[place] = row
        job.report(len(rows) / len(wanted), f"network {len(rows):,} of {len(wanted):,}")
        if on_result is not None:
            on_result(row)
    return SweepTable(rows[place] for place in range(len(wanted)))


def networks_of(specs: NetworkSpec | Iterable[NetworkSpec], grid: Mapping[str, Iterable[Any]]) -> Iterator[NetworkSpec]:
    """Each spec with each combination of the grid's values; the last setting varies fastest."""
    for name in grid:
        if name not in SETTINGS:
            refuse(f"A network has no setting {name!r}. It has {', '.join(SETTINGS)}.")
    values = [tuple(one) for one in grid.values()]
    for spec in [specs] if isinstance(specs, NetworkSpec) else specs:
        for chosen in itertools.product(*values):
            yield replace(spec, **dict(zip(grid, chosen, strict=True)))


def _runs(specs: tuple[NetworkSpec, ...], executor: Executor | None, job: Job) -> Iterator[tuple[int, SweepRow]]:
    if executor is not None:
        return run_on(executor, specs, measure_row, job)
    if len(specs) <= FEW:
        return run_in_turn(specs, measure_row, job)
    return run_in_processes(specs, measure_row, job)


def measure_row(spec: NetworkSpec) -> SweepRow:
    """Run one network and measure it; one that cannot run gives a row that says why."""
    try:
        problem = check_spec(spec)
        if problem is not None:
            raise ProblemError(problem)
        return SweepRow(spec, _measured(run_network(spec, detail=QUICK)))
    except ProblemError as error:
        missing = dict.fromkeys(MEASURED, math.nan)
        return SweepRow(spec, {**missing, "verdict": "", "problem": str(error.problem)})


def _measured(result: NetworkResult) -> dict[str, Any]:
    curves = curves_of(result)
    numbers = (
        result.loss,
        curves.rms[0],
        curves.rms[-1],
        curves.std[-1],
        curves.activation_gradient[0],
        curves.activation_gradient[-1],
        curves.zeros[-1],
        curves.dead[-1],
    )
    words = (judge_run(result).lead, "")
    return dict(zip(MEASURED, (*map(float, numbers), *words), strict=True))
