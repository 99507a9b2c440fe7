"""Optimisers as pure functions: parameters, gradients and slots in, new parameters and new slots out.

The operations are those of `torch.optim` in its single-tensor form, in the same order, so that the results agree bit
for bit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from playground.models.registry import Registry

Slots = tuple[torch.Tensor, ...]


@dataclass(frozen=True, slots=True)
class OptimiserSettings:
    """The settings of optimisers; each uses those it needs."""

    learning_rate: float = 0.01
    momentum: float = 0.9
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    weight_decay: float = 0.0


@dataclass(frozen=True, slots=True)
class OptimiserState:
    """The number of updates made, and the optimiser's state for each parameter."""

    step: int = 0
    slots: tuple[Slots, ...] = ()


Update = Callable[[torch.Tensor, torch.Tensor, Slots, int, OptimiserSettings], tuple[torch.Tensor, Slots]]


@dataclass(frozen=True, slots=True)
class Optimiser:
    """An update rule with its formula, source, state, and settings.

    `slots` is the number of tensors of a parameter's size in its state.
    """

    name: str
    title: str
    formula: str
    source: str
    memory: str
    reads: tuple[str, ...]
    slots: int
    function: Update


OPTIMISERS: Registry[Optimiser] = Registry("optimiser")


@OPTIMISERS.registers(
    Optimiser,
    name="sgd",
    title="SGD",
    formula="w - lr * g",
    source="Robbins and Monro 1951",
    memory="nothing",
    reads=("learning_rate", "weight_decay"),
    slots=0,
)
def _sgd(
    parameter: torch.Tensor, gradient: torch.Tensor, slots: Slots, step: int, settings: OptimiserSettings
) -> tuple[torch.Tensor, Slots]:
    gradient = _decayed(parameter, gradient, settings)
    return parameter.add(gradient, alpha=-settings.learning_rate), ()


@OPTIMISERS.registers(
    Optimiser,
    name="momentum",
    title="Momentum",
    formula="v = momentum * v + g,  w - lr * v",
    source="Polyak 1964; Sutskever 2013",
    memory="v, as large as the weights",
    reads=("learning_rate", "momentum", "weight_decay"),
    slots=1,
)
def _momentum(
    parameter: torch.Tensor, gradient: torch.Tensor, slots: Slots, step: int, settings: OptimiserSettings
) -> tuple[torch.Tensor, Slots]:
    gradient = _decayed(parameter, gradient, settings)
    if settings.momentum == 0:
        return parameter.add(gradient, alpha=-settings.learning_rate), ()
    velocity = slots[0].mul(settings.momentum).add_(gradient, alpha=1) if slots else gradient.clone()
    return parameter.add(velocity, alpha=-settings.learning_rate), (velocity,)


@OPTIMISERS.registers(
    Optimiser,
    name="adam",
    title="Adam",
    formula="m = b1 m + (1 - b1) g,  v = b2 v + (1 - b2) g^2,  w - lr * m' / (sqrt(v') + eps)",
    source="Kingma and Ba 2015; m' = m / (1 - b1^t), v' = v / (1 - b2^t)",
    memory="m and v, twice as large as the weights",
    reads=("learning_rate", "beta1", "beta2", "epsilon", "weight_decay"),
    slots=2,
)
def _adam(
    parameter: torch.Tensor, gradient: torch.Tensor, slots: Slots, step: int, settings: OptimiserSettings
) -> tuple[torch.Tensor, Slots]:
    gradient = _decayed(parameter, gradient, settings)
    mean, square = slots or (torch.zeros_like(parameter), torch.zeros_like(parameter))
    mean = mean.lerp(gradient, 1 - settings.beta1)
    square = square.mul(settings.beta2).addcmul_(gradient, gradient, value=1 - settings.beta2)
    # torch keeps the step in a float32 tensor and converts it back to a float: the powers are Python's.
    correction1 = 1 - settings.beta1 ** float(step)
    correction2 = 1 - settings.beta2 ** float(step)
    denominator = (square.sqrt() / correction2**0.5).add_(settings.epsilon)
    return parameter.addcdiv(mean, denominator, value=-settings.learning_rate / correction1), (mean, square)


def _decayed(parameter: torch.Tensor, gradient: torch.Tensor, settings: OptimiserSettings) -> torch.Tensor:
    if settings.weight_decay == 0:
        return gradient
    return gradient.add(parameter, alpha=settings.weight_decay)


def optimiser_step(
    name: str,
    parameters: tuple[torch.Tensor, ...],
    gradients: tuple[torch.Tensor, ...],
    state: OptimiserState,
    settings: OptimiserSettings,
    *,
    check: Callable[[], None] | None = None,
) -> tuple[tuple[torch.Tensor, ...], OptimiserState]:
    """New parameters and the optimiser's new state; the inputs are not modified.

    Raises `ProblemError` for an unknown name. `parameters` and `gradients` are pairs of equal shape. `check()` is
    called before each parameter and may raise.
    """
    update = OPTIMISERS.find(name).function
    step = state.step + 1
    slots = state.slots or ((),) * len(parameters)
    updated = []
    for parameter, gradient, slot in zip(parameters, gradients, slots, strict=True):
        if check is not None:
            check()
        updated.append(update(parameter, gradient, slot, step, settings))
    return tuple(new for new, _ in updated), OptimiserState(step, tuple(slot for _, slot in updated))
