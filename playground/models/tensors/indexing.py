"""Indexing as torch does it, with plans for indices whose values are unknown."""

from __future__ import annotations

from typing import Any

import torch


def index_tensor(tensor: torch.Tensor, index: Any) -> torch.Tensor:
    """`tensor[index]`; on the meta device a mask picks everything it could, and an integer tensor any row."""
    return tensor[_planned(index) if tensor.is_meta else index]


def _planned(index: Any) -> Any:
    if isinstance(index, tuple):
        parts: list[Any] = []
        for part in index:
            planned = _planned(part)
            parts.extend(planned) if isinstance(planned, tuple) else parts.append(planned)
        return tuple(parts)
    if isinstance(index, list) and index and all(isinstance(part, bool) for part in index):
        index = torch.tensor(index)
    if isinstance(index, torch.Tensor):
        if index.dtype is torch.bool:
            count = index.numel() if index.is_meta else int(index.sum())
            return tuple(torch.empty(count, dtype=torch.int64, device="meta") for _ in range(index.ndim))
        if index.ndim == 0:
            return 0
        return index.to("meta")
    return index
