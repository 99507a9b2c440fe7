"""Arithmetic of plain numbers and shapes inside a line, held to sizes that torch can use."""

from __future__ import annotations

from typing import Any

from playground.models.outcome import Span, refuse
from playground.models.tensors.vocabulary import Word

LARGEST = 2**63
LONGEST = 10_000
"""Elements of a tuple or list that repetition or joining may make."""


def number_operation(word: Word, values: list[Any], span: Span) -> Any:
    """The result of an operator on numbers, or of + and * on shapes and lists; a `ProblemError` for anything larger."""
    sign = word.name
    if all(isinstance(value, int | float | complex) for value in values):
        return _numbers(word, values, span)
    if (sign == "+" and all(isinstance(value, tuple) for value in values)) or (
        sign == "+" and all(isinstance(value, list) for value in values)
    ):
        _check_length(sum(map(len, values)), span)
        return values[0] + values[1]
    if sign == "*" and isinstance(values[0], tuple | list) and isinstance(values[1], int):
        _check_length(len(values[0]) * values[1], span)
        return values[0] * values[1]
    if sign in ("==", "!="):
        return (values[0] == values[1]) == (sign == "==")
    refuse(
        f"{sign.replace('x', '')} has no meaning between {_kind(values[0])} and {_kind(values[-1])}.",
        span,
        badge="no arithmetic",
    )


def _check_length(length: int, span: Span) -> None:
    if length > LONGEST:
        refuse(
            f"That would be a list of {length:,} entries, the limit is {LONGEST:,}. torch.full makes long tensors.",
            span,
            badge="too long",
        )


def _numbers(word: Word, values: list[Any], span: Span) -> Any:
    left, right = values[0], values[-1]
    whole = all(isinstance(value, int) for value in values)
    if word.name == "**" and whole and abs(left) > 1 and abs(right) * (abs(left).bit_length() - 1) > 64:
        refuse("The power is beyond 2**63, the largest integer that torch holds.", span, badge="too large")
    if word.name == "<<" and whole and right > 63:
        refuse("The shift is beyond 63 bits.", span, badge="too large")
    try:
        result = _operated(word, values)
    except ZeroDivisionError:
        refuse("A number is divided by 0.", span, badge="divided by 0")
    except (OverflowError, TypeError, ValueError) as error:
        refuse(f"The number cannot be computed: {error}.", span, badge="no number")
    if isinstance(result, int) and abs(result) > LARGEST:
        refuse("The number is beyond 2**63, the largest integer that torch holds.", span, badge="too large")
    return result


def _operated(word: Word, values: list[Any]) -> Any:
    if len(values) == 2:
        return word.call(*values)
    value = values[0]
    return {"-x": lambda: -value, "+x": lambda: +value, "~x": lambda: ~value}[word.name]()


def _kind(value: Any) -> str:
    if isinstance(value, tuple | list):
        return "a shape" if isinstance(value, tuple) else "a list"
    return {type(None): "None", str: "a text", slice: "a slice"}.get(type(value), f"a {type(value).__name__}")
