"""The title line and the texts about the tensor and the pointed cell: which tensor, which element, where in memory."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QWidget

from playground.models.memory.aliasing import element_code
from playground.models.memory.layout import Layout
from playground.models.memory.readers import UNKNOWN, StorageReader, count_readers
from playground.widgets.controls.buttons import IconButton
from playground.widgets.controls.fields import ComboBox
from playground.widgets.controls.section import TitleLine
from playground.widgets.controls.tooltip import set_tooltip
from playground.widgets.text.labels import TextLabel
from playground.widgets.text.runs import Run, shape_runs


def memory_line(layout: Layout) -> tuple[Run, ...]:
    """`strides (1, 4) offset 0, not contiguous, elements 48 B, shared with B`."""
    order = "contiguous" if layout.contiguous else layout.memory_format or "not contiguous"
    runs = [Run("strides "), *shape_runs(layout.strides), Run(" offset "), Run(f"{layout.offset:,}", "code")]
    runs.append(Run(f", {order}, elements {layout.size_text}"))
    if layout.shares_with:
        runs += [Run(", shared with "), Run(", ".join(layout.shares_with), "code")]
    return tuple(runs)


HINT = (Run("Point at a cell, or move with the arrow keys.", role="text2"),)


def arithmetic_runs(name: str, index: tuple[int, ...], layout: Layout, value: str) -> tuple[Run, ...]:
    """`W[2,1]  0 + 2*1 + 1*4 = 6   26`, each product underlined in its axis's colour."""
    cell = layout.offset
    runs = [Run(element_code(name, index), "bold code"), Run("  ", "code"), Run(str(layout.offset), "code")]
    for axis, (place, stride) in enumerate(zip(index, layout.strides, strict=True)):
        runs += [Run(" + ", "code"), Run(f"{place}*{stride}", "code", axis=axis)]
        cell += place * stride
    runs.append(Run(f" = {cell}", "code"))
    if value:
        runs += [Run("   ", "code"), Run(value, "bold code")]
    return tuple(runs)


def unread_runs(name: str, cell: int, value: str) -> tuple[Run, ...]:
    """The text for a cell that the tensor does not read."""
    runs = [Run(f"Cell {cell:,}", "bold"), Run(" is not read by "), Run(name, "code"), Run(".")]
    return (*runs, Run(f"  {value}", "code")) if value else tuple(runs)


def bytes_runs(cell: int, layout: Layout, reader: StorageReader | None) -> tuple[Run, ...]:
    """`26 = 00 00 d0 41, little endian, byte 6*4 = 24`, and the number of elements that read the cell, if several."""
    place = f"byte {cell}*{layout.itemsize} = {cell * layout.itemsize:,}"
    runs: list[Run] = []
    if reader is not None:
        runs += [Run(reader.cell_bytes(cell).hex(" "), "code"), Run(f", {layout.byte_order} endian, ")]
    runs.append(Run(place))
    bits = [word for word, on in (("conjugated", layout.conjugated), ("negated", layout.negated)) if on]
    if bits:
        runs.append(Run(f", {' and '.join(bits)} when read"))
    count = int(count_readers(layout.shape, layout.strides, layout.offset, cell, cell + 1)[0])
    if count > 1:
        runs.append(Run(f", read {count:,} times"))
    elif count == UNKNOWN:
        runs.append(Run(", read an unknown number of times"))
    return tuple(runs)


MOST_OF_NAME = 120
"""Width of the name box, in pixels, that the code beside it must leave free."""

LEAST_CODE = 5
"""The fewest characters of code worth showing: `= A + …`."""


class MemoryTitle(TitleLine):
    """`tensor_chosen(name)`, `pin_toggled(on)`, `copy_wanted()`."""

    tensor_chosen = Signal(object)
    pin_toggled = Signal(bool)
    copy_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Memory", parent=parent)
        self.combo = ComboBox(code=True)
        self.combo.setObjectName("memory.tensor")
        set_tooltip(self.combo, "The tensor whose memory is shown; choosing one pins it")
        self.combo.activated.connect(self._on_activated)
        self.code = TextLabel("", "text2", code=True, least=LEAST_CODE)
        self.pinned = TextLabel("", "text2", fixed=True)
        self.pin = IconButton("pin", "Keep showing this tensor when another is selected")
        self.pin.setObjectName("memory.pin")
        self.pin.setCheckable(True)
        self.pin.toggled.connect(self._on_toggled)
        self.copy = IconButton("copy", "Copy all facts as text")
        self.copy.setObjectName("memory.copy")
        self.copy.clicked.connect(self._on_copy)
        self.add(TextLabel("of", "text2", fixed=True))
        self.add(self.combo)
        self.add(self.code, 100)
        for widget in (self.pinned, self.copy, self.pin):
            self.add_right(widget)

    def show_names(self, names: Sequence[str], name: str, pinned: bool) -> None:
        """Offer these tensors, with one of them shown."""
        for widget in (self.combo, self.pin):
            widget.blockSignals(True)
        if [self.combo.itemText(row) for row in range(self.combo.count())] != list(names):
            self.combo.clear()
            self.combo.addItems(list(names))
        self.combo.setCurrentIndex(list(names).index(name) if name in names else -1)
        self.combo.setMinimumWidth(min(self.combo.sizeHint().width(), MOST_OF_NAME))
        self.pin.setChecked(pinned)
        for widget in (self.combo, self.pin):
            widget.setEnabled(bool(names))
        for widget in (self.combo, self.pin):
            widget.blockSignals(False)
        self.pinned.set_text("pinned" if pinned else "")

    def show_code(self, code: str) -> None:
        """Show the line's code after the name."""
        self.code.set_text(f"= {code}" if code else "")

    @Slot(int)
    def _on_activated(self, row: int) -> None:
        self.tensor_chosen.emit(self.combo.itemText(row))

    @Slot(bool)
    def _on_toggled(self, on: bool) -> None:
        self.pin_toggled.emit(on)

    @Slot()
    def _on_copy(self) -> None:
        self.copy_wanted.emit()
