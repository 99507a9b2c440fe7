"""Long lines of code in a narrow box: broken inside brackets alone, so that they stay the same code."""

from __future__ import annotations

import re

INDENT = "    "
_TEXT = re.compile(r""" \"{3}.*?\"{3} | '{3}.*?'{3} | "(?:\\.|[^"\\])*"? | '(?:\\.|[^'\\])*'? | \#.* """, re.VERBOSE)
"""Quotes and comments."""


def folded(code: str, columns: int) -> str:
    """The code with lines of at most so many columns, where a place inside brackets allows it.

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
    """Where a line may break: in brackets, not in quotes or comments, after a comma or before a method."""
    places, depth = [], 0
    for place, character in enumerate(_TEXT.sub(lambda text: "_" * len(text[0]), line)):
        if character in "([{)]}":
            depth += 1 if character in "([{" else -1
        elif depth > 0 and character == ",":
            places.append(place + 1)
        elif depth > 0 and character == "." and line[place - 1] == ")":
            places.append(place)
    return places
