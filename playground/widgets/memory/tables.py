"""What the tables of the memory panel say: results as rows."""

from __future__ import annotations

from playground.models.memory.aliasing import ChangedElements, WriteEffect, element_code
from playground.models.memory.chain import StepNote
from playground.models.memory.file_costs import FileCost
from playground.models.memory.numpy_side import NumpyRow
from playground.models.memory.request import SharingTensor
from playground.models.words import bytes_in_words
from playground.widgets.common.runs import Run, shape_runs
from playground.widgets.memory.row_table import TableRow, code_cell, words_cell


def sharing_rows(
    sharing: tuple[SharingTensor, ...], shown: str, write: WriteEffect | None = None
) -> tuple[TableRow, ...]:
    """Every tensor on the storage: name, shape, strides, offset, verdict; what a write changes in it."""
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
    """The operations: code, shape, strides, verdict; below it why, for every copy and for the opened row."""
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
    """Each format: bytes of the file, what it keeps, the fix and what that takes."""
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
    """Question, torch, numpy; equal answers in the second colour, and why below."""
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
