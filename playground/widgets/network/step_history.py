"""How the chosen layer's activations were spread at each step: log counts over the steps of the loss."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QWidget

from playground.models.network.step_histograms import BINS, LOW_OCTAVE, NOT_FINITE, ZERO
from playground.models.network.training_request import TrainingResult
from playground.widgets.network.scrub_plot import LEFT
from playground.widgets.plot.axis import AxisRange
from playground.widgets.plot.plot import HeatMap

OCTAVE = math.log10(2.0)
PADDING_OCTAVES = 1


class StepHistory(HeatMap):
    """A heat map: one column a step, one row an octave of |activation|."""

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
    """What has no row: zeros, nan and inf at the step that is shown, or the last one counted before it."""
    row = result.counts[max(0, int(np.searchsorted(result.count_steps, result.shown, side="right")) - 1)]
    total = max(1, int(row.sum()))
    parts = []
    if row[ZERO]:
        parts.append(f"{row[ZERO] / total:.0%} exactly 0")
    if row[NOT_FINITE]:
        parts.append(f"{int(row[NOT_FINITE]):,} nan or inf")
    return ", ".join(parts)
