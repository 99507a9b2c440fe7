"""Reads only the visible part of a tensor of any rank, size and dtype, and writes each element as text."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import IntEnum
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

_LONGEST_FULL = 60
_FLOAT_TEXTS = {"float64": np.float64, "float32": np.float32, "float16": np.float16}


def exact_text(value: object, dtype: str) -> str:
    """The shortest decimal that identifies this element of its dtype: `exact_text(0.1, "bfloat16") == "0.1"`.

    Whole floats have no point ("26"), booleans are True and False, complex numbers look like "1-2j".
    """
    if dtype == "bool":
        return "True" if value else "False"
    if isinstance(value, complex):
        return _complex_text(value, "float64" if dtype == "complex128" else "float32")
    if "float" not in dtype:
        return str(int(value))  # type: ignore[call-overload]
    return _float_text(float(value), dtype)  # type: ignore[arg-type]


def _complex_text(value: complex, part_dtype: str) -> str:
    real, imaginary = _float_text(value.real, part_dtype), _float_text(value.imag, part_dtype)
    sign = "" if imaginary.startswith("-") else "+"
    return f"{real}{sign}{imaginary}j"


def _float_text(value: float, dtype: str) -> str:
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    if value == 0:
        return "-0" if str(value).startswith("-") else "0"
    kind = _FLOAT_TEXTS.get(dtype)
    shortest = str(kind(value)) if kind else _shortest_by_trial(value, dtype)
    return tidy_number(shortest)


def tidy_number(text: str) -> str:
    """`"1e-05"` as `"1e-5"`, `"26.0"` as `"26"`, `"1e+20"` as `"1e20"`."""
    mantissa, _, exponent = text.partition("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    if not exponent:
        return mantissa
    sign = "-" if exponent.startswith("-") else ""
    return f"{mantissa}e{sign}{exponent.lstrip('+-').lstrip('0') or '0'}"


def _shortest_by_trial(value: float, dtype: str) -> str:
    """The shortest decimal that rounds to `value` in a dtype that numpy does not have."""
    for digits in range(1, 10):
        text = f"{value:.{digits}g}"
        rounded = _as_bfloat16(float(text)) if dtype == "bfloat16" else _as_dtype(float(text), dtype)
        if rounded == value:
            return repr(float(text))
    return repr(value)


def _as_bfloat16(value: float) -> float:
    (bits,) = struct.unpack("<I", struct.pack("<f", np.float32(value)))
    bits += 0x7FFF + ((bits >> 16) & 1)
    (rounded,) = struct.unpack("<f", struct.pack("<I", bits & 0xFFFF0000))
    return float(rounded)


def _as_dtype(value: float, dtype: str) -> float:
    return float(torch.tensor(value, dtype=getattr(torch, dtype)).to(torch.float32))


def full_text(value: object, dtype: str) -> str:
    """All decimal digits of a float if its shortest text is rounded: `"0.09997558..."`; otherwise ""."""
    if "float" not in dtype or not isinstance(value, float) or not math.isfinite(value):
        return ""
    digits = format(Decimal(value), "f")
    short = exact_text(value, dtype)
    return "" if Decimal(short) == Decimal(value) or len(digits) > _LONGEST_FULL else digits


def fitted_text(value: object, dtype: str, characters: int) -> str:
    """The element in at most `characters`: exact if that fits, otherwise rounded; nonzero never becomes zero."""
    exact = exact_text(value, dtype)
    if len(exact) <= characters:
        return exact
    if isinstance(value, complex):
        return _fitted_complex(value, characters)
    if dtype == "bool":
        return exact[: max(1, characters)]
    number = float(value)  # type: ignore[arg-type]
    if not math.isfinite(number):
        infinite = "∞" if number > 0 else "-∞"
        return infinite if math.isinf(number) and len(infinite) <= characters else "…"
    if "float" in dtype and 1e-3 <= abs(number) < 10.0 ** (characters - 1):
        # Reserve one place for the sign, so that positive and negative columns show the same number of decimals.
        whole = len(str(int(abs(number))))
        decimals = max(0, characters - 2 - whole)
        text = f"{number:.{decimals}f}"
        significant = len(text.lstrip("-0.").replace(".", ""))
        if len(text) <= characters and significant >= 2:
            return text
    return _scientific(number, characters)


def _fitted_complex(value: complex, characters: int) -> str:
    for digits in range(7, 0, -1):
        text = f"{tidy_number(f'{value.real:.{digits}g}')}{_signed(tidy_number(f'{value.imag:.{digits}g}'))}j"
        if len(text) <= characters:
            return text
    return "…"


def _signed(text: str) -> str:
    return text if text.startswith("-") else f"+{text}"


def _scientific(number: float, characters: int) -> str:
    for digits in range(max(0, characters - 4), -1, -1):
        mantissa, _, exponent = f"{number:.{digits}e}".partition("e")
        text = f"{mantissa}e{int(exponent)}"
        if len(text) <= characters:
            return text
    return "…"


def short_text(value: float) -> str:
    """Three significant digits, as everywhere outside grids: `"12.0"` is rounded, `"12"` is exact; `"2.16e-8"`."""
    number = float(value)
    if not math.isfinite(number) or number == 0:
        return _float_text(number, "float64")
    if 999.5 <= abs(number) < 99999.5:
        return f"{number:.0f}"
    text = f"{number:#.3g}" if 1e-3 <= abs(number) < 999.5 else f"{number:.2e}"
    if "e" in text or float(text) == number:
        return tidy_number(text)
    return text.rstrip(".")


Numbers = NDArray[Any]

_CARRIERS = {
    torch.bool: torch.bool,
    torch.uint64: torch.uint64,
    torch.complex64: torch.complex128,
    torch.complex128: torch.complex128,
    torch.complex32: torch.complex128,
}


class Glyph(IntEnum):
    """A cell's mark besides its digits."""

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
        """All cells in at most so many characters, row by row; cached."""
        if characters not in self._texts:
            self._texts[characters] = [
                [fitted_text(value, self.dtype, characters) for value in row] for row in self.values.tolist()
            ]
        return self._texts[characters]

    @property
    def magnitudes(self) -> NDArray[np.float64]:
        """The values for the heat map: as float64, |z| for complex ones."""
        if np.iscomplexobj(self.values):
            return np.abs(self.values)
        return self.values.astype(np.float64)

    def kinds(self, scale: float | None = None) -> NDArray[np.uint8]:
        """The `Glyph` of each cell; cells with a |value| above the heat's `scale` are clipped."""
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
    """The smallest positive normal number of a float or complex dtype: smaller ones are subnormal."""
    part = {"complex64": "float32", "complex128": "float64", "complex32": "float16"}.get(dtype, dtype)
    return float(torch.finfo(getattr(torch, part)).tiny)


class TensorReader:
    """A window onto a tensor: `TensorReader(t).read(0, 1, range(3), range(4), {})`.

    Copies only the rectangle that is read; two readers of one tensor are equal.
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
        """The elements at `rows` x `columns`; other axes are at their index in `fixed` (0 if not given).

        An axis of None means one row or one column. Ranges may have steps and are clipped to the tensor.
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
        """True if `index` is valid for the tensor."""
        return len(index) == self.ndim and all(0 <= place < size for place, size in zip(index, self.shape, strict=True))


def cut_range(wanted: range, size: int) -> range:
    """The part of a range within `0..size`."""
    start = max(0, wanted.start)
    start += (wanted.start - start) % wanted.step
    return range(start, max(start, min(wanted.stop, size)), wanted.step)


def _exact(part: torch.Tensor) -> Numbers:
    """A copy in a numpy dtype that holds the values exactly."""
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
