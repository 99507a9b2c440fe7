"""The arithmetic of a cell with its numbers put in, word by word: `exp(6 - 7) / 1.55`, `22 / 4`, `max(7, 2)`."""

from __future__ import annotations

import re
from collections.abc import Callable

import torch

from playground.models.tensors.cell_text import tidy_number

Arithmetic = Callable[[torch.Tensor, int], str]
"""From the numbers that went in, as float64, and the place among them (or the correction) that the cell is about."""

ELEMENTWISE = {
    "relu": "max({0}, 0)", "neg": "-{b0}", "square": "{b0} * {b0}", "reciprocal": "1 / {b0}", "rsqrt": "1 / sqrt({0})",
    "sigmoid": "1 / (1 + exp(-{b0}))", "silu": "{f0} / (1 + exp(-{b0}))", "softsign": "{f0} / (1 + abs({0}))",
    "expm1": "exp({0}) - 1", "log1p": "log(1 + {b0})", "maximum": "max({0}, {1})", "minimum": "min({0}, {1})",
    "fmax": "max({0}, {1})", "fmin": "min({0}, {1})", "add": "{0} + {b1}", "sub": "{0} - {b1}", "mul": "{b0} * {b1}",
    "div": "{f0} / {b1}", "pow": "{b0} ** {b1}", "lerp": "{0} + {b2} * ({1} - {b0})", "relu6": "min(max({0}, 0), 6)",
    **{name: f"{name}({{0}})" for name in ("exp", "log", "sqrt", "sin", "cos", "tan", "tanh", "abs", "floor", "ceil")},
}  # fmt: skip
"""How an element is computed from those that went in: `{0}` is the first, `{b0}` in brackets if negative or complex,
`{f0}` if complex."""


_PLACES = re.compile(r"{[bf]?(\d)}")


def elementwise_arithmetic(word: str, values: list[str]) -> str:
    """The formula of a word with these numbers; empty where there is none."""
    form = ELEMENTWISE.get(word, "")
    if len(set(_PLACES.findall(form))) != len(values):
        return ""
    bracketed = {f"b{place}": bracketed_text(value) for place, value in enumerate(values)}
    first = {f"f{place}": first_text(value) for place, value in enumerate(values)}
    return form.format(*values, **bracketed, **first)


_SUM = re.compile(r"[\d.fnj][+-]")
"""The sign between the parts of a complex number; that of an exponent stands behind an e."""


def bracketed_text(text: str) -> str:
    """A number as it stands behind an operator: `(-3)`, `(1+2j)`."""
    return f"({text})" if text.startswith("-") else first_text(text)


def first_text(text: str) -> str:
    """A number as it stands before an operator: `-3`, `(1+2j)`."""
    return f"({text})" if _SUM.search(text) else text


def _text(value: float) -> str:
    """Five significant digits: enough that the arithmetic can be done again by hand."""
    return tidy_number(f"{value:.5g}")


def _mean(values: torch.Tensor, _: int) -> str:
    return f"{_text(float(values.sum()))} / {values.numel()}"


def _squares(values: torch.Tensor) -> str:
    return _text(float((values - values.mean()).square().sum()))


def _variance(values: torch.Tensor, correction: int) -> str:
    return f"{_squares(values)} / ({values.numel()} - {correction})"


def _softmax(values: torch.Tensor, place: int) -> str:
    largest = values.max()
    total = float((values - largest).exp().sum())
    return f"exp({_text(float(values[place]))} - {bracketed_text(_text(float(largest)))}) / {_text(total)}"


def _log_softmax(values: torch.Tensor, place: int) -> str:
    largest = values.max()
    total = float((values - largest).exp().sum())
    return f"{_text(float(values[place]))} - {bracketed_text(_text(float(largest)))} - log({_text(total)})"


def _logsumexp(values: torch.Tensor, _: int) -> str:
    largest = values.max()
    return f"{_text(float(largest))} + log({_text(float((values - largest).exp().sum()))})"


REDUCED: dict[str, Arithmetic] = {
    "mean": _mean,
    "var": _variance,
    "std": lambda values, correction: f"sqrt({_variance(values, correction)})",
    "norm": lambda values, _: f"sqrt({_text(float(values.square().sum()))})",
    "logsumexp": _logsumexp,
    "softmax": _softmax,
    "softmin": lambda values, place: _softmax(-values, place),
    "log_softmax": _log_softmax,
}
"""How many elements become one, beyond what the word says by itself."""


def reduced_arithmetic(word: str, values: torch.Tensor, place: int) -> str:
    """The formula of a word with its numbers; empty where there is none, or where they are not finite."""
    if word not in REDUCED or not values.numel() or not bool(torch.isfinite(values).all()):
        return ""
    text = REDUCED[word](values, place)
    return "" if "inf" in text else text
