"""The same network drawn many times: the 5 to 95 % band of its curves."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace

import numpy as np
import torch

from playground.models.job import Job
from playground.models.network.arrays import Floats
from playground.models.network.compare import Curves, curves_of
from playground.models.network.measuring import Detail
from playground.models.network.run import run_network
from playground.models.network.spec import NetworkSpec

LOW, HIGH = 0.05, 0.95
PATIENCE_SECONDS = 5.0
ALWAYS = 20
"""After so many seconds no further seed is begun, once so many have run: the 5 and 95 % of these hardly move."""


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """Curves at 5 % and 95 % over `done` of `wanted` seeds; fewer where all of them would have kept the page busy."""

    low: Curves
    high: Curves
    done: int
    wanted: int


def band_of(runs: list[Curves], wanted: int) -> Band:
    """The quantiles of the runs at hand, layer by layer; values that are nan count as missing."""

    def quantile(share: float) -> Curves:
        stacks = (np.stack([getattr(run, one.name) for run in runs]) for one in fields(Curves))
        return Curves(*(_quantile(stack, share) for stack in stacks))

    return Band(quantile(LOW), quantile(HIGH), len(runs), wanted)


def _quantile(values: Floats, share: float) -> Floats:
    """Linear quantile of each column's values that are not nan."""
    result = np.full(values.shape[1], np.nan)
    known = ~np.isnan(values).all(axis=0)
    if known.any():
        with np.errstate(invalid="ignore"):
            result[known] = np.nanquantile(values[:, known], share, axis=0)
    return result


def run_seeds(
    spec: NetworkSpec,
    count: int,
    tensors: Mapping[str, torch.Tensor] | None = None,
    job: Job | None = None,
    show: Callable[[Band], None] | None = None,
) -> Band:
    """Run seeds `spec.seed` to `spec.seed + count - 1`; `show` gets the band as it grows.

    Ends early where the seeds would keep the page busy for more than a few seconds: the band says how many ran.
    """
    job = job or Job()
    runs: list[Curves] = []
    quick, silent = Detail(histograms=(), quick=True), Job(job.is_cancelled)
    start = time.monotonic()
    for step in range(count):
        job.yield_to_newer()
        if step >= ALWAYS and time.monotonic() - start > PATIENCE_SECONDS:
            break
        runs.append(curves_of(run_network(replace(spec, seed=spec.seed + step), tensors, quick, silent)))
        job.report((step + 1) / count, f"seed {step + 1} of {count}")
        if show is not None and step + 1 < count and (step + 1) % 5 == 0:
            show(band_of(runs, count))
    return band_of(runs, count)
