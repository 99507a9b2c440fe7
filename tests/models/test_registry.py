from dataclasses import dataclass

import pytest

from playground.models.problem import ProblemError
from playground.models.registry import Registry


@dataclass(frozen=True)
class Colour:
    name: str


def test_entries_keep_their_order_and_their_names():
    colours = Registry("colour")
    for name in ("sky", "orange", "green"):
        colours.register(Colour(name))
    assert list(colours) == ["sky", "orange", "green"]
    assert colours["sky"] == Colour("sky")


def test_a_name_taken_twice_is_a_bug():
    colours = Registry("colour")
    colours.register(Colour("sky"))
    with pytest.raises(ValueError, match="sky"):
        colours.register(Colour("sky"))


def test_an_unknown_name_is_a_problem_that_suggests_the_near_one():
    colours = Registry("colour")
    colours.register(Colour("orange"))
    with pytest.raises(ProblemError) as caught:
        colours.find("ornage")
    assert "ornage" in caught.value.problem.message
    assert "orange" in caught.value.problem.message
