"""Grids in a row, A + v = B: stretched cells hatched, the pointed cell and its sources outlined in all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from playground.models.tensors.window import TensorReader
from playground.widgets.common.grid_style import AxisLabel, LitRegion
from playground.widgets.common.runs import LINE, Run, runs_width, shape_runs
from playground.widgets.common.runs_label import RunsLabel
from playground.widgets.common.tensor_grid import TensorGrid
from playground.widgets.common.text_label import TextLabel

Index = tuple[int, ...]
MOST_GRIDS = 4
GAP = 8
LEAST, WIDEST_TITLE, TALLEST = 80, 150, 96
WORDS_LEAST, WORDS_HEIGHT = 116, 62
"""What a sentence in place of values needs: two or three lines in the narrowest column."""
_MANY_AXES = 3
_REAL, _COMPLEX = 5, 11
"""So many characters of a number make a column wider; longer ones are rounded."""


@dataclass(frozen=True, slots=True, eq=False)
class ShownGrid:
    """One grid: its title and own shape (None: it failed), the sign in front of it, what it reads, and how.

    `colours` are the axis colours of the reader's axes, `hatched` the axes along which it only repeats, `linked` says
    that its cells are those of the result.
    """

    title: str
    shape: tuple[int, ...] | None
    reader: TensorReader | None
    scale: float = 1.0
    sign: str = ""
    hatched: tuple[int, ...] = ()
    colours: tuple[int, ...] = ()
    note: str = ""
    linked: bool = True
    characters: int = 0


class _GridTitle(RunsLabel):
    """Name and shape; the name is cut so that the shape stays readable."""

    def __init__(self) -> None:
        super().__init__(wrap=False)
        self.setFixedHeight(LINE + 6)  # underlined or not, so that the grids below stand in one line
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.name = ""
        self.shape: tuple[int, ...] | None = ()

    def set_title(self, name: str, shape: tuple[int, ...] | None) -> None:
        """Show another title."""
        self.name, self.shape = name, shape
        self._cut()

    def least_width(self) -> float:
        """What the shortest form of the title needs."""
        shape = self.shape
        return runs_width(_title_runs(self.name[:3], shape, 0 if len(shape or ()) > _MANY_AXES else None))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._cut()

    def _cut(self) -> None:
        room = self.width() + 1
        name, least = self.name, min(len(self.name), 3)
        while len(name) > 3 and runs_width(_title_runs(name, self.shape)) > room:
            name = name[:-2].rstrip("…") + "…"
        runs = _title_runs(name, self.shape)
        sizes = len(self.shape or ()) - 1
        while runs_width(runs) > room and sizes >= 0:
            runs = _title_runs(name[:least], self.shape, sizes)
            sizes -= 1
        self.set_content(runs)
        self.setToolTip("" if name == self.name else escape(f"{self.name} {self.shape or '()'}"))


class _GridColumn(QWidget):
    """A title above a grid, with the sign at its left."""

    pointed = Signal(object)
    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sign = TextLabel("", "text2", code=True, fixed=True)
        self.sign.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.title = _GridTitle()
        self.grid = TensorGrid("values", headers=False, compact=True)
        self.grid.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.grid.pointed.connect(self._on_pointed)
        self.grid.chosen.connect(self._on_chosen)
        self.linked = True
        self._wanted = LEAST
        self._hint = QSize(LEAST, 48)
        column = QVBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.title)
        column.addWidget(self.grid, 1, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(0)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP)
        row.addWidget(self.sign, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addLayout(column, 1)

    def show_grid(self, shown: ShownGrid) -> None:
        """Show another grid."""
        self.linked = shown.linked
        self.sign.set_text(shown.sign)
        self.sign.setVisible(bool(shown.sign))
        self.title.set_title(shown.title, shown.shape)
        self.grid.setAccessibleName(f"values of {shown.title}")
        self.grid.set_placeholder(shown.note)
        self.grid.set_reader(shown.reader, shown.scale, max(shown.characters, _characters(shown.reader)))
        rank = len(shown.reader.shape) if shown.reader is not None else 0
        axes = shown.colours or tuple(range(rank))
        self.grid.set_axes([AxisLabel(str(axis), axis) for axis in axes])
        self.grid.set_hatched(shown.hatched)
        self._fit()

    def _fit(self) -> None:
        """As large as the values ask for, and no larger; wide enough for a short name and the shape."""
        hint = self.grid.sizeHint()
        height = min(hint.height(), TALLEST)
        title = runs_width(_title_runs(self.title.name, self.title.shape))
        if says_words := self.grid.reader is None or 0 in self.grid.reader.shape:
            hint, height = QSize(WIDEST_TITLE, WORDS_HEIGHT), WORDS_HEIGHT
        self.grid.setMinimumWidth(WORDS_LEAST if says_words else 0)
        width = max(hint.width(), min(round(title) + 1, WIDEST_TITLE))
        sign = self.sign.sizeHint().width() + GAP if not self.sign.isHidden() else 0
        if hint.height() > height:
            hint.setWidth(hint.width() + self.grid.verticalScrollBar().sizeHint().width())
            width = max(hint.width(), width)
        self._hint = hint
        self._wanted = width + sign
        self._leave_room_for_bar()
        self.setMaximumWidth(self._wanted)
        least = max(WORDS_LEAST if says_words else LEAST, round(self.title.least_width()) + 1)
        self.setMinimumWidth(min(self._wanted, least + sign))

    def _leave_room_for_bar(self) -> None:
        """Where the columns do not fit, the scroll bar stands below the last row, not upon it."""
        hint = self._hint
        reader = self.grid.reader
        is_narrow = reader is not None and 0 not in reader.shape and self.width() < self._wanted
        bar = self.grid.horizontalScrollBar().sizeHint().height() if is_narrow else 0
        self.grid.setMaximumSize(hint.width() + 1, hint.height() + bar)
        self.grid.setMinimumHeight(min(hint.height() + bar, TALLEST))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._leave_room_for_bar()

    def sizeHint(self) -> QSize:
        return QSize(self._wanted, super().sizeHint().height())

    @Slot(object)
    def _on_pointed(self, index: Index | None) -> None:
        if index is not None and self.linked:
            self.pointed.emit(index)

    @Slot(object)
    def _on_chosen(self, index: Index | None) -> None:
        if index is not None and self.linked:
            self.chosen.emit(index)


def _title_runs(name: str, shape: tuple[int, ...] | None, sizes: int | None = None) -> tuple[Run, ...]:
    """`A (2, 3)`; with `sizes` only the first ones and how many axes there are: `A (2, … 8 axes)`."""
    title = Run(f"{name} ", "bold code")
    if shape is None:
        return (title,)
    if sizes is None:
        return (title, *shape_runs(shape))
    rest = Run(f"{', ' if sizes else ''}… {len(shape)} axes)", "code")
    first = shape_runs(shape[:sizes] or (0,))
    return (title, *(tuple(run for run in first[:-1] if run.text != ",") if sizes else first[:1]), rest)


def _characters(reader: TensorReader | None) -> int:
    """The longest text among the first cells, so that short fractions get narrow columns."""
    if reader is None or 0 in reader.shape:
        return 0
    rank = len(reader.shape)
    row, column = (rank - 2 if rank > 1 else None), (rank - 1 if rank else None)
    window = reader.read(row, column, range(24), range(24), {})
    most = _COMPLEX if "complex" in reader.dtype else _REAL
    texts = [window.fitted(r, c, most) for r in window.rows for c in window.columns]
    # An infinity stands beside its triangle.
    return max(2, *(len(text) + 2 * ("inf" in text) for text in texts)) if texts else 0


class BroadcastGrids(QWidget):
    """Up to four grids in a row."""

    pointed = Signal(object)
    """The index, in the result, of the cell under the pointer."""

    chosen = Signal(object)
    """The index, in the result, of a clicked cell."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("broadcast.grids")
        self.columns = [_GridColumn() for _ in range(MOST_GRIDS)]
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP)
        for column in self.columns:
            column.pointed.connect(self.pointed)
            column.chosen.connect(self.chosen)
            column.hide()
            row.addWidget(column)
        row.addStretch(1)

    def show_grids(self, grids: Sequence[ShownGrid]) -> None:
        """Show these, from left to right."""
        for place, column in enumerate(self.columns):
            column.setVisible(place < len(grids))
            if place < len(grids):
                column.show_grid(grids[place])
        self.updateGeometry()

    def shown(self) -> list[TensorGrid]:
        """The grids that are shown."""
        return [column.grid for column in self.columns if not column.isHidden()]

    def set_layout(self, row: int | None, column: int | None, fixed: dict[int, int]) -> None:
        """Choose rows and columns in all grids of the result's rank."""
        for grid in self.shown():
            reader = grid.reader
            if reader is not None and all(axis is None or axis < len(reader.shape) for axis in (row, column)):
                grid.set_layout(row, column, fixed)

    def set_selected(self, index: Index | None) -> None:
        """Outline one cell of the result and its sources."""
        for column in self.columns:
            column.grid.set_lit(())
            column.grid.set_selected(index if column.linked else None)

    def set_lit(self, index: tuple[int | None, ...]) -> None:
        """Frame all cells that agree with `index` where it is not None."""
        for column in self.columns:
            column.grid.set_selected(None)
            column.grid.set_lit((LitRegion(index),) if column.linked else ())

    def dim(self, dimmed: bool) -> None:
        """Pale, while a problem stands above the last good result."""
        for column in self.columns:
            column.grid.dim(dimmed)
