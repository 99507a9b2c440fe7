"""What a run measured, layer by layer; read-only numbers, no tensors."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import overload

from playground.models.network.measure.statistics import StatisticsTable, TensorStatistics
from playground.models.network.measure.units import UnitTable
from playground.models.network.spec.spec import NetworkSpec

KINDS = ("activation", "preactivation", "activation_gradient", "weight", "weight_gradient")


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


@dataclass(frozen=True, slots=True, eq=False)
class NetworkResult:
    """All layers as columns in `tables`, one `StatisticsTable` per kind of tensor; `layers[0]` is the first layer.

    `quick`: near-zero and subnormal values and bias gradients were skipped, and histograms sampled.
    """

    spec: NetworkSpec
    tables: dict[str, StatisticsTable]
    units: UnitTable
    input: TensorStatistics
    loss: float
    bias_gradients: StatisticsTable | None = None
    head: HeadResult | None = None
    batch: int = 0
    features: int = 0
    seconds: float = 0.0
    quick: bool = False

    @property
    def depth(self) -> int:
        """The number of measured layers."""
        return len(self.tables["activation"].rms)

    @property
    def input_mean_square(self) -> float:
        """The mean square of the finite inputs, 1 if there are none; inf if it exceeds the largest float."""
        rms = self.input.rms
        return rms * rms if math.isfinite(rms) else 1.0

    @property
    def layers(self) -> LayerResults:
        """One `LayerResult` per layer, created on access."""
        return LayerResults(self)


class LayerResults(Sequence[LayerResult]):
    """The layers of a result: indexed, sliced and iterated like a tuple."""

    def __init__(self, result: NetworkResult) -> None:
        self._result = result

    def __len__(self) -> int:
        return self._result.depth

    @overload
    def __getitem__(self, index: int) -> LayerResult: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[LayerResult]: ...
    def __getitem__(self, index: int | slice) -> LayerResult | Sequence[LayerResult]:
        if isinstance(index, slice):
            return [self._layer(i) for i in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(f"layer {index} of {len(self)}")
        return self._layer(index % len(self))

    def __iter__(self) -> Iterator[LayerResult]:
        return (self._layer(i) for i in range(len(self)))

    def _layer(self, index: int) -> LayerResult:
        result, units = self._result, self._result.units
        kinds = {kind: table.layer(index) for kind, table in result.tables.items()}
        return LayerResult(
            index,
            **kinds,
            bias_gradient=None if result.bias_gradients is None else result.bias_gradients.layer(index),
            dead_fraction=float(units.dead[index]),
            saturated_fraction=float(units.saturated[index]),
            spread_across_inputs=float(units.spread[index]),
            cosine_between_inputs=float(units.cosine[index]),
        )
