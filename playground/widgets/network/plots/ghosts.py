"""The curves of pinned networks, in grey beside the current one's, numbered if there are several."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QTransform
from PySide6.QtWidgets import QWidget

from playground.models.network.pinned import Curves, PinnedResult
from playground.widgets.look import code_font, look
from playground.widgets.plot.curve import Curve, InView
from playground.widgets.plot.plot import Plot
from playground.widgets.plot.segments import Floats

TAG = 14
"""The side of the square around a ghost's number."""


class Ghost(Curve):
    """A pinned curve; `number` is its number among several, 0 for none."""

    def __init__(self, style: str) -> None:
        super().__init__("", style)
        self.key = style
        self.number = 0
        self.pin = ""
        """What differs in this pinned network; several may share a name in the legend."""

    def columns(self) -> Mapping[str, Floats]:
        """Its numbers under its own name."""
        return {f"{self.name.partition(':')[0] or 'pinned'}: {self.pin}": self.y}


class GhostNumber(InView):
    """The number of a ghost, above all curves."""

    def __init__(self, ghost: Ghost) -> None:
        super().__init__()
        self._ghost = ghost
        self.setZValue(6)

    def paint(self, painter: QPainter, _option: object = None, _widget: QWidget | None = None) -> None:
        ghost, to = self._ghost, painter.worldTransform()
        if not ghost.number or not ghost.isVisible():
            return
        box = tag(*ghost.pixels(to), to.mapRect(self.boundingRect()), ghost.number)
        if box is not None:
            painter.setWorldTransform(QTransform())
            paint_number(painter, box, ghost.number, "panel")


def tag(x: Floats, y: Floats, field: QRectF, number: int) -> QRectF | None:
    """The place of a curve's number: on the line near its right end, each further left than the last.

    If a pinned network is deeper than the plot shows, the plot's right end counts.
    """
    known = np.flatnonzero(np.isfinite(y) & (x >= field.left()) & (x <= field.right()))
    if not len(known):
        return None
    # Between layers: short networks have too few layers for all numbers.
    at = max(float(x[known[0]]), float(x[known[-1]]) - TAG * 1.5 * number)
    line = float(np.interp(at, x[known], y[known]))
    if not field.top() <= line <= field.bottom():
        return None
    return QRectF(at - TAG / 2, min(max(line - TAG / 2, field.top()), field.bottom() - TAG), TAG, TAG)


def add_ghosts(plot: Plot, kept: list[Ghost], style: str, count: int) -> None:
    """Make sure that a plot has at least this many ghosts of a style; the solid ones carry the numbers."""
    while len(kept) < count:
        kept.append(plot.add(Ghost(style)))
        if style == "pinned":
            plot.canvas.view.addItem(GhostNumber(kept[-1]), ignoreBounds=True)


def paint_number(painter: QPainter, box: QRectF, number: int, ground: str) -> None:
    """Write a ghost's number onto its line, with a background that hides the line behind it."""
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
    """Give the ghosts their curves and hide the remaining ones."""
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
