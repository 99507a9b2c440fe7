"""Numbers as one types them in a box: written, and read again."""

from __future__ import annotations

import math
import re

_INTEGER = re.compile(r"[+-]?[0-9]+", re.ASCII)
_FLOAT = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)
_LONGEST = 400


def float_text(value: float, decimals: int | None = None) -> str:
    """A float as one would type it: with `decimals` digits where they are exact, else the shortest that reads back."""
    if decimals is not None and math.isfinite(value) and 1e-3 <= abs(value) < 1e6:
        fixed = f"{value:.{decimals}f}"
        if math.isclose(float(fixed), value, rel_tol=1e-9):
            return fixed
    text = repr(float(value))
    if "e" in text:
        mantissa, exponent = text.split("e")
        return f"{mantissa.removesuffix('.0')}e{int(exponent)}"
    return text.removesuffix(".0")


def number_text(value: float, decimals: int | None) -> str:
    """An integer where `decimals` is None, else a float: `number_text(3.0, None) == "3"`."""
    return str(int(value)) if decimals is None else float_text(value, decimals)


def read_number(text: str, name: str, decimals: int | None) -> tuple[float | None, str]:
    """The number that a text means, an int where `decimals` is None; or None, and why it means none."""
    stripped = text.strip()
    if not stripped:
        return None, f"{name} is empty."
    if len(stripped) > _LONGEST:
        return None, f"{name} has {len(stripped)} digits."
    if decimals is None:
        if not _INTEGER.fullmatch(stripped):
            return None, f"{name} must be a whole number in digits 0 to 9."
        return int(stripped), ""
    if not _FLOAT.fullmatch(stripped):
        return None, f"{name} must be a number such as 0.5 or 1e-3."
    value = float(stripped)
    if math.isinf(value):
        return None, f"{name} is beyond the largest float64, 1.8e308."
    return value, ""
