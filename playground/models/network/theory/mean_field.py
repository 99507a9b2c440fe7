"""How variance and gradients propagate through a wide random network: the variance map and the gradient factor.

Poole et al. 2016, Schoenholz et al. 2017: `q' = sw2 E[phi(sqrt(q) z)^2] + sb2`, `chi1 = sw2 E[phi'(sqrt(q*) z)^2]`, z
standard normal, by Gaussian quadrature for any registered activation. sw2 is fan_in times a weight's variance.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch

from playground.models.network.arrays import Floats
from playground.models.network.spec.activations import ACTIVATIONS
from playground.models.network.spec.inits import INIT_SCHEMES
from playground.models.network.spec.spec import NetworkSpec
from playground.models.network.theory.correlation import correlation_fixed_point
from playground.models.network.theory.finite_width import finite_width_of, quadrature

GRID = 481
TOLERANCE = 1e-10
DIVERGED = 1e12
ROUNDING = 1e-11
"""Growth by less than this share per layer does not count: small variances grow this much by rounding alone."""


@dataclass(frozen=True, slots=True)
class FixedPoint:
    """`q`: the variance to which the pre-activations of deep layers converge (inf if it grows without bound).

    `chi1`: the factor per layer on a squared gradient there. `correlation`: c*, how similar all inputs become; 1 if
    chi1 is at most 1. `depth_scale`: xi_c = -1 / ln(slope of the correlation map at c*), the number of layers over
    which the difference between two inputs falls by e; inf at the critical point.
    """

    q: float
    chi1: float
    depth_scale: float
    correlation: float = 1.0

    @property
    def gradient_scale(self) -> float:
        """1 / |ln chi1|: the number of layers over which a squared gradient changes by e; inf at the critical point.

        Equals the signal's scale if chi1 is below 1; above 1 it differs.
        """
        return _scale(self.chi1)

    @property
    def trainable_depth(self) -> float:
        """6 xi_c: roughly the deepest network that still trains (Schoenholz et al. 2017)."""
        return 6 * self.depth_scale


def _scale(factor: float) -> float:
    """The number of layers over which a quantity with this factor per layer changes by e."""
    if factor <= 0:
        return 0.0
    distance = abs(math.log(factor))
    return math.inf if distance < 1e-9 else 1 / distance


@dataclass(frozen=True, slots=True, eq=False)
class MeanFieldPrediction:
    """The theory for each layer, (depth,): the rms of activations, and of the loss's gradient with respect to them.

    None if the theory does not apply; `reason` then says why, and `narrow_from` is the first layer that is too narrow,
    0 if that is not the reason.
    """

    rms: Floats | None = None
    gradient_rms: Floats | None = None
    reason: str = ""
    gradient_reason: str = ""
    narrow_from: int = 0

    @property
    def slope(self) -> float:
        """The geometric mean factor of the rms from the first layer to the last; nan without a prediction."""
        if self.rms is None or len(self.rms) < 2 or not self.rms[0] > 0 or not self.rms[-1] > 0:
            return math.nan
        return float(math.exp((math.log(self.rms[-1]) - math.log(self.rms[0])) / (len(self.rms) - 1)))


def _mean(activation: str, q: float, of: Callable[[torch.Tensor, torch.Tensor], torch.Tensor], sloped: bool) -> float:
    """E[of(phi(sqrt(q) z), phi'(sqrt(q) z))]; the slope is computed only if needed."""
    nodes, weights = quadrature()
    z, entry = nodes * math.sqrt(q), ACTIVATIONS.find(activation)
    value = entry.function(z)
    return float(weights.dot(of(value, entry.slope(z) if sloped else value)))


def _square(value: torch.Tensor, _slope: torch.Tensor) -> torch.Tensor:
    return value.square()


@cache
def _mean_square_of_standard(activation: str) -> float:
    return _mean(activation, 1.0, _square, False)


def mean_square(activation: str, q: float) -> float:
    """E[phi(sqrt(q) z)^2]: the mean square of activations for pre-activations of variance q."""
    if ACTIVATIONS.find(activation).homogeneous:
        return q * _mean_square_of_standard(activation)
    if q > DIVERGED:
        return q * _mean(activation, DIVERGED, _square, False) / DIVERGED
    return _mean(activation, q, _square, False)


def mean_square_slope(activation: str, q: float) -> float:
    """E[phi'(sqrt(q) z)^2]."""
    return _mean(activation, min(q, DIVERGED), lambda _, slope: slope.square(), True)


def variance_map(activation: str, q: float, weight_variance: float, bias_variance: float = 0.0) -> float:
    """The variance of the next layer's pre-activations: `sw2 E[phi(sqrt(q) z)^2] + sb2`."""
    return weight_variance * mean_square(activation, q) + bias_variance


@cache
def over_grid(activation: str) -> tuple[Floats, Floats, Floats]:
    """(q, E[phi^2], E[phi'^2]) on a logarithmic grid of variances from 1e-12 to 1e12."""
    nodes, weights = quadrature()
    grid = torch.logspace(-12, 12, GRID, dtype=torch.float64)
    z = grid.sqrt()[:, None] * nodes
    entry = ACTIVATIONS.find(activation)
    squares = entry.function(z).square() @ weights
    slopes = entry.slope(z).square() @ weights
    return grid.numpy(), squares.numpy(), slopes.numpy()


def root(function: Callable[[float], float], low: float, high: float, halvings: int = 60) -> float:
    """Where a function changes sign between two positive numbers, by bisection of the logarithm."""
    rising = function(low) < 0
    for _ in range(halvings):
        middle = math.sqrt(low * high)
        if (function(middle) < 0) == rising:
            low = middle
        else:
            high = middle
    return math.sqrt(low * high)


def fixed_point(activation: str, weight_variance: float, bias_variance: float = 0.0) -> FixedPoint:
    """The fixed point of an activation's variance map, starting from q = 1: `.q`, `.chi1`, `.depth_scale` (in layers).

    >>> point = fixed_point("tanh", weight_variance=1.761, bias_variance=0.05)
    >>> round(point.q, 2), round(point.chi1, 2)
    (0.57, 1.0)

    `weight_variance` is a weight's variance times its fan-in; `depth_scale` is inf if chi1 is 1. The map rises with q,
    so its iterates move monotonically to the first fixed point, which is found on a grid and by bisection. That is
    equally fast at the critical point, where iteration would converge only as 1 / layer. A q below 1e-12 is 0, one
    above 1e12 is inf.
    Raises `KeyError` for an unregistered activation.
    """

    def growth(q: float) -> float:
        return variance_map(activation, q, weight_variance, bias_variance) - q

    def found(q: float, chi1: float) -> FixedPoint:
        alike, slope = correlation_fixed_point(activation, q, chi1, weight_variance, bias_variance)
        return FixedPoint(q, chi1, _scale(slope), alike)

    start = growth(1.0)
    if abs(start) <= TOLERANCE:
        return found(1.0, weight_variance * mean_square_slope(activation, 1.0))
    grid, squares, slopes = over_grid(activation)
    changes = weight_variance * squares + bias_variance - grid
    upward = start > 0
    ahead = grid[grid > 1] if upward else grid[grid < 1][::-1]
    signs = changes[grid > 1] if upward else changes[grid < 1][::-1]
    beyond = np.flatnonzero(signs <= 0 if upward else signs >= ROUNDING * ahead)
    if not len(beyond):
        end = math.inf if upward else 0.0
        return found(end, weight_variance * float(slopes[-1 if upward else 0]))
    far = float(ahead[beyond[0]])
    near = float(ahead[beyond[0] - 1]) if beyond[0] else 1.0
    q = root(growth, min(near, far), max(near, far))
    return found(q, weight_variance * mean_square_slope(activation, q))


def weight_variance_of(spec: NetworkSpec, fan_in: int) -> float:
    """sw2 of a layer: fan_in times the variance of a weight, including the gain; inf beyond the largest float."""
    scheme = INIT_SCHEMES[spec.init]
    return fan_in * scheme.variance(fan_in, spec.width, spec) * spec.gain * spec.gain


def bias_variance_of(spec: NetworkSpec) -> float:
    """sb2: the square of the bias std, or the bias variance of an init that draws its own biases."""
    if INIT_SCHEMES[spec.init].own_bias:
        return spec.gain * spec.gain / (3 * spec.width)
    return spec.bias_std * spec.bias_std


def why_not(spec: NetworkSpec) -> str:
    """Why mean-field theory does not describe this network; "" if it does."""
    scheme = INIT_SCHEMES[spec.init]
    if spec.normalisation != "none":
        return f"no theory drawn: {spec.normalisation} norm sets the spread itself"
    if spec.dropout:
        return "no theory drawn: dropout adds its own noise"
    if spec.residual != "none":
        return "no theory drawn: the residual adds each layer to the ones before"
    if scheme.measured:
        return "no theory drawn: LSUV rescales by measured values"
    if scheme.sampler == "eye":
        return "no theory drawn: identity weights are not random"
    if scheme.mean(spec.width, spec.width, spec) != 0:
        return "no theory drawn: the weights' mean is not 0"
    return ""


def predict(
    spec: NetworkSpec, input_mean_square: float | None = None, features: int | None = None
) -> MeanFieldPrediction:
    """The theoretical rms of each layer's activations and gradients, given the inputs' mean square and feature count.

    >>> from playground import NetworkSpec
    >>> theory = predict(NetworkSpec(depth=3, activation="relu", init="kaiming_normal"))
    >>> [round(float(rms), 3) for rms in theory.rms]
    [1.0, 1.0, 1.0]

    `rms` and `gradient_rms` have one number per layer, or are None if the theory does not apply: `reason` and
    `gradient_reason` say why. The mean square defaults to that of the spec's input: 1 for standard normal and digits,
    1/3 for uniform.
    """
    reason = why_not(spec)
    if reason:
        return MeanFieldPrediction(reason=reason, gradient_reason=reason)
    fan_in = features or (64 if spec.input == "digits" else spec.width)
    square = input_mean_square if input_mean_square is not None else {"uniform": 1 / 3}.get(spec.input, 1.0)
    bias = bias_variance_of(spec)
    first, inner = weight_variance_of(spec, fan_in), weight_variance_of(spec, spec.width)
    variances, squares = [], []
    for layer in range(spec.depth):
        q = (inner if layer else first) * square + bias
        square = mean_square(spec.activation, q) if math.isfinite(q) else math.inf
        variances.append(q)
        squares.append(square)
    rms = np.sqrt(np.array(squares))
    width = finite_width_of(spec, variances, inner)
    if width.reason:
        return MeanFieldPrediction(reason=width.reason, gradient_reason=width.reason, narrow_from=width.first)
    if spec.loss != "mean_square":
        return MeanFieldPrediction(
            rms, None, gradient_reason="no theory drawn: the gradient starts from the cross entropy"
        )
    if width.gradient_reason:
        return MeanFieldPrediction(rms, None, gradient_reason=width.gradient_reason)
    return MeanFieldPrediction(rms, _gradients(spec, variances, squares, spec.batch * spec.width))


def _gradients(spec: NetworkSpec, variances: list[float], squares: list[float], values: int) -> Floats:
    """The rms of the gradient, going backward from 2 a / values at the last layer.

    That gradient is parallel to the output, so each step back keeps a component along the layer's own activations,
    `c' = c sw2 E[z phi phi'] / q` (Stein's lemma), and a random component of mean square
    `r' = sw2 (c^2 E[phi^2 phi'^2] + r E[phi'^2])`.
    """
    factor = weight_variance_of(spec, spec.width)
    slopes, products, overlaps = (column.tolist() for column in _products(spec.activation, variances))
    along, random = 2 / values, 0.0
    found = [along * along * squares[-1]]
    for layer in range(spec.depth - 1, 0, -1):
        random = factor * (along * along * products[layer] + random * slopes[layer])
        along *= factor * overlaps[layer]
        found.append(random + along * along * squares[layer - 1])
    with np.errstate(invalid="ignore"):
        return np.asarray(np.sqrt(np.array(found[::-1])), dtype=np.float64)


def _products(activation: str, variances: list[float]) -> tuple[Floats, Floats, Floats]:
    """E[phi'^2], E[phi^2 phi'^2] and E[z phi phi'] / q at many variances at once."""
    if ACTIVATIONS[activation].homogeneous and len(variances) > 1:
        one, like = _products_of_standard(activation), np.ones(len(variances))
        return one[0] * like, one[1] * np.array(variances), one[2] * like
    nodes, weights = quadrature()
    q = torch.tensor(variances, dtype=torch.float64).clamp(1e-300, DIVERGED)
    z = q.sqrt()[:, None] * nodes
    value, slope = ACTIVATIONS[activation].function(z), ACTIVATIONS[activation].slope(z)
    grown = torch.tensor(variances, dtype=torch.float64) / q
    return (
        (slope.square() @ weights).numpy(),
        ((value * slope).square() @ weights * grown).numpy(),
        ((z * value * slope) @ weights / q).numpy(),
    )


@cache
def _products_of_standard(activation: str) -> tuple[float, float, float]:
    """The same at variance 1: sufficient if phi(c z) = c phi(z)."""
    slope, product, overlap = (float(found[0]) for found in _products(activation, [1.0]))
    return slope, product, overlap
