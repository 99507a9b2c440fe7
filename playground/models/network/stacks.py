"""Many layers' tensors as few: reductions over a stack cost a fraction of one call a layer."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import torch

CHUNK = 2**22
"""The most elements a stack holds; larger tensors are taken one by one, without a copy."""


class _Workspace(threading.local):
    """One buffer a thread and slot, reused, so that a run leaves no memory behind and touches no fresh pages."""

    def __init__(self) -> None:
        self.buffers: dict[tuple[torch.dtype, torch.device, str], torch.Tensor] = {}

    def take(self, like: torch.Tensor, count: int, slot: str) -> torch.Tensor:
        key = (like.dtype, like.device, slot)
        needed = count * like.numel()
        if key not in self.buffers or self.buffers[key].numel() < needed:
            self.buffers[key] = torch.empty(needed, dtype=like.dtype, device=like.device)
        return self.buffers[key][:needed].view(count, *like.shape)


_workspace = _Workspace()


class Stacks:
    """The stacks of some layers' tensors, to be gone through more than once: `for first_layer, stack in Stacks(...)`.

    Where all fit one stack they are put together once and kept until another `Stacks` of the same slot is gone through.
    """

    def __init__(self, tensors: Sequence[torch.Tensor], slot: str) -> None:
        self._tensors, self._slot = tensors, slot
        self._kept: list[tuple[int, torch.Tensor]] | None = None

    def __iter__(self) -> Iterator[tuple[int, torch.Tensor]]:
        if self._kept is None:
            runs = stacked(self._tensors, self._slot)
            if sum(tensor.numel() for tensor in self._tensors) > CHUNK:
                return runs
            self._kept = list(runs)
        return iter(self._kept)


def stacked(tensors: Sequence[torch.Tensor], slot: str = "") -> Iterator[tuple[int, torch.Tensor]]:
    """(first layer, stack) for runs of equal shape; a stack is (layers, *shape), valid until the next is asked for."""
    start = 0
    while start < len(tensors):
        first = tensors[start]
        most = max(1, CHUNK // max(1, first.numel()))
        stop = start + 1
        while stop < len(tensors) and stop - start < most and tensors[stop].shape == first.shape:
            stop += 1
        yield start, _stack([t.detach() for t in tensors[start:stop]], f"{slot} {start}" if slot else "")
        start = stop


def _stack(tensors: list[torch.Tensor], slot: str) -> torch.Tensor:
    first = tensors[0]
    if len(tensors) == 1:
        return first.contiguous()[None]
    base = first._base
    if base is not None and all(t._base is base for t in tensors) and base.dim() == first.dim() + 1:
        offset = (first.storage_offset() - base.storage_offset()) // max(1, base.stride(0))
        block = base[offset : offset + len(tensors)]
        if block.is_contiguous() and len(block) == len(tensors):
            return block
    out = _workspace.take(first, len(tensors), slot)
    return torch.stack(tensors, out=out)
