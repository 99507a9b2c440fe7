"""The pointed cell in words: which element it is, how its place is worked out, its bytes."""

from __future__ import annotations

from playground.models.memory.aliasing import element_code
from playground.models.memory.layout import Layout
from playground.models.memory.readers import UNKNOWN, count_readers
from playground.models.memory.storage_window import StorageReader
from playground.widgets.common.runs import Run

HINT = (Run("Point at a cell, or walk with the arrow keys.", role="text2"),)


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
    """What is said of a cell that the tensor does not read."""
    runs = [Run(f"Cell {cell:,}", "bold"), Run(" is not read by "), Run(name, "code"), Run(".")]
    return (*runs, Run(f"  {value}", "code")) if value else tuple(runs)


def bytes_runs(cell: int, layout: Layout, reader: StorageReader | None) -> tuple[Run, ...]:
    """`26 = 00 00 d0 41, little endian, byte 6*4 = 24`, and how many elements read the cell where they are several."""
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
