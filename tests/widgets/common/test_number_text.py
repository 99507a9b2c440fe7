import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.widgets.common.number_text import float_text, number_text, read_number


@settings(max_examples=300, deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([None, 1, 3]))
def test_each_float_is_written_so_that_it_reads_back(value, decimals):
    text = float_text(value, decimals)
    assert math.isclose(float(text), value, rel_tol=1e-9)
    assert decimals is not None or float(text) == value
    assert "e-0" not in text


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [(1.0, 3, "1.000"), (1.414, 3, "1.414"), (2.16e-8, 3, "2.16e-8"), (0.0, 3, "0"), (1e300, None, "1e300"),
     (0.1, None, "0.1")],
)  # fmt: skip
def test_floats_in_sensible_notation(value, decimals, text):
    assert float_text(value, decimals) == text


@given(st.integers(-(10**300), 10**300))
def test_an_integer_of_any_size_reads_back(value):
    assert read_number(f" {number_text(value, None)} ", "Seed", None) == (value, "")


@pytest.mark.parametrize(
    ("text", "decimals", "reason"),
    [
        (" ", None, "Gain is empty."),
        ("9" * 401, None, "Gain has 401 digits."),
        ("1.5", None, "Gain must be a whole number in digits 0 to 9."),
        ("1,5", 3, "Gain must be a number such as 0.5 or 1e-3."),
        ("nan", 3, "Gain must be a number such as 0.5 or 1e-3."),
        ("1e999", 3, "Gain is beyond the largest float64, 1.8e308."),
    ],
)
def test_what_is_no_number_is_named(text, decimals, reason):
    assert read_number(text, "Gain", decimals) == (None, reason)
