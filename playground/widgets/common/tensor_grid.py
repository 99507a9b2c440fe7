"""The grid of values: any rank, any size, any dtype; it reads and draws what is visible and nothing else.

grid = TensorGrid("grid of B")
grid.set_reader(TensorReader(tensor), scale=summary.largest, characters=summary.characters)
grid.set_layout(0, 1)                     # rows are axis 0, columns axis 1
grid.set_axes((AxisLabel("i", 0), AxisLabel("j", 1)))
grid.pointed.connect(self._on_pointed)    # full index, or None when the pointer left
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from PySide6.QtCore import QEvent, QPointF, QSize, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QSizePolicy, QWidget

from playground.models.tensors.window import TensorReader
from playground.widgets.common.grid_copy import GridCopy
from playground.widgets.common.grid_geometry import GridAxes, GridGeometry, Index, default_axes
from playground.widgets.common.grid_hand import GridHand
from playground.widgets.common.grid_heat import GridHeat
from playground.widgets.common.grid_measure import MAXIMUM_HINT, fitted_geometry, hinted_size
from playground.widgets.common.grid_picture import GridPicture
from playground.widgets.common.grid_scroll import GridScroll
from playground.widgets.common.grid_sheet import GridSheet, described, paint_selected_cell, paint_words
from playground.widgets.common.grid_style import AxisLabel, GridMarks, LitRegion
from playground.widgets.common.grid_zoom import CellSize, GridZoom
from playground.widgets.common.look import STALE, look, look_holder


class TensorGrid(QAbstractScrollArea):
    """Values with heat, headers in axis colours, and one selected cell."""

    pointed = Signal(object)
    """The full index under the pointer or the arrow keys; None when the pointer left."""

    chosen = Signal(object)
    """The full index of a cell that was clicked or on which Enter was pressed."""

    selection_changed = Signal(object)
    """`((start, stop), ...)` for each axis of the selected rectangle; None when there is none."""

    noticed = Signal(object)
    """A `Problem` to show: cells that are too many to copy."""

    def __init__(
        self, name: str = "values", *, headers: bool = True, compact: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setProperty("paintsFocus", True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.viewport().setMouseTracking(True)
        self.setAccessibleName(name)
        self._headers = headers
        self._reader: TensorReader | None = None
        self.heat = GridHeat()
        self._axes = GridAxes()
        self._marks = GridMarks()
        self._placeholder = ""
        self._zoom = GridZoom(compact)
        self._scroll = GridScroll(self)
        self._hand = GridHand(self)
        self._copy = GridCopy(self)
        self._drawn = GridSheet()
        look_holder().changed.connect(self.viewport().update)

    @property
    def reader(self) -> TensorReader | None:
        """What the values are read from."""
        return self._reader

    @property
    def axes(self) -> GridAxes:
        """Which axes are rows, columns, facets, and where the others stand."""
        return self._axes

    @property
    def marks(self) -> GridMarks:
        """Selection, lit regions, labels and stretched axes as shown."""
        return self._marks

    def set_reader(self, reader: TensorReader | None, scale: float = 1.0, characters: int = 0) -> None:
        """Show a tensor; `scale` is the |value| with full heat, `characters` of the longest whole number (0: none)."""
        same_shape = reader is not None and reader.shape == self._axes.shape
        self._reader, self.heat.largest = reader, scale
        self._zoom.characters = characters or (11 if reader is not None and "complex" in reader.dtype else 0)
        self._drawn.forget()
        if not same_shape:
            self._axes = default_axes(reader.shape) if reader is not None else GridAxes()
            self.heat.limit = None
            self._hand.reset()
            self._scroll.reset()
        self._changed_size()

    def set_placeholder(self, words: str) -> None:
        """What is said where there is nothing to draw (too large, no result)."""
        self._placeholder = words
        self.viewport().update()

    def set_layout(
        self,
        row_axis: int | None,
        column_axis: int | None,
        fixed: Mapping[int, int] | None = None,
        facets: bool | tuple[int, ...] = False,
    ) -> None:
        """Choose the axes; the others stand at `fixed`, or the last two of them are drawn as small multiples."""
        shape = self._axes.shape
        others = tuple(axis for axis in range(len(shape)) if axis not in (row_axis, column_axis))
        shown = facets if isinstance(facets, tuple) else others[-2:] if facets else ()
        axes = GridAxes(shape, row_axis, column_axis, tuple(sorted((fixed or {}).items())), shown)
        if axes == self._axes:
            return
        moved_only = replace(axes, fixed=()) == replace(self._axes, fixed=())
        self._axes = axes
        self._drawn.forget()
        if moved_only:
            self.viewport().update()
            return
        self._hand.reset()
        self._scroll.reset()
        self._changed_size()

    def set_axes(self, labels: Iterable[AxisLabel]) -> None:
        """Badge text and colour of each axis; the axis numbers unless set."""
        self._marks.labels = tuple(labels)
        self.viewport().update()

    def set_selected(self, index: Index | None) -> None:
        """Outline one cell."""
        if index != self._marks.selected:
            self._marks.selected = index
            self.viewport().update()

    def set_lit(self, regions: Iterable[LitRegion]) -> None:
        """Frame regions in their colours and fade all other cells; none: nothing fades."""
        self._marks.lit = tuple(regions)
        self.viewport().update()

    def set_lit_label(self, text: str) -> None:
        """Let the axes with this label stand out; "" none."""
        if text != self._marks.lit_label:
            self._marks.lit_label = text
            self.viewport().update()

    def set_hatched(self, axes: Iterable[int]) -> None:
        """Axes along which the tensor is stretched: what only repeats index 0 is hatched."""
        self._marks.stretched = frozenset(axes)
        self.viewport().update()

    def dim(self, dimmed: bool) -> None:
        """Pale, while a problem stands above the last good result."""
        self._marks.dimmed = dimmed
        self.viewport().update()

    @property
    def selection(self) -> tuple[tuple[int, int], ...] | None:
        """Start and stop on each axis of the selected rectangle."""
        return self._hand.region()

    @property
    def sheet(self) -> GridScroll:
        """Where the sheet is scrolled to."""
        return self._scroll

    @property
    def zoom(self) -> GridZoom:
        """How large cells are."""
        return self._zoom

    def geometry_for(self, cell: CellSize, width: int, height: int) -> GridGeometry:
        """The geometry of a view of this size with cells of that size, scrolled as now."""
        return fitted_geometry(self._axes, cell, (width, height), self._scroll.first, headers=self._headers)

    def present_geometry(self) -> GridGeometry:
        """The geometry as drawn."""
        view = self.viewport().size()
        return self.geometry_for(self._zoom.cell(self), view.width(), view.height())

    def sizeHint(self) -> QSize:
        cell = self._zoom.wanted(self)
        return hinted_size(self.geometry_for(cell, MAXIMUM_HINT.width(), MAXIMUM_HINT.height()))

    def minimumSizeHint(self) -> QSize:
        return QSize(64, 48)

    def _changed_size(self) -> None:
        self._scroll.update_ranges()
        self.updateGeometry()
        self.describe()
        self.viewport().update()

    def refresh(self) -> None:
        """Lay out and paint again: zoom or scroll changed."""
        self._scroll.update_ranges()
        self.viewport().update()

    def picture(self) -> GridPicture:
        """What a paint draws from."""
        cell = self._zoom.cell(self)
        return GridPicture(self.present_geometry(), self._marks, self.heat.scale, cell.characters, self._headers)

    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self.viewport()) as painter:
            painter.fillRect(self.viewport().rect(), look().color("panel"))
            if self._reader is None or self._axes.empty or self._axes.shape != self._reader.shape:
                paint_words(painter, self.viewport().rect(), self._words_instead())
                return
            if self._marks.dimmed:
                painter.setOpacity(STALE)
            picture = self.picture()
            self._drawn.paint(painter, picture, self._reader)
            self._hand.paint(painter, picture)
            paint_selected_cell(painter, picture)

    def _words_instead(self) -> str:
        if self._reader is not None and self._axes.empty:
            return f"0 elements: axis {self._axes.shape.index(0)} has size 0."
        return self._placeholder

    def describe(self, index: Index | None = None) -> None:
        """Say to assistive tools what is shown, or which cell."""
        self.setAccessibleDescription(described(self._reader, index) or self._placeholder)

    def index_at(self, position: QPointF) -> Index | None:
        """The element at a point of the viewport."""
        return self.present_geometry().index_at(position.x(), position.y())

    def reveal(self, index: Index) -> None:
        """Scroll a cell into view."""
        self._scroll.reveal(index)

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            self._hand.show_tooltip(event)
            return True
        return super().viewportEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hand.move(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._hand.press(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._hand.release(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._hand.leave()
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._hand.key(event) and not self._copy.key(event) and not self._zoom.key(event, self):
            event.ignore()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self._copy.open_menu(event.globalPos(), self.index_at(QPointF(event.pos())))

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._zoom.turn(event.angleDelta().y(), self, event.position())
            event.accept()
        else:
            self._scroll.wheel(event)

    def scrollContentsBy(self, _dx: int, _dy: int) -> None:
        self._scroll.take_bars()
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._scroll.update_ranges()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._marks.focused = True
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._marks.focused = False
        self.viewport().update()
