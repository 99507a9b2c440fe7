"""What is offered while a line is typed."""

from __future__ import annotations

import pytest

from playground.models.language.completion import complete, signature_help
from playground.models.language.vocabulary import VOCABULARY

NAMES = {"A": (3, 4), "vector": (3,)}


def offered(text: str) -> list[str]:
    cursor = text.index("|")
    return [candidate.insert for candidate in complete(text.replace("|", ""), cursor, NAMES).candidates]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("A.resh|", "reshape("),
        ("A.t|", "t()"),
        ("A.tra|", "transpose("),
        ("(A + vector).unsq|", "unsqueeze("),
        ("A[0].cont|", "contiguous()"),
        ("torch.eins|", "einsum("),
        ("torch.nn.|", "functional."),
        ("torch.nn.functional.one|", "one_hot("),
        ("torch.float6|", "float64"),
        ("vec|", "vector"),
        ("A + v|", "vector"),
        ("tor|", "torch."),
        ("le|", "len("),
        ("A.sum(|", "0"),
        ("A.sum(dim=|", "0"),
        ("A.sum(keep|", "keepdim="),
        ("torch.softmax(A, |", "0"),
        ("A.transpose(0, |", "0"),
        ("A.sum(dim=0).sha|", "shape"),
    ],
)
def test_first_candidate(text: str, first: str) -> None:
    assert offered(text)[0] == first


@pytest.mark.parametrize("text", ['torch.einsum("i|', "3.|", "A[0]x|", "nothing_like_this|"])
def test_nothing_is_offered(text: str) -> None:
    assert offered(text) == []


def test_axes_tell_their_size() -> None:
    candidates = complete("A.sum(", 6, NAMES).candidates
    assert [c.description for c in candidates[:2]] == ["Axis 0 of A, size 3.", "Axis 1 of A, size 4."]


def test_inserting_leaves_the_rest_of_the_line() -> None:
    text = "A.resh + vector"
    found = complete(text, 6, NAMES)
    assert text[: found.start] + found.candidates[0].insert + text[6:] == "A.reshape( + vector"


@pytest.mark.parametrize(
    ("text", "name", "parameter"),
    [
        ("A.sum(|", ".sum", "dim"),
        ("A.sum(0, |", ".sum", "keepdim"),
        ("A.sum(keepdim=|", ".sum", "keepdim"),
        ("torch.full((3, 4), |", "torch.full", "fill_value"),
        ("torch.zeros(3, 4, 5, |", "torch.zeros", "size"),
        ("A.permute(1, (0|", ".permute", "dims"),
        ("torch.cat((A, A), |", "torch.cat", "dim"),
        ("(A + vector).view(|", ".view", "shape"),
        ("A.sum(0) + A.mean(|", ".mean", "dim"),
    ],
)
def test_signature_help(text: str, name: str, parameter: str) -> None:
    found = signature_help(text.replace("|", ""), text.index("|"), NAMES)
    assert found is not None
    assert found.usage == VOCABULARY[name].usage
    assert found.parameter == parameter


@pytest.mark.parametrize("text", ["A.sum(0)|", "A|", "(A + |", "A[|", "unknown(|", 'torch.einsum("|'])
def test_no_signature(text: str) -> None:
    assert signature_help(text.replace("|", ""), text.index("|"), NAMES) is None


def test_every_word_is_offered_somewhere() -> None:
    for name, word in VOCABULARY.items():
        if name.startswith("torch.") or (name.startswith(".") and name != ".manual_seed"):
            typed = name if name.startswith("torch.") else f"A{name}"
            inserts = [c.insert.rstrip("()") for c in complete(typed, len(typed), NAMES).candidates]
            assert word.short_name in inserts


def test_hostile_text_is_harmless() -> None:
    for text in ["((((" * 1000, "A." * 500, "'" * 99, "A.sum(" * 300, "\x00\u200b", ")]})" * 100]:
        assert 0 <= complete(text, len(text), NAMES).start <= len(text)
        signature_help(text, len(text), NAMES)
