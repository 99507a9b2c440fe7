"""Where a tensor's elements lie: shape, strides, storage, and what follows from them."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

import torch

from playground.models.formatting import bytes_in_words, shape_in_words
from playground.models.memory.readers import cell_of, measure_reach
from playground.models.memory.view_rule import contiguous_strides
from playground.models.printed import Part, Printed, TextTable
from playground.models.problem import refuse

CHANNEL_FORMATS = ((torch.channels_last, "channels_last", 4), (torch.channels_last_3d, "channels_last_3d", 5))
BYTE_ORDER = sys.byteorder


@dataclass(frozen=True, slots=True, repr=False)
class Layout(Printed):
    """The layout of a strided tensor in its storage. Strides, offset and cells count elements, the rest bytes.

    `memory_format` is "contiguous" (row-major), "channels_last", "channels_last_3d" or "" (any other). `overlap` tells
    whether two elements share a cell, `reached` is the number of cells read (None: not decided with bounded effort).
    `unreached` is the number of cells that no element reads, `density` the share that is read.
    """

    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int
    dtype: str
    itemsize: int
    storage_bytes: int
    own_bytes: int
    contiguous: bool
    memory_format: str
    overlap: bool | None
    reached: int | None
    shares_with: tuple[str, ...] = ()
    base: str = ""
    conjugated: bool = False
    negated: bool = False
    symbolic: bool = False
    device: str = "cpu"
    byte_order: str = BYTE_ORDER

    @property
    def elements(self) -> int:
        """The number of elements."""
        return prod(self.shape)

    @property
    def size_text(self) -> str:
        """The bytes of all elements, and the bytes they occupy if some are shared: "36 B on 12 B"."""
        size = bytes_in_words(self.own_bytes)
        if not self.overlap or self.reached is None:
            return size
        return f"{size} on {bytes_in_words(self.reached * self.itemsize)}"

    @property
    def storage_cells(self) -> int:
        """The number of whole elements in the storage."""
        return self.storage_bytes // self.itemsize

    @property
    def first_cell(self) -> int:
        """The lowest cell that is read: the offset."""
        return self.offset

    @property
    def last_cell(self) -> int:
        """The highest cell that is read; below `first_cell` if there are no elements."""
        if 0 in self.shape:
            return self.offset - 1
        return cell_of([size - 1 for size in self.shape], self.strides, self.offset)

    @property
    def unreached(self) -> int | None:
        """The cells of the storage that no element reads."""
        return None if self.reached is None else self.storage_cells - self.reached

    @property
    def density(self) -> float | None:
        """The share of the storage's cells that is read, 0 to 1; None if there are no cells or it is unknown."""
        return self.reached / self.storage_cells if self.reached is not None and self.storage_cells else None

    @property
    def stretched_axes(self) -> tuple[int, ...]:
        """The axes of stride 0 that repeat their cells."""
        return tuple(a for a, (n, s) in enumerate(zip(self.shape, self.strides, strict=True)) if n > 1 and s == 0)

    @property
    def verdict(self) -> str:
        """One line: "not contiguous: row-major order needs strides (3, 1)"."""
        return _verdict(self)

    @property
    def regular(self) -> bool:
        """True for the plain case: contiguous, and no cell read twice."""
        return self.contiguous and not self.overlap

    def told(self) -> tuple[Part, ...]:
        """The verdict, and each fact."""
        return self.verdict, TextTable(("", ""), fact_lines(self))


def fact_lines(layout: Layout) -> tuple[tuple[str, str], ...]:
    """Each fact with its name: `("strides", "(1, 4)")`."""
    reached = "not known" if layout.reached is None else f"{layout.reached:,} of {layout.storage_cells:,}"
    overlap = {True: "yes, some cells are read more than once", False: "no", None: "not known"}[layout.overlap]
    density = "not known" if layout.density is None else f"{layout.density:.4g}"
    on = f", on {layout.reached * layout.itemsize:,}" if layout.overlap and layout.reached is not None else ""
    is_whole = layout.contiguous and layout.own_bytes == layout.storage_bytes
    lines = [
        ("shape", shape_in_words(layout.shape)),
        (
            "strides",
            f"{shape_in_words(layout.strides)} elements, "
            f"{shape_in_words([stride * layout.itemsize for stride in layout.strides])} bytes",
        ),
        ("offset", f"{layout.offset:,} elements, byte {layout.offset * layout.itemsize:,}"),
        ("dtype", f"{layout.dtype}, {layout.itemsize} B per element, {layout.byte_order} endian"),
        ("elements", f"{layout.elements:,}"),
        ("element bytes", f"{layout.own_bytes:,}{on}"),
        ("storage bytes", f"{layout.storage_bytes:,}"),
        ("contiguous", "yes" if layout.contiguous else "no"),
        ("memory format", layout.memory_format or "none of torch's"),
        ("cells read", reached),
        ("density", density),
        ("overlap", overlap),
        ("shares with", ", ".join(layout.shares_with) or "nobody"),
        ("base", layout.base or ("itself" if is_whole else "no named tensor")),
        ("device", layout.device),
    ]
    if layout.conjugated or layout.negated:
        lines.append(("lazy bits", ", ".join(["conjugate"] * layout.conjugated + ["negative"] * layout.negated)))
    return tuple(lines)


def describe_layout(tensor: torch.Tensor, others: Mapping[str, torch.Tensor] | None = None) -> Layout:
    """Describe any strided tensor, even on the meta device, without reading an element; else a `ProblemError`.

    >>> import torch
    >>> layout = describe_layout(torch.zeros(3, 4).t())
    >>> layout.shape, layout.strides, layout.storage_bytes, layout.contiguous
    ((4, 3), (1, 4), 48, False)

    Strides and offset count elements; fields that end in `bytes` count bytes. `others` are named tensors:
    `shares_with` lists those on the same storage (not merely with an equal pointer), `base` is the first of them that
    reads the storage's cells in order.
    """
    if tensor.is_nested:
        refuse("A nested tensor has no strides: each part has its own. Take one part with .unbind().")
    if tensor.layout != torch.strided:
        name = str(tensor.layout).removeprefix("torch.")
        refuse(f"A {name} tensor has several storages, for indices and values. .to_dense() has one.")
    shape, strides = tuple(tensor.shape), tuple(tensor.stride())
    reach = measure_reach(shape, strides)
    sharing = sharing_tensors(tensor, others or {})
    return Layout(
        shape=shape,
        strides=strides,
        offset=int(tensor.storage_offset()),
        dtype=str(tensor.dtype).removeprefix("torch."),
        itemsize=tensor.itemsize,
        storage_bytes=tensor.untyped_storage().nbytes(),
        own_bytes=tensor.numel() * tensor.itemsize,
        contiguous=tensor.is_contiguous(),
        memory_format=_memory_format(tensor),
        overlap=reach.overlap,
        reached=reach.cells,
        shares_with=tuple(sharing),
        base=next((name for name, other in sharing.items() if _is_whole(other)), ""),
        conjugated=tensor.is_conj(),
        negated=tensor.is_neg(),
        symbolic=tensor.is_meta,
        device=str(tensor.device),
    )


def storage_identity(tensor: torch.Tensor) -> tuple[str, int]:
    """Equal for two living tensors if and only if they share a storage (even meta tensors)."""
    storage = tensor.untyped_storage()
    return str(tensor.device), storage.data_ptr() or storage._cdata


def sharing_tensors(tensor: torch.Tensor, others: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Those of `others` on the storage of `tensor`, including itself if it is among them."""
    identity = storage_identity(tensor)
    return {
        name: other
        for name, other in others.items()
        if other.layout == torch.strided and not other.is_nested and storage_identity(other) == identity
    }


def _is_whole(tensor: torch.Tensor) -> bool:
    """True if a tensor reads all of its storage in order."""
    whole = tensor.numel() * tensor.itemsize == tensor.untyped_storage().nbytes()
    return whole and tensor.storage_offset() == 0 and tensor.is_contiguous()


def _memory_format(tensor: torch.Tensor) -> str:
    if tensor.is_contiguous():
        return "contiguous"
    for torch_format, name, rank in CHANNEL_FORMATS:
        if tensor.ndim == rank and tensor.is_contiguous(memory_format=torch_format):
            return name
    return ""


def _verdict(layout: Layout) -> str:
    if not layout.elements:
        return "no elements: nothing is read"
    if layout.stretched_axes:
        axes = layout.stretched_axes
        where = f"axis {axes[0]} has" if len(axes) == 1 else f"axes {', '.join(map(str, axes))} have"
        cells = "an unknown number of" if layout.reached is None else f"{layout.reached:,}"
        return f"stretched: {where} stride 0, {layout.elements:,} elements read {cells} {_cells_word(layout.reached)}"
    if layout.overlap:
        cells = "fewer" if layout.reached is None else f"{layout.reached:,}"
        return f"overlapping: {layout.elements:,} elements read {cells} {_cells_word(layout.reached)}"
    if layout.contiguous:
        if layout.elements == layout.storage_cells:
            return "contiguous: row-major order, the whole storage"
        return f"contiguous, but only cells {layout.first_cell:,} to {layout.last_cell:,} of {layout.storage_cells:,}"
    needed = shape_in_words(contiguous_strides(layout.shape))
    doubt = "" if layout.overlap is False else "; whether cells are read twice is not known"
    if layout.memory_format:
        return f"{layout.memory_format}: row-major order needs strides {needed}{doubt}"
    return f"not contiguous: row-major order needs strides {needed}{doubt}"


def _cells_word(count: int | None) -> str:
    return "cell" if count == 1 else "cells"
