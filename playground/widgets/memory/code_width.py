"""How wide code is: one advance a character, measured once."""

from __future__ import annotations

from functools import lru_cache

from playground.widgets.common.look import code_font
from playground.widgets.common.painting import text_width

LONGEST_NAME = 16


def short_name(name: str) -> str:
    """A tensor's name where it stands beside boxes: a long one is cut with an ellipsis."""
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def code_width(text: str, pixels: int = 12) -> float:
    """The width of a line of code in pixels."""
    return len(text) * _advance(pixels)


@lru_cache(maxsize=8)
def _advance(pixels: int) -> float:
    return text_width(code_font(pixels), "0" * 10) / 10
