"""The definition of a healthy network, shared by the verdicts, the plots' band and the texts."""

from __future__ import annotations

import numpy as np

from playground.models.network.arrays import Floats

BAND = (0.5, 2.0)
"""The rms of every layer's activations must be in this range."""
GRADIENT_DECADES = 10.0
"""The first layer's gradients must be within this factor of the last layer's."""
APART = 0.9
"""Inputs are told apart if their mean cosine at the last layer is at most this, unless they were more alike before."""


def band_in_words() -> str:
    """`"0.5 to 2"`."""
    return f"{BAND[0]:g} to {BAND[1]:g}"


def unhealthy(rms: Floats, gradient_rms: Floats, cosine: Floats | None = None) -> str:
    """What keeps a network from being healthy: "rms", "gradient", "alike", or "" if it is healthy.

    `rms` and `gradient_rms` are those of each layer's activations and of their gradients, (layers,), nan if not
    measured; `cosine` is the mean cosine between the inputs at each layer. A network without measured gradients is not
    healthy, since nothing is known about them.

    >>> unhealthy(np.array([1.0, 1.1]), np.array([0.2, 0.1]))
    ''
    >>> unhealthy(np.array([1.0, 0.1]), np.array([0.2, 0.1]))
    'rms'
    """
    known, gradients = rms[np.isfinite(rms)], gradient_rms[np.isfinite(gradient_rms)]
    if not len(known) or known.min() < BAND[0] or known.max() > BAND[1]:
        return "rms"
    if not len(gradients) or not gradients[-1] > 0:
        return "gradient"
    if not 1 / GRADIENT_DECADES <= gradients[0] / gradients[-1] <= GRADIENT_DECADES:
        return "gradient"
    if cosine is not None and cosine[-1] > APART >= cosine[0]:
        return "alike"
    return ""


def farthest_from_band(rms: Floats) -> int:
    """The layer, from 0, with the rms farthest from the middle of the band, as a factor."""
    with np.errstate(divide="ignore"):
        distance = np.abs(np.log(rms))
    return int(np.nanargmax(distance))
