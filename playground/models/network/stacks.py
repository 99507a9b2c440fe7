"""Many layers' tensors as few: reductions over a stack cost a fraction of one call a layer."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Sequence

import torch

from playground.models.network.devices import summable

CHUNK = 2**22
"""The most elements a stack holds; larger tensors are taken one by one, without a copy."""
MOST_KEPT = 2**27
"""The bytes above which a buffer is not kept: one for the largest layer there may be would stay for good."""

Key = tuple[torch.dtype, torch.device, str, int]
"""What a buffer is for: dtype, device, slot, and of how many values the distance of its layers is a multiple."""


class _Workspace(threading.local):
    """One buffer a thread and slot, used again by the next run, which so touches no fresh pages."""

    def __init__(self) -> None:
        self.buffers: dict[Key, torch.Tensor] = {}
        self.taken: dict[Key, torch.Tensor] = {}
        self.layers: dict[str, tuple[torch.Tensor, tuple[torch.Tensor, ...]]] = {}

    def take(self, shape: Sequence[int], key: Key) -> torch.Tensor:
        taken = self.taken.get(key)
        if taken is None or taken.shape != shape:
            taken = self._part(shape, key)
            if taken.untyped_storage().nbytes() <= MOST_KEPT:
                self.taken[key] = taken
        return taken

    def _part(self, shape: Sequence[int], key: Key) -> torch.Tensor:
        dtype, device, _slot, multiple = key
        layers, size = shape[0], math.prod(shape[1:])
        step = -(-size // multiple) * multiple
        buffer = self.buffers.get(key)
        if buffer is None or buffer.numel() < layers * step:
            buffer = torch.empty(layers * step, dtype=dtype, device=device)
            if buffer.nbytes <= MOST_KEPT:
                self.buffers[key] = buffer
        return buffer[: layers * step].view(layers, step)[:, :size].view(*shape)


_workspace = _Workspace()


def scratch(
    shape: Sequence[int], dtype: torch.dtype, device: torch.device, slot: str, multiple: int = 1
) -> torch.Tensor:
    """A (layers, ...) buffer of this thread, with any values in it, that is good until the next call with its slot.

    Each layer begins a `multiple` of so many values behind the first. It is the very tensor of the call before where
    that asked for the same shape and no more than `MOST_KEPT` bytes.
    """
    return _workspace.take(shape, (dtype, device, slot, multiple))


def layers_of(stack: torch.Tensor, slot: str) -> tuple[torch.Tensor, ...]:
    """The layers of a (layers, ...) stack; the very tensors of the last call with this slot where the stack is its."""
    kept = _workspace.layers.get(slot)
    if kept is None or kept[0] is not stack:
        kept = _workspace.layers[slot] = (stack, stack.unbind())
    return kept[1]


class Stacks:
    """The stacks of some layers' tensors, to be gone through more than once: `for first_layer, stack in Stacks(...)`.

    Where all fit one stack they are put together once and kept until another `Stacks` of the same slot is gone through.
    `whole` is that stack where they lie in one already.
    """

    def __init__(self, tensors: Sequence[torch.Tensor], slot: str, whole: torch.Tensor | None = None) -> None:
        self._tensors, self._slot = tensors, slot
        self._kept: list[tuple[int, torch.Tensor]] | None = None if whole is None else [(0, whole)]

    def __iter__(self) -> Iterator[tuple[int, torch.Tensor]]:
        if self._kept is None:
            if sum(tensor.numel() for tensor in self._tensors) > CHUNK:
                return stacked(self._tensors)
            self._kept = [(start, _stack(run, f"{self._slot} {start}")) for start, run in _runs(self._tensors)]
        return iter(self._kept)


def stacked(tensors: Sequence[torch.Tensor]) -> Iterator[tuple[int, torch.Tensor]]:
    """(first layer, stack) for runs of equal shape; a stack is (layers, *shape), valid until the next is asked for."""
    for start, run in _runs(tensors):
        yield start, _stack(run, "stacked")


def _runs(tensors: Sequence[torch.Tensor]) -> Iterator[tuple[int, list[torch.Tensor]]]:
    """(first layer, tensors) for runs of equal shape that fit one stack."""
    start = 0
    while start < len(tensors):
        first = tensors[start]
        most = max(1, CHUNK // max(1, first.numel()))
        stop = start + 1
        while stop < len(tensors) and stop - start < most and tensors[stop].shape == first.shape:
            stop += 1
        yield start, [summable(tensor.detach()) for tensor in tensors[start:stop]]
        start = stop


def _lie_in_a_row(tensors: list[torch.Tensor]) -> bool:
    """Whether the tensors follow each other in one storage already, as the layers of one scaled draw do."""
    first = tensors[0]
    size = first.numel()
    if not size or not first.is_contiguous():
        return False
    start, storage = first.data_ptr(), first.untyped_storage().data_ptr()
    step = size * first.element_size()
    return all(
        t.data_ptr() == start + place * step and t.untyped_storage().data_ptr() == storage and t.is_contiguous()
        for place, t in enumerate(tensors)
    )


def _stack(tensors: list[torch.Tensor], slot: str) -> torch.Tensor:
    first = tensors[0]
    if len(tensors) == 1:
        return first.contiguous()[None]
    if _lie_in_a_row(tensors):
        return first.as_strided((len(tensors), *first.shape), (first.numel(), *first.stride()))
    out = scratch((len(tensors), *first.shape), first.dtype, first.device, slot)
    return torch.stack(tensors, out=out)
