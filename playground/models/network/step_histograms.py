"""Counts of magnitudes over training steps, made from the floats' own exponent bits: exact, and cheap for every layer.

A float32 is sign, exponent, mantissa; its exponent and first mantissa bit number the half octaves [2^e, 1.5 * 2^e) and
[1.5 * 2^e, 2^(e + 1)). Counting them needs no logarithm, so each step of a training can count all its layers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from playground.models.network.reductions import count_zeros
from playground.models.network.stacks import stacked

LOW_OCTAVE, HIGH_OCTAVE = -60, 36
BINS = 2 * (HIGH_OCTAVE - LOW_OCTAVE)
ZERO, BELOW, ABOVE, NOT_FINITE = BINS, BINS + 1, BINS + 2, BINS + 3
SLOTS = BINS + 4
_BIAS = 127
_FIRST = 2 * (LOW_OCTAVE + _BIAS)
_LAST = 2 * (HIGH_OCTAVE + _BIAS)
_NOT_FINITE = 2 * 255
KEYS = 512

Counts = NDArray[np.int32]


def bin_edges() -> NDArray[np.float64]:
    """The BINS + 1 edges of |value|: 2^-60, 1.5 * 2^-60, 2^-59, ..., 2^36."""
    octaves = np.arange(LOW_OCTAVE, HIGH_OCTAVE + 1, dtype=np.float64)
    edges = np.stack([np.exp2(octaves), 1.5 * np.exp2(octaves)], axis=1).ravel()
    return edges[: BINS + 1]


def count_magnitudes(layers: Sequence[torch.Tensor], check: Callable[[], None] | None = None) -> Counts:
    """(layers, SLOTS): the values of each layer by half octave of |value|, then zeros, below, above, and nan or inf.

    A float64 value is rounded to float32 first, which moves none across more than an edge it already touches, except
    beyond 3.4e38, where it counts as inf. `check()` is called now and then and may raise.
    """
    parts = []
    for _start, stack in stacked(layers):
        if check is not None:
            check()
        values = stack.reshape(len(stack), -1).float().contiguous().cpu()
        # The sign goes out to the left, the rest of the mantissa to the right; the shift fills in ones for negatives.
        keys = values.view(torch.int32).bitwise_left_shift(1).bitwise_right_shift_(23).bitwise_and_(KEYS - 1)
        keys += torch.arange(0, len(stack) * KEYS, KEYS, dtype=torch.int32)[:, None]
        counts = torch.bincount(keys.view(-1), minlength=len(stack) * KEYS).view(len(stack), KEYS).numpy()
        parts.append(_slots(counts, count_zeros(values)))
    return np.concatenate(parts)


def _slots(counts: NDArray[np.int64], zeros: NDArray[np.int64]) -> Counts:
    slots = np.zeros((len(counts), SLOTS), dtype=np.int32)
    slots[:, :BINS] = counts[:, _FIRST:_LAST]
    slots[:, ZERO] = zeros
    slots[:, BELOW] = counts[:, :_FIRST].sum(1) - zeros
    slots[:, ABOVE] = counts[:, _LAST:_NOT_FINITE].sum(1)
    slots[:, NOT_FINITE] = counts[:, _NOT_FINITE:].sum(1)
    return slots
