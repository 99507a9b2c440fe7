"""What the user chose on the program, shape and broadcast panels."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class PointedCell:
    """The element `index` of the tensor called `name`: the one cell that every panel outlines."""

    name: str
    index: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ShapeState:
    """How the grid lays out the selected tensor: None means the default axes (the last two).

    `cells` is the selected rectangle: start and stop on each axis. `last_gesture` tells what the last one wrote.
    """

    row_axis: int | None = None
    column_axis: int | None = None
    fixed: tuple[tuple[int, int], ...] = ()
    facets: bool = False
    cells: tuple[tuple[int, int], ...] | None = None
    last_gesture: str = ""

    def without_selection(self) -> ShapeState:
        """The same view without selected cells, and without words about the last gesture."""
        return replace(self, cells=None, last_gesture="")


@dataclass(frozen=True, slots=True)
class BroadcastState:
    """The operands (names or expressions) and the operator chosen on the broadcast panel, and where they were chosen.

    A selected line that is an operation itself is shown instead, unless the choice was made at that very line
    (`chosen_at`). `place` chooses among the operations of the line (None: the one that fails or stretches).
    """

    operands: tuple[str, ...] = ()
    operator: str = "+"
    chosen_at: str = ""
    place: int | None = None
    gradient: bool = False
