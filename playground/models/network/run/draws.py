"""Weights that are a multiple of their draws, and a cache of what was last computed from the draws."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import torch

from playground.models.network.measure.reductions import MOST_KEPT, Reductions, count_zeros, extremes_of, sum_rows

Value = TypeVar("Value")


class LastOf(Generic[Value]):
    """A function of a tensor that caches its last value per thread, as long as the tensor does not change.

    The tensor is kept with it, unless it is larger than a buffer may be.
    """

    def __init__(self, function: Callable[[torch.Tensor], Value]) -> None:
        self._function = function
        self._kept = threading.local()

    def __call__(self, tensor: torch.Tensor) -> Value:
        """The value for this tensor; cached if it was also the last one."""
        kept: tuple[torch.Tensor, int, Value] | None = getattr(self._kept, "last", None)
        if kept is not None and _is_same(tensor, kept[0]) and tensor._version == kept[1]:
            return kept[2]
        self._kept.last = None
        value = self._function(tensor)
        if tensor.untyped_storage().nbytes() <= MOST_KEPT:
            self._kept.last = (tensor, tensor._version, value)
        return value


def _is_same(tensor: torch.Tensor, other: torch.Tensor) -> bool:
    """True if two tensors read the same memory in the same way; `is_set_to` ignores dtype and refuses two devices."""
    return tensor.dtype == other.dtype and tensor.device == other.device and tensor.is_set_to(other)


def _reduce(draws: torch.Tensor) -> tuple[Reductions, float]:
    """What is known about draws, and their smallest nonzero magnitude."""
    rows = draws.flatten(1)
    sizes = rows.abs()
    least = float(torch.where(sizes > 0, sizes, torch.inf).min())
    return Reductions(rows.shape[1], *extremes_of(rows), *sum_rows(rows), count_zeros(rows)), least


_reduce_draws = LastOf(_reduce)


@dataclass(frozen=True, slots=True, eq=False)
class ScaledDraws:
    """`whole` is `draws * scale`, float32 both, (layers, fan_out, fan_in)."""

    whole: torch.Tensor
    draws: torch.Tensor
    scale: float

    def reductions(self) -> Reductions:
        """The reductions of `whole`: extremes exactly, since rounding keeps the order; mean and norm to float32's
        digits; zeros if no product is so small that it becomes 0."""
        known, least = _reduce_draws(self.draws)
        assert known.mean is not None
        assert known.norm is not None
        with np.errstate(over="ignore", invalid="ignore"):
            factor = np.float32(self.scale)
            ends = np.array([known.low, known.high], dtype=np.float32) * factor
            keeps_zeros = least * abs(float(factor)) >= torch.finfo(torch.float32).smallest_normal and np.isfinite(
                factor
            )
            return Reductions(
                known.count,
                ends.min(0).astype(np.float64),
                ends.max(0).astype(np.float64),
                known.mean * float(factor),
                known.norm * abs(float(factor)),
                known.zeros if keeps_zeros else None,
            )
