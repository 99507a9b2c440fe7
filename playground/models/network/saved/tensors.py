"""What autograd keeps of a forward pass for the backward pass: which tensors, their sizes, and their gradients.

Nothing is guessed: the tensors come from `torch.autograd.graph.saved_tensors_hooks` while the network runs, and their
purpose from the backward graph, by asking every node what it saved. On the meta device the same run takes neither time
nor memory and counts the same bytes.
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

# What a saved tensor is for, if its name does not tell: (node, saved name) -> the gradient that reads it.
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
    `counted_with` is the position of the tensor that shares its storage, if that one is already counted; a tensor that
    `is_input` counts as coming before the first layer, whichever node reads it.
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
    """Everything that a forward pass leaves for the backward pass.

    `layer_bytes[i]` belongs to layer i; 0 is what comes before the first layer, and the last entry is the loss. Each
    storage is counted once, where it was first saved; parameters, which exist anyway, are counted separately.
    """

    tensors: tuple[SavedTensor, ...]
    layer_bytes: tuple[int, ...]
    parameter_bytes: int

    @property
    def total_bytes(self) -> int:
        """Bytes kept in addition to the parameters."""
        return sum(self.layer_bytes)

    @property
    def counted(self) -> int:
        """The number of storages in the total."""
        return sum(1 for saved in self.tensors if not saved.is_parameter and saved.counted_with is None)

    def of_layer(self, layer: int) -> tuple[SavedTensor, ...]:
        """The tensors saved while this layer ran."""
        return tuple(saved for saved in self.tensors if saved.layer == layer)


def backward_nodes(root: Node | None) -> Iterator[Node]:
    """Every node of a backward graph once, in order of distance from the root."""
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
    """The tensors in the order autograd packed them, and which of them each node unpacked."""

    def __init__(self) -> None:
        self.layer = 0
        self.packed: list[tuple[int, torch.Tensor]] = []
        self.unpacked: list[int] = []

    def enter(self, layer: int) -> None:
        self.layer = layer

    def pack(self, tensor: torch.Tensor) -> int:
        # Detached: autograd's nodes hold these hooks, and a tensor with its node would close a reference cycle through
        # C++ that Python's garbage collector cannot find.
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
    """Run `forward`, which calls its argument with the number of each layer it starts (depth + 1 for the loss) and
    returns the loss, and list what autograd keeps. `inputs` count as coming before the first layer.

    Under `torch.no_grad()` the list is empty, because it is measured, not derived.
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
    """`"80 kB"`, `"counted at layer 17"` if its storage is already counted, `"a parameter"` if it exists anyway, and
    `"counted as input"` if it is the network's input."""
    if tensor.is_parameter:
        return "a parameter"
    if tensor.is_input:
        return "counted as input"
    if tensor.counted_with is not None:
        first = saved.tensors[tensor.counted_with].layer
        return f"counted at layer {first}" if first != tensor.layer else "counted above"
    return bytes_in_words(tensor.storage_bytes)


def layer_lines(saved: SavedTensors, layer: int) -> tuple[str, ...]:
    """One line per tensor: shape, dtype, bytes, and the gradient that reads it."""
    tensors = saved.of_layer(layer)
    if not tensors:
        return ("nothing is kept here",)
    return tuple(
        f"{shape_in_words(tensor.shape)} {tensor.dtype}, {size_words(saved, tensor)}: {tensor.read_for}"
        for tensor in tensors
    )
