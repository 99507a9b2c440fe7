"""Colours of numbers: a diverging map for values, a sequential one for counts, both as 0xffRRGGBB."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtGui import QColor, QImage

from playground.widgets.look import Look, look

POWER = 0.85
FIRST_COUNT = 0.12
"""The position of a count of 1 on the map; 0 is the panel's colour."""

_STEPS = 512


def channels(color: QColor) -> NDArray[np.float64]:
    """Red, green and blue from 0 to 255."""
    return np.array([color.red(), color.green(), color.blue()], float)


def packed(rgb: NDArray[np.float64]) -> NDArray[np.uint32]:
    """Red, green, blue along the last axis as 0xffRRGGBB."""
    whole = np.rint(np.clip(rgb, 0, 255)).astype(np.uint32)
    return np.asarray(0xFF000000 | (whole[..., 0] << 16) | (whole[..., 1] << 8) | whole[..., 2], np.uint32)


def value_colors(values: ArrayLike, scale: float, strong: bool = False, weight: ArrayLike = 1.0) -> NDArray[np.uint32]:
    """The diverging heat of values: `t = value / scale`, `mix(zero, end, |t| ** 0.85)`; nan has zero's colour.

    `scale` is the largest finite |value|, shared by grids side by side; `strong` for cells without digits; `weight`
    between 0 and 1 fades a cell (0.3 where another one is selected).
    """
    present, suffix = look(), "_strong" if strong else ""
    zero = channels(present.color("heat_zero"))
    below = channels(present.color("heat_negative" + suffix))
    above = channels(present.color("heat_positive" + suffix))
    numbers = np.asarray(values, float)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        share = np.clip(numbers / scale, -1.0, 1.0) if scale > 0 else np.sign(numbers) * np.isinf(numbers)
    share = np.nan_to_num(share)
    amount = (np.abs(share) ** POWER * np.asarray(weight, float))[..., None]
    return packed(zero + (np.where((share < 0)[..., None], below, above) - zero) * amount)


_tables: dict[bool, NDArray[np.uint32]] = {}


def counts_table(present: Look | None = None) -> NDArray[np.uint32]:
    """The count map in 512 steps from the panel's colour to the end colour."""
    chosen = look() if present is None else present
    if chosen.dark not in _tables:
        stops = np.array([channels(QColor(name)) for name in chosen.counts])
        at = np.linspace(0, len(stops) - 1, _STEPS)
        rgb = np.stack([np.interp(at, np.arange(len(stops)), stops[:, part]) for part in range(3)], axis=-1)
        _tables[chosen.dark] = packed(rgb)
    return _tables[chosen.dark]


def count_shares(counts: ArrayLike, largest: float) -> NDArray[np.float64]:
    """The positions of counts on the map: 0 at the start, 1 at 12 %, `largest` at the end, logarithmic in between."""
    numbers = np.asarray(counts, float)
    with np.errstate(divide="ignore", invalid="ignore"):
        climbed = np.log(numbers) / np.log(largest) if largest > 1 else (numbers >= 1).astype(float)
    shares = np.where(numbers < 1, 0.0, FIRST_COUNT + (1 - FIRST_COUNT) * np.clip(climbed, 0.0, 1.0))
    return np.asarray(np.nan_to_num(shares), float)


def rgba_of(colors: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """One axis's colours as rows of red, green, blue and opacity, as pyqtgraph expects a colour map."""
    parts = [(colors >> shift) & 0xFF for shift in (16, 8, 0, 24)]
    return np.stack(parts, axis=-1).astype(np.uint8)


def share_colors(shares: ArrayLike) -> NDArray[np.uint32]:
    """The colour of shares from 0 to 1 on the count map, as in the row of zeros."""
    numbers = np.clip(np.nan_to_num(np.asarray(shares, float)), 0.0, 1.0)
    return np.asarray(counts_table()[np.rint(numbers * (_STEPS - 1)).astype(int)], np.uint32)


def image_of(colors: NDArray[np.uint32]) -> QImage:
    """An image with one pixel per cell, row 0 at the top; owns a copy of the colours."""
    data = np.ascontiguousarray(np.atleast_2d(colors))
    height, width = data.shape
    return QImage(data.data, width, height, width * 4, QImage.Format.Format_RGB32).copy()
