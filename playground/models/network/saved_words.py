"""What autograd keeps of one layer, line by line in words."""

from __future__ import annotations

from playground.models.network.saved_tensors import SavedTensor, SavedTensors
from playground.models.words import bytes_in_words, shape_in_words


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
