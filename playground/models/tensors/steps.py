"""What each operation of a line did to memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch

from playground.models.outcome import Span

Kind = Literal["view", "copy", "same", "new"]


@dataclass(frozen=True, slots=True)
class Step:
    """One operation: `A.t()`, `.reshape(12)`, `A + …`, or the stretching of an operand.

    `code` is how it reads in its chain, `suffix` what it adds to the tensor it works on (`.t()`). `shape`, `strides`
    and `offset` count elements, the bytes bytes. `source_*` is the layout of the tensor that it works on. `base` names
    the tensor of the program whose storage this is (empty: its own), `shares_previous` says whether it is the storage
    of the step before. `reason` says why a copy had to be made.
    """

    code: str
    span: Span
    kind: Kind
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int
    dtype: torch.dtype
    own_bytes: int
    storage_bytes: int
    suffix: str = ""
    word: str = ""
    base: str = ""
    shares_previous: bool = False
    reason: str = ""

    @property
    def is_stretch(self) -> bool:
        """Whether this is an operand stretched by broadcasting."""
        return self.suffix == "stretched"


def storage_key(tensor: torch.Tensor) -> int:
    """What tells storages of living tensors apart, real or meta (whose addresses are all 0)."""
    return int(tensor.untyped_storage()._cdata)


def share_storage(left: torch.Tensor, right: torch.Tensor) -> bool:
    """Whether two living tensors, real or meta, look at one storage."""
    return storage_key(left) == storage_key(right)


def kind_of(result: torch.Tensor, operands: Sequence[torch.Tensor], copies: bool) -> Kind:
    """Whether a result is one of its operands, a view of one, a copy of its values, or new."""
    if any(result is operand for operand in operands):
        return "same"
    storage = storage_key(result)
    if any(storage_key(operand) == storage for operand in operands):
        return "view"
    return "copy" if copies else "new"
