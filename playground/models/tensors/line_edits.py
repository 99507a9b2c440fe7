"""Edits of a line's text as fixes: each gives the whole line, and the button shows what changes."""

from __future__ import annotations

import ast
import itertools

from playground.models.outcome import Fix, Span
from playground.models.tensors.source_text import ExpressionText


def replaced(parsed: ExpressionText, span: Span, code: str) -> Fix:
    """The line with `code` where `span` is."""
    text = parsed.text
    return Fix(text[: span.start] + code + text[span.stop :], target=code)


def without_argument(parsed: ExpressionText, call: ast.Call, argument: ast.expr | ast.keyword) -> Fix:
    """The line without one argument of a call and its comma."""
    given: list[ast.expr | ast.keyword] = [*call.args, *call.keywords]
    spans = sorted((parsed.span(one) for one in given), key=lambda span: span.start)
    own = parsed.span(argument)
    place = spans.index(own)
    if place:
        cut = Span(spans[place - 1].stop, own.stop)
    else:
        cut = Span(own.start, spans[1].start if len(spans) > 1 else own.stop)
    return Fix(replaced(parsed, cut, "").code, target=f"without {own.of(parsed.text)}")


def without_call(parsed: ExpressionText, call: ast.Call) -> tuple[Fix, ...]:
    """The line without a method call at the end of a chain: `A.cuda()` becomes `A`."""
    if not isinstance(call.func, ast.Attribute):
        return ()
    receiver, whole = parsed.span(call.func.value), parsed.span(call)
    removed = parsed.text[receiver.stop : whole.stop]
    opening = parsed.text[whole.start : receiver.start]
    if opening.strip("(") or removed.count(")") - removed.count("(") != len(opening):
        return ()
    kept = parsed.text[: whole.start] + parsed.text[whole.start : receiver.stop] + ")" * len(opening)
    return (Fix(kept + parsed.text[whole.stop :], target=f"without {removed.lstrip(') ')}"),)


def unchained(parsed: ExpressionText, node: ast.Compare) -> str:
    """A chain of comparisons as comparisons of two: `1 < A < 3` becomes `(1 < A) & (A < 3)`."""
    parts = [node.left, *node.comparators]
    pieces = []
    for left, right in itertools.pairwise(parts):
        sign = parsed.text[parsed.span(left).stop : parsed.span(right).start].strip(" ()")
        pieces.append(f"({parsed.segment(left)} {sign} {parsed.segment(right)})")
    return " & ".join(pieces)
