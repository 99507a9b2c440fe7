"""What a lesson tries on the spot: an index in numpy, and a write into a copy of a storage."""

from __future__ import annotations

from collections.abc import Callable
from types import EllipsisType

import numpy as np
import torch

from playground.models.outcome import refuse

Number = bool | int | float
Index = tuple[int | slice | EllipsisType | None, ...]


def numpy_index(text: str) -> Index:
    """The index that a text like "::-1, 0, None, ..." says: slices, whole numbers, None and dots alone."""
    return tuple(_part(part.strip()) for part in text.split(","))


def _part(text: str) -> int | slice | EllipsisType | None:
    if text in ("None", "..."):
        return None if text == "None" else Ellipsis
    pieces = text.split(":")
    if len(pieces) > 3 or not all(piece.strip().lstrip("-").isdigit() or not piece.strip() for piece in pieces):
        refuse(f"{text!r} is no slice, number, None or dots.")
    numbers = [int(piece) if piece.strip() else None for piece in pieces]
    return numbers[0] if len(pieces) == 1 else slice(*numbers)


NUMPY_READINGS: dict[str, Callable[[np.ndarray, np.ndarray], Number | tuple[Number, ...]]] = {
    "strides": lambda found, _array: tuple(found.strides),
    "nbytes": lambda found, _array: int(found.nbytes),
    "shares": lambda found, array: bool(np.shares_memory(found, array)),
    "values": lambda found, _array: tuple(found.ravel().tolist()),
}


def read_numpy(tensor: torch.Tensor, index: str, read: str) -> Number | tuple[Number, ...]:
    """What numpy gives for this index of the tensor's array: strides in bytes, `nbytes`, values, shared or not."""
    array = tensor.numpy()
    return NUMPY_READINGS[read](array[numpy_index(index)], array)


def elements_changed(tensor: torch.Tensor, index: tuple[int, ...], other: torch.Tensor) -> int:
    """How many elements of `other` change when `tensor[index]` is written, in a copy of the storage."""
    storage = tensor.untyped_storage()
    if other.untyped_storage().data_ptr() != storage.data_ptr():
        return 0
    cells = torch.zeros(storage.nbytes() // tensor.itemsize, dtype=tensor.dtype)
    cells.as_strided(tensor.shape, tensor.stride(), tensor.storage_offset())[index] = 1
    return int((cells.as_strided(other.shape, other.stride(), other.storage_offset()) != 0).sum())
