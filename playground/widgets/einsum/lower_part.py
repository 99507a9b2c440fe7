"""Letters beside loops and drawing; below one another in a narrow panel that is high enough."""

from __future__ import annotations

from PySide6.QtWidgets import QBoxLayout, QWidget

from playground.widgets.einsum.details import Details
from playground.widgets.einsum.heights import LEAST_GRIDS, LOWER_HEIGHT, lower_height
from playground.widgets.einsum.letters_table import LettersTable, scrolled

NARROW = 600
"""Below this width of the panel, in pixels, the letters beside the loops would lose their words."""

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
        """Take the height in a panel of this size; the sum's height is `drawn` over or `written` out (or neither)."""
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
