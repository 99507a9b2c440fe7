"""Words that compute each element from the elements at the same index."""

from __future__ import annotations

from typing import Any

import torch

from playground.models.language.vocabulary.bounds import operands, stretched
from playground.models.language.vocabulary.plans import plan_of_one, plan_of_two
from playground.models.language.vocabulary.word import both, function

_ONE = {
    "abs": "The absolute value.",
    "neg": "The negative.",
    "sign": "-1, 0 or 1.",
    "sgn": "-1, 0 or 1.",
    "signbit": "Whether the sign bit is set.",
    "exp": "e to the power of each element.",
    "exp2": "2 to the power of each element.",
    "expm1": "exp(x) - 1, exact near 0.",
    "log": "The natural logarithm.",
    "log2": "The logarithm to base 2.",
    "log10": "The logarithm to base 10.",
    "log1p": "log(1 + x), exact near 0.",
    "sqrt": "The square root.",
    "rsqrt": "1 over the square root.",
    "square": "The square.",
    "reciprocal": "1 over each element.",
    "sin": "The sine.",
    "cos": "The cosine.",
    "tan": "The tangent.",
    "asin": "The inverse of the sine.",
    "acos": "The inverse of the cosine.",
    "atan": "The inverse of the tangent.",
    "sinh": "The hyperbolic sine.",
    "cosh": "The hyperbolic cosine.",
    "tanh": "The hyperbolic tangent, between -1 and 1.",
    "asinh": "The inverse of the hyperbolic sine.",
    "acosh": "The inverse of the hyperbolic cosine.",
    "atanh": "The inverse of the hyperbolic tangent.",
    "sigmoid": "1 / (1 + exp(-x)), between 0 and 1.",
    "relu": "The positive part: max(x, 0).",
    "erf": "The error function.",
    "erfc": "1 - erf(x).",
    "erfinv": "The inverse of erf.",
    "sinc": "sin(pi x) / (pi x), and 1 at 0.",
    "i0": "The modified Bessel function of order 0.",
    "lgamma": "The logarithm of the gamma function.",
    "digamma": "The derivative of lgamma.",
    "ceil": "Rounded up to an integer.",
    "floor": "Rounded down to an integer.",
    "trunc": "Rounded towards 0.",
    "frac": "The fractional part that trunc drops.",
    "isnan": "Where there is a nan.",
    "isinf": "Where there is an infinity.",
    "isfinite": "Where there is neither nan nor infinity.",
    "logical_not": "Where the element is 0.",
    "bitwise_not": "Every bit flipped.",
    "deg2rad": "Degrees as radians.",
    "rad2deg": "Radians as degrees.",
    "positive": "The tensor itself.",
}

_TWO = {
    "sub": ("(other, *, alpha=1)", "The difference, other times alpha."),
    "add": ("(other, *, alpha=1)", "The sum, other times alpha."),
    "mul": ("(other)", "The product, element by element."),
    "multiply": ("(other)", "The product, element by element."),
    "subtract": ("(other, *, alpha=1)", "The difference."),
    "true_divide": ("(other)", "The quotient as a floating-point number."),
    "floor_divide": ("(other)", "The quotient rounded down."),
    "remainder": ("(other)", "The remainder, with the sign of other."),
    "fmod": ("(other)", "The remainder, with the sign of the tensor."),
    "pow": ("(exponent)", "Each element to a power."),
    "maximum": ("(other)", "The larger of two elements."),
    "minimum": ("(other)", "The smaller of two elements."),
    "fmax": ("(other)", "The larger of two elements, ignoring nan."),
    "fmin": ("(other)", "The smaller of two elements, ignoring nan."),
    "atan2": ("(other)", "The angle of the point (other, tensor)."),
    "hypot": ("(other)", "The length of the hypotenuse."),
    "copysign": ("(other)", "The absolute value of one with the sign of the other."),
    "logaddexp": ("(other)", "log(exp(x) + exp(y)) without overflow."),
    "xlogy": ("(other)", "x log(y), and 0 where x is 0."),
    "eq": ("(other)", "Where the elements are equal."),
    "ne": ("(other)", "Where the elements differ."),
    "lt": ("(other)", "Where the element is less."),
    "le": ("(other)", "Where the element is less or equal."),
    "gt": ("(other)", "Where the element is greater."),
    "ge": ("(other)", "Where the element is greater or equal."),
    "logical_and": ("(other)", "Where both are not 0."),
    "logical_or": ("(other)", "Where one is not 0."),
    "logical_xor": ("(other)", "Where exactly one is not 0."),
    "bitwise_and": ("(other)", "The bits that are set in both."),
    "bitwise_or": ("(other)", "The bits that are set in one."),
    "bitwise_xor": ("(other)", "The bits that are set in exactly one."),
    "bitwise_left_shift": ("(other)", "The bits shifted left."),
    "bitwise_right_shift": ("(other)", "The bits shifted right."),
    "lerp": ("(end, weight)", "Between the tensor and end, by weight."),
    "clamp": ("(min=None, max=None)", "Limited to a range."),
    "clip": ("(min=None, max=None)", "The same as clamp."),
    "isclose": ("(other, rtol=1e-05, atol=1e-08, equal_nan=False)", "Where the elements are nearly equal."),
    "addcmul": ("(tensor1, tensor2, *, value=1)", "The tensor plus value times a product."),
    "addcdiv": ("(tensor1, tensor2, *, value=1)", "The tensor plus value times a quotient."),
    "clamp_min": ("(min)", "Limited from below."),
    "clamp_max": ("(max)", "Limited from above."),
    "float_power": ("(exponent)", "Each element to a power, in float64."),
    "logaddexp2": ("(other)", "log2(2**x + 2**y) without overflow."),
    "nextafter": ("(other)", "The next floating-point number towards other."),
    "ldexp": ("(other)", "The tensor times 2 to the power of other."),
    "gcd": ("(other)", "The greatest common divisor."),
    "lcm": ("(other)", "The least common multiple."),
    "heaviside": ("(values)", "0 below 0, 1 above, values at 0."),
}

_ACTIVATIONS = {
    "relu": ("(input)", "The positive part: max(x, 0)."),
    "relu6": ("(input)", "Limited to 0 to 6."),
    "gelu": ("(input, approximate='none')", "x times the normal distribution function of x."),
    "silu": ("(input)", "x times sigmoid(x)."),
    "elu": ("(input, alpha=1.0)", "x above 0, alpha (exp(x) - 1) below."),
    "leaky_relu": ("(input, negative_slope=0.01)", "x above 0, a small slope below."),
    "selu": ("(input)", "elu scaled to be self-normalising."),
    "softplus": ("(input, beta=1.0, threshold=20.0)", "log(1 + exp(x)), a smooth relu."),
    "mish": ("(input)", "x times tanh(softplus(x))."),
    "hardtanh": ("(input, min_val=-1.0, max_val=1.0)", "Limited to a range."),
    "hardsigmoid": ("(input)", "A piecewise linear sigmoid."),
    "hardswish": ("(input)", "silu with a piecewise linear sigmoid."),
    "tanhshrink": ("(input)", "x - tanh(x)."),
    "softsign": ("(input)", "x / (1 + |x|)."),
    "logsigmoid": ("(input)", "log(sigmoid(x))."),
}


def _clamped(tensor: torch.Tensor, *limits: Any, **named: Any) -> torch.Tensor:
    """`clamp` on the meta device, where a 0-d limit has no value to read: any number of its dtype works."""
    given = [*limits, *named.values()]
    if not any(isinstance(limit, torch.Tensor) and limit.ndim for limit in given):
        limits = tuple(map(_number, limits))
        named = {name: _number(limit) for name, limit in named.items()}
    return torch.clamp(tensor, *limits, **named)


def _number(limit: Any) -> Any:
    return torch.zeros((), dtype=limit.dtype).item() if isinstance(limit, torch.Tensor) else limit


def register_mapping() -> None:
    """Add the elementwise words to the vocabulary."""
    for name, description in _ONE.items():
        plan = plan_of_one(name, getattr(torch, name))
        both(name, "()", description, "mapping", "new", need=operands, plan=plan)
    for name, (signature, description) in _TWO.items():
        plan = plan_of_two(name, _clamped if name in ("clamp", "clip") else getattr(torch, name))
        both(name, signature, description, "mapping", "new", need=stretched, stretches=True, plan=plan)
    rounding = ("floor", "trunc")
    for name in ("div", "divide"):
        text = "The quotient, rounded if rounding_mode says so."
        both(
            name,
            "(other, *, rounding_mode=None)",
            text,
            "mapping",
            "new",
            need=stretched,
            strings=rounding,
            stretches=True,
            plan=plan_of_two(name, getattr(torch, name)),
        )
    both(
        "round",
        "(*, decimals=0)",
        "Rounded to an integer, halves to even.",
        "mapping",
        "new",
        need=operands,
        plan=plan_of_one("round", torch.round),
    )
    both(
        "nan_to_num",
        "(nan=0.0, posinf=None, neginf=None)",
        "nan and infinities replaced.",
        "mapping",
        "new",
        need=operands,
        plan=plan_of_one("nan_to_num", torch.nan_to_num),
    )
    plan = plan_of_one("logit", torch.logit)
    both("logit", "(eps=None)", "The inverse of the sigmoid.", "mapping", "new", need=operands, plan=plan)
    text = "other minus the tensor times alpha."
    function(
        "rsub", "(input, other, *, alpha=1)", text, "mapping", "new",
        need=stretched, stretches=True, plan=plan_of_two("rsub", torch.rsub),
    )  # fmt: skip
    _activations()


def _activations() -> None:
    for name, (signature, description) in _ACTIVATIONS.items():
        strings = ("none", "tanh") if name == "gelu" else ()
        function(
            f"nn.functional.{name}", signature, description, "mapping", "new",
            need=operands, strings=strings, plan=plan_of_one(name, getattr(torch.nn.functional, name)),
        )  # fmt: skip
    for name in ("sigmoid", "tanh"):
        plan = plan_of_one(name, getattr(torch, name))
        function(f"nn.functional.{name}", "(input)", _ONE[name], "mapping", "new", need=operands, plan=plan)
