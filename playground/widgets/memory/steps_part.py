"""Steps to the tensor: every operation, what it did to memory and why; a cheaper order where there certainly is one."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QWidget

from playground.models.memory.request import MemoryResult
from playground.models.outcome import Fix
from playground.widgets.common.fix_button import FixButton
from playground.widgets.common.runs_label import RunsLabel
from playground.widgets.memory.code_width import short_name
from playground.widgets.memory.part import Part
from playground.widgets.memory.row_table import RowTable
from playground.widgets.memory.tables import step_rows


class StepsPart(Part):
    """`line_wanted(code)` when the cheaper spelling is taken."""

    line_wanted = Signal(str)

    layout_pointed = Signal(object)
    """The layout of the step under the pointer, if it lies on the storage that is shown; None otherwise."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Steps", parent=parent)
        self.table = RowTable("steps", stretch=0, header=("", "shape", "strides", ""))
        self.table.setObjectName("memory.steps")
        self.table.set_choosable(True)
        self.table.chosen.connect(self._on_step_chosen)
        self.table.pointed.connect(self._on_step_pointed)
        self.advice = RunsLabel()
        self.advice.setObjectName("memory.advice")
        self.fix: FixButton | None = None
        self._result: MemoryResult | None = None
        self._opened: int | None = None
        self.add(self.table)
        self.add(self.advice)

    def show_result(self, result: MemoryResult) -> None:
        """Show the steps and the advice."""
        if self._result is None or result.name != self._result.name:
            self._opened = None
        self._result = result
        self.title_line.set_title(f"Steps to {short_name(result.name)}")
        self.table.set_rows(step_rows(result.steps, self._opened))
        advice = result.advice
        self.advice.setVisible(advice is not None)
        code = advice.code if advice is not None else ""
        if advice is not None:
            self.advice.set_content(advice.sentence, "warning")
        if self.fix is not None and self.fix.fix.code != code:
            self.body_layout.removeWidget(self.fix)
            self.fix.hide()
            self.fix.deleteLater()
            self.fix = None
        if code and self.fix is None:
            self.fix = FixButton(Fix(code, meaning=f"Rewrite the line of {result.name}"))
            self.fix.setObjectName("memory.advice_fix")
            self.fix.chosen.connect(self._on_fix_chosen)
            self.body_layout.addWidget(self.fix)

    @Slot(object)
    def _on_step_pointed(self, number: object) -> None:
        result = self._result
        layout = None
        if result is not None and isinstance(number, int) and number < len(result.steps) - 1:
            note = result.steps[number]
            step = note.step
            if note.on_storage and str(step.dtype).endswith(f".{result.layout.dtype}"):
                layout = replace(result.layout, shape=step.shape, strides=step.strides, offset=step.offset)
        self.layout_pointed.emit(layout)

    @Slot(object)
    def _on_step_chosen(self, number: object) -> None:
        self._opened = None if number == self._opened or not isinstance(number, int) else number
        if self._result is not None:
            self.table.set_rows(step_rows(self._result.steps, self._opened))

    @Slot(object)
    def _on_fix_chosen(self, fix: Fix) -> None:
        self.line_wanted.emit(fix.code)
