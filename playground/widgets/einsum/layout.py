"""The layout of the panel's lower parts, and which gives way in a low panel: letters, loops, drawing, sum, grids."""

from __future__ import annotations

from PySide6.QtWidgets import QBoxLayout, QWidget

from playground.widgets.einsum.details import Details
from playground.widgets.einsum.letters_table import LettersTable, scrolled

LOWER_HEIGHT, LOWER_SHARE = 102, 0.275
"""The least height of letters and loops in pixels; they get more in a high panel."""

ROOMY = 460
"""From this height on, in pixels, a banner, a drawing and the written sum all have room."""

LEAST_GRIDS = 132
"""Two rows of a grid with headers and scroll bars, and the gaps between the parts."""


def lower_height(height: int, others: int, sum_height: int) -> int:
    """The height of letters and details in this panel; a drawing also takes the written sum's height (0: no drawing).

    `others` is the height of what is always there besides the grids: the equation above, the cost below.

    >>> lower_height(374, 68, 0), lower_height(374, 68, 68), lower_height(374, 98, 68)
    (103, 171, 144)
    """
    lower = max(LOWER_HEIGHT, round(height * LOWER_SHARE))
    return lower + max(0, min(sum_height, height - others - lower - LEAST_GRIDS))


NARROW = 600
"""Below this width of the panel, in pixels, the letters table would lose its text beside the loops."""

LEAST_LETTERS, MOST_LETTERS = 48, 10_000
BETWEEN = 4


class LowerPart(QWidget):
    """Holds both; `fit` gives it its height."""

    def __init__(self, letters: LettersTable, details: Details, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._letters = letters
        self._fitted: tuple[int, ...] = ()
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._area = scrolled(letters)
        self._row.addWidget(self._area, 11)
        self._row.addWidget(details, 9)

    def fit(self, width: int, height: int, others: int, drawn: int, written: int) -> None:
        """Set the height in a panel of this size; `drawn` is the height of a hidden sum, `written` of a shown one."""
        fitted = width, height, others, drawn, written, self._letters.sizeHint().height()
        if fitted == self._fitted:
            return
        self._fitted = fitted
        lower = lower_height(height, others, drawn)
        room = height - others - written - LEAST_GRIDS
        is_stacked = width < NARROW and room >= LOWER_HEIGHT + BETWEEN + LEAST_LETTERS
        directions = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        self._row.setDirection(directions[is_stacked])
        self._row.setSpacing(BETWEEN if is_stacked else 16)
        letters = min(self._letters.sizeHint().height() + 1, room - LOWER_HEIGHT - BETWEEN)
        self._area.setMinimumHeight(letters if is_stacked else LEAST_LETTERS)
        self._area.setMaximumHeight(letters if is_stacked else MOST_LETTERS)
        self.setFixedHeight(max(lower, letters + BETWEEN + LOWER_HEIGHT) if is_stacked else lower)
