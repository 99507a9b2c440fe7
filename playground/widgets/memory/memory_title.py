"""The title line: which tensor, its code, and whether it is pinned."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QWidget

from playground.widgets.common.buttons import IconButton
from playground.widgets.common.combo_box import ComboBox
from playground.widgets.common.section import TitleLine
from playground.widgets.common.text_label import TextLabel
from playground.widgets.common.tooltip import set_tooltip

MOST_OF_NAME = 120
"""Pixels of the box with the names that the code beside it may not take."""

LEAST_CODE = 5
"""Characters of the code that are worth showing: `= A + …`."""


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
        self.pin = IconButton("pin", "Keep this tensor while another is selected")
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
        """Offer these tensors, one of them shown."""
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
