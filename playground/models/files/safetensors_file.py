"""`.safetensors`: named dense tensors; the header is checked before anything is allocated."""

from __future__ import annotations

import json
import struct
from math import prod
from pathlib import Path

import torch
from safetensors.torch import save as save_bytes

from playground.models.files.disk import CountedFile, check_budget, open_regular, plain_name, readable_size
from playground.models.files.npy_file import dense_losses, read_into
from playground.models.files.tensor_format import (
    LARGEST_TENSOR_COUNT,
    LoadedFile,
    TensorFormat,
    Tensors,
    dtype_name,
    plain_tensor,
    storage_refusal,
)
from playground.models.formatting import bytes_in_words
from playground.models.job import Job
from playground.models.problem import Problem, refuse

LARGEST_HEADER = 10_000_000
LARGEST_RANK = 64
DTYPES = {
    "BOOL": torch.bool, "U8": torch.uint8, "I8": torch.int8, "U16": torch.uint16, "I16": torch.int16,
    "U32": torch.uint32, "I32": torch.int32, "U64": torch.uint64, "I64": torch.int64, "F16": torch.float16,
    "BF16": torch.bfloat16, "F32": torch.float32, "F64": torch.float64, "C64": torch.complex64,
    "F8_E4M3": torch.float8_e4m3fn, "F8_E5M2": torch.float8_e5m2, "F8_E4M3FNUZ": torch.float8_e4m3fnuz,
    "F8_E5M2FNUZ": torch.float8_e5m2fnuz,
}  # fmt: skip
BITS = {code: 8 * dtype.itemsize for code, dtype in DTYPES.items()} | {
    "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "F8_E8M0": 8,
}  # fmt: skip
"""The bits per element of each dtype in the format."""
REFUSED_DTYPES = (torch.complex128, torch.complex32, torch.float8_e8m0fnu)


def load_safetensors(path: Path, budget: int, job: Job | None = None) -> LoadedFile:
    """The tensors by name, copied out of the file, which may then be changed or deleted."""
    job, name = job or Job(), plain_name(path)
    check_budget(name, readable_size(path), budget)
    header = read_header(path)
    header.pop("__metadata__", None)
    problems: list[Problem] = []
    if len(header) > LARGEST_TENSOR_COUNT:
        problems.append(
            Problem(f"{name} contains {len(header):,} tensors; the first {LARGEST_TENSOR_COUNT:,} are opened.")
        )
    if not header:
        refuse(f"{name} contains no tensors.")
    tensors: dict[str, torch.Tensor] = {}
    with open_regular(path) as file:
        (length,) = struct.unpack("<Q", file.read(8))
        data = readable_size(path) - 8 - length
        places = _places(header, data, name)
        for key in list(header)[:LARGEST_TENSOR_COUNT]:
            dtype, shape, begin, size = places[key]
            if dtype is None:
                problems.append(Problem(f"{key} in {name} is skipped: torch has no dtype for it."))
                continue
            storage = torch.empty(size, dtype=torch.uint8)
            file.seek(8 + length + begin)
            if read_into(file, memoryview(storage.numpy()), job) < size:  # type: ignore[arg-type]
                refuse(f"{name} is not a complete .safetensors file: it ended during reading.")
            tensors[key] = storage.view(dtype).view(shape) if size else torch.empty(shape, dtype=dtype)
    return LoadedFile(tensors, tuple(problems))


Place = tuple[torch.dtype | None, tuple[int, ...], int, int]
"""The dtype (None: not in torch), the shape, the offset in the data, and the number of bytes."""


def _places(header: dict[str, object], data: int, name: str) -> dict[str, Place]:
    """Where each tensor lies: one after another, without gaps, to the end of the file."""
    places: dict[str, Place] = {}
    for key, entry in header.items():
        place = _place(entry)
        if place is None:
            refuse(f"{name} is not a complete .safetensors file: its entry for {_shown(key)} is inconsistent.")
        places[key] = place
    end = 0
    for _, _, begin, size in sorted(places.values(), key=lambda place: place[2:]):
        if begin != end:
            refuse(f"{name} is not a complete .safetensors file: its tensors overlap or leave gaps.")
        end = begin + size
    if end != data:
        words = f"it promises {bytes_in_words(end)}, but {bytes_in_words(data)} follow"
        refuse(f"{name} is not a complete .safetensors file: {words}.")
    return places


def _shown(key: str) -> str:
    return key if len(key) <= 60 and key.isprintable() else f"{key[:57]!a}..."


def _place(entry: object) -> Place | None:
    """None if dtype, shape and bytes are inconsistent."""
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        return None
    code, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not (isinstance(code, str) and isinstance(shape, list) and isinstance(offsets, list) and len(offsets) == 2):
        return None
    if not all(type(number) is int and 0 <= number < 2**62 for number in (*shape, *offsets)) or code not in BITS:
        return None
    size, bits = offsets[1] - offsets[0], prod(shape) * BITS[code]
    if size < 0 or bits != 8 * size or len(shape) > LARGEST_RANK:
        return None
    return DTYPES.get(code), tuple(shape), offsets[0], size


def read_header(path: Path) -> dict[str, object]:
    """The JSON header: maps names to dtype, shape and place; refuses anything else with a problem."""
    size = readable_size(path)
    name = plain_name(path)
    with open_regular(path) as file:
        beginning = file.read(8)
        if len(beginning) < 8:
            refuse(f"{name} is not a .safetensors file: it has {size} bytes, and the header's length alone takes 8.")
        (length,) = struct.unpack("<Q", beginning)
        if length > size - 8:
            refuse(f"{name} is not a complete .safetensors file: it promises a header of {bytes_in_words(length)}.")
        if length > LARGEST_HEADER:
            limit = bytes_in_words(LARGEST_HEADER)
            refuse(f"{name} has a header of {bytes_in_words(length)}, the limit is {limit}: some 100,000 tensors.")
        text = file.read(length)
    try:
        header = json.loads(text)
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict):
        refuse(f"{name} is not a .safetensors file: its header is not JSON.")
    return header


def save_safetensors(path: Path, tensors: Tensors, metadata: dict[str, str] | None = None) -> int:
    """Write all tensors dense, each with its own bytes; `metadata` is text stored in the header."""
    dense: dict[str, torch.Tensor] = {}
    seen: set[int] = set()
    for name, tensor in tensors.items():
        plain = plain_tensor(tensor).contiguous()
        place = plain.untyped_storage().data_ptr()
        dense[name] = plain.clone() if place in seen else plain
        seen.add(place)
    with CountedFile(path) as file:
        file.write(save_bytes(dense, metadata))
    return file.written


def safetensors_losses(tensor: torch.Tensor) -> tuple[str, ...]:
    """Autograd, strides and sharing; every dtype that can be written is kept."""
    return dense_losses(tensor)


def safetensors_refusal(tensor: torch.Tensor) -> str:
    """Why it cannot be written: safetensors has no code for some dtypes."""
    if not storage_refusal(tensor) and tensor.dtype in REFUSED_DTYPES:
        return f"safetensors has no {dtype_name(tensor.dtype)}"
    return storage_refusal(tensor)


SAFETENSORS = TensorFormat(
    name="safetensors",
    words="Safetensors",
    suffixes=(".safetensors",),
    load=load_safetensors,
    save=save_safetensors,
    losses=safetensors_losses,
    refusal=safetensors_refusal,
    holds_many=True,
)
