"""How similar two inputs become in a wide random network: the correlation map and its fixed point.

Poole et al. 2016, Schoenholz et al. 2017: `c' = (sw2 E[phi(u1) phi(u2)] + sb2) / q*`, where u1 and u2 are normal with
variance q* and correlation c. The mean is a power series in c: `E[phi(u1) phi(u2)] = sum a_k^2 c^k`, a_k the Hermite
coefficients of `phi(sqrt(q) z)`, so that its slope, `sw2 E[phi'(u1) phi'(u2)]`, is the series' derivative.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import torch

from playground.models.network.arrays import Floats
from playground.models.network.spec.activations import ACTIVATIONS

TERMS = 400
"""Hermite coefficients in the series."""
NEAR_THE_EDGE = 1e-5
"""If chi1 exceeds 1 by less than this, c* is so close to 1 that the map is a parabola there."""
MOST_STEPS = 60
"""Newton steps from 0 towards c*; the map is convex, so none overshoots."""


@cache
def _hermite() -> tuple[Floats, Floats]:
    """Nodes z, and at each node the normal distribution's weight times the first orthonormal Hermite polynomials.

    (nodes,) and (TERMS, nodes). The panels are short enough for the polynomials' waves, and shorter towards 0, where
    activations of a large variance change fast. Kept, they save an eighth of "dragging a network of 50 x 100 x 200"
    with tanh where chi1 is above 1.
    """
    roots, shares = np.polynomial.legendre.leggauss(10)
    edges = np.concatenate([[0.0], 2.0 ** np.arange(-22, -3), np.arange(0.125, 14.0, 0.125)])
    edges = np.unique(edges)
    half = np.diff(edges) / 2
    places = ((edges[:-1] + half)[:, None] + half[:, None] * roots).ravel()
    weights = (half[:, None] * shares).ravel() * np.exp(-(places**2) / 2) / math.sqrt(2 * math.pi)
    nodes = np.concatenate([-places[::-1], places])
    before, now = np.zeros_like(nodes), np.concatenate([weights[::-1], weights])
    rows = []
    for degree in range(TERMS):
        rows.append(now)
        before, now = now, (nodes * now - math.sqrt(degree) * before) / math.sqrt(degree + 1)
    return nodes, np.array(rows)


def series(activation: str, q: float) -> Floats:
    """`a_k^2` of `phi(sqrt(q) z)`, (TERMS,): `E[phi(u1) phi(u2)]` of correlation c is their sum times `c^k`."""
    nodes, weighted = _hermite()
    values = ACTIVATIONS.find(activation).function(torch.from_numpy(nodes * math.sqrt(q))).numpy()
    return np.asarray((weighted @ values) ** 2)


def correlation_fixed_point(
    activation: str, q: float, chi1: float, weight_variance: float, bias_variance: float
) -> tuple[float, float]:
    """(c*, chi at c*): the correlation to which two inputs converge in deep layers, and the slope of the map there.

    Each layer multiplies a small difference in correlation by that slope. If chi1 is at most 1, all inputs become
    alike: c* is 1, and the slope is chi1. Otherwise the map, convex as a series with positive terms, crosses c once
    below 1. If the variance grows without bound (q is inf), the activation scales, and the slope at c = 1 is 1.
    """
    if not math.isfinite(q):
        return 1.0, 1.0
    if chi1 <= 1:
        return 1.0, chi1
    if chi1 - 1 < NEAR_THE_EDGE:
        return 1.0, 2 - chi1
    terms = series(activation, q) * (weight_variance / q)
    powers, c, slope = np.arange(TERMS), 0.0, 0.0
    for _ in range(MOST_STEPS):
        curve = c**powers
        slope = float((terms[1:] * powers[1:]) @ curve[:-1])
        step = (float(terms @ curve) + bias_variance / q - c) / (1 - slope)
        c += step
        if not step > 1e-13 or slope >= 1:
            break
    return c, slope
