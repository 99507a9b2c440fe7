"""The sum behind a cell as columns of text and as segments of a bar, and the widths of the columns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from playground.models.einsum.labels import Indexing
from playground.models.einsum.terms import STEPPED_TERMS, CellSum, Number, ProductTerm
from playground.models.evaluation.reader import exact_text, fitted_text, tidy_number
from playground.models.provenance.story import first_text
from playground.widgets.look import words_font
from playground.widgets.painting import text_width
from playground.widgets.text.runs import Run

PLUS, TIGHT_PLUS = 36, 20
LEAST_COLUMN = 40.0
_SIGN = 7.2


@dataclass(frozen=True, slots=True)
class TermsSpacing:
    """The widths of each column, each plus sign and the text for omitted terms, in pixels."""

    column: float
    plus: float = PLUS
    gap: str = ""

    @property
    def sign_at(self) -> float:
        """The offset of the plus sign within its gap."""
        return round((self.plus - _SIGN) / 2)

    def width(self, columns: int) -> float:
        """The width of so many columns with the gaps between them."""
        signs = columns - 1 + bool(self.gap)
        return columns * self.column + signs * self.plus + text_width(words_font(), self.gap)


def terms_spacing(column: float, columns: int, hidden: int, room: float) -> TermsSpacing:
    """Roomy if that fits into `room`; otherwise closer together and, if still too wide, with cut columns."""
    roomy = TermsSpacing(column, gap=f"{hidden:,} more" if hidden else "")
    tight = TermsSpacing(column, TIGHT_PLUS, "…" if hidden else "")
    if roomy.width(columns) <= room:
        return roomy
    over = tight.width(columns) - room
    return TermsSpacing(max(LEAST_COLUMN, column - max(0.0, over) / columns), tight.plus, tight.gap)


MOST_SEGMENTS = 120


@dataclass(frozen=True, slots=True)
class Segment:
    """A share of the sum of all |products|, from 0 to 1; `number` is its last term's."""

    share: float
    is_negative: bool
    number: int


def segments_of(cell_sum: CellSum) -> tuple[Segment, ...]:
    """One segment per term, or for each group of neighbours one for what is added and one for what is subtracted."""
    count = len(cell_sum.products)
    if count < 2 or cell_sum.block > 1:
        return ()
    values = _signed(cell_sum.products)
    total = float(np.abs(values).sum())
    if not 0 < total < math.inf:
        return ()
    starts = np.arange(0, count, -(-count // MOST_SEGMENTS))
    added = np.add.reduceat(np.maximum(values, 0), starts) / total
    taken = np.add.reduceat(np.maximum(-values, 0), starts) / total
    ends = np.append(starts[1:], count) - 1
    pairs = zip(added.tolist(), taken.tolist(), ends.tolist(), strict=True)
    both = ((share, sign, last) for more, less, last in pairs for share, sign in ((more, False), (less, True)))
    return tuple(Segment(share, sign, last) for share, sign, last in both if share > 0)


def _signed(products: Sequence[Number]) -> NDArray[np.float64]:
    """Real products as they are, complex ones by their modulus; integers too large for a float count as infinite."""
    if isinstance(products[0], complex):
        return np.array([abs(product) for product in products], float)
    try:
        return np.array(products, float)
    except OverflowError:
        return np.full(len(products), np.inf)


PRODUCT_DIGITS = 6
FACTOR_CHARACTERS = 7


@dataclass(frozen=True, slots=True)
class TermColumn:
    """One term: its cells with the summed indices underlined, its numbers, its product."""

    cells: tuple[Run, ...]
    numbers: str
    product: str
    is_added: bool = True


def cell_value_text(value: Number, dtype: str) -> str:
    """A cell's value, exactly as the grid shows it."""
    return exact_text(value, dtype)


def factor_text(value: Number, dtype: str) -> str:
    """A factor, rounded if it has more than seven characters."""
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
    """`A[1,0]` with the indices of summed letters underlined in their colours."""
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
    """The column of a term; marked as not added yet if the sum is only shown up to an earlier term."""
    cells: list[Run] = []
    for operand, cell in enumerate(term.cells):
        if operand:
            cells.append(Run("*", "code"))
        cells.extend(cell_runs(indexing, operand, cell))
    factors = [factor_text(value, dtype) for value, dtype in zip(term.factors, dtypes, strict=True)]
    numbers = "*".join(map(first_text, factors)) if len(factors) > 1 else factors[0]
    return TermColumn(tuple(cells), numbers, product_text(term.product), upto is None or term.number < upto)


def term_columns(indexing: Indexing, cell_sum: CellSum, dtypes: Sequence[str]) -> tuple[TermColumn, ...]:
    """All columns that are shown."""
    return tuple(term_column(indexing, term, dtypes, cell_sum.upto) for term in cell_sum.terms)


def exactness(cell_sum: CellSum, dtype: str) -> str:
    """A note if the cell is not the exact sum: floats round, integers wrap around.

    For a sum too long to step through, the note says so.
    """
    if cell_sum.count > STEPPED_TERMS:
        return f"{cell_sum.count:,} terms, too many to step through"
    if not cell_sum.is_rounded or cell_sum.exact is None:
        return ""
    if isinstance(cell_sum.exact, int):
        return f"wrapped around in {dtype}, exactly {int(cell_sum.exact)}"
    return f"rounded in {dtype}, exactly {exact_text(cell_sum.exact, 'float64')}"


def spoken(indexing: Indexing, cell_sum: CellSum, dtypes: Sequence[str], dtype: str) -> str:
    """The whole sum as one line, for assistive tools and the clipboard."""
    columns = term_columns(indexing, cell_sum, dtypes)
    name = "".join(run.text for run in result_runs(indexing, cell_sum.index))
    cells = _with_gap(["".join(run.text for run in column.cells) for column in columns], cell_sum)
    numbers = _with_gap([column.numbers for column in columns], cell_sum)
    value = "" if cell_sum.value is None else f" = {cell_value_text(cell_sum.value, dtype)}"
    if len(indexing.shapes) == 1 and cell_sum.count == 1:
        return f"{name} = {cells}{value or f' = {numbers}'}"
    return f"{name} = {cells} = {numbers}{value}" if columns else f"{name} = 0, a sum of no terms"


def _with_gap(parts: list[str], cell_sum: CellSum) -> str:
    if cell_sum.hidden:
        parts.insert(cell_sum.head, f"... {cell_sum.hidden} more ...")
    return " + ".join(parts)
