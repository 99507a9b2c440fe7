"""One forward and backward pass of any network, by autograd."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import cast

import numpy as np
import torch

from playground.models.job import Job
from playground.models.network.forward import Network, Trace


@dataclass(frozen=True, slots=True)
class Passes:
    """The tensors of one forward and backward pass, one a layer; `whole`: those of a kind that lie in one, stacked."""

    trace: Trace
    activation_gradients: tuple[torch.Tensor, ...]
    weight_gradients: tuple[torch.Tensor, ...]
    bias_gradients: tuple[torch.Tensor, ...]
    head_gradients: tuple[torch.Tensor, ...]
    output: torch.Tensor
    loss: float
    whole: Mapping[str, torch.Tensor] = field(default_factory=dict)


def tell(job: Job, what: str, layer: int, depth: int, start: float) -> None:
    """After a layer, from 0: ask whether to stop, and say how far a pass is that begins at a share of the whole."""
    job.check()
    if job.is_listened_to:
        job.report(start + 0.45 * (layer + 1) / depth, f"{what}, layer {layer + 1} of {depth}")


def run_passes(network: Network, job: Job | None = None, biases: bool = True) -> Passes:
    """One forward pass, the loss, and its gradients by autograd; stops between layers when the job is cancelled."""
    job = job or Job()
    depth = len(network.weights)
    trace = Trace()
    live = network.requiring_grad()
    if not biases:
        live = replace(live, biases=network.biases)

    def after(layer: int) -> None:
        tell(job, "forward", layer, depth, 0.0)
        hidden = trace.activations[layer]
        if job.is_cancelled is not Job().is_cancelled:
            register = cast(Callable[[object], object], hidden.register_hook)
            register(lambda _gradient: tell(job, "backward", depth - 1 - layer, depth, 0.45))

    output = live.forward(live.inputs, trace, after)
    loss = live.loss(output)
    head = tuple(p for p in (live.head_weight, live.head_bias) if p is not None)
    wanted = (*trace.activations, *live.weights, *(live.biases if biases else ()), *head)
    gradients = torch.autograd.grad(loss, wanted, materialize_grads=True)
    parts = [depth, depth, depth if biases else 0, len(head)]
    ends = np.cumsum(parts)
    cut = [gradients[end - size : end] for size, end in zip(parts, ends, strict=True)]
    return Passes(trace, cut[0], cut[1], cut[2], cut[3], output.detach(), float(loss.detach()))
