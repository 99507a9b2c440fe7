"""Shows the storage as a strip of cells with its true contents: any length, only what is visible is read."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Slot
from PySide6.QtGui import (
    QPainter,
    QPaintEvent,
    QRegion,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QSizePolicy, QWidget

from playground.models.memory.layout import Layout
from playground.models.memory.readers import count_readers
from playground.widgets.common.look import code_font, look, look_holder
from playground.widgets.common.painting import RADIUS_CONTROL, paint_box, text_width
from playground.widgets.memory.strip_layout import CELL, ROW, StripLayout, fit_columns, touched_cells
from playground.widgets.memory.strip_legend import StripLegend
from playground.widgets.memory.strip_painter import StripMarks, StripSource, axis_jumps, paint_cells, paint_jumps

SHOWN_ROWS = 5
BAR_LIMIT = 1_000_000_000
BAR_WIDTH = 10
FOCUS = 4
"""Pixels between what is drawn and the frame of the focus."""


class StripView(QAbstractScrollArea):
    """Cells in order, wrapped; lit where the tensor reads them, with the number of readers where they are several."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("storage, cell by cell")
        self._source: StripSource | None = None
        self._marks = StripMarks()
        self._legend = StripLegend()
        self._strip = StripLayout(0, 1, CELL)
        self._placeholder = ""
        self._anchor = 0
        self._placed_size = QSize()
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        look_holder().changed.connect(self._on_look_changed)

    # What is shown

    @property
    def marks(self) -> StripMarks:
        """What is marked."""
        return self._marks

    @property
    def strip(self) -> StripLayout:
        """Where the cells stand."""
        return self._strip

    @property
    def _tensor(self) -> Layout | None:
        return self._source.tensor if self._source is not None else None

    def set_source(self, source: StripSource) -> None:
        """Show the storage of a tensor; no reader means that its contents are not computed."""
        tensor, before = source.tensor, self._tensor
        moved = before is None or (tensor.offset, tensor.storage_bytes, tensor.itemsize) != (
            before.offset,
            before.storage_bytes,
            before.itemsize,
        )
        self._source = source
        self._placeholder = "" if tensor.storage_cells else "The storage is empty: 0 B."
        if moved:
            self._anchor = tensor.offset
        self._place_cells()

    def clear(self, words: str) -> None:
        """Show nothing but a sentence."""
        self._source, self._placeholder = None, words
        self._place_cells()

    def set_marks(self, marks: StripMarks) -> None:
        """Mark other cells; scrolls nothing."""
        before, self._marks = self._marks, marks
        if marks.as_bytes != before.as_bytes:
            self._place_cells()
        if replace(marks, pointed=None) == replace(before, pointed=None) and not self._legend.is_pointed:
            for cell in (before.pointed, marks.pointed):
                if cell is not None:
                    self.viewport().update(self._strip.area(cell))
        else:
            self.viewport().update()

    def reveal(self, cell: int) -> None:
        """Scroll as little as brings a cell into view."""
        row = cell // self._strip.columns
        rows = self._strip.fitting_rows(self.viewport().height())
        if row < self._strip.first_row:
            self._go_to_row(row)
        elif row >= self._strip.first_row + rows:
            self._go_to_row(row - rows + 1)

    def _cell_width(self) -> int:
        if self._source is None:
            return CELL
        tensor = self._source.tensor
        if self._marks.as_bytes:
            characters = 3 * tensor.itemsize - 1
        else:
            characters = self._source.characters + (tensor.overlap is not False)
        return max(CELL, round(characters * text_width(code_font(), "0")) + 10)

    def _place_cells(self) -> None:
        tensor, columns = self._tensor, self._strip.columns
        if tensor is None:
            self._strip = StripLayout(0, 1, CELL)
        else:
            self._strip = self._placed(tensor, self.width())
            if self._strip.rows > SHOWN_ROWS:
                self._strip = self._placed(tensor, self.width() - BAR_WIDTH)
        long = self._strip.rows > SHOWN_ROWS
        policies = Qt.ScrollBarPolicy.ScrollBarAlwaysOff, Qt.ScrollBarPolicy.ScrollBarAlwaysOn
        self.setVerticalScrollBarPolicy(policies[long])
        self._legend.set_tensor(tensor)
        bar = self.verticalScrollBar()
        last = max(0, self._strip.rows - self._strip.fitting_rows(self.viewport().height()))
        first = min(self._anchor // self._strip.columns, last)
        bar.blockSignals(True)
        bar.setRange(0, -(-last // self._bar_scale()))
        bar.setPageStep(SHOWN_ROWS)
        bar.setValue(first // self._bar_scale())
        bar.blockSignals(False)
        self._strip = replace(self._strip, first_row=first)
        if columns != self._strip.columns and self._marks.pointed is not None:
            self.reveal(self._marks.pointed)
        self.updateGeometry()
        self.viewport().update()

    def _placed(self, tensor: Layout, room: int) -> StripLayout:
        width = min(self._cell_width(), max(CELL, room - 8))
        cells = tensor.storage_cells + (self._source.beyond if self._source is not None else 0)
        columns = fit_columns(room, width, cells, tensor.strides)
        if cells > columns:
            width = min((room - 8) // columns, width * 3 // 2)
        moves = any(n > 1 and s > 0 for n, s in zip(tensor.shape, tensor.strides, strict=True))
        arc_row = tensor.offset // columns if moves and tensor.elements else -1
        return StripLayout(cells, columns, width, 0, arc_row)

    def _bar_scale(self) -> int:
        return max(1, -(-self._strip.rows // BAR_LIMIT))

    def _go_to_row(self, row: int) -> None:
        last = max(0, self._strip.rows - self._strip.fitting_rows(self.viewport().height()))
        row = max(0, min(row, last))
        self._strip = replace(self._strip, first_row=row)
        self._anchor = row * self._strip.columns
        bar = self.verticalScrollBar()
        bar.blockSignals(True)
        bar.setValue(row // self._bar_scale())
        bar.blockSignals(False)
        self.viewport().update()

    @Slot(int)
    def _on_scrolled(self, value: int) -> None:
        self._go_to_row(value * self._bar_scale())

    @Slot()
    def _on_look_changed(self) -> None:
        self.viewport().update()

    # Sizes

    def sizeHint(self) -> QSize:
        if self._tensor is None or not self._strip.cells:
            return QSize(320, 28)
        height = self._strip.height() - max(0, self._strip.rows - SHOWN_ROWS) * ROW
        return QSize(320, height + FOCUS)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.size() != self._placed_size:
            self._placed_size = self.size()
            self._place_cells()

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self.viewport()) as painter:
            area = QRectF(self.viewport().rect())
            self._paint_into(painter, area, self._strip, event.region())
            if self.hasFocus() and self.window().isActiveWindow():
                paint_box(painter, area, None, look().color("accent"), RADIUS_CONTROL, width=2)

    def _paint_into(self, painter: QPainter, area: QRectF, strip: StripLayout, region: QRegion | None = None) -> None:
        """Paint the visible cells, of them only those that touch `region` where one is given."""
        source = self._source
        if source is None or not strip.cells:
            painter.setPen(look().color("text2"))
            painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, self._placeholder)
            return
        visible = strip.visible(area.height())
        marks = replace(self._marks, steps=self._legend.steps(self._marks.pointed, visible))
        for cells in touched_cells(strip, visible, region):
            paint_cells(painter, strip, cells, source, marks)
        if strip.has_arcs:
            right = strip.rect(strip.columns - 1).right()
            jumps = axis_jumps(source.tensor, strip)
            highest = self._legend.paint(painter, strip, jumps, area.width() - FOCUS)
            paint_jumps(painter, strip, jumps, right, highest)
        self.paint_over(painter, strip)

    def paint_over(self, painter: QPainter, strip: StripLayout) -> None:
        """What a subclass paints above the cells."""

    # Pictures: what an exporter asks

    def plot_name(self) -> str:
        """What the picture's file is called."""
        return "storage"

    def paint_plot(self, painter: QPainter, rect: QRectF) -> None:
        """Draw what is visible into a rectangle of any device."""
        painter.save()
        painter.translate(rect.topLeft())
        painter.fillRect(QRectF(QPointF(0, 0), rect.size()), look().color("panel"))
        self._paint_into(painter, QRectF(self.viewport().rect()), self._strip)
        painter.restore()

    def plot_columns(self) -> dict[str, list[object]]:
        """The visible cells as numbers: cell, how many elements read it, its value."""
        cells = self._strip.visible(self.viewport().height())
        columns: dict[str, list[object]] = {"cell": list(cells)}
        if self._source is not None and len(cells):
            tensor, reader = self._source.tensor, self._source.reader
            where = tensor.shape, tensor.strides, tensor.offset
            columns["readers"] = count_readers(*where, cells.start, cells.stop).tolist()
            if reader is not None:
                columns["value"] = [reader.text(cell) for cell in cells]
        return columns
