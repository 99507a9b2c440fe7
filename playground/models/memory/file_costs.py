"""The cost of saving a tensor in each format, and which parts of its layout are kept."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np
import safetensors.torch
import torch

from playground.models.files.csv_file import characters_of, csv_losses, csv_refusal
from playground.models.formatting import bytes_in_words, shape_in_words
from playground.models.memory.layout import Layout
from playground.models.memory.numpy_side import NUMPY_AXES, numpy_dtype
from playground.models.memory.view_rule import contiguous_strides
from playground.models.registry import Registry

TRIED_BYTES = 1 << 16
"""Up to this size a twin of the tensor is really saved; beyond it, one with the same layout but fewer cells."""


@dataclass(frozen=True, slots=True)
class FileFormat:
    """`name` is the suffix; `function` writes a tensor and returns the bytes; `whole_storage`: it writes all of it.

    `knows_its_name`: the file contains its own name, so its size is known except for some bytes.
    """

    name: str
    function: Callable[[torch.Tensor], bytes]
    load: Callable[[bytes], torch.Tensor]
    whole_storage: bool = False
    knows_its_name: bool = False


FORMATS: Registry[FileFormat] = Registry("file format")


@dataclass(frozen=True, slots=True)
class FileCost:
    """`bytes` of the file (None: refused); `exact`: every such file has that size; `keeps`: what is kept, in words.

    `fix` is code that saves less or makes saving possible, `fix_bytes` the size of that file.
    """

    suffix: str
    bytes: int | None
    exact: bool
    keeps: str
    fix: str = ""
    fix_bytes: int | None = None


def _save_torch(tensor: torch.Tensor) -> bytes:
    buffer = io.BytesIO()
    torch.save(tensor, buffer)
    return buffer.getvalue()


def _load_torch(content: bytes) -> torch.Tensor:
    tensor: torch.Tensor = torch.load(io.BytesIO(content), weights_only=True)
    return tensor


def _save_numpy(tensor: torch.Tensor) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, tensor.numpy(), allow_pickle=False)
    return buffer.getvalue()


def _load_numpy(content: bytes) -> torch.Tensor:
    return torch.from_numpy(np.load(io.BytesIO(content), allow_pickle=False))


def _save_archive(tensor: torch.Tensor) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, tensor=tensor.numpy())
    return buffer.getvalue()


def _load_archive(content: bytes) -> torch.Tensor:
    arrays: Any = np.load(io.BytesIO(content), allow_pickle=False)
    return torch.from_numpy(arrays["tensor"])


def _save_safetensors(tensor: torch.Tensor) -> bytes:
    return safetensors.torch.save({"tensor": tensor})


def _load_safetensors(content: bytes) -> torch.Tensor:
    return safetensors.torch.load(content)["tensor"]


FORMATS.register(FileFormat(".pt", _save_torch, _load_torch, whole_storage=True, knows_its_name=True))
FORMATS.register(FileFormat(".npy", _save_numpy, _load_numpy))
FORMATS.register(FileFormat(".npz", _save_archive, _load_archive))
FORMATS.register(FileFormat(".safetensors", _save_safetensors, _load_safetensors))


def file_costs(layout: Layout, name: str = "T") -> tuple[FileCost, ...]:
    """The cost of each format, found by saving a twin of the tensor in memory (zeros with the same layout)."""
    return tuple(_cost_of(entry, layout, name) for entry in FORMATS.values())


def _cost_of(entry: FileFormat, layout: Layout, name: str) -> FileCost:
    data = layout.storage_bytes if entry.whole_storage else layout.own_bytes
    small = max(layout.storage_bytes, layout.own_bytes) <= TRIED_BYTES
    if small:
        twin = _Twin(layout.shape, layout.strides, layout.offset, layout.storage_cells, layout.dtype)
    else:
        twin = _shrunken(layout)
    saved = _try(entry.name, twin)
    cloned = _try(entry.name, _cloned(twin))
    overhead = data - (twin.storage_bytes if entry.whole_storage else twin.own_bytes)
    fixed_overhead = layout.own_bytes - twin.own_bytes
    fixed = None if cloned.size is None else cloned.size + fixed_overhead
    contiguous = ".contiguous()"
    if saved.size is None:
        if fixed is None:
            return FileCost(entry.name, None, False, f"refused: {saved.reason}")
        return FileCost(
            entry.name, None, False, "refused: the elements do not lie in row-major order", name + contiguous, fixed
        )
    size = saved.size + overhead
    keeps = _kept_in_words(entry, layout, saved.strides, saved.storage_bytes, twin)
    worthwhile = fixed is not None and fixed < size
    return FileCost(
        entry.name,
        size,
        small and not entry.knows_its_name,
        keeps,
        f"{name}.clone()" if worthwhile else "",
        fixed if worthwhile else None,
    )


@dataclass(frozen=True, slots=True)
class _Twin:
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int
    cells: int
    dtype: str

    @property
    def itemsize(self) -> int:
        return torch.empty(0, dtype=getattr(torch, self.dtype)).itemsize

    @property
    def storage_bytes(self) -> int:
        return self.cells * self.itemsize

    @property
    def own_bytes(self) -> int:
        return prod(self.shape) * self.itemsize


@dataclass(frozen=True, slots=True)
class _Saved:
    size: int | None
    strides: tuple[int, ...] = ()
    storage_bytes: int = 0
    reason: str = ""


def _shrunken(layout: Layout) -> _Twin:
    """A small layout with the same order of strides, the same stretched axes, and unused cells if there were any."""
    shape = tuple(min(size, 2) for size in layout.shape)
    if layout.contiguous:
        strides = contiguous_strides(shape)
    else:
        order = {stride: place for place, stride in enumerate(sorted({s for s in layout.strides if s}))}
        dense = layout.overlap is False and layout.reached == layout.last_cell - layout.first_cell + 1
        step = 2 if dense else 3
        least = min(min((s for s in layout.strides if s), default=1), 2)
        strides = tuple(0 if stride == 0 else least * step ** order[stride] for stride in layout.strides)
    last = sum((n - 1) * s for n, s in zip(shape, strides, strict=True)) if prod(shape) else 0
    spare = layout.storage_cells > layout.last_cell + 1
    return _Twin(shape, strides, min(layout.offset, 1), last + 1 + min(layout.offset, 1) + spare, layout.dtype)


def _cloned(twin: _Twin) -> _Twin:
    elements = prod(twin.shape)
    strides = contiguous_strides(twin.shape) if elements else (1,) * len(twin.shape)
    return _Twin(twin.shape, strides, 0, elements, twin.dtype)


@lru_cache(maxsize=256)
def _try(suffix: str, twin: _Twin) -> _Saved:
    entry = FORMATS[suffix]
    storage = torch.zeros(twin.cells, dtype=getattr(torch, twin.dtype))
    tensor = storage.as_strided(twin.shape, twin.strides, twin.offset)
    try:
        content = entry.function(tensor)
        back = entry.load(content)
    except (TypeError, ValueError, RuntimeError, KeyError) as error:
        return _Saved(None, reason=_reason_in_words(entry, twin, str(error)))
    return _Saved(len(content), tuple(back.stride()), back.untyped_storage().nbytes())


def _reason_in_words(entry: FileFormat, twin: _Twin, message: str) -> str:
    if entry.name in {".npy", ".npz"} and len(twin.shape) > NUMPY_AXES:
        return f"numpy has at most {NUMPY_AXES} axes, not {len(twin.shape)}"
    if entry.name in {".npy", ".npz"} and numpy_dtype(twin.dtype) is None:
        return f"numpy has no {twin.dtype}"
    first_line = message.partition("\n")[0]
    return first_line if len(first_line) < 80 else first_line[:77] + "..."


def _kept_in_words(entry: FileFormat, layout: Layout, strides: tuple[int, ...], storage_bytes: int, twin: _Twin) -> str:
    if entry.whole_storage:
        words = f"keeps strides {shape_in_words(layout.strides)}" if strides == twin.strides else "changes the strides"
        spare = layout.storage_bytes - (layout.reached or 0) * layout.itemsize
        if layout.reached is not None and spare > 0:
            return f"{words} and all {bytes_in_words(layout.storage_bytes)} of the storage"
        return words
    if strides == twin.strides:
        return f"keeps strides {shape_in_words(layout.strides)}"
    if all(size == 1 or a == b for size, a, b in zip(twin.shape, strides, twin.strides, strict=True)):
        return "keeps the strides except those of axes of size 1"
    if layout.overlap:
        return "each element written out: the sharing is lost"
    known = twin.shape == layout.shape or not layout.elements  # numpy chooses its own strides if there are no elements
    return (
        f"in row-major order: strides become {shape_in_words(strides if known else contiguous_strides(layout.shape))}"
    )


SAMPLED = 256
"""Up to this many, all elements are written to count their characters; beyond, a sample of this size."""


def csv_cost(tensor: torch.Tensor) -> FileCost:
    """The size of the `.csv` file, from a sample if there are many elements, and what is lost."""
    refused = csv_refusal(tensor)
    if tensor.ndim > NUMPY_AXES:
        refused = f"numpy has at most {NUMPY_AXES} axes, not {tensor.ndim}"
    if refused:
        return FileCost(".csv", None, False, f"refused: {refused}")
    count = tensor.numel()
    few = count <= SAMPLED
    sample = tensor.detach() if few else _sample(tensor.detach())
    size = round(characters_of(sample) * count / max(1, sample.numel()))
    return FileCost(".csv", size, few, " ".join(csv_losses(tensor)) or "as text, nothing is lost")


def _sample(tensor: torch.Tensor) -> torch.Tensor:
    """Evenly spaced elements; copies only these, not the tensor."""
    places = torch.arange(SAMPLED) * (tensor.numel() // SAMPLED)
    return tensor[torch.unravel_index(places, tensor.shape)]
