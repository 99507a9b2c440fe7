"""Weights that are a multiple of their draws: while only the gain moves, what is known of the draws tells of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from playground.models.network.last_of import LastOf
from playground.models.network.reductions import Reductions, count_zeros, extremes_of, sum_rows


def _reduce(draws: torch.Tensor) -> tuple[Reductions, float]:
    """What is known of draws, and the smallest magnitude that is not 0."""
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
        """Those of `whole`: extremes to the bit, for rounding keeps the order; mean and norm to float32's digits; its
        zeros where no product is so small that it becomes one."""
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
