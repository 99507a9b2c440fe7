"""Tensors handed over by the Python API become the first lines of a program."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import torch

from playground.models.tensors.names import fresh_name, name_problem
from playground.models.tensors.planning import default_budget
from playground.models.tensors.program import Binding, Imported, Program, TensorReference
from playground.models.words import bytes_in_words


def program_of(tensors: Mapping[str, object]) -> Program:
    """`program_of({"A": torch.eye(3)})`: a program of imported tensors; TypeError names what cannot be shown."""
    for name in tensors:
        problem = name_problem(name, ())
        if problem is not None:
            raise TypeError(f"{name!r} cannot be the name of a tensor: {problem.message}")
    return Program(
        tuple(Binding(name, Imported(TensorReference(as_shown(name, value)))) for name, value in tensors.items())
    )


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
    """The tensor itself, detached, in this machine's memory; its storage is shared wherever torch allows."""
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
    return tensor.detach().cpu().resolve_conj().resolve_neg()


def _from_numpy(name: str, array: np.ndarray) -> torch.Tensor:
    if array.dtype.hasobject or array.dtype.kind in "SUMmV":
        raise TypeError(f"{name} is a numpy array of {array.dtype}, which torch has no dtype for.")
    if array.dtype == np.longdouble and array.dtype.itemsize > 8:
        raise TypeError(f"{name} is a numpy array of {array.dtype}, which torch has no dtype for. Pass float64.")
    is_native = array.dtype.isnative and array.flags.writeable and all(stride >= 0 for stride in array.strides)
    if not is_native:
        _check_size(name, array.nbytes)
    native = array.astype(array.dtype.newbyteorder("="), copy=False)
    if any(stride < 0 for stride in native.strides) or not native.flags.writeable:
        native = native.copy()
    return torch.from_numpy(native)
