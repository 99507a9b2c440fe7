"""A storage strip whose offset, strides and sizes are dragged by handles on the cells."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPen

from playground.models.memory.as_strided import StridedSpec
from playground.widgets.common.look import look
from playground.widgets.memory.storage_strip import StorageStrip
from playground.widgets.memory.strip_layout import StripLayout

HANDLE = 9
REACH = 13


@dataclass(frozen=True, slots=True)
class Handle:
    """What is dragged: "offset", or the "stride" or "size" of an axis; it sits on a cell."""

    kind: str
    axis: int
    cell: int


def handles_of(spec: StridedSpec) -> tuple[Handle, ...]:
    """The offset on the first cell, each stride on the second cell of its axis, each size on the last."""
    handles = [Handle("offset", -1, spec.offset)]
    for axis, (size, stride) in enumerate(zip(spec.size, spec.stride, strict=True)):
        if size > 1 and stride > 0:
            handles.append(Handle("stride", axis, spec.offset + stride))
            if size > 2:
                handles.append(Handle("size", axis, spec.offset + (size - 1) * stride))
    return tuple(handles)


def dragged(spec: StridedSpec, handle: Handle, cell: int) -> StridedSpec:
    """The arguments with the handle moved to another cell."""
    if handle.kind == "offset":
        return replace(spec, offset=max(0, cell))
    values = list(spec.stride if handle.kind == "stride" else spec.size)
    if handle.kind == "stride":
        values[handle.axis] = max(0, cell - spec.offset)
        return replace(spec, stride=tuple(values))
    stride = max(1, spec.stride[handle.axis])
    values[handle.axis] = max(1, (cell - spec.offset) // stride + 1)
    return replace(spec, size=tuple(values))


class StridedStrip(StorageStrip):
    """`spec_dragged(spec)` while a handle moves, `drag_ended()` when it is let go."""

    spec_dragged = Signal(object)
    drag_ended = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("storage as seen by as_strided")
        self._spec: StridedSpec | None = None
        self._held: Handle | None = None

    def set_spec(self, spec: StridedSpec) -> None:
        """Put the handles where these arguments have them."""
        self._spec = spec
        self.viewport().update()

    def handle_at(self, point: QPointF) -> Handle | None:
        """The handle under the pointer; the one drawn last where several meet."""
        if self._spec is None:
            return None
        found = None
        for handle, place in self._places(self.strip):
            if abs(point.x() - place.x()) <= REACH and abs(point.y() - place.y()) <= REACH:
                found = handle
        return found

    def _places(self, strip: StripLayout) -> list[tuple[Handle, QPointF]]:
        places = []
        for handle in handles_of(self._spec) if self._spec is not None else ():
            if 0 <= handle.cell < strip.cells and handle.cell >= strip.first_row * strip.columns:
                rect = strip.rect(handle.cell)
                high = handle.kind == "stride"
                places.append((handle, QPointF(rect.center().x(), rect.top() if high else rect.bottom() + 1)))
        return places

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._held = self.handle_at(event.position()) if event.button() == Qt.MouseButton.LeftButton else None
        if self._held is None:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._held is None or self._spec is None:
            near = self.handle_at(event.position()) is not None
            self.viewport().setCursor(Qt.CursorShape.SizeHorCursor if near else Qt.CursorShape.ArrowCursor)
            super().mouseMoveEvent(event)
            return
        cell = self.strip.at(event.position())
        if cell is not None:
            spec = dragged(self._spec, self._held, cell)
            if spec != self._spec:
                self.spec_dragged.emit(spec)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._held is not None:
            self._held = None
            self.drag_ended.emit()
        super().mouseReleaseEvent(event)

    def paint_over(self, painter: QPainter, strip: StripLayout) -> None:
        """The handles, in the line colour of their axis; the offset's in the accent colour."""
        for handle, place in self._places(strip):
            color = look().color("accent") if handle.axis < 0 else look().axis_line(handle.axis)
            painter.setPen(QPen(color, 2))
            painter.setBrush(look().color("panel"))
            box = QRectF(round(place.x()) - HANDLE / 2, round(place.y()) - HANDLE / 2, HANDLE, HANDLE)
            if handle.kind == "stride":
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                painter.drawEllipse(box)
                painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            else:
                painter.drawRect(box)
