"""`.npy`: one array, after a header that is checked before anything is allocated."""

from __future__ import annotations

import ast
import struct
from math import prod
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch

from playground.models.files.array_bridge import (
    LARGEST_NUMPY_RANK,
    WIDENED,
    array_of,
    dtype_name,
    storage_refusal,
    tensor_of,
)
from playground.models.files.reading import check_budget, open_regular, readable_size, shown_name
from playground.models.files.tensor_format import LoadedFile, TensorFormat, Tensors
from playground.models.files.writing import CountedFile
from playground.models.job import Job
from playground.models.outcome import refuse
from playground.models.words import bytes_in_words, shape_in_words

MAGIC = b"\x93NUMPY"
LARGEST_HEADER = 10_000


def load_npy(path: Path, budget: int, job: Job) -> LoadedFile:
    """The one array of the file, under the file's own name."""
    size = readable_size(path)
    with open_regular(path) as file:
        tensor, note = read_array(file, size, shown_name(path), budget, job)
    return LoadedFile({path.stem: tensor}, notes=(note,) if note else ())


def read_array(file: BinaryIO, size: int, what: str, budget: int, job: Job) -> tuple[torch.Tensor, str]:
    """The array in the next `size` bytes of `file`, and a note; the header is checked before anything is allocated."""
    shape, fortran, dtype, header_size = _header(file, what)
    if dtype.hasobject or dtype.names is not None or dtype.kind in "SUMmVT":
        tensor_of(np.empty(0, dtype), what)
    needed = prod(shape) * dtype.itemsize
    check_budget(f"{what}, {shape_in_words(shape)} of {dtype},", needed, budget)
    there = size - header_size
    if there < needed:
        refuse(
            f"{what} is cut off: its header promises {shape_in_words(shape)} of {dtype}, which is "
            f"{bytes_in_words(needed)}, and {bytes_in_words(there)} follow."
        )
    if len(shape) > LARGEST_NUMPY_RANK:
        refuse(f"{what} has {len(shape)} axes, numpy allows {LARGEST_NUMPY_RANK}.")
    data = np.empty(prod(shape), dtype)
    if read_into(file, data.view(np.uint8).data, job) < needed:
        refuse(f"{what} is cut off: it ended while it was being read.")
    extra = there - needed
    note = f"{what}: {bytes_in_words(extra)} behind the array were not read." if extra else ""
    tensor, changed = tensor_of(data.reshape(shape, order="F" if fortran else "C"), what)
    return tensor, " ".join(filter(None, (changed, note)))


def read_into(file: BinaryIO, target: memoryview, job: Job) -> int:
    """Fill `target` from a file, as far as that goes; the bytes read."""
    done = 0
    while done < len(target):
        job.check()
        part = file.read(min(len(target) - done, 1 << 24))
        if not part:
            break
        target[done : done + len(part)] = part
        done += len(part)
    return done


def _header(file: BinaryIO, what: str) -> tuple[tuple[int, ...], bool, np.dtype[Any], int]:
    magic = file.read(8)
    if not magic.startswith(MAGIC):
        refuse(f"{what} is no .npy file: it does not begin with the bytes 93 NUMPY.")
    if len(magic) < 8 or magic[6] not in (1, 2, 3):
        refuse(f"{what} is of a version of .npy that does not exist.")
    width, letter = (2, "<H") if magic[6] == 1 else (4, "<I")
    length_bytes = file.read(width)
    if len(length_bytes) < width:
        refuse(f"{what} is cut off inside its header.")
    (length,) = struct.unpack(letter, length_bytes)
    if length > LARGEST_HEADER:
        refuse(f"{what} has a header of {bytes_in_words(length)}, the limit is {bytes_in_words(LARGEST_HEADER)}.")
    text = file.read(length)
    if len(text) < length:
        refuse(f"{what} is cut off inside its header.")
    shape, fortran, dtype = _header_fields(text, what)
    return shape, fortran, dtype, 8 + width + length


def _header_fields(text: bytes, what: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    try:
        fields = ast.literal_eval(text.decode("utf-8").strip())
    except Exception:  # bytes of a damaged file: Python's parser refuses them by half a dozen kinds of exceptions
        fields = None
    if not isinstance(fields, dict) or set(fields) != {"descr", "fortran_order", "shape"}:
        refuse(f"{what} has a header that is not one of .npy.")
    shape = fields["shape"]
    if not isinstance(shape, tuple) or not all(type(size) is int for size in shape):
        refuse(f"{what} has a header whose shape is not a tuple of whole numbers.")
    if any(size < 0 for size in shape):
        refuse(f"{what} has a header with a negative size: {shape}.")
    if any(size >= 2**62 for size in shape):
        refuse(f"{what} has a header with a size that no machine can count: {max(shape):.3g}.")
    try:
        dtype = np.lib.format.descr_to_dtype(fields["descr"])
    except Exception:  # numpy raises TypeError, ValueError, KeyError and others, by what the description is
        refuse(f"{what} has a header with a dtype that numpy does not know.")
    return shape, bool(fields["fortran_order"]), dtype


def save_npy(path: Path, tensors: Tensors) -> int:
    """Write the one tensor, dense and in row order."""
    (tensor,) = tensors.values()
    array = np.ascontiguousarray(array_of(tensor)).reshape(tuple(tensor.shape))
    with CountedFile(path) as file:
        np.lib.format.write_array(file, array, allow_pickle=False)
    return file.written


def dense_losses(tensor: torch.Tensor) -> tuple[str, ...]:
    """What every dense array format loses: autograd, strides, sharing."""
    losses = []
    if tensor.requires_grad:
        losses.append("requires_grad is not kept.")
    if storage_refusal(tensor) or tensor.is_contiguous():
        return tuple(losses)
    dense = tensor.numel() * tensor.element_size()
    there = tensor.untyped_storage().nbytes()
    if there < dense:
        losses.append(
            f"The stretched axes are written out: {bytes_in_words(dense)} instead of {bytes_in_words(there)}, "
            f"strides {tensor.stride()} are not kept."
        )
    else:
        losses.append(f"Strides {tensor.stride()} are not kept: the elements are written in row order.")
    return tuple(losses)


def numpy_losses(tensor: torch.Tensor) -> tuple[str, ...]:
    """What numpy's formats lose: the above, and dtypes that numpy does not have."""
    losses = dense_losses(tensor)
    if tensor.dtype in WIDENED:
        wide = dtype_name(WIDENED[tensor.dtype])
        losses = (f"{dtype_name(tensor.dtype)} is written as {wide}: the values are kept, the dtype is not.", *losses)
    return losses


def numpy_refusal(tensor: torch.Tensor) -> str:
    """Why numpy cannot hold it."""
    if not storage_refusal(tensor) and tensor.ndim > LARGEST_NUMPY_RANK:
        return f"it has {tensor.ndim} axes, numpy allows {LARGEST_NUMPY_RANK}"
    return storage_refusal(tensor)


NPY = TensorFormat(
    name="npy",
    words="NumPy array",
    suffixes=(".npy",),
    load=load_npy,
    save=save_npy,
    losses=numpy_losses,
    refusal=numpy_refusal,
    holds_many=False,
)
