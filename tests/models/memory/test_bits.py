import math
import random
import struct
from fractions import Fraction

import pytest
import torch

from playground.models.memory.bits import FLOAT_FORMATS, exact_decimal, explain_bits


@pytest.mark.parametrize("dtype", FLOAT_FORMATS)
def test_every_pattern_of_a_float_is_read_as_torch_reads_it(dtype):
    size = torch.empty(0, dtype=getattr(torch, dtype)).itemsize
    rng = random.Random(7)
    patterns = range(256) if size == 1 else [rng.getrandbits(8 * size) for _ in range(400)]
    special = [0, 1, 1 << (8 * size - 1), (1 << (8 * size)) - 1]
    for pattern in [*patterns, *special]:
        raw = pattern.to_bytes(size, "little")
        value = torch.frombuffer(bytearray(raw), dtype=torch.uint8).view(getattr(torch, dtype)).to(torch.float64).item()
        bits = explain_bits(raw, dtype, "little")
        assert (bits.kind == "nan") == math.isnan(value), (dtype, hex(pattern))
        if bits.kind in {"normal", "subnormal"}:
            said = bits.formula.rpartition(" = ")[2]
            if "..." not in said:
                assert Fraction(said) == Fraction(value)
            else:
                assert float(said.replace("...", "")) == pytest.approx(value, rel=1e-15)
        elif bits.kind != "nan":
            assert bits.formula == {"zero": "+0", "inf": "+inf"}[bits.kind].replace(
                "+", "-" if pattern >> (8 * size - 1) else "+"
            )


def test_the_parts_of_26():
    bits = explain_bits(struct.pack("<f", 26.0), "float32", "little")
    assert bits.hex_bytes == "00 00 d0 41"
    assert [(field.name, field.bits) for field in bits.fields] == [
        ("sign", "0"),
        ("exponent", "10000011"),
        ("mantissa", "10100000000000000000000"),
    ]
    assert bits.formula == "+1.625 * 2^4 = 26"


def test_the_payload_of_a_nan_is_told():
    bits = explain_bits(bytes.fromhex("0100c07f"), "float32", "little")
    assert bits.kind == "nan"
    assert bits.fields[2].meaning == "payload 0x400001, quiet"
    assert "signalling" in explain_bits(bytes.fromhex("0100807f"), "float32", "little").fields[2].meaning


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "int64", "uint8", "uint64"])
def test_integers_are_exact_to_the_last_bit(dtype):
    info = torch.iinfo(getattr(torch, dtype))
    for value in {info.min, info.max, 0, 1, min(info.max, 2**53 + 1), max(info.min, -1)}:
        raw = value.to_bytes(info.bits // 8, "little", signed=info.min < 0)
        assert explain_bits(raw, dtype, "little").formula.rpartition("= ")[2] == str(value)


def test_other_dtypes():
    assert explain_bits(b"\x01", "bool").formula == "True"
    assert "counts as True" in explain_bits(b"\x02", "bool").fields[0].meaning
    two = explain_bits(struct.pack("<ff", 1.5, -2.0), "complex64", "little")
    assert two.formula == "(+1.5 * 2^0 = 1.5) + (-1 * 2^1 = -2)j"
    assert len(two.fields) == 6
    assert explain_bits(struct.pack(">f", 26.0), "float32", "big").formula.endswith("= 26")
    assert explain_bits(b"\x80", "float8_e8m0fnu").formula == "2^1"


def test_exact_decimals():
    assert exact_decimal(Fraction(1, 8)) == "0.125"
    assert exact_decimal(Fraction(-5, 2)) == "-2.5"
    assert exact_decimal(Fraction(2) ** 200).endswith("...e60")
    assert exact_decimal(Fraction(2) ** -10) == "0.0009765625"
