"""Who gives way in a low Einsum panel: the sum to a banner or a drawing, a drawing to the first rows of the grids."""

from __future__ import annotations

LOWER_HEIGHT, LOWER_SHARE = 102, 0.275
"""Letters and loops: at least so many pixels, more in a high panel."""

ROOMY = 460
"""From this height on, in pixels, a banner, a drawing and the written sum all have room."""

LEAST_GRIDS = 132
"""Two rows of a grid with headers and scroll bars, and what stands between the parts."""


def lower_height(height: int, others: int, sum_height: int) -> int:
    """Of letters and details in a panel of this height: a drawing takes the height of the written sum (0: no drawing).

    `others` is what stands there in any case but the grids: the equation above, the cost below.

    >>> lower_height(374, 68, 0), lower_height(374, 68, 68), lower_height(374, 98, 68)
    (103, 171, 144)
    """
    lower = max(LOWER_HEIGHT, round(height * LOWER_SHARE))
    return lower + max(0, min(sum_height, height - others - lower - LEAST_GRIDS))
