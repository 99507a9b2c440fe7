"""What autograd keeps for the backward pass, as a strip: one bar per layer, as wide as the bytes it keeps."""

from __future__ import annotations

from itertools import accumulate

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from playground.models.network.saved.request import KeptResult
from playground.models.network.saved.tensors import layer_lines, layer_name
from playground.models.problem import Problem
from playground.widgets.controls.buttons import IconButton
from playground.widgets.controls.tooltip import explained, set_tooltip, show_beside, tooltip_html
from playground.widgets.look import look, look_holder
from playground.widgets.text.labels import RunsLabel, TextLabel

BAR_HEIGHT = 16
ROOM_FOR_BOTH = 800
GAPS_FROM = 4.0
"""Bars at least this wide are separated by a pixel; narrower ones touch."""


class LayerBars(QWidget):
    """The bars alone; `chosen(layer)` on a click or the arrow keys, layers from 1."""

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._result: KeptResult | None = None
        self._layer = 1
        self._dimmed = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        look_holder().changed.connect(self.update)

    def show_bars(self, result: KeptResult | None, layer: int, dimmed: bool = False) -> None:
        """Draw the layers of a result, one of them inverted; repaint only if something changed."""
        if result is self._result and (layer, dimmed) == (self._layer, self._dimmed):
            return
        self._result, self._layer, self._dimmed = result, layer, dimmed
        self.update()

    @property
    def layers(self) -> int:
        """The number of layers, without the input and the loss."""
        return 0 if self._result is None else len(self._result.saved.layer_bytes) - 2

    def spans(self) -> list[tuple[float, float]]:
        """Left and right edge of every bar in pixels: the part before the first layer, the layers, the loss."""
        if self._result is None:
            return []
        sizes = self._result.saved.layer_bytes
        total = sum(sizes)
        if not total:
            return []
        ends = list(accumulate(size * self.width() / total for size in sizes))
        return list(zip([0.0, *ends[:-1]], ends, strict=True))

    def layer_at(self, x: float) -> int | None:
        """The layer of the bar at a pixel; 0 before the first, depth + 1 for the loss."""
        return next((layer for layer, (left, right) in enumerate(self.spans()) if left <= x < right), None)

    def sizeHint(self) -> QSize:
        return QSize(400, BAR_HEIGHT)

    def paintEvent(self, _event: QPaintEvent) -> None:
        usual, apart, inverted = _bar_color(), look().color("pinned"), look().color("text")
        with QPainter(self) as painter:
            painter.setOpacity(0.4 if self._dimmed else 1.0)
            spans = self.spans()
            if not spans:
                painter.fillRect(self.rect(), look().color("hairline"))
            for layer, (left, right) in enumerate(spans):
                gap = 1.0 if right - left >= GAPS_FROM else 0.0
                color = apart if layer in (0, self.layers + 1) else inverted if layer == self._layer else usual
                painter.fillRect(QRectF(left, 0, right - left - gap, self.height()), color)
            if spans and 0 <= self._layer < len(spans):
                left, right = spans[self._layer]
                if right - left < GAPS_FROM:
                    painter.fillRect(QRectF(left - 1, 0, max(3.0, right - left), self.height()), inverted)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._choose_at(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._choose_at(event.position().x())

    def _choose_at(self, x: float) -> None:
        layer = self.layer_at(x)
        if layer is not None:
            self._choose(layer)

    def _choose(self, layer: int) -> None:
        layer = max(1, min(self.layers, layer))
        if layer != self._layer and self.layers:
            self.chosen.emit(layer)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {
            Qt.Key.Key_Left: self._layer - 1,
            Qt.Key.Key_Right: self._layer + 1,
            Qt.Key.Key_Home: 1,
            Qt.Key.Key_End: self.layers,
        }
        if event.key() in moves:
            self._choose(moves[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent) and self._result is not None:
            layer = self.layer_at(event.pos().x())
            if layer is not None:
                lines = layer_lines(self._result.saved, layer)
                text = tooltip_html(layer_name(layer, self.layers), *lines)
                show_beside(self, explained(self, event.pos()), text, event.pos().x())
            return True
        return super().event(event)


def _bar_color() -> QColor:
    """Between two steps of the count map, with the same contrast in both themes."""
    present = look()
    one, other = (QColor(present.counts[i]) for i in ((2, 3) if present.dark else (3, 4)))
    return QColor((one.red() + other.red()) // 2, (one.green() + other.green()) // 2, (one.blue() + other.blue()) // 2)


class SavedStrip(QWidget):
    """`show_result(result)` and `show_layer(layer)`; `layer_chosen(layer)` when a bar is clicked, layers from 1.

    `details_wanted()` requests the table of tensors and checkpoints.
    """

    layer_chosen = Signal(int)
    details_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("network.saved")
        self._result: KeptResult | None = None
        self._layer = 1
        self._shown: tuple[KeptResult, int, bool] | None = None
        self.title = TextLabel("Saved for backward", bold=True, fixed=True)
        self.words = RunsLabel(role="text2", wrap=False)
        self.words.setObjectName("network.saved.words")
        self.right = TextLabel("", "text2", right=True)
        self.details = IconButton("table", "Which tensor is kept for which gradient, and what checkpoints would keep")
        self.details.setObjectName("network.saved.details")
        self.bars = LayerBars()
        self.bars.setObjectName("network.saved.bars")
        set_tooltip(self.bars, "What each layer keeps for the backward pass; the widths are bytes")
        line = QHBoxLayout()
        line.setSpacing(12)
        line.addWidget(self.title)
        line.addWidget(self.words)
        line.addStretch(1)
        line.addWidget(self.right)
        line.addWidget(self.details)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 3, 16, 12)
        column.setSpacing(2)
        column.addLayout(line)
        column.addWidget(self.bars)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.bars.chosen.connect(self._on_chosen)
        self.details.clicked.connect(self._on_details)

    def show_result(self, result: KeptResult) -> None:
        """Draw the measured result."""
        self._result = result
        self._draw(dimmed=False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Mention what no_grad keeps if all of it fits; the table has it too."""
        super().resizeEvent(event)
        self.right.setVisible(self.width() >= ROOM_FOR_BOTH)

    def show_layer(self, layer: int) -> None:
        """Invert the bar of a layer, from 1."""
        self._layer = layer
        self._draw(dimmed=False)

    def show_problem(self, problem: Problem) -> None:
        """Dim the last bars; the page's banner shows the problem."""
        self._draw(dimmed=True)
        self.right.set_text("not measured: " + str(problem))
        self.right.show()

    def _draw(self, dimmed: bool) -> None:
        result, before = self._result, self._shown
        self.bars.show_bars(result, self._layer, dimmed)
        if result is None or (before is not None and before[0] is result and before[1:] == (self._layer, dimmed)):
            return
        self._shown = result, self._layer, dimmed
        depth = len(result.saved.layer_bytes) - 2
        self.words.set_content(result.title(min(self._layer, depth)))
        self.right.set_text(result.without_grad())
        self.bars.setAccessibleName(f"Saved for backward: {self.words.text()}")

    @Slot(int)
    def _on_chosen(self, layer: int) -> None:
        self._layer = layer
        self._draw(dimmed=False)
        self.layer_chosen.emit(layer)

    @Slot()
    def _on_details(self) -> None:
        self.details_wanted.emit()
