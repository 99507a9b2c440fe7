"""`.npy` and `.npz`: arrays, single or zipped; each header is checked before anything is allocated."""

from __future__ import annotations

import ast
import io
import struct
import zipfile
import zlib
from math import prod
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch

from playground.models.files.disk import CountedFile, check_budget, open_regular, plain_name, readable_size
from playground.models.files.tensor_format import (
    LARGEST_NUMPY_RANK,
    LARGEST_TENSOR_COUNT,
    WIDENED,
    LoadedFile,
    TensorFormat,
    Tensors,
    array_of,
    dtype_name,
    storage_refusal,
    tensor_of,
)
from playground.models.formatting import bytes_in_words, shape_in_words
from playground.models.job import Job
from playground.models.problem import Problem, ProblemError, refuse

MAGIC = b"\x93NUMPY"
LARGEST_HEADER = 10_000


def load_npy(path: Path, budget: int, job: Job) -> LoadedFile:
    """The one array of the file, under the file's own name."""
    size = readable_size(path)
    with open_regular(path) as file:
        tensor, note = read_array(file, size, plain_name(path), budget, job)
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
            f"{bytes_in_words(needed)}, but {bytes_in_words(there)} follow."
        )
    if len(shape) > LARGEST_NUMPY_RANK:
        refuse(f"{what} has {len(shape)} axes, but numpy allows {LARGEST_NUMPY_RANK}.")
    data = np.empty(prod(shape), dtype)
    if read_into(file, data.view(np.uint8).data, job) < needed:
        refuse(f"{what} is cut off: it ended during reading.")
    extra = there - needed
    note = f"{what}: {bytes_in_words(extra)} after the array were not read." if extra else ""
    tensor, changed = tensor_of(data.reshape(shape, order="F" if fortran else "C"), what)
    return tensor, " ".join(filter(None, (changed, note)))


def read_into(file: BinaryIO, target: memoryview, job: Job) -> int:
    """Fill `target` from a file as far as possible; returns the number of bytes read."""
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
        refuse(f"{what} is not a .npy file: it does not start with the bytes 93 NUMPY.")
    if len(magic) < 8 or magic[6] not in (1, 2, 3):
        refuse(f"{what} has a .npy version that does not exist.")
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
    except Exception:  # a damaged file: Python's parser raises half a dozen kinds of exceptions
        fields = None
    if not isinstance(fields, dict) or set(fields) != {"descr", "fortran_order", "shape"}:
        refuse(f"{what} has a header that is not a .npy header.")
    shape = fields["shape"]
    if not isinstance(shape, tuple) or not all(type(size) is int for size in shape):
        refuse(f"{what} has a header with a shape that is not a tuple of whole numbers.")
    if any(size < 0 for size in shape):
        refuse(f"{what} has a header with a negative size: {shape}.")
    if any(size >= 2**62 for size in shape):
        refuse(f"{what} has a header with a size that no machine can count: {max(shape):.3g}.")
    try:
        dtype = np.lib.format.descr_to_dtype(fields["descr"])
    except Exception:  # numpy raises TypeError, ValueError, KeyError and others, depending on the description
        refuse(f"{what} has a header with a dtype that numpy does not know.")
    return shape, bool(fields["fortran_order"]), dtype


def save_npy(path: Path, tensors: Tensors) -> int:
    """Write the tensor, dense and in row-major order."""
    (tensor,) = tensors.values()
    array = np.ascontiguousarray(array_of(tensor)).reshape(tuple(tensor.shape))
    with CountedFile(path) as file:
        np.lib.format.write_array(file, array, allow_pickle=False)
    return file.written


def dense_losses(tensor: torch.Tensor) -> tuple[str, ...]:
    """What all dense array formats lose: autograd, strides, sharing."""
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
        losses.append(f"Strides {tensor.stride()} are not kept: the elements are written in row-major order.")
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
        return f"it has {tensor.ndim} axes, but numpy allows {LARGEST_NUMPY_RANK}"
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


ENCRYPTED = 0x1


def load_npz(path: Path, budget: int, job: Job) -> LoadedFile:
    """The arrays of the archive by member name; the problems name members that are not arrays."""
    readable_size(path)
    name = plain_name(path)
    try:
        with open_regular(path) as file, zipfile.ZipFile(file) as archive:
            return _load_members(archive, name, budget, job)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, UnicodeDecodeError) as error:
        refuse(
            f"{name} is not a complete .npz archive: {str(error).splitlines()[0] if str(error) else 'it is damaged'}."
        )
    except OSError:
        refuse(f"{name} is not a complete .npz archive: its parts are not where its table of contents says.")


def _load_members(archive: zipfile.ZipFile, name: str, budget: int, job: Job) -> LoadedFile:
    members = archive.infolist()
    arrays = [member for member in members if member.filename.endswith(".npy")]
    problems = [Problem(f"{name}: {_others_text(members)}")] if len(arrays) < len(members) else []
    if len(arrays) > LARGEST_TENSOR_COUNT:
        problems.append(
            Problem(f"{name} contains {len(arrays):,} arrays; the first {LARGEST_TENSOR_COUNT:,} are opened.")
        )
        arrays = arrays[:LARGEST_TENSOR_COUNT]
    check_budget(f"{name}, unpacked,", sum(member.file_size for member in arrays), budget)
    tensors: dict[str, torch.Tensor] = {}
    notes: list[str] = []
    for member in arrays:
        key = member.filename.removesuffix(".npy")
        what = f"{plain_name(Path(key))} in {name}"
        if key in tensors:
            problems.append(Problem(f"{what} appears twice; the first is opened."))
            continue
        try:
            tensors[key], note = _read_member(archive, member, what, budget, job)
        except ProblemError as error:
            problems.append(error.problem)
            continue
        notes += [note] if note else []
    return LoadedFile(tensors, tuple(problems), tuple(notes))


def _others_text(members: list[zipfile.ZipInfo]) -> str:
    others = [plain_name(Path(member.filename)) for member in members if not member.filename.endswith(".npy")]
    if len(others) == 1:
        return f"{others[0]} in it is not a .npy array and is skipped."
    return f"{len(others):,} members are not .npy arrays and are skipped, for example {others[0]}."


def _read_member(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, what: str, budget: int, job: Job
) -> tuple[torch.Tensor, str]:
    if member.flag_bits & ENCRYPTED:
        refuse(f"{what} is encrypted.")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        refuse(f"{what} uses a compression that numpy does not write: its size is known only after unpacking.")
    try:
        with archive.open(member) as stream:
            return read_array(stream, member.file_size, what, budget, job)  # type: ignore[arg-type]
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        refuse(f"{what} is damaged: {str(error).splitlines()[0] if str(error) else 'it ends early'}.")


def save_npz(path: Path, tensors: Tensors) -> int:
    """Write all tensors, uncompressed, each as a `.npy` member under its name."""
    with CountedFile(path) as file:
        sink = _Unseekable(file)
        with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
            for name, tensor in tensors.items():
                array = np.ascontiguousarray(array_of(tensor)).reshape(tuple(tensor.shape))
                with archive.open(f"{name}.npy", "w", force_zip64=array.nbytes > 1 << 30) as member:
                    np.lib.format.write_array(member, array, allow_pickle=False)
    return file.written


class _Unseekable(io.RawIOBase):
    """A forward-only sink, so that the bytes written are the size of the file."""

    def __init__(self, file: CountedFile) -> None:
        super().__init__()
        self._counted = file

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        return self._counted.write(data)  # type: ignore[arg-type]


NPZ = TensorFormat(
    name="npz",
    words="NumPy archive",
    suffixes=(".npz",),
    load=load_npz,
    save=save_npz,
    losses=numpy_losses,
    refusal=numpy_refusal,
    holds_many=True,
)
