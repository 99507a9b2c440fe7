"""The axes in a row: a chip each, with a plus before, between and behind them."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Signal, Slot
from PySide6.QtWidgets import QSizePolicy, QWidget

from playground.models.tensors.operation import insert_axis
from playground.models.words import shape_in_words
from playground.widgets.common.buttons import IconButton
from playground.widgets.common.flow_layout import FlowLayout
from playground.widgets.common.tooltip import set_tooltip
from playground.widgets.tensors.size_chip import SizeChip


class AxisStrip(QWidget):
    """Shows a shape, and says what the hand does with its axes."""

    size_edited = Signal(int, object, object)
    moved = Signal(int, int, object)
    inserted = Signal(int)
    squeezed = Signal(int)
    let_go = Signal()
    reverted = Signal()
    refused = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.chips: list[SizeChip] = []
        self.pluses: list[IconButton] = []
        self._flow = FlowLayout(self, 8, centred=True)
        self._carried: int | None = None
        self._carries = 0
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName("Axes")
        self._add_plus(0)

    def set_shape(
        self, name: str, shape: tuple[int, ...], limits: tuple[int, ...] | None, resizable: bool, made: bool
    ) -> None:
        """Show the axes of a tensor; `limits` are the largest sizes a cut can give (None: any size)."""
        while len(self.chips) > len(shape):
            for widgets in (self.chips, self.pluses):
                widget = widgets.pop()
                self._flow.removeWidget(widget)
                widget.hide()
                widget.deleteLater()
        while len(self.chips) < len(shape):
            self._add_chip(len(self.chips))
            self._add_plus(len(self.pluses))
        for axis, chip in enumerate(self.chips):
            limit = None if limits is None else limits[axis]
            how = "type, scroll or drag" if made else f"type, scroll or drag to cut; there are {limit}"
            chip.set_size(shape[axis], maximum=limit, resizable=resizable, how=how)
            set_tooltip(chip.cross, "Squeeze this axis of size 1 away", f"{name}.squeeze({axis})")
        for place, plus in enumerate(self.pluses):
            method, index = insert_axis(place, len(shape))
            gives = shape_in_words((*shape[:place], 1, *shape[place:]))
            set_tooltip(
                plus, "Insert an axis of size 1 here", f"{name}{method.code}  {name}{index.code}", f"gives {gives}"
            )
            plus.setAccessibleName(f"Insert an axis of size 1 at {place}")
        self.updateGeometry()

    def _add_chip(self, axis: int) -> None:
        chip = SizeChip(axis, self)
        chip.size_edited.connect(self.size_edited)
        chip.carried.connect(self._on_carried)
        chip.let_go.connect(self._on_let_go)
        chip.reverted.connect(self._on_reverted)
        chip.squeezed.connect(self.squeezed)
        chip.moved_by_key.connect(self._on_moved_by_key)
        chip.refused.connect(self.refused)
        self._flow.addWidget(chip)
        chip.show()
        self.chips.append(chip)

    def _add_plus(self, place: int) -> None:
        plus = IconButton("plus", "Insert an axis of size 1 here", framed=True, parent=self)
        plus.setObjectName(f"shape.insert.{place}")
        plus.clicked.connect(self._on_plus)
        self._flow.addWidget(plus)
        plus.show()
        self.pluses.append(plus)

    @Slot()
    def _on_plus(self) -> None:
        plus = self.sender()
        if isinstance(plus, IconButton) and plus in self.pluses:
            self.inserted.emit(self.pluses.index(plus))

    @Slot(int, QPoint)
    def _on_carried(self, axis: int, place: QPoint) -> None:
        """The chip under the pointer is the place where the carried axis goes; all moves start from the first order."""
        if self._carried is None:
            self._carried = axis
            self._carries += 1
        target = self._chip_at(self.mapFromGlobal(place))
        for chip in self.chips:
            chip.set_dragging(chip.axis == target)
        self.moved.emit(self._carried, target, ("carry", id(self), self._carries))

    def _chip_at(self, point: QPoint) -> int:
        nearest = min(self.chips, key=lambda chip: (chip.geometry().center() - point).manhattanLength())
        return nearest.axis

    @Slot()
    def _on_let_go(self) -> None:
        self._stop_carrying()
        self.let_go.emit()

    @Slot()
    def _on_reverted(self) -> None:
        self._stop_carrying()
        self.reverted.emit()

    def drop(self) -> None:
        """End a drag without a word: what it moved is another by now."""
        self._stop_carrying()
        for chip in self.chips:
            chip.drop()

    def _stop_carrying(self) -> None:
        self._carried = None
        for chip in self.chips:
            chip.set_dragging(False)

    @Slot(int, int)
    def _on_moved_by_key(self, axis: int, place: int) -> None:
        if 0 <= place < len(self.chips):
            self._carries += 1
            self.moved.emit(axis, place, ("carry", id(self), self._carries))
            self.let_go.emit()
            self.chips[place].setFocus()
