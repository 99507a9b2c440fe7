"""What single passes over the rows of a (layers, values) table tell: extremes, mean and norm, and counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from playground.models.network.arrays import Counts, Floats
from playground.models.network.stacks import scratch

Extremes = tuple[Floats, Floats]
WITHOUT_THREADS = 2**17
"""Up to so many values a layer, numpy works in the thread that asks for it: its BLAS shares out products of more than
2^18 multiplications, and then waits for the processor that the window has."""


@dataclass(frozen=True, slots=True, eq=False)
class Reductions:
    """What is known of each layer's values: extremes and, where they were summed or counted, mean and Euclidean norm,
    and how many are exactly 0; each (layers,)."""

    low: Floats
    high: Floats
    mean: Floats | None = None
    norm: Floats | None = None
    zeros: Counts | None = None


def as_floats(x: torch.Tensor) -> torch.Tensor:
    """The values in a dtype that is summed and compared in: half floats in float32, whole numbers in float64."""
    if x.dtype in (torch.float32, torch.float64):
        return x
    return x.float() if x.is_floating_point() else x.double()


def extremes_of(x: torch.Tensor) -> Extremes:
    """The smallest and the largest value of each row; nan where one is."""
    low, high = numbers(torch.stack((x.amin(1), x.amax(1))))
    return low, high


def sum_rows(x: torch.Tensor) -> tuple[Floats, Floats]:
    """Mean and Euclidean norm of each row, summed in the dtype of `x`."""
    mean, norm = numbers(torch.stack((x.mean(1), torch.linalg.vector_norm(x, dim=1))))
    return mean, norm


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
    """`shares @ x`, layer by layer, in the dtype of both: the rows of `x` times what `shares` gives each of them.

    By numpy, which needs two thirds of torch's time, as long as it brings no threads of its own.
    """
    if not _is_small(x):
        return numbers(torch.bmm(torch.from_numpy(shares).to(x), x))
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(np.matmul(shares, x.numpy()), dtype=np.float64)


def numbers(tensor: torch.Tensor) -> Floats:
    """A tensor's values as float64 in numpy."""
    values: Floats = tensor.cpu().double().numpy()
    return values


def mask_of(
    x: torch.Tensor, by_numpy: np.ufunc, by_torch: Callable[..., torch.Tensor], *bound: torch.Tensor | float
) -> torch.Tensor:
    """Where a comparison holds, in a buffer of this thread. By numpy on the CPU, which compares ten times as fast."""
    if x.device.type != "cpu":
        elsewhere: torch.Tensor = by_torch(x, *bound)
        return elsewhere
    mask = scratch(x.shape, torch.bool, x.device, "mask")
    by_numpy(x.numpy(), *(b.numpy() if isinstance(b, torch.Tensor) else b for b in bound), out=mask.numpy())
    return mask


def count_true(mask: torch.Tensor) -> Counts:
    """How many are true in each row of a (layers, values) mask."""
    return np.array([np.count_nonzero(row) for row in mask.cpu().numpy()], dtype=np.int64)


def count_zeros(x: torch.Tensor) -> Counts:
    """How many values of each row are exactly 0."""
    return count_true(mask_of(x, np.equal, torch.eq, 0))


def count_nans(x: torch.Tensor) -> Counts:
    """How many values of each row are nan."""
    return count_true(mask_of(x, np.isnan, torch.isnan))


def count_below(x: torch.Tensor, bounds: torch.Tensor) -> Counts:
    """How many values of each row are below its bound, (layers, 1)."""
    return count_true(mask_of(x, np.less, torch.lt, bounds))
