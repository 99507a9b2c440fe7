"""The mean over a standard normal, for any function, by nodes and weights."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import torch

NODES = 10


@cache
def quadrature() -> tuple[torch.Tensor, torch.Tensor]:
    """Nodes and weights for the mean over a standard normal: 10 Gauss-Legendre nodes in each octave of |z| up to 16.

    Gauss-Hermite nodes would be fewer, but lose up to 2 % where a slope jumps at 0 (elu, selu) or changes within a
    fraction of a node's distance (tanh of a large variance); here no panel crosses 0, and they get finer towards it.
    """
    roots, shares = np.polynomial.legendre.leggauss(NODES)
    edges = np.concatenate([[0.0], 2.0 ** np.arange(-22, 5)])
    half = np.diff(edges) / 2
    places = (edges[:-1] + half)[:, None] + half[:, None] * roots
    weights = half[:, None] * shares * np.exp(-(places**2) / 2) / math.sqrt(2 * math.pi)
    nodes, weights = places.ravel(), weights.ravel()
    weights /= 2 * weights.sum()
    both = np.concatenate([-nodes[::-1], nodes])
    return torch.from_numpy(both), torch.from_numpy(np.concatenate([weights[::-1], weights]))
