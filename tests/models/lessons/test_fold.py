import ast

import pytest

from playground.models.lessons.fold import folded
from playground.models.lessons.library import library


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
