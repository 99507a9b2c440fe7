"""The computations that the network page starts besides its own, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from playground.models.job import Job
from playground.models.network.handover import compute_layer_tensor
from playground.models.network.saved_request import compute_saved
from playground.models.network.training_request import compute_training

NETWORK_SIDES: Mapping[str, Callable[[Any, Job], object]] = MappingProxyType(
    {
        "layer_tensor": compute_layer_tensor,
        "saved": compute_saved,
        "training": compute_training,
    }
)
