"""Tensors handed over by the Python API become the first lines of a program."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from playground.models.tensors.names import name_problem
from playground.models.tensors.program import Binding, Imported, Program, TensorReference


def program_of(tensors: Mapping[str, object]) -> Program:
    """`program_of({"A": torch.eye(3)})`: a program of imported tensors; TypeError names what cannot be shown."""
    for name in tensors:
        problem = name_problem(name, ())
        if problem is not None:
            raise TypeError(f"{name!r} cannot be the name of a tensor: {problem.message}")
    return Program(
        tuple(Binding(name, Imported(TensorReference(as_shown(name, value)))) for name, value in tensors.items())
    )


def as_shown(name: str, value: object) -> torch.Tensor:
    """The tensor itself, detached, in this machine's memory; its storage is shared wherever torch allows."""
    if isinstance(value, torch.Tensor):
        return _strided(name, value)
    if isinstance(value, np.ndarray):
        return _from_numpy(name, value)
    try:
        return torch.as_tensor(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(f"{name} is a {type(value).__name__}, not a tensor, an array or nested numbers.") from error


def _strided(name: str, tensor: torch.Tensor) -> torch.Tensor:
    if tensor.is_nested:
        raise TypeError(f"{name} is a nested tensor: it has no strides to show. Pass one of its parts.")
    if tensor.layout != torch.strided:
        raise TypeError(f"{name} is {tensor.layout}: it has no storage of its own to show. Pass {name}.to_dense().")
    if tensor.is_quantized:
        raise TypeError(f"{name} is quantized. Pass {name}.dequantize() or {name}.int_repr().")
    if tensor.is_meta:
        raise TypeError(f"{name} is on the meta device: it has a shape but no data.")
    return tensor.detach().cpu().resolve_conj().resolve_neg()


def _from_numpy(name: str, array: np.ndarray) -> torch.Tensor:
    if array.dtype.hasobject or array.dtype.kind in "SUMmV":
        raise TypeError(f"{name} is a numpy array of {array.dtype}, which torch has no dtype for.")
    if array.dtype == np.longdouble and array.dtype.itemsize > 8:
        raise TypeError(f"{name} is a numpy array of {array.dtype}, which torch has no dtype for. Pass float64.")
    native = array.astype(array.dtype.newbyteorder("="), copy=False)
    if any(stride < 0 for stride in native.strides) or not native.flags.writeable:
        native = native.copy()
    return torch.from_numpy(native)
