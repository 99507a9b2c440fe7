"""The Memory panel: the storage itself, who shares it, how the tensor was made, and what a write would change."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

from PySide6.QtCore import QTimer, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QVBoxLayout, QWidget

from playground.models.language.names import fresh_name
from playground.models.memory.aliasing import WriteEffect
from playground.models.memory.as_strided import StridedSpec
from playground.models.memory.bits import explain_bits
from playground.models.memory.readers import cell_of
from playground.models.memory.request import (
    MemoryResult,
    find_cell,
    find_element,
    find_pointed,
    shown_name,
    strided_choice,
    write_at_pointed,
)
from playground.models.problem import Fix, Problem
from playground.models.program.edit import edit_code
from playground.models.program.sources import Expression
from playground.models.state import PlaygroundState, StridedChoice
from playground.widgets.memory.column import MemoryColumn
from playground.widgets.memory.strip_painter import StripMarks
from playground.widgets.memory.title import HINT, MemoryTitle, arithmetic_runs, bytes_runs, memory_line, unread_runs
from playground.widgets.painting import fill_background
from playground.widgets.panel import Panel
from playground.widgets.text.runs import Run, plain

REST = 120
"""Milliseconds the pointer must rest on a cell before the text about writing follows, which moves what is below."""


class MemoryPanel(Panel):
    """Follows the selection unless pinned; its title always names its tensor."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("memory")
        fill_background(self, "panel")
        self._result: MemoryResult | None = None
        self._hovered_cell: int | None = None
        self._revealed: int | None = None
        self._dimmed = False
        self._write: WriteEffect | None = None
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST)
        self._rest.timeout.connect(self._show_write)
        self._make_parts()
        self._connect_parts()

    def _make_parts(self) -> None:
        self.title_line = MemoryTitle()
        self.column = MemoryColumn()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self.title_line)
        outer.addWidget(self.column, 1)

    def _connect_parts(self) -> None:
        self.title_line.tensor_chosen.connect(self._on_tensor_chosen)
        self.title_line.pin_toggled.connect(self._on_pin_toggled)
        self.title_line.copy_wanted.connect(self._on_copy_wanted)
        self.column.facts.strip.cell_pointed.connect(self._on_cell_pointed)
        self.column.facts.strip.cell_chosen.connect(self._on_cell_chosen)
        self.column.facts.strip.export_asked.connect(self._on_export_asked)
        self.column.sharing_table.chosen.connect(self._on_tensor_chosen)
        self.column.steps.line_wanted.connect(self._on_line_wanted)
        self.column.steps.layout_pointed.connect(self.column.facts.preview)
        self.column.view.shape_edited.connect(self._on_view_shape_edited)
        self.column.view.fix_chosen.connect(self._on_code_kept)
        self.column.banner.fix_chosen.connect(self._on_line_fix)
        self.column.write.index_edited.connect(self._on_write_index_edited)
        self.column.write.value_edited.connect(self._on_write_value_edited)
        self.column.write.preview_changed.connect(self._on_preview_changed)
        self.column.bits.as_bytes_edited.connect(self._on_as_bytes_edited)
        self.column.strided.spec_edited.connect(self._on_spec_edited)
        self.column.strided.spec_taken.connect(self._on_spec_taken)
        self.column.strided.drag_ended.connect(self._on_drag_ended)
        for box in (self.column.view.shape, self.column.write.value):
            box.editingFinished.connect(self._on_drag_ended)
        self.column.strided.reset_wanted.connect(self._on_strided_reset)
        self.column.strided.kept.connect(self._on_code_kept)
        self.column.files_table.chosen.connect(self._on_file_fix_chosen)

    # State and result

    def show_state(self, state: PlaygroundState) -> None:
        self.title_line.show_names(state.program.names, shown_name(state), bool(state.memory.pinned))
        self.column.view.show_text(state.memory.view_shape)
        self.column.write.show_text(state.memory.write_value)
        self.column.bits.show_switch(state.memory.as_bytes)
        self.column.strided.show_choice(strided_choice(state))
        self._show_pointed()

    def show_result(self, result: object) -> None:
        if not isinstance(result, MemoryResult):
            return
        self._result, self._dimmed = result, False
        self.title_line.show_code(result.code)
        self._write = result.write
        self.column.show_result(result)
        self._show_write()
        self._show_pointed()
        self.summary_changed.emit()

    def show_problem(self, problem: Problem) -> None:
        if self._result is not None and self._result.name != shown_name(self.state):
            self._result = None
        self._dimmed = self._result is not None
        self.column.show_problem(problem, self._dimmed)
        self.title_line.show_code("")
        self._show_pointed()
        self.summary_changed.emit()

    def summary(self) -> str:
        return plain(self.summary_runs())

    def summary_runs(self) -> tuple[Run, ...]:
        if self._result is not None:
            return memory_line(self._result.layout)
        problem = self.column.banner.problem
        return (Run(problem.message),) if problem is not None else ()

    # The pointed cell

    def _pointed_cell(self) -> int | None:
        if self._hovered_cell is not None:
            return self._hovered_cell
        return find_cell(self.state.pointed, self._result.sharing) if self._result is not None else None

    def _show_pointed(self) -> None:
        """Outline the cell that any panel points at, and say how its place is computed."""
        result = self._result
        if result is None:
            return
        cell = self._pointed_cell()
        if cell is not None and self.state.memory.write_index is None:
            self._rest.start()
        changes = self._changes() if self.column.write.button.isChecked() else {}
        as_bytes = self.state.memory.as_bytes
        self.column.facts.strip.set_marks(StripMarks(cell, changes, dimmed=self._dimmed, as_bytes=as_bytes))
        if cell is not None and self._hovered_cell is None and cell != self._revealed:
            self.column.facts.strip.reveal(cell)
        self._revealed = cell
        if cell is None or cell >= result.layout.storage_cells:
            self.column.facts.show_cell(HINT if result.layout.storage_cells else (), ())
            self.column.bits.show_bits("", None, "")
            return
        value = result.reader.text(cell) if result.reader is not None else ""
        index = self._index_of(cell)
        if index is None:
            where = unread_runs(result.name, cell, value)
        else:
            where = arithmetic_runs(result.name, index, result.layout, value)
        self.column.facts.show_cell(where, bytes_runs(cell, result.layout, result.reader))
        if result.reader is not None:
            bits = explain_bits(result.reader.cell_bytes(cell), result.layout.dtype, result.layout.byte_order)
            self.column.bits.show_bits(f"cell {cell:,} = {value}", bits, result.layout.byte_order)

    def _index_of(self, cell: int) -> tuple[int, ...] | None:
        """The shown tensor's element on a cell: the pointed one if it belongs to this tensor."""
        result, pointed = self._result, self.state.pointed
        if result is None:
            return None
        own = find_element(pointed, result.name, result.sharing)
        if own is not None and cell_of(own, result.layout.strides, result.layout.offset) == cell:
            return own
        found = find_pointed(cell, (result.name,), result.sharing)
        return found.index if found is not None and found.name == result.name else None

    def _changes(self) -> dict[int, str]:
        if self._write is None or self._write.problem is not None:
            return {}
        return {self._write.cell: self._write.new}

    @Slot()
    def _show_write(self) -> None:
        """Until an element is chosen, the one under the pointer is the one to write."""
        result, memory = self._result, self.state.memory
        if result is None or memory.write_index is not None:
            return
        write = write_at_pointed(result, self.state.pointed, memory.write_value)
        if write != self._write:
            self._write = write
            self.column.show_write(result, write)
            self._show_pointed()

    # User actions

    def _edit_memory(self, gesture: Hashable = None, **changes: object) -> None:
        self.edit(replace(self.state, memory=replace(self.state.memory, **changes)), gesture)  # type: ignore[arg-type]

    @Slot(object)
    def _on_cell_pointed(self, cell: int | None) -> None:
        result = self._result
        if result is None:
            return
        self._hovered_cell = cell
        preferred = (self.state.selection, result.name)
        pointed = find_pointed(cell, preferred, result.sharing) if cell is not None else None
        if pointed is not None and pointed != self.state.pointed:
            self.edit(replace(self.state, pointed=pointed))
        self._show_pointed()

    @Slot(object)
    def _on_cell_chosen(self, cell: int) -> None:
        index = self._index_of(cell)
        if index is not None:
            self._edit_memory(write_index=index)

    @Slot(object)
    def _on_tensor_chosen(self, name: object) -> None:
        if name != shown_name(self.state):
            self._edit_memory(pinned=str(name), write_index=None)

    @Slot(bool)
    def _on_pin_toggled(self, on: bool) -> None:
        self._edit_memory(pinned=shown_name(self.state) if on else "")

    @Slot()
    def _on_copy_wanted(self) -> None:
        if self._result is not None:
            QGuiApplication.clipboard().setText(self._result.facts)

    @Slot()
    def _on_export_asked(self) -> None:
        self.requested.emit("export_plot", self.column.facts.strip)

    @Slot(str)
    def _on_line_wanted(self, code: str) -> None:
        """Replace the tensor's line with the cheaper spelling."""
        result = self._result
        if result is not None and self.state.program.get(result.name) is not None:
            self.take_offer(replace(self.state, program=self.state.program.with_source(result.name, Expression(code))))

    @Slot(object)
    def _on_line_fix(self, fix: Fix) -> None:
        """Apply a fix to the shown line, since this panel shows its problem too."""
        self.take_offer(replace(self.state, program=edit_code(self.state.program, shown_name(self.state), fix.code)))

    @Slot(str)
    def _on_view_shape_edited(self, text: str) -> None:
        self._edit_memory("memory.view_shape", view_shape=text)

    @Slot(str)
    def _on_code_kept(self, code: str) -> None:
        """Add a line that applies this code to the tensor, and select it."""
        if self._result is not None and self._result.name in self.state.program.names:
            name = fresh_name(self.state.program.names)
            program = self.state.program.appended(name, Expression(f"{self._result.name}{code}"))
            self.take_offer(replace(self.state, program=program, selection=name))

    @Slot(object)
    def _on_file_fix_chosen(self, code: object) -> None:
        if code and self._result is not None:
            self._on_code_kept(str(code).removeprefix(self._result.name))

    @Slot(object, object)
    def _on_write_index_edited(self, index: tuple[int, ...], gesture: Hashable) -> None:
        self._edit_memory(gesture, write_index=index)

    @Slot(str)
    def _on_write_value_edited(self, text: str) -> None:
        self._edit_memory("memory.write_value", write_value=text)

    @Slot(bool)
    def _on_preview_changed(self, _on: bool) -> None:
        if self._result is not None:
            self.column.show_sharing(self._result, self._write)
        self._show_pointed()

    @Slot(bool)
    def _on_as_bytes_edited(self, on: bool) -> None:
        self._edit_memory(as_bytes=on)

    @Slot(object, object)
    def _on_spec_edited(self, spec: StridedSpec, gesture: Hashable) -> None:
        name = shown_name(self.state)
        self._edit_memory(gesture, strided=StridedChoice(name, spec.size, spec.stride, spec.offset))

    @Slot(object)
    def _on_spec_taken(self, spec: StridedSpec) -> None:
        if self.is_answered:
            self._on_spec_edited(spec, None)

    @Slot()
    def _on_strided_reset(self) -> None:
        self._edit_memory(strided=None)

    @Slot()
    def _on_drag_ended(self) -> None:
        self.gesture_ended.emit()
