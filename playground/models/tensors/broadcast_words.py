"""What a broadcast operation does, in words: only sentences that hold for every element of the case at hand."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from playground.models.registry import Registry
from playground.models.tensors.broadcast_alignment import Alignment, OperandRow, Shape

LETTERS = "ijklmnpqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class BroadcastOperator:
    """An elementwise operator.

    `call` is the torch function where it has no sign of its own, `count` how many operands it takes.
    `right` says what a stretched right operand does to the other one ("{v} is subtracted from {m}"), `left` the same
    for a stretched left operand, `together` what two operands of one shape do.
    """

    name: str
    function: Callable[..., Any]
    right: str
    left: str
    together: str
    call: str = ""
    count: int = 2

    def code(self, operands: Sequence[str]) -> str:
        """The operation as PyTorch: `A + v[:, None]`, `torch.maximum(A, v)`; operands are bracketed where needed."""
        if self.call:
            return f"{self.call}({', '.join(operands)})"
        return f" {self.name} ".join(map(postfix_text, operands))


BROADCAST_OPERATORS: Registry[BroadcastOperator] = Registry("operator")


def _operator(name: str, function: Callable[[Any, Any], Any], right: str, left: str, together: str) -> None:
    BROADCAST_OPERATORS.register(BroadcastOperator(name, function, right, left, together))


def _symmetric(name: str, function: Callable[[Any, Any], Any], verb: str, together: str) -> None:
    _operator(name, function, f"{{v}} {verb} {{m}}", f"{{v}} {verb} {{m}}", together)


_symmetric("+", operator.add, "is added to", "are added")
_operator("-", operator.sub, "{v} is subtracted from {m}", "{m} is subtracted from {v}", "are subtracted")
_symmetric("*", operator.mul, "multiplies", "are multiplied")
_operator("/", operator.truediv, "{v} divides {m}", "{v} is divided by {m}", "are divided")
_operator("//", operator.floordiv, "{v} divides, rounding down, {m}", "{v} is divided, rounding down, by {m}",
          "are divided, rounding down,")  # fmt: skip
_operator("%", operator.mod, "{m} is taken modulo {v}", "{v} is taken modulo {m}", "are taken modulo, left by right,")
_operator("**", operator.pow, "{m} is raised to {v}", "{v} is raised to {m}", "are raised, base to exponent,")
_symmetric("==", operator.eq, "is compared with", "are compared")
_symmetric("!=", operator.ne, "is compared with", "are compared")
_symmetric("<", operator.lt, "is compared with", "are compared")
_symmetric("<=", operator.le, "is compared with", "are compared")
_symmetric(">", operator.gt, "is compared with", "are compared")
_symmetric(">=", operator.ge, "is compared with", "are compared")
_symmetric("&", operator.and_, "is and-ed with", "are and-ed")
_symmetric("|", operator.or_, "is or-ed with", "are or-ed")
_symmetric("^", operator.xor, "is xor-ed with", "are xor-ed")


BROADCAST_OPERATORS.register(
    BroadcastOperator("maximum", torch.maximum, "{v} meets {m}, the larger stays", "{v} meets {m}, the larger stays",
                      "meet, the larger stays,", "torch.maximum")
)  # fmt: skip
BROADCAST_OPERATORS.register(
    BroadcastOperator("minimum", torch.minimum, "{v} meets {m}, the smaller stays", "{v} meets {m}, the smaller stays",
                      "meet, the smaller stays,", "torch.minimum")
)  # fmt: skip
BROADCAST_OPERATORS.register(
    BroadcastOperator("where", torch.where, "{v} meets {m}", "{v} meets {m}", "meet", "torch.where", 3)
)


def shape_text(shape: Shape) -> str:
    """A shape as Python writes it: `(3,)`, `(3, 4)`."""
    return str(tuple(shape))


def list_text(words: Sequence[str]) -> str:
    """Words in a row: "a", "a and b", "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def axes_text(axes: Sequence[int]) -> str:
    """Axes by number: "axis 1", "axes 0 and 2"."""
    return f"{'axis' if len(axes) == 1 else 'axes'} {list_text([str(axis) for axis in axes])}"


def element_text(row: OperandRow, letters: Sequence[str]) -> str:
    """The element of an operand that goes into a result element: `v[j]`, `pred[i, 0]`, and `v[i]` for `v[:, None]`.

    `letters` index the result; a size-1 axis that the operand's own text inserted is written without its 0.
    """
    own = [
        "0" if cell.size == 1 else letters[position] for position, cell in enumerate(row.cells) if cell.axis is not None
    ]
    base, inserted = inserted_axes(row.name, len(row.shape))
    kept = [letter for axis, letter in enumerate(own) if axis not in inserted]
    return f"{base}[{', '.join(kept)}]" if kept else base


def inserted_axes(text: str, rank: int) -> tuple[str, frozenset[int]]:
    """The operand without a trailing `[:, None]` or `.unsqueeze(k)`, and the axes these inserted.

    `inserted_axes("v[:, None]", 2) == ("v", {1})`; anything else comes back bracketed where needed, with no axes.
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


def formula_text(alignment: Alignment, symbol: str, result: str = "result") -> str:
    """Element by element, as it is computed: `result[i, j] = A[i, j] + v[j]`."""
    letters = _letters(alignment.rank)
    terms = [element_text(row, letters) for row in alignment.rows]
    target = f"{result}[{', '.join(letters)}]" if letters else result
    words = BROADCAST_OPERATORS.get(symbol)
    if words is not None and words.call:
        return f"{target} = {words.call.removeprefix('torch.')}({', '.join(terms)})"
    return f"{target} = {f' {symbol} '.join(terms)}"


def sentence_text(alignment: Alignment, symbol: str) -> str:
    """What a fitting operation does, in one sentence: "v is added to each row of M."; empty on a clash."""
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
        return f"The result `{shape_text(shape)}` has no elements: nothing is computed."
    stretched = alignment.stretched_rows
    if len(alignment.rows) == 1:
        return "One operand: nothing is stretched."
    if not stretched:
        together = words.together if words else "meet"
        return f"{list_text([f'`{row.name}`' for row in alignment.rows])} {together} element by element."
    if len(alignment.rows) == 2 and len(stretched) == 1:
        return _one_stretched(alignment, stretched[0], symbol)
    if len(alignment.rows) == 2 and _is_outer(alignment):
        first, second = alignment.rows
        return f"Every element of `{first.name}` meets every element of `{second.name}`."
    return _by_formula(alignment, symbol)


def _by_formula(alignment: Alignment, symbol: str) -> str:
    stretched = alignment.stretched_rows
    parts = [f"`{row.name}` along {axes_text(row.stretched)}" for row in stretched]
    verb = "is" if len(parts) == 1 else "are"
    return f"{list_text(parts)} {verb} stretched: `{formula_text(alignment, symbol)}`."


def _one_stretched(alignment: Alignment, row: OperandRow, symbol: str) -> str:
    is_left = row is alignment.rows[0]
    other = alignment.rows[1] if is_left else alignment.rows[0]
    if len(other.shape) < alignment.rank:
        return _by_formula(alignment, symbol)
    words = BROADCAST_OPERATORS.get(symbol)
    template = (words.left if is_left else words.right) if words else "{v} meets {m}"
    letters = _letters(alignment.rank)
    if all(size == 1 for size in row.shape):
        return template.format(v=f"`{row.name}`", m=f"every element of `{other.name}`") + "."
    if alignment.rank == 2 and row.stretched == (1,):
        return template.format(v=f"`{element_text(row, letters)}`", m=f"all of row `{letters[0]}`") + "."
    if alignment.rank == 2 and row.stretched == (0,):
        return template.format(v=f"`{row.name}`", m=f"each row of `{other.name}`") + "."
    slots = [letters[axis] if axis in row.stretched else ":" for axis in range(max(row.stretched) + 1)]
    return template.format(v=f"`{row.name}`", m=f"each `{postfix_text(other.name)}[{', '.join(slots)}]`") + "."


def _is_outer(alignment: Alignment) -> bool:
    first, second = alignment.rows
    shape = alignment.shape or ()
    return all(size == 1 or (axis in first.stretched) != (axis in second.stretched) for axis, size in enumerate(shape))


def _letters(rank: int) -> list[str]:
    return [LETTERS[axis] if axis < len(LETTERS) else f"i{axis}" for axis in range(rank)]
