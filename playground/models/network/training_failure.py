"""Where a training broke: the layer in which the first nan or inf arose."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from playground.models.job import Job
from playground.models.network.forward import Network, Trace
from playground.models.network.tasks import RegressionNetwork

FED = ("inputs", "targets")
"""What is fed to the network, of which it is not the cause."""


@dataclass(frozen=True, slots=True)
class TrainingFailure:
    """At `step`, in `layer` (from 1; depth + 1 is the output layer and the loss), `what` first held a nan or inf.

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
            return (
                f"The {self.what} of step {self.step:,} hold {self.kind}, whatever the network is. No step can be made."
            )
        if self.what == "loss":
            return f"At step {self.step:,} the loss is {self.kind}, every layer still finite. Training stopped there."
        whose = f"of layer {self.layer}" if self.layer <= self.depth else "of the output layer"
        way = ", on the way back," if self.what == "gradients" else ""
        return (
            f"At step {self.step:,} the {self.what} {whose}{way} are {self.kind} for the first time. "
            "Training stopped there."
        )


def _kind(tensor: torch.Tensor) -> str:
    """ "nan", "inf" or "" when all is finite; an inf beside a nan came first."""
    if bool(torch.isfinite(tensor).all()):
        return ""
    return "inf" if bool(torch.isinf(tensor).any()) else "nan"


def diagnose(network: Network, step: int, job: Job | None = None) -> TrainingFailure | None:
    """The first place, in the order of computation, that is not finite; None where all gradients are finite after all.

    `network` must hold leaves that ask for gradients; runs it forward and backward once more. Raises `CancelledError`
    between the layers of its forward pass when the job is cancelled.
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
