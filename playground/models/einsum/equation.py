"""Reads an einsum equation: `parse_equation("ij,jk->ik")`."""

from __future__ import annotations

import string
from collections import Counter
from dataclasses import dataclass

from playground.models.problem import Fix, Span, refuse

ELLIPSIS = "..."
ARROW = "->"
HINT = "Type subscripts, e.g. ij,jk->ik"
LETTERS = frozenset(string.ascii_letters)
_SHOWN_CHARACTERS = {"\n": "A line break", "\t": "A tab", "\x00": "A NUL character"}


@dataclass(frozen=True, slots=True)
class Subscript:
    """One letter, or `...`, at character `start` of the equation."""

    label: str
    start: int

    @property
    def span(self) -> Span:
        """Its characters."""
        return Span(self.start, self.start + len(self.label))


@dataclass(frozen=True, slots=True)
class Term:
    """The subscripts of one operand, or of the result."""

    subscripts: tuple[Subscript, ...]
    span: Span

    @property
    def labels(self) -> tuple[str, ...]:
        """Letters and `...` in order."""
        return tuple(subscript.label for subscript in self.subscripts)

    @property
    def text(self) -> str:
        """Without spaces: `"i...j"`."""
        return "".join(self.labels)

    @property
    def letters(self) -> tuple[str, ...]:
        """The letters alone."""
        return tuple(label for label in self.labels if label != ELLIPSIS)

    @property
    def has_ellipsis(self) -> bool:
        """True if `...` is among the subscripts."""
        return ELLIPSIS in self.labels


@dataclass(frozen=True, slots=True)
class Equation:
    """The subscripts to the left and right of the arrow; `output` is None without an arrow."""

    text: str
    inputs: tuple[Term, ...]
    output: Term | None

    @property
    def output_labels(self) -> tuple[str, ...]:
        """The output's subscripts; without an arrow, `...`, then letters that appear exactly once, upper case first."""
        return self.output.labels if self.output is not None else implicit_output(self.inputs)

    @property
    def tidy(self) -> str:
        """Without spaces and with its arrow: `"ij, jk"` is `"ij,jk->ik"`."""
        return ",".join(term.text for term in self.inputs) + ARROW + "".join(self.output_labels)


def implicit_output(inputs: tuple[Term, ...]) -> tuple[str, ...]:
    """The result's subscripts if there is no arrow: `implicit_output` of `ba` is `ab`."""
    counts = Counter(label for term in inputs for label in term.labels)
    ellipsis = (ELLIPSIS,) if counts.pop(ELLIPSIS, 0) else ()
    return (*ellipsis, *sorted(label for label, count in counts.items() if count == 1))


def _parsed(text: str) -> Equation:
    left_end = text.find(ARROW)
    inputs: list[Term] = []
    start = 0
    left = text if left_end < 0 else text[:left_end]
    for part in left.split(","):
        inputs.append(_parse_term(text, start, start + len(part), is_output=False))
        start += len(part) + 1
    output = None
    if left_end >= 0:
        output = _parse_term(text, left_end + len(ARROW), len(text), is_output=True)
    return Equation(text, tuple(inputs), output)


def parse_equation(text: str) -> Equation:
    """Parse an equation; raises a `ProblemError` that marks the first meaningless character.

    Spaces may appear anywhere except inside `->` and `...`. What the letters mean for operands is not checked.
    """
    return _parsed(text)


def _parse_term(text: str, start: int, stop: int, is_output: bool) -> Term:
    subscripts: list[Subscript] = []
    place = start
    while place < stop:
        character = text[place]
        if character == " ":
            place += 1
        elif character in LETTERS:
            subscripts.append(Subscript(character, place))
            place += 1
        elif character == ".":
            place = _parse_dots(text, place, stop, subscripts)
        else:
            _refuse_character(text, place, is_output)
    return Term(tuple(subscripts), Span(start, stop))


def _parse_dots(text: str, place: int, stop: int, subscripts: list[Subscript]) -> int:
    end = place
    while end < stop and text[end] == ".":
        end += 1
    span = Span(place, end)
    if end - place != len(ELLIPSIS):
        fixes = (_fix(text, span, ELLIPSIS),)
        refuse("An ellipsis has exactly three dots.", span, fixes, badge="dots")
    if any(subscript.label == ELLIPSIS for subscript in subscripts):
        refuse("A term can have only one ellipsis: it stands for all axes without a letter.", span, (_fix(text, span),))
    subscripts.append(Subscript(ELLIPSIS, place))
    return end


def _fix(text: str, span: Span, replacement: str = "") -> Fix:
    return Fix(text[: span.start] + replacement + text[span.stop :], target="equation")


def _refuse_character(text: str, place: int, is_output: bool) -> None:
    character = text[place]
    span = Span(place, place + 1)
    if is_output and character == ",":
        refuse("No comma can follow the arrow: there is only one result.", span, (_fix(text, span),), badge="comma")
    if is_output and character in ARROW:
        stop = place + 2 if text.startswith(ARROW, place) else place + 1
        span = Span(place, stop)
        what = "An equation can have only one ->." if stop - place == 2 else "There is already an arrow."
        refuse(what, span, (_fix(text, span),), badge="two arrows")
    if character in ARROW:
        stop = place + 1
        while stop < len(text) and text[stop] in " ->":
            stop += 1
        span = Span(place, stop if text[place:stop].strip(" ->") == "" else place + 1)
        message = "The arrow is two adjacent characters, ->."
        refuse(
            message, Span(span.start, max(span.start + 1, len(text[: span.stop].rstrip()))), (_fix(text, span, ARROW),)
        )
    refuse(_character_message(character), span, (_fix(text, span),), badge="character")


def _character_message(character: str) -> str:
    shown = _SHOWN_CHARACTERS.get(character)
    if shown is None:
        printable = character.isprintable() and not character.isspace()
        shown = character if printable else f"The character U+{ord(character):04X}"
    if character.isalpha():
        return f"{shown} is not one of the letters a to z and A to Z."
    if character.isdigit():
        return f"{shown} is a digit: subscripts are letters, sizes come from the operands."
    return f"{shown} has no meaning here: subscripts are the letters a to z and A to Z, commas separate operands."
