"""The short words on a card and in a title: dtypes, bytes, statistics."""

from __future__ import annotations

from playground.models.tensors.cell_text import short_text
from playground.models.tensors.program_request import CardResult
from playground.models.tensors.summary import TensorSummary
from playground.models.words import bytes_in_words, count_in_words

_SHORT = {
    "float64": "f64",
    "float32": "f32",
    "float16": "f16",
    "bfloat16": "bf16",
    "int64": "i64",
    "int32": "i32",
    "int16": "i16",
    "int8": "i8",
    "uint8": "u8",
    "uint16": "u16",
    "uint32": "u32",
    "uint64": "u64",
    "complex64": "c64",
    "complex128": "c128",
    "float8_e4m3fn": "f8_e4m3",
    "float8_e5m2": "f8_e5m2",
}


def short_dtype(dtype: str) -> str:
    """`short_dtype("float32") == "f32"`; names without a short form stay as they are."""
    return _SHORT.get(dtype, dtype)


def summary_words(card: CardResult) -> str:
    """`"48 B  mean 25.5  std 12.0"`; a view says that it shares its bytes, an expanded tensor how few are stored, and
    both show their mean alone."""
    note = " shared" if card.shared else " stored" if card.stored != card.nbytes else ""
    parts = [bytes_in_words(card.stored if note == " stored" else card.nbytes) + note]
    summary = card.summary
    if summary is not None and summary.mean is not None:
        parts.append(f"mean {short_text(summary.mean)}")
        if summary.std is not None and not note:
            parts.append(f"std {short_text(summary.std)}")
    elif summary is not None:
        parts.append("no elements" if summary.count == 0 else "no finite value")
    return "  ".join(parts)


def trouble_words(summary: TensorSummary | None) -> str:
    """`"2 nan 1 inf"`; empty where all is finite."""
    if summary is None:
        return ""
    infinities = summary.positive_infinities + summary.negative_infinities
    words = [f"{count:,} {noun}" for count, noun in ((summary.nans, "nan"), (infinities, "inf")) if count]
    return " ".join(words)


def _exact_or_short(value: float) -> str:
    return str(value) if isinstance(value, int) else short_text(value)


def definition_of_statistics(summary: TensorSummary | None) -> str:
    """What mean and std are taken over."""
    if summary is None:
        return "mean and std of all elements; std divides by n - 1, as torch does"
    if summary.finite < summary.count:
        return f"mean and std of the {summary.finite:,} finite elements of {summary.count:,}; std divides by n - 1"
    return f"mean and std of all {summary.count:,} elements; std divides by n - 1, as torch does"


def statistics_lines(summary: TensorSummary) -> tuple[str, ...]:
    """The numbers of the selected cells, a line each."""
    lines = [f"{count_in_words(summary.count, 'cell')} selected"]
    if summary.total is not None and summary.mean is not None:
        lines += [f"sum  {_exact_or_short(summary.total)}", f"mean {short_text(summary.mean)}"]
    if summary.std is not None:
        lines.append(f"std  {short_text(summary.std)}")
    if summary.minimum is not None and summary.maximum is not None:
        lines.append(f"from {_exact_or_short(summary.minimum)} to {_exact_or_short(summary.maximum)}")
    trouble = trouble_words(summary)
    return (*lines, trouble) if trouble else tuple(lines)
