"""The statistics of all layers of a network that has run, kind by kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from playground.models.job import Job
from playground.models.network.arrays import Floats
from playground.models.network.measure.histograms import SAMPLE, choose_axis, count_layers
from playground.models.network.measure.reductions import Layers, stacked
from playground.models.network.measure.result import KINDS
from playground.models.network.measure.statistics import StatisticsTable, measure_layers
from playground.models.network.measure.units import UnitTable, measure_saturation, measure_units


@dataclass(frozen=True, slots=True)
class Detail:
    """How much to measure: histograms of which kinds on which scale; `quick` during a drag."""

    histograms: tuple[str, ...] = KINDS
    scale: str = "log"
    quick: bool = False


def measure_kinds(
    activation: str, layers: Mapping[str, Layers], detail: Detail, job: Job
) -> tuple[dict[str, StatisticsTable], UnitTable]:
    """The table of each of `KINDS`, and what the units of this activation tell; `layers` holds a kind's tensors.

    A cancelled job stops it between two kinds.
    """
    tables = {}
    for step, kind in enumerate(KINDS):
        job.check()
        job.report(0.9 + 0.02 * step, f"statistics, {kind.replace('_', ' ')}s")
        tables[kind] = measure_layers(layers[kind], detail.quick)
    for kind in detail.histograms:
        tables[kind] = _counted(layers[kind], detail, tables[kind])
    parts = [measure_units(stack, detail.quick) for _start, stack in stacked(layers["activation"])]
    dead, spread, cosine = (np.concatenate([getattr(part, name) for part in parts])
                            for name in ("dead", "spread", "cosine"))  # fmt: skip
    saturated = _saturated(activation, layers["preactivation"], tables["preactivation"])
    units = np.array([layer.shape[1] for layer in layers["activation"]])
    return tables, UnitTable(units, dead, saturated, spread, cosine)


def _counted(layers: Layers, detail: Detail, table: StatisticsTable) -> StatisticsTable:
    """A table with its histograms, on one axis for all layers."""
    axis = choose_axis(detail.scale, table.rms, table.minimum, table.maximum)
    stacks = (stack for _start, stack in stacked(layers))
    return replace(table, histograms=count_layers(stacks, axis, SAMPLE if detail.quick else 0))


def _saturated(activation: str, preactivations: Layers, table: StatisticsTable) -> Floats:
    """The saturated share of each layer."""
    ends = np.stack((table.minimum, table.maximum))
    ends[:, table.infs > 0] = np.nan  # those of the finite values only
    shares = [
        measure_saturation(stack, activation, *ends[:, start : start + len(stack)])
        for start, stack in stacked(preactivations)
    ]
    return np.concatenate(shares)
