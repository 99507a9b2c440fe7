"""Beside the arrows: each axis's badge with its stride; pointing at one shows the cells along that axis."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter

from playground.models.memory.layout import Layout
from playground.models.memory.readers import elements_of_cell
from playground.widgets.common.axis_badge import BADGE, badge_width, paint_axis_badge
from playground.widgets.common.look import code_font, look
from playground.widgets.common.painting import baseline, paint_text, text_width
from playground.widgets.memory.strip_layout import ARC_ROOM, LEFT, StripLayout
from playground.widgets.memory.strip_painter import Jump

_GAP = 6
_BETWEEN = 12
_STACKED = 2
_MOST = 8
HIGH, LOW = 32.0, 18.0


class StripLegend:
    """The strides as `[0] +4  [1] +1`: stacked at the right of the arrows where there is room, else in a line."""

    def __init__(self) -> None:
        self._tensor: Layout | None = None
        self._places: list[tuple[int, QRectF]] = []
        self._axis: int | None = None

    def set_tensor(self, tensor: Layout | None) -> None:
        """Show the strides of this tensor."""
        self._tensor = tensor
        self._places = []

    def point(self, point: QPointF | None) -> bool:
        """Take note of the pointer; True if another axis is pointed at than before."""
        axis = next((a for a, rect in self._places if point is not None and rect.contains(point)), None)
        changed = axis != self._axis
        self._axis = axis
        return changed

    @property
    def is_pointed(self) -> bool:
        """Whether an axis is pointed at, so that its cells are marked."""
        return self._axis is not None

    def steps(self, pointed: int | None, cells: range) -> dict[int, int]:
        """Of the visible cells those along the axis pointed at, through the pointed cell (or the first element)."""
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
        """Paint the badges above the row that the arrows start from; returns how high the arrows may fly."""
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
