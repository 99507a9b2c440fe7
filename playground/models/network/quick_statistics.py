"""Statistics while the hand is dragging: each tensor is gone through once, then all kinds are worked out together.

What can be worked out so are float32 values that are all finite and whose squares neither overflow nor vanish: what is
not ordinary in this sense is measured in full. What one kind of tensor tells of another is not sought again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np
import torch

from playground.models.network.activations import ACTIVATIONS
from playground.models.network.arrays import Floats
from playground.models.network.layer_statistics import StatisticsTable, measure_stacks
from playground.models.network.moments import HARMLESS, SAFE_FLOAT32
from playground.models.network.reductions import (
    Extremes,
    Reductions,
    as_floats,
    extremes_of,
    numbers,
    sum_rows,
    zeros_between,
)
from playground.models.network.scaled_draws import ScaledDraws
from playground.models.network.spec import NetworkSpec
from playground.models.network.stacks import Stacks
from playground.models.network.unit_statistics import UnitPart, measure_units

Found = dict[int, Reductions]
"""What is known of the layers of one kind, by the first layer of their stack."""


def measure_quickly(
    spec: NetworkSpec, stacks: Mapping[str, Stacks], scaled: ScaledDraws | None, kinds: Iterable[str]
) -> tuple[dict[str, StatisticsTable], tuple[UnitPart, ...]]:
    """The table of each of the kinds, activations after what enters them, and what the units tell.

    `scaled`: the weights, where they are multiples of draws.
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
    """The extremes of the activations, by a stack's first layer, where they are those of what enters them."""
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
    """What single passes over a (layers, ...) stack tell; the extremes alone where its values are not ordinary."""
    x = as_floats(stack.detach().flatten(1))
    low, high = extremes_of(x)
    if x.dtype != torch.float32 or not _is_ordinary(low, high):
        return Reductions(x.shape[1], low, high)
    return Reductions(x.shape[1], low, high, *sum_rows(x), zeros_between(x, low, high))


def _is_ordinary(low: Floats, high: Floats) -> bool:
    """Whether all values between these extremes are finite, and the squares of the largest in float32's range."""
    peak = np.maximum(high, -low)
    return bool(peak.min() > SAFE_FLOAT32[0] and peak.max() < SAFE_FLOAT32[1])


def tables_of(found: Mapping[str, Collection[Reductions]]) -> dict[str, StatisticsTable]:
    """The tables of the kinds of which the reductions of their stacks tell all there is."""
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
