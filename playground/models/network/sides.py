"""The computations that the network page starts besides its own, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from playground.models.job import Job
from playground.models.network.handover import compute_layer_tensor
from playground.models.network.phase_diagram import compute_phase
from playground.models.network.pinned_training import compute_pinned_training
from playground.models.network.saved_request import compute_kept, compute_saved
from playground.models.network.step_through import compute_step_through
from playground.models.network.training_request import compute_training

NETWORK_SIDES: Mapping[str, Callable[[Any, Job], object]] = MappingProxyType(
    {
        "layer_tensor": compute_layer_tensor,
        "phase": compute_phase,
        "pinned_training": compute_pinned_training,
        "saved": compute_kept,
        "saved_details": compute_saved,
        "step_through": compute_step_through,
        "training": compute_training,
    }
)
