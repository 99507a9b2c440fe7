"""The backward pass of each operation, written out: the gradient of its inputs from the gradient of its output.

Every rule is checked against autograd by the tests, and again whenever the step-through shows it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch.nn import functional

from playground.models.network.normalisations import EPSILON
from playground.models.registry import Registry

Backward = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]


@dataclass(frozen=True, slots=True)
class NormRule:
    """How a gradient passes a normalisation: `function(dy, z, y)` is the gradient of z, `formula` the same with names.

    `divisor(z)` is what the rule divides by, to know how far it amplifies rounding.
    """

    name: str
    formula: str
    function: Backward
    divisor: Callable[[torch.Tensor], torch.Tensor]


NORM_RULES: Registry[NormRule] = Registry("rule of a normalisation")


def _std(z: torch.Tensor, axis: int) -> torch.Tensor:
    return (z.var(axis, unbiased=False, keepdim=True) + EPSILON).sqrt()


def _row_std(z: torch.Tensor) -> torch.Tensor:
    return _std(z, 1)


def _column_std(z: torch.Tensor) -> torch.Tensor:
    return _std(z, 0)


def _row_rms(z: torch.Tensor) -> torch.Tensor:
    return (z.square().mean(1, keepdim=True) + EPSILON).sqrt()


def _through_standardising(dy: torch.Tensor, z: torch.Tensor, y: torch.Tensor, axis: int) -> torch.Tensor:
    return (dy - dy.mean(axis, keepdim=True) - y * (dy * y).mean(axis, keepdim=True)) / _std(z, axis)


STANDARDISING = "({dy} - mean({dy}) - {y} * mean({dy} * {y})) / std"


@NORM_RULES.registers(NormRule, name="layer", formula=f"{STANDARDISING}, each row", divisor=_row_std)
def _layer(dy: torch.Tensor, z: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return _through_standardising(dy, z, y, 1)


@NORM_RULES.registers(NormRule, name="batch", formula=f"{STANDARDISING}, each column", divisor=_column_std)
def _batch(dy: torch.Tensor, z: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return _through_standardising(dy, z, y, 0)


@NORM_RULES.registers(NormRule, name="rms", formula="({dy} - {y} * mean({dy} * {y})) / rms, each row", divisor=_row_rms)
def _rms(dy: torch.Tensor, z: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return (dy - y * (dy * y).mean(1, keepdim=True)) / _row_rms(z)


def mean_square_backward(outputs: torch.Tensor) -> torch.Tensor:
    """The gradient of `outputs.square().mean()`: 2 x / n."""
    return 2 * outputs / outputs.numel()


def cross_entropy_backward(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """The gradient of the mean cross entropy: (softmax(logits) - one_hot(targets)) / batch."""
    hot = functional.one_hot(targets, logits.shape[1]).to(logits.dtype)
    return (logits.softmax(1) - hot) / len(targets)
