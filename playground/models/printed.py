"""How results print in Python and show in a notebook: sentences and small tables, as plain text and as HTML."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from playground.models.problem import Fix

MOST_ROWS = 12
COLUMNS = 100
"""The width of sentences in text."""


@dataclass(frozen=True, slots=True)
class TextTable:
    """Texts in rows under a head; `aligned` has an l or r for each column, the last one holding for those beyond."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    aligned: str = "l"

    def side(self, column: int) -> str:
        """The side to which a column is aligned, l or r."""
        return self.aligned[min(column, len(self.aligned) - 1)]


Part = str | TextTable
"""A sentence (an empty one is left out), code in several lines, or a table."""


class Printed:
    """Prints as the parts of `told`: a base for results, which are frozen values with `repr=False`."""

    __slots__ = ()

    def told(self) -> Iterable[Part]:
        """What the panels say of it, from top to bottom."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return "\n".join(_text(part) for part in self.told() if part)

    def _repr_html_(self) -> str:
        return "".join(_html(part) for part in self.told() if part)


def _text(part: Part) -> str:
    if isinstance(part, str):
        return part if "\n" in part else textwrap.fill(part, COLUMNS, break_long_words=False, break_on_hyphens=False)
    rows = [part.head, *part.rows] if any(part.head) else list(part.rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = (
            text.rjust(wide) if part.side(place) == "r" else text.ljust(wide)
            for place, (text, wide) in enumerate(zip(row, widths, strict=True))
        )
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _html(part: Part) -> str:
    if isinstance(part, str):
        return f"<pre>{html.escape(part)}</pre>" if "\n" in part else f"<p>{html.escape(part)}</p>"
    head = _row(part, part.head, "th") if any(part.head) else ""
    return f"<table>{head}{''.join(_row(part, row, 'td') for row in part.rows)}</table>"


def _row(table: TextTable, row: Sequence[str], tag: str) -> str:
    sides = {"l": "left", "r": "right"}
    cells = (
        f'<{tag} style="text-align:{sides[table.side(place)]}">{html.escape(text)}</{tag}>'
        for place, text in enumerate(row)
    )
    return f"<tr>{''.join(cells)}</tr>"


def sampled(count: int, most: int = MOST_ROWS) -> list[int]:
    """Up to `most` of the places 0 to `count - 1`, evenly, the first and the last among them."""
    if count <= most:
        return list(range(count))
    return [round(place * (count - 1) / (most - 1)) for place in range(most)]


def fixes_told(fixes: Sequence[Fix]) -> tuple[TextTable, ...]:
    """A table of what would mend it: the code, what that gives, and its meaning; none without fixes."""
    rows = [(fix.code, f"gives {fix.gives}" if fix.gives else "", fix.meaning) for fix in fixes]
    return (TextTable(("", "", ""), rows),) if rows else ()
