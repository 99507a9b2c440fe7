"""The tensors of watched layers: reduced to statistics as the layer returns them, and kept for histograms.

They are kept whole if they fit in the reserved memory; otherwise an evenly spaced sample is kept, and marked as such.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from playground.models.network.measure.histograms import Histogram, HistogramTable, choose_axis, count_values
from playground.models.network.measure.reductions import CHUNK
from playground.models.network.measure.statistics import TensorStatistics, describe_tensor
from playground.models.network.measure.units import measure_saturation, measure_units
from playground.models.network.spec.activations import saturation_bounds
from playground.models.network.spec.devices import summable

KEPT_BYTES = 256 * 2**20
"""The bytes for the whole tensors of one watched module, and for all that the list keeps for sending."""
SAMPLE = 2**16
"""Of a tensor with more values, about this many are counted, evenly spaced, so that a plot of all layers is fast."""
Entry = TypeVar("Entry")


@dataclass(frozen=True, slots=True, eq=False)
class KeptValues:
    """A copy of a tensor on the CPU; or, if not `whole`, a flat sample of its values."""

    tensor: torch.Tensor
    whole: bool


class Keeper:
    """Copies tensors until `budget` bytes are used, then takes samples."""

    def __init__(self, budget: int = KEPT_BYTES) -> None:
        self._left = budget

    def keep(self, tensor: torch.Tensor) -> KeptValues:
        """A copy of a dense tensor, or a sample if it is too large: at most 65,536 values, evenly spaced."""
        count, size = tensor.numel(), tensor.numel() * tensor.element_size()
        if size <= self._left or count <= SAMPLE:
            self._left = max(0, self._left - size)
            return KeptValues(tensor.detach().to("cpu", copy=True, memory_format=torch.contiguous_format), True)
        return KeptValues(tensor.detach().flatten()[:: -(-count // SAMPLE)].to("cpu", copy=True), False)


def as_numbers(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor as real numbers to count: complex ones as their two parts, booleans as 0 and 1."""
    tensor = summable(tensor)
    values = torch.view_as_real(tensor.resolve_conj()) if tensor.is_complex() else tensor
    if values.is_floating_point():
        return values
    return values.to(torch.uint8).double() if values.dtype == torch.bool else values.double()


def count_kind(
    kept: Sequence[KeptValues | None], statistics: Sequence[TensorStatistics | None], scale: str
) -> HistogramTable:
    """Count the kept values of each layer's tensor on one axis of a scale; a layer without one has only zeros."""
    axis = choose_axis(scale, *(_column(statistics, name) for name in ("rms", "minimum", "maximum")))
    counts = np.zeros((len(kept), axis.rows), np.int64)
    below, above = np.zeros(len(kept), np.int64), np.zeros(len(kept), np.int64)
    known = [(row, _some_of(v.tensor)) for row, v in enumerate(kept) if v is not None and v.tensor.numel()]
    for (size, _dtype), group in groupby(known, lambda entry: (len(entry[1]), entry[1].dtype)):
        for some in batched(group, max(1, CHUNK // size)):
            rows = [row for row, _values in some]
            counts[rows], below[rows], above[rows] = count_values(torch.stack([values for _row, values in some]), axis)
    sampled = SAMPLE if any(v is not None and (not v.whole or v.tensor.numel() > SAMPLE) for v in kept) else 0
    return HistogramTable(axis, counts, below, above, sampled)


def _some_of(tensor: torch.Tensor) -> torch.Tensor:
    flat = tensor.flatten()
    return as_numbers(flat[:: -(-len(flat) // SAMPLE)]).flatten()


def batched(entries: Iterable[Entry], size: int) -> Iterator[list[Entry]]:
    """Lists of at most so many entries, in their order."""
    rest = iter(entries)
    while some := list(islice(rest, size)):
        yield some


def _column(statistics: Sequence[TensorStatistics | None], name: str) -> NDArray[np.float64]:
    values = [np.nan if one is None else getattr(one, name) for one in statistics]
    return np.array(values, dtype=np.float64)


def count_alone(values: KeptValues, statistics: TensorStatistics, scale: str) -> Histogram:
    """The histogram of one tensor on the range of its own values."""
    table = count_kind([values], [statistics], scale)
    return table.layer(0)


SATURATING: dict[type[nn.Module], str] = {nn.Tanh: "tanh", nn.Sigmoid: "sigmoid"}
CHANNELS_SECOND = (
    nn.modules.conv._ConvNd,
    nn.modules.batchnorm._BatchNorm,
    nn.modules.instancenorm._InstanceNorm,
    nn.GroupNorm,
)
"""Layers with units along axis 1 for any rank; from rank 4 on this holds for all layers, as in torch."""
LARGE = 2**16
"""If a tensor has more values than this, differences of inputs are summed in float32, which keeps six digits."""


@dataclass(frozen=True, slots=True)
class Reduced:
    """`units` lie along one axis of the tensor, `dead` is the share of them that is 0 for every input and place.

    `spread`: root mean square over all places of the std over the inputs; `cosine`: mean cosine between two inputs. nan
    for fewer than two inputs. `entered`: the counts of nan and inf in its input, if its output has any.
    """

    statistics: TensorStatistics | None = None
    kept: KeptValues | None = None
    dead: float | None = None
    units: int = 0
    saturated: float | None = None
    spread: float = float("nan")
    cosine: float = float("nan")
    entered: tuple[int, int] = (0, 0)

    def gave_the_same(self, other: Reduced) -> bool:
        """True if two runs of a layer returned the same values, as far as the statistics tell."""
        one, two = self.statistics, other.statistics
        if one is None or two is None:
            return one is two
        return (one.count, one.mean, one.rms, one.minimum, one.maximum) == (
            two.count, two.mean, two.rms, two.minimum, two.maximum,
        )  # fmt: skip


def has_values(tensor: torch.Tensor) -> bool:
    """True if a tensor is dense with plain numbers: not sparse, nested, quantized or on the meta device."""
    odd = tensor.layout != torch.strided or tensor.device.type == "meta" or tensor.is_nested or tensor.is_quantized
    return not odd


def reduce(tensor: torch.Tensor, keeper: Keeper, module: nn.Module | None = None, batch_axis: int = 0) -> Reduced:
    """The statistics of a dense tensor; None for one without plain values.

    `module` is the layer that returned it; if given, `batch_axis` counts inputs and units are distinguished.
    """
    if not has_values(tensor):
        return Reduced()
    values = as_numbers(tensor)
    statistics, kept = describe_tensor(values, None), keeper.keep(tensor)
    if module is None or values.dim() < 2 or not values.numel():
        return Reduced(statistics, kept)
    axis = unit_axis(tensor, module)
    dead = (tensor == 0).movedim(axis, -1).flatten(0, -2)
    inputs = values.movedim(batch_axis if values.dim() > batch_axis else 0, 0).flatten(1)
    told = measure_units(inputs[None], quick=values.numel() > LARGE)
    alone = len(inputs) < 2
    return Reduced(
        statistics,
        kept,
        float(dead.all(0).cpu().double().mean()),
        tensor.shape[axis],
        spread=float("nan") if alone else float(told.spread[0]),
        cosine=float(told.cosine[0]),
    )


def unit_axis(tensor: torch.Tensor, module: nn.Module) -> int:
    """The axis of a layer's units: the channels, axis 1, for images and convolutions, otherwise the last axis."""
    if tensor.dim() >= 4 or (tensor.dim() == 3 and isinstance(module, CHANNELS_SECOND)):
        return 1
    return tensor.dim() - 1


def odd_counts(tensor: torch.Tensor | None) -> tuple[int, int]:
    """The counts of nan and inf in a tensor; 0 for one without plain values."""
    if tensor is None or not has_values(tensor) or not (tensor.is_floating_point() or tensor.is_complex()):
        return 0, 0
    return int(tensor.isnan().sum()), int(tensor.isinf().sum())


def entered_odd(left: Reduced, entered: torch.Tensor | None) -> tuple[int, int]:
    """The counts for a layer's input, computed only if its output is not finite."""
    numbers = left.statistics
    odd = numbers is not None and numbers.nan_count + numbers.inf_count
    return odd_counts(entered) if odd else (0, 0)


def saturated_share(module: nn.Module, entered: torch.Tensor | None) -> float | None:
    """The share of values where the slope of a tanh or sigmoid layer is below 1 % of its maximum; None for others."""
    name = SATURATING.get(type(module))
    if name is None or entered is None or not has_values(entered) or not entered.numel():
        return None
    numbers = as_numbers(entered).flatten()[None]
    low, high = numbers.amin(1).cpu().double().numpy(), numbers.amax(1).cpu().double().numpy()
    return float(measure_saturation(numbers, name, low, high)[0])


def prepare() -> None:
    """Compute the saturation bounds now: this takes gradients, which a checkpoint would mistake for the module's."""
    for name in SATURATING.values():
        saturation_bounds(name)


def batch_axis_of(module: nn.Module) -> int:
    """The axis of a rank-3 tensor that counts inputs: 1 if a part has `batch_first=False`, as torch's LSTM does."""
    return 1 if any(getattr(part, "batch_first", None) is False for part in module.modules()) else 0
