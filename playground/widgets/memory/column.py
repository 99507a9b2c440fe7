"""All parts of the Memory panel below its title, in one scrolling column."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from playground.models.memory.aliasing import WriteEffect
from playground.models.memory.request import MemoryResult
from playground.models.problem import Problem
from playground.widgets.controls.dim_overlay import DimOverlay
from playground.widgets.controls.fix_button import FixButton
from playground.widgets.controls.problem_banner import ProblemBanner
from playground.widgets.controls.section import Hairline
from playground.widgets.memory.bits import BitsPart
from playground.widgets.memory.facts import FactsPart
from playground.widgets.memory.part import FoldingPart
from playground.widgets.memory.steps import StepsPart, file_rows, numpy_rows, sharing_rows
from playground.widgets.memory.strided import StridedPart
from playground.widgets.memory.view import ViewPart
from playground.widgets.memory.write import WritePart
from playground.widgets.painting import fill_background
from playground.widgets.text.table import RowTable

WIDE = 1e9
AT_LEFT = 3
TWO_COLUMNS = 640
"""From this width on, in pixels, the parts are in two columns."""


class MemoryColumn(QScrollArea):
    """Facts, storage, who shares it, steps, view, write; below them the parts that are initially collapsed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.verticalScrollBar().rangeChanged.connect(self._on_range_changed)
        self.banner = ProblemBanner()
        self.facts = FactsPart()
        self.sharing = FoldingPart("On this storage")
        self.sharing_table = RowTable("tensors on this storage", stretch=2, least=WIDE)
        self.sharing_table.setObjectName("memory.sharing")
        self.sharing_table.set_choosable(True)
        self.sharing.add(self.sharing_table)
        self.steps = StepsPart()
        self.view = ViewPart()
        self.write = WritePart()
        self.bits = BitsPart()
        self.strided = StridedPart()
        self.files = FoldingPart("Files", folds=True)
        self.files_table = RowTable("what saving costs", stretch=1, header=("format", "bytes"))
        self.files_table.setObjectName("memory.files")
        self.files_table.set_choosable(True)
        self.files.add(self.files_table)
        self.numpy = FoldingPart("torch and numpy", folds=True)
        self.numpy_table = RowTable("torch and numpy side by side", stretch=2, header=("", "torch", "numpy"))
        self.numpy_table.setObjectName("memory.numpy")
        self.numpy.add(self.numpy_table)
        self._parts: tuple[QWidget, ...] = (self.facts, self.sharing, self.steps, self.view, self.write)
        self._parts += (self.bits, self.strided, self.files, self.numpy)
        self.setWidget(self._content())

    def _content(self) -> QWidget:
        content = QWidget()
        fill_background(content, "panel")
        self.body = QWidget()
        outer = QVBoxLayout(content)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self.banner)
        outer.addWidget(self.body)
        outer.addStretch(1)
        self._columns = QWidget(), QWidget()
        self._divider = Hairline(vertical=True)
        row = QHBoxLayout(self.body)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for widget in (self._columns[0], self._divider, self._columns[1]):
            row.addWidget(widget)
        row.setStretch(0, 1)
        row.setStretch(2, 1)
        self._layouts = tuple(QVBoxLayout(column) for column in self._columns)
        for layout in self._layouts:
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setSpacing(0)
            layout.addStretch(1)
        self._lines: list[Hairline] = []
        self._is_wide: bool | None = None
        self._arrange(wide=False)
        self.veil = DimOverlay(self.body)
        self.body.hide()
        return content

    def _arrange(self, wide: bool) -> None:
        """One column, or two side by side: facts on the left, actions on the right."""
        if wide == self._is_wide:
            return
        self._is_wide = wide
        for layout in self._layouts:
            for widget in (*self._lines, *self._parts):
                layout.removeWidget(widget)
        for line in self._lines:
            line.hide()
            line.deleteLater()
        self._lines = []
        first, second = self._parts[:AT_LEFT], self._parts[AT_LEFT:]
        groups = (first, second) if wide else ((*first, *second), ())
        for column, layout, parts in zip(self._columns, self._layouts, groups, strict=True):
            for place, part in enumerate(parts):
                if place:
                    self._lines.append(Hairline())
                    layout.insertWidget(layout.count() - 1, self._lines[-1])
                layout.insertWidget(layout.count() - 1, part)
            column.setVisible(bool(parts))
        self._divider.setVisible(wide)

    @Slot(int, int)
    def _on_range_changed(self, first: int, last: int) -> None:
        """Keep the scroll bar's place, so that nothing jumps; hide its handle when there is nothing to scroll."""
        self.verticalScrollBar().setEnabled(last > first)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._arrange(wide=event.size().width() >= TWO_COLUMNS)
        super().resizeEvent(event)

    def show_result(self, result: MemoryResult) -> None:
        """Show everything but the pointed cell."""
        self.body.show()
        self.veil.hide()
        self.banner.set_problem(result.warning)
        self.facts.show_result(result)
        self.show_sharing(result, result.write)
        self.steps.show_result(result)
        self.view.show_result(result)
        self.write.show_result(result)
        self.strided.show_result(result)
        self.files_table.set_rows(file_rows(result.files))
        self.numpy_table.set_rows(numpy_rows(result.numpy_rows))
        self._allow_fixes(True)

    def _allow_fixes(self, allowed: bool) -> None:
        """Disable offers for a result that is out of date."""
        for button in self.body.findChildren(FixButton):
            button.setEnabled(allowed)

    def show_sharing(self, result: MemoryResult, write: WriteEffect | None) -> None:
        """Show the tensors on the storage, and what a write would change while it is previewed."""
        shown = write if self.write.button.isChecked() else None
        self.sharing_table.set_rows(sharing_rows(result.sharing, result.name, shown))

    def show_write(self, result: MemoryResult, write: WriteEffect | None) -> None:
        """Show what writing another element would change."""
        self.write.show_effect(write)
        self.show_sharing(result, write)

    def show_problem(self, problem: Problem, keeps_result: bool) -> None:
        """Show a problem above the last good result, if any, dimmed."""
        self.banner.set_problem(problem)
        self._allow_fixes(False)
        self.body.setVisible(keeps_result)
        self.veil.setVisible(keeps_result)
