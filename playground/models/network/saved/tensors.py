"""What autograd keeps of a forward pass until the backward pass has used it: what, how large, for which gradient.

Nothing is guessed: the tensors come from `torch.autograd.graph.saved_tensors_hooks` while the network runs, and what
each is kept for from the backward graph, by asking every node for what it saved. On the meta device the same run costs
neither time nor memory and counts the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import torch
from torch.autograd.graph import Node, saved_tensors_hooks

from playground.models.formatting import bytes_in_words, shape_in_words

EnterLayer = Callable[[int], None]
Forward = Callable[[EnterLayer], torch.Tensor]

# What a saved tensor is for where its name alone does not tell: (node, saved name) -> the gradient that reads it.
_READ_FOR = {
    ("MmBackward0", "self"): "gradient of the weights",
    ("MmBackward0", "mat2"): "gradient of the layer's input",
    ("AddmmBackward0", "mat1"): "gradient of the weights",
    ("AddmmBackward0", "mat2"): "gradient of the layer's input",
    ("NllLossBackward0", "self"): "gradient of the outputs",
    ("NllLossBackward0", "target"): "gradient of the outputs",
    ("NllLossBackward0", "total_weight"): "gradient of the outputs",
    ("LogSoftmaxBackward0", "result"): "gradient of the outputs",
}


@dataclass(frozen=True, slots=True)
class SavedTensor:
    """One tensor that autograd keeps.

    `layer` is the layer that ran when it was saved (0: before the first, depth + 1: the loss), `node` the step of the
    backward pass that reads it (`"MmBackward0"`), `role` its name there, `read_for` that gradient in words.
    `counted_with` is the position of the tensor in whose storage it lies, when that one is counted already; what
    `is_input` counts as what comes before the first layer, whoever reads it.
    """

    layer: int
    shape: tuple[int, ...]
    dtype: str
    storage_bytes: int
    node: str
    role: str
    read_for: str
    is_parameter: bool
    counted_with: int | None
    is_input: bool = False


@dataclass(frozen=True, slots=True)
class SavedTensors:
    """All that a forward pass leaves for the backward pass.

    `layer_bytes[i]` belongs to layer i, 0 being what comes before the first layer and the last entry the loss; each
    storage is counted once, where it was saved first, and parameters, which live anyway, apart.
    """

    tensors: tuple[SavedTensor, ...]
    layer_bytes: tuple[int, ...]
    parameter_bytes: int

    @property
    def total_bytes(self) -> int:
        """Bytes kept besides the parameters."""
        return sum(self.layer_bytes)

    @property
    def counted(self) -> int:
        """How many storages make up the total."""
        return sum(1 for saved in self.tensors if not saved.is_parameter and saved.counted_with is None)

    def of_layer(self, layer: int) -> tuple[SavedTensor, ...]:
        """What was saved while this layer ran."""
        return tuple(saved for saved in self.tensors if saved.layer == layer)


def backward_nodes(root: Node | None) -> Iterator[Node]:
    """Every node of a backward graph once, those next to the root first."""
    waiting = [root]
    seen: set[Node] = set()
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        yield node
        waiting.extend(following for following, _ in node.next_functions)


def _storage_key(tensor: torch.Tensor) -> int:
    # The storage object and not its address: on the meta device every address is 0.
    return int(tensor.untyped_storage()._cdata)


@cache
def _saved_attributes(kind: type) -> tuple[str, ...]:
    return tuple(name for name in dir(kind) if name.startswith("_saved_") or name == "saved_tensors")


class _Ledger:
    """The tensors in the order in which autograd packed them, and which were asked for by whom."""

    def __init__(self) -> None:
        self.layer = 0
        self.packed: list[tuple[int, torch.Tensor]] = []
        self.unpacked: list[int] = []

    def enter(self, layer: int) -> None:
        self.layer = layer

    def pack(self, tensor: torch.Tensor) -> int:
        # Detached: autograd's nodes hold these hooks, and a tensor that knows its node would close a circle through
        # C++ that no collection of Python's finds.
        self.packed.append((self.layer, tensor.detach()))
        return len(self.packed) - 1

    def unpack(self, position: int) -> torch.Tensor:
        self.unpacked.append(position)
        return self.packed[position][1]

    def readers(self, root: Node | None) -> dict[int, tuple[str, str]]:
        """Position -> (node, saved name), found by reading each saved attribute of each node of the graph."""
        found: dict[int, tuple[str, str]] = {}
        for node in backward_nodes(root):
            for attribute in _saved_attributes(type(node)):
                self.unpacked.clear()
                getattr(node, attribute)
                for position in self.unpacked:
                    found[position] = (node.name(), attribute.removeprefix("_saved_"))
        return found


def _read_for(node: str, role: str, shape: tuple[int, ...]) -> str:
    known = _READ_FOR.get((node, role))
    if known:
        return known
    operation = node.removesuffix("0").removesuffix("Backward")
    if operation == "Mul" and role == "other":
        return "dropout: which values were kept"
    if "Norm" in operation:
        return "gradient through the normalisation"
    return f"gradient through {operation.lower() or 'this step'}" if shape or operation else "the loss"


def record_saved(
    forward: Forward, parameters: Sequence[torch.Tensor], depth: int, inputs: Sequence[torch.Tensor] = ()
) -> SavedTensors:
    """Run `forward`, which calls its argument with the number of each layer as it begins it (depth + 1 for the loss)
    and returns the loss, and list what autograd keeps of it. `inputs` count as what comes before the first layer.

    Under `torch.no_grad()` the list is empty, because it is measured and not computed.
    """  # fmt: skip
    ledger = _Ledger()
    with saved_tensors_hooks(ledger.pack, ledger.unpack):
        loss = forward(ledger.enter)
    readers = ledger.readers(loss.grad_fn)
    own = {_storage_key(parameter) for parameter in parameters}
    fed = {_storage_key(tensor) for tensor in inputs}
    first: dict[int, int] = {}
    saved = []
    layer_bytes = [0] * (depth + 2)
    parameter_bytes = 0
    for position, (layer, tensor) in enumerate(ledger.packed):
        key = _storage_key(tensor)
        size = tensor.untyped_storage().nbytes()
        counted_with = first.get(key)
        is_parameter = key in own
        if counted_with is None:
            first[key] = position
            if is_parameter:
                parameter_bytes += size
            else:
                layer_bytes[0 if key in fed else layer] += size
        node, role = readers.get(position, ("", ""))
        shape = tuple(tensor.shape)
        saved.append(
            SavedTensor(
                layer,
                shape,
                str(tensor.dtype).removeprefix("torch."),
                size,
                node,
                role,
                _read_for(node, role, shape),
                is_parameter,
                counted_with,
                key in fed,
            )
        )
    return SavedTensors(tuple(saved), tuple(layer_bytes), parameter_bytes)


def layer_name(layer: int, depth: int) -> str:
    """`"Layer 18"`; 0 is what comes before the first layer, depth + 1 the loss."""
    if layer == 0:
        return "Before the first layer"
    return f"Layer {layer}" if layer <= depth else "Output and loss"


def size_words(saved: SavedTensors, tensor: SavedTensor) -> str:
    """`"80 kB"`, `"counted at layer 17"` where its storage is already, `"a parameter"` where it lives anyway, and
    `"counted as input"` where the network is fed it."""
    if tensor.is_parameter:
        return "a parameter"
    if tensor.is_input:
        return "counted as input"
    if tensor.counted_with is not None:
        first = saved.tensors[tensor.counted_with].layer
        return f"counted at layer {first}" if first != tensor.layer else "counted above"
    return bytes_in_words(tensor.storage_bytes)


def layer_lines(saved: SavedTensors, layer: int) -> tuple[str, ...]:
    """One line a tensor: shape, dtype, bytes, and the gradient that reads it."""
    tensors = saved.of_layer(layer)
    if not tensors:
        return ("nothing is kept here",)
    return tuple(
        f"{shape_in_words(tensor.shape)} {tensor.dtype}, {size_words(saved, tensor)}: {tensor.read_for}"
        for tensor in tensors
    )
