"""The shape typed into the view box."""

from __future__ import annotations

import re

from playground.models.outcome import Problem, Span

_SIZE = re.compile(r"[+-]?[0-9]+", re.ASCII)
LARGEST = 2**63 - 1
MOST_AXES = 64


def parse_shape(text: str) -> tuple[int, ...] | Problem:
    """`parse_shape("(2, -1)") == (2, -1)`; also "2 6", "[2, 6]" and ".view(2, 6)"; else what is wrong, and where."""
    body, start = text, 0
    opening = max(text.rfind("("), text.rfind("["))
    if opening >= 0:
        start = opening + 1
        closing = min(
            (place for place in (text.find(")", start), text.find("]", start)) if place >= 0), default=len(text)
        )
        body = text[start:closing]
    sizes: list[int] = []
    for match in re.finditer(r"[^,\s]+", body):
        span = Span(start + match.start(), start + match.end())
        if not _SIZE.fullmatch(match.group()):
            return Problem(f"{_short(match.group())} is not a whole number in digits 0 to 9.", span)
        if len(match.group()) > 20 or abs(int(match.group())) > LARGEST:
            return Problem(f"{_short(match.group())} is beyond the largest size, 2^63 - 1.", span)
        sizes.append(int(match.group()))
        if len(sizes) > MOST_AXES:
            return Problem(f"More than {MOST_AXES} axes.", span)
    return tuple(sizes)


def _short(text: str) -> str:
    return text if len(text) <= 24 else text[:23] + "…"
