"""The passes of a plain chain of layers without autograd's graph: autograd's operations, in its order, bit for bit.

They serve "dragging a network of 50 x 100 x 200", of which they save a quarter. The tensors of all layers lie one
behind the other in buffers of this thread, which the next run overwrites: nothing is copied before it is measured.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch

from playground.models.network.measure.reductions import CHUNK, Layers
from playground.models.network.run.fast.buffers import scratch
from playground.models.network.run.passes import Network, Passes, Trace
from playground.models.network.spec.activations import ACTIVATIONS

ALIGNMENT = 64
"""The alignment of a tensor's memory on the CPU, in bytes."""
Told = Callable[[int], None]


def is_plain(network: Network) -> bool:
    """True if a network is only a chain of linear layers and activations, on the CPU, and fits in the buffers."""
    spec = network.spec
    values = len(network.weights) * max(network.inputs.shape[0] * spec.width, network.weights[-1].numel())
    return (
        spec.normalisation == "none"
        and spec.residual == "none"
        and spec.dropout == 0
        and spec.device == "cpu"
        and spec.dtype in ("float32", "float64")
        and ACTIVATIONS[spec.activation].direct is not None
        and values <= CHUNK
    )


def run_directly(network: Network, forward: Told, backward: Told) -> Passes:
    """One forward pass, the loss, and its gradients, of a network that `is_plain`; the tensors last until the next run.

    `forward(layer)` and `backward(layer)` are called after each layer.
    """
    shape = torch.Size((network.inputs.shape[0], network.spec.width))
    before, after, gradients = (_buffer(network, kind, shape) for kind in ("preactivation", "activation", "gradient"))
    by_weight = _buffer(network, "weight_gradient", network.weights[-1].shape)
    by_weights: Layers = by_weight
    if network.weights[0].shape != by_weight.shape[1:]:
        by_weights = [torch.empty_like(network.weights[0]), *by_weight[1:]]
    trace = Trace(list(before), list(after))
    _forward(network, trace, forward)
    loss, last, head = _loss(network, after[-1])
    gradients[-1] = last
    by_biases = _backward(network, trace, (list(gradients), list(by_weights)), backward)
    return Passes(before, after, gradients, by_weights, by_biases, head, after[-1], loss)


def _buffer(network: Network, slot: str, shape: torch.Size) -> torch.Tensor:
    """One tensor per layer, one after another, each aligned as torch would: a product's last bits depend on how its
    operands lie in memory."""
    dtype = network.inputs.dtype
    whole = (len(network.weights), *shape)
    return scratch(whole, dtype, network.inputs.device, slot, ALIGNMENT // dtype.itemsize)


def _forward(network: Network, trace: Trace, told: Told) -> None:
    """Fill in pre-activations and activations, from the first layer on."""
    rule = ACTIVATIONS[network.spec.activation].direct
    assert rule is not None
    x = network.inputs
    for layer, weight in enumerate(network.weights):
        torch.addmm(network.biases[layer], x, weight.t(), out=trace.preactivations[layer])
        rule.forward(trace.preactivations[layer], trace.activations[layer])
        x = trace.activations[layer]
        told(layer)


def _loss(network: Network, output: torch.Tensor) -> tuple[float, torch.Tensor, tuple[torch.Tensor, ...]]:
    """The loss, its gradient at the last layer's output, and the output layer's gradients, by autograd if there is one.

    The gradient of the mean square is computed as autograd does, 2 a times 1 / values, without its graph.
    """
    if network.spec.loss == "mean_square" and type(network).loss is Network.loss:
        one = output.numpy().dtype.type(1)
        share = float(one / one.dtype.type(output.numel()))
        return float(output.square().mean()), output.mul(2).mul_(share), ()
    head = tuple(p.detach().requires_grad_() for p in (network.head_weight, network.head_bias) if p is not None)
    leaf = output.detach().requires_grad_()
    if head:
        network = replace(network, head_weight=head[0], head_bias=head[1])
    loss = network.loss(leaf)
    first, *rest = torch.autograd.grad(loss, (leaf, *head), materialize_grads=True)
    return float(loss.detach()), first, tuple(rest)


def _backward(
    network: Network,
    trace: Trace,
    into: tuple[Sequence[torch.Tensor], Sequence[torch.Tensor]],
    told: Told,
) -> tuple[torch.Tensor, ...]:
    """Fill in the gradients of activations and weights, from the last layer backward; returns those of the biases."""
    rule = ACTIVATIONS[network.spec.activation].direct
    assert rule is not None
    gradients, by_weights = into
    through, by_biases = torch.empty_like(gradients[-1]), []
    turned = through.t()
    for layer in range(len(gradients) - 1, -1, -1):
        rule.backward(gradients[layer], trace.preactivations[layer], trace.activations[layer], through)
        torch.mm(turned, trace.activations[layer - 1] if layer else network.inputs, out=by_weights[layer])
        by_biases.append(through.sum(0))
        if layer:
            torch.mm(through, network.weights[layer], out=gradients[layer - 1])
        told(layer)
    return tuple(reversed(by_biases))
