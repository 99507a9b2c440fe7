"""What one paint of a grid draws from, and the sizes of its headers."""

from __future__ import annotations

from dataclasses import dataclass

from playground.widgets.common.grid_geometry import GridGeometry
from playground.widgets.common.grid_style import GridMarks

BAR = 4
LABEL_HEIGHT = 18


@dataclass(slots=True)
class GridPicture:
    """All that one paint needs: geometry, marks, the heat's scale, characters a cell, and what to read from."""

    geometry: GridGeometry
    marks: GridMarks
    scale: float
    characters: int
    headers: bool

    @property
    def strong(self) -> bool:
        """Whether the heat alone speaks, with stronger colours."""
        return self.geometry.cell_height < 14
