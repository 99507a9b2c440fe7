"""Counts, sizes and lines of code as text for people to read."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB")


def bytes_in_words(count: int) -> str:
    """`bytes_in_words(48) == "48 B"`, `bytes_in_words(4_060_000) == "4.06 MB"`: powers of 1000, three digits."""
    size = float(count)
    for unit in UNITS:
        if size < 999.5 or unit == UNITS[-1]:
            return f"{count} B" if unit == "B" else f"{digits(size)} {unit}"
        size /= 1000
    raise AssertionError("the last unit takes all")


def digits(value: float, significant: int = 3) -> str:
    """Three significant digits: `digits(2.158e-8) == "2.16e-8"`, `digits(566.0) == "566"`."""
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    if value == 0:
        return "0"
    text = f"{value:.{significant - 1}e}"
    mantissa, _, power = text.partition("e")
    exponent = int(power)
    if -3 < exponent < 5:
        decimals = max(0, significant - 1 - exponent)
        text = f"{value:.{decimals}f}"
        return text.rstrip("0").rstrip(".") if "." in text and float(text) == round(value, 12) else text
    return f"{mantissa}e{exponent}"


def grouped_digits(value: float) -> str:
    """Three digits, thousands separated: `grouped_digits(2459.9) == "2,460"`; 1,253,315 gives `"1.25e6"`."""
    return f"{value:,.0f}" if 999.5 <= abs(value) < 99_999.5 else digits(value)


def count_in_words(count: int, noun: str, plural: str = "") -> str:
    """`count_in_words(1, "element") == "1 element"`, `count_in_words(1797, "element") == "1,797 elements"`."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def shape_in_words(shape: Sequence[object]) -> str:
    """Sizes or strides as torch writes them: `shape_in_words((3,)) == "(3,)"`, `shape_in_words([3, 4]) == "(3, 4)"`."""
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


_TIMES = ((120, 1, "seconds"), (7200, 60, "minutes"), (172_800, 3600, "hours"), (63_072_000, 86_400, "days"))


def time_in_words(seconds: float) -> str:
    """A time in a suitable unit: `time_in_words(5400) == "90 minutes"`."""
    for below, unit, name in _TIMES:
        if seconds < below:
            return f"{max(1, round(seconds / unit))} {name}"
    years = seconds / 31_536_000
    return f"{years:,.0f} years" if years < 1e6 else "a million years and more"


def joined(words: Sequence[str], last: str = "and") -> str:
    """A list in words: `joined(["i", "j", "k"]) == "i, j and k"`; empty for none."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


INDENT = "    "
_TEXT = re.compile(r""" \"{3}.*?\"{3} | '{3}.*?'{3} | "(?:\\.|[^"\\])*"? | '(?:\\.|[^'\\])*'? | \#.* """, re.VERBOSE)
"""Quotes and comments."""


def folded(code: str, columns: int) -> str:
    """The code with lines of at most so many columns, broken inside brackets where possible.

    `folded("w = torch.zeros(10, 20)", 20)` is "w = torch.zeros(10,\\n    20)".
    """
    return "\n".join(part for line in code.splitlines() for part in _parts(line, columns))


def _parts(line: str, columns: int) -> list[str]:
    parts, own = [], line[: len(line) - len(line.lstrip())]
    begin, indent = len(own), own
    places = _places(line)
    while len(indent) + len(line) - begin > columns:
        room = begin + columns - len(indent)
        place = max((one for one in places if begin < one <= room), default=None)
        if place is None:
            break
        parts.append(indent + line[begin:place].strip())
        begin, indent = place, own + INDENT
    return [*parts, indent + line[begin:].strip()]


def _places(line: str) -> list[int]:
    """The places where a line may break: in brackets, not in quotes or comments, after a comma or before a method."""
    places, depth = [], 0
    for place, character in enumerate(_TEXT.sub(lambda text: "_" * len(text[0]), line)):
        if character in "([{)]}":
            depth += 1 if character in "([{" else -1
        elif depth > 0 and character == ",":
            places.append(place + 1)
        elif depth > 0 and character == "." and line[place - 1] == ")":
            places.append(place)
    return places
