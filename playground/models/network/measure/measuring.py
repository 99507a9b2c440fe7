"""The statistics of all layers after a run, kind by kind; during a drag, in one pass per tensor.

One pass suffices for float32 values that are all finite, with squares that neither overflow nor vanish; all others are
measured in full. What one kind of tensor tells about another is not computed again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from playground.models.job import Job
from playground.models.network.arrays import Floats
from playground.models.network.measure.histograms import SAMPLE, choose_axis, count_layers
from playground.models.network.measure.moments import HARMLESS, SAFE_FLOAT32
from playground.models.network.measure.reductions import (
    Extremes,
    Reductions,
    Stacks,
    as_floats,
    extremes_of,
    numbers,
    sum_rows,
    zeros_between,
)
from playground.models.network.measure.result import KINDS
from playground.models.network.measure.statistics import StatisticsTable, measure_stacks
from playground.models.network.measure.units import UnitPart, UnitTable, measure_saturation, measure_units
from playground.models.network.run.draws import ScaledDraws
from playground.models.network.spec.activations import ACTIVATIONS, saturates_at_zero
from playground.models.network.spec.spec import NetworkSpec

Found = dict[int, Reductions]
"""What is known about the layers of one kind, by the first layer of their stack."""


def measure_quickly(
    spec: NetworkSpec, stacks: Mapping[str, Stacks], scaled: ScaledDraws | None, kinds: Iterable[str]
) -> tuple[dict[str, StatisticsTable], tuple[UnitPart, ...]]:
    """The table for each kind, activations after their pre-activations, and the statistics of units.

    `scaled`: the weights, if they are multiples of draws.
    """
    found: dict[str, Found] = {}
    parts: dict[int, UnitPart] = {}
    for kind in kinds:
        if kind == "weight" and scaled is not None:
            found[kind] = {0: scaled.reductions()}
        elif kind == "activation":
            ends = _ends(spec, found["preactivation"])
            parts = {start: measure_units(x, True, ends.get(start)) for start, x in stacks[kind]}
            found[kind] = {start: part.found for start, part in parts.items()}
        else:
            found[kind] = {start: reduce_layers(stack) for start, stack in stacks[kind]}
    tables = tables_of({kind: known.values() for kind, known in found.items()})
    for kind in found.keys() - tables.keys():
        tables[kind] = measure_stacks(stacks[kind], True, found[kind])
    return tables, tuple(parts.values())


def _ends(spec: NetworkSpec, before: Found) -> dict[int, Extremes]:
    """The extremes of the activations, by a stack's first layer, if they equal those of the pre-activations."""
    activation = ACTIVATIONS[spec.activation]
    if spec.residual != "none" or spec.dropout or not activation.keeps_order:
        return {}
    found = {}
    for start, known in before.items():
        ends = np.stack((known.low, known.high))
        if np.isfinite(ends).all():
            low, high = numbers(activation.function(torch.from_numpy(ends).to(spec.torch_dtype)))
            found[start] = (low, high)
    return found


def reduce_layers(stack: torch.Tensor) -> Reductions:
    """The results of single passes over a (layers, ...) stack; only the extremes if its values are not ordinary."""
    x = as_floats(stack.detach().flatten(1))
    low, high = extremes_of(x)
    if x.dtype != torch.float32 or not _is_ordinary(low, high):
        return Reductions(x.shape[1], low, high)
    return Reductions(x.shape[1], low, high, *sum_rows(x), zeros_between(x, low, high))


def _is_ordinary(low: Floats, high: Floats) -> bool:
    """True if all values between these extremes are finite, and their squares are in float32's range."""
    peak = np.maximum(high, -low)
    return bool(peak.min() > SAFE_FLOAT32[0] and peak.max() < SAFE_FLOAT32[1])


def tables_of(found: Mapping[str, Collection[Reductions]]) -> dict[str, StatisticsTable]:
    """The tables of the kinds that are complete from the reductions of their stacks."""
    kinds = [kind for kind, parts in found.items() if all(_is_complete(known) for known in parts)]
    if not kinds:
        return {}
    table = _table_of([known for kind in kinds for known in found[kind]])
    harmless = table.mean**2 <= HARMLESS * table.rms**2
    tables, start = {}, 0
    for kind in kinds:
        layers = slice(start, start + sum(len(known.low) for known in found[kind]))
        start = layers.stop
        if harmless[layers].all():
            tables[kind] = table.part(layers)
    return tables


def _is_complete(known: Reductions) -> bool:
    return known.sums is not None and known.zeros is not None and _is_ordinary(known.low, known.high)


def _table_of(parts: Sequence[Reductions]) -> StatisticsTable:
    low, high, mean, norm, zeros = (
        np.concatenate([getattr(known, name) for known in parts]) for name in ("low", "high", "mean", "norm", "zeros")
    )
    count = np.repeat([known.count for known in parts], [len(known.low) for known in parts])
    rms = norm / np.sqrt(count)
    std = np.sqrt(np.maximum(0, rms**2 - mean**2) * count / np.maximum(1, count - 1))
    std[low == high] = 0.0
    none = np.zeros(len(count), dtype=np.int64)
    return StatisticsTable(count, mean, std, rms, low, high, zeros, none, none, none, none)


ORDER = ("activation_gradient", "weight_gradient", "preactivation", "activation", "weight")
"""The kinds in order: the last written first, since it may still be in the cache; activations after pre-activations."""


@dataclass(frozen=True, slots=True)
class Detail:
    """How much to measure: histograms of which kinds on which scale; `quick` during a drag."""

    histograms: tuple[str, ...] = KINDS
    scale: str = "log"
    quick: bool = False


def measure_kinds(
    spec: NetworkSpec, stacks: Mapping[str, Stacks], detail: Detail, scaled: ScaledDraws | None, job: Job
) -> tuple[dict[str, StatisticsTable], UnitTable]:
    """The table for each of `KINDS`, and the statistics of units; `scaled`: the weights, if multiples of draws.

    A cancelled job stops it between two kinds.
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
        np.full(spec.depth, spec.width),
        np.concatenate([part.dead for part in parts]),
        _saturated(spec, preactivations, tables),
        np.concatenate([part.spread for part in parts]),
        np.concatenate([part.cosine for part in parts]),
    )


def _saturated(spec: NetworkSpec, preactivations: Stacks, tables: Mapping[str, StatisticsTable]) -> Floats:
    """The saturated share of each layer; for relu, the saturated values are the zeros already counted."""
    before, after = tables["preactivation"], tables["activation"]
    if saturates_at_zero(spec.activation) and spec.residual == "none" and not spec.dropout:
        return np.asarray(after.zeros / after.count, dtype=np.float64)
    ends = np.stack((before.minimum, before.maximum))
    ends[:, before.infs > 0] = np.nan  # only those of the finite values
    shares = [
        measure_saturation(stack, spec.activation, *ends[:, start : start + len(stack)])
        for start, stack in preactivations
    ]
    return np.concatenate(shares)
