"""Words that return a fact about a tensor: a number, a shape or a dtype."""

from __future__ import annotations

from typing import Any

import torch

from playground.models.language.vocabulary.bounds import nothing, operands
from playground.models.language.vocabulary.word import attribute, both, function, method
from playground.models.problem import refuse


def register_facts() -> None:
    """Add sizes, strides and other facts to the vocabulary."""
    attribute("shape", "The sizes of the axes.", "facts", "fact", lambda tensor: tensor.shape)
    attribute("ndim", "The number of axes.", "facts", "fact", lambda tensor: tensor.ndim)
    attribute("dtype", "The type of the elements.", "facts", "fact", lambda tensor: tensor.dtype)
    attribute("itemsize", "The bytes of an element.", "facts", "fact", lambda tensor: tensor.itemsize)
    attribute("nbytes", "The bytes of all elements.", "facts", "fact", lambda tensor: tensor.nbytes)
    attribute("values", "The values of a result that also has indices.", "facts", "fact", _part("values"))
    attribute("indices", "The indices of a result that also has values.", "facts", "fact", _part("indices"))
    method("numel", "()", "The number of elements.", "facts", "fact", need=nothing)
    method("nelement", "()", "The number of elements.", "facts", "fact", need=nothing)
    method("size", "(dim=None)", "The sizes of the axes, or of one.", "facts", "fact", need=nothing)
    method(
        "stride",
        "(dim=None)",
        "The step in storage between neighbours along each axis, or along one.",
        "facts",
        "fact",
        need=nothing,
    )
    method("dim", "()", "The number of axes.", "facts", "fact", need=nothing)
    method("ndimension", "()", "The number of axes.", "facts", "fact", need=nothing)
    method("storage_offset", "()", "The position of the first element in the storage.", "facts", "fact", need=nothing)
    method("element_size", "()", "The bytes of an element.", "facts", "fact", need=nothing)
    method(
        "is_contiguous",
        "(*, memory_format=torch.contiguous_format)",
        "Whether the elements lie in row-major order.",
        "facts",
        "fact",
        need=nothing,
    )
    method("is_floating_point", "()", "Whether the elements are floating-point numbers.", "facts", "fact", need=nothing)
    function("numel", "(input)", "The number of elements.", "facts", "fact", need=nothing)
    function("broadcast_shapes", "(*shapes)", "The shape that shapes broadcast to.", "facts", "fact", need=nothing)
    function("result_type", "(tensor1, tensor2)", "The dtype of a sum of the two.", "facts", "fact", need=nothing)
    function("promote_types", "(type1, type2)", "The smallest dtype that holds both.", "facts", "fact", need=nothing)
    both("equal", "(other)", "Whether shapes and all elements are equal.", "facts", "fact", need=operands)
    both(
        "allclose",
        "(other, rtol=1e-05, atol=1e-08, equal_nan=False)",
        "Whether all elements are nearly equal.",
        "facts",
        "fact",
        need=operands,
    )


def _part(name: str) -> Any:
    def part(value: Any) -> torch.Tensor:
        fields = getattr(type(value), name, None)
        if isinstance(value, torch.Tensor) or fields is None:
            refuse(f".{name} is for results that have values and indices: topk, sort, max and min along an axis.")
        return value[0 if name == "values" else 1]  # type: ignore[no-any-return]

    return part
