"""What a broadcast operation does, in words: only sentences that hold for every element of the case at hand."""

from __future__ import annotations

import re
from collections.abc import Sequence

from playground.models.tensors.broadcast_alignment import Alignment, OperandRow
from playground.models.tensors.broadcast_operators import BROADCAST_OPERATORS, postfix_text
from playground.models.words import joined, shape_in_words

LETTERS = "ijklmnpqrstuvwxyz"


def axes_text(axes: Sequence[int]) -> str:
    """Axes by number: "axis 1", "axes 0 and 2"."""
    return f"{'axis' if len(axes) == 1 else 'axes'} {joined([str(axis) for axis in axes])}"


def element_text(row: OperandRow, letters: Sequence[str]) -> str:
    """The element of an operand that goes into a result element: `v[j]`, `pred[i, 0]`, and `v[i]` for `v[:, None]`.

    `letters` index the result; a size-1 axis that the operand's own text inserted is written without its 0.
    """
    own = [
        "0" if cell.size == 1 else letters[position] for position, cell in enumerate(row.cells) if cell.axis is not None
    ]
    base, inserted = inserted_axes(row.label, len(row.shape))
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


def formula_text(alignment: Alignment, symbol: str) -> str:
    """Element by element, as it is computed: `result[i, j] = A[i, j] + v[j]`."""
    letters = _letters(alignment.rank)
    terms = [element_text(row, letters) for row in alignment.rows]
    target = f"result[{', '.join(letters)}]" if letters else "result"
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
        return f"The result `{shape_in_words(shape)}` has no elements: nothing is computed."
    stretched = alignment.stretched_rows
    if len(alignment.rows) < 2:
        return f"{'One' if alignment.rows else 'No'} operand: nothing is stretched."
    if not stretched:
        together = words.together if words else "meet"
        return f"{joined([f'`{row.label}`' for row in alignment.rows])} {together} element by element."
    if len(alignment.rows) == 2 and len(stretched) == 1:
        return _one_stretched(alignment, stretched[0], symbol)
    if len(alignment.rows) == 2 and _is_outer(alignment):
        first, second = alignment.rows
        return f"Every element of `{first.label}` meets every element of `{second.label}`."
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
    template = (words.left if is_left else words.right) if words else "{v} meets {m}"
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
