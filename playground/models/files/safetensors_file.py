"""`.safetensors`: named dense tensors; the header is checked before the library maps the file."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load as load_bytes
from safetensors.torch import save as save_bytes

from playground.models.files.array_bridge import dtype_name, plain_tensor, storage_refusal
from playground.models.files.npy_file import dense_losses
from playground.models.files.reading import check_budget, open_regular, readable_size, shown_name
from playground.models.files.tensor_format import LARGEST_TENSOR_COUNT, LoadedFile, TensorFormat, Tensors
from playground.models.files.writing import CountedFile
from playground.models.outcome import Problem, refuse
from playground.models.words import bytes_in_words

LARGEST_HEADER = 100_000_000
REFUSED_DTYPES = (torch.complex128, torch.complex32, torch.float8_e8m0fnu)


def load_safetensors(path: Path, budget: int) -> LoadedFile:
    """The tensors by name, copied out of the file: it may then be changed or deleted."""
    size = readable_size(path)
    name = shown_name(path)
    check_budget(name, size, budget)
    read_header(path)
    try:
        keys, tensors, problems = _read_tensors(path, name)
    except (SafetensorError, OSError, UnicodeError, OverflowError, ValueError) as error:
        refuse(f"{name} is no whole .safetensors file: {_first_line(error)}.")
    if keys > LARGEST_TENSOR_COUNT:
        problems.append(Problem(f"{name} holds {keys:,} tensors; the first {LARGEST_TENSOR_COUNT:,} are opened."))
    if not keys:
        refuse(f"{name} holds no tensors.")
    return LoadedFile(tensors, tuple(problems))


def _read_tensors(path: Path, name: str) -> tuple[int, dict[str, torch.Tensor], list[Problem]]:
    if not _is_unicode(str(path)):
        # The library opens only paths in UTF-8, so here it gets the bytes.
        with open_regular(path) as file:
            loaded = load_bytes(file.read())
        return len(loaded), dict(list(loaded.items())[:LARGEST_TENSOR_COUNT]), []
    tensors: dict[str, torch.Tensor] = {}
    problems: list[Problem] = []
    with safe_open(str(path), framework="pt", device="cpu") as file:
        keys = list(file.keys())
        for key in keys[:LARGEST_TENSOR_COUNT]:
            try:
                tensors[key] = file.get_tensor(key).clone()
            except (KeyError, RuntimeError, ValueError, OverflowError) as error:
                problems.append(Problem(f"{key} in {name} is left out: torch has no dtype for it ({error})."))
    return len(keys), tensors, problems


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def read_header(path: Path) -> dict[str, object]:
    """The JSON header: name to dtype, shape and place; refused in words where it cannot be one."""
    size = readable_size(path)
    name = shown_name(path)
    with open_regular(path) as file:
        beginning = file.read(8)
        if len(beginning) < 8:
            refuse(f"{name} is no .safetensors file: it has {size} bytes, the length of its header alone takes 8.")
        (length,) = struct.unpack("<Q", beginning)
        if length > min(LARGEST_HEADER, size - 8):
            refuse(f"{name} is no whole .safetensors file: it promises a header of {bytes_in_words(length)}.")
        text = file.read(length)
    try:
        header = json.loads(text)
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict):
        refuse(f"{name} is no .safetensors file: its header is no JSON.")
    return header


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def save_safetensors(path: Path, tensors: Tensors, metadata: dict[str, str] | None = None) -> int:
    """Write all tensors dense, each with bytes of its own; `metadata` is text that travels in the header."""
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
