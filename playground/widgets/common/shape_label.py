"""A shape with each size underlined in the colour of its axis."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

from playground.widgets.common.runs import paint_shape, shape_runs, shape_text
from playground.widgets.common.runs_label import RunsLabel

__all__ = ["ShapeLabel", "paint_shape", "shape_runs", "shape_text"]


class ShapeLabel(RunsLabel):
    """`ShapeLabel((3, 4))` reads "(3, 4)", the 3 underlined blue, the 4 orange."""

    def __init__(
        self, shape: Sequence[int | str] = (), bold: bool = False, pixels: int = 12, parent: QWidget | None = None
    ) -> None:
        super().__init__(shape_runs(shape, bold=bold), wrap=False, pixels=pixels, parent=parent)
        self._bold = bold

    def set_shape(self, shape: Sequence[int | str], axes: Sequence[int | None] | None = None) -> None:
        """Show another shape; `axes` are the colours where they are not 0, 1, 2."""
        self.set_content(shape_runs(shape, axes, self._bold))
