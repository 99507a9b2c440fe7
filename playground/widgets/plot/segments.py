"""The lines of plots: their styles, and drawing a polyline in a fraction of the time that a path takes.

Serves "dragging a network of 50 x 100 x 200, painted": four plots take 10 ms instead of 33 with pyqtgraph's own curves.
Qt fills the outline of a wide line cell by cell, and looks up each cell in its row's list: a flat curve across the
whole plot takes half a millisecond or more. For single segments with flat ends Qt has a special rasteriser, which is
fifteen times as fast; this module cuts curves into such segments, dashes included.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pyqtgraph.functions import arrayToQPath
from pyqtgraph.Qt.internals import PrimitiveArray
from PySide6.QtCore import QLineF, QPointF, Qt
from PySide6.QtGui import QColor, QPaintEngine, QPainter, QPainterPath, QPen

from playground.widgets.look import look

Floats = NDArray[np.float64]
_OVERLAP = 0.3
"""Device pixels by which segments overlap: less leaves a gap at the joint, more a knot."""

_FAR = 4000.0
"""Pixels beyond the plot at which segments are clipped: Qt uses fixed-point coordinates."""


@dataclass(frozen=True, slots=True)
class LineStyle:
    """Width in pixels, dashes in pixels, and a colour role for curves that set none."""

    width: float = 2.0
    dashes: tuple[float, ...] = ()
    role: str = ""


LINE_STYLES = {
    "curve": LineStyle(2.0),
    "theory": LineStyle(1.4, (5, 4), "text"),
    "pinned": LineStyle(1.4, (), "pinned"),
    "pinned dotted": LineStyle(1.4, (2, 3), "pinned"),
}


def line_color(style: str, axis: int | None = None, role: str = "") -> QColor:
    """The colour of a kind of curve in the current look: an axis's, a role's, or the style's."""
    kind = LINE_STYLES[style]
    if axis is not None and not kind.role:
        return look().axis_line(axis)
    return look().color(role or kind.role or "text")


def line_pen(style: str, axis: int | None = None, role: str = "") -> QPen:
    """The pen of a kind of curve in the current look; `axis` gives its colour, `role` another."""
    kind = LINE_STYLES[style]
    pen = QPen(line_color(style, axis, role), kind.width)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap if kind.dashes else Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    if kind.dashes:
        pen.setDashPattern([dash / kind.width for dash in kind.dashes])
    return pen


def is_drawing(painter: QPainter) -> bool:
    """True if the device keeps lines as vectors, as an SVG file does."""
    return painter.paintEngine().type() is QPaintEngine.Type.SVG


def line_path(x: Floats, y: Floats) -> QPainterPath:
    """The line through points, with a gap wherever one is nan."""
    path: QPainterPath = arrayToQPath(x, y, connect="finite")
    return path


def line_segments(x: Floats, y: Floats, style: LineStyle, ratio: float = 1.0) -> Floats:
    """Segments with flat ends that together look like a line of a style through points, with gaps at nan.

    One row each: x, y, x, y. Neighbours overlap a little, so that no gap shows where they meet; `ratio`
    is device pixels per pixel.
    """
    ends = np.empty((4, max(0, len(x) - 1)))
    ends[0], ends[1], ends[2], ends[3] = x[:-1], y[:-1], x[1:], y[1:]
    if not (np.abs(ends) < _FAR).all():  # nan among them
        ends = _near(ends[:, np.isfinite(ends).all(axis=0)])
    if style.dashes and ends.size:
        ends = _dashed(ends, style.dashes)
    return np.ascontiguousarray(_overlapping(ends, style, _OVERLAP / ratio).T)


def lone_points(x: Floats, y: Floats) -> Floats:
    """The points with a gap on both sides: one row each, x and y."""
    known = np.isfinite(x) & np.isfinite(y)
    if len(x) > 1 and known.all():
        return np.empty((0, 2))
    beside = np.pad(known, 1)
    lone = known & ~beside[:-2] & ~beside[2:] & (np.abs(x) < _FAR) & (np.abs(y) < _FAR)
    return np.stack((x[lone], y[lone]), axis=1)


def _near(ends: Floats) -> Floats:
    """The parts of segments near the plot, without those far away."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        start, step = ends[:2], ends[2:] - ends[:2]
        one, other = (-_FAR - start) / step, (_FAR - start) / step
        still = (step == 0) & (np.abs(start) <= _FAR)
        first = np.where(still, 0.0, np.fmin(one, other)).max(axis=0).clip(min=0.0)
        last = np.where(still, 1.0, np.fmax(one, other)).min(axis=0).clip(max=1.0)
        kept = np.concatenate((start + first * step, start + last * step))
    seen = (first < last) & np.isfinite(kept).all(axis=0)
    return np.asarray(kept[:, seen])


def _dashed(ends: Floats, dashes: tuple[float, ...]) -> Floats:
    """The same segments cut into dashes; the pattern restarts after each gap."""
    lengths = np.hypot(ends[2] - ends[0], ends[3] - ends[1])
    period = sum(dashes)
    parts = []
    breaks = np.flatnonzero(_breaks(ends)) + 1
    for first, last in zip((0, *breaks), (*breaks, len(lengths)), strict=True):
        at = np.concatenate(((0.0,), np.cumsum(lengths[first:last])))
        starts = np.arange(0.0, at[-1], period)
        cuts = np.sort(np.concatenate((at, starts, np.minimum(starts + dashes[0], at[-1]))))
        x = np.interp(cuts, at, np.append(ends[0, first:last], ends[2, last - 1]))
        y = np.interp(cuts, at, np.append(ends[1, first:last], ends[3, last - 1]))
        drawn = (cuts[:-1] + cuts[1:]) / 2 % period < dashes[0]
        parts.append(np.stack((x[:-1], y[:-1], x[1:], y[1:]))[:, drawn])
    return np.concatenate(parts, axis=1)


def _breaks(ends: Floats) -> NDArray[np.bool_]:
    """The places where a segment does not continue the one before."""
    return np.asarray((ends[0, 1:] != ends[2, :-1]) | (ends[1, 1:] != ends[3, :-1]))


def _overlapping(ends: Floats, style: LineStyle, overlap: float) -> Floats:
    """The segments, lengthened where they meet: the sharper the turn, the more, to fill it like a round joint."""
    length = np.hypot(ends[2] - ends[0], ends[3] - ends[1])
    if not length.all():
        ends, length = ends[:, length > 0], length[length > 0]
    if not ends.size:
        return ends
    across, down = (ends[2] - ends[0]) / length, (ends[3] - ends[1]) / length
    cosine = across[:-1] * across[1:] + down[:-1] * down[1:]
    half = style.width / 2
    outer = 0.0 if style.dashes else half * 0.75  # a round end covers three quarters of what a square one does
    joint = np.full(len(length) + 1, outer)
    turned = half * np.sqrt(np.maximum(1.0 - cosine, 0.0) / np.maximum(1.0 + cosine, 1e-9))
    joint[1:-1] = np.where(_breaks(ends), outer, np.minimum(np.maximum(turned, overlap), half))
    before, after = joint[:-1], joint[1:]
    return np.stack(
        (ends[0] - across * before, ends[1] - down * before, ends[2] + across * after, ends[3] + down * after)
    )


def paint_segments(painter: QPainter, lines: PrimitiveArray, color: QColor, width: float) -> None:
    """Paint the output of `packed_lines`."""
    painter.setPen(QPen(color, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
    painter.drawLines(*lines.drawargs())


def packed_lines(rows: Floats) -> PrimitiveArray:
    """Rows of x, y, x, y as lines that Qt takes in one call, without an object for each."""
    lines = PrimitiveArray(QLineF, 4)
    lines.resize(len(rows))
    lines.ndarray()[:] = rows
    return lines


def paint_points(painter: QPainter, points: Floats, color: QColor, width: float) -> None:
    """Paint the output of `lone_points` as dots twice as wide as the line."""
    if not len(points):
        return
    painter.setPen(QPen(color, 2 * width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    for x, y in points.tolist():
        painter.drawPoint(QPointF(x, y))
