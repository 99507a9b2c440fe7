"""Single-pass reductions over the rows of many layers, and stacking of many layers' tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from playground.models.network.arrays import Counts, Floats
from playground.models.network.run.fast.buffers import scratch
from playground.models.network.spec.devices import summable

CHUNK = 2**22
"""The most elements a stack holds; larger tensors are taken one by one, without a copy."""


Layers = Sequence[torch.Tensor] | torch.Tensor
"""A tensor a layer, or all of them in one, (layers, ...), which holds no more elements than a stack may."""


def stacked(tensors: Layers) -> Iterator[tuple[int, torch.Tensor]]:
    """(first layer, stack) for runs of equal shape; a stack is (layers, *shape), valid until the next is asked for."""
    if isinstance(tensors, torch.Tensor):
        yield 0, tensors
        return
    for start, run in _runs(tensors):
        yield start, _stack(run)


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


def _stack(tensors: list[torch.Tensor]) -> torch.Tensor:
    first = tensors[0]
    if len(tensors) == 1:
        return first.contiguous()[None]
    out = scratch((len(tensors), *first.shape), first.dtype, first.device, "stacked")
    return torch.stack(tensors, out=out)


PIECE = 2048
"""How many values of a row are summed in its own dtype before the sums are added in float64."""

ROWS = 256
"""How many rows are added in their own dtype before the sums are added in float64: equal rows are rounded equally."""

COMPARED = (torch.float32, torch.float64)


def as_floats(x: torch.Tensor) -> torch.Tensor:
    """The values in a dtype for sums and comparisons: half floats in float32, whole numbers in float64."""
    if x.dtype in COMPARED:
        return x
    return x.float() if x.is_floating_point() else x.double()


def extremes_of(x: torch.Tensor) -> tuple[Floats, Floats]:
    """The smallest and the largest value of each row; nan where one is."""
    low, high = numbers(torch.stack((x.amin(1), x.amax(1))))
    return low, high


def sum_rows(x: torch.Tensor) -> tuple[Floats, Floats]:
    """Mean and Euclidean norm of each row, summed in the dtype of `x`.

    On the CPU in pieces, short enough to be summed in that dtype without losing digits, the sums of these in float64.
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


def piece_of(count: int) -> int:
    """The pieces of at most PIECE values into which a row is cut: equal ones, if that takes at most twice as many."""
    least = -(-count // PIECE)
    equal = [count // pieces for pieces in range(least, 2 * least + 1) if pieces and count % pieces == 0]
    return max(1, *equal) if equal else min(PIECE, max(1, count))


def add_rows(shares: torch.Tensor, x: torch.Tensor) -> Floats:
    """`shares @ x`, layer by layer, in the dtype of both: the rows of `x` times what `shares` gives each of them."""
    sums = np.zeros((len(x), shares.shape[1], x.shape[2]))
    with np.errstate(invalid="ignore"):  # inf and -inf are nan together
        for start in range(0, x.shape[1], ROWS):
            sums += numbers(torch.bmm(shares[:, :, start : start + ROWS], x[:, start : start + ROWS]))
    return sums


def numbers(tensor: torch.Tensor) -> Floats:
    """A tensor's values as float64 in numpy."""
    values: Floats = tensor.cpu().double().numpy()
    return values


def mask_of(
    x: torch.Tensor, by_numpy: np.ufunc, by_torch: Callable[..., torch.Tensor], *bound: torch.Tensor | float
) -> torch.Tensor:
    """Where a comparison holds. By numpy on the CPU: of "a network of 50 x 256 x 256" that saves an eighth."""
    if x.device.type != "cpu":
        elsewhere: torch.Tensor = by_torch(x, *bound)
        return elsewhere
    return torch.from_numpy(by_numpy(x.numpy(), *(b.numpy() if isinstance(b, torch.Tensor) else b for b in bound)))


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
