"""The sum behind a cell as columns of text: `A[1,0]*B[2,0]`, `4*38`, `152`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from playground.models.einsum.labels import Indexing
from playground.models.einsum.terms import STEPPED_TERMS, CellSum, Number, ProductTerm
from playground.models.tensors.cell_story_words import first_text
from playground.models.tensors.cell_text import exact_text, fitted_text, tidy_number
from playground.widgets.common.runs import Run

PRODUCT_DIGITS = 6
FACTOR_CHARACTERS = 7


@dataclass(frozen=True, slots=True)
class TermColumn:
    """One term: its cells with the summed places underlined, its numbers, its product."""

    cells: tuple[Run, ...]
    numbers: str
    product: str
    is_added: bool = True


def number_text(value: Number, dtype: str) -> str:
    """A cell's value, exactly as in the grid."""
    return exact_text(value, dtype)


def factor_text(value: Number, dtype: str) -> str:
    """A factor, rounded where it has more than seven characters."""
    return fitted_text(value, dtype, FACTOR_CHARACTERS)


def product_text(value: Number) -> str:
    """A product or an exact sum, in at most six digits."""
    if isinstance(value, bool | int):
        return str(int(value))
    if isinstance(value, complex):
        return f"{value.real:.4g}{value.imag:+.4g}j"
    text = f"{value:.{PRODUCT_DIGITS}g}"
    return tidy_number(text) if math.isfinite(value) else text


def cell_runs(
    indexing: Indexing, operand: int, index: Sequence[int], underlined: bool = True, kind: str = "code"
) -> tuple[Run, ...]:
    """`A[1,0]` with the places of summed letters underlined in their colours."""
    runs = [Run(indexing.names[operand], kind)]
    labels = indexing.input_labels[operand]
    return (*runs, *_places(indexing, labels, index, underlined, kind))


def _places(
    indexing: Indexing, labels: Sequence[str], index: Sequence[int], underlined: bool, kind: str
) -> tuple[Run, ...]:
    if not index:
        return ()
    runs = [Run("[", kind)]
    for axis, (label, place) in enumerate(zip(labels, index, strict=True)):
        is_summed = indexing.labels[label].is_summed
        runs.append(Run(str(place), kind, axis=indexing.labels[label].place if underlined and is_summed else None))
        runs.append(Run("," if axis + 1 < len(index) else "]", kind))
    return tuple(runs)


def result_runs(indexing: Indexing, index: Sequence[int]) -> tuple[Run, ...]:
    """`C[1,2]` in bold."""
    return (
        Run(indexing.result_name, "bold code"),
        *_places(indexing, indexing.output_labels, index, False, "bold code"),
    )


def term_column(indexing: Indexing, term: ProductTerm, dtypes: Sequence[str], upto: int | None) -> TermColumn:
    """The column of a term; not added yet, if the sum has only grown up to an earlier one."""
    cells: list[Run] = []
    for operand, cell in enumerate(term.cells):
        if operand:
            cells.append(Run("*", "code"))
        cells.extend(cell_runs(indexing, operand, cell))
    factors = [factor_text(value, dtype) for value, dtype in zip(term.factors, dtypes, strict=True)]
    numbers = "*".join(map(first_text, factors)) if len(factors) > 1 else factors[0]
    return TermColumn(tuple(cells), numbers, product_text(term.product), upto is None or term.number < upto)


def term_columns(indexing: Indexing, cell_sum: CellSum, dtypes: Sequence[str]) -> tuple[TermColumn, ...]:
    """All columns that are written out."""
    return tuple(term_column(indexing, term, dtypes, cell_sum.upto) for term in cell_sum.terms)


def exactness(cell_sum: CellSum, dtype: str) -> str:
    """What to say where the cell is not the sum in exact arithmetic: floats round, integers wrap around.

    Of a sum that is too long to grow under the hand: that it is.
    """
    if cell_sum.count > STEPPED_TERMS:
        return f"{cell_sum.count:,} terms, too many to step through"
    if not cell_sum.is_rounded or cell_sum.exact is None:
        return ""
    if isinstance(cell_sum.exact, int):
        return f"wrapped around in {dtype}, exactly {int(cell_sum.exact)}"
    return f"rounded in {dtype}, exactly {exact_text(cell_sum.exact, 'float64')}"


def spoken(indexing: Indexing, cell_sum: CellSum, dtypes: Sequence[str], dtype: str) -> str:
    """The whole sum as one line of text, for assistive tools and the clipboard."""
    columns = term_columns(indexing, cell_sum, dtypes)
    name = "".join(run.text for run in result_runs(indexing, cell_sum.index))
    cells = _with_gap(["".join(run.text for run in column.cells) for column in columns], cell_sum)
    numbers = _with_gap([column.numbers for column in columns], cell_sum)
    value = "" if cell_sum.value is None else f" = {number_text(cell_sum.value, dtype)}"
    if len(indexing.shapes) == 1 and cell_sum.count == 1:
        return f"{name} = {cells}{value or f' = {numbers}'}"
    return f"{name} = {cells} = {numbers}{value}" if columns else f"{name} = 0, a sum of no terms"


def _with_gap(parts: list[str], cell_sum: CellSum) -> str:
    if cell_sum.hidden:
        parts.insert(cell_sum.head, f"... {cell_sum.hidden} more ...")
    return " + ".join(parts)
