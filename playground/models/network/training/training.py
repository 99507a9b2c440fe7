"""Training as a chain of values: each step turns a state into the next, and any earlier state can be restored exactly.

If a training fails, the layer where the first nan or inf arose is named.

run = TrainingRun(make_task(spec, settings, {}), settings)
run.advance_to(120)
run.state_at(40).parameters          # the very weights after 40 updates
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray

from playground.models.job import CancelledError, Job
from playground.models.network.measure.histograms import StepCounts, count_magnitudes
from playground.models.network.run.passes import Network, Trace, tell
from playground.models.network.spec.noise import layer_seed
from playground.models.network.training.optimisers import OptimiserState, optimiser_step
from playground.models.network.training.settings import TrainingSettings
from playground.models.network.training.tasks import RegressionNetwork, TrainingTask

FED = ("inputs", "targets")
"""The network's inputs, which it does not cause."""


@dataclass(frozen=True, slots=True)
class TrainingFailure:
    """At `step`, in `layer` (from 1; depth + 1 is the output layer and the loss), `what` first contained a nan or inf.

    `what` is "inputs", "targets", "weights", "activations", "loss" or "gradients"; `kind` is "nan" or "inf".
    """

    step: int
    layer: int
    what: str
    kind: str
    depth: int

    def words(self) -> str:
        """`"At step 37 the activations of layer 12 are inf for the first time. Training stopped there."`."""
        if self.what in FED:
            return f"The {self.what} of step {self.step:,} contain {self.kind} for any network. No step can be made."
        if self.what == "loss":
            return f"At step {self.step:,} the loss is {self.kind}, but every layer is finite. Training stopped there."
        whose = f"of layer {self.layer}" if self.layer <= self.depth else "of the output layer"
        way = " in the backward pass" if self.what == "gradients" else ""
        return (
            f"At step {self.step:,} the {self.what} {whose}{way} are {self.kind} for the first time. "
            "Training stopped there."
        )


def _kind(tensor: torch.Tensor) -> str:
    """ "nan", "inf", or "" if everything is finite; if there are both, the inf came first."""
    if bool(torch.isfinite(tensor).all()):
        return ""
    return "inf" if bool(torch.isinf(tensor).any()) else "nan"


def diagnose(network: Network, step: int, job: Job | None = None) -> TrainingFailure | None:
    """The first place, in the order of computation, that is not finite; None if all gradients are finite after all.

    `network` must have leaves that require gradients; runs it forward and backward once more. Raises `CancelledError`
    between the layers of its forward pass if the job is cancelled.
    """
    check = (job or Job()).check
    depth = len(network.weights)
    targets = network.targets if isinstance(network, RegressionNetwork) else None
    for what, fed in zip(FED, (network.inputs, targets), strict=True):
        kind = "" if fed is None else _kind(fed)
        if kind:
            return TrainingFailure(step, 0, what, kind, depth)
    for layer, (weight, bias) in enumerate(zip(network.weights, network.biases, strict=True), start=1):
        kind = _kind(weight.detach()) or _kind(bias.detach())
        if kind:
            return TrainingFailure(step, layer, "weights", kind, depth)
    trace = Trace()
    with torch.enable_grad():
        output = network.forward(network.inputs, trace, lambda _layer: check())
        loss = network.loss(output)
    for layer, activation in enumerate(trace.activations, start=1):
        kind = _kind(activation.detach())
        if kind:
            return TrainingFailure(step, layer, "activations", kind, depth)
    with torch.no_grad():
        kind = _kind(network.logits(output))
    if kind:
        return TrainingFailure(step, depth + 1, "activations", kind, depth)
    kind = _kind(loss.detach())
    if kind:
        return TrainingFailure(step, depth + 1, "loss", kind, depth)
    return _diagnose_backward(network, trace, loss, step)


def _diagnose_backward(network: Network, trace: Trace, loss: torch.Tensor, step: int) -> TrainingFailure | None:
    depth = len(network.weights)
    head = tuple(p for p in (network.head_weight, network.head_bias) if p is not None)
    wanted = (*trace.activations, *network.weights, *network.biases, *head)
    gradients = torch.autograd.grad(loss, wanted, materialize_grads=True)
    for gradient in gradients[3 * depth :]:
        kind = _kind(gradient)
        if kind:
            return TrainingFailure(step, depth + 1, "gradients", kind, depth)
    for layer in range(depth, 0, -1):
        own = (gradients[layer - 1], gradients[depth + layer - 1], gradients[2 * depth + layer - 1])
        kind = next(filter(None, map(_kind, own)), "")
        if kind:
            return TrainingFailure(step, layer, "gradients", kind, depth)
    return None


SNAPSHOT_BYTES = 128 * 2**20
MOST_COLUMNS, COLUMN_BYTES = 512, 48 * 2**20
"""The most steps, and bytes, kept as histograms: beyond that every second step, every fourth, ..."""


@dataclass(frozen=True, slots=True, eq=False)
class TrainingState:
    """The weights after `step` updates, and the optimiser's state. None of its tensors is ever written to."""

    step: int
    parameters: tuple[torch.Tensor, ...]
    optimiser: OptimiserState = field(default_factory=OptimiserState)

    @property
    def nbytes(self) -> int:
        """Bytes of all its tensors."""
        slots = sum(slot.nbytes for slots in self.optimiser.slots for slot in slots)
        return sum(parameter.nbytes for parameter in self.parameters) + slots


@dataclass(frozen=True, slots=True, eq=False)
class StepRecord:
    """The measurements of a step before its update: the loss of its batch, the norm of all gradients, the counts."""

    loss: float
    gradient_norm: float
    counts: StepCounts | None
    failure: TrainingFailure | None


def network_at(task: TrainingTask, state: TrainingState) -> Network:
    """The network with a state's weights and that step's batch; its dropout draws new masks at each step."""
    network = task.with_batch(task.network.with_parameters(state.parameters), task.batch_of(state.step))
    if network.spec.dropout and state.step:
        network = replace(network, spec=replace(network.spec, seed=layer_seed(network.spec.seed, "step", state.step)))
    return network


def training_step(
    task: TrainingTask, state: TrainingState, settings: TrainingSettings, counted: bool = False, job: Job | None = None
) -> tuple[TrainingState, StepRecord]:
    """One forward and backward pass on the step's batch and one update; returns the state unchanged on failure.

    Pure: the same state gives the same next state, bit for bit. The job is informed of each layer, forward and
    backward, and `CancelledError` is raised there if it is cancelled.
    """
    job = job or Job()
    live = network_at(task, state).requiring_grad()
    trace = Trace() if counted else None
    with torch.enable_grad():
        loss = live.loss(_forward(live, trace, job))
        gradients = torch.autograd.grad(loss, live.parameters, materialize_grads=True)
    norms = torch._foreach_norm(list(gradients))
    norm = float(torch.stack(list(norms)).cpu().double().norm())
    value = float(loss.detach())
    counts = count_magnitudes([a.detach() for a in trace.activations], job.check) if trace is not None else None
    failure = None
    if not (np.isfinite(value) and np.isfinite(norm)):
        failure = diagnose(live, state.step, job)
    if failure is not None:
        return state, StepRecord(value, norm, counts, failure)
    parameters, optimiser = optimiser_step(
        settings.optimiser, state.parameters, gradients, state.optimiser, settings.rates, check=job.check
    )
    return TrainingState(state.step + 1, parameters, optimiser), StepRecord(value, norm, counts, None)


def _forward(live: Network, trace: Trace | None, job: Job) -> torch.Tensor:
    """The last layer's output; each layer informs the job when it is computed and when its gradient arrives."""
    x, depth = live.inputs, len(live.weights)
    for layer in range(depth):
        x = live.layer(layer, x, trace)
        tell(job, "forward", layer, depth, 0.0)
        register = cast(Callable[[object], object], x.register_hook)
        register(_hook(job, depth - 1 - layer, depth))
    return x


def _hook(job: Job, layer: int, depth: int) -> Callable[[torch.Tensor], None]:
    def came_by(_gradient: torch.Tensor) -> None:
        tell(job, "backward", layer, depth, 0.45)

    return came_by


def _of_step(job: Job, step: int, target: int) -> Job:
    """The job for a single training step: its fractions are fractions of that step."""

    def report(fraction: float, words: str) -> None:
        job.report((step + fraction) / target, f"step {step + 1:,} of {target:,}, {words}")

    return replace(job, report=report)


class TrainingRun:
    """A training so far: its losses, its histograms, and enough states to return to any step.

    States are kept at a stride that doubles when they exceed `snapshot_bytes`; the steps in between are recomputed.
    `counted` also keeps every layer's histograms; `seconds` is the time of the steps so far.
    """

    def __init__(
        self, task: TrainingTask, settings: TrainingSettings, snapshot_bytes: int = SNAPSHOT_BYTES, counted: bool = True
    ) -> None:
        self.task = task
        self.settings = settings
        self.losses: list[float] = []
        self.gradient_norms: list[float] = []
        self.columns: dict[int, StepCounts] = {}
        self.column_stride = 1
        self.failure: TrainingFailure | None = None
        self.seconds = 0.0
        self._state = TrainingState(0, tuple(p.detach() for p in task.network.parameters))
        self._snapshots = {0: self._state}
        self._snapshot_stride = 1
        self._snapshot_bytes = snapshot_bytes
        self._counted = counted

    @property
    def reached(self) -> int:
        """The number of updates made."""
        return self._state.step

    @property
    def state(self) -> TrainingState:
        """The state after the last update."""
        return self._state

    def advance_to(self, target: int, job: Job | None = None, after: Callable[[], None] | None = None) -> None:
        """Train until `target` updates are made, the training fails, or the job is cancelled; `after` each step."""
        job = job or Job()
        while self.reached < target and self.failure is None and not job.is_cancelled():
            step, start = self.reached, time.perf_counter()
            counted = self._counted and step % self.column_stride == 0
            try:
                state, record = training_step(
                    self.task, self._state, self.settings, counted, _of_step(job, step, target)
                )
            except CancelledError:
                return
            self.seconds += time.perf_counter() - start
            self.losses.append(record.loss)
            self.gradient_norms.append(record.gradient_norm)
            self.failure = record.failure
            if record.counts is not None:
                self._keep_column(step, record.counts)
            if record.failure is None:
                self._state = state
                self._keep_snapshot(state)
            if after is not None:
                after()

    def state_at(self, step: int, job: Job | None = None) -> TrainingState:
        """The state after `step` updates: kept, or recomputed from the nearest kept one before it.

        Raises `CancelledError` between layers if the job is cancelled.
        """
        step = max(0, min(step, self.reached))
        if step == self.reached:
            return self._state
        state = self._snapshots[max(kept for kept in self._snapshots if kept <= step)]
        while state.step < step:
            quiet = Job(job.is_cancelled) if job is not None else None
            state, _ = training_step(self.task, state, self.settings, job=quiet)
        return state

    def loss_at(self, step: int, job: Job | None = None) -> float:
        """The loss of a step's batch with the weights of that step."""
        if step < len(self.losses):
            return self.losses[step]
        check = (job or Job()).check
        network = network_at(self.task, self.state_at(step, job))
        with torch.no_grad():
            return float(network.loss(network.forward(network.inputs, None, lambda _layer: check())))

    def column_steps(self) -> NDArray[np.int64]:
        """The steps with histograms."""
        return np.array(sorted(self.columns), dtype=np.int64)

    def _keep_column(self, step: int, counts: StepCounts) -> None:
        self.columns[step] = counts
        if len(self.columns) > max(32, min(MOST_COLUMNS, COLUMN_BYTES // counts.nbytes)):
            self.column_stride *= 2
            self.columns = {kept: c for kept, c in self.columns.items() if kept % self.column_stride == 0}

    def _keep_snapshot(self, state: TrainingState) -> None:
        if state.step % self._snapshot_stride:
            return
        self._snapshots[state.step] = state
        while len(self._snapshots) > 2 and len(self._snapshots) * state.nbytes > self._snapshot_bytes:
            self._snapshot_stride *= 2
            self._snapshots = {step: s for step, s in self._snapshots.items() if step % self._snapshot_stride == 0}
