"""The training section's request and result: a run up to the requested step, and the network at one step."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from playground.models.job import CancelledError, Job
from playground.models.language.budget import default_budget
from playground.models.network.measure.histograms import SLOTS
from playground.models.network.measure.measuring import Detail
from playground.models.network.measure.result import NetworkResult
from playground.models.network.run.run import measure_network
from playground.models.network.spec.checks import check_spec
from playground.models.network.spec.inputs import tensors_of
from playground.models.network.spec.spec import NetworkSpec
from playground.models.network.training.cost import check_training, training_cost
from playground.models.network.training.settings import TrainingSettings
from playground.models.network.training.tasks import make_task
from playground.models.network.training.training import TrainingFailure, TrainingRun, network_at
from playground.models.program.program import Program

SECONDS_BETWEEN_PICTURES = 0.08
RUNS_KEPT = 3


@dataclass(frozen=True, slots=True)
class TrainingRequest:
    """Train this network with these settings up to `settings.target`; count the values of `layer` (from 1).

    `program` supplies tensors if the spec or the task names any, and may be None otherwise. `budget` is the memory it
    may use in bytes; None is the machine's default.
    """

    spec: NetworkSpec
    settings: TrainingSettings
    layer: int = 1
    program: Program | None = None
    scale: str = "log"
    budget: int | None = None

    @property
    def run_key(self) -> Hashable:
        """Requests with the same key share one run: they differ only in its length and in what is shown."""
        return (self.spec, self.settings.run, self.program)


@dataclass(frozen=True, slots=True, eq=False)
class TrainingResult:
    """A run so far: `losses[s]` and `gradient_norms[s]` belong to the batch of step s, before its update.

    There is one more loss than updates: that of the step reached.

    `counts[c]` are the magnitudes of the layer's activations at `count_steps[c]`, in the slots of `step_histograms`;
    `network` is the state of all layers at step `shown`, with that step's batch.
    """

    request: TrainingRequest
    losses: NDArray[np.float64]
    gradient_norms: NDArray[np.float64]
    reached: int
    shown: int
    counts: NDArray[np.int32]
    count_steps: NDArray[np.int64]
    network: NetworkResult | None
    failure: TrainingFailure | None
    guess: float
    guess_words: str
    running: bool


@dataclass(slots=True)
class _KeptRun:
    """A run, its lock, and the network of its last picture, at `shown`."""

    run: TrainingRun
    lock: threading.Lock = field(default_factory=threading.Lock)
    network: NetworkResult | None = None
    shown: int = 0


class _Runs:
    """The last few runs, so that continuing, single steps and rewinding do not start over."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs: OrderedDict[Hashable, _KeptRun] = OrderedDict()

    def find(self, request: TrainingRequest) -> _KeptRun | None:
        """The run of a request, if it has been started."""
        with self._lock:
            return self._runs.get(request.run_key)

    def take(self, request: TrainingRequest, job: Job) -> _KeptRun:
        """The run of a request, created if there is none."""
        key = request.run_key
        with self._lock:
            if key in self._runs:
                self._runs.move_to_end(key)
                return self._runs[key]
        tensors = tensors_of(request.program, job, request.budget)
        made = _KeptRun(TrainingRun(make_task(request.spec, request.settings, tensors, job), request.settings))
        with self._lock:
            self._runs.setdefault(key, made)
            while len(self._runs) > RUNS_KEPT:
                self._runs.popitem(last=False)
            return self._runs[key]

    def clear(self) -> None:
        """Drop all runs."""
        with self._lock:
            self._runs.clear()


RUNS = _Runs()


def compute_training(request: TrainingRequest, job: Job | None = None) -> TrainingResult:
    """Train up to the requested step, showing partial results; a cancelled job pauses and returns what it reached.

    Raises a `ProblemError` if spec, task or tensors do not fit, if there is not enough memory, or to ask before a long
    training; `CancelledError` if the job is cancelled before there is anything to show.
    """
    job = (job or Job()).paced()
    _check_cost(request)
    kept = RUNS.take(request, job)
    with kept.lock:
        try:
            return _train(request, kept, job)
        except CancelledError:
            return _stopped(request, kept)


def _train(request: TrainingRequest, kept: _KeptRun, job: Job) -> TrainingResult:
    run, target = kept.run, request.settings.target
    pause, shown_last = SECONDS_BETWEEN_PICTURES, time.monotonic()

    def after() -> None:
        nonlocal pause, shown_last
        now = time.monotonic()
        if now - shown_last >= pause and run.reached < target:
            job.report(run.reached / target, f"step {run.reached:,} of {target:,}")
            job.show(_picture(request, kept, job, running=True))
            shown_last = time.monotonic()
            # At most a third of the time goes into pictures, however large the network.
            pause = max(SECONDS_BETWEEN_PICTURES, 2 * (shown_last - now))

    run.advance_to(target, job, after)
    job.check()
    return _picture(request, kept, job, running=False)


def _check_cost(request: TrainingRequest) -> None:
    """Refuse or ask before anything is allocated; errors in the spec itself are reported when it is built."""
    spec, settings = request.spec, request.settings
    if check_spec(spec) is not None:
        return
    kept = RUNS.find(request)
    reached = kept.run.reached if kept is not None else 0
    steps = settings.target - reached
    if steps <= 0 or (kept is not None and kept.run.failure is not None):
        return
    each = kept.run.seconds / reached if kept is not None and reached else None
    cost = training_cost(spec, settings, spec.width, steps, each)
    check_training(cost, settings, steps, request.budget if request.budget is not None else default_budget())


def _picture(request: TrainingRequest, kept: _KeptRun, job: Job, running: bool) -> TrainingResult:
    """The run up to this request's step, without what an earlier request computed beyond it."""
    settings, run = request.settings, kept.run
    reached = min(run.reached, settings.target)
    shown = reached if settings.shown < 0 else min(settings.shown, reached)
    told = replace(job, report=lambda _, words: job.report(reached / max(1, settings.target), f"{words}, to be shown"))
    detail = Detail(scale=request.scale, quick=running)
    network = measure_network(network_at(run.task, run.state_at(shown, job)), detail, told)
    kept.network, kept.shown = replace(network, spec=run.task.network.spec), shown
    if len(run.losses) > reached:
        last = run.losses[reached]
    else:
        last = network.loss if shown == reached else run.loss_at(reached, job)
    return _result(request, kept, reached, [*run.losses[:reached], last], running)


def _stopped(request: TrainingRequest, kept: _KeptRun) -> TrainingResult:
    """The result of a cancelled training, with the network of its last picture; computes nothing more."""
    run = kept.run
    reached = min(run.reached, request.settings.target)
    kept.shown = min(kept.shown, reached)
    return _result(request, kept, reached, run.losses[: reached + 1], running=False)


def _result(
    request: TrainingRequest, kept: _KeptRun, reached: int, losses: list[float], running: bool
) -> TrainingResult:
    run, settings = kept.run, request.settings
    failure = run.failure if run.failure is not None and run.failure.step < settings.target else None
    columns = [step for step in run.column_steps() if step < reached or (failure is not None and step == reached)]
    layer = max(0, min(request.layer - 1, run.task.network.spec.depth - 1))
    counts = [run.columns[int(step)][layer] for step in columns]
    return TrainingResult(
        request,
        np.array(losses),
        np.array(run.gradient_norms[:reached]),
        reached,
        kept.shown,
        np.stack(counts) if counts else np.zeros((0, SLOTS), np.int32),
        np.array(columns, dtype=np.int64),
        kept.network,
        failure,
        run.task.guess,
        run.task.guess_words,
        running,
    )
