"""What a single element reads as: exactly, or as well as it fits into a cell."""

from __future__ import annotations

import math
import struct
from decimal import Decimal

import numpy as np
import torch

_LONGEST_FULL = 60
_FLOAT_TEXTS = {"float64": np.float64, "float32": np.float32, "float16": np.float16}


def exact_text(value: object, dtype: str) -> str:
    """The shortest decimal that names this element of its dtype and no other: `exact_text(0.1, "bfloat16") == "0.1"`.

    Whole floats read without a point ("26"), booleans as True and False, complex numbers as "1-2j".
    """
    if dtype == "bool":
        return "True" if value else "False"
    if isinstance(value, complex):
        return _complex_text(value, "float64" if dtype == "complex128" else "float32")
    if "float" not in dtype:
        return str(int(value))  # type: ignore[call-overload]
    return _float_text(float(value), dtype)  # type: ignore[arg-type]


def _complex_text(value: complex, part_dtype: str) -> str:
    real, imaginary = _float_text(value.real, part_dtype), _float_text(value.imag, part_dtype)
    sign = "" if imaginary.startswith("-") else "+"
    return f"{real}{sign}{imaginary}j"


def _float_text(value: float, dtype: str) -> str:
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    if value == 0:
        return "-0" if str(value).startswith("-") else "0"
    kind = _FLOAT_TEXTS.get(dtype)
    shortest = str(kind(value)) if kind else _shortest_by_trial(value, dtype)
    return tidy_number(shortest)


def tidy_number(text: str) -> str:
    """`"1e-05"` as `"1e-5"`, `"26.0"` as `"26"`, `"1e+20"` as `"1e20"`."""
    mantissa, _, exponent = text.partition("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    if not exponent:
        return mantissa
    sign = "-" if exponent.startswith("-") else ""
    return f"{mantissa}e{sign}{exponent.lstrip('+-').lstrip('0') or '0'}"


def _shortest_by_trial(value: float, dtype: str) -> str:
    """The shortest decimal that rounds to `value` in a dtype that numpy does not know."""
    for digits in range(1, 10):
        text = f"{value:.{digits}g}"
        rounded = _as_bfloat16(float(text)) if dtype == "bfloat16" else _as_dtype(float(text), dtype)
        if rounded == value:
            return repr(float(text))
    return repr(value)


def _as_bfloat16(value: float) -> float:
    (bits,) = struct.unpack("<I", struct.pack("<f", np.float32(value)))
    bits += 0x7FFF + ((bits >> 16) & 1)
    (rounded,) = struct.unpack("<f", struct.pack("<I", bits & 0xFFFF0000))
    return float(rounded)


def _as_dtype(value: float, dtype: str) -> float:
    return float(torch.tensor(value, dtype=getattr(torch, dtype)).to(torch.float32))


def full_text(value: object, dtype: str) -> str:
    """All decimal digits of a float, where its shortest text is rounded: `"0.09997558..."`; "" elsewhere."""
    if "float" not in dtype or not isinstance(value, float) or not math.isfinite(value):
        return ""
    digits = format(Decimal(value), "f")
    short = exact_text(value, dtype)
    return "" if Decimal(short) == Decimal(value) or len(digits) > _LONGEST_FULL else digits


def fitted_text(value: object, dtype: str, characters: int) -> str:
    """The element in at most `characters`: exact where that fits, otherwise rounded, never a nonzero number as zero."""
    exact = exact_text(value, dtype)
    if len(exact) <= characters:
        return exact
    if isinstance(value, complex):
        return _fitted_complex(value, characters)
    if dtype == "bool":
        return exact[: max(1, characters)]
    number = float(value)  # type: ignore[arg-type]
    if not math.isfinite(number):
        infinite = "∞" if number > 0 else "-∞"
        return infinite if math.isinf(number) and len(infinite) <= characters else "…"
    if "float" in dtype and 1e-3 <= abs(number) < 10.0 ** (characters - 1):
        # One place is kept for the sign, so that positive and negative columns show equally many decimals.
        whole = len(str(int(abs(number))))
        decimals = max(0, characters - 2 - whole)
        text = f"{number:.{decimals}f}"
        significant = len(text.lstrip("-0.").replace(".", ""))
        if len(text) <= characters and significant >= 2:
            return text
    return _scientific(number, characters)


def _fitted_complex(value: complex, characters: int) -> str:
    for digits in range(7, 0, -1):
        text = f"{tidy_number(f'{value.real:.{digits}g}')}{_signed(tidy_number(f'{value.imag:.{digits}g}'))}j"
        if len(text) <= characters:
            return text
    return "…"


def _signed(text: str) -> str:
    return text if text.startswith("-") else f"+{text}"


def _scientific(number: float, characters: int) -> str:
    for digits in range(max(0, characters - 4), -1, -1):
        mantissa, _, exponent = f"{number:.{digits}e}".partition("e")
        text = f"{mantissa}e{int(exponent)}"
        if len(text) <= characters:
            return text
    return "…"


def short_text(value: float) -> str:
    """Three significant digits, as everywhere outside grids: `"12.0"` is rounded, `"12"` is exact; `"2.16e-8"`."""
    number = float(value)
    if not math.isfinite(number) or number == 0:
        return _float_text(number, "float64")
    if 999.5 <= abs(number) < 99999.5:
        return f"{number:.0f}"
    text = f"{number:#.3g}" if 1e-3 <= abs(number) < 999.5 else f"{number:.2e}"
    if "e" in text or float(text) == number:
        return tidy_number(text)
    return text.rstrip(".")
