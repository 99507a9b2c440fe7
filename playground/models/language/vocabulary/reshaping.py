"""Words that view the same elements in another shape."""

from __future__ import annotations

import torch

from playground.models.language.vocabulary.bounds import nothing, operands
from playground.models.language.vocabulary.word import attribute, both, function, method


def register_reshaping() -> None:
    """Add views and reshapes to the vocabulary."""
    _axes()
    _parts()
    _shapes()


def _axes() -> None:
    for name, signature, description in (
        ("transpose", "(dim0, dim1)", "Swap two axes: their sizes and strides are exchanged."),
        ("swapaxes", "(axis0, axis1)", "The same as transpose."),
        ("swapdims", "(dim0, dim1)", "The same as transpose."),
        ("t", "()", "Swap the two axes of a matrix."),
        ("movedim", "(source, destination)", "Move axes to new places, the others keep their order."),
        ("moveaxis", "(source, destination)", "The same as movedim."),
        ("unsqueeze", "(dim)", "Insert an axis of size 1 at dim, like [:, None]."),
        ("squeeze", "(dim=None)", "Drop axes of size 1: all of them, or those in dim."),
        (
            "diagonal",
            "(offset=0, dim1=0, dim2=1)",
            "The elements where two axes have the same index: the strides add up.",
        ),
    ):
        both(name, signature, description, "reshaping", "view", need=nothing)
    method("permute", "(*dims)", "Put the axes in the order of dims.", "reshaping", "view", need=nothing)
    function("permute", "(input, dims)", "Put the axes in the order of dims.", "reshaping", "view", need=nothing)
    attribute("T", "All axes in reverse order; for a matrix, the transpose.", "reshaping", "view", _reversed_axes)
    attribute("mT", "The last two axes swapped.", "reshaping", "view", lambda tensor: tensor.mT)
    attribute(
        "H",
        "The matrix with its axes swapped (and conjugated if complex).",
        "reshaping",
        "view",
        lambda tensor: tensor.H,
    )


def _reversed_axes(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.permute(*reversed(range(tensor.ndim)))


def _parts() -> None:
    for name, signature, description in (
        ("narrow", "(dim, start, length)", "A slice of an axis, by start and length."),
        ("select", "(dim, index)", "One index of an axis, which is removed."),
        ("chunk", "(chunks, dim=0)", "A number of parts of about equal size; take one by index."),
        ("tensor_split", "(indices_or_sections, dim=0)", "Parts split at these indices; take one by index."),
        ("hsplit", "(indices_or_sections)", "Parts along axis 1, or axis 0 of a vector; take one by index."),
        ("vsplit", "(indices_or_sections)", "Parts along axis 0; take one by index."),
        ("dsplit", "(indices_or_sections)", "Parts along axis 2; take one by index."),
        ("unbind", "(dim=0)", "The slices along an axis, without it; take one by index."),
    ):
        both(name, signature, description, "reshaping", "view", need=nothing)
    split = "Parts of this size along an axis; take one by index."
    method("split", "(split_size, dim=0)", split, "reshaping", "view", need=nothing)
    function("split", "(tensor, split_size_or_sections, dim=0)", split, "reshaping", "view", need=nothing)
    unfold = "Sliding windows along an axis: overlapping views of the same elements."
    method("unfold", "(dimension, size, step)", unfold, "reshaping", "view", need=nothing)
    strided = "Any shape, strides and offset over the storage, as long as they stay inside it."
    both("as_strided", "(size, stride, storage_offset=None)", strided, "reshaping", "view", need=nothing)


def _shapes() -> None:
    _views()
    _reshapes()
    _ends()


def _views() -> None:
    method(
        "view",
        "(*shape)",
        "Another shape over the same storage, or the same bytes as another dtype.",
        "reshaping",
        "view",
        need=nothing,
    )
    method("view_as", "(other)", "view with the shape of other.", "reshaping", "view", need=nothing)
    method(
        "expand",
        "(*sizes)",
        "Stretch axes of size 1 with stride 0; -1 keeps a size, new axes come first.",
        "reshaping",
        "view",
        need=nothing,
    )
    method("expand_as", "(other)", "expand to the shape of other.", "reshaping", "view", need=nothing)
    both(
        "broadcast_to",
        "(size)",
        "Stretch to a shape by the rules of broadcasting, with stride 0.",
        "reshaping",
        "view",
        need=nothing,
    )
    function(
        "broadcast_tensors",
        "(*tensors)",
        "All tensors stretched to one shape; take one by index.",
        "reshaping",
        "view",
        need=nothing,
    )
    both("unflatten", "(dim, sizes)", "One axis as several, in row-major order.", "reshaping", "view", need=nothing)


def _reshapes() -> None:
    method(
        "reshape",
        "(*shape)",
        "Another shape in row-major order: a view if possible, else a copy.",
        "reshaping",
        "view or copy",
        need=operands,
    )
    function(
        "reshape",
        "(input, shape)",
        "Another shape in row-major order: a view if possible, else a copy.",
        "reshaping",
        "view or copy",
        need=operands,
    )
    method("reshape_as", "(other)", "reshape to the shape of other.", "reshaping", "view or copy", need=operands)
    both(
        "flatten",
        "(start_dim=0, end_dim=-1)",
        "Several axes as one: a view if the strides allow it, else a copy.",
        "reshaping",
        "view or copy",
        need=operands,
    )
    both(
        "ravel",
        "()",
        "All axes as one: a view if the strides allow it, else a copy.",
        "reshaping",
        "view or copy",
        need=operands,
    )
    method(
        "contiguous",
        "(*, memory_format=torch.contiguous_format)",
        "The same tensor if its elements lie in row-major order, else a copy that does.",
        "reshaping",
        "view or copy",
        need=operands,
    )
    both("detach", "()", "The same values without a gradient.", "reshaping", "view", need=nothing)


def _ends() -> None:
    for name in ("atleast_1d", "atleast_2d", "atleast_3d"):
        function(name, "(input)", f"At least {name[-2]} axes, by adding sizes of 1.", "reshaping", "view", need=nothing)
