"""The as_strided playground: size, stride and offset, typed or dragged by handles on a storage strip."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QPointF, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QWidget

from playground.models.formatting import bytes_in_words
from playground.models.memory.as_strided import StridedExplanation, StridedSpec, spec_from_code, spec_of
from playground.models.memory.request import MemoryResult
from playground.models.problem import Fix
from playground.widgets.controls.buttons import Button, IconButton
from playground.widgets.controls.fields import ComboBox
from playground.widgets.controls.number_box import NumberBox
from playground.widgets.controls.problem_banner import ProblemBanner
from playground.widgets.controls.tooltip import set_tooltip
from playground.widgets.grid.tensor_grid import TensorGrid
from playground.widgets.look import look
from playground.widgets.memory.part import FoldingPart
from playground.widgets.memory.strip import StorageStrip
from playground.widgets.memory.strip_layout import StripLayout
from playground.widgets.memory.strip_painter import StripSource
from playground.widgets.text.badges import AxisBadge
from playground.widgets.text.labels import RunsLabel, TextLabel
from playground.widgets.text.runs import Run

HANDLE = 9
REACH = 13


@dataclass(frozen=True, slots=True)
class DragHandle:
    """A drag handle on a cell: "offset", or the "stride" or "size" of an axis."""

    kind: str
    axis: int
    cell: int


def handles_of(spec: StridedSpec) -> tuple[DragHandle, ...]:
    """The offset on the first cell, each stride on the second cell of its axis, each size on the last."""
    handles = [DragHandle("offset", -1, spec.offset)]
    for axis, (size, stride) in enumerate(zip(spec.size, spec.stride, strict=True)):
        if size > 1 and stride > 0:
            handles.append(DragHandle("stride", axis, spec.offset + stride))
            if size > 2:
                handles.append(DragHandle("size", axis, spec.offset + (size - 1) * stride))
    return tuple(handles)


def dragged(spec: StridedSpec, handle: DragHandle, cell: int) -> StridedSpec:
    """The arguments after moving the handle to another cell."""
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
        self._held: DragHandle | None = None

    def set_spec(self, spec: StridedSpec) -> None:
        """Place the handles for these arguments."""
        self._spec = spec
        self.viewport().update()

    def handle_at(self, point: QPointF) -> DragHandle | None:
        """The handle under the pointer; if several overlap, the one drawn last."""
        if self._spec is None:
            return None
        found = None
        for handle, place in self._places(self.strip):
            if abs(point.x() - place.x()) <= REACH and abs(point.y() - place.y()) <= REACH:
                found = handle
        return found

    def _places(self, strip: StripLayout) -> list[tuple[DragHandle, QPointF]]:
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
        """Paint the handles in their axis's line colour, the offset in the accent colour."""
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


MOST_AXES = 6
MOST_BEYOND = 36
VALUES_HEIGHT = 150
LARGEST = 2**62
CHOOSE = "Start from…"


class StridedPart(FoldingPart):
    """`spec_edited(spec, gesture)`, or `spec_taken(spec)` of an offer; `reset_wanted()` for the tensor as it is.

    `kept(code)` to make it a line.
    """

    spec_edited = Signal(object, object)
    spec_taken = Signal(object)
    drag_ended = Signal()
    reset_wanted = Signal()
    kept = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("as_strided playground", folds=True, parent=parent)
        self.setObjectName("memory.strided")
        self._spec = StridedSpec((), ())
        self._chosen: StridedSpec | None = None
        self._patterns: tuple[tuple[str, StridedSpec], ...] = ()
        self._make_top()
        self._grid_holder = QWidget()
        self._grid = QGridLayout(self._grid_holder)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(4)
        self.boxes: dict[tuple[str, int], NumberBox] = {}
        self.strip = StridedStrip()
        self.strip.setObjectName("memory.strided_strip")
        self.strip.spec_dragged.connect(self._on_spec_dragged)
        self.strip.drag_ended.connect(self._on_drag_ended)
        self.pattern = RunsLabel()
        self.pattern.setObjectName("memory.strided_pattern")
        self.banner = ProblemBanner()
        self.banner.fix_chosen.connect(self._on_fix_chosen)
        self.values = TensorGrid("values that as_strided gives", compact=True)
        self.values.setObjectName("memory.strided_values")
        self.values.setFixedHeight(VALUES_HEIGHT)
        for widget in (self._top, self._grid_holder, self.strip, self.pattern, self.banner, self.values):
            self.add(widget)

    def _make_top(self) -> None:
        self._top = QWidget()
        row = QHBoxLayout(self._top)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self.choose = ComboBox()
        self.choose.setObjectName("memory.strided_patterns")
        set_tooltip(self.choose, "Example patterns")
        self.choose.activated.connect(self._on_pattern_chosen)
        self.reset = Button("Reset", "quiet")
        set_tooltip(self.reset, "The tensor's own size, stride and offset")
        self.reset.clicked.connect(self._on_reset)
        self.keep = Button("Keep as tensor")
        self.keep.setObjectName("memory.strided_keep")
        self.keep.clicked.connect(self._on_keep)
        for widget in (self.choose, self.reset):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self.keep)

    def show_choice(self, spec: StridedSpec | None) -> None:
        """Show the arguments chosen last, before their effect is known; None: those of the tensor."""
        self._chosen = spec
        if spec is not None:
            self._show_spec(spec.paired)

    def _show_spec(self, spec: StridedSpec) -> None:
        if len(spec.size) != len(self._spec.size) or not self.boxes:
            self._make_boxes(len(spec.size))
        self._spec = spec
        self._set_boxes(spec)
        self.strip.set_spec(spec)

    def show_result(self, result: MemoryResult) -> None:
        """Show the arguments, the cells they reach, and the pattern's name."""
        explained = result.strided
        spec = explained.spec.paired
        if self._chosen in (None, explained.spec):
            self._show_spec(spec)
        names = [name for name, _ in result.patterns]
        if [self.choose.itemText(row) for row in range(1, self.choose.count())] != names:
            self.choose.clear()
            self.choose.addItems([CHOOSE, *names])
        self._patterns = result.patterns
        legal = explained.allowed
        forwards = min((spec.offset, *spec.size, *spec.stride)) >= 0
        seen = replace(
            result.layout,
            shape=spec.size if forwards else (0,),
            strides=spec.stride if forwards else (1,),
            offset=spec.offset if forwards else 0,
            overlap=explained.overlap,
            reached=explained.reached,
        )
        beyond = explained.last + 1 - result.layout.storage_cells if forwards and 0 not in spec.size else 0
        beyond = max(0, min(beyond, MOST_BEYOND))
        self.strip.set_source(StripSource(seen, result.reader, result.scale, result.characters, beyond))
        self.pattern.set_content(pattern_runs(explained))
        self.banner.set_problem(explained.problem if not legal else None)
        self.values.setVisible(result.strided_values is not None)
        if result.strided_values is not None:
            self.values.set_reader(result.strided_values, result.scale)
        self.keep.setEnabled(legal and spec != spec_of(result.layout))
        set_tooltip(self.keep, "Add this as a new line", f"{result.name}.{spec.code}")
        self._code = spec.code

    def _make_boxes(self, rank: int) -> None:
        for widget in self._grid_holder.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly):
            self._grid.removeWidget(widget)
            widget.hide()
            widget.deleteLater()
        self.boxes = {}
        for column, title in ((1, "size"), (2, "stride")):
            self._grid.addWidget(TextLabel(title, "text2", height=18), 0, column)
        self._grid.addWidget(TextLabel("offset", "text2", height=18), 0, 3)
        for axis in range(rank):
            self._grid.addWidget(AxisBadge(axis), axis + 1, 0)
            self._grid.addWidget(self._box("size", axis), axis + 1, 1)
            self._grid.addWidget(self._box("stride", axis), axis + 1, 2)
        row = max(1, rank)
        self._grid.addWidget(self._box("offset", -1), 1, 3)
        more = IconButton("plus", "Add an axis of size 1", framed=True)
        more.setEnabled(rank < MOST_AXES)
        more.clicked.connect(self._on_more)
        fewer = IconButton("minus", "Remove the last axis", framed=True)
        fewer.setEnabled(rank > 0)
        fewer.clicked.connect(self._on_fewer)
        self._grid.addWidget(more, row, 4)
        self._grid.addWidget(fewer, row, 5)
        self._grid.setColumnStretch(6, 1)

    def _box(self, kind: str, axis: int) -> NumberBox:
        words = f"{kind} of axis {axis}" if axis >= 0 else kind
        box = NumberBox(0, -LARGEST, LARGEST, name=words)
        box.setObjectName(f"memory.strided_{kind}" + (f".{axis}" if axis >= 0 else ""))
        set_tooltip(box, f"The {words}, in elements; or drag the handles on the strip")
        box.changed.connect(self._on_box_changed)
        box.gesture_ended.connect(self._on_drag_ended)
        self.boxes[kind, axis] = box
        return box

    def _set_boxes(self, spec: StridedSpec) -> None:
        for (kind, axis), box in self.boxes.items():
            value = spec.offset if axis < 0 else (spec.size if kind == "size" else spec.stride)[axis]
            box.blockSignals(True)
            box.set_value(value)
            box.blockSignals(False)

    @Slot(object)
    def _on_box_changed(self, _value: object) -> None:
        rank = len(self._spec.size)
        spec = StridedSpec(
            tuple(int(self.boxes["size", axis].value) for axis in range(rank)),
            tuple(int(self.boxes["stride", axis].value) for axis in range(rank)),
            int(self.boxes["offset", -1].value),
        )
        box = self.sender()
        self.spec_edited.emit(spec, box.gesture if isinstance(box, NumberBox) else None)

    @Slot(object)
    def _on_spec_dragged(self, spec: StridedSpec) -> None:
        self.spec_edited.emit(spec, "memory.strided.drag")

    @Slot()
    def _on_drag_ended(self) -> None:
        self.drag_ended.emit()

    @Slot(int)
    def _on_pattern_chosen(self, row: int) -> None:
        if row > 0:
            self.spec_edited.emit(self._patterns[row - 1][1], None)
        self.choose.setCurrentIndex(0)

    @Slot()
    def _on_more(self) -> None:
        spec = self._spec
        self.spec_edited.emit(replace(spec, size=(*spec.size, 1), stride=(*spec.stride, 1)), None)

    @Slot()
    def _on_fewer(self) -> None:
        spec = self._spec
        self.spec_edited.emit(replace(spec, size=spec.size[:-1], stride=spec.stride[:-1]), None)

    @Slot()
    def _on_reset(self) -> None:
        self.reset_wanted.emit()

    @Slot(object)
    def _on_fix_chosen(self, fix: Fix) -> None:
        """Use smaller arguments, or add a line that makes a copy instead."""
        spec = spec_from_code(fix.code)
        if spec is None:
            self.kept.emit(fix.code)
        else:
            self.spec_taken.emit(spec)

    @Slot()
    def _on_keep(self) -> None:
        self.kept.emit(f".{self._code}")


def pattern_runs(explained: StridedExplanation) -> tuple[Run, ...]:
    """The pattern's name, and the cells it reads."""
    name, _, rest = explained.pattern.partition(":")
    runs = [Run(name[:1].upper() + name[1:], "bold"), Run(f":{rest}." if rest else ".")]
    if explained.allowed:
        reads = "an unknown number of" if explained.reached is None else f"{explained.reached:,}"
        runs.append(Run(f" Reads {reads} cells, needs a storage of {bytes_in_words(explained.needed_bytes)}."))
    return tuple(runs)
