"""The top of the panel: shape, strides, bytes, the verdict, the storage strip, and the pointed element."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from playground.models.formatting import bytes_in_words, digits
from playground.models.memory.layout import Layout, fact_lines
from playground.models.memory.request import MemoryResult
from playground.widgets.controls.tooltip import set_tooltip
from playground.widgets.look import icon, look, words_font
from playground.widgets.memory.strip import StorageStrip
from playground.widgets.memory.strip_painter import StripSource
from playground.widgets.painting import baseline
from playground.widgets.text.labels import CellLine
from playground.widgets.text.runs import Run, layout_runs, paint_placed, plain, runs_width, shape_runs

LINE = 20
_ICON = 16
LONGEST_EXACT = 30
"""Characters of code that fit beside a label in the narrowest panel."""


def verdict_runs(layout: Layout) -> tuple[Run, ...]:
    """The verdict with its strides as code."""
    words, _, strides = layout.verdict.partition(" strides (")
    if not strides:
        return (Run(layout.verdict),)
    inside, _, rest = strides.partition(")")
    return (Run(f"{words} strides "), Run(f"({inside})", "code"), Run(rest))


def reads_in_words(layout: Layout) -> str:
    """`"3 of 12"`: cells read, of those in the storage; to three digits if they are trillions."""
    if layout.reached is None:
        return "not known"
    exact = f"{layout.reached:,} of {layout.storage_cells:,}"
    return exact if len(exact) <= LONGEST_EXACT else f"{digits(layout.reached)} of {digits(layout.storage_cells)}"


class FactsView(QWidget):
    """The facts in two columns, and the verdict below them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layout: Layout | None = None
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName("facts of the layout")

    def set_layout_facts(self, layout: Layout | None) -> None:
        """Show the facts of a layout."""
        if layout != self._layout:
            self._layout = layout
            facts = [f"{name} {plain(value)}" for row in self.rows() for name, value in row]
            self.setAccessibleDescription("; ".join([*facts, layout.verdict if layout is not None else ""]))
            if layout is not None:
                set_tooltip(self, layout.verdict, *(f"{name:<14} {value}" for name, value in fact_lines(layout)))
            self.updateGeometry()
            self.update()

    def rows(self) -> tuple[tuple[tuple[str, tuple[Run, ...]], ...], ...]:
        """The facts, two per row."""
        layout = self._layout
        if layout is None:
            return ()
        axes = range(len(layout.shape))
        reads = reads_in_words(layout)
        return (
            (("shape", shape_runs(layout.shape)), ("dtype", (Run(layout.dtype, "code"),))),
            (("strides", shape_runs(layout.strides, axes)), ("offset", (Run(f"{layout.offset:,}", "code"),))),
            (
                ("elements", (Run(layout.size_text, "code"),)),
                ("storage", (Run(bytes_in_words(layout.storage_bytes), "code"),)),
            ),
            (("reads", (Run(reads, "code"),)), ("format", (Run(layout.memory_format or "strided", "code"),))),
        )

    def _lines(self, width: float) -> list[tuple[float, tuple[tuple[str, tuple[Run, ...]], ...]]]:
        """Each row with its top; split if its two facts do not fit side by side."""
        lines: list[tuple[float, tuple[tuple[str, tuple[Run, ...]], ...]]] = []
        y = 0.0
        for row in self.rows():
            fits = (
                runs_width(row[0][1]) + 8 < self._second(width) - 64
                and self._second(width) + 68 + runs_width(row[1][1]) <= width + 1
            )
            for part in [row] if fits else [(fact,) for fact in row]:
                lines.append((y, part))
                y += LINE
        return lines

    @staticmethod
    def _second(width: float) -> float:
        return min(width * 0.5, 240.0)

    def heightForWidth(self, width: int) -> int:
        if self._layout is None:
            return 0
        verdict = layout_runs(verdict_runs(self._layout), max(60, width - 22), 18)[1]
        return round(len(self._lines(width)) * LINE + 6 + verdict + 2)

    def hasHeightForWidth(self) -> bool:
        return True

    def sizeHint(self) -> QSize:
        return QSize(320, self.heightForWidth(320))

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 24)

    def paintEvent(self, _event: QPaintEvent) -> None:
        layout = self._layout
        if layout is None:
            return
        width = self.width()
        with QPainter(self) as painter:
            bottom = 0.0
            for top, facts in self._lines(width):
                for place, (name, value) in enumerate(facts):
                    self._paint_fact(painter, self._second(width) if place else 0.0, top, name, value)
                bottom = top + LINE
            regular = layout.regular
            name, role = ("check", "good") if regular else ("triangle-alert", "warning")
            if not layout.elements:
                name, role = "info", "text2"
            painter.save()
            icon(name, role).paint(painter, QRect(0, round(bottom) + 7, _ICON, _ICON), Qt.AlignmentFlag.AlignCenter)
            painter.restore()
            placed, _ = layout_runs(verdict_runs(layout), max(60, width - 22), 18)
            paint_placed(painter, 22, bottom + 6, placed, role)

    @staticmethod
    def _paint_fact(painter: QPainter, x: float, top: float, name: str, value: tuple[Run, ...]) -> None:
        base = baseline(QRectF(0, top, 10, LINE), words_font())
        for runs, left, role in (((Run(name),), x, "text2"), (value, x + (68 if x else 64), "text")):
            placed, _ = layout_runs(runs, 1e9, LINE)
            paint_placed(painter, left, base - (placed[0].baseline if placed else 0), placed, role)
        painter.setPen(look().color("text"))


class FactsPart(QWidget):
    """Shows a result; the text about the cell is separate, because it follows the pointer."""

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
        """Show the storage as another layout reads it, while that is pointed at; None: as the tensor reads it."""
        result = self._result
        if result is not None:
            shown = layout if layout is not None else result.layout
            self.strip.set_source(StripSource(shown, result.reader, result.scale, result.characters))

    def show_cell(self, where: tuple[Run, ...], held: tuple[Run, ...]) -> None:
        """Describe the pointed cell."""
        self.cell.set_content(where)
        self.bytes.set_content(held)
        self.strip.setAccessibleDescription(f"{plain(where)}. {plain(held)}" if held else plain(where))
