"""What a sweep returns: a list of rows, one a network, with its settings and what was measured."""

from __future__ import annotations

import csv
import html
import io
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from playground.models.files.disk import write_whole
from playground.models.formatting import digits
from playground.models.network.spec.spec import NetworkSpec

SETTINGS = tuple(field.name for field in fields(NetworkSpec))
MEASURED = (
    "loss_value",
    "first_rms",
    "last_rms",
    "last_std",
    "first_gradient",
    "last_gradient",
    "zeros",
    "dead",
    "verdict",
    "problem",
)
"""Numbers of a network that ran, then the app's verdict on it, then why it did not run ("" if it did)."""
SHOWN_ROWS = 12


@dataclass(frozen=True, slots=True)
class SweepRow(Mapping[str, Any]):
    """One network: `row["gain"]`, `row["last_rms"]`, `row.spec`; the keys are `SETTINGS` and `MEASURED`.

    `first_rms`, `last_rms` and `last_std` are of the first and last layer's activations, `first_gradient` and
    `last_gradient` the rms of the loss's gradient there; `zeros` and `dead` are shares, of the last layer. All are nan
    for a network that could not run, and `problem` says why.
    """

    spec: NetworkSpec
    measured: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return getattr(self.spec, name) if name in SETTINGS else self.measured[name]

    def __iter__(self) -> Iterator[str]:
        return iter((*SETTINGS, *MEASURED))

    def __len__(self) -> int:
        return len(SETTINGS) + len(MEASURED)

    def __hash__(self) -> int:
        return hash(self.spec)


class SweepTable(list[SweepRow]):
    """The rows of a sweep in the order of its networks; printed it shows the settings that differ."""

    @property
    def varied(self) -> tuple[str, ...]:
        """The settings in which the networks differ."""
        return tuple(name for name in SETTINGS if len({row[name] for row in self}) > 1)

    def column(self, name: str) -> NDArray[Any]:
        """One setting or measured number of all rows, (rows,): `table.column("last_rms")`."""
        return np.array([row[name] for row in self])

    def to_numpy(self) -> NDArray[Any]:
        """All rows as a structured array, (rows,), with a field for each setting and each measured number."""
        names = (*SETTINGS, *MEASURED)
        columns = [self.column(name) for name in names]
        kinds = [(name, column.dtype if len(self) else "f8") for name, column in zip(names, columns, strict=True)]
        array = np.empty(len(self), dtype=kinds)
        for name, column in zip(names, columns, strict=True):
            array[name] = column
        return array

    def save_csv(self, path: str | os.PathLike[str]) -> None:
        """Write all rows as .csv with a line of names, atomically; floats read back bit for bit.

        Raises `ProblemError` if the disk refuses.
        """
        data = self.to_csv().encode("utf-8")

        def write(fresh: Path) -> int:
            return fresh.write_bytes(data)

        write_whole(path, write)

    def to_csv(self) -> str:
        """The text that `save_csv` writes."""
        held = io.StringIO(newline="")
        writer = csv.writer(held, lineterminator="\n")
        writer.writerow((*SETTINGS, *MEASURED))
        writer.writerows([repr(value) if isinstance(value, float) else value for value in row.values()] for row in self)
        return held.getvalue()

    def __repr__(self) -> str:
        rows = self._texts()
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join(f"{text:>{wide}}" for text, wide in zip(row, widths, strict=True)).rstrip() for row in rows]
        return "\n".join([*lines, *self._left_out()])

    def _repr_html_(self) -> str:
        head, *rows = self._texts()
        body = "".join(f"<tr>{''.join(f'<td>{html.escape(text)}</td>' for text in row)}</tr>" for row in rows)
        names = "".join(f"<th>{name}</th>" for name in head)
        note = "".join(f"<p>{html.escape(words)}</p>" for words in self._left_out())
        return f"<table><tr>{names}</tr>{body}</table>{note}"

    def _texts(self) -> list[list[str]]:
        """The head and the rows that are shown, as text."""
        names = [*self.varied, "loss_value", "last_rms", "first_gradient", "verdict"]
        return [names, *([_text(row, name) for name in names] for row in self[:SHOWN_ROWS])]

    def _left_out(self) -> list[str]:
        more = len(self) - SHOWN_ROWS
        return [f"and {more:,} more of {len(self):,} rows"] if more > 0 else []


def _text(row: SweepRow, name: str) -> str:
    value = row["problem"] or row["verdict"] if name == "verdict" else row[name]
    return digits(value) if isinstance(value, float) else str(value)
