"""Aligns shapes at the right, axis by axis: which sizes are equal, stretched, missing or clashing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Shape = tuple[int, ...]
Role = Literal["equal", "stretched", "missing", "clash"]
LONGEST_LABEL = 60


@dataclass(frozen=True, slots=True)
class AxisCell:
    """One operand at one axis of the result: its own `axis` and `size` (both None if it has no such axis)."""

    axis: int | None
    size: int | None
    role: Role


@dataclass(frozen=True, slots=True)
class OperandRow:
    """One operand under the result's axes; `stretched` are the result's axes along which its elements are repeated."""

    name: str
    shape: Shape
    cells: tuple[AxisCell, ...]
    stretched: tuple[int, ...]

    @property
    def label(self) -> str:
        """The name for use in sentences: a long expression is cut."""
        return self.name if len(self.name) <= LONGEST_LABEL else f"{self.name[: LONGEST_LABEL - 1]}…"


@dataclass(frozen=True, slots=True)
class Alignment:
    """The aligned table of all operands; `shape` is None when an axis of `clashes` holds two sizes other than 1."""

    rows: tuple[OperandRow, ...]
    sizes: tuple[int | None, ...]
    clashes: tuple[int, ...]

    @property
    def shape(self) -> Shape | None:
        """The shape of the result, or None on a clash."""
        return None if self.clashes else tuple(size for size in self.sizes if size is not None)

    @property
    def rank(self) -> int:
        """How many axes the result has, or would have."""
        return len(self.sizes)

    @property
    def stretched_rows(self) -> tuple[OperandRow, ...]:
        """The operands with elements used more than once (or, against a size of 0, never)."""
        return tuple(row for row in self.rows if row.stretched)

    def column_role(self, axis: int) -> Role:
        """What happens at an axis of the result: the strongest role in its column."""
        roles = {row.cells[axis].role for row in self.rows}
        if "clash" in roles:
            return "clash"
        if "stretched" in roles:
            return "stretched"
        return "missing" if "missing" in roles else "equal"


def broadcast_shape(shapes: Sequence[Shape]) -> Shape | None:
    """The shape that `torch.broadcast_shapes` returns, or None if it refuses.

    >>> broadcast_shape([(3, 1), (4,)])
    (3, 4)
    """
    sizes = _result_sizes(shapes)
    return None if None in sizes else tuple(size for size in sizes if size is not None)


def align(shapes: Sequence[Shape], names: Sequence[str]) -> Alignment:
    """Align shapes at the right: a missing axis counts as 1, a 1 takes the size of the others, even 0."""
    sizes = _result_sizes(shapes)
    rows = tuple(_row(name, shape, sizes) for name, shape in zip(names, shapes, strict=True))
    return Alignment(rows, sizes, tuple(axis for axis, size in enumerate(sizes) if size is None))


def _result_sizes(shapes: Sequence[Shape]) -> tuple[int | None, ...]:
    rank = max(map(len, shapes), default=0)
    sizes: list[int | None] = [1] * rank
    for shape in shapes:
        for position, size in enumerate(shape, rank - len(shape)):
            if size != 1 and sizes[position] not in (1, size):
                sizes[position] = None
            elif size != 1 and sizes[position] is not None:
                sizes[position] = size
    return tuple(sizes)


def _row(name: str, shape: Shape, sizes: tuple[int | None, ...]) -> OperandRow:
    missing = len(sizes) - len(shape)
    cells = tuple(
        _cell(position - missing, shape[position - missing], size) if position >= missing else _MISSING
        for position, size in enumerate(sizes)
    )
    stretched = tuple(
        position
        for position, size in enumerate(sizes)
        if size not in (None, 1) and cells[position].role in ("stretched", "missing")
    )
    return OperandRow(name, shape, cells, stretched)


_MISSING = AxisCell(None, None, "missing")


def _cell(axis: int, own: int, size: int | None) -> AxisCell:
    if own == size:
        return AxisCell(axis, own, "equal")
    return AxisCell(axis, own, "stretched" if own == 1 else "clash")
