"""What the user chose on the memory panel."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StridedChoice:
    """Size, stride and offset as dragged or typed, for the tensor `name`; they may be impossible."""

    name: str
    size: tuple[int, ...]
    stride: tuple[int, ...]
    offset: int = 0


@dataclass(frozen=True, slots=True)
class MemoryState:
    """The pinned tensor (empty: follow the selection) and what is typed in the boxes.

    `write_index` is the element to write (None: the pointed one), `strided` the as_strided playground (None: the
    tensor as it is).
    """

    pinned: str = ""
    view_shape: str = ""
    write_index: tuple[int, ...] | None = None
    write_value: str = "99"
    as_bytes: bool = False
    strided: StridedChoice | None = None
