"""Completion and signature help, and whether a typed text is a complete expression."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from playground.models.formatting import shape_in_words
from playground.models.language.check import check_expression
from playground.models.language.source import parse_expression
from playground.models.language.vocabulary import VOCABULARY, Word
from playground.models.language.vocabulary.constants import CONSTANTS, NUMBER_FUNCTION_HELP
from playground.models.problem import ProblemError
from playground.models.program.program import Program


def says_something(program: Program, name: str, text: str) -> bool:
    """True if a text is a complete expression of known words and tensors, so that the line can update at once.

    >>> from playground import Program
    >>> program = Program.parse("A = torch.ones(3)\\nB = A")
    >>> says_something(program, "B", "A + 1"), says_something(program, "B", "A["), says_something(program, "B", "A.su")
    (True, False, False)
    """
    place = program.names.index(name) if name in program.names else len(program.names)
    try:
        check_expression(parse_expression(text), program.names[:place], program.names[place + 1 :], name)
    except ProblemError:
        return False
    return True


_LOOK_BACK = 200
"""Characters before a bracket in which its function's name is searched."""

_WORD_BEFORE = re.compile(r"[A-Za-z_]\w*\Z")
_FAMILIES = ("reshaping", "facts", "reducing", "copying", "mapping", "picking", "multiplying", "making", "operators")
"""The most used words come first."""

_AXIS_PARAMETERS = frozenset(
    {"dim", "dim0", "dim1", "dims", "axis", "axis0", "axis1", "dimension", "source", "destination"}
)
_AXIS_PARAMETERS |= {"start_dim", "end_dim"}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A completion: `text` as listed, `insert` as put into the line, and a description."""

    text: str
    insert: str
    signature: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Completions:
    """The candidates to replace the characters from `start` to the cursor, the most likely first."""

    start: int
    candidates: tuple[Suggestion, ...] = ()


@dataclass(frozen=True, slots=True)
class SignatureHelp:
    """The signature of the function around the cursor; `parameter` is the argument at the cursor."""

    usage: str
    description: str
    parameter: str = ""


@dataclass(frozen=True, slots=True)
class _Enclosing:
    """The call whose brackets hold the cursor."""

    word: Word
    receiver: str
    argument: int
    keyword: str

    @property
    def parameter(self) -> str:
        parameters = self.word.parameters
        if self.keyword:
            return self.keyword if self.keyword in parameters else ""
        star = next((place for place, name in enumerate(parameters) if f"*{name}" in self.word.signature), None)
        place = self.argument if star is None else min(self.argument, star)
        return parameters[min(place, len(parameters) - 1)] if parameters else ""


def complete(text: str, cursor: int, names: Collection[str] | Mapping[str, tuple[int, ...]] = ()) -> Completions:
    """The names, words, parameters and axes possible at the cursor.

    `names` are the tensors above the line; if it maps them to shapes, axes are offered with their
    sizes. `complete("A.resh", 6).candidates[0].insert == "reshape("`.
    """
    before = _outside_text(text[:cursor])
    if before is None:
        return Completions(cursor)
    found = _WORD_BEFORE.search(before)
    typed = found.group() if found else ""
    start = cursor - len(typed)
    left = before[:start]
    if left.rstrip().endswith("."):
        return Completions(start, _matching(typed, _after_dot(left.rstrip()[:-1], names)))
    if left and (left[-1].isalnum() or left[-1] in "_)]"):
        return Completions(start)
    enclosing = _enclosing_call(left, names)
    shapes = names if isinstance(names, Mapping) else {}
    offered = [*_axes(enclosing, shapes), *_parameters(enclosing, left), *_names(names), *_numbers(), _TORCH]
    return Completions(start, _matching(typed, offered))


def signature_help(text: str, cursor: int, names: Collection[str] = ()) -> SignatureHelp | None:
    """The signature of the call around the cursor: `signature_help("A.sum(", 6).usage` begins with `.sum(dim`."""
    before = _outside_text(text[:cursor])
    enclosing = None if before is None else _enclosing_call(before, names)
    if enclosing is None:
        return None
    return SignatureHelp(enclosing.word.usage, enclosing.word.description, enclosing.parameter)


_TORCH = Suggestion("torch", "torch.", "", "The functions of PyTorch.")


def _matching(typed: str, offered: Collection[Suggestion]) -> tuple[Suggestion, ...]:
    """Candidates that start with the typed text, then those that contain it."""
    low = typed.lower()
    first = [c for c in offered if c.text.lower().startswith(low)]
    first.sort(key=lambda candidate: candidate.text != typed)
    second = [c for c in offered if low and low in c.text.lower()[1:] and not c.text.lower().startswith(low)]
    return tuple(first + second)


def _outside_text(before: str) -> str | None:
    """The text with the contents of closed strings blanked; None if the cursor is inside a string."""
    quote, out = "", []
    for character in before:
        if quote:
            quote = "" if character == quote else quote
            out.append(" ")
        elif character in "\"'":
            quote = character
            out.append(" ")
        else:
            out.append(character)
    return None if quote else "".join(out)


def _after_dot(left: str, names: Collection[str]) -> list[Suggestion]:
    left = left[-_LOOK_BACK:]
    path = re.search(r"[A-Za-z_][\w.]*\Z", left)
    dotted = path.group() if path else ""
    if dotted.split(".")[0] == "torch" and "torch" not in names:
        return _torch_words(f"{dotted}.")
    if not left.strip() or re.search(r"(?<![\w.])[\d.]+\Z", left):
        return []
    words = [word for name, word in VOCABULARY.items() if name.startswith(".") and name != ".manual_seed"]
    words.sort(key=lambda word: _FAMILIES.index(word.family))
    return [_word_candidate(word) for word in words]


def _torch_words(prefix: str) -> list[Suggestion]:
    words = [w for n, w in VOCABULARY.items() if n.startswith(prefix) and "." not in n[len(prefix) :]]
    found = [_word_candidate(word) for word in words]
    inner = {n[len(prefix) :].split(".")[0] for n in VOCABULARY if n.startswith(prefix) and "." in n[len(prefix) :]}
    found += [Suggestion(name, f"{name}.", "", f"Functions of torch.{name}.") for name in sorted(inner)]
    constants = (name for name in CONSTANTS if name.startswith(prefix))
    return found + [Suggestion(n[len(prefix) :], n[len(prefix) :], "", _constant_text(n)) for n in constants]


def _constant_text(name: str) -> str:
    value = CONSTANTS[name]
    if value is None:
        return "An axis of size 1 in an index, like None."
    return (
        f"The dtype {str(value).removeprefix('torch.')}."
        if not isinstance(value, float)
        else f"The number {value:.6g}."
    )


def _word_candidate(word: Word) -> Suggestion:
    if word.is_property:
        return Suggestion(word.short_name, word.short_name, "", word.description)
    ends = "()" if word.most_positional == 0 else "("
    return Suggestion(word.short_name, word.short_name + ends, word.usage, word.description)


def _names(names: Collection[str] | Mapping[str, tuple[int, ...]]) -> list[Suggestion]:
    shapes = names if isinstance(names, Mapping) else {}
    return [
        Suggestion(name, name, shape_in_words(shapes[name]) if name in shapes else "", "A tensor above.")
        for name in names
    ]


def _numbers() -> list[Suggestion]:
    return [Suggestion(name, f"{name}(", "", text) for name, text in NUMBER_FUNCTION_HELP.items()]


def _parameters(enclosing: _Enclosing | None, left: str) -> list[Suggestion]:
    """The parameter names, if an argument starts here."""
    if enclosing is None or enclosing.keyword or left.rstrip()[-1:] not in ("(", ","):
        return []
    described = f"An argument of {enclosing.word.name}."
    return [
        Suggestion(f"{name}=", f"{name}=", "", described)
        for name in enclosing.word.parameters
        if name not in ("input", "self")
    ]


def _axes(enclosing: _Enclosing | None, shapes: Mapping[str, tuple[int, ...]]) -> list[Suggestion]:
    """The tensor's axes, by number, if the argument takes axes."""
    if enclosing is None or enclosing.parameter not in _AXIS_PARAMETERS or enclosing.receiver not in shapes:
        return []
    shape = shapes[enclosing.receiver]
    return [
        Suggestion(f"{k}", f"{k}", "", f"Axis {k} of {enclosing.receiver}, size {size}.")
        for k, size in enumerate(shape)
    ]


def _enclosing_call(before: str, names: Collection[str]) -> _Enclosing | None:
    depth, commas, last = 0, 0, len(before)
    for place in range(len(before) - 1, -1, -1):
        character = before[place]
        if character in ")]":
            depth += 1
        elif character in "([" and depth:
            depth -= 1
        elif character == "," and not depth:
            commas += 1
            last = min(last, place) if commas == 1 else last
        elif character == "(":
            called = _called_word(before[:place], names)
            if called is not None:
                argument = before[(last if commas else place) + 1 :]
                return _with_argument(*called, commas, argument, before[place + 1 : last])
            depth = commas = 0  # brackets of a tuple or of arithmetic: look further out
            last = len(before)
        elif character == "[":
            return None
    return None


def _with_argument(word: Word, receiver: str, commas: int, argument: str, first: str) -> _Enclosing:
    keyword = re.match(r"\s*(\w+)\s*=(?!=)", argument)
    if word.name.startswith("torch.") and not receiver and commas:
        receiver = first.split(",", maxsplit=1)[0].strip()
    return _Enclosing(word, receiver, commas, keyword.group(1) if keyword else "")


def _called_word(left: str, names: Collection[str]) -> tuple[Word, str] | None:
    """The word before the opening bracket, and the name of the tensor that it is called on."""
    found = re.search(r"(?P<path>(?:[A-Za-z_]\w*)?(?:\.\w+)*)\s*\Z", left[-_LOOK_BACK:])
    path = found.group("path") if found else ""
    if path.startswith("torch.") and "torch" not in names:
        word = VOCABULARY.get(path)
        return None if word is None else (word, "")
    receiver, dot, method = path.rpartition(".")
    word = VOCABULARY.get(f".{method}") if dot else None
    return None if word is None or word.is_property else (word, receiver)
