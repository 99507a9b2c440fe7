"""What the backward pass keeps alive if only every k-th layer's input is kept and the rest is recomputed.

The peak is measured, by counting live saved tensors while `torch.utils.checkpoint` runs forward and backward, and
computed from what each layer saves; the two must agree.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.checkpoint import CheckpointFunction

from playground.models.network.saved.tensors import SavedTensors

Layer = Callable[[torch.Tensor], torch.Tensor]


@dataclass(frozen=True, slots=True)
class CheckpointedRun:
    """Bytes of saved tensors, without parameters, if one input is kept every `every` layers (0: no checkpoints)."""

    every: int
    after_forward: int
    peak: int
    layers_run_again: int


class _Held:
    """A saved tensor as autograd holds it; when autograd releases it, its storage is no longer counted."""

    __slots__ = ("__weakref__", "tensor")

    def __init__(self, tensor: torch.Tensor) -> None:
        self.tensor = tensor


class _LiveBytes:
    """Counts the bytes of all storages held, each once, and their peak."""

    def __init__(self, apart: Sequence[torch.Tensor]) -> None:
        self._apart = {tensor.untyped_storage()._cdata for tensor in apart}
        self._holders: dict[int, int] = {}
        self.now = 0
        self.peak = 0

    def pack(self, tensor: torch.Tensor) -> _Held:
        held = _Held(tensor.detach())  # a tensor with its node would keep the graph alive, which keeps this alive
        key = tensor.untyped_storage()._cdata
        if key not in self._apart:
            size = tensor.untyped_storage().nbytes()
            if key not in self._holders:
                self.now += size
                self.peak = max(self.peak, self.now)
            self._holders[key] = self._holders.get(key, 0) + 1
            weakref.finalize(held, self._release, key, size).atexit = False
        return held

    def unpack(self, held: _Held) -> torch.Tensor:
        return held.tensor

    def _release(self, key: int, size: int) -> None:
        self._holders[key] -= 1
        if not self._holders[key]:
            del self._holders[key]
            self.now -= size


def segments(depth: int, every: int) -> tuple[tuple[int, int], ...]:
    """Layers `start` to `stop` (exclusive) of each stretch: `segments(5, 2) == ((0, 2), (2, 4), (4, 5))`."""
    return tuple((start, min(start + every, depth)) for start in range(0, depth, every))


def run_checkpointed(
    layers: Sequence[Layer],
    inputs: torch.Tensor,
    loss: Callable[[torch.Tensor], torch.Tensor],
    parameters: Sequence[torch.Tensor],
    every: int,
) -> CheckpointedRun:
    """Run forward and backward with a checkpoint every `every` layers (0: none) and measure the saved bytes.

    As in `torch.utils.checkpoint.checkpoint_sequential`, the last stretch is not checkpointed, since its backward pass
    follows at once. Does not change any parameter's `.grad`.
    """
    live = _LiveBytes(parameters)
    # The re-entrant form runs the second forward pass inside backward(), where the same hooks see it; it needs an
    # input that requires a gradient.
    signal = inputs.detach().requires_grad_()
    grads = [parameter.grad for parameter in parameters]
    stretches = segments(len(layers), every) if every else ((0, len(layers)),)

    def stretch_of(start: int, stop: int) -> Layer:
        def run(signal: torch.Tensor) -> torch.Tensor:
            for layer in layers[start:stop]:
                signal = layer(signal)
            return signal

        return run

    try:
        with saved_tensors_hooks(live.pack, live.unpack):
            for start, stop in stretches[:-1]:
                # Does what `checkpoint(..., use_reentrant=True, preserve_rng_state=False)` does, without its import of
                # torch's compiler on the first call, which takes seconds (sympy is imported anyway).
                signal = CheckpointFunction.apply(stretch_of(start, stop), False, signal)  # type: ignore[no-untyped-call]
            value = loss(stretch_of(*stretches[-1])(signal))
            after_forward = live.now
            del signal
            value.backward()  # type: ignore[no-untyped-call]
    finally:
        for parameter, grad in zip(parameters, grads, strict=True):
            parameter.grad = grad
    again = stretches[-1][0]
    return CheckpointedRun(every, after_forward, live.peak, again)


def all_peaks(saved: SavedTensors, boundary_bytes: Sequence[int]) -> tuple[int, ...]:
    """The computed peaks with a checkpoint every 1, 2, ... layers, up to all layers, which equals none.

    `boundary_bytes[i]` is the input of layer i + 1. While a stretch runs again, the inputs of the stretches before it
    are alive, and whatever its own layers save, each storage once; the last stretch never runs again, and the loss is
    saved with it. Assumes that each layer saves its own input, as it does if its weight requires a gradient.
    """
    layers = _storages_of_layers(saved, len(boundary_bytes))
    return tuple(_peak(layers, boundary_bytes, every) for every in range(1, len(boundary_bytes) + 1))


def _peak(layers: Sequence[dict[int, int]], boundary_bytes: Sequence[int], every: int) -> int:
    depth = len(boundary_bytes)
    kept = 0
    peak = 0
    for start, stop in segments(depth, every):
        last = depth + 1 if stop == depth else stop
        inside: dict[int, int] = {}
        # Layer 0 is what comes before the first layer: its input, which is that layer's boundary.
        for layer in range(start + 1 if start else 0, last + 1):
            inside |= layers[layer]
        peak = max(peak, kept + sum(inside.values()))
        kept += boundary_bytes[start]
    return peak


def _storages_of_layers(saved: SavedTensors, depth: int) -> tuple[dict[int, int], ...]:
    """For layers 0 to depth + 1, the storages they save, each with its bytes; without parameters."""
    layers: tuple[dict[int, int], ...] = tuple({} for _ in range(depth + 2))
    for position, tensor in enumerate(saved.tensors):
        if not tensor.is_parameter:
            storage = position if tensor.counted_with is None else tensor.counted_with
            layers[tensor.layer][storage] = tensor.storage_bytes
    return layers
