"""Paints the storage: cells with heat, numbers below, and axis arrows as long as their strides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QPainter, QPainterPath, QPen, QPolygonF

from playground.models.evaluation.reader import Glyph, Window
from playground.models.memory.layout import Layout
from playground.models.memory.readers import UNKNOWN, StorageReader, count_readers
from playground.widgets.grid.painter import paint_digit_glyph
from playground.widgets.grid.style import heat_colors
from playground.widgets.look import code_font, look
from playground.widgets.memory.part import code_width
from playground.widgets.memory.strip_layout import LABELS, StripLayout
from playground.widgets.painting import baseline, paint_text

BADGE_FONT = 10
SPECIAL_WORDS = {Glyph.NAN: "nan", Glyph.POSITIVE_INFINITY: "inf", Glyph.NEGATIVE_INFINITY: "-inf"}


@dataclass(frozen=True, slots=True)
class StripMarks:
    """The marks besides the values: the pointed cell, cells that a write would change (with their new text), axes."""

    pointed: int | None = None
    changes: Mapping[int, str] = field(default_factory=dict)
    steps: Mapping[int, int] = field(default_factory=dict)
    dimmed: bool = False
    as_bytes: bool = False
    focused: bool = False


def cell_characters(layout: StripLayout) -> int:
    """How many digits fit into a cell."""
    return max(1, int((layout.cell_width - 4) / code_width("0")))


@dataclass(frozen=True, slots=True)
class StripSource:
    """The content to paint: the cells of `reader`'s storage that `tensor` reads, with full heat at `scale`.

    Without a reader (too large), only which cells are read. `beyond` is the number of requested cells past the
    storage's end.
    """

    tensor: Layout
    reader: StorageReader | None
    scale: float = 1.0
    characters: int = 2
    beyond: int = 0


def paint_cells(painter: QPainter, strip: StripLayout, cells: range, source: StripSource, marks: StripMarks) -> None:
    """Paint some cells with their marks."""
    end = source.tensor.storage_cells
    for cell in range(max(end, cells.start), cells.stop):
        _paint_missing(painter, strip.rect(cell))
        _paint_number(painter, strip.rect(cell), cell, strip, cell == marks.pointed)
    cells = range(cells.start, min(end, cells.stop))
    if not cells:
        return
    tensor, reader = source.tensor, source.reader
    window = reader.read(cells.start, cells.stop) if reader is not None else None
    readers = count_readers(tensor.shape, tensor.strides, tensor.offset, cells.start, cells.stop).tolist()
    fills = _fills(window, readers, source.scale, marks.dimmed)
    kinds = window.kinds()[0] if window is not None else np.zeros(len(cells), np.uint8)
    texts = _texts(strip, cells, reader, window, marks)
    crowded = [count > 1 or count == UNKNOWN for count in readers]
    for place, cell in enumerate(cells):
        rect = strip.rect(cell)
        changed = cell in marks.changes
        _paint_box(painter, rect, fills[place], bool(readers[place]), changed)
        if changed:
            _paint_text(painter, rect, marks.changes[cell], "warning", crowded[place])
        elif kinds[place] in SPECIAL_WORDS and not marks.as_bytes:
            _paint_special(painter, rect, Glyph(int(kinds[place])), texts[place], bool(readers[place]))
        else:
            faint = marks.dimmed or not readers[place]
            _paint_text(painter, rect, texts[place], "text2" if faint else "text", crowded[place])
        if crowded[place]:
            _paint_count(painter, rect, readers[place])
    _paint_frames(painter, strip, cells, marks)
    for cell in cells:
        _paint_number(painter, strip.rect(cell), cell, strip, cell == marks.pointed)


def _fills(window: Window | None, readers: list[int], scale: float, dimmed: bool) -> list[QColor]:
    lit, plain = look().color("selected"), look().color("panel")
    if window is None:
        return [lit if count else plain for count in readers]
    weight = 0.3 if dimmed else 1.0
    colors = heat_colors(window.magnitudes, window.kinds(), scale, weight, strong=False)[0]
    return [QColor.fromRgb(int(color)) if count else plain for color, count in zip(colors, readers, strict=True)]


def _texts(
    strip: StripLayout, cells: range, reader: StorageReader | None, window: Window | None, marks: StripMarks
) -> list[str]:
    if window is None or reader is None:
        return ["" for _ in cells]
    if marks.as_bytes:
        size = reader.itemsize
        raw = reader.raw(cells.start * size, cells.stop * size)
        return [raw[place * size : (place + 1) * size].hex(" ") for place in range(len(cells))]
    characters = cell_characters(strip)
    if reader.dtype == "bool":
        return painted_bools(window.values[0].tolist(), characters)
    kinds = window.kinds()[0].tolist()
    return [
        SPECIAL_WORDS[kind] if kind in SPECIAL_WORDS else window.fitted(0, cell, characters)
        for kind, cell in zip(kinds, cells, strict=True)
    ]


def painted_bools(values: list[bool], characters: int) -> list[str]:
    """`True` and `False` if both fit into this many characters, otherwise `T` and `F`."""
    words = ("False", "True") if characters >= len("False") else ("F", "T")
    return [words[value] for value in values]


def _paint_box(painter: QPainter, rect: QRectF, fill: QColor, lit: bool, changed: bool) -> None:
    inner = rect.adjusted(0, 0, 1, 1)
    painter.fillRect(inner, look().color("warning_fill") if changed else fill)
    if not lit and not changed:
        painter.fillRect(inner, QBrush(look().color("edge"), Qt.BrushStyle.BDiagPattern))
    painter.setPen(QPen(look().color("edge"), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(rect)


def _paint_missing(painter: QPainter, rect: QRectF) -> None:
    """Paint a cell past the end of the storage: red, dashed, empty."""
    painter.fillRect(rect.adjusted(0, 0, 1, 1), look().color("error_fill"))
    pen = QPen(look().color("error"), 1)
    pen.setDashPattern([3, 2])
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(rect)


def _paint_text(painter: QPainter, rect: QRectF, text: str, role: str, left: bool = False) -> None:
    pixels = 12 if code_width(text) <= rect.width() - 1 else 10
    font, width = code_font(pixels), code_width(text, pixels)
    x = rect.left() + 4 if left else rect.center().x() - width / 2 + 0.5
    base = baseline(rect, font) + (2 if left else 0)
    paint_text(painter, x, base, text, font, color=look().color(role))


def _paint_special(painter: QPainter, rect: QRectF, glyph: Glyph, text: str, lit: bool) -> None:
    """nan crossed out in red, inf inverted: the word in a cell wide enough, a small mark otherwise."""
    inner = rect.adjusted(1, 1, 0, 0)
    if glyph == Glyph.NAN:
        if rect.width() >= 34:
            paint_digit_glyph(painter, rect, glyph, baseline(rect, code_font()), code_width("nan"))
        else:
            painter.fillRect(inner, look().color("panel"))
            _paint_text(painter, rect, "nan", "error")
        return
    painter.fillRect(inner, look().color("text" if lit else "hover"))
    _paint_text(painter, rect, text, "panel" if lit else "text2")


def _paint_count(painter: QPainter, rect: QRectF, count: int) -> None:
    """The number of elements that read the cell, inverted in its corner."""
    label = "?" if count == UNKNOWN else str(count) if count < 1000 else "999+"
    font = code_font(BADGE_FONT, QFont.Weight.Bold)
    width = max(11.0, code_width(label, BADGE_FONT) + 4)
    badge = QRectF(rect.right() + 1 - width, rect.top(), width, 12)
    painter.fillRect(badge, look().color("text"))
    base = baseline(badge, font)
    paint_text(
        painter, badge.center().x() - code_width(label, BADGE_FONT) / 2, base, label, font, color=look().color("panel")
    )


def _paint_frames(painter: QPainter, strip: StripLayout, cells: range, marks: StripMarks) -> None:
    for cell, axis in marks.steps.items():
        if cell in cells:
            rect = strip.rect(cell)
            painter.fillRect(QRectF(rect.left() + 1, rect.bottom() - 2, rect.width() - 1, 3), look().axis_line(axis))
    for cell in marks.changes:
        if cell in cells:
            _paint_frame(painter, strip.rect(cell), "warning")
    if marks.pointed is not None and marks.pointed in cells:
        _paint_frame(painter, strip.rect(marks.pointed), "accent")


def _paint_frame(painter: QPainter, rect: QRectF, role: str) -> None:
    painter.setPen(QPen(look().color(role), 2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(rect.adjusted(1, 1, 0, 0))


def _paint_number(painter: QPainter, rect: QRectF, cell: int, strip: StripLayout, bold: bool) -> None:
    label = str(cell)
    pixels = 12 if len(label) <= 3 else 10
    font, width = code_font(pixels, QFont.Weight.Bold if bold else QFont.Weight.Normal), code_width(label, pixels)
    if width > strip.cell_width - 2 and not bold and cell % strip.columns:
        return
    below = QRectF(rect.left(), rect.bottom() + 1, rect.width(), LABELS)
    left = max(rect.left() if cell % strip.columns == 0 else 0.0, below.center().x() - width / 2)
    paint_text(painter, left, baseline(below, font), label, font, color=look().color("text" if bold else "text2"))


@dataclass(frozen=True, slots=True)
class Jump:
    """One arrow: from a cell to the next along an axis; `leaves` if that one is in another row."""

    axis: int
    start: int
    stop: int
    leaves: bool


ARROWS_EACH = 12


def axis_jumps(tensor: Layout, strip: StripLayout) -> list[Jump]:
    """The arrows that start at the offset: along each axis to the end of its row."""
    jumps: list[Jump] = []
    if not tensor.elements:
        return jumps
    row_end = (tensor.offset // strip.columns + 1) * strip.columns
    for axis, (size, stride) in enumerate(zip(tensor.shape, tensor.strides, strict=True)):
        if size < 2 or stride == 0:
            continue
        for step in range(min(size - 1, ARROWS_EACH)):
            start, stop = tensor.offset + step * stride, tensor.offset + (step + 1) * stride
            if start >= row_end or (step and stop >= row_end):
                break
            jumps.append(Jump(axis, start, stop, stop >= row_end))
    return jumps


def arc_height(jump: Jump, highest: float) -> float:
    """The height of an arrow: the longer the higher, at least 12 px."""
    return highest if jump.leaves else min(highest, 9.0 + 3.0 * (jump.stop - jump.start))


def paint_jumps(painter: QPainter, strip: StripLayout, jumps: list[Jump], right: float, highest: float) -> None:
    """Paint the arrows above their row, at most `highest` px high; those that leave the row end at `right`."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for jump in sorted(jumps, key=lambda one: one.start - one.stop):
        color = look().axis_line(jump.axis)
        start = strip.rect(jump.start)
        height = arc_height(jump, highest - 2 * (jump.axis % 3)) + jump.axis % 3
        foot = QPointF(start.center().x(), start.top() - 1)
        path = QPainterPath(foot)
        painter.setPen(QPen(color, 1.6))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if jump.leaves:
            end = QPointF(right - 2, start.top() - height + 4)
            path.quadTo(QPointF(foot.x() + 4, end.y()), end)
            painter.drawPath(path)
            _paint_head(painter, end, QPointF(1, 0), color)
            continue
        end = QPointF(strip.rect(jump.stop).center().x(), start.top() - 1)
        lift = height * 4 / 3
        bow = min(10.0, (end.x() - foot.x()) * 0.18)
        path.cubicTo(
            QPointF(foot.x() + bow, foot.y() - lift),
            QPointF(end.x() - bow, end.y() - lift),
            QPointF(end.x(), end.y() - 3),
        )
        painter.drawPath(path)
        _paint_head(painter, end, QPointF(0, 1), color)
    painter.restore()


def _paint_head(painter: QPainter, tip: QPointF, way: QPointF, color: QColor) -> None:
    across = QPointF(-way.y(), way.x())
    back = tip - way * 6
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    painter.drawPolygon(QPolygonF([tip, back + across * 3.4, back - across * 3.4]))
