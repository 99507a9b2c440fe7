"""A watched module as a result of the Network page, so that the page's plots can draw it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import overload

import numpy as np
from numpy.typing import NDArray

from playground.models.network.measure.histograms import Histogram
from playground.models.network.measure.result import NetworkResult
from playground.models.network.measure.statistics import StatisticsTable, TensorStatistics
from playground.models.network.measure.units import UnitTable
from playground.models.network.request import NetworkPageResult, NetworkRequest, Theory
from playground.models.network.run.estimate import Estimate
from playground.models.network.spec.spec import NetworkSpec
from playground.models.network.theory.mean_field import MeanFieldPrediction
from playground.models.network.verdict.verdict import Verdict
from playground.models.network.watch.layers import WATCHED_KINDS, WatchedLayer
from playground.models.network.watch.values import count_alone
from playground.models.network.watch.watch import WatchResult

NO_THEORY = "no theory drawn: it is for plain chains of equal layers"


def page_of(result: WatchResult, kind: str = "activation", scale: str = "log", own: bool = False) -> NetworkPageResult:
    """The page for a watched module with at least one layer; `own` gives each histogram its own range.

    Its spec only has the depth: nothing else of a module fits one.
    """
    layers = result.layers
    spec = NetworkSpec(depth=len(layers))
    nothing = _numbers(None)
    network = NetworkResult(
        spec,
        {name: _table(result, name, scale) for name in WATCHED_KINDS},
        _units(layers),
        nothing,
        math.nan if result.loss is None else result.loss,
    )
    nan, count = math.nan, result.parameter_count
    theory = Theory(MeanFieldPrediction(reason=NO_THEORY, gradient_reason=NO_THEORY), None, nan)
    return NetworkPageResult(
        NetworkRequest(spec, kind=kind, scale=scale, own_range=own),
        network,
        theory,
        Verdict("good", "", ""),
        (),
        Estimate(0.0, 0, count, 0),
        own=OwnHistograms(result, kind, scale) if own else (),
    )


class OwnHistograms(Sequence[Histogram]):
    """Each layer's histogram on the range of its own values, counted on access."""

    def __init__(self, result: WatchResult, kind: str, scale: str) -> None:
        self._result, self._kind, self._scale = result, kind, scale
        self._counted: dict[int, Histogram] = {}

    def __len__(self) -> int:
        return len(self._result.layers)

    @overload
    def __getitem__(self, index: int) -> Histogram: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Histogram]: ...
    def __getitem__(self, index: int | slice) -> Histogram | Sequence[Histogram]:
        if isinstance(index, slice):
            return [self._count(place) for place in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(f"layer {index} of {len(self)}")
        return self._count(index % len(self))

    def _count(self, index: int) -> Histogram:
        if index not in self._counted:
            layer = self._result.layers[index]
            kept, statistics = layer.kept.get(self._kind), layer.statistics(self._kind)
            if kept is None or statistics is None:
                # Without its values, only the counts on the shared axis are available.
                return self._result.counted[self._kind, self._scale].layer(index)
            self._counted[index] = count_alone(kept, statistics, self._scale)
        return self._counted[index]


def _numbers(statistics: TensorStatistics | None) -> TensorStatistics:
    """The statistics, or those of an empty tensor."""
    nan = math.nan
    return statistics or TensorStatistics(0, nan, nan, nan, nan, nan, 0.0, 0.0, 0, 0, 0)


def _table(result: WatchResult, kind: str, scale: str) -> StatisticsTable:
    numbers = [_numbers(layer.statistics(kind)) for layer in result.layers]

    def floats(name: str) -> NDArray[np.float64]:
        return np.array([getattr(one, name) for one in numbers], dtype=np.float64)

    def counts(name: str) -> NDArray[np.int64]:
        return np.array([getattr(one, name) for one in numbers], dtype=np.int64)

    def shares(name: str) -> NDArray[np.int64]:
        return np.array([round(getattr(one, name) * one.count) if one.count else 0 for one in numbers], dtype=np.int64)

    return StatisticsTable(
        counts("count"),
        floats("mean"),
        floats("std"),
        floats("rms"),
        floats("minimum"),
        floats("maximum"),
        shares("zero_fraction"),
        shares("near_zero_fraction"),
        counts("nan_count"),
        counts("inf_count"),
        counts("subnormal_count"),
        result.counted[kind, scale],
    )


def _units(layers: tuple[WatchedLayer, ...]) -> UnitTable:
    dead = [math.nan if layer.dead_fraction is None else layer.dead_fraction for layer in layers]
    saturated = [math.nan if layer.saturated_fraction is None else layer.saturated_fraction for layer in layers]
    spread, cosine = [layer.spread for layer in layers], [layer.cosine for layer in layers]
    return UnitTable(np.array(dead), np.array(saturated), np.array(spread), np.array(cosine))
