"""The gradient of a stretched operand: each copy's gradient, and their sum over the stretched axes, by autograd."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from playground.models.broadcasting.explain import BroadcastExplanation
from playground.models.broadcasting.operators import axes_text
from playground.models.evaluation.reader import TensorReader
from playground.models.formatting import count_in_words


@dataclass(frozen=True, slots=True, eq=False)
class StretchedGradient:
    """`copies` reads d result.sum() / d each stretched element, `total` the operand's own gradient.

    `axes` are the result's axes summed over, `count` is the number of copies of each element.
    """

    text: str
    shape: tuple[int, ...]
    copies: TensorReader
    total: TensorReader
    axes: tuple[int, ...]
    count: int
    scale: float
    sentence: str


def stretched_gradients(
    tensors: Sequence[torch.Tensor],
    explanation: BroadcastExplanation,
    function: Callable[..., Any],
    budget: int,
) -> tuple[tuple[StretchedGradient, ...], str]:
    """The gradients of all stretched operands for the loss `result.sum()`, or the reason why there are none."""
    shape = explanation.shape
    if shape is None or not explanation.stretched:
        return (), "Nothing is stretched: each gradient already has its operand's shape."
    kinds = [tensor.dtype for tensor in tensors if not (tensor.is_floating_point() or tensor.is_complex())]
    if any(tensor.is_complex() for tensor in tensors):
        return (), "Gradients of complex tensors are not shown."
    needed = 4 * explanation.result_bytes * len(tensors)
    if needed > budget:
        return (), "Too large to compute gradients."
    leaves = [_leaf(tensor) for tensor in tensors]
    wide = [_leaf(tensor.expand(shape)) for tensor in leaves]
    try:
        result = function(*wide)
    except (RuntimeError, TypeError):  # this dtype does not support the operation; the result already says so
        return (), "There is no result, so there is no gradient."
    if not result.requires_grad:
        whole = f" A {str(kinds[0]).removeprefix('torch.')} tensor has none." if kinds else ""
        return (), f"This operation has no gradient.{whole}"
    try:
        copies = _grad(result, wide)
        own = _grad(function(*leaves), leaves)
    except RuntimeError:  # the few operations without a derivative in torch
        return (), "torch has no derivative of this operation."
    by_place = iter(zip(copies, own, strict=True))
    found = []
    for row, leaf in zip(explanation.rows, leaves, strict=True):
        if not leaf.requires_grad:
            continue
        each, total = next(by_place)
        if row.stretched and each is not None and total is not None:
            found.append(_gradient(row.name, row.stretched, each, total))
    if not found:
        return (), "No stretched operand has a floating point dtype, so none has a gradient."
    return tuple(found), ""


def _grad(result: torch.Tensor, leaves: Sequence[torch.Tensor]) -> tuple[torch.Tensor | None, ...]:
    return torch.autograd.grad(result.sum(), [one for one in leaves if one.requires_grad], allow_unused=True)


def _leaf(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.detach().clone().requires_grad_(tensor.is_floating_point())


def _gradient(text: str, axes: tuple[int, ...], copies: torch.Tensor, total: torch.Tensor) -> StretchedGradient:
    count = copies.numel() // max(1, total.numel())
    sizes = [float(one.abs().nan_to_num(0, 0, 0).amax()) for one in (copies, total) if one.numel()]
    sentence = (
        f"Each element of `{text}` is used {count_in_words(count, 'time')}: "
        f"its gradient, for `result.sum()`, is the sum over {axes_text(axes)}."
    )
    shape = tuple(total.shape)
    return StretchedGradient(
        text, shape, TensorReader(copies), TensorReader(total), axes, count, max(sizes, default=0.0) or 1.0, sentence
    )
