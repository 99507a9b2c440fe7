"""The steps to the tensor, and the content of the panel's tables: each operation, its effect on memory, and why."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QWidget

from playground.models.formatting import bytes_in_words
from playground.models.memory.aliasing import ChangedElements, WriteEffect, element_code
from playground.models.memory.chain import StepNote
from playground.models.memory.file_costs import FileCost
from playground.models.memory.numpy_side import NumpyRow
from playground.models.memory.request import MemoryResult, SharingTensor
from playground.models.problem import Fix
from playground.widgets.controls.fix_button import FixButton
from playground.widgets.memory.part import FoldingPart, short_name
from playground.widgets.text.labels import RunsLabel
from playground.widgets.text.runs import Run, shape_runs
from playground.widgets.text.table import RowTable, TableRow, code_cell, words_cell


def sharing_rows(
    sharing: tuple[SharingTensor, ...], shown: str, write: WriteEffect | None = None
) -> tuple[TableRow, ...]:
    """Every tensor on the storage: name, shape, strides, offset, verdict, and what a write changes in it."""
    rows = []
    changes = {one.name: one for one in write.changed} if write is not None else {}
    for one in sharing:
        layout = one.layout
        strides: tuple[Run, ...] = (Run("strides "), *shape_runs(layout.strides))
        if layout.offset:
            strides += (Run(" from "), Run(str(layout.offset), "code"))
        name = (Run(one.name, "bold code" if one.name == shown else "code"),)
        note = changed_runs(changes[one.name]) if one.name in changes else ()
        rows.append(TableRow((name, shape_runs(layout.shape), strides, (Run(one.verdict, one.kind),)), one.name, note))
    return tuple(rows)


def changed_runs(changes: ChangedElements, most: int = 6) -> tuple[Run, ...]:
    """`W[2,1]: 26 becomes 99`."""
    listed = [element_code(changes.name, index) for index in changes.indices[:most]]
    more = changes.count - len(listed)
    runs = [Run(", ".join(listed), "code", "warning")]
    if more > 0:
        runs.append(Run(f" and {more:,} more", role="warning"))
    if changes.new:
        runs += [Run(": "), Run(changes.old, "code"), Run(" becomes "), Run(changes.new, "code", "warning")]
    return tuple(runs)


def step_rows(steps: tuple[StepNote, ...], opened: int | None) -> tuple[TableRow, ...]:
    """The operations: code, shape, strides, verdict; below them the reason, for every copy and for the opened row."""
    rows = []
    for number, note in enumerate(steps):
        step = note.step
        place = f" offset {step.offset}" if step.offset else ""
        cells = (
            code_cell(step.code if len(step.code) <= 24 else step.code[:23] + "…"),
            shape_runs(step.shape),
            (*shape_runs(step.strides), *((Run(place, role="text2"),) if place else ())),
            (Run(note.verdict, step.kind),),
        )
        words = f"{note.note} Storage {bytes_in_words(step.storage_bytes)}, offset {step.offset}."
        shown: tuple[Run, ...] = ()
        if number == opened:
            shown = (Run(words),)
        elif step.kind == "copy":
            shown = (Run(note.note),)
        rows.append(TableRow(cells, number, shown, f"{step.code}: {words}"))
    return tuple(rows)


def file_rows(files: tuple[FileCost, ...]) -> tuple[TableRow, ...]:
    """Each format: bytes of the file, what it keeps, the fix and its cost."""
    rows = []
    for cost in files:
        about = "" if cost.exact or cost.bytes is None else "about "
        size = f"{about}{bytes_in_words(cost.bytes)}" if cost.bytes is not None else "refused"
        note: tuple[Run, ...] = (Run(cost.keeps if cost.bytes is not None else cost.keeps.removeprefix("refused: ")),)
        if cost.fix and cost.fix_bytes is not None:
            note += (Run("; "), Run(cost.fix, "code"), Run(f" takes {bytes_in_words(cost.fix_bytes)}"))
        role = "" if cost.bytes is not None else "error"
        cells = (code_cell(cost.suffix), words_cell(size, role))
        rows.append(TableRow(cells, cost.fix or None, note))
    return tuple(rows)


def numpy_rows(rows: tuple[NumpyRow, ...]) -> tuple[TableRow, ...]:
    """Question, torch, numpy; equal answers in the second colour, the reason below."""
    return tuple(
        TableRow(
            (
                words_cell(row.question),
                words_cell(row.torch_says, "" if row.differs else "text2"),
                words_cell(row.numpy_says, "" if row.differs else "text2"),
            ),
            row.question,
            words_cell(row.why),
        )
        for row in rows
    )


class StepsPart(FoldingPart):
    """`line_wanted(code)` when the user takes the cheaper spelling."""

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
            self.fix = FixButton(Fix(code, meaning=f"Replace the line of {result.name}"))
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
