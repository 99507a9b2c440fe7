"""Small plots over training steps, with a handle for the step that the other plots show: losses, a layer's spread."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pyqtgraph as pg
from numpy.typing import ArrayLike
from PySide6.QtCore import QRectF, Signal, Slot
from PySide6.QtWidgets import QWidget

from playground.models.network.measure.histograms import BINS, LOW_OCTAVE, NOT_FINITE, ZERO
from playground.models.network.training.request import TrainingResult
from playground.widgets.look import look
from playground.widgets.plot.axis import AxisRange
from playground.widgets.plot.curve import Curve
from playground.widgets.plot.plot import HeatMap, Plot
from playground.widgets.plot.segments import Floats

HANDLE = 11.0
LEFT = 40
"""Room for labels such as 1e-4; the histograms below share the same step axis."""
SKY = 4


class PinnedCurve(Curve):
    """The losses of a pinned network; `run` is its name; the legend explains the grey curves together."""

    def __init__(self) -> None:
        super().__init__("pinned", style="pinned")
        self.run = ""

    def columns(self) -> Mapping[str, Floats]:
        """Its numbers under a name of its own."""
        return {f"pinned: {self.run}": self.y}


class ScrubPlot(Plot):
    """`set_losses`, then drag the handle: `scrubbed(step)` for each step passed, `scrub_ended()` at the end."""

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
        """The handle's step."""
        return self._shown

    @property
    def hint(self) -> str:
        """Set the hint shown in the middle before there is a loss."""
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
        """Before there is a loss, show no axis values and no handle, but a hint in the middle."""
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


OCTAVE = math.log10(2.0)
PADDING_OCTAVES = 1


class StepHistory(HeatMap):
    """A heat map: one column per step, one row per octave of |activation|."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("layer", x_column="step", shows_x=False, parent=parent)
        self.setObjectName("network.train.history")
        self.canvas.ground = "window"
        self.canvas.axes["left"].set_size(LEFT)
        self.canvas.plotItem.layout.setContentsMargins(0, 4, 7, 4)
        self.take_look()

    def show_history(self, result: TrainingResult | None, steps: AxisRange, layer: int) -> None:
        """Draw the counts of a run, on the step axis of the loss."""
        if result is None or not len(result.count_steps):
            self.image.set_counts(np.zeros((0, 0)), QRectF(), None)
            self.set_note("")
            return
        octaves = result.counts[:, :BINS].reshape(len(result.count_steps), -1, 2).sum(2)
        used = np.flatnonzero(octaves.any(0))
        first, last = (int(used[0]), int(used[-1]) + 1) if len(used) else (0, 1)
        first, last = max(0, first - PADDING_OCTAVES), min(octaves.shape[1], last + PADDING_OCTAVES)
        low, high = (LOW_OCTAVE + first) * OCTAVE, (LOW_OCTAVE + last) * OCTAVE
        stride = int(result.count_steps[1] - result.count_steps[0]) if len(result.count_steps) > 1 else 1
        place = QRectF(-0.5 * stride, low, stride * len(octaves), high - low)
        self.legend.set_title(f"layer {layer}, |activations| over steps")
        self.set_ranges(steps, AxisRange(low, high, logarithmic=True))
        self.image.set_counts(octaves[:, first:last].T, place, None)
        self.set_note(_note(result))
        self.set_crosshair(float(result.shown))
        self.refresh()


def _note(result: TrainingResult) -> str:
    """Values without a row: zeros, nan and inf at the shown step, or the last counted step before it."""
    row = result.counts[max(0, int(np.searchsorted(result.count_steps, result.shown, side="right")) - 1)]
    total = max(1, int(row.sum()))
    parts = []
    if row[ZERO]:
        parts.append(f"{row[ZERO] / total:.0%} exactly 0")
    if row[NOT_FINITE]:
        parts.append(f"{int(row[NOT_FINITE]):,} nan or inf")
    return ", ".join(parts)
