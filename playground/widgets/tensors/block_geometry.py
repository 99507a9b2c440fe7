"""A tensor drawn to scale: where its sheet, its depth and its handles lie. Pure arithmetic."""

from __future__ import annotations

import math
from dataclasses import dataclass

CELL = 28.0
LEAST = 8.0
DEPTH_STEP = 5.0
HANDLE = 8
TOP = 24.0
LEAST_LEFT, DIGIT, BESIDE_DIGITS = 38.0, 7.2, 31.0
RIGHT, BOTTOM = 6.0, 6.0
MOST_SHEETS = 5


@dataclass(frozen=True, slots=True)
class BlockGeometry:
    """The sheet of the last two axes in pixels, how many sheets are seen behind it, and how many stacks beside.

    `scaled` is False where one side is so much longer that the other had to be widened to stay visible.
    """

    left: float
    top: float
    width: float
    height: float
    row_pixels: float
    column_pixels: float
    sheets: int
    stacks: tuple[int, int]
    scaled: bool

    @property
    def right(self) -> float:
        """The right side of the front sheet."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """The lower side of the front sheet."""
        return self.top + self.height

    def fits(self, width: float, height: float) -> bool:
        """Whether all sheets and stacks, and the handles on their sides, lie within so many pixels."""
        depth = DEPTH_STEP * max(0, self.sheets - 1)
        down, across = self.stacks
        right = self.left + across * (self.width + depth) + (across - 1) * 8
        bottom = self.bottom + (down - 1) * (self.height + depth + 8)
        return right + HANDLE / 2 <= width and bottom + HANDLE / 2 <= height


def block_geometry(shape: tuple[int, ...], width: float, height: float) -> BlockGeometry:
    """Fit a tensor of this shape into so many pixels: a strip, a sheet, a stack, or a grid of stacks."""
    rank = len(shape)
    rows = shape[-2] if rank > 1 else 1
    columns = shape[-1] if rank else 1
    sheets = min(shape[-3], MOST_SHEETS) if rank > 2 else 1
    stacks = _stacks(shape)
    depth = DEPTH_STEP * max(0, sheets - 1)
    digits = max((len(str(size)) for size in shape[-3:-1]), default=1)
    left = max(LEAST_LEFT, BESIDE_DIGITS + DIGIT * digits)
    room_width = (width - left - RIGHT) / stacks[1] - depth - (8 if stacks[1] > 1 else 0)
    room_height = (height - TOP - BOTTOM) / stacks[0] - depth - (8 if stacks[0] > 1 else 0)
    scale = min(CELL, room_width / max(1, columns), room_height / max(1, rows))
    sheet_width, sheet_height = columns * scale, rows * scale
    scaled = True
    if columns and sheet_width < LEAST:
        sheet_width, scaled = LEAST, False
    if rows and sheet_height < LEAST:
        sheet_height, scaled = LEAST, False
    return BlockGeometry(
        left,
        TOP + depth,
        sheet_width,
        sheet_height,
        sheet_height / rows if rows else scale,
        sheet_width / columns if columns else scale,
        sheets,
        stacks,
        scaled,
    )


def _stacks(shape: tuple[int, ...]) -> tuple[int, int]:
    """Stacks below and beside each other: axis -5 and before down, axis -4 across, at most 4 of each."""
    if len(shape) < 4:
        return 1, 1
    across = max(1, min(4, shape[-4]))
    down = max(1, min(3, math.prod(shape[:-4]))) if len(shape) > 4 else 1
    return down, across


def size_at(position: float, origin: float, pixels: float) -> int:
    """The size that a side dragged to `position` means."""
    return max(0, round((position - origin) / max(pixels, 1e-9)))
