"""Which cell is explained, how many of its terms are shown, and which cells that highlights."""

from __future__ import annotations

from playground.models.einsum.request import EinsumResult
from playground.models.einsum.terms import Index, terms_of, with_fewer_terms
from playground.widgets.einsum.sum_lines import factor_text
from playground.widgets.einsum.tensors_row import TensorsRow, holds
from playground.widgets.einsum.terms_view import TermsView

LEAST_TERMS = 2


class CellFocus:
    """Keeps the grids and the written sum on the same cell."""

    def __init__(self, tensors: TensorsRow, terms: TermsView) -> None:
        self._tensors, self._terms = tensors, terms
        self._result: EinsumResult | None = None
        self._cell: Index | None = None
        self._upto: int | None = None
        self._told: tuple[EinsumResult, Index, int | None, int] | None = None

    @property
    def cell(self) -> Index | None:
        """The cell of the result whose sum is written out."""
        return self._cell

    def show_result(self, result: EinsumResult) -> None:
        """Show another result: keep the cell if it exists there, otherwise take the first."""
        before = self._result.plan if self._result is not None else None
        self._result = result
        assert result.plan is not None
        if before is None or before.indexing.equation != result.plan.indexing.equation:
            self._upto = None
        if self._cell is None or not self._holds(self._cell):
            self._cell = None

    def _holds(self, index: Index) -> bool:
        assert self._result is not None
        assert self._result.plan is not None
        return holds(self._result.plan.output_shape, index)

    def point_at_result(self, index: Index | None) -> None:
        """Explain a cell of the result; None: the last one explained."""
        if self._result is None or self._result.plan is None:
            return
        if index is not None and self._holds(index):
            if index != self._cell:
                self._upto = None
            self._cell = index
        self._settle()
        if self._cell is not None:
            self._tensors.point_at_result(self._cell)

    def point_at_operand(self, number: int, index: Index) -> None:
        """Highlight the cells that an operand's cell feeds; the sum stays that of the last explained cell."""
        self._settle()
        self._tensors.point_at_operand(number, index)

    def _settle(self) -> None:
        """Write the sum of the explained cell, or of the first cell if there was none."""
        if self._result is None or self._result.plan is None:
            return
        shape = self._result.plan.output_shape
        if self._cell is None and 0 not in shape:
            self._cell = (0,) * len(shape)
        if self._cell is None:
            self._told = None
            self._terms.set_note("The result has no elements.")
            return
        self._tell(self._cell)

    def retell(self) -> None:
        """Write the sum again with as many terms as now fit."""
        if self._cell is not None:
            self._tell(self._cell)

    def step_to(self, upto: int | None) -> None:
        """Show the sum up to a term."""
        self._upto = upto
        if self._cell is not None:
            self._tell(self._cell)

    def _tell(self, cell: Index) -> None:
        result = self._result
        assert result is not None
        assert result.plan is not None
        asked = result, cell, self._upto, self._terms.width()
        if asked == self._told:
            return
        is_same_cell = self._told is not None and self._told[:2] == asked[:2]
        before = self._terms.cell_sum if is_same_cell else None
        self._told = asked
        tensors = result.tensors
        if tensors is None:
            self._terms.set_note("The operands are too large to compute, so there are no numbers.")
            return
        indexing = result.plan.indexing
        dtypes = [str(operand.dtype).removeprefix("torch.") for operand in tensors]
        cell_sum = terms_of(indexing, tensors, cell, result.tensor, shown=LEAST_TERMS, upto=self._upto, before=before)
        longest = 4
        for term in cell_sum.terms:
            texts = (factor_text(value, dtype) for value, dtype in zip(term.factors, dtypes, strict=True))
            longest = max(longest, *(len(text) for text in texts))
        shown = self._terms.capacity(indexing, longest)
        while True:
            cell_sum = with_fewer_terms(cell_sum, indexing, tensors, shown)
            self._terms.set_sum(indexing, cell_sum, dtypes, result.dtype)
            shown = min(shown, len(cell_sum.terms)) - 1
            if shown < LEAST_TERMS or not self._terms.overflows():
                return
