"""The bytes of the pointed element, and its bits grouped by field."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QWidget

from playground.models.memory.bits import ElementBits
from playground.widgets.controls.fields import CheckBox
from playground.widgets.controls.tooltip import set_tooltip
from playground.widgets.memory.part import FoldingPart
from playground.widgets.text.labels import RunsLabel
from playground.widgets.text.runs import Run
from playground.widgets.text.table import RowTable, TableRow, code_cell, words_cell

_GROUP = 4
_LONG = 12


class BitsPart(FoldingPart):
    """`as_bytes_edited(on)`: the user wants the storage as bytes in hex."""

    as_bytes_edited = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Bytes and bits", folds=True, parent=parent)
        self.setObjectName("memory.bits")
        self.switch = CheckBox("Show the storage as bytes in hex")
        self.switch.setObjectName("memory.as_bytes")
        set_tooltip(self.switch, "Each cell shows its bytes in memory order")
        self.switch.toggled.connect(self._on_switched)
        self.title = RunsLabel()
        self.table = RowTable("bits of the element", stretch=2)
        self.formula = RunsLabel()
        for widget in (self.switch, self.title, self.table, self.formula):
            self.add(widget)

    def show_switch(self, on: bool) -> None:
        """Set the switch."""
        self.switch.blockSignals(True)
        self.switch.setChecked(on)
        self.switch.blockSignals(False)

    def show_bits(self, where: str, bits: ElementBits | None, byte_order: str) -> None:
        """Show the bits of an element; None if nothing is pointed at."""
        if bits is None:
            self.title.set_content((Run("Point at a cell to see its bits.", role="text2"),))
            self.table.set_rows(())
            self.formula.set_content(())
            return
        self.title.set_content(
            (
                Run(where, "bold code"),
                Run("  "),
                Run(bits.hex_bytes, "code"),
                Run(f"  {byte_order} endian", role="text2"),
            )
        )
        rows = []
        for field in bits.fields:
            long = len(field.bits) > _LONG
            cells = (words_cell(field.name, "text2"), code_cell("" if long else grouped(field.bits)))
            note = (Run(grouped(field.bits), "code"), Run("  " + field.meaning)) if long else ()
            rows.append(TableRow((*cells, words_cell("" if long else field.meaning)), field.name, note))
        self.table.set_rows(rows)
        self.formula.set_content((Run(bits.formula, "code"),))

    @Slot(bool)
    def _on_switched(self, on: bool) -> None:
        self.as_bytes_edited.emit(on)


def grouped(bits: str) -> str:
    """`grouped("10000011") == "1000 0011"`."""
    return " ".join(bits[place : place + _GROUP] for place in range(0, len(bits), _GROUP))
