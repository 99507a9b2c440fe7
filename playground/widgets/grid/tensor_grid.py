"""The grid of values: any rank, any size, any dtype; it reads and draws only what is visible.

grid = TensorGrid("grid of B")
grid.set_reader(TensorReader(tensor), scale=summary.largest, characters=summary.characters)
grid.set_layout(0, 1)                     # rows are axis 0, columns axis 1
grid.set_axes((AxisLabel("i", 0), AxisLabel("j", 1)))
grid.pointed.connect(self._on_pointed)    # full index, or None when the pointer leaves
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF
from PySide6.QtGui import (
    QContextMenuEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
)
from PySide6.QtWidgets import QWidget

from playground.widgets.grid.interaction import GridCopy, GridHand
from playground.widgets.grid.style import GridPicture
from playground.widgets.grid.view import (
    GridView,
)


class TensorGrid(GridView):
    """An interactive grid: values with heat, headers in axis colours, and one selected cell."""

    def __init__(
        self, name: str = "values", *, headers: bool = True, compact: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(name, headers=headers, compact=compact, parent=parent)
        self._hand = GridHand(self)
        self._copy = GridCopy(self, self._hand)

    def _begin_anew(self) -> None:
        super()._begin_anew()
        self._hand.reset()

    def _paint_selection(self, painter: QPainter, picture: GridPicture) -> None:
        self._hand.paint(painter, picture)

    @property
    def selection(self) -> tuple[tuple[int, int], ...] | None:
        """Start and stop on each axis of the selected rectangle."""
        return self._hand.region()

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            self._hand.show_tooltip(event)
            return True
        return super().viewportEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hand.move(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._hand.press(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._hand.release(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._hand.leave()
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._hand.key(event) and not self._copy.key(event) and not self._zoom.key(event, self):
            event.ignore()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self._copy.open_menu(event.globalPos(), self.index_at(QPointF(event.pos())))
