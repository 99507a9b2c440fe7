"""How a grid is drawn: labels of axes, lit regions, levels of zoom, and colours of values."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QImage

from playground.models.tensors.window import Glyph
from playground.widgets.common.look import look

FADED_HEAT = 0.3
STRETCHED_HEAT = 0.28


@dataclass(frozen=True, slots=True)
class AxisLabel:
    """What stands on an axis's badge, and which axis colour it wears: `AxisLabel("i", 0)`."""

    text: str
    colour: int


@dataclass(frozen=True, slots=True)
class LitRegion:
    """The cells whose index agrees with `index` wherever that is not None, framed in an axis's colour (None: accent).

    `LitRegion((1, None), colour=0)` frames row 1 in axis 0's line colour.
    """

    index: tuple[int | None, ...]
    colour: int | None = None


@dataclass(frozen=True, slots=True)
class ZoomLevel:
    """Height and least width of a cell; `characters` that fit, 0 where cells hold no digits."""

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
    ZoomLevel(24, 42, 5),
    ZoomLevel(28, 52, 6),
    ZoomLevel(28, 84, 10),
    ZoomLevel(28, 160, 20),
)
GLYPHS = 6
SMALL_DIGITS = 7
DIGITS = 8


@dataclass(slots=True)
class GridMarks:
    """What is marked besides the values."""

    labels: tuple[AxisLabel, ...] = ()
    selected: tuple[int, ...] | None = None
    lit: tuple[LitRegion, ...] = ()
    stretched: frozenset[int] = field(default_factory=frozenset)
    dimmed: bool = False
    focused: bool = False

    def label(self, axis: int) -> AxisLabel:
        """The label of an axis: its number unless letters were given."""
        return self.labels[axis] if axis < len(self.labels) else AxisLabel(str(axis), axis)


def _channels(color: QColor) -> NDArray[np.float64]:
    return np.array([color.red(), color.green(), color.blue()], float)


def heat_colors(
    numbers: NDArray[np.float64],
    kinds: NDArray[np.uint8],
    scale: float,
    weight: NDArray[np.float64] | float,
    strong: bool,
) -> NDArray[np.uint32]:
    """0xffRRGGBB of each value: diverging, centred on zero, `|t| ** 0.85`; `weight` fades cells towards zero's colour."""
    present = look()
    suffix = "_strong" if strong else ""
    zero = _channels(present.color("heat_zero"))
    below = _channels(present.color("heat_negative" + suffix))
    above = _channels(present.color("heat_positive" + suffix))
    safe = np.where(np.isfinite(numbers), numbers, 0.0)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        share = np.clip(safe / scale if scale > 0 else np.zeros_like(safe), -1.0, 1.0)
    amount = (np.abs(np.nan_to_num(share)) ** 0.85 * weight)[..., None]
    rgb = zero + (np.where((share < 0)[..., None], below, above) - zero) * amount
    inverted = (kinds == Glyph.POSITIVE_INFINITY) | (kinds == Glyph.NEGATIVE_INFINITY)
    rgb[inverted] = _channels(present.color("text"))
    rgb[kinds == Glyph.NAN] = _channels(present.color("error" if strong else "panel"))
    whole = np.rint(rgb).astype(np.uint32)
    colors: NDArray[np.uint32] = 0xFF000000 | (whole[..., 0] << 16) | (whole[..., 1] << 8) | whole[..., 2]
    return colors


def image_of(colors: NDArray[np.uint32]) -> QImage:
    """An image of one pixel a cell."""
    data = np.ascontiguousarray(colors)
    height, width = data.shape
    return QImage(data.data, width, height, width * 4, QImage.Format.Format_RGB32).copy()
