"""What met what where numbers stop being finite: `exp(104) is inf`, `0 × inf is nan`, with the numbers of the case."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from playground.models.formatting import digits, shape_in_words
from playground.models.network.watch.calls import SIGNS, UNINITIALISED, Event, StepBack, TorchCall, base_name
from playground.models.network.watch.values import has_values

PRODUCTS = {"matmul", "__matmul__", "__rmatmul__", "mm", "bmm", "linear", "addmm", "baddbmm", "einsum", "conv1d",
            "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "bilinear", "dot", "mv",
            "tensordot"}  # fmt: skip
SUMS = {"sum", "cumsum", "mean", "prod", "cumprod", "logsumexp", "norm", "var", "std"}


@dataclass(frozen=True, slots=True)
class Meeting:
    """`lead` names the kind, `words` say it with the numbers; `index` is the first element at which it happens."""

    lead: str
    words: str
    index: tuple[int, ...] = ()


def first_odd(tensor: torch.Tensor) -> tuple[int, ...]:
    """The index of the first nan, or where there is none of the first inf."""
    nans: torch.Tensor = tensor.isnan()
    odd = nans if bool(nans.any()) else ~tensor.isfinite()
    return tuple(int(place) for place in odd.nonzero()[0])


def number_at(value: Any, index: tuple[int, ...], shape: tuple[int, ...]) -> float | None:
    """The element of an operand that goes into this element of the result; None where that is not one alone."""
    if isinstance(value, int | float):
        return float(value)
    if not isinstance(value, torch.Tensor) or value.is_complex():
        return None
    try:
        return float(value.detach().expand(shape)[index])
    except RuntimeError:
        return None


def shown(number: float) -> str:
    """Three digits, more where they decide: `"inf"`, `"0"`, `"88.7"`."""
    return str(number) if not math.isfinite(number) else digits(number)


def limit_in_words(dtype: torch.dtype) -> str:
    """`"float16 ends at 65,504"`."""
    largest = torch.finfo(dtype).max
    words = f"{largest:,.0f}" if largest < 1e6 else digits(largest)
    return f"{str(dtype).removeprefix('torch.')} ends at {words}"


def met_in_forward(event: Event) -> Meeting:
    """What happened where a call made the first number that is not finite."""
    call = event.call
    if call is None or call.output is None:
        return Meeting(f"{event.given} is not finite.", "")
    out = call.output
    index = first_odd(out)
    if event.given:
        return Meeting(f"The code puts {'nan' if event.is_nan else 'inf'} there.", "", index)
    name, result = base_name(call.name), complex(out[index]).real if out.is_complex() else float(out[index])
    if name in UNINITIALISED:
        return Meeting("Memory that nobody set.", f"torch.{name} gives whatever was there before.", index)
    for names, met in SPECIAL:
        if name in names and (found := met(call, index, result)) is not None:
            return Meeting(*found, index)
    shape = tuple(out.shape)
    numbers = [number_at(value, index, shape) for value in call.arguments[:2]]
    if name in SIGNS and len(numbers) == 2 and None not in numbers:
        return Meeting(*_of_two(name, numbers, result, out.dtype), index)
    if len(numbers) == 1 and numbers[0] is not None and name not in SUMS:
        return Meeting(*_of_one(name, numbers[0], result, out.dtype), index)
    largest = max((float(t.detach().abs().max()) for t in call.arguments if _is_dense(t)), default=math.nan)
    words = f"It gives {shown(result)} of numbers up to {shown(largest)}."
    return Meeting(f"{name} is not finite.", words, index)


def _is_dense(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and has_values(value) and value.is_floating_point() and value.numel() > 0


def _of_two(name: str, numbers: list[float | None], result: float, dtype: torch.dtype) -> tuple[str, str]:
    first, second = (numbers[::-1] if name.startswith(("__r", "rsub")) else numbers)[:2]
    assert first is not None
    assert second is not None
    sign = SIGNS[name]
    lead = f"{shown(first)} {sign} {_signed(second)} is {shown(result)}."
    if sign == "**" and first <= 0 and not math.isinf(second):
        return lead, "A negative number has no such root." if first < 0 else "0 has no negative power."
    is_overflow = math.isinf(result) and not math.isinf(first) and not math.isinf(second) and (sign, second) != ("/", 0)
    return lead, f"{limit_in_words(dtype)}." if is_overflow else ""


def _signed(number: float) -> str:
    return f"({shown(number)})" if number < 0 else shown(number)


UNARY: dict[str, tuple[Callable[[float], bool], str]] = {
    **{name: (lambda x: x <= 0, f"{name} is finite only above 0") for name in ("log", "log2", "log10", "rsqrt")},
    "log1p": (lambda x: x <= -1, "log1p is finite only above -1"),
    "sqrt": (lambda x: x < 0, "A negative number has no square root"),
    "reciprocal": (lambda x: x == 0, "0 has no reciprocal"),
    **{name: (lambda x: abs(x) > 1, f"{name} exists only from -1 to 1")
       for name in ("acos", "asin", "arccos", "arcsin")},
    **{name: (lambda x: abs(x) >= 1, f"{name} is finite only between -1 and 1") for name in ("atanh", "arctanh")},
    "logit": (lambda x: x <= 0 or x >= 1, "logit is finite only between 0 and 1"),
    "acosh": (lambda x: x < 1, "acosh exists only from 1 on"),
}  # fmt: skip
"""Where each has no finite value, and that in words."""


def _of_one(name: str, number: float, result: float, dtype: torch.dtype) -> tuple[str, str]:
    lead = f"{name}({shown(number)}) is {shown(result)}."
    if name in UNARY and UNARY[name][0](number):
        return lead, f"{UNARY[name][1]}."
    return lead, f"{limit_in_words(dtype)}." if math.isinf(result) else ""


def _of_softmax(call: TorchCall, index: tuple[int, ...], _result: float) -> tuple[str, str] | None:
    axis = call.named.get("dim", call.arguments[1] if len(call.arguments) > 1 else -1)
    value = call.arguments[0]
    if not isinstance(axis, int) or not isinstance(value, torch.Tensor):
        return None
    row = value.detach()[tuple(slice(None) if place == axis % value.dim() else at for place, at in enumerate(index))]
    if bool((row == -math.inf).all()):
        return "Softmax of a row of -inf alone.", "Each exp is 0, and so is their sum: 0 / 0 is nan."
    if bool((row == math.inf).any()):
        return "Softmax of inf.", "The maximum is taken away first: inf - inf is nan."
    return None


def _of_std(call: TorchCall, _index: tuple[int, ...], _result: float) -> tuple[str, str] | None:
    value, out = call.arguments[0], call.output
    if isinstance(value, torch.Tensor) and out is not None and value.numel() == out.numel():
        return f"The {call.name} of one value.", "It divides by n - 1, and n is 1: 0 / 0 is nan."
    return None


def _of_product(call: TorchCall, _index: tuple[int, ...], result: float) -> tuple[str, str] | None:
    operands = [value.detach() for value in call.arguments if _is_dense(value)]
    if not operands or call.output is None:
        return None
    largest = " and ".join(shown(float(value.abs().max())) for value in operands[:2])
    if any(not bool(value.isfinite().all()) for value in operands):
        return f"{call.name} of inf.", f"In one of its sums inf meets 0 or -inf: that is {shown(result)}."
    limit = limit_in_words(call.output.dtype)
    return f"{call.name} overflows.", f"Sums of products of numbers up to {largest} give {shown(result)}: {limit}."


def _of_sum(call: TorchCall, _index: tuple[int, ...], result: float) -> tuple[str, str] | None:
    value = call.arguments[0] if call.arguments else None
    if not isinstance(value, torch.Tensor) or call.output is None:
        return None
    if not value.numel():
        return f"The {call.name} of no values.", f"It is {shown(result)}: 0 / 0."
    if not bool(value.isfinite().all()):
        return f"The {call.name} of inf.", f"inf meets -inf or 0: that is {shown(result)}."
    largest = shown(float(value.detach().abs().max()))
    limit = limit_in_words(call.output.dtype)
    return f"{call.name} overflows.", f"Of numbers up to {largest} it is {shown(result)}: {limit}."


def _of_cast(call: TorchCall, index: tuple[int, ...], result: float) -> tuple[str, str] | None:
    number = number_at(call.arguments[0], index, call.shape)
    if number is None or call.output is None:
        return None
    dtype = call.output.dtype
    return "A cast overflows.", f"{shown(number)} becomes {shown(result)}: {limit_in_words(dtype)}."


def _of_entropy(call: TorchCall, _index: tuple[int, ...], result: float) -> tuple[str, str] | None:
    ignored = call.named.get("ignore_index", -100)
    target = call.arguments[1] if len(call.arguments) > 1 else None
    if isinstance(target, torch.Tensor) and not target.is_floating_point() and bool((target == ignored).all()):
        return "The mean over no target.", f"Every target is {ignored}, which is left out: 0 / 0 is {shown(result)}."
    return None


SPECIAL: tuple[tuple[set[str], Callable[[TorchCall, tuple[int, ...], float], tuple[str, str] | None]], ...] = (
    ({"softmax", "log_softmax"}, _of_softmax),
    ({"std", "var"}, _of_std),
    (PRODUCTS, _of_product),
    ({"half", "to", "type", "bfloat16", "float"}, _of_cast),
    ({"cross_entropy", "nll_loss"}, _of_entropy),
    (SUMS, _of_sum),
)


@dataclass(frozen=True, slots=True)
class Slope:
    """The gradient that a step of the backward pass gives, as torch computes it, and the same in words."""

    gradient: Callable[[torch.Tensor, Mapping[str, Any]], torch.Tensor]
    words: str


SLOPES = {
    "Exp": Slope(lambda g, s: g * s["result"], "{g} × {result}"),
    "Exp2": Slope(lambda g, s: g * s["result"] * math.log(2), "{g} × {result} × ln 2"),
    "Expm1": Slope(lambda g, s: g * (s["result"] + 1), "{g} × ({result} + 1)"),
    "Sinh": Slope(lambda g, s: g * s["self"].cosh(), "{g} × cosh({self})"),
    "Cosh": Slope(lambda g, s: g * s["self"].sinh(), "{g} × sinh({self})"),
    "Log": Slope(lambda g, s: g / s["self"], "{g} / {self}"),
    "Log2": Slope(lambda g, s: g / (s["self"] * math.log(2)), "{g} / ({self} × ln 2)"),
    "Log10": Slope(lambda g, s: g / (s["self"] * math.log(10)), "{g} / ({self} × ln 10)"),
    "Log1P": Slope(lambda g, s: g / (s["self"] + 1), "{g} / ({self} + 1)"),
    "Sqrt": Slope(lambda g, s: g / (2 * s["result"]), "{g} / (2 × {result})"),
    "Rsqrt": Slope(lambda g, s: -0.5 * g * s["result"].pow(3), "{g} × -½ × {result}³"),
    "Reciprocal": Slope(lambda g, s: -g * (s["result"] * s["result"]), "{g} × -({result}²)"),
    "Acos": Slope(lambda g, s: g * -((1 - s["self"] ** 2).rsqrt()), "{g} × -1 / sqrt(1 - {self}²)"),
    "Asin": Slope(lambda g, s: g * ((1 - s["self"] ** 2).rsqrt()), "{g} / sqrt(1 - {self}²)"),
    "Atanh": Slope(lambda g, s: g * 1 / (1 - s["self"] ** 2), "{g} / (1 - {self}²)"),
    "Div": Slope(lambda g, s: g / s["other"], "{g} / {other}"),
    "Pow": Slope(lambda g, s: g * (s["exponent"] * s["self"].pow(s["exponent"] - 1)),
                 "{g} × {exponent} × {self} ** ({exponent} - 1)"),
    "Softmax": Slope(lambda g, s: g * s["result"], "{g} × {result}"),
    "Mul": Slope(lambda g, s: g * s["other"], "{g} × {other}"),
}  # fmt: skip
"""By the name of the step without "Backward0"."""


def step_name(step: StepBack) -> str:
    """`"Exp"` of `"ExpBackward0"`."""
    return re.sub(r"Backward\d*$", "", step.name)


def met_going_back(step: StepBack) -> Meeting:
    """What happened where a step of the backward pass gave the first gradient that is not finite."""
    if step.given is None:
        index = first_odd(step.gradient)
        value = shown(float(step.gradient[index])) if not step.gradient.is_complex() else "inf"
        words = f"those of several ways add up to {value}; {limit_in_words(step.gradient.dtype)}"
        return Meeting("A sum of gradients overflows", words, index)
    if step.forward_class is not None:
        words = f"{step.forward_class.__name__} has a backward of the module's own, which returns it"
        return Meeting("A gradient is not finite", words, first_odd(step.given))
    slope = SLOPES.get(step_name(step))
    found = None if slope is None else _at_first(slope, step)
    if found is not None:
        return found
    index = first_odd(step.given)
    largest = shown(float(step.gradient.abs().max())) if step.gradient.numel() else "0"
    words = f"{step_name(step)} gives {shown(float(step.given[index].real))} of gradients up to {largest}"
    return Meeting("A gradient is not finite", words, index)


def _at_first(slope: Slope, step: StepBack) -> Meeting | None:
    """The numbers that meet at the first element whose gradient is not finite."""
    try:
        gradients = slope.gradient(step.gradient, step.saved)
    except (KeyError, TypeError, RuntimeError):
        return None
    if gradients.shape != step.gradient.shape or bool(gradients.isfinite().all()) or gradients.is_complex():
        return None
    index, shape = first_odd(gradients), tuple(step.gradient.shape)
    saved = {name: number_at(value, index, shape) for name, value in step.saved.items()}
    numbers = {name: shown(number) for name, number in saved.items() if number is not None}
    came, result = float(step.gradient[index]), float(gradients[index])
    if "self" in numbers:
        numbers["self"] = _signed(saved["self"] or 0.0)
    ones: torch.Tensor = slope.gradient(torch.ones_like(step.gradient), step.saved)
    words = f"the gradient that comes back is {shown(came)}, the slope there is {shown(float(ones[index]))}"
    lead = f"{slope.words.format(g=shown(came), **numbers)} is {shown(result)}"
    return Meeting(lead, words, index)


def operands_in_words(call: TorchCall) -> str:
    """`"(64, 128) float32"` of each tensor that went in."""
    tensors = [value for value in call.arguments if isinstance(value, torch.Tensor)]
    return ", ".join(f"{shape_in_words(t.shape)} {str(t.dtype).removeprefix('torch.')}" for t in tensors)
