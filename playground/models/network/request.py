"""What the network page asks for and gets."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch

from playground.models.job import Job
from playground.models.network.checks import check_spec
from playground.models.network.compare import PinnedResult, curves_of, difference, short_name
from playground.models.network.critical import critical_weight_variance
from playground.models.network.estimate import LONG_SECONDS, Estimate, estimate
from playground.models.network.histograms import Histogram
from playground.models.network.inputs import INPUTS, rows_of
from playground.models.network.mean_field import (
    FixedPoint,
    Prediction,
    bias_variance_of,
    fixed_point,
    predict,
    weight_variance_of,
    why_not,
)
from playground.models.network.result import NetworkResult
from playground.models.network.run import Detail, own_histograms, run_network
from playground.models.network.seeds import Band, run_seeds
from playground.models.network.spec import NetworkSpec
from playground.models.network.verdict import Verdict, judge
from playground.models.outcome import Fix, Problem, ProblemError, refuse
from playground.models.state import PlaygroundState
from playground.models.tensors.evaluation import evaluate
from playground.models.tensors.planning import default_budget
from playground.models.tensors.program import Program
from playground.models.words import bytes_in_words, digits

PINS_KEPT = 32


@dataclass(frozen=True, slots=True)
class NetworkRequest:
    """One picture of the network page; `program` only where an input is a tensor of it."""

    spec: NetworkSpec
    pins: tuple[NetworkSpec, ...] = ()
    kind: str = "activation"
    scale: str = "log"
    own_range: bool = False
    seeds: int = 0
    moving: bool = False
    confirmed: bool = False
    program: Program | None = None
    budget: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Theory:
    """What mean field says of a network: per layer, and of infinitely many layers, with the critical setting."""

    prediction: Prediction
    fixed_point: FixedPoint | None
    weight_variance: float
    bias_variance: float
    critical_weight_variance: float
    critical_gain: float


@dataclass(frozen=True, slots=True, eq=False)
class NetworkPageResult:
    """Everything the plots and numbers show. `band` is None until the seeds have run, `own` unless asked for."""

    request: NetworkRequest
    network: NetworkResult
    theory: Theory
    verdict: Verdict
    pins: tuple[PinnedResult, ...]
    estimate: Estimate
    band: Band | None = None
    own: tuple[Histogram, ...] = ()


def network_request(state: PlaygroundState) -> NetworkRequest:
    """What the page asks for in this state."""
    chosen = state.network
    named = any(spec.tensor_name for spec in (chosen.spec, *chosen.pins))
    return NetworkRequest(
        chosen.spec,
        chosen.pins,
        chosen.kind,
        chosen.scale,
        chosen.own_range and not chosen.moving,
        chosen.seeds if chosen.band and not chosen.moving else 0,
        chosen.moving,
        chosen.confirmed == chosen.spec,
        state.program if named else None,
        state.memory_budget,
    )


def tensors_of(spec: NetworkSpec, program: Program | None, budget: int | None, job: Job) -> dict[str, torch.Tensor]:
    """The one tensor of the program that feeds a network; a `ProblemError` where it has no values."""
    if not spec.tensor_name or program is None:
        return {}
    found = evaluate(program, budget, job).get(spec.tensor_name)
    if found is None:
        refuse(f"The input is the tensor {spec.tensor_name}, and the program has none of that name.",
               fixes=(Fix("normal", gives="input standard normal", target="input"),))  # fmt: skip
    if found.tensor is None:
        refuse(f"The input is the tensor {spec.tensor_name}, which has no values: its line has a problem.",
               fixes=(Fix("normal", gives="input standard normal", target="input"),))  # fmt: skip
    return {spec.tensor_name: found.tensor}


def features_of(spec: NetworkSpec, tensors: Mapping[str, torch.Tensor]) -> int:
    """How many values one input has."""
    if spec.tensor_name:
        return rows_of(tensors[spec.tensor_name][:1], spec.tensor_name).shape[1]
    return INPUTS.find(spec.input).features(spec)


def check_cost(cost: Estimate, request: NetworkRequest) -> None:
    """Refuse what does not fit the memory; ask before what is long or large, unless that was agreed to."""
    budget = request.budget if request.budget is not None else default_budget()
    size = bytes_in_words(cost.bytes)
    if cost.bytes > budget:
        refuse(
            f"This network needs about {size} at once, the limit is {bytes_in_words(budget)}. "
            f"It has {cost.weights:,} weights.",
            fixes=_smaller(request.spec, budget / cost.bytes),
            lead="Too large to run.",
        )
    if request.confirmed or (cost.seconds <= LONG_SECONDS and cost.bytes <= budget / 4):
        return
    raise ProblemError(
        Problem(
            f"It takes about {digits(cost.seconds, 2)} s and {size}.",
            lead="A long run.",
            severity="warning",
            fixes=(Fix("Run it", target="confirm", meaning="Shows its progress and can be cancelled at once."),
                   *_smaller(request.spec, min(LONG_SECONDS / cost.seconds, budget / 4 / cost.bytes))),
        )
    )  # fmt: skip


def _smaller(spec: NetworkSpec, share: float) -> tuple[Fix, ...]:
    """Widths and depths that cost that share of the present ones."""
    width = max(1, int(spec.width * math.sqrt(share) * 0.9))
    depth = max(1, int(spec.depth * share * 0.9))
    fixes = []
    if width < spec.width:
        fixes.append(Fix(str(width), gives=f"width {width}", target="width"))
    if depth < spec.depth:
        fixes.append(Fix(str(depth), gives=f"depth {depth}", target="depth"))
    return tuple(fixes)


def theory_of(spec: NetworkSpec, input_mean_square: float, features: int) -> Theory:
    """The theory of a network whose inputs have this mean square."""
    prediction = predict(spec, input_mean_square, features)
    weight, bias = weight_variance_of(spec, spec.width), bias_variance_of(spec)
    if why_not(spec):
        return Theory(prediction, None, weight, bias, math.nan, math.nan)
    critical = critical_weight_variance(spec.activation, bias)
    at_one = weight_variance_of(replace(spec, gain=1.0), spec.width)
    gain = math.sqrt(critical / at_one) if at_one > 0 and critical > 0 else math.nan
    return Theory(prediction, fixed_point(spec.activation, weight, bias), weight, bias, critical, gain)


class _PinCache:
    """Pinned networks are run once; those fed by a tensor of the program every time, since that may change."""

    def __init__(self) -> None:
        self._kept: OrderedDict[NetworkSpec, NetworkResult] = OrderedDict()

    def run(self, spec: NetworkSpec, request: NetworkRequest, job: Job) -> NetworkResult:
        kept = self._kept.get(spec)
        if kept is not None:
            return kept
        tensors = tensors_of(spec, request.program, request.budget, job)
        result = run_network(spec, tensors, Detail(histograms=()), job)
        if not spec.tensor_name:
            self._kept[spec] = result
            while len(self._kept) > PINS_KEPT:
                self._kept.popitem(last=False)
        return result


_PINNED = _PinCache()


def _pinned(request: NetworkRequest, job: Job) -> tuple[PinnedResult, ...]:
    found = []
    for spec in request.pins:
        name = difference(spec, request.spec)
        name = short_name(spec, request.pins) if name == "the same" else name
        try:
            result = _PINNED.run(spec, request, job)
        except ProblemError as error:
            found.append(PinnedResult(spec, name, None, str(error.problem), "error"))
            continue
        square = result.input.rms**2 if math.isfinite(result.input.rms) else 1.0
        verdict = judge(result, predict(spec, square, result.features))
        found.append(PinnedResult(spec, name, curves_of(result), verdict.plain(), verdict.severity))
    return tuple(found)


def compute_network(request: NetworkRequest, job: Job | None = None) -> NetworkPageResult:
    """Run the network, judge it, compare it; shows the first picture before the seeds have run."""
    job = job or Job()
    spec = request.spec
    problem = check_spec(spec)
    if problem is not None:
        raise ProblemError(problem)
    tensors = tensors_of(spec, request.program, request.budget, job)
    cost = estimate(spec, features_of(spec, tensors))
    check_cost(cost, request)
    result = run_network(spec, tensors, Detail((request.kind,), request.scale, request.moving), job)
    square = result.input.rms**2 if math.isfinite(result.input.rms) else 1.0
    theory = theory_of(spec, square, result.features)
    page = NetworkPageResult(request, result, theory, judge(result, theory.prediction), _pinned(request, job), cost)
    if request.own_range:
        page = replace(page, own=own_histograms(spec, request.kind, request.scale, tensors))
    if request.seeds > 1:
        job.show(page)

        def grown(band: Band) -> None:
            job.show(replace(page, band=band))

        page = replace(page, band=run_seeds(spec, request.seeds, tensors, job, grown))
    return page
