"""What was measured of a network, layer by layer; read-only numbers, no tensors."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar, overload

from playground.models.network.measure.statistics import StatisticsTable, TensorStatistics
from playground.models.network.measure.units import UnitTable
from playground.models.network.spec.spec import NetworkSpec

KINDS = ("activation", "preactivation", "activation_gradient", "weight", "weight_gradient")


Entry = TypeVar("Entry")


class EachLayer(Sequence[Entry]):
    """One entry a layer, made from its number, from 0, when asked for; indexed, sliced and iterated like a tuple."""

    def __init__(self, depth: int, make: Callable[[int], Entry]) -> None:
        self._places, self._make = range(depth), make

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> Entry: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Entry]: ...
    def __getitem__(self, index: int | slice) -> Entry | Sequence[Entry]:
        found = self._places[index]
        return self._make(found) if isinstance(found, int) else [self._make(place) for place in found]


@dataclass(frozen=True, slots=True, eq=False)
class LayerResult:
    """One layer: the statistics of its tensors, and what the batch tells about its units."""

    index: int
    activation: TensorStatistics
    preactivation: TensorStatistics
    activation_gradient: TensorStatistics
    weight: TensorStatistics
    weight_gradient: TensorStatistics
    bias_gradient: TensorStatistics | None
    dead_fraction: float
    saturated_fraction: float
    spread_across_inputs: float
    cosine_between_inputs: float


@dataclass(frozen=True, slots=True, eq=False)
class HeadResult:
    """The ten-class output layer of a network with cross entropy."""

    logits: TensorStatistics
    weight_gradient: TensorStatistics
    bias_gradient: TensorStatistics


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Measured:
    """What was measured of a network of the page or of a watched module: all that plots, numbers and exports need.

    `tables` has one `StatisticsTable` a kind of tensor, a row a layer, of 0 values where a layer has no such tensor.
    `dtype` is that of all activations, "" where they have several. `quick` says that near-zero and subnormal
    values were not counted and histograms sampled.
    """

    tables: dict[str, StatisticsTable]
    units: UnitTable
    dtype: str
    bias_gradients: StatisticsTable | None = None
    quick: bool = False

    @property
    def depth(self) -> int:
        """The number of measured layers."""
        return len(self.tables["activation"].rms)


@dataclass(frozen=True, slots=True, eq=False)
class NetworkResult(Measured):
    """A run of a network that a spec describes; `layers[0]` is the first layer."""

    spec: NetworkSpec
    input: TensorStatistics
    loss: float
    head: HeadResult | None = None
    batch: int = 0
    features: int = 0
    seconds: float = 0.0

    @property
    def input_mean_square(self) -> float:
        """The mean square of the finite inputs, 1 if there are none; inf if it exceeds the largest float."""
        rms = self.input.rms
        return rms * rms if math.isfinite(rms) else 1.0

    @property
    def layers(self) -> Sequence[LayerResult]:
        """One `LayerResult` per layer, created on access."""
        return EachLayer(self.depth, self._layer)

    def _layer(self, index: int) -> LayerResult:
        return LayerResult(
            index,
            **{kind: table.layer(index) for kind, table in self.tables.items()},
            bias_gradient=None if self.bias_gradients is None else self.bias_gradients.layer(index),
            dead_fraction=float(self.units.dead[index]),
            saturated_fraction=float(self.units.saturated[index]),
            spread_across_inputs=float(self.units.spread[index]),
            cosine_between_inputs=float(self.units.cosine[index]),
        )
