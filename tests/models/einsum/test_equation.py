from __future__ import annotations

import pytest

from playground.models.einsum.equation import LETTERS, parse_equation
from playground.models.problem import Problem, ProblemError, Span


def problem_of(text: str) -> Problem:
    with pytest.raises(ProblemError) as caught:
        parse_equation(text)
    return caught.value.problem


@pytest.mark.parametrize(
    ("text", "tidy"),
    [
        ("ij,jk->ik", "ij,jk->ik"),
        (" i j , jk -> i k ", "ij,jk->ik"),
        ("ba", "ba->ab"),
        ("aB", "aB->Ba"),
        ("ii", "ii->"),
        ("i,i", "i,i->"),
        ("...ij,jk", "...ij,jk->...ik"),
        ("ij...", "ij...->...ij"),
        ("->", "->"),
        (",ij->ij", ",ij->ij"),
        ("", "->"),
    ],
)
def test_legal_equations(text, tidy):
    assert parse_equation(text).tidy == tidy


@pytest.mark.parametrize(
    ("text", "span", "words"),
    [
        ("ij;jk", Span(2, 3), "; has no meaning"),
        ("i1,1k->ik", Span(1, 2), "digit"),
        ("i\n", Span(1, 2), "line break"),
        ("i\x00", Span(1, 2), "NUL"),
        ("i\tj", Span(1, 2), "tab"),
        ("ij,jk->ik->", Span(9, 11), "only one ->"),
        ("ij,jk->ik,", Span(9, 10), "one result"),
        ("..ij", Span(0, 2), "exactly three dots"),
        ("....ij", Span(0, 4), "exactly three dots"),
        ("ij->i.", Span(5, 6), "exactly three dots"),
        ("...i...", Span(4, 7), "only one ellipsis"),
        ("αβ->βα", Span(0, 1), "letters a to z and A to Z"),
        ("ij>ji", Span(2, 3), "two adjacent characters"),
        ("ij- >ji", Span(2, 5), "two adjacent characters"),
        ("ij-ji", Span(2, 3), "two adjacent characters"),
        ("i²", Span(1, 2), "²"),
    ],
)
def test_the_first_wrong_character_is_marked(text, span, words):
    problem = problem_of(text)
    assert problem.span == span
    assert words in problem.message


def test_every_other_character_is_judged_in_a_sentence():
    for character in sorted(set(map(chr, range(0x250))) - set(LETTERS) - {" ", ","}):
        problem = problem_of(f"i{character}")
        assert problem.message.endswith("."), character
        assert problem.span.start == 1, character


def test_ten_thousand_characters():
    parse_equation(",".join(["ij"] * 3334))
    assert problem_of("i" * 9_999 + "1").span == Span(9_999, 10_000)
