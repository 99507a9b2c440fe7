"""Reads what is visible of a tensor of any rank, size and dtype, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from playground.models.tensors.cell_text import exact_text, fitted_text

Numbers = NDArray[Any]

_CARRIERS = {
    torch.bool: torch.bool,
    torch.uint64: torch.uint64,
    torch.complex64: torch.complex128,
    torch.complex128: torch.complex128,
    torch.complex32: torch.complex128,
}


class Glyph(IntEnum):
    """How a cell is marked besides its digits."""

    NORMAL = 0
    NAN = 1
    POSITIVE_INFINITY = 2
    NEGATIVE_INFINITY = 3
    CLIPPED = 4
    SUBNORMAL = 5


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """A rectangle of elements. `values` is (rows, columns) and exact: bool, int64, uint64, float64 or complex128."""

    rows: range
    columns: range
    values: Numbers
    dtype: str
    _texts: dict[int, list[list[str]]] = field(default_factory=dict, repr=False)

    def texts(self, characters: int) -> list[list[str]]:
        """All cells in at most so many characters, row by row; worked out once."""
        if characters not in self._texts:
            self._texts[characters] = [
                [fitted_text(value, self.dtype, characters) for value in row] for row in self.values.tolist()
            ]
        return self._texts[characters]

    @property
    def magnitudes(self) -> NDArray[np.float64]:
        """What the heat shows: the value as float64, |z| of a complex one."""
        if np.iscomplexobj(self.values):
            return np.abs(self.values)
        return self.values.astype(np.float64)

    def kinds(self, scale: float | None = None) -> NDArray[np.uint8]:
        """The `Glyph` of each cell; clipped are those whose |value| is above the heat's `scale`."""
        numbers = self.magnitudes
        kinds = np.zeros(numbers.shape, np.uint8)
        if "float" not in self.dtype and "complex" not in self.dtype:
            if scale is not None:
                kinds[np.abs(numbers) > scale] = Glyph.CLIPPED
            return kinds
        sizes = np.abs(numbers)
        if scale is not None:
            kinds[sizes > scale * (1 + 1e-12)] = Glyph.CLIPPED
        kinds[(sizes > 0) & (sizes < smallest_normal(self.dtype))] = Glyph.SUBNORMAL
        kinds[numbers == np.inf] = Glyph.POSITIVE_INFINITY
        kinds[numbers == -np.inf] = Glyph.NEGATIVE_INFINITY
        kinds[np.isnan(numbers)] = Glyph.NAN
        return kinds

    def text(self, row: int, column: int) -> str:
        """The exact text of the cell `row`, `column` of the tensor (not of the window)."""
        return exact_text(self.values[row - self.rows.start, column - self.columns.start].item(), self.dtype)

    def fitted(self, row: int, column: int, characters: int) -> str:
        """The text of a cell in at most so many characters."""
        value = self.values[row - self.rows.start, column - self.columns.start].item()
        return fitted_text(value, self.dtype, characters)


def smallest_normal(dtype: str) -> float:
    """The smallest positive normal number of a float or complex dtype: below it lie the subnormal ones."""
    part = {"complex64": "float32", "complex128": "float64", "complex32": "float16"}.get(dtype, dtype)
    return float(torch.finfo(getattr(torch, part)).tiny)


class TensorReader:
    """A window onto a tensor: `TensorReader(t).read(0, 1, range(3), range(4), {})`.

    Nothing is copied but the rectangle that is read; two readers of one tensor are equal.
    """

    __slots__ = ("_tensor", "dtype", "shape")

    def __init__(self, tensor: torch.Tensor) -> None:
        self._tensor = tensor.detach()
        self.shape = tuple(tensor.shape)
        self.dtype = str(tensor.dtype).removeprefix("torch.")

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TensorReader) or self.shape != other.shape or self.dtype != other.dtype:
            return False
        mine, theirs = self._tensor, other._tensor
        return mine is theirs or (
            mine.data_ptr() == theirs.data_ptr() and mine.stride() == theirs.stride() and mine.data_ptr() != 0
        )

    def __hash__(self) -> int:
        return hash((self.shape, self.dtype))

    def read(
        self,
        row_axis: int | None,
        column_axis: int | None,
        rows: range,
        columns: range,
        fixed: Mapping[int, int] | None = None,
    ) -> Window:
        """The elements at `rows` x `columns`; axes neither rows nor columns stand at `fixed` (0 where not named).

        An axis of None is one row or one column. Ranges may have steps and are cut to the tensor.
        """
        rows = cut_range(rows, 1 if row_axis is None else self.shape[row_axis])
        columns = cut_range(columns, 1 if column_axis is None else self.shape[column_axis])
        plane = self._plane(row_axis, column_axis, fixed or {})
        if not len(rows) or not len(columns) or 0 in self.shape:
            carrier = _CARRIERS.get(plane.dtype, torch.float64 if plane.is_floating_point() else torch.int64)
            return Window(rows, columns, _to_numpy(torch.empty((0, 0), dtype=carrier)), self.dtype)
        part = plane[rows.start : rows.stop : rows.step, columns.start : columns.stop : columns.step]
        return Window(rows, columns, _exact(part), self.dtype)

    def _plane(self, row_axis: int | None, column_axis: int | None, fixed: Mapping[int, int]) -> torch.Tensor:
        """The 2-D view with the chosen axes."""
        view = self._tensor
        for axis in range(self.ndim - 1, -1, -1):
            if axis not in (row_axis, column_axis):
                size = self.shape[axis]
                view = view.select(axis, min(fixed.get(axis, 0), size - 1)) if size else view.narrow(axis, 0, 0)
        if 0 in self.shape:
            return view.reshape(0, 0)
        if row_axis is not None and column_axis is not None:
            return view if row_axis < column_axis else view.t()
        if row_axis is not None:
            return view.unsqueeze(1)
        return view.unsqueeze(0) if column_axis is not None else view.reshape(1, 1)

    def value(self, index: tuple[int, ...]) -> bool | int | float | complex:
        """The element at `index` as a Python number, exact."""
        element: bool | int | float | complex = _exact(self._tensor[index].reshape(1, 1))[0, 0].item()
        return element

    def text(self, index: tuple[int, ...]) -> str:
        """The exact text of the element at `index`."""
        return exact_text(self.value(index), self.dtype)

    def holds(self, index: tuple[int, ...]) -> bool:
        """Whether `index` names an element of the tensor."""
        return len(index) == self.ndim and all(0 <= place < size for place, size in zip(index, self.shape, strict=True))


def cut_range(wanted: range, size: int) -> range:
    """The part of a range that lies in `0..size`."""
    start = max(0, wanted.start)
    start += (wanted.start - start) % wanted.step
    return range(start, max(start, min(wanted.stop, size)), wanted.step)


def _exact(part: torch.Tensor) -> Numbers:
    """A copy in a dtype that numpy holds exactly."""
    part = part.resolve_conj().resolve_neg()
    if part.is_quantized:
        part = part.dequantize()
    carrier = _CARRIERS.get(part.dtype)
    if carrier is None:
        carrier = torch.float64 if part.is_floating_point() else torch.int64
    if "float8" in str(part.dtype) or "float4" in str(part.dtype):
        part = part.to(torch.float32)
    return _to_numpy(part.to(carrier).cpu())


def _to_numpy(part: torch.Tensor) -> Numbers:
    array: Numbers = np.array(part.numpy())
    array.flags.writeable = False
    return array
