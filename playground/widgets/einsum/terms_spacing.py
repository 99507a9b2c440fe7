"""How wide the columns of a written sum are and what stands between them, so that the value behind them is seen."""

from __future__ import annotations

from dataclasses import dataclass

from playground.widgets.common.look import words_font
from playground.widgets.common.painting import text_width

PLUS, TIGHT_PLUS = 36, 20
LEAST_COLUMN = 40.0
_SIGN = 7.2


@dataclass(frozen=True, slots=True)
class TermsSpacing:
    """The width of each column and of each plus, and the words for the terms left out, all in pixels."""

    column: float
    plus: float = PLUS
    gap: str = ""

    @property
    def sign_at(self) -> float:
        """Where the plus sign begins in its room."""
        return round((self.plus - _SIGN) / 2)

    def width(self, columns: int) -> float:
        """What so many columns take, with what is between them."""
        signs = columns - 1 + bool(self.gap)
        return columns * self.column + signs * self.plus + text_width(words_font(), self.gap)


def terms_spacing(column: float, columns: int, hidden: int, room: float) -> TermsSpacing:
    """Roomy where that fits into `room`; else closer together, and where that is not enough, with cut columns."""
    roomy = TermsSpacing(column, gap=f"{hidden:,} more" if hidden else "")
    tight = TermsSpacing(column, TIGHT_PLUS, "…" if hidden else "")
    if roomy.width(columns) <= room:
        return roomy
    over = tight.width(columns) - room
    return TermsSpacing(max(LEAST_COLUMN, column - max(0.0, over) / columns), tight.plus, tight.gap)
