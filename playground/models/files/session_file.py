"""The user's whole session as one file: the state as JSON, and the imported tensors as raw storages.

The file is a .safetensors with the JSON in its header. Each storage is written once, as bytes, so that strides,
offsets, sharing and every dtype are restored exactly.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeGuard

import torch

from playground.models.files.disk import check_budget, plain_name, readable_size, write_whole
from playground.models.files.safetensors_file import load_safetensors, read_header, save_safetensors
from playground.models.files.state_codec import Decoder, Json, MismatchError, encode, family
from playground.models.language.budget import default_budget
from playground.models.problem import Problem, ProblemError, refuse
from playground.models.program.sources import TensorReference
from playground.models.state import PlaygroundState

VERSION = 1
SUFFIX = ".playground"
KEY = "tensor-playground"


@dataclass(frozen=True, slots=True)
class LoadedSession:
    """The state of a session, and the parts that could not be read."""

    state: PlaygroundState
    problems: tuple[Problem, ...] = ()


def save_session(path: str | os.PathLike[str], state: PlaygroundState) -> None:
    """Write the state with its imported tensors, atomically; raises `ProblemError` on failure."""
    storages: dict[int, torch.UntypedStorage] = {}
    text = json.dumps({"version": VERSION, "state": encode(state, partial(_tensor_json, storages))}, allow_nan=False)
    tensors = {f"storage.{place}": _bytes_of(storage) for place, storage in enumerate(storages.values())}
    write_whole(path, partial(_save, tensors, text))


def _save(tensors: Mapping[str, torch.Tensor], text: str, fresh: Path) -> int:
    return save_safetensors(fresh, tensors, {KEY: text})


def session_bytes(state: PlaygroundState) -> int:
    """The bytes of tensors in a session file for this state."""
    storages: dict[int, torch.UntypedStorage] = {}
    encode(state, partial(_tensor_json, storages))
    return sum(storage.nbytes() for storage in storages.values())


def _tensor_json(storages: dict[int, torch.UntypedStorage], value: object) -> Json | None:
    """Encodes a tensor as its place in a storage; collects storages by identity."""
    if not isinstance(value, TensorReference):
        return None
    tensor = value.tensor.detach().cpu().resolve_conj().resolve_neg()
    storage = tensor.untyped_storage()
    identity = storage.data_ptr() if storage.nbytes() else -len(storages) - 1
    storages.setdefault(identity, storage)
    return {
        "is": "TensorReference",
        "storage": list(storages).index(identity),
        "dtype": str(tensor.dtype).removeprefix("torch."),
        "shape": list(tensor.shape),
        "strides": list(tensor.stride()),
        "offset": tensor.storage_offset(),
    }


def _bytes_of(storage: torch.UntypedStorage) -> torch.Tensor:
    return torch.empty(0, dtype=torch.uint8).set_(storage)


def load_session(path: str | os.PathLike[str], budget: int | None = None) -> LoadedSession:
    """Read a session file; parts that cannot be read keep their defaults and are listed in the problems."""
    file = Path(path)
    size, name = readable_size(file), plain_name(file)
    check_budget(name, size, default_budget() if budget is None else budget)
    document = _document(file, name)
    version = document.get("version")
    if type(version) is not int or version < 1:
        refuse(f"{name} is not a session: it has no version.")
    if version > VERSION:
        refuse(f"{name} was saved by a newer Tensor Playground (version {version}, this one reads {VERSION}).")
    storages = _storages(file, size)
    decoder = Decoder(family(PlaygroundState), partial(_reference, storages))
    try:
        state = decoder.read(document.get("state"), PlaygroundState)
    except (MismatchError, RecursionError) as error:
        words = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        refuse(f"{name} is not a readable session: {words}.")
    return LoadedSession(state, tuple(Problem(f"{name}: {note}", severity="warning") for note in decoder.notes))


def _document(file: Path, name: str) -> dict[str, Any]:
    try:
        metadata = read_header(file).get("__metadata__")
    except ProblemError:
        refuse(f"{name} is not a session saved by this app, or it is damaged.")
    text = metadata.get(KEY) if isinstance(metadata, dict) else None
    if not isinstance(text, str):
        refuse(f"{name} contains no session.")
    try:
        document = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        refuse(f"{name} is a damaged session: its description is not JSON.")
    return document


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is not JSON")


def _storages(file: Path, size: int) -> dict[int, torch.UntypedStorage]:
    if not set(read_header(file)) - {"__metadata__"}:
        return {}
    loaded = load_safetensors(file, size)
    found: dict[int, torch.UntypedStorage] = {}
    for key, tensor in loaded.tensors.items():
        number = key.removeprefix("storage.")
        if number.isdecimal() and tensor.dtype == torch.uint8:
            found[int(number)] = tensor.untyped_storage()
    return found


def _reference(storages: Mapping[int, torch.UntypedStorage], data: Json, wanted: type) -> object:
    """Decodes a tensor from its place in a storage; every number is checked before torch uses it."""
    if wanted is not TensorReference:
        return NotImplemented
    if not isinstance(data, dict):
        raise MismatchError("a tensor", "not described")
    storage = storages.get(data.get("storage", -1)) if type(data.get("storage")) is int else None
    dtype = getattr(torch, str(data.get("dtype")), None)
    shape, strides, offset = data.get("shape"), data.get("strides"), data.get("offset")
    if storage is None:
        raise MismatchError("a tensor", "missing from the file")
    if not isinstance(dtype, torch.dtype) or not _is_size(offset) or not _are_sizes(shape) or not _are_sizes(strides):
        raise MismatchError("a tensor", "described in an unknown way")
    if len(shape) != len(strides):
        raise MismatchError("a tensor", f"described by {len(shape)} sizes and {len(strides)} strides")
    reach = offset + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True)) + 1
    if 0 not in shape and reach * dtype.itemsize > storage.nbytes():
        raise MismatchError("a tensor", "described as larger than its stored data")
    try:
        tensor = torch.empty(0, dtype=dtype).set_(storage, offset, tuple(shape), tuple(strides))
    except (RuntimeError, OverflowError) as error:
        raise MismatchError("a tensor", f"described in a way that torch refuses: {error}") from None
    return TensorReference(tensor)


def _is_size(value: object) -> TypeGuard[int]:
    return type(value) is int and 0 <= value < 2**62


def _are_sizes(value: object) -> TypeGuard[list[int]]:
    return isinstance(value, list) and all(_is_size(one) for one in value)
