"""One network with its weights, its forward pass, and the backward pass of any network by autograd."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import cast

import numpy as np
import torch
from torch.nn import functional

from playground.models.job import Job
from playground.models.network.measure.reductions import Layers
from playground.models.network.spec.activations import ACTIVATIONS
from playground.models.network.spec.noise import BANK
from playground.models.network.spec.normalisations import NORMALISATIONS
from playground.models.network.spec.spec import NetworkSpec


@dataclass(slots=True)
class Trace:
    """The tensors of a forward pass, one per layer, each (batch, width).

    `preactivations` enter the activation (after normalisation), `activations` are the layer's output.
    """

    preactivations: list[torch.Tensor] = field(default_factory=list)
    activations: list[torch.Tensor] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Network:
    """`network.forward(network.inputs)`; weights are (fan_out, fan_in), biases (fan_out,), one per layer.

    `head_weight` and `head_bias` are the ten-class output layer of the cross entropy, None for the mean square.
    """

    spec: NetworkSpec
    inputs: torch.Tensor
    weights: tuple[torch.Tensor, ...]
    biases: tuple[torch.Tensor, ...]
    labels: torch.Tensor | None = None
    head_weight: torch.Tensor | None = None
    head_bias: torch.Tensor | None = None

    @property
    def parameters(self) -> tuple[torch.Tensor, ...]:
        """All weights, then all biases, then the output layer's."""
        head = (self.head_weight, self.head_bias)
        return (*self.weights, *self.biases, *(p for p in head if p is not None))

    def with_parameters(self, parameters: tuple[torch.Tensor, ...]) -> Network:
        """The same network with other parameters, in the order of `parameters`."""
        depth = len(self.weights)
        head = parameters[2 * depth :]
        return replace(
            self,
            weights=parameters[:depth],
            biases=parameters[depth : 2 * depth],
            head_weight=head[0] if head else None,
            head_bias=head[1] if head else None,
        )

    def requiring_grad(self) -> Network:
        """The same network with parameters that are leaves of autograd; they share the memory of these."""
        return self.with_parameters(tuple(p.detach().requires_grad_() for p in self.parameters))

    def layer(self, index: int, x: torch.Tensor, trace: Trace | None = None) -> torch.Tensor:
        """The output of layer `index` (from 0) for its input `x`: (batch, fan_in) to (batch, fan_out)."""
        spec = self.spec
        z = functional.linear(x, self.weights[index], self.biases[index])
        z = NORMALISATIONS[spec.normalisation].function(z)
        a = ACTIVATIONS[spec.activation].function(z)
        if spec.dropout:
            a = a * dropout_mask(spec, index, a)
        if spec.residual != "none" and a.shape == x.shape:
            a = x + spec.residual_scale * a
        if trace is not None:
            trace.preactivations.append(z)
            trace.activations.append(a)
        return a

    def forward(
        self, x: torch.Tensor, keep: Trace | None = None, after: Callable[[int], None] | None = None
    ) -> torch.Tensor:
        """The last layer's output, (batch, width); `keep` collects every layer, `after(index)` is called after each."""
        for index in range(len(self.weights)):
            x = self.layer(index, x, keep)
            if after is not None:
                after(index)
        return x

    def logits(self, output: torch.Tensor) -> torch.Tensor:
        """The output layer's ten values per input; the output itself if there is no output layer."""
        if self.head_weight is None:
            return output
        return functional.linear(output, self.head_weight, self.head_bias)

    def loss(self, output: torch.Tensor) -> torch.Tensor:
        """The mean square of the output, or the cross entropy of its ten classes against the labels; a scalar."""
        if self.spec.loss == "cross_entropy" and self.labels is not None:
            return functional.cross_entropy(self.logits(output), self.labels)
        return output.square().mean()


def dropout_mask(spec: NetworkSpec, index: int, like: torch.Tensor) -> torch.Tensor:
    """0 where layer `index` drops a value, 1 / (1 - dropout) where it keeps one; the same mask for the same seed."""
    draws = BANK.draws("uniform", spec.seed, f"dropout {index}", 1, tuple(like.shape))[0]
    return (draws >= spec.dropout).to(like) / (1 - spec.dropout)


@dataclass(frozen=True, slots=True)
class Passes:
    """The tensors of one forward and backward pass, one a layer."""

    preactivations: Layers
    activations: Layers
    activation_gradients: Layers
    weight_gradients: Layers
    bias_gradients: tuple[torch.Tensor, ...]
    head_gradients: tuple[torch.Tensor, ...]
    output: torch.Tensor
    loss: float


def tell(job: Job, what: str, layer: int, depth: int, start: float) -> None:
    """After a layer, from 0: check for cancellation, and report the progress of a pass that starts at a given share."""
    job.check()
    if job.is_listened_to:
        job.report(start + 0.45 * (layer + 1) / depth, f"{what}, layer {layer + 1} of {depth}")


def run_passes(network: Network, job: Job | None = None) -> Passes:
    """One forward pass, the loss, and its gradients by autograd; stops between layers when the job is cancelled."""
    job = job or Job()
    depth = len(network.weights)
    trace = Trace()
    live = network.requiring_grad()

    def after(layer: int) -> None:
        tell(job, "forward", layer, depth, 0.0)
        hidden = trace.activations[layer]
        if job.is_cancelled is not Job().is_cancelled:
            register = cast(Callable[[object], object], hidden.register_hook)
            register(lambda _gradient: tell(job, "backward", depth - 1 - layer, depth, 0.45))

    output = live.forward(live.inputs, trace, after)
    loss = live.loss(output)
    head = tuple(p for p in (live.head_weight, live.head_bias) if p is not None)
    wanted = (*trace.activations, *live.weights, *live.biases, *head)
    gradients = torch.autograd.grad(loss, wanted, materialize_grads=True)
    parts = [depth, depth, depth, len(head)]
    ends = np.cumsum(parts)
    cut = [gradients[end - size : end] for size, end in zip(parts, ends, strict=True)]
    return Passes(
        trace.preactivations, trace.activations, cut[0], cut[1], cut[2], cut[3], output.detach(), float(loss.detach())
    )
