"""How wide code is: one advance a character, measured once; and how much of a long name stands in it."""

from __future__ import annotations

from functools import lru_cache

from playground.models.tensors.names import cut_name
from playground.widgets.common.look import code_font
from playground.widgets.common.painting import text_width

LONGEST_NAME = 16


def short_name(name: str) -> str:
    """A tensor's name where it stands beside boxes."""
    return cut_name(name, LONGEST_NAME)


def code_width(text: str, pixels: int = 12) -> float:
    """The width of a line of code in pixels."""
    return len(text) * _advance(pixels)


@lru_cache(maxsize=8)
def _advance(pixels: int) -> float:
    return text_width(code_font(pixels), "0" * 10) / 10
