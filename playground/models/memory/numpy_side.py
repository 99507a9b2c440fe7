"""torch and numpy compared side by side for one layout."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
import torch

from playground.models.formatting import bytes_in_words, shape_in_words
from playground.models.memory.in_place import try_in_place
from playground.models.memory.layout import Layout

NUMPY_AXES = 64


@dataclass(frozen=True, slots=True)
class NumpyRow:
    """One question, and each library's answer for this tensor."""

    question: str
    torch_says: str
    numpy_says: str
    why: str = ""

    @property
    def differs(self) -> bool:
        """True if the two answers differ."""
        return self.torch_says != self.numpy_says


def compare_with_numpy(layout: Layout, name: str = "T") -> tuple[NumpyRow, ...]:
    """Query both libraries about arrays with this `layout`; the tensor's values are not needed."""
    kind = numpy_dtype(layout.dtype)
    if kind is None:
        return (NumpyRow(f"{name}.numpy()", "", "refused", f"numpy has no {layout.dtype}"),)
    if len(layout.shape) > NUMPY_AXES:
        why = f"numpy has at most {NUMPY_AXES} axes, the tensor has {len(layout.shape)}"
        return (NumpyRow(f"{name}.numpy()", "", "refused", why),)
    if prod(max(size, 1) for size in layout.shape) * layout.itemsize >= 2**63:
        why = f"numpy counts up to 2**63 - 1 bytes, but these are {layout.own_bytes:.3g}"
        return (NumpyRow(f"{name}.numpy()", "", "refused", why),)
    array = _twin(layout, kind)
    both = "both multiply the sizes; the storage has"
    rows = [
        NumpyRow(
            "strides",
            f"{shape_in_words(layout.strides)} elements",
            f"{shape_in_words(array.strides)} bytes",
            f"the same steps: one element is {layout.itemsize} B" if layout.elements else "no elements, no steps",
        ),
        NumpyRow("nbytes", f"{layout.own_bytes:,}", f"{array.nbytes:,}", f"{both} {layout.storage_bytes:,}"),
        NumpyRow("in row-major order", _yes(layout.contiguous), _yes(bool(array.flags.c_contiguous)), "C_CONTIGUOUS"),
        NumpyRow(
            "in column-major order",
            "no name for it",
            _yes(bool(array.flags.f_contiguous)),
            "F_CONTIGUOUS: .npy keeps it",
        ),
    ]
    rows += _negative_step(layout, array, name)
    rows += _reversed_axes(layout, array, name)
    rows += _stretched(layout, array)
    return tuple(rows)


def _yes(truth: bool) -> str:
    return "yes" if truth else "no"


def numpy_dtype(dtype: str) -> np.dtype[np.generic] | None:
    """numpy's dtype for this torch name; None if numpy has none."""
    try:
        return torch.empty(0, dtype=getattr(torch, dtype)).numpy().dtype
    except (TypeError, RuntimeError, AttributeError):
        return None


def _twin(layout: Layout, kind: np.dtype[np.generic]) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    """An array of the same shape and strides over one element, used only for its metadata."""
    if not layout.elements:  # numpy chooses its own strides for these
        empty = torch.empty(0, dtype=getattr(torch, layout.dtype)).as_strided(layout.shape, layout.strides)
        return np.asarray(empty.numpy())
    strides = tuple(stride * layout.itemsize for stride in layout.strides)
    return np.lib.stride_tricks.as_strided(np.zeros(1, kind), layout.shape, strides, writeable=False)


def _negative_step(
    layout: Layout, array: np.ndarray[tuple[int, ...], np.dtype[np.generic]], name: str
) -> list[NumpyRow]:
    if not layout.shape:
        return []
    backwards = array[::-1]
    try:
        torch.zeros(2)[::-1]
    except ValueError:
        torch_says = "refused"
    else:
        torch_says = "works"
    return [
        NumpyRow(
            f"{name}[::-1]", torch_says, f"view {shape_in_words(backwards.strides)}",
            f"{name}.flip(0) copies {bytes_in_words(layout.own_bytes)}",
        )
    ]  # fmt: skip


def _reversed_axes(
    layout: Layout, array: np.ndarray[tuple[int, ...], np.dtype[np.generic]], name: str
) -> list[NumpyRow]:
    if len(layout.shape) < 2:
        return []
    torch_says = shape_in_words(layout.shape[::-1]) if len(layout.shape) == 2 else "warns: use .mT"
    return [NumpyRow(f"{name}.T", torch_says, shape_in_words(array.T.shape), "numpy reverses all axes")]


def _stretched(layout: Layout, array: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> list[NumpyRow]:
    if not layout.stretched_axes:
        return []
    stretched = np.broadcast_to(np.zeros((), array.dtype), (2,))
    numpy_says = "allowed" if stretched.flags.writeable else "read-only"
    trials = {trial.code: trial.allowed for trial in try_in_place(layout, "")}
    torch_says = ", ".join(f"{code[1:-3]} {'yes' if trials[code] else 'no'}" for code in (".fill_(1)", ".add_(1)"))
    return [NumpyRow("write to it", torch_says, numpy_says, "np.broadcast_to guards the whole array")]
