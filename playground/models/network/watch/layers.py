"""The layers of a watched module, built from its hooks' records, and the histograms of each kind of tensor."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import product

import numpy as np
import torch
from torch import nn

from playground.models.network.arrays import Floats
from playground.models.network.measure.histograms import SCALES, Histogram, HistogramTable
from playground.models.network.measure.result import EachLayer
from playground.models.network.measure.statistics import StatisticsTable, TensorStatistics, table_of
from playground.models.network.measure.units import UnitTable
from playground.models.network.spec.spec import DTYPES
from playground.models.network.watch.hooks import LayerRun, RunRecord
from playground.models.network.watch.parts import ScriptedWhole, is_quantised
from playground.models.network.watch.values import Keeper, KeptValues, Reduced, count_alone, count_kind, reduce

Gradients = dict[int, Reduced]
WATCHED_KINDS = ("activation", "activation_gradient", "weight", "weight_gradient")


@dataclass(frozen=True, slots=True, eq=False)
class WatchedLayer:
    """One run of one layer or block of a watched module; within a block others ran.

    `path` is its name in the module ("" for the module itself), `call` counts the runs of the same one from 1.
    `dead_fraction` is the share of its `units` that are 0 for every input; `saturated_fraction` exists for tanh and
    sigmoid; `spread` and `cosine` tell how much two inputs still differ. `note` describes special cases: run again,
    shared weights, several outputs, no gradient. `kept` has the values of each kind of tensor, by name; `entered`
    counts nan and inf in the input, if there are any in the output. `saved_bytes` is what autograd keeps of it for the
    backward pass, without parameters and the batch, each storage at the layer that first saved it; None if unknown.
    """

    path: str
    kind: str
    is_block: bool
    call: int
    shape: tuple[int, ...]
    dtype: str
    parameter_count: int
    activation: TensorStatistics | None
    activation_gradient: TensorStatistics | None
    weight: TensorStatistics | None
    weight_gradient: TensorStatistics | None
    dead_fraction: float | None
    note: str = ""
    units: int = 0
    saturated_fraction: float | None = None
    spread: float = float("nan")
    cosine: float = float("nan")
    kept: dict[str, KeptValues] = field(default_factory=dict)
    entered: tuple[int, int] = (0, 0)
    saved_bytes: int | None = None

    def statistics(self, kind: str) -> TensorStatistics | None:
        """The statistics of one of `WATCHED_KINDS`."""
        found: TensorStatistics | None = getattr(self, kind)
        return found


class CountedKinds(Mapping[tuple[str, str], HistogramTable]):
    """The histograms by kind of tensor and scale, each counted on first access: most are never needed.

    Those of some `rows` of `all_rows` are taken from what is counted there, on the same axis.
    """

    def __init__(
        self, layers: tuple[WatchedLayer, ...], all_rows: CountedKinds | None = None, rows: Sequence[int] = ()
    ) -> None:
        self._layers, self._all, self._rows = layers, all_rows, list(rows)
        self._counted: dict[tuple[str, str], HistogramTable] = {}

    def __getitem__(self, key: tuple[str, str]) -> HistogramTable:
        if key not in self._counted:
            self._counted[key] = self._count(*key) if self._all is None else self._all[key].part(self._rows)
        return self._counted[key]

    def _count(self, kind: str, scale: str) -> HistogramTable:
        kept = [layer.kept.get(kind) for layer in self._layers]
        return count_kind(kept, [layer.statistics(kind) for layer in self._layers], scale)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return product(WATCHED_KINDS, SCALES) if self._layers else iter(())

    def __len__(self) -> int:
        return len(WATCHED_KINDS) * len(SCALES) if self._layers else 0

    def forget_values(self) -> None:
        """Release the tensors; histograms not counted yet are counted now, on samples."""
        for key in self:
            self[key]
        for layer in self._layers:
            layer.kept.clear()


def histograms_alone(
    layers: tuple[WatchedLayer, ...], kind: str, scale: str, shared: HistogramTable
) -> Sequence[Histogram]:
    """Each layer's histogram on the range of its own values, counted when it is looked at.

    Where its values are no longer kept, what was counted on the `shared` axis of all layers is all there is.
    """

    @cache
    def count(row: int) -> Histogram:
        kept, statistics = layers[row].kept.get(kind), layers[row].statistics(kind)
        return shared.layer(row) if kept is None or statistics is None else count_alone(kept, statistics, scale)

    return EachLayer(len(layers), count)


def tables_of_kinds(layers: tuple[WatchedLayer, ...]) -> dict[str, StatisticsTable]:
    """The statistics of each of `WATCHED_KINDS`, without histograms."""
    return {kind: table_of([layer.statistics(kind) for layer in layers]) for kind in WATCHED_KINDS}


def units_of(layers: tuple[WatchedLayer, ...]) -> UnitTable:
    """What the batch tells about the units of each layer."""

    def floats(values: Iterable[float | None]) -> Floats:
        return np.array(list(values), dtype=np.float64)  # None becomes nan

    return UnitTable(
        np.array([layer.units for layer in layers], dtype=np.int64),
        floats(layer.dead_fraction for layer in layers),
        floats(layer.saturated_fraction for layer in layers),
        floats(layer.spread for layer in layers),
        floats(layer.cosine for layer in layers),
    )


def common_dtype(layers: tuple[WatchedLayer, ...]) -> str:
    """That of all activations, "" where they have several or one that is no floating-point number."""
    found = {layer.dtype for layer in layers if layer.activation is not None}
    return found.pop() if len(found) == 1 and found <= DTYPES.keys() else ""


@dataclass(slots=True)
class _Weights:
    """What is known about each weight, by its id: its first owner, and its statistics."""

    gradients: Gradients
    keeper: Keeper
    owners: dict[int, str] = field(default_factory=dict)
    reduced: dict[int, Reduced] = field(default_factory=dict)

    def of(self, weight: nn.Parameter | None) -> tuple[Reduced, Reduced]:
        """The statistics of a weight and of its gradient."""
        if weight is None:
            return Reduced(), Reduced()
        if id(weight) not in self.reduced:
            self.reduced[id(weight)] = reduce(weight.detach(), self.keeper)
        return self.reduced[id(weight)], self.gradients.get(id(weight), Reduced())


def measured_layers(record: RunRecord, gradients: Gradients, keeper: Keeper) -> tuple[WatchedLayer, ...]:
    """One entry a run of a layer or block; `gradients` are those of the parameters by their ids."""
    calls: dict[nn.Module, int] = {}
    for run in record.runs:
        calls[run.module] = max(calls.get(run.module, 0), run.call)
    weights = _Weights(gradients, keeper)
    return tuple(_layer(run, calls[run.module], weights) for run in record.runs)


def _layer(run: LayerRun, calls: int, weights: _Weights) -> WatchedLayer:
    own = [p for p in run.module.parameters(recurse=isinstance(run.module, ScriptedWhole)) if p is not None]
    weight = next((p for p in own if p.dim() >= 2), own[0] if own else None)
    output, gradient = run.activation or Reduced(), run.gradient or Reduced()
    reduced, by_weight = weights.of(weight) if own else (_packed_weight(run.module, weights.keeper), Reduced())
    parts = zip(WATCHED_KINDS, (output, gradient, reduced, by_weight), strict=True)
    return WatchedLayer(
        run.path,
        type(run.module).__name__,
        run.is_block,
        run.call,
        run.shape,
        run.dtype,
        sum(p.numel() for p in own),
        output.statistics,
        gradient.statistics,
        reduced.statistics,
        by_weight.statistics,
        output.dead,
        "; ".join(_notes(run, calls, own, weight, weights)),
        output.units,
        output.saturated,
        output.spread,
        output.cosine,
        {kind: part.kept for kind, part in parts if part.kept is not None},
        output.entered,
        run.saved_bytes,
    )


def _packed_weight(module: nn.Module, keeper: Keeper) -> Reduced:
    """The dequantised weight of a quantised layer."""
    weight = getattr(module, "weight", None) if is_quantised(module) else None
    packed = weight() if callable(weight) else weight
    return reduce(packed.dequantize(), keeper) if isinstance(packed, torch.Tensor) else Reduced()


def _notes(
    run: LayerRun, calls: int, own: list[nn.Parameter], weight: nn.Parameter | None, weights: _Weights
) -> list[str]:
    notes = []
    if calls > 1:
        notes.append(f"run {run.call} of {calls}" + (", its weight gradients are summed over all runs" if own else ""))
    if weight is not None:
        owner = weights.owners.setdefault(id(weight), run.path)
        if owner != run.path:
            notes.append(f"weights shared with {owner}")
    if run.outputs > 1:
        notes.append(f"the first of {run.outputs} outputs")
    if not run.shape and run.activation is None:
        notes.append(f"returns {run.dtype}" if not run.outputs else "a single number")
    if run.activation is not None and run.gradient is None:
        notes.append("receives no gradient")
    return notes
