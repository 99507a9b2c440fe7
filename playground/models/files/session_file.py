"""Everything the user made as one .safetensors file: imported tensors as tensors, the state as JSON in the header.

Any reader of .safetensors finds an imported tensor under the name of its line. A tensor that is not the whole of its
storage in order (a transposed view, an expanded one) is kept as that storage, `"A.storage"`, and the JSON holds its
shape, strides and offset. A storage is written once, so that sharing comes back as well.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeGuard

import torch

from playground.models.files.disk import check_budget, plain_name, readable_size, write_whole
from playground.models.files.safetensors_file import (
    load_safetensors,
    read_header,
    safetensors_refusal,
    save_safetensors,
)
from playground.models.files.state_codec import Decoder, Json, MismatchError, Unknown, encode, family
from playground.models.language.budget import default_budget
from playground.models.problem import Problem, ProblemError, refuse
from playground.models.program.sources import Imported, TensorReference
from playground.models.state import PlaygroundState

VERSION = 2
SUFFIX = ".safetensors"
KEY = "tensor-playground"
NOTHING: Mapping[str, Json] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class LoadedSession:
    """The state of a session, and what of it could not be read.

    `about` is what was said of it besides; `unknown` are the parts that only a newer app knows: hand them to
    `save_session`, and they are kept.
    """

    state: PlaygroundState
    problems: tuple[Problem, ...] = ()
    about: Mapping[str, Json] = field(default_factory=dict)
    unknown: tuple[Unknown, ...] = ()


def save_session(
    path: str | os.PathLike[str],
    state: PlaygroundState,
    about: Mapping[str, Json] = NOTHING,
    unknown: tuple[Unknown, ...] = (),
) -> None:
    """Write the state with its imported tensors, whole or not at all; `ProblemError` says why not."""
    storages = _Storages(state)
    document = {"version": VERSION, "about": dict(about), "state": encode(state, storages.describe)}
    for one in unknown:
        one.put_back(document)
    text = json.dumps(document, allow_nan=False)
    write_whole(path, partial(_save, storages.tensors, text))


def _save(tensors: Mapping[str, torch.Tensor], text: str, fresh: Path) -> int:
    return save_safetensors(fresh, tensors, {KEY: text})


class _Storages:
    """The storages of a session, each once; `tensors` is how they stand in the file."""

    def __init__(self, state: PlaygroundState) -> None:
        self.tensors: dict[str, torch.Tensor] = {}
        self._keys: dict[int, str] = {}
        self._plain: dict[TensorReference, torch.Tensor] = {}
        imported = [
            (binding.name, self._settled(binding.source.reference))
            for binding in state.program.bindings
            if isinstance(binding.source, Imported)
        ]
        for name, tensor in sorted(imported, key=lambda one: not _is_whole(one[1])):
            if _identity(tensor) not in self._keys:
                self._add(tensor, name)

    def describe(self, value: object) -> Json | None:
        """A tensor as its place in a storage."""
        if not isinstance(value, TensorReference):
            return None
        tensor = self._settled(value)
        if _identity(tensor) not in self._keys:
            self._add(tensor, f"tensor.{len(self._keys)}")
        return {
            "is": "TensorReference",
            "storage": self._keys[_identity(tensor)],
            "dtype": str(tensor.dtype).removeprefix("torch."),
            "shape": list(tensor.shape),
            "strides": list(tensor.stride()),
            "offset": tensor.storage_offset(),
        }

    def _settled(self, reference: TensorReference) -> torch.Tensor:
        """The tensor in plain memory of this process; the same one each time."""
        if reference not in self._plain:
            self._plain[reference] = reference.tensor.detach().cpu().resolve_conj().resolve_neg()
        return self._plain[reference]

    def _add(self, tensor: torch.Tensor, name: str) -> None:
        key = name if _is_whole(tensor) else f"{name}.storage"
        self._keys[_identity(tensor)] = key
        self.tensors[key] = tensor if _is_whole(tensor) else _storage_of(tensor)


def _identity(tensor: torch.Tensor) -> int:
    """One number for each storage: its address, or that of the object where it holds nothing."""
    storage = tensor.untyped_storage()
    return storage.data_ptr() if storage.nbytes() else -storage._cdata


def _is_whole(tensor: torch.Tensor) -> bool:
    """Whether the tensor is all of its storage in order, and of a dtype that the format has."""
    size = tensor.numel() * tensor.itemsize
    in_order = tensor.is_contiguous() and tensor.storage_offset() == 0 and tensor.untyped_storage().nbytes() == size
    return in_order and not safetensors_refusal(tensor)


def _storage_of(tensor: torch.Tensor) -> torch.Tensor:
    """The storage in one axis: as elements of the tensor's dtype where the format has it, else as bytes."""
    storage = tensor.untyped_storage()
    plain = torch.empty(0, dtype=tensor.dtype)
    if storage.nbytes() % tensor.itemsize or safetensors_refusal(plain):
        plain = torch.empty(0, dtype=torch.uint8)
    return plain.set_(storage)


def is_session(path: str | os.PathLike[str]) -> bool:
    """Whether a file is a .safetensors that a session was saved in."""
    try:
        return _session_text(Path(path)) is not None
    except ProblemError:
        return False


def session_about(path: str | os.PathLike[str]) -> Mapping[str, Json]:
    """What was said of a session besides its state, read from the header alone; `ProblemError` if it is none."""
    file = Path(path)
    about = _document(file, plain_name(file)).get("about")
    return about if isinstance(about, dict) else {}


def _session_text(file: Path) -> str | None:
    metadata = read_header(file).get("__metadata__")
    text = metadata.get(KEY) if isinstance(metadata, dict) else None
    return text if isinstance(text, str) else None


def load_session(path: str | os.PathLike[str], budget: int | None = None) -> LoadedSession:
    """The state of a session file; what cannot be read of it is left at its usual value and told in the problems."""
    file = Path(path)
    size, name = readable_size(file), plain_name(file)
    check_budget(name, size, default_budget() if budget is None else budget)
    document = _migrated(_document(file, name), name)
    storages = _storages(file, size)
    decoder = Decoder(family(PlaygroundState), partial(_reference, storages))
    try:
        state = decoder.read(document.get("state"), PlaygroundState)
    except (MismatchError, RecursionError) as error:
        words = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        refuse(f"{name} is no session that can be read: {words}.")
    problems = tuple(Problem(f"{name}: {note}", severity="warning") for note in decoder.notes)
    about = document.get("about")
    besides = {key: value for key, value in document.items() if key not in ("version", "about", "state")}
    unknown = (*([Unknown((), {}, besides)] if besides else []), *(one.below("state") for one in decoder.unknown))
    return LoadedSession(state, problems, about if isinstance(about, dict) else {}, unknown)


def _document(file: Path, name: str) -> dict[str, Any]:
    try:
        text = _session_text(file)
    except ProblemError:
        refuse(f"{name} is no session that was saved here, or it is damaged.")
    if text is None:
        refuse(f"{name} holds no session.")
    try:
        document = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        refuse(f"{name} is a damaged session: its description is no JSON.")
    return document


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is no JSON")


def _migrated(document: dict[str, Any], name: str) -> dict[str, Any]:
    """The document as this version writes it."""
    version = document.get("version")
    if type(version) is not int or version < 1:
        refuse(f"{name} is no session: it has no version.")
    if version > VERSION:
        refuse(f"{name} was saved by a newer Tensor Playground (version {version}, this one reads {VERSION}).")
    for step in MIGRATIONS[version - 1 :]:
        document = step(document)
    return document


def _name_storages(document: dict[str, Any]) -> dict[str, Any]:
    """Version 1 numbered its storages."""
    for described in _objects(document):
        if described.get("is") == "TensorReference" and type(described.get("storage")) is int:
            described["storage"] = f"storage.{described['storage']}"
    return document


MIGRATIONS: tuple[Callable[[dict[str, Any]], dict[str, Any]], ...] = (_name_storages,)
"""The step from each version to the next."""


def _objects(data: Json) -> Iterator[dict[str, Any]]:
    """All objects in a JSON value."""
    waiting = [data]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            yield one
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one


def _storages(file: Path, size: int) -> dict[str, torch.UntypedStorage]:
    if not set(read_header(file)) - {"__metadata__"}:
        return {}
    return {key: tensor.untyped_storage() for key, tensor in load_safetensors(file, size).tensors.items()}


def _reference(storages: Mapping[str, torch.UntypedStorage], data: Json, wanted: type) -> object:
    """The tensor at its place in a storage; every number is checked before torch sees it."""
    if wanted is not TensorReference:
        return NotImplemented
    if not isinstance(data, dict):
        raise MismatchError("a tensor", "not described")
    storage = storages.get(str(data.get("storage")))
    dtype = getattr(torch, str(data.get("dtype")), None)
    shape, strides, offset = data.get("shape"), data.get("strides"), data.get("offset")
    if storage is None:
        raise MismatchError("a tensor", "missing from the file")
    if not isinstance(dtype, torch.dtype) or not _is_size(offset) or not _are_sizes(shape) or not _are_sizes(strides):
        raise MismatchError("a tensor", "described in a way that is not known")
    if len(shape) != len(strides):
        raise MismatchError("a tensor", f"described by {len(shape)} sizes and {len(strides)} strides")
    reach = offset + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True)) + 1
    if 0 not in shape and reach * dtype.itemsize > storage.nbytes():
        raise MismatchError("a tensor", "described as larger than what is stored of it")
    try:
        tensor = torch.empty(0, dtype=dtype).set_(storage, offset, tuple(shape), tuple(strides))
    except (RuntimeError, OverflowError) as error:
        raise MismatchError("a tensor", f"described in a way that torch refuses: {error}") from None
    return TensorReference(tensor)


def _is_size(value: object) -> TypeGuard[int]:
    return type(value) is int and 0 <= value < 2**62


def _are_sizes(value: object) -> TypeGuard[list[int]]:
    return isinstance(value, list) and all(_is_size(one) for one in value)
