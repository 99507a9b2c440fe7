"""A watched layer's tensor in numbers, taken while it is still what the layer returned."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from playground.models.network.activations import saturation_bounds
from playground.models.network.layer_statistics import TensorStatistics, describe_tensor
from playground.models.network.probe_values import Keeper, KeptValues, as_numbers
from playground.models.network.unit_statistics import measure_saturation, measure_units

SATURATING: dict[type[nn.Module], str] = {nn.Tanh: "tanh", nn.Sigmoid: "sigmoid"}
CHANNELS_SECOND = (
    nn.modules.conv._ConvNd,
    nn.modules.batchnorm._BatchNorm,
    nn.modules.instancenorm._InstanceNorm,
    nn.GroupNorm,
)
"""Layers whose units lie along axis 1 whatever the rank; from rank 4 on everything's do, as torch has it."""
LARGE = 2**16
"""How far inputs differ is summed in float32, which keeps six digits, where a tensor has more values than this."""


@dataclass(frozen=True, slots=True)
class Reduced:
    """`units` lie along one axis of the tensor, `dead` is the share of them that is 0 for every input and place.

    `spread`: root mean square over all places of the std over the inputs; `cosine`: mean cosine between two inputs. nan
    where there are fewer than two inputs. `entered`: how many nan and inf it was given, where it gave some itself.
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
        """Whether two runs of a layer returned the same values, as far as the numbers tell."""
        one, two = self.statistics, other.statistics
        if one is None or two is None:
            return one is two
        return (one.count, one.mean, one.rms, one.minimum, one.maximum) == (
            two.count, two.mean, two.rms, two.minimum, two.maximum,
        )  # fmt: skip


def has_values(tensor: torch.Tensor) -> bool:
    """Whether a tensor is dense and of plain numbers: not sparse, nested, quantized or on the meta device."""
    odd = tensor.layout != torch.strided or tensor.device.type == "meta" or tensor.is_nested or tensor.is_quantized
    return not odd


def reduce(tensor: torch.Tensor, keeper: Keeper, module: nn.Module | None = None, batch_axis: int = 0) -> Reduced:
    """The statistics of a dense tensor of numbers; none for what has no plain values.

    `module` is the layer that returned it; where one is given, `batch_axis` counts inputs and units are told apart.
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
    """The axis along which a layer's units lie: the channels, axis 1, of images and convolutions, else the last one."""
    if tensor.dim() >= 4 or (tensor.dim() == 3 and isinstance(module, CHANNELS_SECOND)):
        return 1
    return tensor.dim() - 1


def odd_counts(tensor: torch.Tensor | None) -> tuple[int, int]:
    """How many values of a tensor are nan, and how many are inf; none of what has no plain values."""
    if tensor is None or not has_values(tensor) or not (tensor.is_floating_point() or tensor.is_complex()):
        return 0, 0
    return int(tensor.isnan().sum()), int(tensor.isinf().sum())


def entered_odd(left: Reduced, entered: torch.Tensor | None) -> tuple[int, int]:
    """Those of what a layer was given, looked at only where what it returned is not finite."""
    numbers = left.statistics
    odd = numbers is not None and numbers.nan_count + numbers.inf_count
    return odd_counts(entered) if odd else (0, 0)


def saturated_share(module: nn.Module, entered: torch.Tensor | None) -> float | None:
    """The share of values where the slope of a tanh or sigmoid layer is below 1 % of its steepest; None for others."""
    name = SATURATING.get(type(module))
    if name is None or entered is None or not has_values(entered) or not entered.numel():
        return None
    numbers = as_numbers(entered).flatten()[None]
    low, high = numbers.amin(1).cpu().double().numpy(), numbers.amax(1).cpu().double().numpy()
    return float(measure_saturation(numbers, name, low, high)[0])


def prepare() -> None:
    """Work out the bounds of saturation now: it takes gradients, which a checkpoint would take for the module's."""
    for name in SATURATING.values():
        saturation_bounds(name)


def batch_axis_of(module: nn.Module) -> int:
    """Which axis of a tensor of rank 3 counts inputs: 1 where a part says `batch_first=False`, as torch's LSTM does."""
    return 1 if any(getattr(part, "batch_first", None) is False for part in module.modules()) else 0
