"""Plans of shapes that depend on values: their upper bound, as meta tensors."""

from __future__ import annotations

from typing import Any

import torch


def meta(shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
    """A tensor without values."""
    return torch.empty(shape, dtype=dtype, device="meta")


def plan_repeat_interleave(tensor: torch.Tensor, repeats: Any, dim: int | None = None) -> torch.Tensor:
    """Known for a whole number of repeats only."""
    if isinstance(repeats, torch.Tensor):
        raise ValueError("how often each element is repeated stands in a tensor whose values are not computed")
    return torch.repeat_interleave(tensor, repeats, dim)


def plan_nonzero(tensor: torch.Tensor, **_: Any) -> torch.Tensor:
    """At most a row for each element."""
    return meta((tensor.numel(), tensor.ndim), torch.int64)


def plan_masked_select(tensor: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """At most all elements."""
    shape = torch.broadcast_shapes(tensor.shape, mask.shape)
    return meta((shape.numel(),), tensor.dtype)


def plan_unique(tensor: torch.Tensor, *_: Any, **__: Any) -> torch.Tensor:
    """At most all elements."""
    return meta((tensor.numel(),), tensor.dtype)


def plan_unknown(*_: Any, **__: Any) -> torch.Tensor:
    """The shape stands in the values."""
    raise ValueError("the shape depends on values that are not computed")
