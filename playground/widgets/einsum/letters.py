"""Index letters in their colours: in the equation, in code, in shapes."""

from __future__ import annotations

import re
from collections.abc import Mapping

from playground.models.einsum.equation import LETTERS
from playground.models.einsum.labels import colour_places
from playground.widgets.common.code_marks import CodeMark, Marker, code_marks

_INDEX = re.compile(r"(?<=for )(?P<loop>\w+)(?= in )|(?<=[\[,])(?P<place>[A-Za-z]\w*)(?=[\],])")
LONGEST_WITH_BADGES = 400
_STRING = re.compile(r'"(?P<equation>[^"]*)"')


def equation_marks(text: str, lit: str = "") -> tuple[CodeMark, ...]:
    """Each letter on the badge of its colour, in order of appearance, `lit` framed; long equations stay plain."""
    if len(text) > LONGEST_WITH_BADGES:
        return ()
    places = colour_places(character for character in text if character in LETTERS)
    return tuple(
        CodeMark(at, at + 1, axis=places[character], badge=True, lit=character == lit)
        for at, character in enumerate(text)
        if character in LETTERS
    )


def letter_marker(places: Mapping[str, int], lit: str = "") -> Marker:
    """Underlines index letters in loops, in brackets and in quoted equations; numbers as in all code."""

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
