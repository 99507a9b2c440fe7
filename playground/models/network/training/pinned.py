"""The losses of the pinned networks under the same training, drawn in grey behind the current one's."""

from __future__ import annotations

from dataclasses import dataclass, replace
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from playground.models.job import CancelledError, Job
from playground.models.language.budget import default_budget
from playground.models.network.pinned import setting_name
from playground.models.network.spec.inputs import tensors_of
from playground.models.network.spec.spec import NetworkSpec
from playground.models.network.training.cost import training_cost
from playground.models.network.training.settings import TrainingSettings
from playground.models.network.training.tasks import make_task
from playground.models.network.training.training import TrainingRun
from playground.models.problem import ProblemError, refuse
from playground.models.program.program import Program
from playground.models.state import NetworkState

Losses = NDArray[np.float64]
RUNS_KEPT = 32


@dataclass(frozen=True, slots=True)
class PinnedTrainingRequest:
    """Train these networks with these settings up to `settings.target`; only their losses are needed."""

    pins: tuple[NetworkSpec, ...]
    settings: TrainingSettings
    program: Program | None = None
    budget: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class PinnedLosses:
    """`runs`: the name and losses of each pinned network that could be trained."""

    request: PinnedTrainingRequest
    runs: tuple[tuple[str, Losses], ...]


class _Losses:
    """A cache of losses, by network and settings."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: dict[object, Losses] = {}

    def find(self, key: object, steps: int) -> Losses | None:
        with self._lock:
            known = self._known.get(key)
            return known[:steps] if known is not None and len(known) >= steps else None

    def keep(self, key: object, losses: Losses) -> None:
        with self._lock:
            self._known.pop(key, None)
            self._known[key] = losses
            while len(self._known) > RUNS_KEPT:
                del self._known[next(iter(self._known))]


_KNOWN = _Losses()


def pinned_training_request(
    chosen: NetworkState, program: Program, budget: int | None = None
) -> PinnedTrainingRequest | None:
    """The pinned networks to train in addition to the current one, or None if nothing is pinned or trained."""
    settings = chosen.training
    pins = tuple(pin for pin in chosen.pins if pin != chosen.spec)
    if not settings.asked or not pins or chosen.moving:
        return None
    named = settings.task == "tensors" or any(pin.tensor_name for pin in pins)
    return PinnedTrainingRequest(pins, replace(settings, shown=0, agreed=0), program if named else None, budget)


def compute_pinned_training(request: PinnedTrainingRequest, job: Job | None = None) -> PinnedLosses:
    """Train the pinned networks in turn; skip one that cannot be trained: its own page says why."""
    job = job or Job()
    runs: list[tuple[str, Losses]] = []
    for number, spec in enumerate(request.pins):
        job.check()
        job.report(number / len(request.pins), f"pinned network {number + 1} of {len(request.pins)}")
        try:
            losses = _losses(spec, request, job)
        except ProblemError:
            continue
        runs.append((setting_name(spec, request.pins), losses))
        job.show(PinnedLosses(request, tuple(runs)))
    return PinnedLosses(request, tuple(runs))


def _losses(spec: NetworkSpec, request: PinnedTrainingRequest, job: Job) -> Losses:
    settings = request.settings
    key = (spec, settings.run, request.program)
    known = _KNOWN.find(key, settings.target)
    if known is not None:
        return known
    cost = training_cost(spec, settings, spec.width, settings.target)
    if cost.bytes > (request.budget if request.budget is not None else default_budget()):
        refuse("Training this pinned network does not fit in memory.")
    tensors = tensors_of(request.program, job, request.budget)
    run = TrainingRun(make_task(spec, settings, tensors, job), settings, 0, counted=False)
    run.advance_to(settings.target, job)
    if job.is_cancelled():
        raise CancelledError
    losses = np.array(run.losses)
    if run.failure is None:
        _KNOWN.keep(key, losses)
    return losses
