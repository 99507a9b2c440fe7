"""The curves of pinned networks, grey beside the present one's, each with its number where there are several."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter

from playground.models.network.compare import Curves, PinnedResult
from playground.widgets.common.look import code_font, look
from playground.widgets.common.plot_items import Curve, Entry, PlotScale, in_coordinates
from playground.widgets.common.plot_lines import Floats
from playground.widgets.common.plots import Plot

TAG = 14
"""The side of the square that the number of a ghost stands in."""


class Ghost(Curve):
    """A pinned curve; `number` is its number among several, 0 for none."""

    def __init__(self, style: str) -> None:
        super().__init__("", style)
        self.number = 0
        self.pin = ""
        """What differs in this pinned network; the name in the legend may be that of several."""

    def columns(self) -> dict[str, Floats]:
        """Its numbers under a name of its own."""
        return {f"{self.name.partition(':')[0] or 'pinned'}: {self.pin}": self.y}

    def tag(self, scale: PlotScale) -> QRectF | None:
        """Where its number stands: on the line near its right end, each further left than the one before.

        A pinned network may be deeper than the plot shows: then the right end is that of the plot.
        """
        x, y = self._pixels(scale)
        inside = (x >= scale.field.left()) & (x <= scale.field.right())
        known = np.flatnonzero(np.isfinite(in_coordinates(self.y, self.logarithmic)) & inside)
        if not self.number or not len(known):
            return None
        # Between the layers, of which short networks have too few for all numbers.
        at = max(float(x[known[0]]), float(x[known[-1]]) - TAG * 1.5 * self.number)
        line, top, bottom = float(np.interp(at, x[known], y[known])), scale.field.top(), scale.field.bottom()
        if not top <= line <= bottom:
            return None
        return QRectF(at - TAG / 2, min(max(line - TAG / 2, top), bottom - TAG), TAG, TAG)


class GhostNumber(Entry):
    """The number of a ghost, above all curves."""

    layer = 5

    def __init__(self, ghost: Ghost) -> None:
        super().__init__("", in_legend=False)
        self._ghost = ghost
        self.is_shown = True

    def paint(self, painter: QPainter, scale: PlotScale) -> None:
        box = self._ghost.tag(scale) if self._ghost.is_shown else None
        if box is not None:
            paint_number(painter, box, self._ghost.number, "panel")


def add_ghosts(plot: Plot, kept: list[Ghost], style: str, count: int) -> None:
    """See to it that a plot has at least so many ghosts of a style; the numbers stand on the solid ones."""
    while len(kept) < count:
        kept.append(plot.add(Ghost(style)))
        if style == "pinned":
            plot.add(GhostNumber(kept[-1]))


def paint_number(painter: QPainter, box: QRectF, number: int, ground: str) -> None:
    """Write the number of a ghost onto its line, which the ground hides behind it."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(look().color(ground))
    painter.drawEllipse(box)
    painter.setPen(look().color("text2"))
    painter.setFont(code_font())
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(number))


def show_ghosts(
    ghosts: Sequence[Ghost], pins: Sequence[PinnedResult], of: Callable[[Curves], Floats], words: str
) -> None:
    """Give the ghosts their curves and hide those that are left over."""
    drawn = [(number, pin.name, pin.curves) for number, pin in enumerate(pins, start=1) if pin.curves is not None]
    several = len(pins) > 1
    if words.endswith(":"):
        words = f"{words} {'; '.join(f'{number} {name}' if several else name for number, name, _ in drawn)}"
    for place, ghost in enumerate(ghosts):
        if place >= len(drawn):
            ghost.set_data([], [])
            continue
        number, ghost.pin, curves = drawn[place]
        values = of(curves)
        ghost.short_name = words.partition(":")[0]
        ghost.name, ghost.in_legend = words, place == 0 and bool(words)
        ghost.number = number if several and ghost.style == "pinned" else 0
        ghost.set_data(np.arange(1, len(values) + 1), values)
