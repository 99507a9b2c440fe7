"""What names a tensor of the program elsewhere follows when its line gets another name."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from playground.models.network.spec import TENSOR_INPUT, NetworkSpec
from playground.models.network.state import NetworkState
from playground.models.outcome import ProblemError
from playground.models.tensors.program import Program, renamed_text

if TYPE_CHECKING:
    from playground.models.state import PlaygroundState


def renamed_line(before: Program, after: Program) -> tuple[str, str] | None:
    """The old and the new name, where the programs differ by the name of one line.

    Its code may be another too: `M = torch.ones(4)` typed over the line `A = torch.ones(3)` is A under a new name.
    """
    if len(before.bindings) != len(after.bindings):
        return None
    other = [(old, new) for old, new in zip(before.names, after.names, strict=True) if old != new]
    return other[0] if len(other) == 1 else None


def with_name(state: PlaygroundState, old: str, new: str) -> PlaygroundState:
    """The state in which every room that names the tensor `old` names it `new`."""
    einsum, broadcast, memory = state.einsum, state.broadcast, state.memory
    strided = memory.strided
    if strided is not None and strided.name == old:
        strided = replace(strided, name=new)
    return replace(
        state,
        einsum=replace(einsum, operands=tuple(_in_code(text, old, new) for text in einsum.operands)),
        broadcast=replace(
            broadcast,
            operands=tuple(_in_code(text, old, new) for text in broadcast.operands),
            chosen_at=new if broadcast.chosen_at == old else broadcast.chosen_at,
        ),
        memory=replace(memory, pinned=new if memory.pinned == old else memory.pinned, strided=strided),
        network=_in_network(state.network, old, new),
    )


def _in_code(text: str, old: str, new: str) -> str:
    """An operand as typed, with the name rewritten; one that cannot be read stays as it is."""
    try:
        return renamed_text(text, old, new)
    except (ProblemError, SyntaxError, ValueError):
        return text


def _in_network(network: NetworkState, old: str, new: str) -> NetworkState:
    def fed(spec: NetworkSpec) -> NetworkSpec:
        return replace(spec, input=TENSOR_INPUT + new) if spec.tensor_name == old else spec

    training = network.training
    return replace(
        network,
        spec=fed(network.spec),
        pins=tuple(fed(pin) for pin in network.pins),
        confirmed=None if network.confirmed is None else fed(network.confirmed),
        training=replace(
            training,
            inputs=new if training.inputs == old else training.inputs,
            targets=new if training.targets == old else training.targets,
        ),
    )
