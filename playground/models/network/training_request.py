"""What the training section asks for and gets: a run as far as it was asked to go, and the network at one step."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from playground.models.job import Job
from playground.models.network.checks import check_spec
from playground.models.network.estimate import estimate
from playground.models.network.program_tensors import tensors_of
from playground.models.network.result import NetworkResult
from playground.models.network.run import Detail, measure_network
from playground.models.network.spec import NetworkSpec
from playground.models.network.step_histograms import SLOTS
from playground.models.network.tasks import make_task
from playground.models.network.training import TrainingRun, network_at
from playground.models.network.training_failure import TrainingFailure
from playground.models.network.training_settings import TrainingSettings
from playground.models.outcome import refuse
from playground.models.tensors.planning import default_budget
from playground.models.tensors.program import Program
from playground.models.words import bytes_in_words

SECONDS_BETWEEN_PICTURES = 0.08
RUNS_KEPT = 3


@dataclass(frozen=True, slots=True)
class TrainingRequest:
    """Train this network by these settings as far as `settings.target`; count the values of `layer` (from 1).

    `program` supplies tensors where the spec or the task names some, and may be None otherwise.
    """

    spec: NetworkSpec
    settings: TrainingSettings
    layer: int = 1
    program: Program | None = None
    scale: str = "log"

    @property
    def run_key(self) -> Hashable:
        """Requests with the same key share one run: they differ only in how far it goes and what is looked at."""
        return (self.spec, replace(self.settings, target=0, shown=0, steps=0), self.program)


@dataclass(frozen=True, slots=True, eq=False)
class TrainingResult:
    """A run so far: `losses[s]` and `gradient_norms[s]` belong to the batch of step s, before its update.

    There is one loss more than updates: that of the step reached.

    `counts[c]` are the magnitudes of the layer's activations at `count_steps[c]`, in the slots of `step_histograms`;
    `network` is what all layers look like at step `shown`, with the batch of that step.
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


class _Runs:
    """The last few runs, so that going on, one step more, and rewinding do not start over."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs: OrderedDict[Hashable, tuple[threading.Lock, TrainingRun]] = OrderedDict()

    def take(self, request: TrainingRequest) -> tuple[threading.Lock, TrainingRun]:
        """The run of a request and the lock under which it may be used; made if there is none."""
        key = request.run_key
        with self._lock:
            if key in self._runs:
                self._runs.move_to_end(key)
                return self._runs[key]
        made = (
            threading.Lock(),
            TrainingRun(make_task(request.spec, request.settings, tensors_of(request.program)), request.settings),
        )
        with self._lock:
            self._runs.setdefault(key, made)
            while len(self._runs) > RUNS_KEPT:
                self._runs.popitem(last=False)
            return self._runs[key]

    def clear(self) -> None:
        """Forget all runs."""
        with self._lock:
            self._runs.clear()


RUNS = _Runs()


def compute_training(request: TrainingRequest, job: Job | None = None) -> TrainingResult:
    """Train as far as asked, showing partial results; a cancelled job pauses: what was reached is the result.

    Raises a `ProblemError` where spec, task or tensors do not fit.
    """
    job = job or Job()
    _check_size(request)
    lock, run = RUNS.take(request)
    settings = request.settings
    with lock:
        pause, shown_last = SECONDS_BETWEEN_PICTURES, time.monotonic()

        def after() -> None:
            nonlocal pause, shown_last
            now = time.monotonic()
            if now - shown_last >= pause and run.reached < settings.target:
                job.report(run.reached / settings.target, f"step {run.reached} of {settings.target}")
                job.show(_picture(request, run, running=True))
                shown_last = time.monotonic()
                # A third of the time at most goes into pictures, however large the network.
                pause = max(SECONDS_BETWEEN_PICTURES, 2 * (shown_last - now))

        run.advance_to(settings.target, job, after)
        return _picture(request, run, running=False)


def _check_size(request: TrainingRequest) -> None:
    """Refuse, before anything is allocated, what would not fit into the memory; the optimiser's slots count too."""
    spec = request.spec
    if check_spec(spec) is not None:
        return
    cost = estimate(spec, spec.width)
    needed = cost.bytes + 3 * cost.weights * spec.torch_dtype.itemsize
    if needed > default_budget():
        limit = bytes_in_words(default_budget())
        refuse(f"Training this network needs about {bytes_in_words(needed)}, the limit is {limit}.", badge="too large")


def _picture(request: TrainingRequest, run: TrainingRun, running: bool) -> TrainingResult:
    """The run as far as this request asked for: what an earlier one computed beyond it is left out."""
    settings = request.settings
    reached = min(run.reached, settings.target)
    shown = reached if settings.shown < 0 else min(settings.shown, reached)
    detail = Detail(scale=request.scale, quick=running)
    network = measure_network(network_at(run.task, run.state_at(shown)), detail)
    failure = run.failure if run.failure is not None and run.failure.step < settings.target else None
    losses = run.losses[: reached + 1]
    if len(losses) == reached:
        losses.append(network.loss if shown == reached else run.loss_at(reached))
    columns = [step for step in run.column_steps() if step < reached or (failure is not None and step == reached)]
    layer = max(0, min(request.layer - 1, run.task.network.spec.depth - 1))
    counts = [run.columns[int(step)][layer] for step in columns]
    return TrainingResult(
        request,
        np.array(losses),
        np.array(run.gradient_norms[:reached]),
        reached,
        shown,
        np.stack(counts) if counts else np.zeros((0, SLOTS), np.int32),
        np.array(columns, dtype=np.int64),
        replace(network, spec=run.task.network.spec),
        failure,
        run.task.guess,
        run.task.guess_words,
        running,
    )
