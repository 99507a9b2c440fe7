"""The top of the panel: facts, verdict, the storage strip, and the pointed cell in words."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from playground.models.memory.layout import Layout
from playground.models.memory.request import MemoryResult
from playground.widgets.common.runs import Run, plain
from playground.widgets.memory.cell_line import CellLine
from playground.widgets.memory.facts_section import FactsView
from playground.widgets.memory.storage_strip import StorageStrip
from playground.widgets.memory.strip_painter import StripSource


class FactsPart(QWidget):
    """Shows a result; the cell in words is set apart, because it follows the pointer."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = FactsView()
        self.view.setObjectName("memory.facts")
        self.strip = StorageStrip()
        self.strip.setObjectName("memory.storage")
        self.cell = CellLine()
        self.cell.setObjectName("memory.cell")
        self.bytes = CellLine("text2")
        self.bytes.setObjectName("memory.cell_bytes")
        self._result: MemoryResult | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 4, 6, 6)
        column.setSpacing(2)
        for widget in (self.view, self.strip, self.cell, self.bytes):
            column.addWidget(widget)

    def show_result(self, result: MemoryResult) -> None:
        """Show facts and storage."""
        self._result = result
        self.view.set_layout_facts(result.layout)
        for line in (self.cell, self.bytes):
            line.forget_height(result.layout)
        self.strip.set_source(StripSource(result.layout, result.reader, result.scale, result.characters))

    def preview(self, layout: Layout | None) -> None:
        """Show the storage as another layout reads it, for as long as that is pointed at; None: as the tensor does."""
        result = self._result
        if result is not None:
            shown = layout if layout is not None else result.layout
            self.strip.set_source(StripSource(shown, result.reader, result.scale, result.characters))

    def show_cell(self, where: tuple[Run, ...], held: tuple[Run, ...]) -> None:
        """Show the pointed cell in words."""
        self.cell.set_content(where)
        self.bytes.set_content(held)
        self.strip.setAccessibleDescription(f"{plain(where)}. {plain(held)}" if held else plain(where))
