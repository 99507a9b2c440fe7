"""What a gesture's form asks for, and how what is typed there is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from playground.models.outcome import refuse

Shape = tuple[int, ...]
Values = Mapping[str, object]

_SIZES = re.compile(r"\s*-?[0-9]+\s*", re.ASCII)
_LARGEST = 2**62


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form.

    `kind` is "axis" (a badge to choose), "integer", "optional" (an integer or nothing), or "sizes" (integers with
    commas); `default` gives what stands there at first for a tensor of some shape, as it would be typed.
    """

    name: str
    label: str
    kind: str
    default: Callable[[Shape], str]
    description: str = ""


def read_fields(fields: tuple[Field, ...], texts: Mapping[str, str], shape: Shape) -> dict[str, object]:
    """The values of all fields; raises a `ProblemError` that names the field."""
    return {field.name: read_field(field, texts.get(field.name, field.default(shape)), shape) for field in fields}


def read_field(field: Field, text: str, shape: Shape) -> object:
    """The value of one field: an int, None, or a tuple of ints."""
    stripped = text.strip()
    if field.kind == "sizes":
        return parse_sizes(stripped, field.label)
    if field.kind == "optional" and not stripped:
        return None
    if not _SIZES.fullmatch(stripped):
        refuse(f"{field.label}: {stripped or 'nothing'} is not a whole number.")
    number = int(stripped[:40])
    if abs(number) > _LARGEST:
        refuse(f"{field.label}: {stripped} is beyond 2^62.")
    if field.kind == "axis":
        rank = len(shape)
        if not -rank <= number < rank:
            refuse(f"{field.label}: there is no axis {number}, the axes are 0 to {rank - 1}.")
        return number % rank if rank else 0
    return number


def parse_sizes(text: str, label: str = "Shape") -> tuple[int, ...]:
    """`parse_sizes("2, 6") == (2, 6)`; brackets and a trailing comma are fine, nothing is the shape ()."""
    inner = text.strip()
    for pair in ("()", "[]"):
        if inner.startswith(pair[0]) and inner.endswith(pair[1]):
            inner = inner[1:-1]
    parts = inner.removesuffix(",").split(",") if inner.strip() else []
    for part in parts:
        if not _SIZES.fullmatch(part):
            refuse(f"{label}: {part.strip() or 'nothing'} is not a whole number.")
        if abs(int(part.strip()[:40])) > _LARGEST:
            refuse(f"{label}: {part.strip()} is beyond 2^62.")
    return tuple(int(part) for part in parts)


def sizes_text(sizes: tuple[int, ...]) -> str:
    """As it is typed: `"2, 6"`."""
    return ", ".join(str(size) for size in sizes)
