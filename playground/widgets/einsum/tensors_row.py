"""The operands and the result side by side, `A , B -> C`, each cell linked to those that feed it or that it feeds."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSizePolicy, QWidget

from playground.models.einsum.labels import Label, Shape
from playground.models.einsum.plan import EinsumPlan
from playground.models.einsum.request import EinsumResult
from playground.models.einsum.terms import Index, Region, fed_cells, feeding_cells
from playground.widgets.einsum.tensor_column import LEAST_WIDTH, SCROLL_BAR, TensorColumn
from playground.widgets.look import code_font, look
from playground.widgets.painting import text_width

SIGN_WIDTH = 18
RESULT = -1


def holds(shape: Shape, index: Index) -> bool:
    """True if a tensor of this shape has this cell."""
    return len(index) == len(shape) and all(0 <= place < size for place, size in zip(index, shape, strict=True))


def shared(wanted: Sequence[int], room: int, least: int) -> list[int]:
    """The requested widths, cut to a common maximum so that they fit; none below `least`.

    >>> shared([230, 230, 100], 460, 80)
    [180, 180, 100]
    """
    left, widths = room, dict.fromkeys(range(len(wanted)), 0)
    for place, number in enumerate(sorted(widths, key=lambda number: wanted[number])):
        fair = left // (len(wanted) - place)
        widths[number] = min(wanted[number], max(least, fair))
        left -= widths[number]
    return list(widths.values())


class Sign(QWidget):
    """The comma or the arrow between two grids."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = text
        self.setFixedWidth(SIGN_WIDTH)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)

    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setFont(code_font())
            painter.setPen(look().color("text2"))
            left = (self.width() - text_width(code_font(), self._text)) / 2
            top = min(68.0, self.height() - 24)
            painter.drawText(QRectF(left, top, self.width(), 24), Qt.AlignmentFlag.AlignVCenter, self._text)


class TensorsRow(QScrollArea):
    """`pointed(number, index)`: a cell of an operand, or of the result (-1); None when the pointer leaves."""

    pointed = Signal(int, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inside = QWidget()
        self._row = QHBoxLayout(inside)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(0)
        self._row.addStretch(1)
        self.setWidget(inside)
        self.viewport().setAutoFillBackground(False)
        inside.setAutoFillBackground(False)
        self.result = TensorColumn("values of the result", RESULT)
        self.result.grid.setObjectName("einsum.result")
        self.result.pointed.connect(self.pointed)
        self.result.moved.connect(self._on_result_moved)
        self._columns: list[TensorColumn] = []
        self._signs: list[Sign] = []
        self._arrow = Sign("->")
        self._row.insertWidget(0, self._arrow)
        self._row.insertWidget(1, self.result, 0, Qt.AlignmentFlag.AlignTop)
        self._plan: EinsumPlan | None = None
        self._cell: Index = ()
        self._is_fresh = False

    @property
    def operands(self) -> tuple[TensorColumn, ...]:
        """The columns of the operands shown."""
        return tuple(self._columns)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, 48)

    def sizeHint(self) -> QSize:
        heights = [column.sizeHint().height() for column in (*self._columns, self.result)]
        return QSize(600, min(320, max(heights) + 2))

    def show_result(self, result: EinsumResult) -> None:
        """Show operands and result of a plan."""
        plan = result.plan
        assert plan is not None
        self._plan = plan
        self._make_columns(len(result.operands))
        finite = [summary.largest for summary in result.summaries if summary is not None]
        scale = max([size for size in finite if size > 0], default=1.0)
        whole = [summary.characters for summary in result.summaries if summary is not None]
        common = max(whole) if whole and all(whole) else 0
        summaries = [*result.summaries, *([None] * (len(result.operands) + 1))]
        for number, (column, operand, reader) in enumerate(
            zip(self._columns, result.operands, result.readers, strict=True)
        ):
            labels = tuple(plan.labels[name] for name in plan.indexing.input_labels[number])
            column.show_tensor(operand.text, labels, operand.shape)
            summary = summaries[number]
            own = summary.characters if summary else 0
            column.set_values(reader, scale, common or own, "too large to compute", own)
        labels = tuple(plan.labels[name] for name in plan.output_labels)
        self.result.show_tensor(plan.result_name, labels, plan.output_shape, with_slices=True)
        summary = summaries[len(result.operands)]
        own = summary.characters if summary else 0
        words = "" if result.problem is None else "not computed"
        self.result.set_values(result.reader, scale, common or own, words, own)
        self._is_fresh = True
        self._share_width()
        self.dim(False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share_width()

    def _share_width(self) -> None:
        """Give each grid the width it wants; if that is too much, the widest shrink first."""
        columns = (*self._columns, self.result)
        room = self.viewport().width() - SIGN_WIDTH * (len(columns) - 1)
        for is_compact in (False, True):
            wanted = [column.width_wanted(is_compact) for column in columns]
            if sum(wanted) <= room:
                break
        widths = shared(wanted, room, LEAST_WIDTH)
        # A scroll bar must not hide a column just because the rows do not fit.
        spare = SCROLL_BAR if sum(widths) + SCROLL_BAR * len(columns) <= room else 0
        for column, width in zip(columns, widths, strict=True):
            column.setFixedWidth(width + spare)

    def _make_columns(self, count: int) -> None:
        while len(self._columns) > count:
            column = self._columns.pop()
            self._row.removeWidget(column)
            column.hide()
            column.deleteLater()
            if self._signs:
                sign = self._signs.pop()
                self._row.removeWidget(sign)
                sign.hide()
                sign.deleteLater()
        while len(self._columns) < count:
            number = len(self._columns)
            at = self._row.indexOf(self._arrow)
            if number:
                sign = Sign(",")
                self._signs.append(sign)
                self._row.insertWidget(at, sign)
                at += 1
            column = TensorColumn(f"values of operand {number}", number)
            column.grid.setObjectName(f"einsum.operand_grid.{number}")
            column.pointed.connect(self.pointed)
            self._columns.append(column)
            self._row.insertWidget(at, column, 0, Qt.AlignmentFlag.AlignTop)

    def dim(self, dimmed: bool) -> None:
        """Dim the contents while a problem is shown above the last good result."""
        for column in (*self._columns, self.result):
            column.dim(dimmed)

    def light_letter(self, letter: str) -> None:
        """Highlight the axes with this letter; "" for none."""
        for column in (*self._columns, self.result):
            column.light_letter(letter)

    # Linked cells --------------------------------------------------------------------------------------------------

    def point_at_result(self, index: Index) -> None:
        """Outline a cell of the result, and in each operand the cells that feed it."""
        plan = self._plan
        if plan is None:
            return
        self._cell = index
        regions = feeding_cells(plan.indexing, index)
        for number, (column, region) in enumerate(zip(self._columns, regions, strict=True)):
            column.show_slice(tuple(0 if place is None else place for place in region.pattern))
            column.grid.set_selected(None)
            column.light((region,), self._colour(number, region))
            column.reveal(region.pattern)
        self.result.show_slice(index)
        self.result.grid.set_lit(())
        self.result.grid.set_selected(index)
        self.result.reveal(index)
        if self._is_fresh:
            self._is_fresh = False
            for column in (*self._columns, self.result):
                column.fit()
            self._share_width()

    def _colour(self, operand: int, region: Region) -> int | None:
        """The colour of the first kept letter: row i of A has i's colour."""
        assert self._plan is not None
        names = self._plan.indexing.input_labels[operand]
        labels: list[Label] = [self._plan.labels[name] for name in names]
        kept = [label.place for label, place in zip(labels, region.pattern, strict=True) if place is not None]
        return kept[0] if kept else None

    def point_at_operand(self, number: int, index: Index) -> None:
        """Outline a cell of an operand, and highlight the result cells that it feeds."""
        plan = self._plan
        if plan is None or number >= len(plan.shapes) or not holds(plan.shapes[number], index):
            return
        for other, column in enumerate(self._columns):
            column.light((), None)
            column.grid.set_selected(index if other == number else None)
        self.result.grid.set_selected(None)
        region = fed_cells(plan.indexing, number, index)
        if region is None:
            self.result.light((), None)
            return
        at = tuple(
            place if place is not None else before
            for place, before in zip(region.pattern, self._cell or (0,) * len(region.pattern), strict=True)
        )
        if len(at) > 2:
            self.result.show_slice(at)
        self.result.light((region,), None)
        self.result.reveal(region.pattern)

    @Slot(int, int)
    def _on_result_moved(self, axis: int, place: int) -> None:
        if self._plan is not None and axis < len(self._cell):
            index = (*self._cell[:axis], place, *self._cell[axis + 1 :])
            self.pointed.emit(RESULT, index)
