"""Normalisations of a layer's pre-activations, without learned scale and shift, as in training mode."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch.nn import functional

from playground.models.registry import Registry

EPSILON = 1e-5


@dataclass(frozen=True, slots=True)
class Normalisation:
    """Maps pre-activations of shape (batch, width) to normalised ones of the same shape."""

    name: str
    label: str
    formula: str
    source: str
    function: Callable[[torch.Tensor], torch.Tensor]
    least_batch: int = 1


def _none(z: torch.Tensor) -> torch.Tensor:
    return z


def _batch(z: torch.Tensor) -> torch.Tensor:
    return functional.batch_norm(z, None, None, training=True, eps=EPSILON)


def _layer(z: torch.Tensor) -> torch.Tensor:
    return functional.layer_norm(z, z.shape[-1:], eps=EPSILON)


def _rms(z: torch.Tensor) -> torch.Tensor:
    return functional.rms_norm(z, z.shape[-1:], eps=EPSILON)


NORMALISATIONS: Registry[Normalisation] = Registry("normalisation")
_REGISTERED = (
    Normalisation("none", "none", "z", "", _none),
    Normalisation("batch", "batch", "(z - mean) / sqrt(var + 1e-5), each unit over the batch",
                  "Ioffe and Szegedy 2015", _batch, 2),
    Normalisation("layer", "layer", "(z - mean) / sqrt(var + 1e-5), each input over its units",
                  "Ba, Kiros and Hinton 2016", _layer),
    Normalisation("rms", "rms", "z / sqrt(mean(z^2) + 1e-5), each input over its units",
                  "Zhang and Sennrich 2019", _rms),
)  # fmt: skip
for _normalisation in _REGISTERED:
    NORMALISATIONS.register(_normalisation)
