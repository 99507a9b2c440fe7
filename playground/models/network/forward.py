"""One network with its weights, and the forward pass that everything else is measured on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import torch
from torch.nn import functional

from playground.models.network.activations import ACTIVATIONS
from playground.models.network.noise import BANK
from playground.models.network.normalisations import NORMALISATIONS
from playground.models.network.scaled_draws import ScaledDraws
from playground.models.network.spec import NetworkSpec


@dataclass(slots=True)
class Trace:
    """What a forward pass leaves behind, one tensor a layer, each (batch, width).

    `preactivations` is what enters the activation (after normalisation), `activations` what the layer hands on.
    """

    preactivations: list[torch.Tensor] = field(default_factory=list)
    activations: list[torch.Tensor] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Network:
    """`network.forward(network.inputs)`; weights are (fan_out, fan_in), biases (fan_out,), one each a layer.

    `head_weight` and `head_bias` are the ten-class output layer of the cross entropy, None for the mean square.
    `unbiased` says that all biases are 0, so that they need not be added where no gradient of theirs is asked for.
    `scaled` holds the weights as a multiple of their draws, where they are one.
    """

    spec: NetworkSpec
    inputs: torch.Tensor
    weights: tuple[torch.Tensor, ...]
    biases: tuple[torch.Tensor, ...]
    labels: torch.Tensor | None = None
    head_weight: torch.Tensor | None = None
    head_bias: torch.Tensor | None = None
    unbiased: bool = False
    scaled: ScaledDraws | None = None

    @property
    def parameters(self) -> tuple[torch.Tensor, ...]:
        """All weights, then all biases, then those of the output layer."""
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
            unbiased=False,
            scaled=None,
        )

    def requiring_grad(self) -> Network:
        """The same network with parameters that are leaves of autograd; they share the memory of these."""
        live = self.with_parameters(tuple(p.detach().requires_grad_() for p in self.parameters))
        return replace(live, unbiased=self.unbiased)

    def layer(self, index: int, x: torch.Tensor, trace: Trace | None = None) -> torch.Tensor:
        """The output of layer `index` (from 0) for its input `x`: (batch, fan_in) to (batch, fan_out)."""
        spec = self.spec
        bias = self.biases[index]
        if self.unbiased and not bias.requires_grad:
            z = functional.linear(x, self.weights[index])
        else:
            z = functional.linear(x, self.weights[index], bias)
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
        """The output layer's ten values an input; the output itself where there is no output layer."""
        if self.head_weight is None:
            return output
        return functional.linear(output, self.head_weight, self.head_bias)

    def loss(self, output: torch.Tensor) -> torch.Tensor:
        """The mean square of the output, or the cross entropy of its ten classes against the labels; a scalar."""
        if self.spec.loss == "cross_entropy" and self.labels is not None:
            return functional.cross_entropy(self.logits(output), self.labels)
        return output.square().mean()


def dropout_mask(spec: NetworkSpec, index: int, like: torch.Tensor) -> torch.Tensor:
    """0 where layer `index` drops a value, 1 / (1 - dropout) where it keeps it: the same mask for the same seed."""
    draws = BANK.draws("uniform", spec.seed, f"dropout {index}", 1, tuple(like.shape))[0]
    return (draws >= spec.dropout).to(like) / (1 - spec.dropout)
