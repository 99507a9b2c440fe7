"""A layer's tensor, handed to the tensors page as an imported one."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from playground.models.job import Job
from playground.models.network.request import tensors_of
from playground.models.network.run import layer_tensor
from playground.models.network.spec import NetworkSpec
from playground.models.outcome import refuse
from playground.models.state import PlaygroundState
from playground.models.tensors.program import Imported, Program, TensorReference
from playground.models.words import count_in_words

NAMES = {
    "activation": "a",
    "preactivation": "z",
    "activation_gradient": "grad_a",
    "weight": "w",
    "weight_gradient": "grad_w",
}


@dataclass(frozen=True, slots=True)
class LayerTensorRequest:
    """Which tensor of which layer (from 1) of which network; `program` where a tensor of it is the input."""

    spec: NetworkSpec
    kind: str
    layer: int
    program: Program | None = None
    budget: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class HandedLayer:
    """The tensor, a copy of its own, and the request it answers."""

    request: LayerTensorRequest
    tensor: torch.Tensor

    def added_to(self, state: PlaygroundState) -> PlaygroundState:
        """The state whose program ends with the tensor, under a free name such as `a18`, and selects it."""
        layer = self.request.layer
        return with_tensor(state, f"{NAMES[self.request.kind]}{layer}", self.tensor, f"network, layer {layer}")


def with_tensor(state: PlaygroundState, base: str, tensor: torch.Tensor, origin: str) -> PlaygroundState:
    """The state whose program ends with an imported tensor, called `base` or `base_2` and so on, and selects it."""
    name, count = base, 1
    while name in state.program.names:
        count += 1
        name = f"{base}_{count}"
    return replace(
        state, program=state.program.appended(name, Imported(TensorReference(tensor), key=origin)), selection=name
    )


def compute_layer_tensor(request: LayerTensorRequest, job: Job | None = None) -> HandedLayer:
    """Run the network again and keep that one tensor; a `ProblemError` where it has no such layer."""
    depth = request.spec.depth
    if not 1 <= request.layer <= depth:
        refuse(f"There is no layer {request.layer} to send: the network has {count_in_words(depth, 'layer')}.")
    tensors = tensors_of(request.spec, request.program, request.budget, job or Job())
    return HandedLayer(request, layer_tensor(request.spec, request.kind, request.layer - 1, tensors))
