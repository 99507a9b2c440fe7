"""How a grid is drawn: axis labels, highlighted regions, zoom levels, value colours, the input of one paint."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QImage

from playground.models.evaluation.reader import Glyph, TensorReader
from playground.widgets.grid.geometry import GridGeometry
from playground.widgets.look import Look, look

FADED_HEAT = 0.3
STRETCHED_HEAT = 0.28
_STEPS = 512


@dataclass(frozen=True, slots=True)
class AxisLabel:
    """The text and colour of an axis's badge: `AxisLabel("i", 0)`."""

    text: str
    colour: int


@dataclass(frozen=True, slots=True)
class LitRegion:
    """The cells that match `index` wherever it is not None, framed in an axis's colour (None: accent).

    `LitRegion((1, None), colour=0)` frames row 1 in axis 0's line colour.
    """

    index: tuple[int | None, ...]
    colour: int | None = None


@dataclass(frozen=True, slots=True)
class ZoomLevel:
    """Height and least width of a cell; `characters` that fit, 0 if cells show no digits."""

    height: int
    width: int
    characters: int = 0


LEVELS = (
    ZoomLevel(1, 1),
    ZoomLevel(2, 2),
    ZoomLevel(3, 3),
    ZoomLevel(5, 5),
    ZoomLevel(7, 7),
    ZoomLevel(10, 10),
    ZoomLevel(14, 14),
    ZoomLevel(24, 46, 5),
    ZoomLevel(28, 52, 6),
    ZoomLevel(28, 84, 10),
    ZoomLevel(28, 160, 20),
)
GLYPHS = 6
SMALL_DIGITS = 7
DIGITS = 8


@dataclass(slots=True)
class GridMarks:
    """The marks besides the values."""

    labels: tuple[AxisLabel, ...] = ()
    selected: tuple[int, ...] | None = None
    lit: tuple[LitRegion, ...] = ()
    lit_label: str = ""
    stretched: frozenset[int] = field(default_factory=frozenset)
    dimmed: bool = False
    focused: bool = False

    def label(self, axis: int) -> AxisLabel:
        """The label of an axis: its number, unless letters are given."""
        return self.labels[axis] if axis < len(self.labels) else AxisLabel(str(axis), axis)


def _channels(color: QColor) -> NDArray[np.float64]:
    return np.array([color.red(), color.green(), color.blue()], float)


@functools.lru_cache(maxsize=8)
def _ramp(present: Look, strong: bool) -> NDArray[np.uint32]:
    """The colours from most negative to most positive, in 2 * _STEPS + 1 steps."""
    suffix = "_strong" if strong else ""
    zero = _channels(present.color("heat_zero"))
    below = _channels(present.color("heat_negative" + suffix))
    above = _channels(present.color("heat_positive" + suffix))
    amounts = np.abs(np.arange(-_STEPS, _STEPS + 1) / _STEPS)[:, None]
    ends = np.where((np.arange(-_STEPS, _STEPS + 1) < 0)[:, None], below, above)
    whole = np.rint(zero + (ends - zero) * amounts).astype(np.uint32)
    ramp: NDArray[np.uint32] = (0xFF000000 | (whole[:, 0] << 16) | (whole[:, 1] << 8) | whole[:, 2]).astype(np.uint32)
    return ramp


def heat_colors(
    numbers: NDArray[np.float64],
    kinds: NDArray[np.uint8],
    scale: float,
    weight: NDArray[np.float64] | float,
    strong: bool,
) -> NDArray[np.uint32]:
    """0xffRRGGBB of each value: diverging around zero, `|t| ** 0.85`; `weight` fades them."""
    safe = np.where(np.isfinite(numbers), numbers, 0.0)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        share = np.nan_to_num(safe / scale) if scale > 0 else np.zeros_like(safe)
    steps = np.rint(np.sign(share) * np.minimum(np.abs(share), 1.0) ** 0.85 * weight * _STEPS).astype(np.intp)
    colors: NDArray[np.uint32] = _ramp(look(), strong)[steps + _STEPS]
    present = look()
    inverted = (kinds == Glyph.POSITIVE_INFINITY) | (kinds == Glyph.NEGATIVE_INFINITY)
    colors[inverted] = present.color("text").rgb()
    colors[kinds == Glyph.NAN] = present.color("error" if strong else "panel").rgb()
    return colors


def cell_image(colors: NDArray[np.uint32]) -> QImage:
    """An image with one pixel per cell."""
    data = np.ascontiguousarray(colors)
    height, width = data.shape
    return QImage(data.data, width, height, width * 4, QImage.Format.Format_RGB32).copy()


@dataclass(slots=True)
class GridHeat:
    """`largest` comes from the tensor (or is shared by several grids), `limit` from the user."""

    largest: float = 1.0
    limit: float | None = None

    @property
    def scale(self) -> float:
        """The |value| with full heat."""
        return self.largest if self.limit is None else self.limit

    def limit_to(self, reader: TensorReader | None, index: tuple[int, ...] | None) -> bool:
        """Set full heat at an element; False if that is zero or not finite."""
        if reader is None or index is None or not reader.holds(index):
            return False
        size = abs(reader.value(index))
        if not math.isfinite(size) or size == 0:
            return False
        self.limit = float(size)
        return True


BAR = 4
LABEL_HEIGHT = 18


@dataclass(slots=True)
class GridPicture:
    """What one paint needs: geometry, marks, heat scale, characters per cell, and the reader."""

    geometry: GridGeometry
    marks: GridMarks
    scale: float
    characters: int
    headers: bool

    @property
    def strong(self) -> bool:
        """True if cells show only heat, with stronger colours."""
        return self.geometry.cell_height < 14
