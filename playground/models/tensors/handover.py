"""Tensors handed over by the Python API become the first lines of a program."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch

from playground.models.tensors.names import fresh_name, name_problem
from playground.models.tensors.planning import default_budget
from playground.models.tensors.program import Binding, Imported, Program, TensorReference
from playground.models.tensors.quiet import QUIET_TORCH
from playground.models.words import bytes_in_words

COPIED_BYTES = 1 << 30
"""Storages of more bytes are not copied."""

QUICKLY_COMPARED = 1 << 20
"""Storages of more bytes are compared only when asked to be thorough: these take less than 0.1 ms."""


def program_of(tensors: Mapping[str, object]) -> Program:
    """`program_of({"A": torch.eye(3)})`: a program of imported tensors; TypeError names what cannot be shown."""
    for name in tensors:
        problem = name_problem(name, ())
        if problem is not None:
            raise TypeError(f"{name!r} cannot be the name of a tensor: {problem.message}")
    with QUIET_TORCH:  # a numpy array may be read-only, and nothing here writes into it
        references = taken({name: as_shown(name, value) for name, value in tensors.items()})
    return Program(tuple(Binding(name, Imported(reference)) for name, reference in references.items()))


def taken(lives: Mapping[str, torch.Tensor]) -> dict[str, TensorReference]:
    """The tensors as they are now: copies on storages that overlap as theirs do, so that all panels read one moment.

    Storages of more than `COPIED_BYTES` are read where they are: what Python writes there is seen at once.
    """
    versions = {name: _version(live) for name, live in lives.items()}
    copies: dict[str, torch.Tensor] = {}
    plain = {name: live for name, live in lives.items() if _is_plain(live)}
    for group in _on_one_memory(plain):
        copies |= _copied_together(group)
    for name, live in lives.items():
        if name not in plain:
            copies[name] = live.cpu().resolve_conj().resolve_neg()
    return {name: TensorReference(copies[name], live, versions[name]) for name, live in lives.items()}


def refreshed(program: Program, thoroughly: bool = False) -> Program:
    """The program with what Python has written since into tensors that it handed over; the same object if nothing.

    Small tensors are compared, which sees what leaves no trace in a version (numpy, `.data`); `thoroughly`: all are.
    """
    held = {b.name: b.source.reference for b in program.bindings if isinstance(b.source, Imported)}
    lives = {name: reference.live for name, reference in held.items() if reference.live is not None}
    changed = {name for name in lives if _differs(held[name], thoroughly)}
    if not changed:
        return program
    plain = {name: live for name, live in lives.items() if _is_plain(live)}
    for group in _on_one_memory(plain):
        if changed.intersection(group):
            changed.update(group)
    with QUIET_TORCH:
        for name, reference in taken({name: lives[name] for name in lives if name in changed}).items():
            source = program.bindings[program.names.index(name)].source
            assert isinstance(source, Imported)
            program = program.with_source(name, replace(source, reference=reference))
    return program


def _differs(reference: TensorReference, thoroughly: bool) -> bool:
    live, seen = reference.live, reference.tensor
    if live is None or _version(live) != reference.version:
        return live is not None
    if not _is_plain(live) or seen.data_ptr() == live.data_ptr():
        return False
    if not thoroughly and live.untyped_storage().nbytes() > QUICKLY_COMPARED:
        return False
    return not torch.equal(_bytes(live), _bytes(seen)) if live.numel() else False


def _bytes(tensor: torch.Tensor) -> torch.Tensor:
    """The bytes of a storage from the first element of the tensor to its last, as numbers: nan equals itself there."""
    reach = sum((size - 1) * stride for size, stride in zip(tensor.shape, tensor.stride(), strict=True)) + 1
    start, length = tensor.storage_offset() * tensor.itemsize, reach * tensor.itemsize
    return torch.empty(0, dtype=torch.uint8).set_(tensor.untyped_storage(), start, (length,), (1,))


def _version(tensor: torch.Tensor) -> int:
    return 0 if tensor.is_inference() else tensor._version


def _is_plain(tensor: torch.Tensor) -> bool:
    """Whether the elements are the storage's bytes as they are, in this machine's memory."""
    return tensor.device.type == "cpu" and not tensor.is_conj() and not tensor.is_neg()


def _on_one_memory(lives: Mapping[str, torch.Tensor]) -> list[dict[str, torch.Tensor]]:
    """The tensors in groups whose storages overlap in memory, whoever allocated it: torch, or numpy twice over."""
    groups: list[dict[str, torch.Tensor]] = []
    end = 0
    for name, live in sorted(lives.items(), key=lambda item: item[1].untyped_storage().data_ptr()):
        start, size = live.untyped_storage().data_ptr(), live.untyped_storage().nbytes()
        if groups and start < end:
            groups[-1][name] = live
        else:
            groups.append({name: live})
        end = max(end, start + size)
    return groups


def _copied_together(group: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Tensors that lie on one copy of the memory that these lie on."""
    storages = {live.untyped_storage().data_ptr(): live.untyped_storage() for live in group.values()}
    start = min(storages)
    size = max(place + storage.nbytes() for place, storage in storages.items()) - start
    steps = [live.untyped_storage().data_ptr() - start for live in group.values()]
    if size > COPIED_BYTES or any(step % live.itemsize for step, live in zip(steps, group.values(), strict=True)):
        return dict(group)
    memory = torch.empty(size, dtype=torch.uint8)
    for place, storage in storages.items():
        whole = torch.empty(0, dtype=torch.uint8).set_(storage, 0, (storage.nbytes(),), (1,))
        memory[place - start : place - start + storage.nbytes()] = whole
    return {
        name: torch.empty(0, dtype=live.dtype).set_(
            memory.untyped_storage(), step // live.itemsize + live.storage_offset(), live.shape, live.stride()
        )
        for step, (name, live) in zip(steps, group.items(), strict=True)
    }


def named_by_variables(
    values: Sequence[object], variables: Mapping[str, object], taken: Collection[str] = ()
) -> dict[str, object]:
    """Values by the variables that hold them, or t1, t2, ... where none does: `show(x)` shows it as x."""
    names: dict[str, object] = {}
    for number, value in enumerate(values, start=1):
        own = [name for name, held in variables.items() if held is value and not name.startswith("_")]
        free = (name for name in reversed(own) if name not in names and name not in taken)
        name = next((name for name in free if name_problem(name, ()) is None), "")
        plain = f"t{number}"
        fresh = fresh_name((*names, *taken), plain) if plain in names or plain in taken else plain
        names[name or fresh] = value
    return names


def as_shown(name: str, value: object) -> torch.Tensor:
    """The tensor itself, detached; it lies on the memory that was handed over wherever torch allows."""
    if isinstance(value, torch.Tensor):
        return _strided(name, value)
    if isinstance(value, np.ndarray):
        return _from_numpy(name, value)
    _check_size(name, _listed_elements(value) * LARGEST_ITEM)
    try:
        return torch.as_tensor(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(f"{name} is a {type(value).__name__}, not a tensor, an array or nested numbers.") from error


LARGEST_ITEM = 8


def _listed_elements(value: object) -> int:
    """How many numbers nested lists hold: by reference, thirty short lists hold a billion."""
    count, seen = 1, 0
    while isinstance(value, list | tuple) and value and seen < 1000:
        count, value, seen = count * len(value), value[0], seen + 1
    return count


def _check_size(name: str, needed: int) -> None:
    """Refuse what would have to be copied and does not fit."""
    if needed > default_budget():
        limit = bytes_in_words(default_budget())
        raise TypeError(f"{name} needs {bytes_in_words(needed)} as a tensor of its own, the limit is {limit}.")


def _strided(name: str, tensor: torch.Tensor) -> torch.Tensor:
    if tensor.is_nested:
        raise TypeError(f"{name} is a nested tensor: it has no strides to show. Pass one of its parts.")
    if tensor.layout != torch.strided:
        raise TypeError(f"{name} is {tensor.layout}: it has no storage of its own to show. Pass {name}.to_dense().")
    if tensor.is_quantized:
        raise TypeError(f"{name} is quantized. Pass {name}.dequantize() or {name}.int_repr().")
    if tensor.is_meta:
        raise TypeError(f"{name} is on the meta device: it has a shape but no data.")
    if tensor.is_conj() or tensor.is_neg() or tensor.device.type != "cpu":
        _check_size(name, tensor.numel() * tensor.element_size())
    return tensor.detach()


def _from_numpy(name: str, array: np.ndarray) -> torch.Tensor:
    if array.dtype.hasobject or array.dtype.kind in "SUMmV":
        raise TypeError(f"{name} is a numpy array of {array.dtype}, which torch has no dtype for.")
    if array.dtype == np.longdouble and array.dtype.itemsize > 8:
        raise TypeError(f"{name} is a numpy array of {array.dtype}, which torch has no dtype for. Pass float64.")
    if array.dtype.isnative and all(stride >= 0 for stride in array.strides):
        return torch.from_numpy(array)
    _check_size(name, array.nbytes)
    return torch.from_numpy(array.astype(array.dtype.newbyteorder("=")))
