"""What the user chose on the einsum panel."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EinsumState:
    """The equation as typed, the operands by name."""

    equation: str = ""
    operands: tuple[str, ...] = ()
