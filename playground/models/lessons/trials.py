"""What a lesson tries on the spot: an index in numpy, and a write into a copy of a storage."""

from __future__ import annotations

import ast
from collections.abc import Callable
from types import EllipsisType

import numpy as np
import torch

from playground.models.outcome import refuse
from playground.models.tensors.quiet import QUIET_TORCH

Number = bool | int | float
Index = tuple[object, ...]


def numpy_index(text: str) -> Index:
    """The index that a text like "::-1, [0, 2], None, ..." says: slices, numbers, lists of them, None, dots."""
    try:
        match ast.parse(f"_[{text}]", mode="eval").body:
            case ast.Subscript(value=ast.Name(), slice=ast.Tuple(elts=parts)):
                return tuple(_part(part) for part in parts)
            case ast.Subscript(value=ast.Name(), slice=part):
                return (_part(part),)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        pass
    refuse(f"{text!r} is no index of slices, whole numbers, lists, None or dots.")


def _part(part: ast.expr) -> object:
    match part:
        case ast.Slice(lower=lower, upper=upper, step=step):
            return slice(*(None if end is None else _whole(end) for end in (lower, upper, step)))
        case ast.Constant(value=None | EllipsisType() as value):
            return value
    return _whole(part)


def _whole(part: ast.expr) -> object:
    """A whole number, or a list of some."""
    if isinstance(part, ast.List):
        return [_whole(one) for one in part.elts]
    value = ast.literal_eval(part)
    if type(value) is not int:
        raise ValueError(value)
    return value


def _torch_shape(tensor: torch.Tensor, index: Index) -> tuple[int, ...]:
    """The shape that torch itself gives, which has no negative steps and reads lists of lists as its version does."""
    with QUIET_TORCH:
        return tuple(tensor[index if len(index) > 1 else index[0]].shape)  # type: ignore[index]


NUMPY_READINGS: dict[str, Callable[[np.ndarray, torch.Tensor, Index], Number | tuple[Number, ...]]] = {
    "strides": lambda found, _tensor, _index: tuple(found.strides),
    "nbytes": lambda found, _tensor, _index: int(found.nbytes),
    "shape": lambda found, _tensor, _index: tuple(found.shape),
    "shares": lambda found, tensor, _index: bool(np.shares_memory(found, tensor.numpy())),
    "torch_shape": lambda _found, tensor, index: _torch_shape(tensor, index),
    "values": lambda found, _tensor, _index: tuple(found.ravel().tolist()),
}


def read_numpy(tensor: torch.Tensor, index: str, read: str) -> Number | tuple[Number, ...]:
    """What numpy gives for this index of the tensor's array: strides in bytes, bytes, shape, values, shared or not."""
    wanted = numpy_index(index)
    return NUMPY_READINGS[read](tensor.numpy()[wanted], tensor, wanted)  # type: ignore[index]


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
