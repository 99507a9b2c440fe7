"""The shape of an einsum from its letters alone."""

from __future__ import annotations

import torch

from playground.models.tensors.vocabulary.plans import meta


def plan_einsum_shape(equation: str, *operands: torch.Tensor | tuple[torch.Tensor, ...]) -> torch.Tensor:
    """A meta tensor of the result's shape; torch's own plan where there is an ellipsis or anything is amiss."""
    tensors = operands[0] if len(operands) == 1 and isinstance(operands[0], list | tuple) else operands
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    plain = "." not in equation and all(
        character.isalpha() or character in ",->" for character in equation.replace(" ", "")
    )
    fits = len(terms) == len(tensors) and all(
        isinstance(tensor, torch.Tensor) and len(term) == tensor.ndim
        for term, tensor in zip(terms, tensors, strict=True)
    )
    if not plain or not fits or len(tensors) < 2:
        return torch.einsum(equation, *operands)
    sizes: dict[str, int] = {}
    for term, tensor in zip(terms, tensors, strict=True):
        for letter, size in zip(term, tensor.shape, strict=True):
            if sizes.get(letter, 1) not in (1, size) and size != 1:
                return torch.einsum(equation, *operands)
            sizes[letter] = size if sizes.get(letter, 1) == 1 else sizes[letter]
    output = right if arrow else "".join(sorted(letter for letter in sizes if left.count(letter) == 1))
    repeated = any(len(set(term)) < len(term) for term in terms)
    dtypes = {tensor.dtype for tensor in tensors}
    if repeated or set(output) - set(sizes) or len(set(output)) < len(output) or len(dtypes) > 1:
        return torch.einsum(equation, *operands)
    return meta(tuple(sizes[letter] for letter in output), dtypes.pop())
