"""The elementwise operators: how they are written, run, and said in words."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import torch

from playground.models.registry import Registry


@dataclass(frozen=True, slots=True)
class BroadcastOperator:
    """An elementwise operator on `count` operands.

    `call` is the torch function where it has no sign of its own, `options` are written behind its operands. `right`
    says what a stretched right operand does to the other one ("{v} is subtracted from {m}"), `left` the same for a
    stretched left operand, `together` what operands of one shape do. `reduces`: in a line its result is summed up.
    """

    name: str
    function: Callable[..., Any]
    right: str = "{v} meets {m}"
    left: str = "{v} meets {m}"
    together: str = "meet"
    call: str = ""
    count: int = 2
    options: str = ""
    reduces: bool = False

    @property
    def chains(self) -> bool:
        """Whether more operands than two can be written in a row, computed from the left."""
        return self.name in CHAINED

    def apply(self, *operands: Any) -> Any:
        """The result: `apply(a, b, c)` is `(a + b) + c` where there are more operands than the operator takes."""
        if len(operands) > self.count:
            return reduce(self.function, operands)
        return self.function(*operands)

    def code(self, operands: Sequence[str]) -> str:
        """The operation as PyTorch: `A + v[:, None]`, `torch.maximum(A, v)`; operands are bracketed where needed."""
        if self.call:
            return f"{self.call}({', '.join(operands)}{self.options})"
        return f" {self.name} ".join(map(postfix_text, operands))


BROADCAST_OPERATORS: Registry[BroadcastOperator] = Registry("operator")
CHAINED = ("+", "-", "*", "/", "//", "%", "&", "|", "^")


def postfix_text(text: str) -> str:
    """Text to which `.name` or `[...]` may be appended: `(A + B)` for `A + B`, `A.t()` as it is."""
    try:
        node = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return f"({text})"
    if node.col_offset > 0:
        return text  # it stands in brackets already
    binds = isinstance(node, ast.Name | ast.Attribute | ast.Call | ast.Subscript | ast.List)
    return text if binds else f"({text})"


def _operator(name: str, function: Callable[..., Any], right: str, left: str, together: str) -> None:
    BROADCAST_OPERATORS.register(BroadcastOperator(name, function, right, left, together))


def _symmetric(name: str, function: Callable[..., Any], verb: str, together: str) -> None:
    _operator(name, function, f"{{v}} {verb} {{m}}", f"{{v}} {verb} {{m}}", together)


_symmetric("+", operator.add, "is added to", "are added")
_operator("-", operator.sub, "{v} is subtracted from {m}", "{m} is subtracted from {v}", "are subtracted")
_symmetric("*", operator.mul, "multiplies", "are multiplied")
_operator("/", operator.truediv, "{v} divides {m}", "{v} is divided by {m}", "are divided")
_operator("//", operator.floordiv, "{v} divides, rounding down, {m}", "{v} is divided, rounding down, by {m}",
          "are divided, rounding down,")  # fmt: skip
_operator("%", operator.mod, "{m} is taken modulo {v}", "{v} is taken modulo {m}", "are taken modulo, left by right,")
_operator("**", operator.pow, "{m} is raised to {v}", "{v} is raised to {m}", "are raised, base to exponent,")
for _sign, _compare in (
    ("==", operator.eq), ("!=", operator.ne), ("<", operator.lt), ("<=", operator.le), (">", operator.gt),
    (">=", operator.ge),
):  # fmt: skip
    _symmetric(_sign, _compare, "is compared with", "are compared")
_symmetric("&", operator.and_, "is and-ed with", "are and-ed")
_symmetric("|", operator.or_, "is or-ed with", "are or-ed")
_symmetric("^", operator.xor, "is xor-ed with", "are xor-ed")
for _name, _larger in (("maximum", "larger"), ("minimum", "smaller")):
    _meeting = f"{{v}} meets {{m}}, the {_larger} stays"
    BROADCAST_OPERATORS.register(
        BroadcastOperator(_name, getattr(torch, _name), _meeting, _meeting, f"meet, the {_larger} stays,",
                          f"torch.{_name}")
    )  # fmt: skip

SEARCHED = tuple(BROADCAST_OPERATORS)
"""The operators that are offered to choose from; the functions below are shown where a line uses them."""

for _name in (
    "fmax", "fmin", "fmod", "atan2", "hypot", "copysign", "logaddexp", "xlogy", "heaviside", "isclose", "logical_and",
    "logical_or", "logical_xor", "bitwise_left_shift", "bitwise_right_shift",
):  # fmt: skip
    BROADCAST_OPERATORS.register(BroadcastOperator(_name, getattr(torch, _name), call=f"torch.{_name}"))
for _name in ("where", "lerp", "addcmul", "addcdiv"):
    BROADCAST_OPERATORS.register(BroadcastOperator(_name, getattr(torch, _name), call=f"torch.{_name}", count=3))


def _squared_error(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return (prediction - target).square()


def _absolute_error(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return (prediction - target).abs()


# torch's own losses warn on every call with shapes that differ; here the panel does that, with a reason.
for _name, _loss in (("mse_loss", _squared_error), ("l1_loss", _absolute_error)):
    BROADCAST_OPERATORS.register(
        BroadcastOperator(_name, _loss, call=f"torch.nn.functional.{_name}", options=', reduction="none"', reduces=True)
    )
