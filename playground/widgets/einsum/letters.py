"""Index letters in their colours: in the equation, in code, in shapes, in the collapsed panel's line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from playground.models.einsum.equation import LETTERS
from playground.models.einsum.labels import colour_places
from playground.models.problem import Problem
from playground.widgets.code.marks import CodeMark, Marker, code_marks
from playground.widgets.text.runs import Run

_INDEX = re.compile(r"(?<=for )(?P<loop>\w+)(?= in )|(?<=[\[,])(?P<place>[A-Za-z]\w*)(?=[\],])")
LONGEST_WITH_BADGES = 400
_STRING = re.compile(r'"(?P<equation>[^"]*)"')


def equation_marks(text: str, lit: str = "") -> tuple[CodeMark, ...]:
    """Each letter on the badge of its colour, in order of appearance, `lit` framed; long equations are plain."""
    if len(text) > LONGEST_WITH_BADGES:
        return ()
    places = colour_places(character for character in text if character in LETTERS)
    return tuple(
        CodeMark(at, at + 1, axis=places[character], badge=True, lit=character == lit)
        for at, character in enumerate(text)
        if character in LETTERS
    )


def letter_marker(places: Mapping[str, int], lit: str = "") -> Marker:
    """Underlines index letters in loops, brackets and quoted equations; numbers are coloured as in all code."""

    def marks(text: str) -> tuple[CodeMark, ...]:
        found = list(code_marks(text))
        for match in _INDEX.finditer(text):
            name = match.group()
            if name in places:
                found.append(CodeMark(match.start(), match.end(), axis=places[name], lit=name == lit))
        for match in _STRING.finditer(text):
            for at in range(match.start("equation"), match.end("equation")):
                if text[at] in places:
                    found.append(CodeMark(at, at + 1, axis=places[text[at]], lit=text[at] == lit))
        return tuple(sorted(found, key=lambda mark: mark.start))

    return marks


LONGEST = 80
"""How many characters of a longer equation are shown."""


def equation_runs(equation: str) -> tuple[Run, ...]:
    """`ij,kj->ik`, each letter underlined in its colour."""
    shown = equation[:LONGEST]
    axes = {mark.start: mark.axis for mark in equation_marks(equation) if mark.start < LONGEST}
    return tuple(Run(character, "code", axis=axes.get(at)) for at, character in enumerate(shown))


def equation_summary(
    equation: str, operands: Sequence[str], problem: Problem | None, gives: Sequence[Run] | None
) -> tuple[Run, ...]:
    """`ij,kj->ik of A, B gives C (3, 3)`, or what is wrong; `gives` is None before there is a result."""
    if not equation.strip():
        return (Run("no equation yet"),)
    asked = (*equation_runs(equation), Run(" of "), Run(", ".join(operands), "code"))
    if problem is not None:
        return (*asked, Run(f": {problem}"))
    return asked if gives is None else (*asked, Run(" gives "), *gives)
