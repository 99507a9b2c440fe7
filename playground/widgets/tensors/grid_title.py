"""The title above a grid: `A (2, 3)`, cut where there is no room for it."""

from __future__ import annotations

from html import escape

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy

from playground.widgets.common.runs import LINE, Run, runs_width, shape_runs
from playground.widgets.common.runs_label import RunsLabel
from playground.widgets.common.tooltip import place_beside

_MANY_AXES = 3


class GridTitle(RunsLabel):
    """Name and shape; the name is cut so that the shape stays readable."""

    def __init__(self) -> None:
        super().__init__(wrap=False)
        self.setFixedHeight(LINE + 6)  # underlined or not, so that the grids below stand in one line
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.name = ""
        self.shape: tuple[int, ...] | None = ()

    def set_title(self, name: str, shape: tuple[int, ...] | None) -> None:
        """Show another title."""
        self.name, self.shape = name, shape
        self._cut()

    def whole_width(self) -> float:
        """What name and shape need."""
        return runs_width(_title_runs(self.name, self.shape))

    def least_width(self) -> float:
        """What the shortest form of the title needs."""
        shape = self.shape
        return runs_width(_title_runs(self.name[:3], shape, 0 if len(shape or ()) > _MANY_AXES else None))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._cut()

    def _cut(self) -> None:
        room = self.width()
        name, least = self.name, min(len(self.name), 3)
        while len(name) > 3 and runs_width(_title_runs(name, self.shape)) > room:
            name = name[:-2].rstrip("…") + "…"
        runs = _title_runs(name, self.shape)
        sizes = len(self.shape or ()) - 1
        while runs_width(runs) > room and sizes >= 0:
            runs = _title_runs(name[:least], self.shape, sizes)
            sizes -= 1
        self.set_content(runs)
        place_beside(self)
        self.setToolTip("" if name == self.name else escape(f"{self.name} {self.shape or '()'}"))


def _title_runs(name: str, shape: tuple[int, ...] | None, sizes: int | None = None) -> tuple[Run, ...]:
    """`A (2, 3)`; with `sizes` only the first ones and how many axes there are: `A (2, … 8 axes)`."""
    title = Run(f"{name} ", "bold code")
    if shape is None:
        return (title,)
    if sizes is None:
        return (title, *shape_runs(shape))
    rest = Run(f"{', ' if sizes else ''}… {len(shape)} axes)", "code")
    first = shape_runs(shape[:sizes] or (0,))
    return (title, *(tuple(run for run in first[:-1] if run.text != ",") if sizes else first[:1]), rest)
