"""Where networks keep their signal: theory over weight and bias variance, measurements over gain and depth.

The theory's map is chi1, the factor per layer on a squared gradient at the fixed point of the variance map
(Poole et al. 2016, Schoenholz et al. 2017): below 1 gradients vanish, above 1 they explode, and the edge is where deep
networks train. The measured map is the rms of each layer of real networks, one network per gain.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import torch

from playground.models.formatting import digits, grouped_digits
from playground.models.job import Job
from playground.models.network.arrays import Floats
from playground.models.network.run.build import build
from playground.models.network.spec.devices import summable
from playground.models.network.spec.inits import INIT_SCHEMES
from playground.models.network.spec.inputs import tensors_of
from playground.models.network.spec.spec import NetworkSpec
from playground.models.network.sweep.each import run_in_turn
from playground.models.network.theory.critical import chi1_at, critical_line, critical_weight_variance
from playground.models.network.theory.mean_field import (
    FixedPoint,
    bias_variance_of,
    fixed_point,
    weight_variance_of,
    why_not,
)
from playground.models.problem import refuse
from playground.models.program.program import Program

KINDS = ("theory", "measured")
COLUMNS, ROWS = 96, 96
WIDEST, HIGHEST = 4.0, 0.5
GAINS = 48
GAIN_RANGE = (0.25, 4.0)
MOST_DEPTH = 200


@dataclass(frozen=True, slots=True)
class PhaseRequest:
    """The diagram of a network: "theory" over weight and bias variance, "measured" over gain and depth.

    `program` supplies the input tensor if the spec names one.
    """

    spec: NetworkSpec
    kind: str = "theory"
    program: Program | None = None

    @property
    def diagram_key(self) -> tuple[object, ...]:
        """Requests with the same key have the same diagram and differ only in the current setting's place."""
        spec = self.spec
        if self.kind == "theory":
            widest = widest_of(spec.activation)
            inside = weight_variance_of(spec, spec.width) <= widest and bias_variance_of(spec) <= HIGHEST
            return (self.kind, spec.activation, why_not(spec), inside or spec)
        inside = GAIN_RANGE[0] <= abs(spec.gain) <= GAIN_RANGE[1]
        return (self.kind, replace(spec, gain=1.0 if inside else spec.gain, depth=self.measured_depth), self.program)

    @property
    def measured_depth(self) -> int:
        """The number of layers in the measured diagram: in steps of 50, so that dragging the depth does not change it.

        With a residual scaled by the depth, each depth is a different network, so there it is the depth itself.
        """
        if self.spec.residual == "scaled":
            return min(MOST_DEPTH, self.spec.depth)
        return min(MOST_DEPTH, -(-self.spec.depth // 50) * 50)


@dataclass(frozen=True, slots=True, eq=False)
class PhaseResult:
    """`values[row, column]` over the `x` and `y` values of columns and rows; nan if not computed yet.

    theory: chi1 over sw2 (x) and sb2 (y). measured: rms of layer y at gain x, divided by that of layer 1. `point` is
    the current setting in the same units, `words` a sentence about it, `edge` the line (x, y) on which the value is 1,
    nan at gaps; `done` is False for a first picture.
    """

    request: PhaseRequest
    x: Floats
    y: Floats
    values: Floats
    point: tuple[float, float]
    words: str
    edge: tuple[Floats, Floats]
    done: bool = True

    def at(self, request: PhaseRequest) -> PhaseResult:
        """The same diagram with another setting as its point, and the sentence about it; cheap enough for a drag."""
        point = point_of(request)
        words = setting_words(request, point) if request.kind == "theory" else measured_words(self, request)
        return replace(self, request=request, point=point, words=words)

    def value_in_words(self, x: float, y: float) -> str:
        """The text for a pointed place: "at weight variance 1.44, bias variance 0.04: chi1 0.939"."""
        if self.request.kind == "theory":
            chi1 = fixed_point(self.request.spec.activation, x, y).chi1
            return f"at weight variance {digits(x)}, bias variance {digits(y)}: chi1 {digits(chi1)}"
        row = int(np.argmin(np.abs(self.y - y)))
        column = int(np.argmin(np.abs(np.log(self.x) - math.log(x))))
        return f"at gain {digits(float(self.x[column]))}, layer {row + 1}: {digits(float(self.values[row, column]))}"

    def fields_at(self, x: float, y: float) -> dict[str, float]:
        """The spec's fields for the point (x, y): dragging the point there sets the sliders to these."""
        spec = self.request.spec
        if self.request.kind == "measured":
            return {"gain": float(f"{x:.4g}"), "depth": max(1, min(500, round(y)))}
        at_one = weight_variance_of(replace(spec, gain=1.0), spec.width)
        gain = math.sqrt(max(0.0, x) / at_one) if at_one > 0 else spec.gain
        bias_std = spec.bias_std if INIT_SCHEMES[spec.init].own_bias else math.sqrt(max(0.0, y))
        return {"gain": float(f"{gain:.4g}"), "bias_std": float(f"{bias_std:.4g}")}


@cache
def widest_of(activation: str) -> float:
    """The range of weight variances: to 4, or beyond the edge if that is further, as for sigmoid."""
    edge = critical_weight_variance(activation, HIGHEST)
    return WIDEST if not edge > WIDEST else 1.25 * edge


def _axes(spec: NetworkSpec, point: tuple[float, float]) -> tuple[Floats, Floats]:
    """Variances from near 0 to the end of the critical line, extended only if the current point lies beyond."""
    widest = widest_of(spec.activation)
    widest = widest if point[0] <= widest else min(1.15 * point[0], 25 * widest)
    highest = HIGHEST if point[1] <= HIGHEST else min(1.15 * point[1], 25.0)
    return np.linspace(widest / COLUMNS, widest, COLUMNS), np.linspace(0.0, highest, ROWS)


def point_of(request: PhaseRequest) -> tuple[float, float]:
    """A setting's place in its diagram."""
    spec = request.spec
    if request.kind == "measured":
        return spec.gain, float(min(spec.depth, MOST_DEPTH))
    return weight_variance_of(spec, spec.width), bias_variance_of(spec)


def setting_words(request: PhaseRequest, point: tuple[float, float]) -> str:
    """The theory's sentence about a setting; "" if there is none."""
    spec = request.spec
    return "" if why_not(spec) else theory_words(fixed_point(spec.activation, *point), spec.depth)


def compute_phase(request: PhaseRequest, job: Job | None = None) -> PhaseResult:
    """The diagram, row by row or gain by gain, with intermediate pictures; raises `ProblemError` if there is none."""
    job = job or Job()
    return _theory(request, job) if request.kind == "theory" else _measured(request, job)


def _theory(request: PhaseRequest, job: Job) -> PhaseResult:
    spec = request.spec
    reason = why_not(spec)
    if reason:
        why = reason.removeprefix("no theory drawn: ")
        refuse(f"{why[:1].upper()}{why[1:]}. The measured diagram still holds.",
               lead="No theory to draw.")  # fmt: skip
    point = point_of(request)
    x, y = _axes(spec, point)
    values = np.full((len(y), len(x)), np.nan)
    for row in range(len(y)):
        job.check()
        values[row] = chi1_at(spec.activation, x, y[row])
        job.report((row + 1) / len(y), f"row {row + 1} of {len(y)}")
    edge = critical_line(spec.activation, float(x[-1]), float(y[-1]))
    return PhaseResult(request, x, y, values, point, setting_words(request, point), edge)


def theory_words(found: FixedPoint, depth: int | None = None) -> str:
    """The theory's sentence about a fixed point: chi1, q*, the scales, and the trainable depth beside the network's."""
    if not math.isfinite(found.q):
        return f"The variance grows without bound; chi1 is `{digits(found.chi1, 4)}`."
    if math.isinf(found.depth_scale):
        return f"On the edge: chi1 is 1, q* is `{digits(found.q)}`, and signals reach any depth."
    fate = "vanish" if found.chi1 < 1 else "explode"
    if found.depth_scale == 0:
        return f"No gradient passes: chi1 is 0, q* is `{digits(found.q)}`."
    slowly = " slowly" if depth is not None and depth <= found.trainable_depth else ""
    here = f", this has `{depth}`" if depth is not None else ""
    more = f", of gradients `{grouped_digits(found.gradient_scale)}`" if found.chi1 > 1 else " layers"
    scales = f"xi `{grouped_digits(found.depth_scale)}`{more}"
    return (
        f"Gradients {fate}{slowly}: chi1 `{digits(found.chi1, 4)}`, q* `{digits(found.q)}`, {scales}; "
        f"about `{grouped_digits(found.trainable_depth)}` train{here}."
    )


def gain_axis(gain: float) -> Floats:
    """Gains from 1/4 to 4, or around the current one if that lies beyond, evenly spaced in the logarithm."""
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
    # From the middle outwards, so that the first picture shows the neighbourhood of the current setting.
    nearest = int(np.argmin(np.abs(np.log(gains / (abs(spec.gain) or 1.0)))))
    order = sorted(range(len(gains)), key=lambda column: abs(column - nearest))
    point, found = point_of(request), None
    networks = [replace(spec, gain=float(gains[column]), depth=depth) for column in order]
    for place, relative in run_in_turn(networks, lambda one: relative_rms(one, tensors, job), job):
        count = place + 1
        values[:, order[place]] = relative
        job.report(count / len(order), f"gain {count} of {len(order)}")
        if count % 6 == 0 or count == len(order):
            done = count == len(order)
            edge = _measured_edge(gains, depths, values)
            found = PhaseResult(request, gains, depths, values.copy(), point, "", edge, done).at(request)
            if not done:
                job.show(found)
    assert found is not None
    return found


def _measured_edge(gains: Floats, depths: Floats, values: Floats) -> tuple[Floats, Floats]:
    """For each row, the least gain at which the value crosses 1, interpolated between two columns."""
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(values)
        crossing = (logs[:, :-1] <= 0) & (logs[:, 1:] > 0)
        has, first, rows = crossing.any(1), crossing.argmax(1), np.arange(len(depths))
        low, high = logs[rows, first], logs[rows, first + 1]
        share = np.where(has & np.isfinite(high - low), -low / (high - low), 0.5)
    places = np.exp(np.log(gains[first]) * (1 - share) + np.log(gains[first + 1]) * share)
    return np.where(has, places, np.nan), depths


def relative_rms(spec: NetworkSpec, tensors: dict[str, torch.Tensor], job: Job) -> Floats:
    """The rms of each layer's activations relative to the first layer's, (depth,), from one forward pass."""
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
    """The rms of a tensor at any scale; inf if it contains an inf or nan."""
    peak = float(tensor.abs().max())
    if not math.isfinite(peak):
        return math.inf
    return peak * float((summable(tensor).double() / peak).square().mean().sqrt()) if peak else 0.0


def measured_words(result: PhaseResult, request: PhaseRequest) -> str:
    """The map's sentence about a setting: each layer interpolated in the logarithm between the two nearest gains.

    That is exact if activations scale with the weights, as in relu without bias.
    """
    gain, depth = abs(request.spec.gain), min(request.spec.depth, len(result.y))
    if gain == 0:
        return "Here every value is exactly 0 from layer 1 on."
    logs = np.log(result.x)
    place = float(np.clip(np.interp(math.log(gain), logs, np.arange(len(logs))), 0, len(logs) - 1))
    low, share = int(place), place - int(place)
    high = min(low + 1, len(logs) - 1)
    near = high if share > 0.5 else low
    with np.errstate(divide="ignore", invalid="ignore"):
        between = np.exp((1 - share) * np.log(result.values[:depth, low]) + share * np.log(result.values[:depth, high]))
    relative = np.where(np.isfinite(between) & (between > 0), between, result.values[:depth, near])
    if np.isnan(relative).any():
        return ""
    return _relative_words(relative, depth)


def _relative_words(relative: Floats, depth: int) -> str:
    last = float(relative[-1])
    if not math.isfinite(last):
        layer = int(np.argmin(np.isfinite(relative))) + 1
        return f"Here the values overflow at layer {layer}."
    if last == 0:
        layer = int(np.argmax(relative == 0)) + 1
        return f"Here every value is exactly 0 from layer {layer} on."
    if depth == 1:
        return "There is only one layer; increase the depth to see what repeating it does."
    factor = last ** (1 / (depth - 1))
    return f"Here layer {depth} has `{digits(last)}` of the rms of layer 1: ×{digits(factor)} per layer."
