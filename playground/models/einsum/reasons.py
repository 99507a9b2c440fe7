"""Why a letter is kept or summed, in words that fit the equation at hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from playground.models.words import joined


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A label on axis `axis` of operand number `operand`, whose size there is `size`."""

    operand: int
    axis: int
    size: int


def role_of(output_axis: int | None, is_diagonal: bool, is_stretched: bool) -> str:
    """The one word for a label: "summed", "diagonal", "broadcast" or "kept"."""
    if output_axis is None:
        return "summed"
    if is_diagonal:
        return "diagonal"
    return "broadcast" if is_stretched else "kept"


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a reason is made of: `count` places, the axis of the result (None: none), who repeats or stretches it."""

    label: str
    output_axis: int | None
    count: int
    size: int
    diagonal: tuple[int, ...]
    stretched: tuple[Occurrence, ...]


def reason_of(about: Circumstances, names: Sequence[str], result_name: str, is_implicit: bool) -> str:
    """`"axis 0 of C"`, `"not right of the arrow"`, `"twice in A: the diagonal, axis 0 of B"`."""
    parts = []
    if about.diagonal:
        parts.append(f"{_times_in(about.count, about.diagonal, names)}: the diagonal")
    if about.stretched:
        where = joined([f"{names[o.operand]} axis {o.axis}" for o in about.stretched])
        parts.append(f"size 1 of {where} is stretched to {about.size}")
    parts.append(_ending(about, result_name, is_implicit))
    return ", ".join(parts)


def _times_in(count: int, diagonal: tuple[int, ...], names: Sequence[str]) -> str:
    inside = joined([names[operand] for operand in diagonal])
    return f"twice in {inside}" if count == 2 or len(diagonal) > 1 else f"repeated in {inside}"


def _ending(about: Circumstances, result_name: str, is_implicit: bool) -> str:
    ellipsis = "of the ellipsis, " if len(about.label) > 1 else ""
    if about.output_axis is None:
        if is_implicit:
            return f"{ellipsis}no arrow, and it appears {'twice' if about.count == 2 else f'{about.count} times'}"
        return f"{ellipsis}not right of the arrow"
    axis = f"axis {about.output_axis} of {result_name}"
    if is_implicit and not ellipsis:
        return f"no arrow, and it appears once: {axis}"
    return f"{ellipsis}{axis}"
