"""The panels of the window, one line each, and the side computations that a page starts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from playground.models.broadcasting.chance.request import compute_chance
from playground.models.broadcasting.request import broadcast_request, compute_broadcast
from playground.models.einsum.ladder import EINSUM_SIDES
from playground.models.einsum.request import compute_einsum, einsum_request
from playground.models.evaluation.cards import compute_program, program_request
from playground.models.evaluation.selected import compute_shape, shape_request
from playground.models.evaluation.status import compute_status, status_request
from playground.models.job import Job
from playground.models.lessons.request import compute_lesson, lesson_request
from playground.models.memory.request import compute_memory, memory_request
from playground.models.network.request import (
    REHEARSAL,
    complete_moving,
    compute_network,
    is_brief,
    network_request,
    run_moving,
    without_pins,
)
from playground.models.network.saved.request import compute_kept, compute_saved
from playground.models.network.send_layer import compute_layer_tensor
from playground.models.network.step_through.forward import compute_step_through
from playground.models.network.theory.phase import compute_phase
from playground.models.network.training.pinned import compute_pinned_training
from playground.models.network.training.request import compute_training
from playground.runtime.panel_link import PanelSpec
from playground.runtime.task import prepare_compute_thread
from playground.runtime.worker import SecondProcessSpec
from playground.widgets.broadcasting.panel import BroadcastPanel
from playground.widgets.einsum.panel import EinsumPanel
from playground.widgets.lessons.lesson_panel import LessonPanel
from playground.widgets.memory.panel import MemoryPanel
from playground.widgets.network.panel import NetworkPanel
from playground.widgets.status import StatusPanel
from playground.widgets.tensors.program_panel import ProgramPanel
from playground.widgets.tensors.shape_panel import ShapePanel

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


CHANCE: Mapping[str, Callable[[Any, Job], object]] = MappingProxyType({"chance": compute_chance})
NETWORK = frozenset({"network"})
NETWORK_SECOND = SecondProcessSpec(
    is_brief, without_pins, run_moving, complete_moving, REHEARSAL, prepare_compute_thread
)

PANELS = (
    PanelSpec("tensors", "Program", program_request, compute_program, ProgramPanel, CHANCE, ignores=NETWORK),
    PanelSpec("shape", "Shape", shape_request, compute_shape, ShapePanel, ignores=NETWORK),
    PanelSpec("broadcast", "Broadcast", broadcast_request, compute_broadcast, BroadcastPanel, CHANCE, ignores=NETWORK),
    PanelSpec(
        "einsum", "Einsum", einsum_request, compute_einsum, EinsumPanel, {**EINSUM_SIDES, **CHANCE}, ignores=NETWORK
    ),
    PanelSpec("memory", "Memory", memory_request, compute_memory, MemoryPanel, ignores=NETWORK),
    PanelSpec(
        "network",
        "Network",
        network_request,
        compute_network,
        NetworkPanel,
        NETWORK_SIDES,
        lazy=True,
        second=NETWORK_SECOND,
    ),
    PanelSpec("lessons", "Lessons", lesson_request, compute_lesson, LessonPanel),
    PanelSpec("status", "Status", status_request, compute_status, StatusPanel, ignores=NETWORK),
)
