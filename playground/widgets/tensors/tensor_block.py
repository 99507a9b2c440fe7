"""The tensor drawn to scale, with draggable sides: a strip, a sheet, a stack of sheets, a grid of stacks."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from playground.widgets.controls.tooltip import set_tooltip
from playground.widgets.look import code_font, look
from playground.widgets.painting import paint_box, paint_text, text_width
from playground.widgets.text.badges import BADGE, badge_width, paint_axis_badge

CELL = 28.0
LEAST = 8.0
DEPTH_STEP = 5.0
HANDLE = 8
TOP = 24.0
LEAST_LEFT, DIGIT, BESIDE_DIGITS = 38.0, 7.2, 31.0
RIGHT, BOTTOM = 6.0, 6.0
MOST_SHEETS = 5


@dataclass(frozen=True, slots=True)
class BlockGeometry:
    """The sheet of the last two axes in pixels, the number of sheets behind it, and the number of stacks beside it.

    `scaled` is False if one side is so much longer that the other had to be widened to stay visible.
    """

    left: float
    top: float
    width: float
    height: float
    row_pixels: float
    column_pixels: float
    sheets: int
    stacks: tuple[int, int]
    scaled: bool

    @property
    def right(self) -> float:
        """The right side of the front sheet."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """The lower side of the front sheet."""
        return self.top + self.height

    def fits(self, width: float, height: float) -> bool:
        """True if all sheets, stacks and handles fit into this many pixels."""
        depth = DEPTH_STEP * max(0, self.sheets - 1)
        down, across = self.stacks
        right = self.left + across * (self.width + depth) + (across - 1) * 8
        bottom = self.bottom + (down - 1) * (self.height + depth + 8)
        return right + HANDLE / 2 <= width and bottom + HANDLE / 2 <= height


def block_geometry(shape: tuple[int, ...], width: float, height: float) -> BlockGeometry:
    """Fit a tensor of this shape into this many pixels: a strip, a sheet, a stack, or a grid of stacks."""
    rank = len(shape)
    rows = shape[-2] if rank > 1 else 1
    columns = shape[-1] if rank else 1
    sheets = min(shape[-3], MOST_SHEETS) if rank > 2 else 1
    stacks = _stacks(shape)
    depth = DEPTH_STEP * max(0, sheets - 1)
    digits = max((len(str(size)) for size in shape[-3:-1]), default=1)
    left = max(LEAST_LEFT, BESIDE_DIGITS + DIGIT * digits)
    room_width = (width - left - RIGHT) / stacks[1] - depth - (8 if stacks[1] > 1 else 0)
    room_height = (height - TOP - BOTTOM) / stacks[0] - depth - (8 if stacks[0] > 1 else 0)
    scale = min(CELL, room_width / max(1, columns), room_height / max(1, rows))
    sheet_width, sheet_height = columns * scale, rows * scale
    scaled = True
    if columns and sheet_width < LEAST:
        sheet_width, scaled = LEAST, False
    if rows and sheet_height < LEAST:
        sheet_height, scaled = LEAST, False
    return BlockGeometry(
        left,
        TOP + depth,
        sheet_width,
        sheet_height,
        sheet_height / rows if rows else scale,
        sheet_width / columns if columns else scale,
        sheets,
        stacks,
        scaled,
    )


def _stacks(shape: tuple[int, ...]) -> tuple[int, int]:
    """A grid of stacks: axis -5 and before run down, axis -4 across, at most 4 of each."""
    if len(shape) < 4:
        return 1, 1
    across = max(1, min(4, shape[-4]))
    down = max(1, min(3, math.prod(shape[:-4]))) if len(shape) > 4 else 1
    return down, across


def size_at(position: float, origin: float, pixels: float) -> int:
    """The size for a side dragged to `position`."""
    return max(0, round((position - origin) / max(pixels, 1e-9)))


_BAR = 4
_GRAB = 8.0


class TensorBlock(QWidget):
    """`sizes_edited(((axis, size), ...), gesture)` while a handle is dragged; arrow keys change sizes by one."""

    sizes_edited = Signal(object, object)
    let_go = Signal()
    reverted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("shape.block")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self._shape: tuple[int, ...] = ()
        self._resizable = False
        self._grabbed = ""
        self._held: BlockGeometry | None = None
        self._gestures = 0

    def set_shape(self, shape: tuple[int, ...], resizable: bool) -> None:
        """Show another shape, with handles only if sizes can be set."""
        self._shape, self._resizable = shape, resizable
        sizes = " by ".join(map(str, shape)) or "a single number"
        self.setAccessibleName(f"Block {sizes}, to scale")
        words = "The tensor to scale" if self.block().scaled else "The tensor; short side not to scale"
        keys = ("drag its sides; arrow keys change sizes by one", "Page Up and Down the depth") if resizable else ()
        set_tooltip(self, words, *keys)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(168, 130)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 48)

    def block(self) -> BlockGeometry:
        """The block's layout; while a handle is held, at the scale from the start of the drag, if that fits."""
        fresh = block_geometry(self._shape, self.width(), max(84, min(self.height(), 200)))
        held = self._held
        if held is None:
            return fresh
        rows = self._shape[-2] if len(self._shape) > 1 else 1
        columns = self._shape[-1] if self._shape else 1
        under_hand = BlockGeometry(
            held.left,
            held.top,
            columns * held.column_pixels,
            rows * held.row_pixels,
            held.row_pixels,
            held.column_pixels,
            fresh.sheets,
            held.stacks,
            held.scaled,
        )
        return under_hand if under_hand.fits(self.width(), self.height()) else fresh

    def handles(self) -> dict[str, QPointF]:
        """The middle of each handle: "columns", "rows", "both", "depth"."""
        if not self._resizable or not self._shape:
            return {}
        block = self.block()
        across = QPointF(block.right, block.top + block.height / 2)
        if len(self._shape) == 1:
            return {"columns": across}
        found = {
            "columns": across,
            "rows": QPointF(block.left + block.width / 2, block.bottom),
            "both": QPointF(block.right, block.bottom),
        }
        if len(self._shape) > 2:
            depth = DEPTH_STEP * max(1, block.sheets - 1)
            found["depth"] = QPointF(block.right + depth, block.top - depth)
        return found

    # Painting

    def paintEvent(self, _event: QPaintEvent) -> None:
        block = self.block()
        with QPainter(self) as painter:
            if not self._shape:
                self._paint_sheet(painter, block, 0, 0)
                return
            self._paint_stacks(painter, block)
            self._paint_bars(painter, block)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            for name, middle in self.handles().items():
                fill = "accent" if name == self._grabbed else "panel"
                box = QRectF(round(middle.x() - HANDLE / 2), round(middle.y() - HANDLE / 2), HANDLE, HANDLE)
                paint_box(painter, box, look().color(fill), look().color("accent"), 1, width=1.5)

    def _paint_stacks(self, painter: QPainter, block: BlockGeometry) -> None:
        depth = DEPTH_STEP * max(0, block.sheets - 1)
        down, across = block.stacks
        for row in range(down):
            for column in range(across):
                x = column * (block.width + depth + 8)
                y = row * (block.height + depth + 8)
                for sheet in range(block.sheets - 1, -1, -1):
                    self._paint_sheet(painter, block, x + sheet * DEPTH_STEP, y - sheet * DEPTH_STEP)

    def _paint_sheet(self, painter: QPainter, block: BlockGeometry, x: float, y: float) -> None:
        width = block.width if self._shape else 28.0
        height = block.height if self._shape else 28.0
        rect = QRectF(round(block.left + x), round(block.top + y), round(width), round(height))
        painter.fillRect(rect, look().color("sunken"))
        line = look().color("edge")
        painter.setPen(QPen(line, 1))
        if block.row_pixels >= 5:
            for row in range(1, round(height / block.row_pixels)):
                at = round(rect.top() + row * block.row_pixels)
                painter.drawLine(QPointF(rect.left(), at), QPointF(rect.right(), at))
        if block.column_pixels >= 5:
            for column in range(1, round(width / block.column_pixels)):
                at = round(rect.left() + column * block.column_pixels)
                painter.drawLine(QPointF(at, rect.top()), QPointF(at, rect.bottom()))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(rect)

    def _paint_bars(self, painter: QPainter, block: BlockGeometry) -> None:
        """Draw bars along the sides, with badge and size; other axes in a row above."""
        rank = len(self._shape)
        depth = DEPTH_STEP * max(0, block.sheets - 1)
        column = rank - 1
        top = block.top - depth - 6 if rank > 2 else block.top - 6
        self._bar(painter, QRectF(block.left + depth, top, block.width + 1, _BAR), column)
        self._label(painter, block.left + depth + block.width / 2, top - 11, column, centred=True)
        if rank > 1:
            self._bar(painter, QRectF(block.left - 6, block.top, _BAR, block.height + 1), rank - 2)
            self._label(painter, block.left - 12, block.top + block.height / 2, rank - 2, centred=False)
        if rank > 2:
            painter.setPen(QPen(look().axis_line(rank - 3), 3))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            start = QPointF(block.left - 3, block.top - 3)
            painter.drawPolyline(QPolygonF([start, start + QPointF(max(depth, 3), -max(depth, 3))]))
            self._label(painter, block.left - 8, block.top - max(depth, 3) - 6, rank - 3, centred=False)

    def _bar(self, painter: QPainter, rect: QRectF, axis: int) -> None:
        box = QRectF(round(rect.left()), round(rect.top()), round(rect.width()), round(rect.height()))
        painter.fillRect(box, look().axis_line(axis))
        painter.fillRect(box.adjusted(1, 1, -1, -1), look().axis_fill(axis))

    def _label(self, painter: QPainter, x: float, y: float, axis: int, *, centred: bool) -> None:
        """Draw badge and size, centred at a point or ending there."""
        size = str(self._shape[axis])
        badge = badge_width(str(axis))
        words = text_width(code_font(), size)
        total = badge + 6 + words
        left = x - total / 2 if centred else x - badge - 4 - words
        left = max(0.0, min(left, self.width() - total))
        paint_axis_badge(painter, left, y - BADGE / 2, axis)
        paint_text(painter, left + badge + (6 if centred else 3), y + 4, size, code_font(), color=look().color("text"))

    # Mouse and keys

    def _handle_at(self, point: QPointF) -> str:
        for name, middle in reversed(self.handles().items()):
            if abs(point.x() - middle.x()) <= _GRAB and abs(point.y() - middle.y()) <= _GRAB:
                return name
        block = self.block()
        if not self.handles():
            return ""
        if abs(point.x() - block.right) <= 4 and block.top <= point.y() <= block.bottom:
            return "columns"
        if len(self._shape) > 1 and abs(point.y() - block.bottom) <= 4 and block.left <= point.x() <= block.right:
            return "rows"
        return ""

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        self._grabbed = self._handle_at(event.position())
        if self._grabbed:
            self._gestures += 1
            self._held = self.block()
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        point = event.position()
        if self._grabbed and not event.buttons() & Qt.MouseButton.LeftButton:
            # The release went to another window.
            self.drop()
            self.let_go.emit()
        if not self._grabbed or self._held is None:
            cursors = {
                "columns": Qt.CursorShape.SizeHorCursor,
                "rows": Qt.CursorShape.SizeVerCursor,
                "both": Qt.CursorShape.SizeFDiagCursor,
                "depth": Qt.CursorShape.SizeBDiagCursor,
            }
            self.setCursor(cursors.get(self._handle_at(point), Qt.CursorShape.ArrowCursor))
            return
        rank, held = len(self._shape), self._held
        sizes: list[tuple[int, int]] = []
        if self._grabbed in ("columns", "both"):
            sizes.append((rank - 1, size_at(point.x(), held.left, held.column_pixels)))
        if self._grabbed in ("rows", "both"):
            sizes.append((rank - 2, size_at(point.y(), held.top, held.row_pixels)))
        if self._grabbed == "depth":
            sizes.append((rank - 3, 1 + size_at(point.x(), held.right, DEPTH_STEP)))
        self.sizes_edited.emit(tuple(sizes), ("block", id(self), self._gestures))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._grabbed:
            self.drop()
            self.let_go.emit()

    def drop(self) -> None:
        """End a drag without emitting."""
        self._grabbed, self._held = "", None
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        rank = len(self._shape)
        key = Qt.Key(event.key())
        steps = {
            Qt.Key.Key_Left: (rank - 1, -1),
            Qt.Key.Key_Right: (rank - 1, 1),
            Qt.Key.Key_Up: (rank - 2, -1),
            Qt.Key.Key_Down: (rank - 2, 1),
            Qt.Key.Key_PageUp: (rank - 3, -1),
            Qt.Key.Key_PageDown: (rank - 3, 1),
        }
        if key == Qt.Key.Key_Escape and self._grabbed:
            self.drop()
            self.reverted.emit()
            return
        axis, by = steps.get(key, (-1, 0))
        if axis < 0 or not self._resizable:
            super().keyPressEvent(event)
            return
        self._gestures += 1
        size = max(0, self._shape[axis] + by)
        self.sizes_edited.emit(((axis, size),), ("block", id(self), self._gestures))
        self.let_go.emit()
