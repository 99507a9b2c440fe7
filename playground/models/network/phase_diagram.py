"""Where networks keep their signal: by theory over weight and bias variance, measured over gain and depth.

The theory's map is chi1, what a squared gradient is multiplied by a layer at the fixed point of the variance map
(Poole et al. 2016, Schoenholz et al. 2017): below 1 gradients vanish, above 1 they explode, and the edge is where deep
networks train. The measured map is the rms of each layer of real networks, one for each gain.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray

from playground.models.job import Job
from playground.models.network.build import build
from playground.models.network.init_schemes import INIT_SCHEMES
from playground.models.network.mean_field import (
    FixedPoint,
    bias_variance_of,
    fixed_point,
    mean_square,
    mean_square_slope,
    weight_variance_of,
    why_not,
)
from playground.models.network.program_tensors import tensors_of
from playground.models.network.spec import NetworkSpec
from playground.models.outcome import refuse
from playground.models.tensors.program import Program
from playground.models.words import digits

Floats = NDArray[np.float64]
KINDS = ("theory", "measured")
COLUMNS, ROWS = 96, 96
WIDEST, HIGHEST = 4.0, 0.5
GAINS = 48
GAIN_RANGE = (0.25, 4.0)
MOST_DEPTH = 200
Q_GRID = np.logspace(-12, 12, 385)


@dataclass(frozen=True, slots=True)
class PhaseRequest:
    """The diagram of a network: "theory" over weight and bias variance, "measured" over gain and depth.

    `program` supplies the tensor that feeds the network where the spec names one.
    """

    spec: NetworkSpec
    kind: str = "theory"
    program: Program | None = None

    @property
    def diagram_key(self) -> tuple[object, ...]:
        """Requests with the same key have the same diagram and differ only in where the present setting lies."""
        spec = self.spec
        if self.kind == "theory":
            inside = weight_variance_of(spec, spec.width) <= WIDEST and bias_variance_of(spec) <= HIGHEST
            return (self.kind, spec.activation, why_not(spec), inside or spec)
        inside = GAIN_RANGE[0] <= abs(spec.gain) <= GAIN_RANGE[1]
        return (self.kind, replace(spec, gain=1.0 if inside else spec.gain, depth=self.measured_depth), self.program)

    @property
    def measured_depth(self) -> int:
        """How many layers the measured diagram has: in steps of 50, so that it holds still while depth is dragged.

        A residual scaled by the depth is another network at each depth, so there it is the depth itself.
        """
        if self.spec.residual == "scaled":
            return min(MOST_DEPTH, self.spec.depth)
        return min(MOST_DEPTH, -(-self.spec.depth // 50) * 50)


@dataclass(frozen=True, slots=True, eq=False)
class PhaseResult:
    """`values[row, column]` over the `x` and `y` values of the columns and rows; nan where not computed yet.

    theory: chi1 over sw2 (x) and sb2 (y). measured: rms of layer y at gain x, divided by that of layer 1. `point` is
    the present setting in the same units, `words` what holds there, `done` False for a first picture.
    """

    request: PhaseRequest
    x: Floats
    y: Floats
    values: Floats
    point: tuple[float, float]
    words: str
    done: bool = True

    def spec_at(self, x: float, y: float) -> NetworkSpec:
        """The spec whose point is at (x, y): dragging the point there sets the sliders to this."""
        spec = self.request.spec
        if self.request.kind == "measured":
            return replace(spec, gain=float(f"{x:.4g}"), depth=max(1, min(500, round(y))))
        at_one = weight_variance_of(replace(spec, gain=1.0), spec.width)
        gain = math.sqrt(max(0.0, x) / at_one) if at_one > 0 else spec.gain
        bias_std = spec.bias_std if INIT_SCHEMES[spec.init].own_bias else math.sqrt(max(0.0, y))
        return replace(spec, gain=float(f"{gain:.4g}"), bias_std=float(f"{bias_std:.4g}"))


@lru_cache(maxsize=16)
def _moments(activation: str) -> tuple[Floats, Floats]:
    """(E[phi^2], E[phi'^2]) over `Q_GRID`."""
    squares = np.array([mean_square(activation, float(q)) for q in Q_GRID])
    slopes = np.array([mean_square_slope(activation, float(q)) for q in Q_GRID])
    return squares, slopes


def chi1_map(activation: str, weight_variances: Floats, bias_variances: Floats) -> Floats:
    """chi1 at the fixed point, (bias variances, weight variances): the theory's diagram.

    The fixed point is the first crossing from q = 1, as in `mean_field.fixed_point`, placed between two points of a
    grid of 16 a decade; the two agree to about a percent, and better away from the edge.
    """
    squares, slopes = _moments(activation)
    logs = np.log(Q_GRID)
    grown = weight_variances[None, :, None] * squares + bias_variances[:, None, None]
    with np.errstate(divide="ignore"):
        change = np.log(grown) - logs
    middle = len(Q_GRID) // 2
    upward = change[..., middle] > 0
    up, down = change[..., middle:], change[..., middle::-1]
    first_up = np.where((up <= 0).any(-1), (up <= 0).argmax(-1), up.shape[-1] - 1)
    first_down = np.where((down >= 0).any(-1), (down >= 0).argmax(-1), down.shape[-1] - 1)
    far = np.where(upward, middle + first_up, middle - first_down)
    near = np.clip(np.where(upward, far - 1, far + 1), 0, len(Q_GRID) - 1)
    at_far = np.take_along_axis(change, far[..., None], -1)[..., 0]
    at_near = np.take_along_axis(change, near[..., None], -1)[..., 0]
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where((at_far > 0) != (at_near > 0), at_near / (at_near - at_far), 1.0)
    share = np.clip(np.nan_to_num(share, nan=1.0), 0, 1)
    slope = (1 - share) * slopes[near] + share * slopes[far]
    return np.asarray(weight_variances[None, :] * slope)


def _axes(spec: NetworkSpec, point: tuple[float, float]) -> tuple[Floats, Floats]:
    """Variances from near 0 to where the critical line ends, wider only where the present point lies beyond."""
    widest = WIDEST if point[0] <= WIDEST else min(1.15 * point[0], 100.0)
    highest = HIGHEST if point[1] <= HIGHEST else min(1.15 * point[1], 25.0)
    return np.linspace(widest / COLUMNS, widest, COLUMNS), np.linspace(0.0, highest, ROWS)


def point_of(request: PhaseRequest) -> tuple[tuple[float, float], str]:
    """Where a setting lies in its diagram, and what the theory says there; cheap enough for every move of the hand."""
    spec = request.spec
    if request.kind == "measured":
        return (spec.gain, float(min(spec.depth, MOST_DEPTH))), ""
    point = (weight_variance_of(spec, spec.width), bias_variance_of(spec))
    return point, "" if why_not(spec) else theory_words(fixed_point(spec.activation, *point), point)


def compute_phase(request: PhaseRequest, job: Job | None = None) -> PhaseResult:
    """The diagram, row by row or gain by gain, with first pictures on the way; a `ProblemError` where there is none."""
    job = job or Job()
    return _theory(request, job) if request.kind == "theory" else _measured(request, job)


def _theory(request: PhaseRequest, job: Job) -> PhaseResult:
    spec = request.spec
    reason = why_not(spec)
    if reason:
        why = reason.removeprefix("no theory drawn: ")
        refuse(f"{why[:1].upper()}{why[1:]}. The measured diagram still holds.",
               lead="No theory to draw.")  # fmt: skip
    point = (weight_variance_of(spec, spec.width), bias_variance_of(spec))
    x, y = _axes(spec, point)
    values = np.full((len(y), len(x)), np.nan)
    for row in range(len(y)):
        job.check()
        values[row] = chi1_map(spec.activation, x, y[row : row + 1])[0]
        job.report((row + 1) / len(y), f"row {row + 1} of {len(y)}")
    return PhaseResult(request, x, y, values, point, theory_words(fixed_point(spec.activation, *point), point))


def theory_words(found: FixedPoint, point: tuple[float, float]) -> str:
    """What the theory says at a point: chi1, q*, xi and the depth that trains."""
    if not math.isfinite(found.q):
        return f"The variance grows without end; chi1 is `{digits(found.chi1)}`."
    if math.isinf(found.depth_scale):
        return f"On the edge: chi1 is 1, q* is `{digits(found.q)}`, signals reach any depth."
    fate = "vanish" if found.chi1 < 1 else "explode"
    if found.depth_scale == 0:
        return f"No gradient passes: chi1 is 0, q* is `{digits(found.q)}`."
    return (
        f"Gradients {fate}: chi1 is `{digits(found.chi1)}`, q* is `{digits(found.q)}`. "
        f"xi is `{digits(found.depth_scale)}` layers; about `{digits(found.trainable_depth)}` layers train."
    )


def gain_axis(gain: float) -> Floats:
    """Gains from 1/4 to 4, or about the present one where it lies beyond, evenly spaced in the logarithm."""
    present = abs(gain)
    if present == 0 or GAIN_RANGE[0] <= present <= GAIN_RANGE[1]:
        return np.geomspace(*GAIN_RANGE, GAINS)
    middle = min(max(present, 1e-6), 1e6)
    return np.geomspace(middle / 4, middle * 4, GAINS)


def _measured(request: PhaseRequest, job: Job) -> PhaseResult:
    spec = request.spec
    depth = request.measured_depth
    gains, depths = gain_axis(spec.gain), np.arange(1, depth + 1, dtype=np.float64)
    values = np.full((depth, len(gains)), np.nan)
    tensors = tensors_of(request.program, job) if spec.tensor_name else {}
    # From the middle outwards, so that the first picture shows what lies next to the present setting.
    nearest = int(np.argmin(np.abs(np.log(gains / (abs(spec.gain) or 1.0)))))
    order = sorted(range(len(gains)), key=lambda column: abs(column - nearest))
    words, point = "", point_of(request)[0]
    for count, column in enumerate(order, start=1):
        job.check()
        values[:, column] = relative_rms(replace(spec, gain=float(gains[column]), depth=depth), tensors, job)
        if column == nearest:
            words = _measured_words(values[: spec.depth, column], min(depth, spec.depth))
        job.report(count / len(order), f"gain {count} of {len(order)}")
        if count % 6 == 0:
            job.show(PhaseResult(request, gains, depths, values.copy(), point, words, done=False))
    return PhaseResult(request, gains, depths, values, point, words)


def relative_rms(spec: NetworkSpec, tensors: dict[str, torch.Tensor], job: Job) -> Floats:
    """The rms of each layer's activations over that of the first, (depth,), from one forward pass."""
    network = build(spec, tensors)
    rms = []
    with torch.no_grad():
        x = network.inputs
        for index in range(spec.depth):
            job.check()
            x = network.layer(index, x)
            rms.append(_rms(x))
    first = rms[0] if rms[0] > 0 and math.isfinite(rms[0]) else 1.0
    return np.array(rms) / first


def _rms(tensor: torch.Tensor) -> float:
    """The rms of a tensor at any scale; inf where it holds an inf or nan."""
    peak = float(tensor.abs().max())
    if not math.isfinite(peak):
        return math.inf
    return peak * float((tensor.double() / peak).square().mean().sqrt()) if peak else 0.0


def _measured_words(relative: Floats, depth: int) -> str:
    last = float(relative[-1])
    if not math.isfinite(last):
        layer = int(np.argmin(np.isfinite(relative))) + 1
        return f"Here the values overflow at layer {layer}."
    if last == 0:
        layer = int(np.argmax(relative == 0)) + 1
        return f"Here every value is exactly 0 from layer {layer} on."
    factor = last ** (1 / max(1, depth - 1))
    return f"Here layer {depth} has `{digits(last)}` of the rms of layer 1: ×{digits(factor)} a layer."
