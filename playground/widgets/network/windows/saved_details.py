"""Each tensor that autograd keeps for one layer, and for which gradient; and what checkpoints would keep instead."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRect, QSize, Signal, Slot
from PySide6.QtGui import QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from playground.models.formatting import bytes_in_words, shape_in_words
from playground.models.network.saved.request import SavedResult
from playground.models.network.saved.tensors import layer_name, size_words
from playground.models.problem import Problem
from playground.widgets.controls.number_box import NumberBox
from playground.widgets.controls.problem_banner import ProblemBanner
from playground.widgets.controls.section import Hairline, TitleLine
from playground.widgets.controls.tooltip import set_tooltip
from playground.widgets.look import code_font, look, look_holder, words_font
from playground.widgets.painting import baseline, elided, fill_background, paint_text
from playground.widgets.plot.axis import AxisRange
from playground.widgets.plot.curve import Curve
from playground.widgets.plot.plot import Plot
from playground.widgets.text.labels import RunsLabel, TextLabel

ROW = 24
PLACES = (16, 150, 230, 400)
HEADS = ("shape", "dtype", "bytes", "kept for")
SKY = 4


def _bytes(count: float) -> str:
    return bytes_in_words(round(count))


class TensorRows(QWidget):
    """The table of one layer's tensors."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: list[tuple[str, ...]] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        look_holder().changed.connect(self.update)

    def show_rows(self, rows: list[tuple[str, ...]]) -> None:
        """Show these rows of shape, dtype, bytes and reason."""
        self.rows = rows
        self.setAccessibleName("; ".join(", ".join(row) for row in rows) or "nothing is kept here")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(560, ROW * (len(self.rows) + 1))

    def paintEvent(self, _event: QPaintEvent) -> None:
        words, code, bold = words_font(), code_font(), words_font(QFont.Weight.Normal)
        with QPainter(self) as painter:
            for place, head in zip(PLACES, HEADS, strict=True):
                base = baseline(QRect(0, 0, 10, ROW), bold)
                paint_text(painter, place, base, head, bold, color=look().color("text2"))
            for number, row in enumerate(self.rows, start=1):
                box = QRect(0, number * ROW, self.width(), ROW)
                painter.fillRect(QRect(PLACES[0], box.top(), self.width() - 32, 1), look().color("hairline"))
                for column, (place, text) in enumerate(zip(PLACES, row, strict=True)):
                    font = words if column == 3 else code
                    ends = (*PLACES[1:], self.width())
                    shown = elided(font, text, ends[column] - place - 8)
                    paint_text(painter, place, baseline(box, font), shown, font, color=look().color("text"))


class SavedDetails(QWidget):
    """`show_result(result)` and `show_layer(layer)`; `every_chosen(k)` requests a checkpoint every k layers."""

    every_chosen = Signal(int)
    toggled = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("network.saved.window")
        self.setWindowTitle("Saved for backward")
        self._result: SavedResult | None = None
        self._layer = 1
        self._wanted = 0
        """The last requested distance; 0 means find the best."""
        fill_background(self, "panel")
        self.title = TitleLine("Saved for backward")
        self.total = TextLabel("", "text2")
        self.title.add(self.total, 1)
        self.without_grad = TextLabel("", "text2", right=True, fixed=True)
        self.title.add_right(self.without_grad)
        self.rows = TensorRows()
        self.plot = Plot("Peak memory kept, by layers between checkpoints", x_name="k", x_column="every")
        self.plot.setObjectName("network.saved.peaks")
        self.curve = self.plot.add(Curve("peak", axis=SKY))
        self.none = self.plot.add(Curve("no checkpoints", style="pinned"))
        self.plot.words_of = _bytes
        self.plot.canvas.axes["left"].set_size(72)
        self.plot.canvas.axes["bottom"].whole = True
        cursor = self.plot.canvas.cursor
        cursor.setMovable(True)
        cursor.sigDragged.connect(self._on_cursor_dragged)
        self.box = NumberBox(1, 1, 1, name="layers between checkpoints")
        self.box.setObjectName("network.saved.every")
        self.box.setFixedWidth(72)
        set_tooltip(self.box, "Keep one input every this many layers, and recompute the rest")
        self.words = RunsLabel()
        self.words.setObjectName("network.saved.checkpoints")
        self.banner = ProblemBanner(first=0)
        self._lay_out()
        self.box.changed.connect(self._on_every)
        self.plot.pressed.connect(self._on_every)
        self.plot.toggled.connect(self.toggled)

    def _lay_out(self) -> None:
        scroll = QScrollArea()
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        inner = QWidget()
        fill_background(inner, "panel")
        stack = QVBoxLayout(inner)
        stack.setContentsMargins(0, 4, 0, 8)
        stack.addWidget(self.rows)
        stack.addStretch(1)
        scroll.setWidget(inner)
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(TextLabel("checkpoint every", "text2", fixed=True))
        line.addWidget(self.box)
        line.addWidget(self.words, 1)
        below = QVBoxLayout()
        below.setContentsMargins(16, 8, 16, 12)
        below.addWidget(self.banner)
        below.addWidget(self.plot, 1)
        below.addLayout(line)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.title)
        column.addWidget(Hairline())
        column.addWidget(scroll, 1)
        column.addWidget(Hairline())
        column.addLayout(below, 1)

    def sizeHint(self) -> QSize:
        return QSize(680, 480)

    def show_result(self, result: SavedResult) -> None:
        """Draw the measured result."""
        self._result = result
        self.banner.set_problem(None)
        self._draw()

    def show_layer(self, layer: int) -> None:
        """List the tensors of another layer, from 1."""
        self._layer = layer
        self._draw()

    def show_problem(self, problem: Problem) -> None:
        """Show why nothing was measured; the last numbers stay."""
        self.banner.set_problem(problem)

    def _draw(self) -> None:
        result = self._result
        if result is None:
            return
        saved, depth = result.saved, len(result.saved.layer_bytes) - 2
        layer = max(0, min(depth + 1, self._layer))
        self.title.set_title(layer_name(layer, depth))
        self.total.set_text(f"keeps {bytes_in_words(saved.layer_bytes[layer])} of {bytes_in_words(saved.total_bytes)}")
        self.without_grad.set_text(result.without_grad())
        self.rows.show_rows(
            [
                (shape_in_words(tensor.shape), tensor.dtype, size_words(saved, tensor), tensor.read_for)
                for tensor in saved.of_layer(layer)
            ]
        )
        every = np.arange(1, depth + 1)
        peaks = np.array(result.peaks, dtype=float)
        most = float(max(saved.total_bytes, 1))
        ticks = tuple((share * most, bytes_in_words(round(share * most))) for share in (0.0, 0.5, 1.0))
        self.plot.set_ranges(AxisRange(1, max(2, depth)), AxisRange(0.0, most * 1.05, ticks=ticks, text=_bytes))
        self.curve.set_data(every, peaks)
        self.none.set_data(every, np.full(depth, most))
        chosen = result.checkpointed.every
        if not self.plot.canvas.cursor.moving:
            self.plot.set_crosshair(float(chosen), str(chosen))
        self.plot.refresh()
        self.box.set_range(1, depth)
        self.box.set_value(chosen)
        self.words.set_content(result.checkpoint_words())

    @Slot(object)
    def _on_cursor_dragged(self, line: pg.InfiniteLine) -> None:
        place = self.plot.canvas.x_at(float(line.value()))
        self.plot.set_crosshair(place, str(int(place)))
        self._on_every(place)

    @Slot(object)
    @Slot(float)
    def _on_every(self, every: object) -> None:
        result = self._result
        if result is None or not isinstance(every, int | float):
            return
        chosen = max(1, min(len(result.peaks), round(every)))
        if chosen != (self._wanted or result.checkpointed.every):
            self._wanted = chosen
            self.every_chosen.emit(chosen)
