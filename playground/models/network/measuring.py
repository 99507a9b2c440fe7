"""The statistics of all layers of a network that has run, kind by kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from playground.models.job import Job
from playground.models.network.activations import saturates_at_zero
from playground.models.network.arrays import Floats
from playground.models.network.histograms import SAMPLE, choose_axis, count_layers
from playground.models.network.layer_statistics import StatisticsTable, measure_stacks
from playground.models.network.quick_statistics import measure_quickly
from playground.models.network.result import KINDS
from playground.models.network.scaled_draws import ScaledDraws
from playground.models.network.spec import NetworkSpec
from playground.models.network.stacks import Stacks
from playground.models.network.unit_statistics import UnitPart, UnitTable, measure_saturation, measure_units

ORDER = ("activation_gradient", "weight_gradient", "preactivation", "activation", "weight")
"""What a pass wrote last first, as the cache may still hold it; activations after what enters them."""


@dataclass(frozen=True, slots=True)
class Detail:
    """How much to measure: histograms of which kinds on which scale; `quick` while the hand is dragging."""

    histograms: tuple[str, ...] = KINDS
    scale: str = "log"
    quick: bool = False


def measure_kinds(
    spec: NetworkSpec, stacks: Mapping[str, Stacks], detail: Detail, scaled: ScaledDraws | None, job: Job
) -> tuple[dict[str, StatisticsTable], UnitTable]:
    """The table of each of `KINDS`, and what the units tell; `scaled`: the weights, where they are multiples of draws.

    A job that is cancelled stops it between two kinds.
    """
    kinds = _in_order(job)
    if detail.quick:
        tables, parts = measure_quickly(spec, stacks, scaled, kinds)
    else:
        tables = {kind: measure_stacks(stacks[kind]) for kind in kinds}
        parts = tuple(measure_units(x) for _start, x in stacks["activation"])
    for kind in detail.histograms:
        tables[kind] = _counted(stacks[kind], detail, tables[kind])
    units = _units(spec, stacks["preactivation"], tables, parts)
    return {kind: tables[kind] for kind in KINDS}, units


def _in_order(job: Job) -> Iterator[str]:
    for step, kind in enumerate(ORDER):
        job.check()
        job.report(0.9 + 0.02 * step, f"statistics, {kind.replace('_', ' ')}s")
        yield kind


def _counted(layers: Stacks, detail: Detail, table: StatisticsTable) -> StatisticsTable:
    """A table with its histograms, on one axis for all layers."""
    axis = choose_axis(detail.scale, table.rms, table.minimum, table.maximum)
    stacks = (stack for _start, stack in layers)
    return replace(table, histograms=count_layers(stacks, axis, SAMPLE if detail.quick else 0))


def _units(
    spec: NetworkSpec, preactivations: Stacks, tables: Mapping[str, StatisticsTable], parts: Sequence[UnitPart]
) -> UnitTable:
    return UnitTable(
        np.concatenate([part.dead for part in parts]),
        _saturated(spec, preactivations, tables),
        np.concatenate([part.spread for part in parts]),
        np.concatenate([part.cosine for part in parts]),
    )


def _saturated(spec: NetworkSpec, preactivations: Stacks, tables: Mapping[str, StatisticsTable]) -> Floats:
    """The saturated share of each layer: of relu, whose saturated values are its zeros, those counted already."""
    before, after = tables["preactivation"], tables["activation"]
    if saturates_at_zero(spec.activation) and spec.residual == "none" and not spec.dropout:
        return np.asarray(after.zeros / after.count, dtype=np.float64)
    ends = np.stack((before.minimum, before.maximum))
    ends[:, before.infs > 0] = np.nan  # those of the finite values only
    shares = [
        measure_saturation(stack, spec.activation, *ends[:, start : start + len(stack)])
        for start, stack in preactivations
    ]
    return np.concatenate(shares)
