import math

import pytest

from playground.models.words import bytes_in_words, count_in_words, digits, grouped_digits, joined, shape_in_words


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 B"), (48, "48 B"), (999, "999 B"), (1000, "1 kB"), (4_060_000, "4.06 MB"), (512 * 10**9, "512 GB")],
)
def test_bytes_are_counted_in_thousands(count, words):
    assert bytes_in_words(count) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.0, "0"), (2.158e-8, "2.16e-8"), (0.3989, "0.399"), (566.0, "566"), (5.5, "5.5"), (12.0, "12"),
     (1e30, "1.00e30"),
     (-0.00512, "-5.12e-3"), (11.98, "12.0"), (math.inf, "inf"),
     (-math.inf, "-inf"), (math.nan, "nan"), (99999.6, "1.00e5")],
)  # fmt: skip
def test_three_significant_digits(value, words):
    assert digits(value) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.7214, "0.721"), (566.0, "566"), (999.4, "999"), (999.6, "1,000"), (2459.9, "2,460"), (-2459.9, "-2,460"),
     (99_999.4, "99,999"), (99_999.6, "1.00e5"), (1_253_315.2, "1.25e6"), (math.inf, "inf"), (math.nan, "nan")],
)  # fmt: skip
def test_thousands_are_set_apart_as_long_as_all_digits_are_shown(value, words):
    assert grouped_digits(value) == words


def test_counts_and_shapes():
    assert count_in_words(1, "element") == "1 element"
    assert count_in_words(1797, "element") == "1,797 elements"
    assert [shape_in_words(shape) for shape in ((), (3,), [3, 4])] == ["()", "(3,)", "(3, 4)"]
    assert [joined("ijk"[:count]) for count in range(4)] == ["", "i", "i and j", "i, j and k"]
    assert joined(["i", "j"], "or") == "i or j"
