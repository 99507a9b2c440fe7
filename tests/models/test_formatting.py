import ast
import math

import pytest

from playground.models.formatting import (
    bytes_in_words,
    count_in_words,
    digits,
    folded,
    grouped_digits,
    joined,
    shape_in_words,
)
from playground.models.lessons.lesson_file import library


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


def test_a_long_line_breaks_after_a_comma():
    assert folded("w = torch.zeros(10, 20)", 20) == "w = torch.zeros(10,\n    20)"
    assert folded("w = f(a, b)", 20) == "w = f(a, b)"
    assert folded('w = torch.einsum("ij, jk -> ik", A)', 24) == 'w = torch.einsum("ij, jk -> ik", A)'


@pytest.mark.parametrize(
    "code",
    [
        "for i in range(3):\n    y = torch.zeros(10, 20, 30, 40)\n    if i:\n        z = f(y, i, 'a # b', 7)",
        "x = 1  # what f(a, b) gives, and g(c, d, e) too",
        "x = f(\n    a, b), g(c, d), h(e, f)",
        'x = f("a\\"b, c, d, e, f, g", d, e, g, h, i)',
        "y = g('it\\'s, a, b, c, d, e', '\\\\', 1, 2, 3)",
        "z = h('''a, 'b''', 1, '''c, d, e, f, g, it's''', 'f(a, b)', 2, 3, 4)",
        "with torch.no_grad():\n    x = (torch.ones(3, 4).t().reshape(12).sum())",
    ],
    ids=["blocks", "comment", "two lines", "escaped", "apostrophes", "three quotes", "methods"],
)
def test_blocks_and_comments_stay_the_same_code(code):
    short = folded(code, 20)
    assert ast.dump(ast.parse(short)) == ast.dump(ast.parse(code))
    assert folded(code, 80) == code


@pytest.mark.parametrize("lesson", library(), ids=lambda lesson: lesson.key)
def test_the_code_of_a_lesson_stays_the_same_code_and_fits(lesson):
    for code in (lesson.start.program, lesson.answer.code):
        short = folded(code, 36)
        assert ast.dump(ast.parse(short)) == ast.dump(ast.parse(code))
        assert all(len(line) <= 42 for line in short.splitlines()), short
