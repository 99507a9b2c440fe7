"""A storage as a strip of cells with its true contents; supports pointing, arrow keys, scrolling and export.

Any length works: only visible cells are read.
"""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QRegion,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QMenu, QSizePolicy, QWidget

from playground.models.memory.layout import Layout
from playground.models.memory.readers import count_readers, elements_of_cell
from playground.widgets.look import code_font, look, look_holder
from playground.widgets.memory.strip_layout import ARC_ROOM, CELL, LEFT, ROW, StripLayout, fit_columns, touched_cells
from playground.widgets.memory.strip_painter import Jump, StripMarks, StripSource, axis_jumps, paint_cells, paint_jumps
from playground.widgets.painting import RADIUS_CONTROL, baseline, paint_box, paint_text, text_width
from playground.widgets.text.badges import BADGE, badge_width, paint_axis_badge

_GAP = 6
_BETWEEN = 12
_STACKED = 2
_MOST = 8
HIGH, LOW = 32.0, 18.0


class StripLegend:
    """The strides as `[0] +4  [1] +1`: stacked to the right of the arrows if there is room, otherwise in one line."""

    def __init__(self) -> None:
        self._tensor: Layout | None = None
        self._places: list[tuple[int, QRectF]] = []
        self._axis: int | None = None

    def set_tensor(self, tensor: Layout | None) -> None:
        """Show the strides of this tensor."""
        self._tensor = tensor
        self._places = []

    def point(self, point: QPointF | None) -> bool:
        """Follow the pointer; True if it moved to another axis."""
        axis = next((a for a, rect in self._places if point is not None and rect.contains(point)), None)
        changed = axis != self._axis
        self._axis = axis
        return changed

    @property
    def is_pointed(self) -> bool:
        """True if an axis is pointed at, which marks its cells."""
        return self._axis is not None

    def steps(self, pointed: int | None, cells: range) -> dict[int, int]:
        """The visible cells along the pointed axis, through the pointed cell (or the first element)."""
        tensor, axis = self._tensor, self._axis
        if tensor is None or axis is None or axis >= len(tensor.shape) or not tensor.strides[axis]:
            return {}
        where = tensor.shape, tensor.strides, tensor.offset
        found = elements_of_cell(*where, pointed, 1) if pointed is not None else ()
        index = found[0] if found else (0,) * len(tensor.shape)
        stride = tensor.strides[axis]
        base = tensor.offset + sum(
            i * s for d, (i, s) in enumerate(zip(index, tensor.strides, strict=True)) if d != axis
        )
        first = max(0, -(-(cells.start - base) // stride))
        last = min(tensor.shape[axis] - 1, (cells.stop - 1 - base) // stride)
        return {base + step * stride: axis for step in range(first, last + 1)}

    def paint(self, painter: QPainter, strip: StripLayout, jumps: list[Jump], width: float) -> float:
        """Paint the badges above the row where the arrows start; returns the maximum height of the arrows."""
        if self._tensor is None:
            return LOW
        axes = [axis for axis, size in enumerate(self._tensor.shape) if size > 1][:_MOST]
        top = strip.row_top(strip.arc_row) - ARC_ROOM
        widths = [badge_width(str(axis)) + _GAP + text_width(code_font(), self._words(axis)) for axis in axes]
        right = min(width - 2, max(strip.rect(strip.columns - 1).right(), LEFT + 312.0))
        occupied = max((strip.rect(jump.stop).right() for jump in jumps if not jump.leaves), default=0.0)
        self._places = []
        if len(axes) <= _STACKED and not any(jump.leaves for jump in jumps):
            x = right - max(widths, default=0.0)
            if x > occupied - strip.cell_width / 2 + 4:
                for line, axis in enumerate(reversed(axes)):
                    self._paint_axis(painter, axis, x, top + line * (BADGE + 2))
                return HIGH
        x = right - sum(widths) - _BETWEEN * (len(widths) - 1)
        for axis, wide in zip(axes, widths, strict=True):
            self._paint_axis(painter, axis, max(LEFT, x), top)
            x += wide + _BETWEEN
        return LOW

    def _words(self, axis: int) -> str:
        stride = self._tensor.strides[axis] if self._tensor is not None else 0
        return f"+{stride}" if stride else "+0 stays"

    def _paint_axis(self, painter: QPainter, axis: int, x: float, y: float) -> None:
        font, words = code_font(), self._words(axis)
        rect = QRectF(x, y, badge_width(str(axis)) + _GAP + text_width(font, words), BADGE)
        painter.fillRect(rect.adjusted(-2, 0, 2, 0), look().color("hover" if axis == self._axis else "panel"))
        wide = paint_axis_badge(painter, x, y, axis)
        paint_text(painter, x + wide + _GAP, baseline(rect, font), words, font, color=look().color("text"))
        self._places.append((axis, rect))


SHOWN_ROWS = 5
BAR_LIMIT = 1_000_000_000
BAR_WIDTH = 10
FOCUS = 4
"""Pixels between the drawing and the focus frame."""


class StripView(QAbstractScrollArea):
    """Cells in order, wrapped; highlighted if the tensor reads them, with the number of readers if several."""

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

    # Content

    @property
    def marks(self) -> StripMarks:
        """The current marks."""
        return self._marks

    @property
    def strip(self) -> StripLayout:
        """The layout of the cells."""
        return self._strip

    @property
    def _tensor(self) -> Layout | None:
        return self._source.tensor if self._source is not None else None

    def set_source(self, source: StripSource) -> None:
        """Show the storage of a tensor; without a reader its contents are not computed."""
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
        """Show only a sentence."""
        self._source, self._placeholder = None, words
        self._place_cells()

    def set_marks(self, marks: StripMarks) -> None:
        """Mark other cells, without scrolling."""
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
        """Scroll just enough to bring a cell into view."""
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
        """Paint the visible cells, or only those that touch `region` if one is given."""
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
        """A hook for subclasses to paint above the cells."""

    # Pictures: the exporter's interface

    def plot_name(self) -> str:
        """The picture's default file name."""
        return "storage"

    def paint_plot(self, painter: QPainter, rect: QRectF) -> None:
        """Draw the visible part into a rectangle on any device."""
        painter.save()
        painter.translate(rect.topLeft())
        painter.fillRect(QRectF(QPointF(0, 0), rect.size()), look().color("panel"))
        self._paint_into(painter, QRectF(self.viewport().rect()), self._strip)
        painter.restore()

    def plot_columns(self) -> dict[str, list[object]]:
        """The visible cells as rows: cell, number of elements that read it, value."""
        cells = self._strip.visible(self.viewport().height())
        columns: dict[str, list[object]] = {"cell": list(cells)}
        if self._source is not None and len(cells):
            tensor, reader = self._source.tensor, self._source.reader
            where = tensor.shape, tensor.strides, tensor.offset
            columns["readers"] = count_readers(*where, cells.start, cells.stop).tolist()
            if reader is not None:
                columns["value"] = [reader.text(cell) for cell in cells]
        return columns


class StorageStrip(StripView):
    """A strip that emits the pointed cell and the chosen cell."""

    cell_pointed = Signal(object)
    """The cell under the pointer or the arrow keys; None when the pointer leaves."""

    cell_chosen = Signal(object)
    """The cell that was clicked or on which Enter was pressed."""

    export_asked = Signal()
    """The menu's "Export picture"."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setProperty("paintsFocus", True)
        self.viewport().setMouseTracking(True)
        self._wheel_rest = 0.0

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._legend.point(event.position()):
            self.viewport().update()
        self.cell_pointed.emit(self._strip.at(event.position()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self._strip.at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and cell is not None:
            self.cell_chosen.emit(cell)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        if self._legend.point(None):
            self.viewport().update()
        self.cell_pointed.emit(None)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self._strip.rows <= self._strip.fitting_rows(self.viewport().height()):
            event.ignore()
            return
        self._wheel_rest -= event.angleDelta().y() / 120 * 2
        rows = int(self._wheel_rest)
        self._wheel_rest -= rows
        before = self._strip.first_row
        self._go_to_row(before + rows)
        event.setAccepted(self._strip.first_row != before or rows == 0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        columns = self._strip.columns
        page = columns * self._strip.fitting_rows(self.viewport().height())
        start = self._tensor.offset if self._tensor is not None else 0
        here = self._marks.pointed
        steps = {
            Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -columns, Qt.Key.Key_Down: columns,
            Qt.Key.Key_PageUp: -page, Qt.Key.Key_PageDown: page,
        }  # fmt: skip
        key = Qt.Key(event.key())
        if not self._strip.cells:
            super().keyPressEvent(event)
        elif key in steps:
            target = start if here is None else here + steps[key]
            self._walk_to(max(0, min(self._strip.cells - 1, target)))
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self._walk_to(0 if key == Qt.Key.Key_Home else self._strip.cells - 1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and here is not None:
            self.cell_chosen.emit(here)
        else:
            super().keyPressEvent(event)

    def _walk_to(self, cell: int) -> None:
        self.reveal(cell)
        self.cell_pointed.emit(cell)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        menu.addAction("Export picture…").triggered.connect(self._on_export_chosen)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(event.globalPos())

    @Slot()
    def _on_export_chosen(self) -> None:
        self.export_asked.emit()
