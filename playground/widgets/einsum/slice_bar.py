"""Where the axes of a result that are not on the sheet stand: a badge and a number each."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QWidget

from playground.widgets.common.axis_badge import AxisBadge
from playground.widgets.common.number_box import NumberBox
from playground.widgets.common.tooltip import set_tooltip

BOX_WIDTH = 46


class SliceBox(QWidget):
    """`moved(axis, place)` when another slice is chosen."""

    moved = Signal(int, int)

    def __init__(self, axis: int, colour: int, letter: str, size: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.axis = axis
        self.box = NumberBox(0, 0, max(0, size - 1), name=f"place on {letter}")
        self.box.setFixedWidth(BOX_WIDTH)
        self.box.setObjectName(f"einsum.slice.{axis}")
        set_tooltip(self.box, f"Which slice along {letter} is shown, 0 to {max(0, size - 1)}")
        self.box.changed.connect(self._on_changed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(AxisBadge(colour, letter))
        row.addWidget(self.box)

    @Slot(object)
    def _on_changed(self, place: object) -> None:
        self.moved.emit(self.axis, int(place))  # type: ignore[call-overload]


class SliceBar(QWidget):
    """`moved(axis, place)`; hidden where all axes are on the sheet."""

    moved = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(8)
        self._boxes: list[SliceBox] = []
        self._shown: tuple[tuple[int, int, str, int], ...] = ()
        self.hide()

    def set_axes(self, axes: tuple[tuple[int, int, str, int], ...]) -> None:
        """One box for each `(axis, colour, letter, size)`."""
        if axes == self._shown:
            return
        self._shown = axes
        for box in self._boxes:
            self._row.removeWidget(box)
            box.hide()
            box.deleteLater()
        self._boxes = [SliceBox(*one, parent=self) for one in axes]
        for box in self._boxes:
            box.moved.connect(self.moved)
            self._row.addWidget(box)
            box.show()
        self.setVisible(bool(axes))

    def set_places(self, index: tuple[int, ...]) -> None:
        """Show where each axis stands."""
        for box in self._boxes:
            if box.axis < len(index):
                box.box.set_value(index[box.axis])
