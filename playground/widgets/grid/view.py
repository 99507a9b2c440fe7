"""The grid's view: cell size, scroll position, and drawing.

The wheel chooses the zoom level, or it follows the view; scrolling is in whole cells, even beyond 2^31 rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QScrollBar, QSizePolicy, QWidget

from playground.models.evaluation.reader import TensorReader
from playground.widgets.grid.geometry import GridAxes, GridGeometry, Index, default_axes
from playground.widgets.grid.sheet import GridSheet, described, paint_selected_cell, paint_words
from playground.widgets.grid.style import (
    BAR,
    DIGITS,
    GLYPHS,
    LABEL_HEIGHT,
    LEVELS,
    SMALL_DIGITS,
    AxisLabel,
    GridHeat,
    GridMarks,
    GridPicture,
    LitRegion,
)
from playground.widgets.look import STALE, look, look_holder
from playground.widgets.text.badges import BADGE

_DIGIT = 7.2
_COMPACT_WIDTH = 28
_MAXIMUM_CHARACTERS = 24
LEAST_FACETS = 1


@dataclass(frozen=True, slots=True)
class CellSize:
    """A cell's size in pixels and the characters that fit into it."""

    width: int
    height: int
    characters: int


class GridZoom:
    """Holds the zoom level; None follows the size of the view."""

    def __init__(self, compact: bool) -> None:
        self.level: int | None = None
        self.compact = compact
        self.characters = 0

    def size(self, level: int) -> CellSize:
        """The cell size at a level: wide enough for the tensor's whole numbers."""
        plain = LEVELS[level]
        if not plain.characters:
            return CellSize(plain.width, plain.height, 0)
        characters, width = plain.characters, plain.width
        need = min(self.characters, _MAXIMUM_CHARACTERS)
        if self.compact and level <= DIGITS:
            characters = need or plain.characters
            width = max(_COMPACT_WIDTH, round(characters * _DIGIT) + 10)
        elif need > characters:
            characters, width = need, max(width, round(need * _DIGIT) + 12)
        return CellSize(width, plain.height, max(characters, need))

    def wanted(self, grid: GridView) -> CellSize:
        """The size that the grid would like, ignoring the available room."""
        if self.level is not None:
            return self.size(self.level)
        return self.size(SMALL_DIGITS if self.compact else DIGITS)

    def present_level(self, grid: GridView) -> int:
        """The level shown: the chosen one, or the largest with digits that fits; if none fits, the grid scrolls."""
        if self.level is not None:
            return self.level
        if self.compact:
            return SMALL_DIGITS
        if self._fits(DIGITS, grid):
            return DIGITS
        if grid.axes.facets:
            # Small multiples are meant to be seen together: they drop digits before they scroll.
            return next((level for level in range(SMALL_DIGITS, LEAST_FACETS, -1) if self._fits(level, grid)), GLYPHS)
        return SMALL_DIGITS

    def _fits(self, level: int, grid: GridView) -> bool:
        view, cell = grid.maximumViewportSize(), self.size(level)
        geometry = grid.geometry_for(cell, view.width(), view.height())
        high = geometry.top + geometry.total_rows * cell.height + 1 <= view.height()
        wide = geometry.left + geometry.total_columns * cell.width + geometry.right <= view.width()
        return high and wide

    def cell(self, grid: GridView) -> CellSize:
        """The size shown."""
        return self.size(self.present_level(grid))

    def turn(self, angle: int, grid: GridView, position: QPointF) -> None:
        """Zoom in (positive) or out, keeping the cell under the pointer where it is."""
        if angle:
            self.step(1 if angle > 0 else -1, grid, position)

    def step(self, by: int, grid: GridView, position: QPointF | None = None) -> None:
        """Move some levels up or down."""
        before = self.present_level(grid)
        level = max(0, min(len(LEVELS) - 1, before + by))
        if level == before:
            return
        point = position if position is not None else QPointF(0, 0)
        index = grid.index_at(point)
        self.level = level
        grid.refresh()
        if index is not None:
            grid.sheet.put(index, point)
        grid.updateGeometry()

    def key(self, event: QKeyEvent, grid: GridView) -> bool:
        """Ctrl and plus, minus or 0."""
        if not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            return False
        if event.key() in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.step(1, grid)
        elif event.key() == Qt.Key.Key_Minus:
            self.step(-1, grid)
        elif event.key() == Qt.Key.Key_0:
            self.level = None
            grid.refresh()
        else:
            return False
        return True


MAXIMUM_HINT = QSize(720, 420)
"""The most room that a grid asks for; what does not fit scrolls."""


def fitted_geometry(
    axes: GridAxes, cell: CellSize, view: tuple[int, int], first: tuple[int, int], *, headers: bool
) -> GridGeometry:
    """The geometry of a view of this width and height, scrolled to `first` row and column."""
    left = top = right = 1
    if axes.row_axis is not None:
        left += BAR
        if headers:
            left += 9 + max(BADGE, round(len(str(max(0, axes.rows - 1))) * _DIGIT))
    if axes.column_axis is not None and not axes.facets:
        top += BAR + (LABEL_HEIGHT if headers else 0)
        right += _beside(view[0] - 1 - left - axes.columns * cell.width, cell.width) if headers else 0
    title = BADGE + 6 + BAR + (LABEL_HEIGHT if headers else 0) if axes.facets else 0
    return GridGeometry(axes, cell.width, cell.height, left, top, *view, *first, right=right, title=title)


def _beside(spare: int, cell_width: int) -> int:
    """The room right of the columns for their axis's badge, which covers the last column rather than leave the view."""
    wanted, least = 12 + BADGE, max(0, BADGE + 8 - cell_width // 2)
    return spare if least <= spare < wanted else wanted


def hinted_size(geometry: GridGeometry) -> QSize:
    """Room for all cells and headers, up to the largest hint."""
    width = geometry.left + max(1, geometry.total_columns) * geometry.cell_width + geometry.right + 1
    height = geometry.top + max(1, geometry.total_rows) * geometry.cell_height + 1
    return QSize(min(width, MAXIMUM_HINT.width()), min(height, MAXIMUM_HINT.height()))


_BAR_LIMIT = 1_000_000_000
_ROWS_A_NOTCH = 3


class GridScroll:
    """The first visible row and column of the sheet."""

    def __init__(self, grid: GridView) -> None:
        self._grid = grid
        self.first = (0, 0)
        self._rest = [0.0, 0.0]
        self._setting = False

    def reset(self) -> None:
        """Scroll back to the first cell."""
        self.first = (0, 0)

    def last(self) -> tuple[int, int]:
        """The largest first row and column."""
        view = self._grid.maximumViewportSize()
        roomy = self._grid.geometry_for(self._grid.zoom.cell(self._grid), view.width(), view.height())
        if roomy.total_rows <= roomy.fitting_rows and roomy.total_columns <= roomy.fitting_columns:
            return 0, 0  # everything fits without scroll bars, even if they are visible now
        geometry = self._grid.present_geometry()
        return (
            max(0, geometry.total_rows - geometry.fitting_rows),
            max(0, geometry.total_columns - geometry.fitting_columns),
        )

    def update_ranges(self) -> None:
        """Set the scroll bars' ranges from sheet and view."""
        last = self.last()
        self.first = (min(self.first[0], last[0]), min(self.first[1], last[1]))
        geometry = self._grid.present_geometry()
        self._setting = True
        pages = (geometry.fitting_rows, geometry.fitting_columns)
        for bar, end, first, page in zip(self._bars(), last, self.first, pages, strict=True):
            scale = _bar_scale(end)
            bar.setRange(0, -(-end // scale))
            bar.setPageStep(max(1, page // scale))
            bar.setSingleStep(1)
            bar.setValue(-(-first // scale))
        self._setting = False

    def _bars(self) -> tuple[QScrollBar, QScrollBar]:
        return self._grid.verticalScrollBar(), self._grid.horizontalScrollBar()

    def take_bars(self) -> None:
        """Called when the user moves a scroll bar."""
        if self._setting:
            return
        first = [min(end, bar.value() * _bar_scale(end)) for bar, end in zip(self._bars(), self.last(), strict=True)]
        self.first = (first[0], first[1])

    def go(self, row: int, column: int) -> None:
        """Scroll so that a cell of the sheet is the first one, as far as the sheet allows."""
        last = self.last()
        self.first = (max(0, min(row, last[0])), max(0, min(column, last[1])))
        self.update_ranges()
        self._grid.viewport().update()

    def reveal(self, index: Index) -> None:
        """Scroll just enough to bring a cell into view."""
        geometry = self._grid.present_geometry()
        place = geometry.sheet_place(index)
        if place is None:
            return
        row, column = self.first
        row = min(row, place[0]) if place[0] < row else max(row, place[0] - geometry.fitting_rows + 1)
        column = min(column, place[1]) if place[1] < column else max(column, place[1] - geometry.fitting_columns + 1)
        if (row, column) != self.first:
            self.go(row, column)

    def put(self, index: Index, point: QPointF) -> None:
        """Scroll so that a cell lies under a point."""
        geometry = self._grid.present_geometry()
        place = geometry.sheet_place(index)
        if place is not None:
            row = place[0] - max(0, int(point.y() - geometry.top) // geometry.cell_height)
            column = place[1] - max(0, int(point.x() - geometry.left) // geometry.cell_width)
            self.go(row, column)

    def wheel(self, event: QWheelEvent) -> None:
        """Scroll; at the end of the sheet, leave the event to the parent."""
        geometry = self._grid.present_geometry()
        pixels, angle = event.pixelDelta(), event.angleDelta()
        if not pixels.isNull():
            moves = [pixels.y() / geometry.cell_height, pixels.x() / geometry.cell_width]
        else:
            notch = max(_ROWS_A_NOTCH, 60 // geometry.cell_height)
            moves = [angle.y() / 120 * notch, angle.x() / 120 * notch]
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and not moves[1]:
            moves = [0.0, moves[0]]
        steps = []
        for axis in (0, 1):
            self._rest[axis] += moves[axis]
            whole = int(self._rest[axis])
            self._rest[axis] -= whole
            steps.append(whole)
        if self.last() == (0, 0):
            event.ignore()
            return
        event.accept()
        self.go(self.first[0] - steps[0], self.first[1] - steps[1])


def _bar_scale(end: int) -> int:
    return max(1, -(-end // _BAR_LIMIT))


class GridView(QAbstractScrollArea):
    """The view of a grid: values with heat, headers in axis colours, and one selected cell."""

    pointed = Signal(object)
    """The full index under the pointer or the arrow keys; None when the pointer leaves."""

    chosen = Signal(object)
    """The full index of a cell that was clicked or on which Enter was pressed."""

    selection_changed = Signal(object)
    """`((start, stop), ...)` for each axis of the selected rectangle; None when there is none."""

    noticed = Signal(object)
    """A `Problem` to show, when there are too many cells to copy."""

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
        self._drawn = GridSheet()
        look_holder().changed.connect(self.viewport().update)

    @property
    def reader(self) -> TensorReader | None:
        """The source of the values."""
        return self._reader

    @property
    def axes(self) -> GridAxes:
        """Which axes are rows, columns and facets, and the indices of the others."""
        return self._axes

    @property
    def marks(self) -> GridMarks:
        """The current selection, highlighted regions, labels and stretched axes."""
        return self._marks

    def set_reader(self, reader: TensorReader | None, scale: float = 1.0, characters: int = 0) -> None:
        """Show a tensor; `scale` is the |value| with full heat, `characters` the longest whole number's length."""
        same_shape = reader is not None and reader.shape == self._axes.shape
        self._reader, self.heat.largest = reader, scale
        self._zoom.characters = characters or (11 if reader is not None and "complex" in reader.dtype else 0)
        self._drawn.forget()
        if not same_shape:
            self._axes = default_axes(reader.shape) if reader is not None else GridAxes()
            self.heat.limit = None
            self._begin_anew()
        self._changed_size()

    def set_placeholder(self, words: str) -> None:
        """The message shown when there is nothing to draw (too large, no result)."""
        self._placeholder = words
        self.viewport().update()

    def set_layout(
        self,
        row_axis: int | None,
        column_axis: int | None,
        fixed: Mapping[int, int] | None = None,
        facets: bool | tuple[int, ...] = False,
    ) -> None:
        """Choose the axes; the others are fixed at `fixed`, or the last two of them are drawn as small multiples."""
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
        self._begin_anew()
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
        """Frame regions in their colours and fade all other cells; without regions nothing fades."""
        self._marks.lit = tuple(regions)
        self.viewport().update()

    def set_lit_label(self, text: str) -> None:
        """Highlight the axes with this label; "" for none."""
        if text != self._marks.lit_label:
            self._marks.lit_label = text
            self.viewport().update()

    def set_hatched(self, axes: Iterable[int]) -> None:
        """Set the axes along which the tensor is stretched; cells that only repeat index 0 are hatched."""
        self._marks.stretched = frozenset(axes)
        self.viewport().update()

    def dim(self, dimmed: bool) -> None:
        """Dim the contents while a problem is shown above the last good result."""
        self._marks.dimmed = dimmed
        self.viewport().update()

    @property
    def sheet(self) -> GridScroll:
        """The scroll position."""
        return self._scroll

    @property
    def zoom(self) -> GridZoom:
        """The zoom."""
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
        """Lay out and paint again after a change of zoom or scroll position."""
        self._scroll.update_ranges()
        self.viewport().update()

    def picture(self) -> GridPicture:
        """The input of a paint."""
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
            self._paint_selection(painter, picture)
            paint_selected_cell(painter, picture)

    def _words_instead(self) -> str:
        if self._reader is not None and self._axes.empty:
            return f"0 elements: axis {self._axes.shape.index(0)} has size 0."
        return self._placeholder

    def describe(self, index: Index | None = None) -> None:
        """Tell assistive tools what is shown, or which cell."""
        self.setAccessibleDescription(described(self._reader, index) or self._placeholder)

    def index_at(self, position: QPointF) -> Index | None:
        """The element at a point of the viewport."""
        return self.present_geometry().index_at(position.x(), position.y())

    def reveal(self, index: Index) -> None:
        """Scroll a cell into view."""
        self._scroll.reveal(index)

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

    def _begin_anew(self) -> None:
        """Start again at the first cell, because other cells are shown."""
        self._scroll.reset()

    def _paint_selection(self, painter: QPainter, picture: GridPicture) -> None:
        """Paint nothing here: the interactive grid paints its selection."""
