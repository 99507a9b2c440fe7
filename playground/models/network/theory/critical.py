"""The edge between gradients that vanish and gradients that explode: where chi1 at the fixed point crosses 1.

At a smooth crossing chi1 is 1 there, at sw2 = 1 / E[phi'^2] and q = sw2 E[phi^2] + sb2 (Poole et al. 2016). For gelu
and silu with small bias the fixed point itself jumps, from near 0 to infinity, and chi1 with it: the jump is the edge.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from playground.models.network.arrays import Floats
from playground.models.network.spec.activations import ACTIVATIONS
from playground.models.network.theory.mean_field import fixed_point, mean_square, mean_square_slope, over_grid, root

SOUGHT = np.geomspace(0.01, 1000.0, 600)
"""The range of weight variances searched for a critical one."""
ROWS, COLUMNS = 97, 64
HALVINGS = 14
BESIDE = 1e-3
"""How far on both sides of a critical weight variance chi1 is evaluated, as a share of it."""


def chi1_at(activation: str, weight_variances: Floats, bias_variances: Floats) -> Floats:
    """chi1 at the fixed point of each pair of variances, in their broadcast shape.

    The fixed point is the first crossing from q = 1, as in `fixed_point`, interpolated on a grid of 20 points per
    decade: exact to about half a percent, and much better near small q.
    """
    grid, squares, slopes = over_grid(activation)
    logs = np.log(grid)
    weight, bias = np.broadcast_arrays(weight_variances, bias_variances)
    with np.errstate(divide="ignore"):
        change = np.log(weight[..., None] * squares + bias[..., None]) - logs
    middle = len(grid) // 2
    upward = change[..., middle] > 0
    up, down = change[..., middle:], change[..., middle::-1]
    first_up = np.where((up <= 0).any(-1), (up <= 0).argmax(-1), up.shape[-1] - 1)
    first_down = np.where((down >= 0).any(-1), (down >= 0).argmax(-1), down.shape[-1] - 1)
    far = np.where(upward, middle + first_up, middle - first_down)
    near = np.clip(np.where(upward, far - 1, far + 1), 0, len(grid) - 1)
    at_far = np.take_along_axis(change, far[..., None], -1)[..., 0]
    at_near = np.take_along_axis(change, near[..., None], -1)[..., 0]
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where((at_far > 0) != (at_near > 0), at_near / (at_near - at_far), 1.0)
    share = np.clip(np.nan_to_num(share, nan=1.0), 0, 1)
    return np.asarray(weight * ((1 - share) * slopes[near] + share * slopes[far]))


def _crosses(activation: str, weight_variance: float, bias_variance: float) -> bool:
    """True if chi1 of the fixed point that is actually reached crosses 1 at this weight variance."""
    below = fixed_point(activation, weight_variance * (1 - BESIDE), bias_variance)
    above = fixed_point(activation, weight_variance * (1 + BESIDE), bias_variance)
    return below.chi1 < 1 < above.chi1


def _smooth(activation: str, bias_variance: float) -> list[float]:
    """Weight variances at which a fixed point, whether reached or not, has chi1 = 1: one equation for q."""
    grid, squares, slopes = over_grid(activation)

    def mismatch(q: float) -> float:
        return mean_square(activation, q) / mean_square_slope(activation, q) + bias_variance - q

    with np.errstate(divide="ignore", over="ignore"):
        off = squares / slopes + bias_variance - grid
    crossings = np.flatnonzero(np.diff(np.sign(off[grid < 1e3])))
    found = [1 / mean_square_slope(activation, root(mismatch, float(grid[i]), float(grid[i + 1]))) for i in crossings]
    if bias_variance == 0 and squares[0] < 1e-6:
        found.append(float(1 / slopes[0]))  # the fixed point q = 0 of an activation that passes through 0
    return found


@lru_cache(maxsize=512)
def critical_weight_variance(activation: str, bias_variance: float = 0.0) -> float:
    """The least weight variance at which chi1 crosses 1 for this bias variance; nan if there is none up to 1000.

    `critical_weight_variance("tanh", 0.05)` is 1.761, `critical_weight_variance("relu")` is 2. With a bias relu keeps
    its gradients at 2 too, but its variance grows by the bias's at each layer. Kept, it saves two fifths of "dragging a
    network of 50 x 100 x 200" with tanh.
    """
    if ACTIVATIONS.find(activation).homogeneous:
        return 1 / mean_square_slope(activation, 1.0)
    reached = [found for found in _smooth(activation, bias_variance) if _crosses(activation, found, bias_variance)]
    if reached:
        return min(reached)
    above = np.flatnonzero(np.diff((chi1_at(activation, SOUGHT, np.array(bias_variance)) > 1).astype(int)) > 0)
    if not len(above):
        return math.nan
    low, high = float(SOUGHT[above[0]]), float(SOUGHT[above[0] + 1])
    return root(lambda sought: fixed_point(activation, sought, bias_variance).chi1 - 1, low, high, halvings=24)


@lru_cache(maxsize=64)
def critical_line(activation: str, widest: float, highest: float) -> tuple[Floats, Floats]:
    """The edge as a line, (weight variances, bias variances), up to these limits; nan if a row has no edge.

    Rows are denser towards zero bias, where the line for tanh is flat near its end at sw2 = 1.
    """
    rows = highest * np.linspace(0.0, 1.0, ROWS) ** 2
    columns = np.linspace(0.0, widest, COLUMNS + 1)[1:]
    over = chi1_at(activation, columns[None, :], rows[:, None]) > 1
    rises = ~over[:, :-1] & over[:, 1:]
    has = rises.any(1)
    first = rises.argmax(1)
    low, high = columns[first], columns[first + 1]
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        above = chi1_at(activation, middle, rows) > 1
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return np.where(has, (low + high) / 2, np.nan), rows
