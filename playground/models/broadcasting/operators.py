"""The elementwise operators: how they are written and run, and a sentence for what an operation does.

A sentence is used only if it holds for every element of the case at hand.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import torch

from playground.models.broadcasting.alignment import Alignment, OperandRow
from playground.models.formatting import joined, shape_in_words
from playground.models.registry import Registry


@dataclass(frozen=True, slots=True)
class BroadcastOperator:
    """An elementwise operator on `count` operands.

    `call` is the torch function if the operator has no sign, `options` follow its operands. `right`
    says what a stretched right operand does to the other one ("{v} is subtracted from {m}"), `left` the same for a
    stretched left operand, `together` what operands of equal shape do. `reduces`: the line sums or averages the result.
    """

    name: str
    function: Callable[..., Any]
    right: str = "{v} is combined with {m}"
    left: str = "{v} is combined with {m}"
    together: str = "are combined"
    call: str = ""
    count: int = 2
    options: str = ""
    reduces: bool = False

    @property
    def chains(self) -> bool:
        """True if more than two operands can be chained, computed from the left."""
        return self.name in CHAINED

    def apply(self, *operands: Any) -> Any:
        """The result: `apply(a, b, c)` is `(a + b) + c` if there are more operands than the operator takes."""
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
        return text  # it is already in brackets
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
    _meeting = f"{{v}} is compared with {{m}}, the {_larger} is kept"
    BROADCAST_OPERATORS.register(
        BroadcastOperator(_name, getattr(torch, _name), _meeting, _meeting, f"are compared, the {_larger} is kept,",
                          f"torch.{_name}")
    )  # fmt: skip

SEARCHED = tuple(BROADCAST_OPERATORS)
"""The operators offered as choices; the functions below are shown if a line uses them."""

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


# torch's own losses warn on every call with different shapes; here the panel does that, with a reason.
for _name, _loss in (("mse_loss", _squared_error), ("l1_loss", _absolute_error)):
    BROADCAST_OPERATORS.register(
        BroadcastOperator(_name, _loss, call=f"torch.nn.functional.{_name}", options=', reduction="none"', reduces=True)
    )


LETTERS = "ijklmnpqrstuvwxyz"


def axes_text(axes: Sequence[int]) -> str:
    """Axes by number: "axis 1", "axes 0 and 2"."""
    return f"{'axis' if len(axes) == 1 else 'axes'} {joined([str(axis) for axis in axes])}"


def element_text(row: OperandRow, letters: Sequence[str]) -> str:
    """The operand's element that contributes to a result element: `v[j]`, `pred[i, 0]`, and `v[i]` for `v[:, None]`.

    `letters` index the result; a size-1 axis inserted by the operand's own text is written without its 0.
    """
    own = [
        "0" if cell.size == 1 else letters[position] for position, cell in enumerate(row.cells) if cell.axis is not None
    ]
    base, inserted = inserted_axes(row.label, len(row.shape))
    kept = [letter for axis, letter in enumerate(own) if axis not in inserted]
    return f"{base}[{', '.join(kept)}]" if kept else base


def inserted_axes(text: str, rank: int) -> tuple[str, frozenset[int]]:
    """The operand without a trailing `[:, None]` or `.unsqueeze(k)`, and the axes these inserted.

    `inserted_axes("v[:, None]", 2) == ("v", {1})`; anything else is returned in brackets if needed, with no axes.
    """
    indexed = re.fullmatch(r"(\w+)\[((?:None|:)(?:, ?(?:None|:))*)\]", text)
    if indexed:
        items = [item.strip() for item in indexed[2].split(",")]
        return indexed[1], frozenset(axis for axis, item in enumerate(items) if item == "None")
    method = re.fullmatch(r"(\w+)\.unsqueeze\((-?\d+)\)", text)
    if method:
        axis = int(method[2])
        return method[1], frozenset({axis + rank if axis < 0 else axis})
    return postfix_text(text), frozenset()


def formula_text(alignment: Alignment, symbol: str) -> str:
    """The element-wise formula: `result[i, j] = A[i, j] + v[j]`."""
    letters = _letters(alignment.rank)
    terms = [element_text(row, letters) for row in alignment.rows]
    target = f"result[{', '.join(letters)}]" if letters else "result"
    words = BROADCAST_OPERATORS.get(symbol)
    if words is not None and words.call:
        return f"{target} = {words.call.removeprefix('torch.')}({', '.join(terms)})"
    return f"{target} = {f' {symbol} '.join(terms)}"


def sentence_text(alignment: Alignment, symbol: str) -> str:
    """One sentence that says what a fitting operation does: "v is added to each row of M."; empty on a clash."""
    return sentence_markup(alignment, symbol).replace("`", "")


def sentence_markup(alignment: Alignment, symbol: str) -> str:
    """The sentence with code between backticks: "`v[i]` is added to all of row `i`."."""
    sentence = _sentence(alignment, symbol)
    return sentence[0].upper() + sentence[1:] if sentence.startswith(("each ", "every ", "all of ")) else sentence


def _sentence(alignment: Alignment, symbol: str) -> str:
    shape = alignment.shape
    if shape is None:
        return ""
    words = BROADCAST_OPERATORS.get(symbol)
    if 0 in shape:
        return f"The result `{shape_in_words(shape)}` has no elements: nothing is computed."
    stretched = alignment.stretched_rows
    if len(alignment.rows) < 2:
        return f"{'One' if alignment.rows else 'No'} operand: nothing is stretched."
    if not stretched:
        together = words.together if words else "are combined"
        return f"{joined([f'`{row.label}`' for row in alignment.rows])} {together} element by element."
    if len(alignment.rows) == 2 and len(stretched) == 1:
        return _one_stretched(alignment, stretched[0], symbol)
    if len(alignment.rows) == 2 and _is_outer(alignment):
        first, second = alignment.rows
        return f"Every element of `{first.label}` is combined with every element of `{second.label}`."
    return _by_formula(alignment, symbol)


def _by_formula(alignment: Alignment, symbol: str) -> str:
    stretched = alignment.stretched_rows
    parts = [f"`{row.label}` along {axes_text(row.stretched)}" for row in stretched]
    verb = "is" if len(parts) == 1 else "are"
    return f"{joined(parts)} {verb} stretched: `{formula_text(alignment, symbol)}`."


def _one_stretched(alignment: Alignment, row: OperandRow, symbol: str) -> str:
    is_left = row is alignment.rows[0]
    other = alignment.rows[1] if is_left else alignment.rows[0]
    if len(other.shape) < alignment.rank:
        return _by_formula(alignment, symbol)
    words = BROADCAST_OPERATORS.get(symbol)
    template = (words.left if is_left else words.right) if words else "{v} is combined with {m}"
    letters = _letters(alignment.rank)
    if all(size == 1 for size in row.shape):
        return template.format(v=f"`{row.label}`", m=f"every element of `{other.label}`") + "."
    if alignment.rank == 2 and row.stretched == (1,):
        return template.format(v=f"`{element_text(row, letters)}`", m=f"all of row `{letters[0]}`") + "."
    if alignment.rank == 2 and row.stretched == (0,):
        return template.format(v=f"`{row.label}`", m=f"each row of `{other.label}`") + "."
    slots = [letters[axis] if axis in row.stretched else ":" for axis in range(max(row.stretched) + 1)]
    return template.format(v=f"`{row.label}`", m=f"each `{postfix_text(other.label)}[{', '.join(slots)}]`") + "."


def _is_outer(alignment: Alignment) -> bool:
    first, second = alignment.rows
    shape = alignment.shape or ()
    return all(size == 1 or (axis in first.stretched) != (axis in second.stretched) for axis, size in enumerate(shape))


def _letters(rank: int) -> list[str]:
    return [LETTERS[axis] if axis < len(LETTERS) else f"i{axis}" for axis in range(rank)]
