"""The rules for tensor names."""

from __future__ import annotations

import itertools
import keyword
import string
from collections.abc import Collection, Sequence

from playground.models.offers import helpful
from playground.models.problem import Fix, Problem, Span

RESERVED = frozenset(
    {"torch", "np", "len", "int", "float", "bool", "abs", "slice", "tuple", "list", "print", "playground"}
)
"""Names that already have a meaning in an exported script."""

MAXIMUM_LENGTH = 100
MOST_SHOWN, LONGEST_SHOWN = 5, 24
"""The most names in a list, and the most characters of each."""
_LETTERS = frozenset(string.ascii_letters + "_")
_CHARACTERS = _LETTERS | frozenset(string.digits)


def name_problem(name: str, taken: Collection[str] = ()) -> Problem | None:
    """Why a tensor cannot be called `name` (None: it can), with names that it can have; `taken` are already in use."""
    problem = _refusal(name, taken)
    return None if problem is None else helpful(problem, lambda fix: None if _refusal(fix.code, taken) else "")


def _refusal(name: str, taken: Collection[str]) -> Problem | None:
    if not name:
        return Problem("A tensor needs a name.", Span(0, 0))
    if len(name) > MAXIMUM_LENGTH:
        return Problem(f"The name has {len(name)} characters, the limit is {MAXIMUM_LENGTH}.", Span(0, len(name)))
    for place, character in enumerate(name):
        if character not in _CHARACTERS:
            return _character_problem(name, place, taken)
    whole = Span(0, len(name))
    if name[0] not in _LETTERS:
        return Problem("A name must start with a letter.", Span(0, 1), (Fix(_free(f"t{name}", taken)),))
    if name.startswith("__"):
        return Problem("Names that start with two underscores belong to Python.", whole)
    if keyword.iskeyword(name):
        return Problem(f"{name} is a Python keyword.", whole, (Fix(_free(f"{name}_", taken)),))
    if name in RESERVED:
        return Problem(f"{name} already means something in a PyTorch script.", whole, (Fix(fresh_name(taken, name)),))
    if name in taken:
        return Problem(f"There is already a tensor called {name}.", whole, (Fix(fresh_name(taken, name)),))
    return None


def _character_problem(name: str, place: int, taken: Collection[str]) -> Problem:
    character = name[place]
    kept = "".join(c for c in name if c in _CHARACTERS)
    looks = " although it may look like one" if character.isalpha() else ""
    return Problem(
        f"{character!r} (U+{ord(character):04X}) is not a letter a to z, a digit or _{looks}.",
        Span(place, place + 1),
        (Fix(_free(kept, taken)),),
    )


def _free(name: str, taken: Collection[str]) -> str:
    """The name, with a number where it is taken."""
    return fresh_name(taken, name) if name in taken else name


def cut_name(name: str, longest: int) -> str:
    """A name cut to at most so many characters: `cut_name("weights_of_layer_12", 11) == "weights…_12"`."""
    if len(name) <= longest:
        return name
    end = (longest - 1) // 3
    return f"{name[: longest - 1 - end]}…{name[len(name) - end :]}"


def cut_names(names: Sequence[str]) -> str:
    """A list of names, short enough for one line: `"t0, t1, t2, t3, t4 and 7 more"`."""
    shown = ", ".join(cut_name(name, LONGEST_SHOWN) for name in names[:MOST_SHOWN])
    return f"{shown} and {len(names) - MOST_SHOWN} more" if len(names) > MOST_SHOWN else shown


def fresh_name(taken: Collection[str], base: str = "") -> str:
    """A name not in `taken`: the first free capital letter, or `base` followed by the first free number from 2 on."""
    if not base:
        free = next((letter for letter in string.ascii_uppercase if letter not in taken), None)
        if free is not None:
            return free
        base = "T"
    return next(name for number in itertools.count(2) if (name := f"{base}{number}") not in taken)
