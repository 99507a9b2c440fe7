"""`.csv`: a table of numbers; recognises separators, decimal commas and a header, and locates anything else."""

from __future__ import annotations

import csv
import io
import re
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from playground.models.files.disk import CountedFile, check_budget, open_regular, plain_name, readable_size
from playground.models.files.tensor_format import (
    LoadedFile,
    TensorFormat,
    Tensors,
    array_of,
    dtype_name,
    storage_refusal,
)
from playground.models.formatting import shape_in_words
from playground.models.job import Job
from playground.models.problem import refuse

LARGEST_FIELD = 1000
"""A number takes a few dozen characters; a longer field is not a number."""

_WHOLE = re.compile(r"[+-]?[0-9]{1,19}")
_NUMBER = re.compile(r"[+-]?((\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|inf|infinity|nan)", re.IGNORECASE | re.ASCII)
_WORDS = {"": "nan", "na": "nan", "true": "1", "false": "0"}
BYTES_FOR_A_CHARACTER = 12
"""The peak memory of parsing: a digit and a separator become 8 bytes, in addition to the text."""
PART = 1 << 20
"""Characters parsed in one part; the job can be cancelled between parts."""
FIRST_PART = 1 << 12


@dataclass
class _Table:
    """What is known about a file while reading its lines."""

    name: str
    mark: str
    comma: bool
    notes: list[str] = field(default_factory=list)
    line: int = 0
    first: tuple[int, int] | None = None
    """The first row's line, and its number of values."""


def load_csv(path: Path, budget: int, job: Job) -> LoadedFile:
    """One tensor (rows, columns): int64 if all are whole numbers, else float64; a first row of words is a header."""
    size = readable_size(path)
    name = plain_name(path)
    check_budget(f"{name}, read as numbers,", size * BYTES_FOR_A_CHARACTER, budget)
    with open_regular(path) as file:
        text = _decoded(file.read(size), name)
    mark = _separator(text)
    table = _Table(name, mark, mark == ";" and re.search(r"\d,\d", text) is not None)
    is_plain = '"' not in text and re.search(r"\r(?!\n)", text) is None
    parts: list[np.ndarray[Any, Any]] = []
    begin = 0
    while begin < len(text):
        job.check()
        job.report(begin / len(text), f"reading {name}")
        stop = _end_of_part(text, begin, is_plain)
        array = _fast(text[begin:stop], table) if is_plain and table.first else None
        parts += [_slow(text[begin:stop], table) if array is None else array]
        begin = stop
    parts = [part for part in parts if part.size]
    if not parts:
        refuse(f"{name} holds no numbers.")
    values = np.concatenate(parts, dtype=np.result_type(*parts))
    return LoadedFile({path.stem: torch.from_numpy(values)}, notes=tuple(table.notes))


def _end_of_part(text: str, begin: int, is_plain: bool) -> int:
    """The end of the line after this many characters; the end of the text if there are quotes."""
    place = text.find("\n", begin + (PART if begin else FIRST_PART)) if is_plain else -1
    return len(text) if place < 0 else place + 1


def _fast(text: str, table: _Table) -> np.ndarray[Any, Any] | None:
    """The numbers of a part as numpy reads them; None if that could differ from reading cell by cell."""
    assert table.first is not None
    body = text.replace(",", ".") if table.comma else text
    whole = re.search(rf"[^0-9+\-\s{re.escape(table.mark)}]", body) is None
    if re.search(rf"[^\s{re.escape(table.mark)}]{{{LARGEST_FIELD + 1}}}", body):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            array = np.loadtxt(
                io.StringIO(body), np.int64 if whole else np.float64, comments=None, ndmin=2,
                delimiter=None if table.mark == " " else table.mark,
            )  # fmt: skip
    except (ValueError, OverflowError, Warning):
        return None
    if array.shape[1] != table.first[1] or (not whole and bool(np.isinf(array).any())):
        return None
    table.line += text.count("\n")
    return array


def _decoded(data: bytes, name: str) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif b"\0" in data:
        refuse(f"{name} is not a text file: it contains zero bytes.")
    else:
        encoding = "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        refuse(f"{name} is not UTF-8 text: byte {error.start} is {data[error.start]:02x}.")


def _separator(text: str) -> str:
    """The separator of the first lines: semicolon, tab and comma in this order, or spaces."""
    sample = "\n".join(text[:20_000].splitlines()[:20])
    return next((mark for mark in (";", "\t", ",") if mark in sample), " ")


def _slow(text: str, table: _Table) -> np.ndarray[Any, Any]:
    """The numbers of a part, cell by cell; anything else is refused with its line and column."""
    rows = _rows(text, table)
    table.line += text.count("\n")
    whole = _whole_numbers(rows) if rows else np.empty((0, 0), dtype=np.int64)
    return _numbers(rows, table) if whole is None else whole


def _rows(text: str, table: _Table) -> list[tuple[int, list[str]]]:
    """The rows with their line numbers, all of one length, in the form that `float` reads; and notes on the format."""
    csv.field_size_limit(LARGEST_FIELD)
    mark, name = table.mark, table.name
    reader = csv.reader(io.StringIO(text), delimiter=mark, skipinitialspace=True)
    rows: list[tuple[int, list[str]]] = []
    try:
        for cells in reader:
            clean = [_clean(cell, table.comma) for cell in (cells if mark != " " else [c for c in cells if c])]
            if not cells or clean == ["nan"]:
                continue
            if not table.first and not table.notes and not any(_NUMBER.fullmatch(c) and c != "nan" for c in clean):
                table.notes.append(
                    f"{name}: the first line is a header and is not part of the tensor: {_header(cells)}."
                )
                continue
            line = table.line + reader.line_num
            table.first = table.first or (line, len(clean))
            if len(clean) != table.first[1]:
                refuse(
                    f"Line {line} of {name} has {len(clean)} values, line {table.first[0]} has {table.first[1]}. "
                    "A tensor needs rows of one length."
                )
            rows.append((line, clean))
    except csv.Error as error:
        refuse(f"{name} is not a table: {error} in line {table.line + reader.line_num}.")
    return rows


def _clean(cell: str, comma: bool) -> str:
    text = cell.strip()
    text = _WORDS.get(text.lower(), text)
    return text.replace(",", ".") if comma else text


def _header(cells: list[str]) -> str:
    shown = ", ".join(cell.strip()[:30] for cell in cells[:6])
    return f"{shown}, ..." if len(cells) > 6 else shown


def _whole_numbers(rows: list[tuple[int, list[str]]]) -> np.ndarray[Any, Any] | None:
    whole = all(_WHOLE.fullmatch(cell) for _, cells in rows for cell in cells)
    if not whole:
        return None
    try:
        return np.array([[int(cell) for cell in cells] for _, cells in rows], dtype=np.int64)
    except OverflowError:
        return None


def _numbers(rows: list[tuple[int, list[str]]], table: _Table) -> np.ndarray[Any, Any]:
    values = np.empty((len(rows), len(rows[0][1])), dtype=np.float64)
    for place, (line, cells) in enumerate(rows):
        for column, cell in enumerate(cells):
            if not _NUMBER.fullmatch(cell):
                shown = cell if len(cell) <= 30 else f"{cell[:27]}..."
                refuse(f"Line {line}, column {column + 1} of {table.name} is {shown!r}, not a number.")
            values[place, column] = float(cell)
            beyond = f"{table.name}: {cell} in line {line} is too large for float64 and is read as inf."
            if np.isinf(values[place, column]) and "inf" not in cell.lower() and not _is_said(table):
                table.notes.append(beyond)
    return values


def _is_said(table: _Table) -> bool:
    return any("beyond float64" in note for note in table.notes)


def save_csv(path: Path, tensors: Tensors) -> int:
    """Write one row per line, each number as the shortest text that reads back as the same number of its dtype."""
    (tensor,) = tensors.values()
    array = array_of(tensor)
    table = array.reshape(-1, array.shape[-1]) if array.ndim > 1 else array.reshape(1, -1)
    with CountedFile(path) as file:
        for row in table:
            file.write((",".join(map(_cell, row)) + "\n").encode())
    return file.written


def characters_of(elements: torch.Tensor) -> int:
    """The bytes that these elements take in the file, each with the comma or line break after it."""
    return sum(len(_cell(value)) + 1 for value in array_of(elements).reshape(-1))


def _cell(value: np.generic) -> str:
    if isinstance(value, np.bool_):
        return "1" if value else "0"
    return str(value)


def csv_losses(tensor: torch.Tensor) -> tuple[str, ...]:
    """The dtype, shapes other than a table, strides, autograd."""
    losses = []
    back = "int64" if not tensor.dtype.is_floating_point else "float64"
    if dtype_name(tensor.dtype) != back:
        zeros = " as 0 and 1" if tensor.dtype == torch.bool else ""
        losses.append(f"The dtype is not kept: {dtype_name(tensor.dtype)} is read back{zeros} as {back}.")
    if tensor.ndim != 2:
        rows = tuple(array_shape(tensor))
        losses.append(f"The shape {shape_in_words(tensor.shape)} becomes a table {shape_in_words(rows)}.")
    if tensor.requires_grad:
        losses.append("requires_grad is not kept.")
    return tuple(losses)


def array_shape(tensor: torch.Tensor) -> tuple[int, int]:
    """The shape of the table: all axes except the last are stacked as rows."""
    columns = tensor.shape[-1] if tensor.ndim else 1
    return (tensor.numel() // columns if columns else 0, columns) if tensor.ndim > 1 else (1, tensor.numel())


def csv_refusal(tensor: torch.Tensor) -> str:
    """Why the tensor cannot be a table of numbers."""
    if storage_refusal(tensor):
        return storage_refusal(tensor)
    if tensor.dtype.is_complex:
        return "a table cannot hold complex numbers; write .real and .imag"
    if tensor.numel() == 0:
        return "it has no elements, and an empty table has no shape"
    return ""


CSV = TensorFormat(
    name="csv",
    words="Table of numbers",
    suffixes=(".csv", ".tsv", ".txt"),
    load=load_csv,
    save=save_csv,
    losses=csv_losses,
    refusal=csv_refusal,
    holds_many=False,
)
