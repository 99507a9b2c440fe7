"""The Network page's request and result, also during a drag, and for a band over many seeds."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import torch

from playground.models.evaluation.evaluate import evaluate
from playground.models.formatting import bytes_in_words, digits
from playground.models.job import Job
from playground.models.language.budget import default_budget
from playground.models.network.arrays import Floats
from playground.models.network.measure.histograms import Histogram
from playground.models.network.measure.measuring import Detail
from playground.models.network.measure.result import Measured, NetworkResult
from playground.models.network.pinned import PINNED, Curves, PinnedResult, curves_of, judge_run, run_pins
from playground.models.network.run.estimate import LONG_SECONDS, Estimate, estimate
from playground.models.network.run.run import own_histograms, run_network
from playground.models.network.spec.checks import check_spec
from playground.models.network.spec.inputs import INPUTS, rows_of
from playground.models.network.spec.spec import NetworkSpec
from playground.models.network.sweep.each import run_in_turn
from playground.models.network.sweep.sweep import QUICK
from playground.models.network.theory.critical import critical_weight_variance
from playground.models.network.theory.mean_field import (
    FixedPoint,
    MeanFieldPrediction,
    bias_variance_of,
    fixed_point,
    predict,
    weight_variance_of,
    why_not,
)
from playground.models.network.verdict.verdict import Verdict, judge, tried
from playground.models.problem import Fix, Problem, ProblemError, refuse
from playground.models.program.program import Program
from playground.models.state import PlaygroundState

LOW, HIGH = 0.05, 0.95
PATIENCE_SECONDS = 5.0
ALWAYS = 20
"""After this many seconds no further seed starts, once this many have run: the quantiles hardly change after that."""


@dataclass(frozen=True, slots=True, eq=False)
class SeedBand:
    """Curves at 5 % and 95 % over `done` of `wanted` seeds; fewer if all of them would have taken too long."""

    low: Curves
    high: Curves
    done: int
    wanted: int


def band_of(runs: list[Curves], wanted: int) -> SeedBand:
    """The quantiles of the runs so far, layer by layer; nan counts as missing."""

    def quantile(share: float) -> Curves:
        stacks = (np.stack([getattr(run, one.name) for run in runs]) for one in fields(Curves))
        return Curves(*(_quantile(stack, share) for stack in stacks))

    return SeedBand(quantile(LOW), quantile(HIGH), len(runs), wanted)


def _quantile(values: Floats, share: float) -> Floats:
    """Linear quantile of each column's non-nan values."""
    result = np.full(values.shape[1], np.nan)
    known = ~np.isnan(values).all(axis=0)
    if known.any():
        with np.errstate(invalid="ignore"):
            result[known] = np.nanquantile(values[:, known], share, axis=0)
    return result


def run_seeds(
    spec: NetworkSpec,
    count: int,
    tensors: Mapping[str, torch.Tensor] | None = None,
    job: Job | None = None,
    show: Callable[[SeedBand], None] | None = None,
) -> SeedBand:
    """Run seeds `spec.seed` to `spec.seed + count - 1`; `show` gets the band as it grows.

    Ends early if the seeds would take more than a few seconds; the band says how many ran.
    """
    job = job or Job()
    runs: list[Curves] = []
    silent = Job(job.is_cancelled)

    def curves(one: NetworkSpec) -> Curves:
        job.yield_to_newer()
        return curves_of(run_network(one, tensors, QUICK, silent))

    start = time.monotonic()
    for step, run in run_in_turn([replace(spec, seed=spec.seed + step) for step in range(count)], curves, job):
        runs.append(run)
        job.report((step + 1) / count, f"seed {step + 1} of {count}")
        if show is not None and step + 1 < count and (step + 1) % 5 == 0:
            show(band_of(runs, count))
        if step + 1 >= ALWAYS and time.monotonic() - start > PATIENCE_SECONDS:
            break
    return band_of(runs, count)


Tensors = Mapping[str, torch.Tensor]
MOST_TRIAL_OPERATIONS = 2e9
"""For a network with more operations than this, fixes are not tried."""


@dataclass(frozen=True, slots=True)
class NetworkRequest:
    """One picture of the Network page; `program` only if an input is a tensor of it."""

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
    """The mean-field theory of a network: per layer, and for infinitely many layers, with the critical setting."""

    prediction: MeanFieldPrediction
    fixed_point: FixedPoint | None
    critical_gain: float


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LayerPage:
    """What the plots and numbers over the layers show: the distributions of one `kind` of tensor, and beside what was
    measured the theory where there is one, pinned networks, and the band over seeds, None until they have run.

    `own` are histograms on ranges of their own, where asked for; while the hand is `moving`, axes hold still.
    """

    network: Measured
    kind: str
    own: Sequence[Histogram] = ()
    theory: Theory | None = None
    pins: tuple[PinnedResult, ...] = ()
    band: SeedBand | None = None
    moving: bool = False

    @property
    def predicted_rms(self) -> Floats | None:
        """What theory says of the rms of each layer's activations."""
        return None if self.theory is None else self.theory.prediction.rms

    @property
    def predicted_gradients(self) -> Floats | None:
        """What theory says of the rms of the gradients by them."""
        return None if self.theory is None else self.theory.prediction.gradient_rms


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class NetworkPageResult(LayerPage):
    """Everything that the network page shows of a request."""

    request: NetworkRequest
    network: NetworkResult
    theory: Theory
    verdict: Verdict
    estimate: Estimate


def network_request(state: PlaygroundState) -> NetworkRequest:
    """The page's request for this state."""
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


def fed_tensors(spec: NetworkSpec, program: Program | None, budget: int | None, job: Job) -> dict[str, torch.Tensor]:
    """The program tensor that feeds a network; raises `ProblemError` if it has no values."""
    if not spec.tensor_name or program is None:
        return {}
    found = evaluate(program, budget, job).get(spec.tensor_name)
    if found is None:
        refuse(f"The input is the tensor {spec.tensor_name}, but the program has no tensor with that name.",
               fixes=(Fix("normal", gives="input standard normal", target="input"),))  # fmt: skip
    if found.tensor is None:
        refuse(f"The input is the tensor {spec.tensor_name}, which has no values: its line has a problem.",
               fixes=(Fix("normal", gives="input standard normal", target="input"),))  # fmt: skip
    return {spec.tensor_name: found.tensor}


def features_of(spec: NetworkSpec, tensors: Mapping[str, torch.Tensor]) -> int:
    """The number of values in one input."""
    if spec.tensor_name:
        return rows_of(tensors[spec.tensor_name], spec.tensor_name, 1).shape[1]
    return INPUTS.find(spec.input).features(spec)


def check_cost(request: NetworkRequest, cost_of: Callable[[NetworkSpec], Estimate]) -> Estimate:
    """The cost of a request; refuses one that does not fit in memory, and asks before a long or large one."""
    budget = request.budget if request.budget is not None else default_budget()
    cost = cost_of(request.spec)
    size = bytes_in_words(cost.bytes)
    if cost.bytes > budget:
        refuse(
            f"This network needs about {size} at once, but the limit is {bytes_in_words(budget)}. "
            f"It has {cost.weights:,} weights.",
            fixes=_smaller(request.spec, lambda spec: cost_of(spec).bytes <= budget),
            lead="Too large to run.",
        )
    if request.confirmed or not _is_long(cost, budget):
        return cost
    raise ProblemError(
        Problem(
            f"It takes about {digits(cost.seconds, 2)} s and {size}.",
            lead="A long run.",
            severity="warning",
            fixes=(Fix("Run it", target="confirm", meaning="Shows its progress and can be cancelled at once."),
                   *_smaller(request.spec, lambda spec: not _is_long(cost_of(spec), budget))),
        )
    )  # fmt: skip


def _smaller(spec: NetworkSpec, fits: Callable[[NetworkSpec], bool]) -> tuple[Fix, ...]:
    """The largest width, depth and batch with which the network fits, if changing one is enough."""
    fixes = []
    for field in ("width", "depth", "batch"):
        low, high = 0, getattr(spec, field)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if fits(replace(spec, **{field: middle})) else (low, middle)
        if low:
            meaning = f"The largest {field} that fits, with the rest unchanged."
            fixes.append(Fix(str(low), gives=f"{field} {low:,}", target=field, meaning=meaning))
    return tuple(fixes)


def theory_of(spec: NetworkSpec, input_mean_square: float, features: int) -> Theory:
    """The theory for a network with inputs of this mean square."""
    prediction = predict(spec, input_mean_square, features)
    if why_not(spec):
        return Theory(prediction, None, math.nan)
    weight, bias = weight_variance_of(spec, spec.width), bias_variance_of(spec)
    critical = critical_weight_variance(spec.activation, bias)
    at_one = weight_variance_of(replace(spec, gain=1.0), spec.width)
    gain = math.sqrt(critical / at_one) if at_one > 0 and critical > 0 else math.nan
    return Theory(prediction, fixed_point(spec.activation, weight, bias), gain)


def _is_long(cost: Estimate, budget: int) -> bool:
    return cost.seconds > LONG_SECONDS or cost.bytes > budget / 4


class _LastRun:
    """The last full run, so that pinning a network or drawing its band does not run it again."""

    def __init__(self) -> None:
        self._last: tuple[NetworkRequest, NetworkResult] | None = None

    def run(self, request: NetworkRequest, tensors: Tensors, job: Job) -> NetworkResult:
        asked = NetworkRequest(request.spec, (), request.kind, request.scale, program=request.program)
        last = self._last
        if not request.moving and last is not None and last[0] == asked:
            return last[1]
        detail = Detail((request.kind,), request.scale, request.moving)
        result = run_network(request.spec, tensors, detail, job)
        if not request.moving:
            self._last = (asked, result)
        return result


_LAST = _LastRun()


def first_page(request: NetworkRequest, result: NetworkResult, cost: Estimate) -> NetworkPageResult:
    """The immediate page for a run: theory and verdict, and the pinned networks that have already run."""
    theory = theory_of(request.spec, result.input_mean_square, result.features)
    return NetworkPageResult(
        request=request,
        network=result,
        kind=request.kind,
        theory=theory,
        verdict=judge(result, theory.prediction),
        pins=run_pins(request.pins, request.spec, request.program, None),
        estimate=cost,
        moving=request.moving,
    )


def compute_network(request: NetworkRequest, job: Job | None = None) -> NetworkPageResult:
    """Run the network, judge it and compare it; shows the first picture before anything else runs.

    After it come the pinned networks that have not run yet, the trials of the verdict's fixes, and the seeds; a newer
    request waits only for the first of these.
    """
    job = job or Job()
    spec = request.spec
    problem = check_spec(spec)
    if problem is not None:
        raise ProblemError(problem)
    tensors = fed_tensors(spec, request.program, request.budget, job)
    cost = check_cost(request, lambda other: estimate(other, features_of(other, tensors)))
    result = _LAST.run(request, tensors, job)
    if spec in request.pins and not result.quick:
        PINNED.keep(spec, result, request.program)
    page = first_page(request, result, cost)
    if request.own_range:
        page = replace(page, own=own_histograms(spec, request.kind, request.scale, tensors))
    for complete in (_with_pins, _with_tried_cures, _with_seeds):
        page = complete(page, tensors, job)
    return page


def _with_pins(page: NetworkPageResult, _tensors: Tensors, job: Job) -> NetworkPageResult:
    """The page with the remaining pinned networks; a long one is not run."""
    request = page.request
    if all(PINNED.find(spec, request.program) for spec in request.pins):
        return page
    job.show(page)
    budget = request.budget if request.budget is not None else default_budget()

    def run(spec: NetworkSpec) -> NetworkResult:
        job.yield_to_newer()
        tensors = fed_tensors(spec, request.program, request.budget, job)
        cost = estimate(spec, features_of(spec, tensors))
        if _is_long(cost, budget):
            took = f"about {digits(cost.seconds, 2)} s and {bytes_in_words(cost.bytes)}"
            raise ProblemError(
                Problem(f"It takes {took}: restore it to run it.", lead="Not run here.", severity="warning")
            )
        return run_network(spec, tensors, Detail(histograms=()), job)

    return replace(page, pins=run_pins(request.pins, request.spec, request.program, run))


def _with_tried_cures(page: NetworkPageResult, tensors: Tensors, job: Job) -> NetworkPageResult:
    """The page with fixes that were seen to help, unless the user is dragging or trying would take long.

    With many inputs some of them are enough, where the network is as ill with these.
    """
    spec, verdict = page.request.spec, page.verdict
    batch = min(spec.batch, int(MOST_TRIAL_OPERATIONS / (6 * max(1, page.estimate.weights))))
    if page.request.moving or not verdict.illness or batch < min(2, spec.batch):
        return page
    job.show(page)
    silent = Job(job.is_cancelled, is_superseded=job.is_superseded)

    def judge_spec(other: NetworkSpec) -> Verdict:
        job.yield_to_newer()
        return judge_run(run_network(replace(other, batch=batch), tensors, Detail(histograms=(), quick=True), silent))

    if batch < spec.batch:
        if judge_spec(spec).illness != verdict.illness:
            return page
        offered = tried(verdict, spec, judge_spec).fixes
        told = tuple(replace(fix, outcome=f"Tried with {batch:,} inputs: {fix.outcome}") for fix in offered)
        return replace(page, verdict=replace(verdict, fixes=told))
    return replace(page, verdict=tried(verdict, spec, judge_spec))


def _with_seeds(page: NetworkPageResult, tensors: Tensors, job: Job) -> NetworkPageResult:
    """The page with the band over the seeds, updated as it grows."""
    request = page.request
    if request.seeds < 2:
        return page
    job.show(page)

    def grown(band: SeedBand) -> None:
        job.show(replace(page, band=band))

    return replace(page, band=run_seeds(request.spec, request.seeds, tensors, job, grown))


BRIEF_SECONDS = 0.75
"""If an exact run takes this long, a quick one takes a third: it ends before anybody would cancel it."""
REHEARSAL = NetworkRequest(NetworkSpec(), moving=True)


def is_brief(request: NetworkRequest) -> bool:
    """True if a request can run in another process: it is brief and needs nothing that exists only here."""
    spec = request.spec
    if not request.moving or spec.tensor_name or spec.device != "cpu":
        return False
    try:
        if check_spec(spec) is not None:
            return False
    except ProblemError:
        return False
    if any(PINNED.find(pin, request.program) is None for pin in request.pins):
        return False
    cost = _cost(request)
    budget = request.budget if request.budget is not None else default_budget()
    return cost.seconds < BRIEF_SECONDS and cost.bytes < budget / 4


def _cost(request: NetworkRequest) -> Estimate:
    return estimate(request.spec, features_of(request.spec, {}))


def without_pins(request: NetworkRequest) -> NetworkRequest:
    """The request for the other process, without the pinned networks and the tensors that may feed them."""
    return replace(request, pins=(), program=None)


def run_moving(request: NetworkRequest) -> NetworkResult:
    """The run of a request during a drag."""
    return run_network(request.spec, detail=Detail((request.kind,), request.scale, quick=True))


def complete_moving(request: NetworkRequest, result: NetworkResult) -> NetworkPageResult:
    """The page for a request that ran in another process: adds theory, verdict and pinned networks."""
    return first_page(request, result, _cost(request))
