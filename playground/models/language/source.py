"""The text of a line and its syntax tree: where each node stands, and how numbers and calls are read and written.

Trees are kept: together with what programs read from them, that saves a half of "an edit in a program of 100 lines".
"""

from __future__ import annotations

import ast
import functools
import math
import re
import sys
import warnings
from dataclasses import dataclass
from typing import Any

from playground.models.problem import Problem, ProblemError, Span, refuse

MAXIMUM_LINE = 20_000
"""The most characters in a line: enough for a thousand or so typed numbers, parsed in a few milliseconds."""

MAXIMUM_PROGRAM = 200_000
MAXIMUM_NESTING = 60
"""The deepest nesting of brackets, signs and powers; no human writes more."""

_OPENING, _CLOSING = "([{", ")]}"
_NOTABLE = re.compile(r"[()\[\]{}]|[\x00-\x08\x0b-\x1f]")


class SourceText:
    """A text with its syntax tree; `span(node)` gives the characters of a node (Python counts columns in bytes)."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._lines = text.split("\n")
        starts = [0]
        for line in self._lines:
            starts.append(starts[-1] + len(line) + 1)
        self._starts = starts
        self._ascii = text.isascii()
        self._spans: dict[ast.AST, Span] = {}

    def place(self, line: int, byte_column: int) -> int:
        """The text index of a line number (from 1) and a column counted in bytes."""
        line = min(max(line, 1), len(self._lines))
        if self._ascii:
            return min(self._starts[line - 1] + byte_column, len(self.text))
        before = self._lines[line - 1].encode()[:byte_column].decode(errors="ignore")
        return self._starts[line - 1] + len(before)

    def span(self, node: ast.expr | ast.stmt | ast.keyword) -> Span:
        """The characters of a node."""
        known = self._spans.get(node)
        if known is None:
            start = self.place(node.lineno, node.col_offset)
            known = Span(start, self.place(node.end_lineno or node.lineno, node.end_col_offset or 0))
            self._spans[node] = known
        return known

    def segment(self, node: ast.expr | ast.stmt) -> str:
        """The text of a node."""
        return self.span(node).of(self.text)


class ExpressionText(SourceText):
    """One expression; `root` is its syntax tree, `codes` caches the text of each operation."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.root: ast.expr = _expression_root(self)
        self.codes: dict[ast.expr, tuple[str, str]] = {}


@functools.lru_cache(maxsize=512)
def parse_expression(text: str) -> ExpressionText:
    """The syntax tree of one line; raises `ProblemError` if it is invalid, too long or too deeply nested."""
    check_size(text, MAXIMUM_LINE)
    return ExpressionText(text)


def check_size(text: str, limit: int) -> None:
    """Refuse text that would only waste time: too many characters, brackets too deep, characters invalid in code."""
    if len(text) > limit:
        refuse(f"{len(text):,} characters, the limit is {limit:,}.", Span(limit, len(text)), badge="too long")
    depth = 0
    for found in _NOTABLE.finditer(text):
        place, character = found.start(), found.group()
        if character in _OPENING:
            depth += 1
            if depth > MAXIMUM_NESTING:
                refuse(
                    f"Brackets more than {MAXIMUM_NESTING} deep. Give the inner part its own name.",
                    Span(place, place + 1),
                    badge="too deep",
                )
        elif character in _CLOSING:
            depth -= 1
        else:
            refuse(
                f"There is a control character, {character!r}, here.", Span(place, place + 1), badge="control character"
            )


def parse_module(source: SourceText) -> list[ast.stmt]:
    """The statements of a whole program text."""
    return _parsed(source, "exec").body  # type: ignore[attr-defined,no-any-return]


def _expression_root(source: SourceText) -> ast.expr:
    text = source.text
    if not text.strip():
        refuse(
            "The line is empty. Type a PyTorch expression, for example torch.zeros(3, 4).",
            Span(0, len(text)),
            badge="empty",
        )
    body = _parsed(source, "eval").body  # type: ignore[attr-defined]
    check_depth(source, body)
    return body  # type: ignore[no-any-return]


def check_depth(source: SourceText, root: ast.expr) -> None:
    """Refuse a tree that is deeper than its brackets: long chains of signs, powers or methods."""
    level: list[ast.AST] = [root]
    limit = 4 * MAXIMUM_NESTING
    for _ in range(limit):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return
    deepest = next((node for node in level if isinstance(node, ast.expr)), root)
    refuse(
        f"More than {limit} nested operations. Give the inner part its own name.",
        source.span(deepest),
        badge="too deep",
    )


def _parsed(source: SourceText, mode: str) -> ast.AST:
    text = source.text
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            return ast.parse(text, mode=mode)
    except SyntaxError as error:
        raise ProblemError(_syntax_problem(source, error)) from None
    except (MemoryError, RecursionError):
        refuse(
            "The line is nested too deeply. Give the inner part its own name.",
            Span(0, len(text)),
            badge="too deep",
        )
    except ValueError:
        refuse("The line contains a character that is invalid in code.", Span(0, len(text)), badge="control character")


_CLOSE_OF = dict(zip(_OPENING, _CLOSING, strict=True))


_DIGITS = re.compile(r"[0-9](?:_?[0-9]){4000,}")


def _syntax_problem(source: SourceText, error: SyntaxError) -> Problem:
    text = source.text
    digits = _DIGITS.search(text) if "integer string conversion" in str(error) else None
    if digits is not None:
        count, most = len(digits[0].replace("_", "")), sys.get_int_max_str_digits()
        message = f"This number has {count:,} digits, but at most {most:,} are allowed."
        return Problem(message, Span(digits.start(), digits.end()), badge="too many digits")
    if not error.lineno or not error.offset:  # Python reached the end
        start = len(text)
    else:  # here Python counts characters, from 1
        line_start = source.place(error.lineno, 0)
        start = min(line_start + max(error.offset - 1, 0), len(text))
    unclosed = _unclosed(text)
    if unclosed is not None:
        bracket = text[unclosed]
        return Problem(
            f"The {bracket} is never closed.", Span(unclosed, unclosed + 1), badge=f"{_CLOSE_OF[bracket]} missing"
        )
    if start >= len(text.rstrip()):
        stripped = text.rstrip()
        place = max(len(stripped) - 1, 0)
        return Problem("The line ends too early.", Span(place, len(stripped)), badge="unfinished")
    stop = start + 1
    if error.end_offset is not None and error.end_lineno == error.lineno and error.end_offset > (error.offset or 0):
        stop = min(start + error.end_offset - (error.offset or 0), len(text))
    character = text[start]
    if ord(character) > 127:
        return Problem(
            f"{character!r} (U+{ord(character):04X}) has no meaning in code.",
            Span(start, start + 1),
            badge="odd character",
        )
    if text[start : start + 1] == "=" and text[start + 1 : start + 2] != "=":
        return Problem("A line defines one tensor: there is no second =.", Span(start, start + 1), badge="= inside")
    return Problem("Python cannot parse the line from here on.", Span(start, stop), badge="syntax")


def _unclosed(text: str) -> int | None:
    """The place of the last bracket that is never closed, ignoring strings."""
    open_places: list[int] = []
    quote = ""
    for place, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character in _OPENING:
            open_places.append(place)
        elif character in _CLOSING and open_places:
            open_places.pop()
    return open_places[-1] if open_places else None


Number = int | float | bool

NUMBER_CONSTANTS = {"torch.inf": math.inf, "torch.nan": math.nan, "torch.pi": math.pi, "torch.e": math.e}


@dataclass(frozen=True, slots=True)
class DtypeName:
    """`torch.float64` in a literal call."""

    name: str


@dataclass(frozen=True, slots=True)
class Seed:
    """`torch.Generator().manual_seed(7)` in a literal call."""

    value: int


@dataclass(frozen=True, slots=True)
class LiteralCall:
    """A call with only literal arguments: `torch.full((3, 4), 7.)`."""

    name: str
    positional: tuple[Any, ...]
    keywords: dict[str, Any]


class NotLiteralError(Exception):
    """The syntax tree contains something that must be computed."""


def number_text(value: Number) -> str:
    """The shortest text that reproduces this number in a script: `12.`, `0.1`, `-3`, `True`, `torch.inf`."""
    if isinstance(value, bool | int):
        return repr(value)
    if math.isnan(value):
        return "torch.nan"
    if math.isinf(value):
        return "torch.inf" if value > 0 else "-torch.inf"
    text = repr(value)
    return text[:-1] if text.endswith(".0") else text


def sizes_text(sizes: tuple[int, ...]) -> str:
    """`3, 4`, and `()` for rank 0, as the arguments of `reshape` or `zeros`."""
    return ", ".join(map(str, sizes)) if sizes else "()"


def dotted_name(node: ast.expr) -> str:
    """`torch.nn.functional` of an attribute chain of names; empty if it is anything else."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    parts.append(node.id)
    return ".".join(reversed(parts))


def literal(node: ast.expr) -> Any:
    """The number, nested tuple, `DtypeName` or `Seed` of a literal syntax tree; else raises `NotLiteralError`."""
    match node:
        case ast.Constant(value=bool() | int() | float() as value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            value = literal(operand)
            if isinstance(value, int | float) and not isinstance(value, bool):
                return -value
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            return tuple(literal(element) for element in elements)
        case ast.Attribute():
            name = dotted_name(node)
            if name in NUMBER_CONSTANTS:
                return NUMBER_CONSTANTS[name]
            if name.startswith("torch."):
                return DtypeName(name.removeprefix("torch."))
        case ast.Call(func=ast.Attribute(value=ast.Call() as maker, attr="manual_seed"), args=[seed], keywords=[]):
            value = literal(seed)
            if (
                dotted_name(maker.func) == "torch.Generator"
                and not maker.args
                and not maker.keywords
                and _is_seed(value)
            ):
                return Seed(value)
    raise NotLiteralError


def _is_seed(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63


def literal_call(node: ast.expr) -> LiteralCall | None:
    """The call of a dotted name with only literal arguments, or None."""
    if not isinstance(node, ast.Call) or not (name := dotted_name(node.func)):
        return None
    try:
        positional = tuple(literal(argument) for argument in node.args)
        keywords = {keyword.arg: literal(keyword.value) for keyword in node.keywords if keyword.arg is not None}
    except NotLiteralError:
        return None
    return LiteralCall(name, positional, keywords) if len(keywords) == len(node.keywords) else None


def as_sizes(arguments: tuple[Any, ...]) -> tuple[int, ...] | None:
    """The sizes in `f(3, 4)` or `f((3, 4))`; None if they are not sizes."""
    if len(arguments) == 1 and isinstance(arguments[0], tuple):
        arguments = arguments[0]
    plain = all(isinstance(size, int) and not isinstance(size, bool) and 0 <= size < 2**63 for size in arguments)
    return arguments if plain else None


def is_float_word(call: ast.Call) -> bool:
    """True if this is `float("inf")`, `float("-inf")` or `float("nan")`."""
    match call:
        case ast.Call(args=[ast.Constant(value=str() as word)], keywords=[]):
            return word in ("inf", "-inf", "nan")
    return False
