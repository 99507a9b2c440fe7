"""Grids in a row, A + v = B: stretched cells hatched, the pointed cell and its sources outlined in all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from playground.models.tensors.window import TensorReader
from playground.widgets.common.grid_style import AxisLabel, LitRegion
from playground.widgets.common.tensor_grid import TensorGrid
from playground.widgets.common.text_label import TextLabel
from playground.widgets.tensors.grid_title import GridTitle

Index = tuple[int, ...]
MOST_GRIDS = 4
GAP = 8
LEAST, WIDE_WORDS = 80, 150
LEAST_HEIGHT, TITLE_GAP = 78, 4
"""Three rows of a grid, which more rows scroll in, and what is free below the title."""

WORDS_LEAST, WORDS_HEIGHT = 116, 62
"""What a sentence in place of values needs: two or three lines in the narrowest column."""
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


class _GridColumn(QWidget):
    """A title above a grid, with the sign at its left."""

    pointed = Signal(object)
    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sign = TextLabel("", "text2", code=True, fixed=True)
        self.sign.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.title = GridTitle()
        self.grid = TensorGrid("values", headers=False, compact=True)
        self.grid.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.grid.pointed.connect(self._on_pointed)
        self.grid.chosen.connect(self._on_chosen)
        self.linked = True
        self._hint = QSize(LEAST, 48)
        self._room = LEAST
        across = QHBoxLayout()  # not an alignment, which would give the grid no room for its scroll bar
        across.setSpacing(0)
        across.addWidget(self.grid, 1)
        across.addStretch(0)
        column = QVBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(TITLE_GAP)
        column.addWidget(self.title)
        column.addLayout(across, 1)
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

    @property
    def _says_words(self) -> bool:
        return self.grid.reader is None or 0 in self.grid.reader.shape

    def _fit(self) -> None:
        """Wide enough for a short name and the shape, high enough for some rows."""
        words = self._says_words
        self._hint = QSize(WIDE_WORDS, WORDS_HEIGHT) if words else self.grid.sizeHint()
        self.grid.setMinimumWidth(WORDS_LEAST if words else 0)
        least = max(WORDS_LEAST if words else LEAST, round(self.title.least_width()) + 1) + self._sign_width()
        self.setMinimumWidth(min(self.wanted_width(0), least))
        self.grid.setMinimumHeight(min(self._hint.height(), LEAST_HEIGHT))

    def _sign_width(self) -> int:
        return self.sign.sizeHint().width() + GAP if not self.sign.isHidden() else 0

    def wanted_width(self, height: int) -> int:
        """What values and sign need in a column of this height, beside the shortest title."""
        scrolls = self._hint.height() > height - self.title.height() - TITLE_GAP
        bar = self.grid.verticalScrollBar().sizeHint().width() if scrolls else 0
        return max(self._hint.width() + bar, round(self.title.least_width()) + 1) + self._sign_width()

    def title_width(self) -> int:
        """What a title that is not cut needs, with the sign beside it."""
        return round(self.title.whole_width()) + 1 + self._sign_width()

    def set_room(self, width: int) -> None:
        """Be so wide where there is room."""
        self._room = width
        self.setMaximumWidth(max(width, self.minimumWidth()))
        self._leave_room_for_bars()
        self.updateGeometry()

    def _leave_room_for_bars(self) -> None:
        """Where the columns do not fit, the scroll bar stands below the last row, not upon it."""
        hint, words = self._hint, self._says_words
        is_narrow = not words and self.width() < self.wanted_width(self.height())
        below = self.grid.horizontalScrollBar().sizeHint().height() if is_narrow else 0
        beside = self.grid.verticalScrollBar().sizeHint().width()
        self.grid.setMaximumSize(self._room if words else hint.width() + beside + 1, hint.height() + below)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._leave_room_for_bars()

    def sizeHint(self) -> QSize:
        return QSize(self._room, self.title.height() + TITLE_GAP + self.grid.maximumHeight())

    def minimumSizeHint(self) -> QSize:
        return QSize(self.minimumWidth(), self.title.height() + TITLE_GAP + self.grid.minimumHeight())

    @Slot(object)
    def _on_pointed(self, index: Index | None) -> None:
        if index is not None and self.linked:
            self.pointed.emit(index)

    @Slot(object)
    def _on_chosen(self, index: Index | None) -> None:
        if index is not None and self.linked:
            self.chosen.emit(index)


def _characters(reader: TensorReader | None) -> int:
    """The longest text among the first cells, so that short fractions get narrow columns."""
    if reader is None or 0 in reader.shape:
        return 0
    rank = len(reader.shape)
    row, column = (rank - 2 if rank > 1 else None), (rank - 1 if rank else None)
    window = reader.read(row, column, range(24), range(24), {})
    most = _COMPLEX if "complex" in reader.dtype else _REAL
    cells = [(r, c) for r in window.rows for c in window.columns]
    texts = [window.fitted(r, c, most) for r, c in cells]
    if not texts:
        return 0
    # A number may need more room than its text has letters, lest it is rounded further: one place is for the sign.
    least = max(len(text) for text in texts)
    fits = (k for k in range(least, most) if [window.fitted(r, c, k) for r, c in cells] == texts)
    # An infinity stands beside its triangle.
    return max(2, next(fits, max(most, least)), *(len(text) + 2 for text in texts if "inf" in text))


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
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(GAP)
        for column in self.columns:
            column.pointed.connect(self.pointed)
            column.chosen.connect(self.chosen)
            column.hide()
            self._row.addWidget(column)
        self._row.addStretch(1)

    def show_grids(self, grids: Sequence[ShownGrid]) -> None:
        """Show these, from left to right."""
        for place, column in enumerate(self.columns):
            column.setVisible(place < len(grids))
            if place < len(grids):
                column.show_grid(grids[place])
        self._share_width()
        self.updateGeometry()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share_width()

    def _share_width(self) -> None:
        """To each what its values need; what is left goes to the names that are cut, from left to right."""
        shown = [column for column in self.columns if not column.isHidden()]
        wanted = [column.wanted_width(self.height()) for column in shown]
        spare = self.width() - GAP * (len(shown) - 1) - sum(wanted)
        for column, width in zip(shown, wanted, strict=True):
            more = max(0, min(spare, column.title_width() - width))
            spare -= more
            column.set_room(width + more)
        self._row.activate()  # at once: the hand may already be on its way to a cell

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
