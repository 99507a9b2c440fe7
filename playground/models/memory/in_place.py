"""Which in-place operations torch allows on a tensor, found by trying them on a copy of its storage."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from math import prod

import torch

from playground.models.memory.layout import Layout
from playground.models.registry import Registry

COPIED_BYTES = 1 << 16
"""Larger storages are tried on a smaller tensor with the same order of strides and the same stretched axes."""


@dataclass(frozen=True, slots=True)
class InPlaceOperation:
    """An operation, given by its code, with `T` for the tensor."""

    name: str
    function: Callable[[torch.Tensor], object]


IN_PLACE: Registry[InPlaceOperation] = Registry("in-place operation")


def _register(code: str) -> Callable[[Callable[[torch.Tensor], object]], InPlaceOperation]:
    return IN_PLACE.registers(InPlaceOperation, name=code)


@_register("T[0, ...] = 1")
def _assign_item(tensor: torch.Tensor) -> None:
    tensor[(0,) * tensor.ndim] = 1


@_register("T[:] = 1")
def _assign_all(tensor: torch.Tensor) -> None:
    tensor[:] = 1


@_register("T.fill_(1)")
def _fill(tensor: torch.Tensor) -> None:
    tensor.fill_(1)


@_register("T.zero_()")
def _zero(tensor: torch.Tensor) -> None:
    tensor.zero_()


@_register("T.add_(1)")
def _add(tensor: torch.Tensor) -> None:
    tensor.add_(1)


@_register("T.mul_(2)")
def _multiply(tensor: torch.Tensor) -> None:
    tensor.mul_(2)


@_register("T.div_(2)")
def _divide(tensor: torch.Tensor) -> None:
    tensor.div_(2)


@_register("T.copy_(other)")
def _copy(tensor: torch.Tensor) -> None:
    tensor.copy_(torch.ones(tensor.shape, dtype=tensor.dtype))


@_register("T.clamp_(min=0)")
def _clamp(tensor: torch.Tensor) -> None:
    tensor.clamp_(min=0)


@_register("T.relu_()")
def _relu(tensor: torch.Tensor) -> None:
    tensor.relu_()


@_register("T.normal_()")
def _normal(tensor: torch.Tensor) -> None:
    tensor.normal_(generator=torch.Generator().manual_seed(0))


@_register("T.unsqueeze_(0)")
def _unsqueeze(tensor: torch.Tensor) -> None:
    tensor.unsqueeze_(0)


@_register("T += row")
def _broadcast_add(tensor: torch.Tensor) -> None:
    tensor.add_(torch.ones(tensor.shape[-1:], dtype=tensor.dtype, device=tensor.device))


@_register("T.add_(larger)")
def _grow(tensor: torch.Tensor) -> None:
    tensor.add_(torch.ones((2, *tensor.shape), dtype=tensor.dtype, device=tensor.device))


REFUSALS = (RuntimeError, IndexError, TypeError, ValueError, NotImplementedError)


@dataclass(frozen=True, slots=True)
class Trial:
    """`allowed`: torch accepted it; `reason`: the first line of its message if it refused."""

    code: str
    allowed: bool
    reason: str = ""


def try_in_place(layout: Layout, name: str = "T") -> tuple[Trial, ...]:
    """Try every operation of the registry on a copy with this `layout`; the user's data is never touched."""
    stand_in = _small_stand_in(layout)
    trials = _tried(*stand_in, layout.dtype)
    own = (layout.shape, layout.strides)
    if stand_in[:2] != own:
        trials = tuple(replace(trial, reason=_reason_on_meta(trial, *own, layout.dtype)) for trial in trials)
    return tuple(replace(trial, code=_with_name(trial.code, name, layout)) for trial in trials)


def _reason_on_meta(trial: Trial, shape: tuple[int, ...], strides: tuple[int, ...], dtype: str) -> str:
    """torch's message for the true shape, without writing; a reason without sizes holds for any shape."""
    if trial.allowed or not re.search(r"[\[(]\d", trial.reason):
        return trial.reason
    try:
        IN_PLACE[trial.code].function(torch.empty_strided(shape, strides, dtype=getattr(torch, dtype), device="meta"))
    except REFUSALS as error:
        return str(error).partition("\n")[0]
    return re.split(r"[\[(]\d", trial.reason)[0].rstrip(" :,")


def _with_name(code: str, name: str, layout: Layout) -> str:
    if code.startswith("T[0, ...]"):
        index = ", ".join("0" * len(layout.shape)) or "()"
        return f"{name}[{index}] = 1"
    return name + code.removeprefix("T")


def _small_stand_in(layout: Layout) -> tuple[tuple[int, ...], tuple[int, ...], int, int]:
    """Shape, strides, offset and cells of the tensor, or of a small one that overlaps in the same way."""
    largest = max(layout.shape, default=0)
    if layout.storage_bytes <= COPIED_BYTES and max(layout.elements, largest) <= COPIED_BYTES:
        return layout.shape, layout.strides, layout.offset, layout.storage_cells
    shape = tuple(min(size, 3) for size in layout.shape)
    ranks = {stride: place for place, stride in enumerate(sorted({s for s in layout.strides if s}))}
    strides = tuple(0 if stride == 0 else 3 ** ranks[stride] for stride in layout.strides)
    cells = 1 + sum((n - 1) * s for n, s in zip(shape, strides, strict=True)) if prod(shape) else 0
    return shape, strides, 0, cells


@lru_cache(maxsize=128)
def _tried(shape: tuple[int, ...], strides: tuple[int, ...], offset: int, cells: int, dtype: str) -> tuple[Trial, ...]:
    trials = []
    for operation in IN_PLACE.values():
        storage = torch.zeros(max(cells, offset), dtype=getattr(torch, dtype))
        try:
            operation.function(storage.as_strided(shape, strides, offset))
        except REFUSALS as error:
            trials.append(Trial(operation.name, False, str(error).partition("\n")[0]))
        else:
            trials.append(Trial(operation.name, True))
    return tuple(trials)
