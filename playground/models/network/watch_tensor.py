"""A tensor of a watched module, handed to the tensors page as an imported one."""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass

import torch

from playground.models.network.handover import NAMES, with_tensor
from playground.models.network.probe_layers import ProbedLayer
from playground.models.network.watch import Watched
from playground.models.outcome import refuse
from playground.models.state import PlaygroundState
from playground.models.words import shape_in_words

LONGEST_NAME = 40


@dataclass(frozen=True, slots=True, eq=False)
class WatchedTensor:
    """The tensor, what it is to be called where that name is free, and where it comes from, in words."""

    name: str
    tensor: torch.Tensor
    origin: str

    def added_to(self, state: PlaygroundState) -> PlaygroundState:
        """The state whose program ends with the tensor, under a free name, and selects it."""
        return with_tensor(state, self.name, self.tensor, self.origin)


def watched_tensor(watched: Watched, row: int, kind: str) -> WatchedTensor:
    """The tensor of a layer, counted from 0; a `ProblemError` where there is none or it was not kept whole."""
    layer = watched.result.layers[row]
    statistics, kept = layer.statistics(kind), layer.kept.get(kind)
    what = kind.replace("_", " ")
    if statistics is None:
        refuse(f"{layer.path or 'The module'} has no {what} to send.")
    if kept is None:
        refuse("Its values are no longer kept: other modules were watched since. Watch it again.")
    if not kept.whole:
        shape = f" {shape_in_words(layer.shape)}" if kind.startswith("activation") else ""
        refuse(f"The {what}{shape} was too large to keep whole: of {statistics.count:,} values a sample was counted.")
    return WatchedTensor(_name(layer, kind), kept.tensor, f"{watched.name[:40]}, {layer.path or 'itself'}")


def _name(layer: ProbedLayer, kind: str) -> str:
    """`a_encoder_0` for the activation of encoder.0, `a_encoder_0_run2` for that of its second run."""
    again = f"_run{layer.call}" if layer.call > 1 else ""
    path = re.sub(r"[^0-9A-Za-z_]+", "_", layer.path).strip("_")[:LONGEST_NAME]
    name = f"{NAMES[kind]}_{path or 'module'}{again}"
    return f"{name}_" if keyword.iskeyword(name) else name
