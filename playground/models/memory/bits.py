"""The bytes of one element, and the meaning of its bits."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class FloatFormat:
    """A floating-point format: bits of exponent and mantissa, bias of the exponent, and which patterns are special.

    `special` is "ieee" (the highest exponent holds inf and nan), "fn" (only all ones is nan, no inf) or "fnuz" (only
    minus zero is nan), after the OCP 8-bit formats and their variants in torch.
    """

    exponent_bits: int
    mantissa_bits: int
    bias: int
    special: str = "ieee"


FLOAT_FORMATS = {
    "float16": FloatFormat(5, 10, 15),
    "bfloat16": FloatFormat(8, 7, 127),
    "float32": FloatFormat(8, 23, 127),
    "float64": FloatFormat(11, 52, 1023),
    "float8_e5m2": FloatFormat(5, 2, 15),
    "float8_e4m3fn": FloatFormat(4, 3, 7, "fn"),
    "float8_e5m2fnuz": FloatFormat(5, 2, 16, "fnuz"),
    "float8_e4m3fnuz": FloatFormat(4, 3, 8, "fnuz"),
}
COMPLEX_PARTS = {"complex32": "float16", "complex64": "float32", "complex128": "float64"}


@dataclass(frozen=True, slots=True)
class BitField:
    """Some bits of an element, highest first, and their meaning: `BitField("sign", "0", "+")`."""

    name: str
    bits: str
    meaning: str


@dataclass(frozen=True, slots=True)
class ElementBits:
    """The bytes of an element in memory order, its bits by field, and how they form the value."""

    hex_bytes: str
    fields: tuple[BitField, ...]
    formula: str
    kind: str


def explain_bits(raw: bytes, dtype: str, byte_order: str = sys.byteorder) -> ElementBits:
    """Read the bytes of one element: `explain_bits(bytes.fromhex("0000d041"), "float32")` is 26."""
    hex_bytes = raw.hex(" ")
    if dtype in COMPLEX_PARTS:
        half, part = len(raw) // 2, COMPLEX_PARTS[dtype]
        real, imaginary = explain_bits(raw[:half], part, byte_order), explain_bits(raw[half:], part, byte_order)
        fields = tuple(
            BitField(f"{side} {field.name}", field.bits, field.meaning)
            for side, bits in (("real", real), ("imaginary", imaginary))
            for field in bits.fields
        )
        return ElementBits(hex_bytes, fields, f"({real.formula}) + ({imaginary.formula})j", "complex")
    pattern = int.from_bytes(raw, "little" if byte_order == "little" else "big")
    width = 8 * len(raw)
    if dtype in FLOAT_FORMATS:
        return _explain_float(pattern, hex_bytes, FLOAT_FORMATS[dtype])
    return _INTEGER_READERS.get(dtype, _explain_integer)(pattern, width, hex_bytes, dtype)


def _explain_float(pattern: int, hex_bytes: str, layout: FloatFormat) -> ElementBits:
    mantissa = pattern & ((1 << layout.mantissa_bits) - 1)
    exponent = pattern >> layout.mantissa_bits & ((1 << layout.exponent_bits) - 1)
    negative = pattern >> (layout.mantissa_bits + layout.exponent_bits)
    kind = _float_kind(negative, exponent, mantissa, layout)
    power = max(exponent, 1) - layout.bias
    significand = Fraction(mantissa, 1 << layout.mantissa_bits) + (kind == "normal")
    sign = "-" if negative else "+"
    meanings = {
        "normal": (f"{exponent} - {layout.bias} = {power}", f"1 + {mantissa}/2^{layout.mantissa_bits}"),
        "subnormal": (f"0: subnormal, 1 - {layout.bias} = {power}", f"0 + {mantissa}/2^{layout.mantissa_bits}"),
        "zero": ("0: zero or subnormal", "0"),
        "inf": ("all ones: inf or nan", "0: inf"),
        "nan": ("all ones: inf or nan", f"payload {mantissa:#x}" + _quiet(mantissa, layout)),
    }
    exponent_words, mantissa_words = meanings[kind]
    if kind == "nan" and layout.special != "ieee":
        exponent_words, mantissa_words = f"{exponent}", "this one pattern is nan"
    fields = (
        BitField("sign", f"{negative:b}", sign),
        BitField("exponent", f"{exponent:0{layout.exponent_bits}b}", exponent_words),
        BitField("mantissa", f"{mantissa:0{layout.mantissa_bits}b}", mantissa_words),
    )
    if kind in {"normal", "subnormal"}:
        value = (-1 if negative else 1) * significand * Fraction(2) ** power
        formula = f"{sign}{exact_decimal(significand)} * 2^{power} = {exact_decimal(value)}"
    else:
        formula = {"zero": f"{sign}0", "inf": f"{sign}inf", "nan": "nan"}[kind]
    return ElementBits(hex_bytes, fields, formula, kind)


def _quiet(mantissa: int, layout: FloatFormat) -> str:
    return ", quiet" if mantissa >> (layout.mantissa_bits - 1) else ", signalling"


def _float_kind(negative: int, exponent: int, mantissa: int, layout: FloatFormat) -> str:
    highest = exponent == (1 << layout.exponent_bits) - 1
    if layout.special == "ieee" and highest:
        return "nan" if mantissa else "inf"
    if layout.special == "fn" and highest and mantissa == (1 << layout.mantissa_bits) - 1:
        return "nan"
    if layout.special == "fnuz" and negative and not exponent and not mantissa:
        return "nan"
    if exponent:
        return "normal"
    return "subnormal" if mantissa else "zero"


def exact_decimal(value: Fraction, digits: int = 24) -> str:
    """A binary fraction as its exact decimal, shortened to `digits` with "..." if it is longer."""
    if value.denominator == 1 and abs(value.numerator) < 10**digits:
        return str(value.numerator)
    sign, size = ("-" if value < 0 else ""), abs(value)
    exponent = 0
    while size >= 10:
        size, exponent = size / 10, exponent + 1
    while size < 1:
        size, exponent = size * 10, exponent - 1
    whole = size * 10 ** (digits - 1)
    exact = whole.denominator == 1
    figures = str(int(whole))
    if -5 <= exponent < digits:
        point = exponent + 1
        text = figures[:point] + "." + figures[point:] if point > 0 else "0." + "0" * -point + figures
        return sign + (text.rstrip("0").rstrip(".") if exact else text + "...")
    mantissa = figures[0] + "." + figures[1:]
    return sign + (mantissa.rstrip("0").rstrip(".") if exact else mantissa + "...") + f"e{exponent}"


def _explain_integer(pattern: int, width: int, hex_bytes: str, dtype: str) -> ElementBits:
    bits = f"{pattern:0{width}b}"
    if dtype.startswith(("int", "qint")):
        rest = pattern & ((1 << (width - 1)) - 1)
        high = pattern >> (width - 1)
        value = rest - (high << (width - 1))
        fields = (
            BitField("sign", bits[0], f"-2^{width - 1}" if high else "0"),
            BitField("rest", bits[1:], f"{rest}"),
        )
        formula = f"-2^{width - 1} + {rest} = {value}" if high else f"{value}"
        return ElementBits(hex_bytes, fields, formula, "integer")
    return ElementBits(hex_bytes, (BitField("value", bits, str(pattern)),), str(pattern), "integer")


def _explain_bool(pattern: int, width: int, hex_bytes: str, _dtype: str) -> ElementBits:
    bits = f"{pattern:0{width}b}"
    words = "True" if pattern else "False"
    note = "a whole byte for one bit" if pattern < 2 else "any byte except 0 counts as True"
    return ElementBits(hex_bytes, (BitField("value", bits, note),), words, "bool")


def _explain_scale(pattern: int, width: int, hex_bytes: str, _dtype: str) -> ElementBits:
    """Only an 8-bit exponent, as in block scales."""
    bits = f"{pattern:0{width}b}"
    if pattern == 255:
        return ElementBits(hex_bytes, (BitField("exponent", bits, "all ones: nan"),), "nan", "nan")
    field = BitField("exponent", bits, f"{pattern} - 127 = {pattern - 127}")
    return ElementBits(hex_bytes, (field,), f"2^{pattern - 127}", "normal")


_INTEGER_READERS: dict[str, Callable[[int, int, str, str], ElementBits]] = {
    "bool": _explain_bool,
    "float8_e8m0fnu": _explain_scale,
}
