"""What the user chose on the einsum panel."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EinsumState:
    """The equation as typed; the operands, each a tensor's name or an expression of some ("B.t()").

    `patient`: compute what takes long, too.
    """

    equation: str = ""
    operands: tuple[str, ...] = ()
    patient: bool = False
