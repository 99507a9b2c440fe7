"""A small plot of losses over steps whose handle says which step the other plots show."""

from __future__ import annotations

from collections.abc import Mapping

import pyqtgraph as pg
from numpy.typing import ArrayLike
from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QWidget

from playground.widgets.common.look import look
from playground.widgets.plot.axis import AxisRange
from playground.widgets.plot.curve import Curve
from playground.widgets.plot.plot import Plot
from playground.widgets.plot.segments import Floats

HANDLE = 11.0
LEFT = 40
"""Room for labels such as 1e-4; the picture of the histograms below lies on the same steps."""
SKY = 4


class PinnedCurve(Curve):
    """The losses of a pinned network; `run` is its name, the legend says what all grey curves are."""

    def __init__(self) -> None:
        super().__init__("pinned", style="pinned")
        self.run = ""

    def columns(self) -> Mapping[str, Floats]:
        """Its numbers under a name of its own."""
        return {f"pinned: {self.run}": self.y}


class ScrubPlot(Plot):
    """`set_losses`, then drag the handle: `scrubbed(step)` for each step under the hand, `scrub_ended()` at the end."""

    scrubbed = Signal(int)
    scrub_ended = Signal()

    may_be_linear = True

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("loss", x_column="step", parent=parent)
        self.now = self.add(Curve("now", axis=SKY))
        self.pinned: list[PinnedCurve] = []
        self._reached = 0
        self._shown = 0
        canvas = self.canvas
        canvas.ground = "window"
        canvas.axes["left"].set_size(LEFT)
        canvas.plotItem.layout.setContentsMargins(0, 8, 7, 0)
        canvas.cursor.setMovable(True)
        canvas.cursor.addMarker("o", 0.06, HANDLE)
        canvas.cursor.sigDragged.connect(self._on_dragged)
        canvas.cursor.sigPositionChangeFinished.connect(self.scrub_ended)
        self.hint_item = pg.TextItem(anchor=(0.5, 0.5))
        self.hint_item.setParentItem(canvas.view)
        canvas.view.sigResized.connect(self._place_hint)
        self.pressed.connect(self._on_pressed)
        canvas.walked.connect(self._on_canvas_walked)
        self.take_look()

    @property
    def shown_step(self) -> int:
        """Where the handle stands."""
        return self._shown

    @property
    def hint(self) -> str:
        """What stands in the middle before there is a loss."""
        return str(self.hint_item.toPlainText())

    def set_pinned(self, runs: tuple[tuple[str, ArrayLike], ...]) -> None:
        """Show the losses of other runs in grey: `(name, losses)` each."""
        while len(self.pinned) > len(runs):
            self.remove(self.pinned.pop())
        while len(self.pinned) < len(runs):
            self.pinned.append(self.add(PinnedCurve()))
            self.pinned[-1].in_legend = len(self.pinned) == 1
        for curve, (name, losses) in zip(self.pinned, runs, strict=True):
            curve.run = name
            curve.set_data(range(len(losses)), losses)  # type: ignore[arg-type]
        self.refresh()

    def show_losses(self, losses: ArrayLike, reached: int, shown: int, x: AxisRange, y: AxisRange) -> None:
        """Draw the losses so far and put the handle at a step."""
        self._reached, self._shown = reached, shown
        self.set_ranges(x, y)
        self.now.set_data(range(len(losses)), losses)  # type: ignore[arg-type]
        self._set_hint("")
        if not self.canvas.cursor.moving:
            self.set_crosshair(float(shown))
        self.refresh()

    def show_nothing(self, x: AxisRange, hint: str) -> None:
        """Before there is a loss: no values on the axis, no handle, and a hint in the middle."""
        self._reached = self._shown = 0
        self.set_ranges(x, AxisRange(0.0, 1.0, ticks=()))
        self.now.set_data([], [])
        self._set_hint(hint)
        self.set_crosshair(None)
        self.refresh()

    def _set_hint(self, hint: str) -> None:
        self.hint_item.setText(hint)
        self.hint_item.setVisible(bool(hint))
        self._place_hint()

    @Slot()
    def _place_hint(self) -> None:
        self.hint_item.setPos(self.canvas.view.width() / 2, self.canvas.view.height() / 2)

    def take_look(self) -> None:
        super().take_look()
        self.hint_item.setColor(look().color("text2"))

    def _step_at(self, x: float) -> int:
        return max(0, min(self._reached, round(x)))

    @Slot(object)
    def _on_dragged(self, line: pg.InfiniteLine) -> None:
        step = self._step_at(float(line.value()))
        line.setPos(float(step))
        self.scrubbed.emit(step)

    @Slot(float)
    def _on_pressed(self, x: float) -> None:
        self.scrubbed.emit(self._step_at(x))
        self.scrub_ended.emit()

    @Slot(object)
    def _on_canvas_walked(self, x: object) -> None:
        if isinstance(x, float):
            self.scrubbed.emit(self._step_at(x))


def step_range(last: int) -> AxisRange:
    """Steps 0 to `last` with three or four round labels."""
    power = 10 ** (len(str(last // 3)) - 1) if last >= 3 else 1
    stride = next((f * power for f in (1, 2, 3, 4, 5, 10) if f * power * 4 >= last), last)
    return AxisRange(0, last, ticks=tuple((float(step), f"{step:,}") for step in range(0, last + 1, max(1, stride))))
