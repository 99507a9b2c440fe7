"""Random calls without a generator: found, and given one, so that a line gives the same values each time."""

from __future__ import annotations

import ast
import functools

from playground.models.outcome import Fix, Problem
from playground.models.tensors.literals import dotted_name
from playground.models.tensors.source_text import ExpressionText

_FUNCTIONS = ("randn", "rand", "randint", "randperm", "normal", "randn_like", "rand_like", "bernoulli", "multinomial")
RANDOM_WORDS = frozenset({*(f"torch.{name}" for name in _FUNCTIONS), ".bernoulli", ".multinomial"})
SEED_TEXT = "generator=torch.Generator().manual_seed(0)"


def unseeded_calls(parsed: ExpressionText) -> list[ast.Call]:
    """The calls that draw random numbers without saying from which seed."""
    return [
        node
        for node in ast.walk(parsed.root)
        if isinstance(node, ast.Call)
        and _random_word(node)
        and all(keyword.arg != "generator" for keyword in node.keywords)
    ]


def _random_word(call: ast.Call) -> str:
    """The word of a call that draws: `torch.rand`, `.bernoulli`; empty for others."""
    name = dotted_name(call.func)
    method = f".{call.func.attr}" if isinstance(call.func, ast.Attribute) else ""
    return next((word for word in (name, method) if word in RANDOM_WORDS), "")


def seeded_text(parsed: ExpressionText) -> str:
    """The line with a generator in each random call: what is computed here for a line that names none."""
    text = parsed.text
    for call in sorted(unseeded_calls(parsed), key=lambda call: -parsed.span(call).stop):
        close = parsed.span(call).stop - 1
        before = text[:close].rstrip()
        comma = "" if before.endswith(("(", ",")) else ", "
        text = before + (comma or (" " if before.endswith(",") else "")) + SEED_TEXT + text[close:]
    return text


@functools.lru_cache(maxsize=1024)
def unseeded_problem(parsed: ExpressionText) -> Problem | None:
    """The warning on a line that draws without a seed; None if it names its seeds."""
    calls = unseeded_calls(parsed)
    if not calls:
        return None
    word = _random_word(calls[0])
    return Problem(
        f"{word} without a generator draws anew on each run. Here it draws from seed 0.",
        parsed.span(calls[0]),
        (Fix(seeded_text(parsed), meaning="says the seed", target=SEED_TEXT),),
        badge="seed 0",
        severity="warning",
    )
