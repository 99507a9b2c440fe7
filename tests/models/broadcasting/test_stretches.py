import pytest
import torch

from playground import Program, list_broadcasts
from playground.models.broadcasting.stretches import other_places


def test_every_stretched_operand_is_listed_with_its_own_shape():
    code = (
        "A = torch.ones(3, 4)\nv = torch.ones(4)\nc = torch.ones(3, 1)\nB = (A + v) * c\nC = torch.where(A > 0, v, B)\n"
        "D = B + 1\nE = torch.maximum(v[:2, None], A[0])\nF = A + A\nG = A + torch.ones(5)"
    )
    found = list_broadcasts(Program.parse(code))
    assert [(one.name, one.code) for one in found] == [
        ("B", "A + v"),
        ("B", "(A + v) * c"),
        ("C", "torch.where(A > 0, v, B)"),
        ("E", "torch.maximum(v[:2, None], A[0])"),
    ]
    assert [(one.text, one.shape, one.axes) for one in found[3].stretched] == [
        ("v[:2, None]", (2, 1), (1,)),
        ("A[0]", (4,), (0,)),
    ]
    assert found[1].words == "(A + v) * c: c (3, 1) is repeated along axis 1 of (3, 4)"


def test_those_that_fit_by_chance_say_so():
    first, second = list_broadcasts(
        Program.parse("A = torch.ones(3, 3)\nv = torch.ones(3)\nB = A + v\nC = A + v[:, None]")
    )
    assert "it would fit axis 0 as well, because A is square" in first.chance
    assert second.chance == ""


@pytest.mark.parametrize("large", [(4, 3, 4), (2, 2), (3, 3, 3), (2, 3, 4)])
@pytest.mark.parametrize("small", [(4,), (3,), (3, 4), (2, 1), (1,), (4, 4), ()])
def test_other_places_are_those_where_torch_adds_it_too(small, large):
    for places in other_places(small, large):
        spread = [1] * len(large)
        for size, place in zip(small, places, strict=True):
            spread[place] = size
        assert torch.broadcast_shapes(tuple(spread), large) == large
