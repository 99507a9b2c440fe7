"""Which |value| has the full heat: the largest, or one that the user chose; what lies above it is marked as clipped."""

from __future__ import annotations

import math
from dataclasses import dataclass

from playground.models.tensors.window import TensorReader


@dataclass(slots=True)
class GridHeat:
    """`largest` comes from the tensor (or is shared by several grids), `limit` from the hand."""

    largest: float = 1.0
    limit: float | None = None

    @property
    def scale(self) -> float:
        """The |value| with full heat."""
        return self.largest if self.limit is None else self.limit

    def limit_to(self, reader: TensorReader | None, index: tuple[int, ...] | None) -> bool:
        """Full heat at an element; False where that is no finite number besides zero."""
        if reader is None or index is None or not reader.holds(index):
            return False
        size = abs(reader.value(index))
        if not math.isfinite(size) or size == 0:
            return False
        self.limit = float(size)
        return True
