"""What the user chose on the memory panel."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MemoryState:
    """The pinned tensor (empty: follow the selection) and what is typed in the boxes."""

    pinned: str = ""
    view_shape: str = ""
    write_value: str = ""
    as_bytes: bool = False
