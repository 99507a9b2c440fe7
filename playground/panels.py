"""The panels of the window, one line each."""

from __future__ import annotations

from playground.compute_thread import prepare_compute_thread
from playground.models.einsum.ladder import EINSUM_SIDES
from playground.models.einsum.request import compute_einsum, einsum_request
from playground.models.lessons.request import compute_lesson, lesson_request
from playground.models.memory.request import compute_memory, memory_request
from playground.models.network.request import compute_network, network_request
from playground.models.network.sides import NETWORK_SIDES
from playground.models.network.while_moving import REHEARSAL, complete_moving, is_brief, run_moving, without_pins
from playground.models.tensors.broadcast_request import broadcast_request, compute_broadcast
from playground.models.tensors.program_request import compute_program, program_request
from playground.models.tensors.shape_request import compute_shape, shape_request
from playground.models.tensors.status import compute_status, status_request
from playground.panel_link import PanelSpec
from playground.second_process import SecondProcessSpec
from playground.widgets.einsum.einsum_panel import EinsumPanel
from playground.widgets.lessons.lesson_panel import LessonPanel
from playground.widgets.memory.memory_panel import MemoryPanel
from playground.widgets.network.network_panel import NetworkPanel
from playground.widgets.status.status_panel import StatusPanel
from playground.widgets.tensors.broadcast_panel import BroadcastPanel
from playground.widgets.tensors.program_panel import ProgramPanel
from playground.widgets.tensors.shape_panel import ShapePanel

NETWORK = frozenset({"network"})
NETWORK_SECOND = SecondProcessSpec(
    is_brief, without_pins, run_moving, complete_moving, REHEARSAL, prepare_compute_thread
)

PANELS = (
    PanelSpec("tensors", "Program", program_request, compute_program, ProgramPanel, ignores=NETWORK),
    PanelSpec("shape", "Shape", shape_request, compute_shape, ShapePanel, ignores=NETWORK),
    PanelSpec("broadcast", "Broadcast", broadcast_request, compute_broadcast, BroadcastPanel, ignores=NETWORK),
    PanelSpec("einsum", "Einsum", einsum_request, compute_einsum, EinsumPanel, EINSUM_SIDES, ignores=NETWORK),
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
