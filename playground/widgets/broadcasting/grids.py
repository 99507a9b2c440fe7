"""The sentence and a row of grids, A + v = B: stretched cells are hatched, the pointed cell's sources outlined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from playground.models.broadcasting.operators import BROADCAST_OPERATORS
from playground.models.broadcasting.request import BroadcastResult
from playground.models.evaluation.reader import TensorReader
from playground.widgets.controls.tooltip import place_beside
from playground.widgets.grid.style import AxisLabel, LitRegion
from playground.widgets.grid.tensor_grid import TensorGrid
from playground.widgets.text.labels import RunsLabel, TextLabel
from playground.widgets.text.runs import LINE, Run, runs_width, shape_runs

_MANY_AXES = 3


class GridTitle(RunsLabel):
    """Name and shape; a long name is elided so that the shape stays readable."""

    def __init__(self) -> None:
        super().__init__(wrap=False)
        self.setFixedHeight(LINE + 6)  # the same height with and without underlines, so that the grids below line up
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.name = ""
        self.shape: tuple[int, ...] | None = ()

    def set_title(self, name: str, shape: tuple[int, ...] | None) -> None:
        """Show another title."""
        self.name, self.shape = name, shape
        self._cut()

    def whole_width(self) -> float:
        """The width that name and shape need."""
        return runs_width(_title_runs(self.name, self.shape))

    def least_width(self) -> float:
        """The width that the shortest form of the title needs."""
        shape = self.shape
        return runs_width(_title_runs(self.name[:3], shape, 0 if len(shape or ()) > _MANY_AXES else None))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._cut()

    def _cut(self) -> None:
        room = self.width()
        name, least = self.name, min(len(self.name), 3)
        while len(name) > 3 and runs_width(_title_runs(name, self.shape)) > room:
            name = name[:-2].rstrip("…") + "…"
        runs = _title_runs(name, self.shape)
        sizes = len(self.shape or ()) - 1
        while runs_width(runs) > room and sizes >= 0:
            runs = _title_runs(name[:least], self.shape, sizes)
            sizes -= 1
        self.set_content(runs)
        place_beside(self)
        self.setToolTip("" if name == self.name else escape(f"{self.name} {self.shape or '()'}"))


def _title_runs(name: str, shape: tuple[int, ...] | None, sizes: int | None = None) -> tuple[Run, ...]:
    """`A (2, 3)`; with `sizes`, only the first sizes and the number of axes: `A (2, … 8 axes)`."""
    title = Run(f"{name} ", "bold code")
    if shape is None:
        return (title,)
    if sizes is None:
        return (title, *shape_runs(shape))
    rest = Run(f"{', ' if sizes else ''}… {len(shape)} axes)", "code")
    first = shape_runs(shape[:sizes] or (0,))
    return (title, *(tuple(run for run in first[:-1] if run.text != ",") if sizes else first[:1]), rest)


Index = tuple[int, ...]
MOST_GRIDS = 4
GAP = 8
LEAST, WIDE_WORDS = 80, 150
LEAST_HEIGHT, TITLE_GAP = 78, 4
"""Three rows of a grid, in which further rows scroll, and the space below the title."""

WORDS_LEAST, WORDS_HEIGHT = 116, 62
"""The height of a sentence shown instead of values: two or three lines in the narrowest column."""
_REAL, _COMPLEX = 5, 11
"""The most characters of a number that widen a column; longer numbers are rounded."""


@dataclass(frozen=True, slots=True, eq=False)
class ShownGrid:
    """One grid: its title and shape (None: it failed), the operator before it, its reader, and how it is drawn.

    `colours` are the axis colours of the reader's axes, `hatched` the axes along which it only repeats; `linked` is
    True if its cells are those of the result.
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
    """A title above a grid, with the operator on its left."""

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
        across = QHBoxLayout()  # a stretch, not an alignment, which would leave the grid no room for its scroll bar
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
        """The width that values and operator need in a column of this height, at least that of the shortest title."""
        scrolls = self._hint.height() > height - self.title.height() - TITLE_GAP
        bar = self.grid.verticalScrollBar().sizeHint().width() if scrolls else 0
        return max(self._hint.width() + bar, round(self.title.least_width()) + 1) + self._sign_width()

    def title_width(self) -> int:
        """The width of the full title with the operator beside it."""
        return round(self.title.whole_width()) + 1 + self._sign_width()

    def set_room(self, width: int) -> None:
        """Take this width if there is room."""
        self._room = width
        self.setMaximumWidth(max(width, self.minimumWidth()))
        self._leave_room_for_bars()
        self.updateGeometry()

    def _leave_room_for_bars(self) -> None:
        """If the columns do not fit, place the scroll bar below the last row, not over it."""
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
    # Leave one place for the sign, or the number would be rounded further.
    least = max(len(text) for text in texts)
    fits = (k for k in range(least, most) if [window.fitted(r, c, k) for r, c in cells] == texts)
    # An infinity is drawn with a triangle beside it.
    return max(2, next(fits, max(most, least)), *(len(text) + 2 for text in texts if "inf" in text))


class BroadcastGrids(QWidget):
    """Up to four grids in a row."""

    pointed = Signal(object)
    """The result index of the cell under the pointer."""

    chosen = Signal(object)
    """The result index of a clicked cell."""

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
        """Give each grid the width its values need, then the rest to elided names, from left to right."""
        shown = [column for column in self.columns if not column.isHidden()]
        wanted = [column.wanted_width(self.height()) for column in shown]
        spare = self.width() - GAP * (len(shown) - 1) - sum(wanted)
        for column, width in zip(shown, wanted, strict=True):
            more = max(0, min(spare, column.title_width() - width))
            spare -= more
            column.set_room(width + more)
        self._row.activate()  # at once: the pointer may already be moving to a cell

    def shown(self) -> list[TensorGrid]:
        """The grids that are shown."""
        return [column.grid for column in self.columns if not column.isHidden()]

    def set_layout(self, row: int | None, column: int | None, fixed: dict[int, int]) -> None:
        """Choose rows and columns in all grids that have the result's rank."""
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
        """Dim the contents while a problem is shown above the last good result."""
        for column in self.columns:
            column.grid.dim(dimmed)


_NO_OPERATION = "This line has no elementwise operation of several tensors."


def chains(operator: str) -> bool:
    """True if a third operand can follow this operator."""
    return operator in BROADCAST_OPERATORS and BROADCAST_OPERATORS[operator].chains


def sentence(result: BroadcastResult) -> str:
    """What the operation does and costs, or why there is nothing to show; code in backticks."""
    if not result.operands:
        return "Nothing to broadcast yet: add a tensor, or select a line with an operation."
    if result.request.offered and result.explanation is None:
        return f"{_NO_OPERATION} Choose or type a second operand to see how the two fit."
    if result.explanation is None:
        return ""
    if result.explanation.shape is None:
        return result.explanation.vain_edit
    if result.request.gradient:
        return " ".join([one.sentence for one in result.gradients]) or result.gradient_note
    if result.explanation.warning is not None and not result.request.offered:
        return result.cost  # the warning says the rest
    said = f"{result.explanation.sentence_markup} {result.cost}"
    return f"{_NO_OPERATION} `{result.code}` would fit: {said}" if result.request.offered else said


def value_grids(result: BroadcastResult) -> list[ShownGrid]:
    """Operands with the operator between them and the result after `=`; on a clash, the operands as they are."""
    explanation = result.explanation
    shape = explanation.shape if explanation is not None else None
    grids = []
    for place, operand in enumerate(result.operands):
        own = None if operand.failed else operand.shape
        sign = (result.operator if len(result.operator) < 3 else ",") if place else ""
        grids.append(
            ShownGrid(
                operand.text, own, operand.reader, result.scale, sign if shape is not None else "",
                operand.stretched, note=operand.note, linked=shape is not None, characters=operand.characters,
            )
        )  # fmt: skip
    if result.result is not None:
        one = result.result
        grids.append(
            ShownGrid(one.text, one.shape, one.reader, result.scale, "=", note=one.note, characters=one.characters)
        )
    return grids


def gradient_grids(result: BroadcastResult) -> list[ShownGrid]:
    """For each stretched operand, the gradient of each copy and their sum."""
    explanation = result.explanation
    if explanation is None or explanation.shape is None:
        return value_grids(result)
    rank = len(explanation.shape)
    grids = []
    for one in result.gradients[:2]:
        own = tuple(range(rank - len(one.shape), rank))
        grids.append(ShownGrid("each copy", explanation.shape, one.copies, one.scale))
        grids.append(ShownGrid(f"{one.text}.grad", one.shape, one.total, one.scale, "sum", colours=own, linked=False))
    return grids
