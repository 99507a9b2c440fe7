"""Why shapes fit or clash, which operands are stretched along which axes, the cost, and fixes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from playground.models.broadcasting.alignment import Alignment, AxisCell, OperandRow, Shape, align
from playground.models.broadcasting.fixes import Spelling, element_by_element_fixes, mending_fixes
from playground.models.broadcasting.operators import (
    LETTERS,
    axes_text,
    formula_text,
    postfix_text,
    sentence_markup,
    sentence_text,
)
from playground.models.formatting import joined, shape_in_words
from playground.models.printed import Part, Printed, TextTable, fixes_told
from playground.models.problem import Fix, Problem


@dataclass(frozen=True, slots=True, repr=False)
class BroadcastExplanation(Printed):
    """The outcome of broadcasting some shapes.

    `shape` is None when they clash, and `problem` then says where and how to fix it. `warning` is set when they fit
    but every operand is stretched. `result_bytes` is what the result allocates: stretching itself costs
    nothing, because the stretched axes get stride 0.
    """

    alignment: Alignment
    operator: str
    sentence_markup: str
    formula: str
    problem: Problem | None
    warning: Problem | None
    result_bytes: int

    @property
    def shape(self) -> Shape | None:
        """The shape of the result, or None when the operands do not fit (in place: do not fit into the first)."""
        return None if self.problem else self.alignment.shape

    @property
    def rows(self) -> tuple[OperandRow, ...]:
        """The operands under the result's axes."""
        return self.alignment.rows

    @property
    def table(self) -> tuple[OperandRow, ...]:
        """The same as `rows`: the aligned table, axis by axis."""
        return self.alignment.rows

    @property
    def stretched(self) -> tuple[OperandRow, ...]:
        """The operands that are stretched."""
        return self.alignment.stretched_rows

    @property
    def sentence(self) -> str:
        """What the operation does, in a sentence that holds for every element: "v is added to each row of M."."""
        return self.sentence_markup.replace("`", "")

    @property
    def vain_edit(self) -> str:
        """On a clash, the edit that people often try first but that does not help, and why; code in backticks."""
        return _vain_edit(self.alignment) if self.alignment.clashes else ""

    @property
    def verdict(self) -> str:
        """In a few words: "fits, 1 operand stretched", "4 against 3"."""
        if self.problem:
            return self.problem.badge
        count = len(self.stretched)
        if not count:
            return "fits, nothing stretched"
        return f"fits, {count} {'operand' if count == 1 else 'operands'} stretched"

    def told(self) -> tuple[Part, ...]:
        """The table, axis by axis, with what is the matter or what the operation does, and the fixes."""
        sizes = self.alignment.sizes
        rows = [
            (row.label, *(_cell_text(cell, size) for cell, size in zip(row.cells, sizes, strict=True)))
            for row in self.rows
        ]
        result = ("result", *("?" if size is None else str(size) for size in sizes))
        roles = ("", *(self.alignment.column_role(axis) for axis in range(len(sizes))))
        head = ("axis", *map(str, range(len(sizes))))
        problem = self.problem or self.warning
        said = self.verdict if self.problem is None else ""
        return (
            TextTable(head, [*rows, result, roles], "lr"),
            f"{self.sentence} It {said}." if said else "",
            "" if problem is None else str(problem),
            *fixes_told(() if problem is None else problem.fixes),
        )


def _cell_text(cell: AxisCell, size: int | None) -> str:
    """`1 → 4` if the operand is stretched, `– → 4` if it has no such axis, otherwise its size."""
    own = "–" if cell.size is None else str(cell.size)
    return f"{own} → {size}" if cell.role in ("stretched", "missing") and size is not None else own


def explain_broadcast(
    *shapes: Sequence[int],
    names: Sequence[str] | None = None,
    operator: str = "+",
    itemsize: int = 4,
    spelling: Spelling = "method",
) -> BroadcastExplanation:
    """Explain `a + b` for operands of these shapes; `names` are the operands' texts (a, b, c by default).

    An `operator` that ends in `=` and is not a comparison (`+=`) works in place: the first operand cannot grow.
    `itemsize` is the result's bytes per element. Fixes are spelled `a.unsqueeze(1)` ("method") or `a[:, None]`
    ("index"); their `target` is the operand's text. Shapes align at the right, a missing axis counts as 1, and sizes
    must be equal or one of them 1.

    >>> explain_broadcast((3,), (3, 4)).problem.fixes[0].code
    'a.unsqueeze(1)'
    """
    clean = [tuple(int(size) for size in shape) for shape in shapes]
    texts = tuple(names) if names is not None else default_names(len(clean))
    alignment = align(clean, texts)
    in_place = operator.endswith("=") and operator not in ("==", "!=", "<=", ">=")
    symbol = operator[:-1] if in_place else operator
    problem = _clash_problem(alignment, symbol, spelling) or (_growth_problem(alignment, symbol) if in_place else None)
    elements = prod(alignment.shape) if alignment.shape is not None else 0
    return BroadcastExplanation(
        alignment=alignment,
        operator=operator,
        sentence_markup="" if problem else sentence_markup(alignment, symbol),
        formula="" if problem else formula_text(alignment, symbol),
        problem=problem,
        warning=None if problem else _warning(alignment, symbol, spelling),
        result_bytes=0 if problem or in_place else elements * itemsize,
    )


def default_names(count: int) -> tuple[str, ...]:
    """a, b, c and so on, for operands without a name."""
    return tuple(chr(ord("a") + place) if place < 26 else f"operand{place}" for place in range(count))


def _clash_problem(alignment: Alignment, symbol: str, spelling: Spelling) -> Problem | None:
    if not alignment.clashes:
        return None
    pairs = [_clashing_pair(alignment, axis) for axis in reversed(alignment.clashes)]
    parts = [
        f"{axes_text([first[1]])} of {first[0].label} is {first[2]}, "
        f"{axes_text([second[1]])} of {second[0].label} is {second[2]}"
        for first, second in pairs
    ]
    message = "; ".join(parts) + f". {'Neither' if len(parts) == 1 else 'None of them'} is 1."
    first, second = pairs[0]
    shapes = [row.shape for row in alignment.rows]
    names = [row.name for row in alignment.rows]
    return Problem(
        message[0].upper() + message[1:],
        fixes=mending_fixes(shapes, names, symbol, spelling),
        badge=f"{first[2]} against {second[2]}",
    )


def _vain_edit(alignment: Alignment) -> str:
    """A new axis in front of the shorter operand, which changes nothing: a missing axis already counts as 1."""
    first, second = _clashing_pair(alignment, alignment.clashes[-1])
    short, other = sorted((first, second), key=lambda side: len(side[0].shape))
    row, axis, size = short
    if len(row.shape) == alignment.rank:
        return ""
    edited = f"`{postfix_text(row.label)}[None]` is `{shape_in_words((1, *row.shape))}`"
    shown = f"its axis {axis + 1} is {size} and still clashes with {other[2]}"
    return f"A new axis in front would not help: {edited}, {shown}."


Side = tuple[OperandRow, int, int]


def _clashing_pair(alignment: Alignment, axis: int) -> tuple[Side, Side]:
    """The first two operands that disagree at an axis of the result, each with its own axis and size."""
    sides = [
        (row, cell.axis, cell.size)
        for row in alignment.rows
        for cell in [row.cells[axis]]
        if cell.axis is not None and cell.size is not None and cell.size != 1
    ]
    second = next(side for side in sides if side[2] != sides[0][2])
    return sides[0], second


def _growth_problem(alignment: Alignment, symbol: str) -> Problem | None:
    target, shape = alignment.rows[0], alignment.shape
    if shape is None or shape == target.shape:
        return None
    names = [row.name for row in alignment.rows]
    code = f" {symbol} ".join(names)
    return Problem(
        f"In place, {target.label} keeps its shape {shape_in_words(target.shape)}, "
        f"but the result would be {shape_in_words(shape)}. Out of place, the result is a new tensor.",
        fixes=(Fix(code, gives=shape_in_words(shape), meaning=sentence_text(alignment, symbol)),),
        badge="cannot grow",
    )


def _warning(alignment: Alignment, symbol: str, spelling: Spelling) -> Problem | None:
    rows, shape = alignment.rows, alignment.shape
    if shape is None or len(rows) < 2 or len(alignment.stretched_rows) < len(rows):
        return None
    names = [row.name for row in rows]
    told = [f"{row.label} {shape_in_words(row.shape)}" for row in rows]
    everybody = "both" if len(rows) == 2 else "all"
    pairs = _pairs_text(alignment)
    fixes = element_by_element_fixes([row.shape for row in rows], names, symbol, spelling)[:2]
    return Problem(
        f"{joined(told)} are {everybody} stretched: the result is {shape_in_words(shape)}{pairs}.",
        fixes=(*fixes, *_said_outright(alignment)),
        badge=f"{everybody} stretched",
        severity="warning",
    )


def _pairs_text(alignment: Alignment) -> str:
    if len(alignment.rows) != 2:
        return ""
    first, second = alignment.rows
    shape = alignment.shape or ()
    shared = [
        axis for axis, size in enumerate(shape) if size != 1 and axis not in (*first.stretched, *second.stretched)
    ]
    pairs = f", every element of {first.label} against every element of {second.label}"
    if 0 in shape:
        return ""
    letters = [LETTERS[axis] for axis in shared if axis < len(LETTERS)]
    return f"{pairs} of the same {joined(letters)}" if letters else pairs


def _said_outright(alignment: Alignment) -> tuple[Fix, ...]:
    """The other possible intention, all pairs on purpose: write the operand's missing leading axes explicitly."""
    fixes = []
    for row in alignment.rows:
        missing = alignment.rank - len(row.shape)
        if missing and row.name.isidentifier():
            code = f"{row.name}[{', '.join(['None'] * missing)}]"
            meaning = "The same result, with the stretch written explicitly: you want every pair."
            fixes.append(Fix(code, gives=shape_in_words(alignment.shape or ()), meaning=meaning, target=row.name))
    return tuple(fixes)
