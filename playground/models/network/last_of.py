"""A function of a tensor that remembers its last value."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

import torch

from playground.models.network.stacks import MOST_KEPT

Value = TypeVar("Value")


class LastOf(Generic[Value]):
    """A function of a tensor that keeps, in each thread, its last value for as long as the tensor stays as it is.

    The tensor is kept with it, unless its memory is larger than a buffer may be.
    """

    def __init__(self, function: Callable[[torch.Tensor], Value]) -> None:
        self._function = function
        self._kept = threading.local()

    def __call__(self, tensor: torch.Tensor) -> Value:
        """The value for this tensor, which is not computed again if it was the last one's."""
        kept: tuple[torch.Tensor, int, Value] | None = getattr(self._kept, "last", None)
        if kept is not None and _is_same(tensor, kept[0]) and tensor._version == kept[1]:
            return kept[2]
        self._kept.last = None
        value = self._function(tensor)
        if tensor.untyped_storage().nbytes() <= MOST_KEPT:
            self._kept.last = (tensor, tensor._version, value)
        return value


def _is_same(tensor: torch.Tensor, other: torch.Tensor) -> bool:
    """Whether two tensors read the same memory alike; `is_set_to` ignores the dtype and refuses two devices."""
    return tensor.dtype == other.dtype and tensor.device == other.device and tensor.is_set_to(other)
