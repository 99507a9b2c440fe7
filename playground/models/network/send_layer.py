"""Sends a layer's tensor, from the page's network or a watched module, to the Tensors page as an imported tensor."""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass, replace

import torch

from playground.models.formatting import count_in_words, shape_in_words
from playground.models.job import Job
from playground.models.network.request import fed_tensors
from playground.models.network.run.run import layer_tensor
from playground.models.network.spec.spec import NetworkSpec
from playground.models.network.watch.layers import WatchedLayer
from playground.models.network.watch.watched import Watched
from playground.models.problem import refuse
from playground.models.program.program import Program
from playground.models.program.sources import Imported, TensorReference
from playground.models.state import PlaygroundState

NAMES = {
    "activation": "a",
    "preactivation": "z",
    "activation_gradient": "grad_a",
    "weight": "w",
    "weight_gradient": "grad_w",
}


@dataclass(frozen=True, slots=True)
class LayerTensorRequest:
    """Which tensor of which layer (from 1) of which network; `program` if one of its tensors is the input."""

    spec: NetworkSpec
    kind: str
    layer: int
    program: Program | None = None
    budget: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class HandedLayer:
    """A copy of the tensor, and the request it answers."""

    request: LayerTensorRequest
    tensor: torch.Tensor

    def added_to(self, state: PlaygroundState) -> PlaygroundState:
        """The state with the tensor appended to the program under a free name such as `a18`, and selected."""
        layer = self.request.layer
        return with_tensor(state, f"{NAMES[self.request.kind]}{layer}", self.tensor, f"network, layer {layer}")


def with_tensor(state: PlaygroundState, base: str, tensor: torch.Tensor, origin: str) -> PlaygroundState:
    """The state with an imported tensor appended to the program, called `base`, `base_2` and so on, and selected."""
    name, count = base, 1
    while name in state.program.names:
        count += 1
        name = f"{base}_{count}"
    return replace(
        state, program=state.program.appended(name, Imported(TensorReference(tensor), key=origin)), selection=name
    )


def compute_layer_tensor(request: LayerTensorRequest, job: Job | None = None) -> HandedLayer:
    """Run the network again and keep that tensor; raises `ProblemError` if it has no such layer."""
    depth = request.spec.depth
    if not 1 <= request.layer <= depth:
        refuse(f"There is no layer {request.layer} to send: the network has {count_in_words(depth, 'layer')}.")
    tensors = fed_tensors(request.spec, request.program, request.budget, job or Job())
    return HandedLayer(request, layer_tensor(request.spec, request.kind, request.layer - 1, tensors))


LONGEST_NAME = 40


@dataclass(frozen=True, slots=True, eq=False)
class WatchedTensor:
    """The tensor, its preferred name, and its origin in words."""

    name: str
    tensor: torch.Tensor
    origin: str

    def added_to(self, state: PlaygroundState) -> PlaygroundState:
        """The state with the tensor appended to the program under a free name, and selected."""
        return with_tensor(state, self.name, self.tensor, self.origin)


def watched_tensor(watched: Watched, row: int, kind: str) -> WatchedTensor:
    """The tensor of a layer, counted from 0; raises `ProblemError` if there is none or it was not kept whole."""
    layer = watched.result.layers[row]
    statistics, kept = layer.statistics(kind), layer.kept.get(kind)
    what = kind.replace("_", " ")
    if statistics is None:
        refuse(f"{layer.path or 'The module'} has no {what} to send.")
    if kept is None:
        refuse("Its values have been discarded because other modules were watched since. Watch it again.")
    if not kept.whole:
        shape = f" {shape_in_words(layer.shape)}" if kind.startswith("activation") else ""
        refuse(
            f"The {what}{shape} was too large to keep: only a sample of its {statistics.count:,} values was counted."
        )
    return WatchedTensor(_name(layer, kind), kept.tensor, f"{watched.name[:40]}, {layer.path or 'itself'}")


def _name(layer: WatchedLayer, kind: str) -> str:
    """`a_encoder_0` for the activation of encoder.0, `a_encoder_0_run2` for that of its second run."""
    again = f"_run{layer.call}" if layer.call > 1 else ""
    path = re.sub(r"[^0-9A-Za-z_]+", "_", layer.path).strip("_")[:LONGEST_NAME]
    name = f"{NAMES[kind]}_{path or 'module'}{again}"
    return f"{name}_" if keyword.iskeyword(name) else name
