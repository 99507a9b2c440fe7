"""What a sweep returns: a list of rows, one a network, with its settings and what was measured."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from playground.models.files.disk import write_whole
from playground.models.formatting import digits
from playground.models.network.spec.spec import NetworkSpec
from playground.models.printed import MOST_ROWS, Part, Printed, TextTable

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


class SweepTable(Printed, list[SweepRow]):
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
        write_whole(path, lambda fresh: fresh.write_bytes(data))

    def to_csv(self) -> str:
        """The text that `save_csv` writes."""
        held = io.StringIO(newline="")
        writer = csv.writer(held, lineterminator="\n")
        writer.writerow((*SETTINGS, *MEASURED))
        writer.writerows([repr(value) if isinstance(value, float) else value for value in row.values()] for row in self)
        return held.getvalue()

    def told(self) -> tuple[Part, ...]:
        """The first rows: the settings that differ, a few numbers, and the verdict or the problem."""
        names = (*self.varied, "loss_value", "last_rms", "first_gradient", "verdict")
        rows = [[_text(row, name) for name in names] for row in self[:MOST_ROWS]]
        more = len(self) - MOST_ROWS
        left_out = f"and {more:,} more of {len(self):,} rows" if more > 0 else ""
        return TextTable(names, rows, "r" * (len(names) - 1) + "l"), left_out


def _text(row: SweepRow, name: str) -> str:
    value = row["problem"] or row["verdict"] if name == "verdict" else row[name]
    return digits(value) if isinstance(value, float) else str(value)
