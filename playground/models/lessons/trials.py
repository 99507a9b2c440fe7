"""What a lesson tries on the spot: an index in numpy, and a write into a copy of a storage."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import EllipsisType

import numpy as np
import torch

from playground.models.outcome import refuse

Number = bool | int | float
Index = tuple[int | slice | EllipsisType | None, ...]
_WHOLE = re.compile(r"-?[0-9]+")


def numpy_index(text: str) -> Index:
    """The index that a text like "::-1, 0, None, ..." says: slices, whole numbers, None and dots alone."""
    return tuple(_part(part.strip()) for part in text.split(","))


def _part(text: str) -> int | slice | EllipsisType | None:
    if text in ("None", "..."):
        return None if text == "None" else Ellipsis
    pieces = [piece.strip() for piece in text.split(":")]
    if len(pieces) > 3 or pieces == [""] or not all(not piece or _WHOLE.fullmatch(piece) for piece in pieces):
        refuse(f"{text!r} is no slice, number, None or dots.")
    numbers = [int(piece) if piece else None for piece in pieces]
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
    """How many elements of `other` have a byte of `tensor[index]` among theirs: writing that changes them."""
    storage = tensor.untyped_storage()
    if other.untyped_storage().data_ptr() != storage.data_ptr():
        return 0
    written = torch.zeros(storage.nbytes(), dtype=torch.bool)
    _bytes_of(tensor, written)[index] = True
    return int(_bytes_of(other, written).any(-1).sum())


def _bytes_of(tensor: torch.Tensor, storage: torch.Tensor) -> torch.Tensor:
    """A mark for each byte of each element of a tensor, (*shape, itemsize), in marks for all bytes of its storage."""
    item = tensor.itemsize
    strides = (*(stride * item for stride in tensor.stride()), 1)
    return storage.as_strided((*tensor.shape, item), strides, int(tensor.storage_offset()) * item)
