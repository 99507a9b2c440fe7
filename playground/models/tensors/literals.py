"""Numbers, sizes and plain calls as text: written so that PyTorch reads the same back, and read from a syntax tree."""

from __future__ import annotations

import ast
import math
from dataclasses import dataclass
from typing import Any

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
    """A call whose arguments are all literals: `torch.full((3, 4), 7.)`."""

    name: str
    positional: tuple[Any, ...]
    keywords: dict[str, Any]


class NotLiteralError(Exception):
    """The syntax tree holds something that has to be computed."""


def number_text(value: Number) -> str:
    """The shortest text that gives this number back in a script: `12.`, `0.1`, `-3`, `True`, `torch.inf`."""
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
    """The number, nested tuple, `DtypeName` or `Seed` that a syntax tree spells out, else raises `NotLiteralError`."""
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
    """The call of a dotted name with literal arguments only, or None."""
    if not isinstance(node, ast.Call) or not (name := dotted_name(node.func)):
        return None
    try:
        positional = tuple(literal(argument) for argument in node.args)
        keywords = {keyword.arg: literal(keyword.value) for keyword in node.keywords if keyword.arg is not None}
    except NotLiteralError:
        return None
    return LiteralCall(name, positional, keywords) if len(keywords) == len(node.keywords) else None


def as_sizes(arguments: tuple[Any, ...]) -> tuple[int, ...] | None:
    """The sizes in `f(3, 4)` or `f((3, 4))`; None if they are no sizes."""
    if len(arguments) == 1 and isinstance(arguments[0], tuple):
        arguments = arguments[0]
    plain = all(isinstance(size, int) and not isinstance(size, bool) and 0 <= size < 2**63 for size in arguments)
    return arguments if plain else None


def is_float_word(call: ast.Call) -> bool:
    """Whether this is `float("inf")`, `float("-inf")` or `float("nan")`."""
    match call:
        case ast.Call(args=[ast.Constant(value=str() as word)], keywords=[]):
            return word in ("inf", "-inf", "nan")
    return False
