"""One tensor of the equation: name and shape, its grid, and the indices of the axes that the grid does not show."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QSize, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from playground.models.einsum.labels import Label
from playground.models.einsum.terms import Index, Region
from playground.models.evaluation.reader import TensorReader
from playground.widgets.code.marks import lit_run
from playground.widgets.controls.number_box import NumberBox
from playground.widgets.controls.tooltip import set_tooltip
from playground.widgets.grid.style import SMALL_DIGITS, AxisLabel, LitRegion
from playground.widgets.grid.tensor_grid import TensorGrid
from playground.widgets.text.badges import AxisBadge
from playground.widgets.text.labels import RunsLabel
from playground.widgets.text.runs import Run, shape_runs

BOX_WIDTH = 46


class SliceBox(QWidget):
    """`moved(axis, place)` when another slice is chosen."""

    moved = Signal(int, int)

    def __init__(self, axis: int, colour: int, letter: str, size: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.axis = axis
        self.box = NumberBox(0, 0, max(0, size - 1), name=f"index along {letter}")
        self.box.setFixedWidth(BOX_WIDTH)
        self.box.setObjectName(f"einsum.slice.{axis}")
        set_tooltip(self.box, f"Which slice along {letter} is shown, 0 to {max(0, size - 1)}")
        self.box.changed.connect(self._on_changed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(AxisBadge(colour, letter))
        row.addWidget(self.box)

    @Slot(object)
    def _on_changed(self, place: object) -> None:
        self.moved.emit(self.axis, int(place))  # type: ignore[call-overload]


class SliceBar(QWidget):
    """`moved(axis, place)`; hidden if the grid shows all axes."""

    moved = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(8)
        self._boxes: list[SliceBox] = []
        self._shown: tuple[tuple[int, int, str, int], ...] = ()
        self.hide()

    def set_axes(self, axes: tuple[tuple[int, int, str, int], ...]) -> None:
        """One box for each `(axis, colour, letter, size)`."""
        if axes == self._shown:
            return
        self._shown = axes
        for box in self._boxes:
            self._row.removeWidget(box)
            box.hide()
            box.deleteLater()
        self._boxes = [SliceBox(*one, parent=self) for one in axes]
        for box in self._boxes:
            box.moved.connect(self.moved)
            self._row.addWidget(box)
            box.show()
        self.setVisible(bool(axes))

    def set_places(self, index: tuple[int, ...]) -> None:
        """Show the index of each axis."""
        for box in self._boxes:
            if box.axis < len(index):
                box.box.set_value(index[box.axis])


MAXIMUM_REGIONS = 400
MAXIMUM_FACETS = 2
LEAST_WIDTH, MOST_WIDTH = 100, 340
"""The most width that a grid asks for, in pixels; a wider one scrolls."""

CAPTION_INDENT = 24
SCROLL_BAR = 12


class TensorColumn(QWidget):
    """`pointed(number, index)` as for the grid; `moved(axis, place)` when another slice of a result is chosen."""

    pointed = Signal(int, object)
    moved = Signal(int, int)

    def __init__(self, name: str, number: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._number = number
        self.caption = RunsLabel(wrap=False)
        self.grid = TensorGrid(name)
        self.slices = SliceBar()
        self.slices.moved.connect(self._on_moved)
        self.grid.pointed.connect(self._on_pointed)
        top = QHBoxLayout()
        top.setContentsMargins(CAPTION_INDENT, 0, 0, 0)
        top.setSpacing(8)
        top.addWidget(self.caption)
        top.addWidget(self.slices)
        top.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(self.grid, 1)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self._caption: tuple[Run, ...] = ()
        self._labels: tuple[Label, ...] = ()
        self._axis_names: tuple[str, ...] = ()
        self._shown: tuple[int, ...] = ()
        self._own: dict[int, int] = {}
        self._characters = 0, 0
        self._index: Index = ()
        self._with_slices = False

    def show_tensor(
        self,
        name: str,
        labels: tuple[Label, ...],
        shape: tuple[int, ...],
        with_slices: bool = False,
    ) -> None:
        """Show an operand or the result; `labels` name its axes."""
        places = [label.place for label in labels]
        sizes = () if with_slices and len(shape) > 2 else shape_runs(shape, places)
        self._caption = (Run(f"{name} ", "bold code"), *sizes)
        self.caption.set_content(self._caption)
        self._labels, self._with_slices = labels, with_slices
        self.grid.setAccessibleName(f"values of {name}")
        self._shown = self._sheet_axes()
        facets = self._facets()
        turned = [a for a in self._extra() if a not in facets and (with_slices or labels[a].is_summed)]
        self.slices.set_axes(tuple((a, labels[a].place, labels[a].name, shape[a]) for a in turned))
        self._own = {axis: min(place, shape[axis] - 1) for axis, place in self._own.items() if axis in turned}

    def set_values(
        self, reader: TensorReader | None, scale: float, characters: int, placeholder: str, own: int = 0
    ) -> None:
        """Show the values; all grids share the heat scale and the `characters` of a number; `own` are fewer."""
        self._characters = characters, own or characters
        self.grid.set_placeholder(placeholder)
        self.grid.set_reader(reader, scale, characters)
        self.grid.set_axes(AxisLabel(label.name, label.place) for label in self._labels)
        self.fit()

    def fit(self) -> None:
        """Limit the grid to the size of its sheet, small multiples included."""
        hint = self.grid.sizeHint()
        self.grid.setMaximumSize(QSize(max(64, hint.width()), max(48, hint.height() + SCROLL_BAR)))
        self.updateGeometry()

    def width_wanted(self, is_compact: bool) -> int:
        """The width of the sheet with its caption; if `is_compact`, cells are as narrow as their numbers allow."""
        zoom, characters = self.grid.zoom, self._characters[is_compact]
        if (zoom.compact, zoom.characters) != (is_compact, characters):
            zoom.compact, zoom.characters = is_compact, characters
            self.grid.refresh()
            self.fit()
        return self.sizeHint().width()

    def _least_width(self) -> int:
        """The width of the whole sheet with the smallest digits."""
        cell = self.grid.zoom.size(SMALL_DIGITS)
        geometry = self.grid.geometry_for(cell, MOST_WIDTH, MOST_WIDTH)
        return geometry.left + max(1, geometry.total_columns) * cell.width + geometry.right + 1

    def _sheet_axes(self) -> tuple[int, ...]:
        """Two axes for rows and columns: summed axes first, since all of them feed a cell, then the last kept."""
        axes = range(len(self._labels))
        if self._with_slices or len(self._labels) <= 2:
            return tuple(axes)[-2:]
        summed = [axis for axis in axes if self._labels[axis].is_summed]
        kept = [axis for axis in axes if not self._labels[axis].is_summed]
        chosen = (summed[:2] + kept[::-1])[:2]
        return tuple(sorted(chosen))

    def show_slice(self, index: Index) -> None:
        """Move the axes not shown as rows or columns to this index; summed ones become small multiples."""
        rank = len(self._labels)
        row, column = (self._shown[0], self._shown[1]) if len(self._shown) == 2 else (None, 0 if rank else None)
        self._index = index
        facets = self._facets()
        own = {} if self._with_slices else self._own
        fixed = {axis: own.get(axis, index[axis]) for axis in self._extra() if axis not in facets}
        self.slices.set_places(tuple(fixed.get(axis, place) for axis, place in enumerate(index)))
        if self.grid.reader is not None:
            self.grid.set_layout(row, column, fixed, facets)

    def _extra(self) -> tuple[int, ...]:
        return tuple(axis for axis in range(len(self._labels)) if axis not in self._shown)

    def _facets(self) -> tuple[int, ...]:
        """The summed axes drawn as small multiples; an operand's other axes have an index box."""
        summed = (a for a in self._extra() if self._labels[a].is_summed and not self._with_slices)
        return tuple(summed)[:MAXIMUM_FACETS]

    @Slot(int, int)
    def _on_moved(self, axis: int, place: int) -> None:
        if self._with_slices:
            self.moved.emit(axis, place)
        elif axis < len(self._index):
            self._own[axis] = place
            self.show_slice(self._index)

    def reveal(self, pattern: tuple[int | None, ...]) -> None:
        """Scroll the cells of a pattern into view; axes where it is None do not move."""
        axes = self.grid.axes
        if self.grid.reader is None or axes.facets or self.grid.viewport().underMouse():
            return
        row, column = self.grid.sheet.first
        at = {axes.row_axis: row, axes.column_axis: column}
        self.grid.reveal(tuple(at.get(axis, 0) if place is None else place for axis, place in enumerate(pattern)))

    def light(self, regions: Iterable[Region], colour: int | None) -> None:
        """Frame the cells of these regions."""
        lit = [LitRegion(pattern, colour) for region in regions for pattern in region.patterns(MAXIMUM_REGIONS)]
        self.grid.set_lit(lit)

    def light_letter(self, letter: str) -> None:
        """Highlight the axes with this letter, in the caption and beside the grid."""
        place = next((label.place for label in self._labels if label.name == letter), None)
        lit = (lit_run(run) if place is not None and run.axis == place else run for run in self._caption)
        self.caption.set_content(tuple(lit))
        self.grid.set_lit_label(letter)

    def dim(self, dimmed: bool) -> None:
        """Dim the contents while a problem is shown above the last good result."""
        self.grid.dim(dimmed)

    def minimumSizeHint(self) -> QSize:
        return QSize(min(LEAST_WIDTH, self._least_width()), 48)

    def sizeHint(self) -> QSize:
        """The sheet with the smallest digits, and the caption with its boxes."""
        caption = CAPTION_INDENT + self.caption.sizeHint().width() + 8
        if self.slices.isVisibleTo(self):
            caption += self.slices.sizeHint().width() + 8
        width = min(MOST_WIDTH, max(self._least_width(), caption))
        return QSize(width, super().sizeHint().height() + SCROLL_BAR)

    @Slot(object)
    def _on_pointed(self, index: Index | None) -> None:
        self.pointed.emit(self._number, index)
