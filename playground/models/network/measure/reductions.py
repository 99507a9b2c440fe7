"""Single-pass reductions over the rows of many layers, and stacking of many layers' tensors."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray

from playground.models.network.arrays import Counts, Floats
from playground.models.network.spec.devices import summable

CHUNK = 2**22
"""The most elements in a stack; larger tensors are processed one by one, without a copy."""
MOST_KEPT = 2**27
"""The bytes above which a buffer is not kept: a buffer for the largest possible layer would stay forever."""

Key = tuple[torch.dtype, torch.device, str, int]
"""The key of a buffer: dtype, device, slot, and the multiple of values by which its layers are spaced."""


class _Workspace(threading.local):
    """One buffer per thread and slot, reused by the next run, so that it touches no new pages."""

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
    """A (layers, ...) buffer of this thread with arbitrary values, valid until the next call with its slot.

    Each layer starts at a `multiple` of so many values after the first. It is the same tensor as in the last call if
    that requested the same shape and at most `MOST_KEPT` bytes.
    """
    return _workspace.take(shape, (dtype, device, slot, multiple))


def layers_of(stack: torch.Tensor, slot: str) -> tuple[torch.Tensor, ...]:
    """The layers of a (layers, ...) stack; the same tensors as in this slot's last call if the stack is the same."""
    kept = _workspace.layers.get(slot)
    if kept is None or kept[0] is not stack:
        kept = _workspace.layers[slot] = (stack, stack.unbind())
    return kept[1]


class Stacks:
    """The stacks of some layers' tensors, for repeated iteration: `for first_layer, stack in Stacks(...)`.

    If all fit in one stack, they are stacked once and kept until another `Stacks` with the same slot is iterated.
    `whole` is that stack if they already lie in one.
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
    """(first layer, stack) for runs of equal shape; a stack is (layers, *shape), valid until the next is requested."""
    for start, run in _runs(tensors):
        yield start, _stack(run, "stacked")


def _runs(tensors: Sequence[torch.Tensor]) -> Iterator[tuple[int, list[torch.Tensor]]]:
    """(first layer, tensors) for runs of equal shape that fit in one stack."""
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
    """True if the tensors already follow each other in one storage, as the layers of one scaled draw do."""
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


Extremes = tuple[Floats, Floats]
WITHOUT_THREADS = 2**17
"""Up to this many values per layer, numpy works in the calling thread: its BLAS distributes products of more than
2^18 multiplications over threads, and then waits for the core that the window uses."""

PIECE = 2048
"""How many values of a row are summed in its own dtype before the sums are added in float64."""

ROWS = 256
"""How many rows are added in their own dtype before the sums are added in float64: equal rows are rounded equally."""

COMPARED = (torch.float32, torch.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Reductions:
    """What is known about layers of `count` values each: extremes and, if summed or counted, mean, Euclidean norm
    and the number of exact zeros; each (layers,)."""

    count: int
    low: Floats
    high: Floats
    mean: Floats | None = None
    norm: Floats | None = None
    zeros: Counts | None = None

    @property
    def sums(self) -> tuple[Floats, Floats] | None:
        """Mean and norm, if both are known."""
        return None if self.mean is None or self.norm is None else (self.mean, self.norm)


def as_floats(x: torch.Tensor) -> torch.Tensor:
    """The values in a dtype for sums and comparisons: half floats in float32, whole numbers in float64."""
    if x.dtype in COMPARED:
        return x
    return x.float() if x.is_floating_point() else x.double()


def extremes_of(x: torch.Tensor) -> Extremes:
    """The smallest and the largest value of each row; nan if it contains nan."""
    if x.device.type != "cpu" or x.dtype not in COMPARED:
        low, high = numbers(torch.stack((x.amin(1), x.amax(1))))
        return low, high
    values = x.numpy()
    return np.minimum.reduce(values, 1).astype(np.float64), np.maximum.reduce(values, 1).astype(np.float64)


def sum_rows(x: torch.Tensor) -> tuple[Floats, Floats]:
    """Mean and Euclidean norm of each row, summed in the dtype of `x`.

    With numpy on the CPU, which needs half of torch's time for products of two rows; in pieces too short to distribute.
    """
    if x.device.type != "cpu":
        mean, norm = numbers(torch.stack((x.mean(1), torch.linalg.vector_norm(x, dim=1))))
        return mean, norm
    layers, count = x.shape
    values, size = x.numpy(), piece_of(count)
    ones, whole = np.ones(size, values.dtype), count - count % size
    with np.errstate(over="ignore", invalid="ignore"):
        sums, squares = _add_pieces(values[:, :whole].reshape(layers, -1, size), ones)
        if whole < count:
            rest = _add_pieces(values[:, None, whole:], ones[: count - whole])
            sums, squares = sums + rest[0], squares + rest[1]
        return sums / count, np.sqrt(squares)


def _add_pieces(pieces: NDArray[np.floating], ones: NDArray[np.floating]) -> tuple[Floats, Floats]:
    """The sum of each layer's values, and of their squares."""
    sums: Floats = np.vecdot(pieces, ones).sum(1, dtype=np.float64)
    squares: Floats = np.vecdot(pieces, pieces).sum(1, dtype=np.float64)
    return sums, squares


@lru_cache(maxsize=256)
def piece_of(count: int) -> int:
    """The pieces of at most PIECE values into which a row is cut: equal ones, if that takes at most twice as many."""
    least = -(-count // PIECE)
    equal = [count // pieces for pieces in range(least, 2 * least + 1) if pieces and count % pieces == 0]
    return max(1, *equal) if equal else min(PIECE, max(1, count))


def _is_small(x: torch.Tensor) -> bool:
    return x.device.type == "cpu" and x[0].numel() <= WITHOUT_THREADS


def row_norms(x: torch.Tensor) -> NDArray[np.floating]:
    """The Euclidean norm of each last row of a (layers, rows, values) tensor, in its dtype: (layers, rows)."""
    if not _is_small(x):
        norms: NDArray[np.floating] = torch.linalg.vector_norm(x, dim=2).cpu().numpy()
        return norms
    values = x.numpy()
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(np.sqrt(np.vecdot(values, values)))


def add_rows(shares: NDArray[np.floating], x: torch.Tensor) -> Floats:
    """`shares @ x`, layer by layer, in the dtype of both: the rows of `x` weighted by `shares`.

    With numpy, which needs two thirds of torch's time, as long as it starts no threads.
    """
    sums = np.zeros((len(x), shares.shape[1], x.shape[2]))
    product = _product if _is_small(x) else _product_by_torch
    with np.errstate(over="ignore", invalid="ignore"):
        for start in range(0, x.shape[1], ROWS):
            sums += product(shares[:, :, start : start + ROWS], x[:, start : start + ROWS])
    return sums


def _product(shares: NDArray[np.floating], x: torch.Tensor) -> NDArray[np.floating]:
    return np.asarray(np.matmul(shares, x.numpy()))


def _product_by_torch(shares: NDArray[np.floating], x: torch.Tensor) -> NDArray[np.floating]:
    return numbers(torch.bmm(torch.from_numpy(shares).to(x), x))


def numbers(tensor: torch.Tensor) -> Floats:
    """A tensor's values as float64 in numpy."""
    values: Floats = tensor.cpu().double().numpy()
    return values


def mask_of(
    x: torch.Tensor, by_numpy: np.ufunc, by_torch: Callable[..., torch.Tensor], *bound: torch.Tensor | float
) -> torch.Tensor:
    """The mask of a comparison, in this thread's buffer. With numpy on the CPU, which compares ten times as fast."""
    if x.device.type != "cpu":
        elsewhere: torch.Tensor = by_torch(x, *bound)
        return elsewhere
    mask = scratch(x.shape, torch.bool, x.device, "mask")
    by_numpy(x.numpy(), *(b.numpy() if isinstance(b, torch.Tensor) else b for b in bound), out=mask.numpy())
    return mask


def count_true(mask: torch.Tensor) -> Counts:
    """The number of True values in each row of a (layers, values) mask."""
    rows = mask.cpu().numpy()
    if not rows.any():
        return np.zeros(len(rows), dtype=np.int64)
    return np.array([np.count_nonzero(row) for row in rows], dtype=np.int64)


def count_zeros(x: torch.Tensor) -> Counts:
    """The number of exact zeros in each row."""
    return count_true(mask_of(x, np.equal, torch.eq, 0))


def zeros_between(x: torch.Tensor, low: Floats, high: Floats) -> Counts:
    """The same, counted only in rows with extremes that allow zeros."""
    return count_zeros(x) if bool(((low <= 0) & (high >= 0)).any()) else np.zeros(len(x), dtype=np.int64)


def count_nans(x: torch.Tensor) -> Counts:
    """The number of nan in each row."""
    return count_true(mask_of(x, np.isnan, torch.isnan))


def count_below(x: torch.Tensor, bounds: torch.Tensor) -> Counts:
    """The number of values in each row below its bound, (layers, 1)."""
    return count_true(mask_of(x, np.less, torch.lt, bounds))
