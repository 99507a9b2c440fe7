"""Cells as text: for a table, as CSV, or as a `torch.tensor(...)` call that recreates them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from playground.models.evaluation.reader import TensorReader
from playground.models.problem import Problem
from playground.models.registry import Registry

LIMIT = 200_000

Region = tuple[tuple[int, int], ...]
"""Start and stop on each axis."""


@dataclass(frozen=True, slots=True)
class CopyForm:
    """A text format for cells."""

    name: str
    label: str
    function: Callable[[TensorReader, Region], str]


COPY_FORMS: Registry[CopyForm] = Registry("copy form")


def region_count(region: Region) -> int:
    """The number of cells in a region."""
    count = 1
    for start, stop in region:
        count *= max(0, stop - start)
    return count


def copy_cells(reader: TensorReader, region: Region, form: str) -> str | Problem:
    """The cells of a region in the form "text", "csv" or "torch"; a Problem if there are too many to paste."""
    count = region_count(region)
    if count > LIMIT:
        return Problem(f"{count:,} cells are too many to copy, the limit is {LIMIT:,}. Export them to a file instead.")
    return COPY_FORMS.find(form).function(reader, region)


def _rows(reader: TensorReader, region: Region) -> Iterator[list[str]]:
    """The exact texts, the last axis across, all others down."""
    if not region:
        yield [reader.text(())]
        return
    columns = range(*region[-1])
    for prefix in _prefixes(region[:-1]):
        fixed = dict(enumerate(prefix))
        window = reader.read(None, len(region) - 1, range(1), columns, fixed)
        yield [window.text(0, column) for column in columns] if window.values.size else []


def _prefixes(region: Region) -> Iterator[tuple[int, ...]]:
    if not region:
        yield ()
        return
    for place in range(*region[0]):
        for rest in _prefixes(region[1:]):
            yield (place, *rest)


def _as_text(reader: TensorReader, region: Region) -> str:
    return "\n".join("\t".join(row) for row in _rows(reader, region))


def _as_csv(reader: TensorReader, region: Region) -> str:
    return "\n".join(",".join(row) for row in _rows(reader, region))


def _as_torch(reader: TensorReader, region: Region) -> str:
    """Drops axes with only one chosen index, unless the tensor has size 1 there."""
    rows = iter(_rows(reader, region))
    kept = [
        stop - start > 1 or size == 1 or stop == start for (start, stop), size in zip(region, reader.shape, strict=True)
    ]
    literal = _nested(rows, region, kept, reader.dtype)
    return f"torch.tensor({literal}{_dtype_argument(reader.dtype, literal)})"


def _nested(rows: Iterator[list[str]], region: Region, kept: list[bool], dtype: str) -> str:
    if len(region) <= 1:
        texts = [_literal(text, dtype) for text in next(rows)]
        return f"[{', '.join(texts)}]" if region and kept[-1] else texts[0]
    start, stop = region[0]
    parts = [_nested(rows, region[1:], kept[1:], dtype) for _ in range(start, stop)]
    return f"[{', '.join(parts)}]" if kept[0] else parts[0]


def _literal(text: str, dtype: str) -> str:
    if "complex" in dtype:
        return _complex_literal(text)
    if text in ("nan", "inf"):
        return f"torch.{text}"
    if text == "-inf":
        return "-torch.inf"
    if "float" in dtype and not any(mark in text for mark in ".e"):
        return text + "."
    return text


def _complex_literal(text: str) -> str:
    """Python has no literals for infinite parts, so those use `complex`."""
    if "nan" not in text and "inf" not in text:
        return text
    value = complex(text)
    return f"complex(float({str(value.real)!r}), float({str(value.imag)!r}))"


def _dtype_argument(dtype: str, literal: str) -> str:
    """torch infers float32, int64, bool and complex64 itself, if there is a value to infer from."""
    inferred = dtype in ("float32", "int64", "bool", "complex64") and not (dtype != "float32" and "[]" in literal)
    return "" if inferred else f", dtype=torch.{dtype}"


COPY_FORMS.register(CopyForm("text", "Copy as text", _as_text))
COPY_FORMS.register(CopyForm("csv", "Copy as CSV", _as_csv))
COPY_FORMS.register(CopyForm("torch", "Copy as torch.tensor(...)", _as_torch))
