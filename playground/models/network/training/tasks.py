"""Training tasks: the digits, a regression, or the user's own tensors."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import torch
from torch.nn import functional

from playground.models.formatting import shape_in_words
from playground.models.job import Job
from playground.models.network.run.build import build
from playground.models.network.run.passes import Network
from playground.models.network.spec.devices import summable
from playground.models.network.spec.inits import INIT_SCHEMES
from playground.models.network.spec.inputs import digit_images, rows_of
from playground.models.network.spec.noise import BANK, layer_seed
from playground.models.network.spec.spec import NetworkSpec
from playground.models.network.training.settings import TrainingSettings
from playground.models.problem import refuse
from playground.models.registry import Registry

REGRESSION_EXAMPLES = 2048
MOST_CLASSES = 10_000
EVEN = 0.01
"""Classes with shares that differ by less count as equally common."""


@dataclass(frozen=True, slots=True)
class RegressionNetwork(Network):
    """A network with the mean square error against `targets`, (batch, outputs), as its loss."""

    targets: torch.Tensor | None = None

    def loss(self, output: torch.Tensor) -> torch.Tensor:
        """The mean square error of the output layer against the targets; a scalar."""
        assert self.targets is not None
        return functional.mse_loss(self.logits(output), self.targets)


@dataclass(frozen=True, slots=True, eq=False)
class TrainingTask:
    """All examples of a task and the network at step 0; `guess` is the loss of a prediction that ignores its input.

    `targets` are (examples,) int64 classes or (examples, outputs) numbers.
    """

    network: Network
    inputs: torch.Tensor
    targets: torch.Tensor
    guess: float
    guess_words: str

    @property
    def classes(self) -> bool:
        """True if the targets are classes."""
        return not self.targets.is_floating_point()

    def with_batch(self, network: Network, chosen: torch.Tensor) -> Network:
        """The network with the examples at these positions as its inputs."""
        inputs, targets = self.inputs[chosen], self.targets[chosen]
        if isinstance(network, RegressionNetwork):
            return replace(network, inputs=inputs, targets=targets)
        return replace(network, inputs=inputs, labels=targets)

    def batch_of(self, step: int) -> torch.Tensor:
        """The positions of the examples of a step, (batch,): each epoch uses all examples in its own order."""
        spec, total = self.network.spec, len(self.inputs)
        size = min(spec.batch, total)
        a_turn = max(1, total // size)
        turn, place = divmod(step, a_turn)
        generator = torch.Generator().manual_seed(layer_seed(spec.seed, "epoch", turn))
        order = torch.randperm(total, generator=generator)
        return order[place * size : (place + 1) * size].to(self.inputs.device)


Tensors = Mapping[str, torch.Tensor]
Make = Callable[[NetworkSpec, TrainingSettings, Tensors, Job], TrainingTask]


@dataclass(frozen=True, slots=True)
class TaskKind:
    """A kind of task: its inputs and targets in words, and how it is made."""

    name: str
    title: str
    words: str
    make: Make


TASKS: Registry[TaskKind] = Registry("task")


def _class_guess(labels: torch.Tensor) -> tuple[float, str]:
    share = labels.bincount().cpu().double() / len(labels)
    share = share[share > 0]
    if float(share.max() - share.min()) < EVEN:
        return math.log(len(share)), f"guessing, ln {len(share)}"
    return float(-(share * share.log()).sum()), "always predicting the class frequencies"


def _constant_guess(targets: torch.Tensor) -> tuple[float, str]:
    return float(
        summable(targets).double().var(0, correction=0).mean()
    ), "the variance of the targets: always predicting their mean"


def _built(spec: NetworkSpec, tensors: Tensors, job: Job) -> Network:
    """The network of a spec; the job is informed of each layer drawn, and can stop it there."""

    def told(layer: int) -> None:
        job.check()
        job.report(0.0, f"drawing, layer {layer + 1} of {spec.depth}")

    return build(spec, tensors, told, told)


def _digits(spec: NetworkSpec, _settings: TrainingSettings, _tensors: Tensors, job: Job) -> TrainingTask:
    images, labels = digit_images()
    own = replace(spec, input="digits", loss="cross_entropy", batch=min(spec.batch, len(images)))
    network = _built(own, {}, job)
    inputs = images.to(device=spec.device, dtype=spec.torch_dtype)
    return TrainingTask(network, inputs, labels.to(spec.device), *_class_guess(labels))


def _head(spec: NetworkSpec, outputs: int) -> tuple[torch.Tensor, torch.Tensor]:
    """An output layer drawn by the spec's scheme, with bias 0."""
    scheme = INIT_SCHEMES[spec.init]
    draws = BANK.draws(scheme.sampler, spec.seed, "head", 1, (outputs, spec.width))[0].double()
    scale = scheme.scale(spec.width, outputs, spec) * spec.gain
    weight = 2 * scale * draws - scale if scheme.symmetric else draws * scale
    bias = torch.zeros(outputs, dtype=spec.torch_dtype, device=spec.device)
    return weight.to(bias), bias


def with_targets(network: Network, inputs: torch.Tensor, targets: torch.Tensor) -> TrainingTask:
    """The task for a network built without labels, with an output layer for these targets."""
    spec = network.spec
    inputs = inputs.to(device=spec.device, dtype=spec.torch_dtype)
    batch = min(spec.batch, len(inputs))
    spec = replace(spec, batch=batch, loss="mean_square" if targets.is_floating_point() else "cross_entropy")
    if targets.is_floating_point():
        targets = targets.to(device=spec.device, dtype=spec.torch_dtype)
        weight, bias = _head(spec, targets.shape[1])
        regression = RegressionNetwork(
            spec,
            inputs[:batch],
            network.weights,
            network.biases,
            head_weight=weight,
            head_bias=bias,
            targets=targets[:batch],
        )
        return TrainingTask(regression, inputs, targets, *_constant_guess(targets))
    targets = targets.to(spec.device)
    weight, bias = _head(spec, int(targets.max()) + 1)
    classifier = Network(spec, inputs[:batch], network.weights, network.biases, targets[:batch], weight, bias)
    return TrainingTask(classifier, inputs, targets, *_class_guess(targets))


def _regression(spec: NetworkSpec, _settings: TrainingSettings, _tensors: Tensors, job: Job) -> TrainingTask:
    own = replace(spec, input="normal", loss="mean_square", batch=min(spec.batch, REGRESSION_EXAMPLES))
    network = _built(own, {}, job)
    x = BANK.draws("normal", spec.seed, "regression", 1, (REGRESSION_EXAMPLES, spec.width))[0].double()
    direction = BANK.draws("normal", spec.seed, "regression direction", 1, (spec.width,))[0].double()
    y = torch.sin(2 * x @ (direction / direction.norm()))[:, None]
    return with_targets(network, x, y.float())


def _tensors(spec: NetworkSpec, settings: TrainingSettings, tensors: Tensors, job: Job) -> TrainingTask:
    given = tensors.get(settings.inputs)
    wanted = tensors.get(settings.targets)
    for name, tensor, what in ((settings.inputs, given, "inputs"), (settings.targets, wanted, "targets")):
        if tensor is None:
            none = f"There is no tensor {name!r} with values to use as {what}."
            refuse(none if name else f"No tensor is chosen as {what}.")
    assert given is not None
    assert wanted is not None
    inputs = rows_of(given, settings.inputs)
    targets = _targets_of(wanted, settings.targets)
    if len(inputs) != len(targets):
        refuse(
            f"Axis 0 of {settings.inputs} is {len(inputs)}, axis 0 of {settings.targets} is {len(targets)}. "
            "Each input needs one target.",
            badge=f"{len(inputs)} against {len(targets)}",
        )
    own = replace(spec, input=f"tensor:{settings.inputs}", loss="mean_square", batch=min(spec.batch, len(inputs)))
    return with_targets(_built(own, {settings.inputs: given}, job), inputs, targets)


def _targets_of(tensor: torch.Tensor, name: str) -> torch.Tensor:
    """Whole numbers with one axis are classes, anything else is (examples, outputs) numbers."""
    if tensor.dim() == 1 and not tensor.is_floating_point() and not tensor.is_complex():
        classes = tensor.detach().long().cpu()
        if not len(classes):
            refuse(f"{name} is {shape_in_words(tensor.shape)} and has no targets.")
        low, high = int(classes.min()), int(classes.max())
        if low < 0 or high >= MOST_CLASSES:
            refuse(
                f"{name} contains whole numbers from {low} to {high}. As classes they must lie in 0 to "
                f"{MOST_CLASSES - 1:,}; as regression targets they must be floating point.",
            )
        return classes
    return rows_of(tensor, name)


TASKS.register(TaskKind("digits", "digits", "1,797 hand-written digits, ten classes, cross entropy", _digits))
TASKS.register(
    TaskKind("regression", "regression", "y = sin(2 u.x) for standard normal x, mean square error", _regression)
)
TASKS.register(TaskKind("tensors", "own tensors", "two tensors of the program; whole numbers are classes", _tensors))


def make_task(spec: NetworkSpec, settings: TrainingSettings, tensors: Tensors, job: Job | None = None) -> TrainingTask:
    """The examples and the network at step 0; raises `ProblemError` if spec, settings or tensors do not fit."""
    return TASKS.find(settings.task).make(spec, settings, tensors, job or Job())
