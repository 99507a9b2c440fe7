"""How far one draw of finite width deviates from mean-field theory, which is exact only for infinitely wide layers.

The mean square of a layer is a mean over `width` units, so it varies by a share of kappa / width from draw to draw:
`kappa = E[phi^4] / E[phi^2]^2 - 1`, 2 without an activation and 5 for relu. These shares add up from layer to layer,
`u' = (d ln M / d ln q)^2 u + kappa / width` with `M = E[phi^2]` at q; a contracting map forgets them, an
expanding one makes them grow. A positive number with a fixed mean and a logarithm of variance u is typically at
exp(-u / 2) of the mean, and so the rms at exp(-u / 4) of theory: for relu this is the log-normal law of Hanin and Nica
2018 ("Products of many large random matrices and gradients in deep neural networks"), with mean -beta / 2 and variance
beta = 5 depth / width. Going backward, the weights alone add 2 / width per layer; the slopes' part varies by input
and is omitted. All of this is for one input: many different ones average some of it out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch

from playground.models.network.arrays import Floats
from playground.models.network.spec.activations import ACTIVATIONS
from playground.models.network.spec.spec import NetworkSpec

NODES = 10


@cache
def quadrature() -> tuple[torch.Tensor, torch.Tensor]:
    """Nodes and weights for the mean over a standard normal: 10 Gauss-Legendre nodes in each octave of |z| up to 16.

    Gauss-Hermite nodes would be fewer, but lose up to 2 % where a slope jumps at 0 (elu, selu) or changes within a
    fraction of a node's distance (tanh of a large variance); here no panel crosses 0, and they get finer towards it.
    Kept, they save three fifths of "dragging a network of 50 x 100 x 200" with tanh.
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


MOST = math.log(10.0)
"""Theory is drawn as long as a typical draw is within a factor of ten of it."""
OF_WEIGHTS = 2.0
LARGEST, SMALLEST = 1e12, 1e-300


@dataclass(frozen=True, slots=True, eq=False)
class FiniteWidth:
    """`rms` and `gradient_rms`: the logarithm of the factor between a typical draw and theory, (depth,), by layer.

    A reason says why theory should not be drawn, "" if it may be; `first` is the first such layer, 0 for none.
    """

    rms: Floats
    gradient_rms: Floats
    reason: str = ""
    gradient_reason: str = ""
    first: int = 0


def finite_width_of(spec: NetworkSpec, variances: Sequence[float], weight_variance: float) -> FiniteWidth:
    """The effect of a network's width on the theory of its pre-activations' variances, one per layer.

    `finite_width_of(NetworkSpec(width=1), [1.0] * 50, 1.0).rms[0]` is 0.5: a layer of one unit typically multiplies the
    rms by 0.6, not by 1.
    """
    depth = len(variances)
    kappa, passed = _moments(spec.activation, variances, weight_variance)
    u, forward = 0.0, np.zeros(depth)
    for layer in range(depth):
        u = passed[layer] ** 2 * u + kappa[layer] / spec.width
        forward[layer] = u
    rms = forward / 4
    gradient = (u + np.arange(depth - 1, -1, -1) * OF_WEIGHTS / spec.width) / 4
    start = f"no theory drawn: it is for wide layers; at width {spec.width:,} a draw"
    first = _first_beyond(rms)
    if first:
        reason = f"{start} is off by ×10 from layer {first} on"
        return FiniteWidth(rms, gradient, reason, reason, first)
    first = _first_beyond(gradient[::-1])
    return FiniteWidth(rms, gradient, "", f"{start}'s gradients are off by ×10 within {first} layers" if first else "")


def _first_beyond(off: Floats) -> int:
    """The first layer, from 1, where a draw deviates by more than allowed; 0 if there is none."""
    far = np.flatnonzero(~(off <= MOST))
    return int(far[0]) + 1 if len(far) else 0


def _moments(activation: str, variances: Sequence[float], weight_variance: float) -> tuple[Floats, Floats]:
    """kappa of each layer, and the exponent that relates a layer's mean square to that of the layer before."""
    if ACTIVATIONS[activation].homogeneous:
        kappa, mean_square = _standard(activation)
        alike = np.full(len(variances), kappa)
        squares, powers = mean_square * np.array(variances), np.ones(len(variances))
    else:
        value, overlap, weights = _values(activation, variances)
        squares = np.asarray((value @ weights).numpy(), dtype=np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            alike = (value.square() @ weights).numpy() / squares**2 - 1
            powers = (overlap @ weights).numpy() / squares
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        share = weight_variance * squares[:-1] / np.array(variances)[1:]  # the rest of the variance is the biases'
    passed = powers * np.concatenate([[0.0], np.clip(np.nan_to_num(share, nan=1.0, posinf=1.0), 0.0, 1.0)])
    return np.nan_to_num(alike, nan=0.0, posinf=0.0), np.nan_to_num(passed, nan=1.0, posinf=1.0)


@cache
def _standard(activation: str) -> tuple[float, float]:
    """kappa and M at variance 1: sufficient if phi(c z) = c phi(z)."""
    value, _overlap, weights = _values(activation, [1.0])
    square = float((value @ weights)[0])
    return float((value.square() @ weights)[0]) / square**2 - 1, square


def _values(activation: str, variances: Sequence[float]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """(phi^2, z phi phi', weights), each (variances, nodes), with z = sqrt(q) times the nodes of the quadrature."""
    nodes, weights = quadrature()
    q = torch.tensor([*variances], dtype=torch.float64).nan_to_num(LARGEST).clamp(SMALLEST, LARGEST)
    z, entry = q.sqrt()[:, None] * nodes, ACTIVATIONS[activation]
    value = entry.function(z)
    return value.square(), z * value * entry.slope(z), weights
