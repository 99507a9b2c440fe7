"""The statistics of all layers of a network that has run, kind by kind; what one tells of another is not sought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from playground.models.job import Job
from playground.models.network.activations import ACTIVATIONS, saturates_at_zero
from playground.models.network.arrays import Floats
from playground.models.network.histograms import SAMPLE, choose_axis, count_layers
from playground.models.network.layer_statistics import StatisticsTable, measure_stacks
from playground.models.network.reductions import Reductions, numbers
from playground.models.network.result import KINDS
from playground.models.network.scaled_draws import ScaledDraws
from playground.models.network.spec import NetworkSpec
from playground.models.network.stacks import Stacks
from playground.models.network.unit_statistics import UnitPart, UnitTable, measure_saturation, measure_units

ORDER = ("activation_gradient", "weight_gradient", "preactivation", "activation", "weight")
"""What a pass wrote last first, as the cache may still hold it; activations after what enters them."""
Known = Mapping[int, Reductions]
"""What is known of some layers without a look at them, by the first layer of their stack."""


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
    tables: dict[str, StatisticsTable] = {}
    parts: dict[int, UnitPart] = {}
    known: dict[str, Known] = {}
    if detail.quick and scaled is not None:
        known["weight"] = {0: scaled.reductions()}
    for step, kind in enumerate(ORDER):
        job.check()
        job.report(0.9 + 0.02 * step, f"statistics, {kind.replace('_', ' ')}s")
        if kind == "activation":
            ends = _ends(spec, stacks, tables["preactivation"]) if detail.quick else {}
            parts = {start: measure_units(x, detail.quick, ends.get(start)) for start, x in stacks[kind]}
            known[kind] = {start: part.found for start, part in parts.items() if part.found}
        tables[kind] = _measured(stacks[kind], detail, kind in detail.histograms, known.get(kind, {}))
    units = _units(spec, stacks["preactivation"], tables, tuple(parts.values()))
    return {kind: tables[kind] for kind in KINDS}, units


def _ends(spec: NetworkSpec, stacks: Mapping[str, Stacks], before: StatisticsTable) -> dict[int, tuple[Floats, Floats]]:
    """The extremes of the activations, by a stack's first layer, where they are those of what enters them."""
    activation = ACTIVATIONS[spec.activation]
    changed = spec.residual != "none" or spec.dropout or bool(np.any(before.nans + before.infs))
    if changed or not activation.keeps_order:
        return {}
    found = {}
    for start, stack in stacks["activation"]:
        layers = slice(start, start + len(stack))
        ends = torch.from_numpy(np.stack((before.minimum[layers], before.maximum[layers]))).to(stack)
        low, high = numbers(activation.function(ends))
        found[start] = (low, high)
    return found


def _measured(layers: Stacks, detail: Detail, counted: bool, known: Known) -> StatisticsTable:
    """The statistics of one kind of tensor, and its histograms on one axis for all layers where they are wanted."""
    table = measure_stacks(layers, detail.quick, known)
    if not counted:
        return table
    axis = choose_axis(detail.scale, table.rms, table.minimum, table.maximum)
    return replace(
        table, histograms=count_layers((stack for _start, stack in layers), axis, SAMPLE if detail.quick else 0)
    )


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
    shares = [
        measure_saturation(
            stack,
            spec.activation,
            before.minimum[start : start + len(stack)],
            before.maximum[start : start + len(stack)],
        )
        for start, stack in preactivations
    ]
    return np.concatenate(shares)
