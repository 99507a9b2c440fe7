"""What mends an operation that makes nan or inf: code to put in its place, and the same to run in its place."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from playground.models.network.watch.calls import (
    TorchCall,
    base_name,
    code_with_keyword,
    code_with_operand,
    name_in_words,
    text_of_operand,
)

AT_MOST_BETWEEN = 8
"""So many operations may lie between one and the `where` that leaves out some of what it gives."""
COMPARED = {"le": True, "lt": True, "gt": False, "ge": False, "__le__": True, "__lt__": True, "__gt__": False,
            "__ge__": False}  # fmt: skip
"""Whether the comparison with a number is true of the smaller ones."""
HARMLESS = {"exp": 0, "exp2": 0, "expm1": 0, "sinh": 0, "cosh": 0, "log": 1, "log2": 1, "log10": 1, "log1p": 1,
            "sqrt": 1, "rsqrt": 1, "reciprocal": 1, "div": 1, "true_divide": 1, "divide": 1, "__rdiv__": 1,
            "__rtruediv__": 1, "pow": 1, "acos": 0, "asin": 0, "atanh": 0, "arccos": 0, "arcsin": 0, "arctanh": 0,
            "logit": 0.5, "tan": 0}  # fmt: skip
"""A number at which each function and its slope are finite."""


@dataclass(frozen=True, slots=True, eq=False)
class Remedy:
    """`words` say what to do, `code` stands for the code of `call`.

    `apply(live, function, *arguments, **named)` does the same in another run, where the call is `live`.
    `keeps` says that nothing that was finite changes, which is looked at when it is tried. `is_pattern` is true where
    the code of the call could not be read: it is then written with an x.
    """

    call: TorchCall
    words: str
    code: str
    apply: Callable[..., Any]
    keeps: bool = False
    is_pattern: bool = False


def _inner(text: str) -> str:
    """The text of an operand without the brackets that were put around it."""
    return ast.unparse(ast.parse(text, mode="eval")) if text else ""


def of_operand(
    call: TorchCall, index: int, words: str, template: str, change: Callable[[Any], Any], *, keeps: bool = False
) -> Remedy:
    """The same call of another operand: `{x}` in the template is its code, `change` does the same to its value."""

    def apply(_live: TorchCall, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        changed = [change(value) if place == index else value for place, value in enumerate(arguments)]
        return function(*changed, **named)

    code = code_with_operand(call, index, template)
    return Remedy(call, words, code or _pattern(call, template), apply, keeps, not code)


def _pattern(call: TorchCall, template: str) -> str:
    changed = template.format(x="x")
    if base_name(call.name) in ("div", "true_divide", "divide"):
        return f"a / {changed}"
    if call.name in ("__rdiv__", "__rtruediv__"):
        return f"1 / {changed}"
    return f"torch.{base_name(call.name).strip('_')}({changed})"


@dataclass(frozen=True, slots=True, eq=False)
class Guard:
    """A `where` or `masked_fill` that takes what a call gives in some places alone.

    `taken` is true at those; `code` says the same. `bound` is (is_upper, number) where they lie on one side of that.
    """

    name: str
    taken: torch.Tensor
    code: str
    bound: tuple[bool, float] | None


def guard_of(call: TorchCall, operand: int, calls: Sequence[TorchCall]) -> Guard | None:
    """The first guard behind a call, if there is one whose condition stands in the same function."""
    for later in calls[call.number + 1 :]:
        sides = _sides(later)
        for place, is_true in sides.items():
            source = later.feeding.get(place)
            if source is not None and later.shape == call.shape and _leads_to(source, call, AT_MOST_BETWEEN):
                return _guard(call, operand, later, is_true)
    return None


def _sides(call: TorchCall) -> dict[int, bool]:
    """Which arguments are taken in part, and whether where the condition is true."""
    name, count = base_name(call.name), len(call.arguments)
    if name == "masked_fill":
        return {0: False}
    if name != "where" or count != 3:
        return {}
    return {1: True, 2: False} if _condition(call) == 0 else {0: True, 2: False}


def _condition(call: TorchCall) -> int:
    """Which argument is the condition: the first of `torch.where`, the second of `x.where` and `x.masked_fill`."""
    first = call.arguments[0]
    return 0 if isinstance(first, torch.Tensor) and first.dtype == torch.bool else 1


def _leads_to(one: TorchCall, other: TorchCall, steps: int) -> bool:
    if one is other:
        return True
    return steps > 0 and any(
        before.shape == other.shape and _leads_to(before, other, steps - 1) for before in one.feeding.values()
    )


def _guard(call: TorchCall, operand: int, where: TorchCall, is_true: bool) -> Guard | None:
    place = _condition(where)
    condition = where.arguments[place]
    if not isinstance(condition, torch.Tensor):
        return None
    text = _condition_text(call, where, place)
    made, bound = where.feeding.get(place), None
    if made is not None and made.name in COMPARED and len(made.arguments) == 2:
        left, right = made.arguments
        if left is call.arguments[operand] and isinstance(right, int | float):
            bound = COMPARED[made.name] == is_true, right
    if text and not is_true:
        text = f"~({text})" if not text.isidentifier() else f"~{text}"
    return Guard(base_name(where.name), condition if is_true else ~condition, text, bound)


def _condition_text(call: TorchCall, where: TorchCall, place: int) -> str:
    """The code of the condition as it can be written where the call stands, in the same function."""
    here, there = call.own_line, where.own_line
    if here is None or there is None or here.code is not there.code:
        return ""
    text, made = _inner(text_of_operand(where, place)), where.feeding.get(place)
    before = None if made is None else made.own_line
    if not text.isidentifier() or before is None or before.line < here.line:
        return text
    source, span = before.source()
    return span.of(source) if span is not None and before.code is here.code else ""


def guarded(call: TorchCall, operand: int, calls: Sequence[TorchCall]) -> list[Remedy]:
    """What keeps from an operation the values whose outcome a `where` leaves out: their gradient is 0 × inf else."""
    guard = guard_of(call, operand, calls)
    fill = HARMLESS.get(base_name(call.name))
    if guard is None or fill is None:
        return []
    found = []
    if guard.bound is not None and base_name(call.name) in ("exp", "exp2", "expm1", "sinh", "cosh"):
        is_upper, number = guard.bound
        side = "max" if is_upper else "min"
        code, words = f"{{x}}.clamp({side}={number!r})", f"clamp the input of {name_in_words(call)} before {guard.name}"
        found.append(of_operand(call, operand, words, code, lambda x: x.clamp(**{side: number}), keeps=True))
    code = code_with_operand(call, operand, f"torch.where({guard.code}, {{x}}, {fill})") if guard.code else ""

    def apply(live: TorchCall, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        there = guard_of(calls[live.number], operand, calls)  # of this turn, where the line runs several times
        changed = list(arguments)
        if there is not None:
            changed[operand] = torch.where(there.taken, changed[operand], fill)
        return function(*changed, **named)

    words = f"keep out of {name_in_words(call)} what {guard.name} leaves out"
    return [*found, Remedy(call, words, code, apply, keeps=True)] if code else found


def _dtype(call: TorchCall, operand: int = 0) -> torch.dtype:
    value = call.arguments[operand]
    return value.dtype if isinstance(value, torch.Tensor) else torch.get_default_dtype()


def smallest(call: TorchCall, operand: int = 0) -> float:
    """A small number of the operand's dtype that may stand below a root or a fraction."""
    return 1e-12 if torch.finfo(_dtype(call, operand)).tiny < 1e-12 else 1e-4


def clamped_below(call: TorchCall, operand: int, least: float | None = None) -> Remedy:
    """`x.clamp(min=1e-12)`: whatever is larger stays as it is."""
    bound = smallest(call, operand) if least is None else least
    what = "denominator" if name_in_words(call) in ("division", "reciprocal") else f"input of {name_in_words(call)}"
    return of_operand(call, operand, f"clamp the {what}", f"{{x}}.clamp(min={bound!r})", lambda x: x.clamp(min=bound))


def clamped_between(call: TorchCall, low: float, high: float) -> Remedy:
    """`x.clamp(-0.999999, 0.999999)`: whatever lies between stays as it is."""
    words, code = f"clamp the input of {name_in_words(call)}", f"{{x}}.clamp({low!r}, {high!r})"
    return of_operand(call, 0, words, code, lambda x: x.clamp(low, high))


def of_exp(call: TorchCall, calls: Sequence[TorchCall]) -> list[Remedy]:
    """The log of a sum of exps has a function; a quotient of exps does not change with the maximum taken away."""
    later = calls[call.number + 1 :]
    for log in later:
        total = log.feeding.get(0)
        if log.name == "log" and total is not None and total.name == "sum" and total.feeding.get(0) is call:
            found = _logsumexp(call, total, log)
            if found is not None:
                return [found]
    remedies = guarded(call, 0, calls)
    divided = any(base_name(one.name) == "div" and _leads_to(one, call, 3) for one in later)
    if divided and base_name(call.name) == "exp":
        words, code = "take the maximum away first", "{x} - {x}.amax(-1, keepdim=True)"
        remedies.append(of_operand(call, 0, words, code, lambda x: x - x.amax(-1, keepdim=True)))
    limit = torch.finfo(_dtype(call)).max
    bound = math.floor(math.log2(limit) if call.name.startswith("exp2") else math.log(limit)) - 1
    words, code = f"clamp the input of {name_in_words(call)}", f"{{x}}.clamp(max={bound})"
    return [*remedies, of_operand(call, 0, words, code, lambda x: x.clamp(max=bound))]


def _logsumexp(exp: TorchCall, total: TorchCall, log: TorchCall) -> Remedy | None:
    axes = total.arguments[1] if len(total.arguments) > 1 else total.named.get("dim")
    keeps = bool(total.named.get("keepdim", False))
    text = _inner(text_of_operand(exp, 0))
    if axes is None or isinstance(axes, tuple | list) or not text:
        return None
    more = ", keepdim=True" if keeps else ""

    def apply(live: TorchCall, _function: Callable[..., Any], *_arguments: Any, **_named: Any) -> Any:
        inside = live.feeding[0].feeding[0].arguments[0]
        return torch.logsumexp(inside, axes, keepdim=keeps)

    return Remedy(log, "use logsumexp", f"torch.logsumexp({text}, {axes}{more})", apply)


def of_log(call: TorchCall, calls: Sequence[TorchCall]) -> list[Remedy]:
    """The log of softmax and of sigmoid have functions; else what is smaller than any number is lifted."""
    found = guarded(call, 0, calls)
    made = call.feeding.get(0)
    if made is not None and base_name(call.name) == "log":
        found += _joined_with_log(call, made)
    return [*found, clamped_below(call, 0, 1e-6 - 1 if base_name(call.name) == "log1p" else None)]


def _joined_with_log(log: TorchCall, made: TorchCall) -> list[Remedy]:
    axis = made.arguments[1] if len(made.arguments) > 1 else made.named.get("dim")
    text = _inner(text_of_operand(made, 0)) or "x"
    if made.name == "sigmoid":
        code, function = f"torch.nn.functional.logsigmoid({text})", torch.nn.functional.logsigmoid
    elif made.name == "softmax" and isinstance(axis, int):
        code, function = f"torch.log_softmax({text}, {axis})", partial(torch.log_softmax, dim=axis)
    else:
        return []

    def apply(live: TorchCall, _function: Callable[..., Any], *_arguments: Any, **_named: Any) -> Any:
        return function(live.feeding[0].arguments[0])

    return [Remedy(log, f"use {code.partition('(')[0].split('.')[-1]}", code, apply, is_pattern=text == "x")]


def of_division(call: TorchCall, calls: Sequence[TorchCall]) -> list[Remedy]:
    """The denominator is lifted where it is never negative, and 1 where it is 0 else."""
    below = 0 if call.name in ("reciprocal", "rsqrt", "__rdiv__", "__rtruediv__") else 1
    value = call.arguments[below] if len(call.arguments) > below else None
    if not isinstance(value, torch.Tensor):
        return []
    found = guarded(call, below, calls)
    if not bool((value < 0).any()):
        found.append(clamped_below(call, below, 1e-6 if value.dtype != torch.float16 else 1e-3))
    code = "torch.where({x} == 0, 1, {x})"
    return [*found, of_operand(call, below, "divide by 1 where it is 0", code, lambda x: torch.where(x == 0, 1, x))]


def of_softmax(call: TorchCall, _calls: Sequence[TorchCall]) -> list[Remedy]:
    """A row of -inf alone has no softmax; one of the smallest finite number has."""
    low = torch.finfo(_dtype(call)).min
    code = f"{{x}}.clamp(min=torch.finfo({_dtype(call)}).min)"
    return [of_operand(call, 0, "mask with the smallest finite number", code, lambda x: x.clamp(min=low))]


def of_std(call: TorchCall, _calls: Sequence[TorchCall]) -> list[Remedy]:
    """Divide by n instead of n - 1."""

    def apply(_live: TorchCall, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        rest = {name: value for name, value in named.items() if name != "unbiased"}
        return function(*arguments, **{**rest, "correction": 0})

    code = code_with_keyword(call, "correction", "0")
    return [Remedy(call, "divide by n", code or f"torch.{call.name}(x, correction=0)", apply, is_pattern=not code)]


def of_cast(call: TorchCall, _calls: Sequence[TorchCall]) -> list[Remedy]:
    """bfloat16 reaches as far as float32."""
    text = text_of_operand(call, 0)
    code = f"{text or 'x'}.to(torch.bfloat16)"

    def apply(_live: TorchCall, _function: Callable[..., Any], *arguments: Any, **_named: Any) -> Any:
        return arguments[0].to(torch.bfloat16)

    return [Remedy(call, "cast to bfloat16", code, apply, is_pattern=not text)]


def of_empty(call: TorchCall, _calls: Sequence[TorchCall]) -> list[Remedy]:
    """Begin with zeros."""
    code = ""
    place = call.own_line
    if place is not None:
        source, span = place.source()
        text = span.of(source) if span else ""
        name = base_name(call.name)
        other = name.replace("empty", "zeros")
        code = text.replace(name, other, 1) if name in text and name != "empty_strided" else ""

    def apply(_live: TorchCall, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        return function(*arguments, **named).zero_()

    return [Remedy(call, "begin with zeros", code or "torch.zeros(...)", apply, is_pattern=not code)]


def of_power(call: TorchCall, calls: Sequence[TorchCall]) -> list[Remedy]:
    """A base that is lifted above 0 has every power."""
    if not isinstance(call.arguments[0], torch.Tensor) or call.name == "__rpow__":
        return []
    return [*guarded(call, 0, calls), clamped_below(call, 0)]


def of_root(call: TorchCall, calls: Sequence[TorchCall]) -> list[Remedy]:
    """The root's slope is infinite at 0, and it has no value below."""
    return [*guarded(call, 0, calls), clamped_below(call, 0)]


def of_arc(call: TorchCall, calls: Sequence[TorchCall]) -> list[Remedy]:
    """Between -1 and 1, where the slope is finite."""
    return [*guarded(call, 0, calls), clamped_between(call, -0.999999, 0.999999)]


def of_logit(call: TorchCall, calls: Sequence[TorchCall]) -> list[Remedy]:
    """Between 0 and 1."""
    return [*guarded(call, 0, calls), clamped_between(call, 1e-6, 0.999999)]


REMEDIES: dict[str, Callable[[TorchCall, Sequence[TorchCall]], list[Remedy]]] = {
    **dict.fromkeys(("exp", "exp2", "expm1", "sinh", "cosh"), of_exp),
    **dict.fromkeys(("log", "log2", "log10", "log1p"), of_log),
    **dict.fromkeys(("sqrt",), of_root),
    **dict.fromkeys(("div", "true_divide", "divide", "reciprocal", "rsqrt", "__rdiv__", "__rtruediv__"), of_division),
    **dict.fromkeys(("softmax",), of_softmax),
    **dict.fromkeys(("std", "var"), of_std),
    **dict.fromkeys(("half", "to"), of_cast),
    **dict.fromkeys(("empty", "empty_like", "new_empty", "empty_strided"), of_empty),
    **dict.fromkeys(("pow", "__rpow__"), of_power),
    **dict.fromkeys(("acos", "asin", "atanh", "arccos", "arcsin", "arctanh"), of_arc),
    **dict.fromkeys(("logit",), of_logit),
}
"""By the name of the function, without the _ of those that write in place."""
KEPT_NAMES = frozenset({*REMEDIES, *COMPARED, "where", "masked_fill", "sigmoid", "sum"})
"""Functions whose operands are looked at when a remedy is sought."""
