"""Cells that are sums of products, term by term: matrix products, outer products, einsum."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from playground.models.einsum.equation import parse_equation
from playground.models.einsum.labels import Indexing, index_labels
from playground.models.einsum.terms import cells_of_term, count_of_terms, place_of_term
from playground.models.outcome import ProblemError
from playground.models.tensors.cell_story import CellStory, Index, Operand, StoryLine, lines_shown, told_alone
from playground.models.tensors.cell_story_line import Line, named_call
from playground.models.tensors.cell_story_words import bracketed_text

PRODUCTS = ("matmul", "mm", "mv", "dot", "bmm", "vdot")
OUTER = ("outer", "ger")


@dataclass(frozen=True, slots=True, eq=False)
class TermsStory:
    """`C[0,1] = A[0,0]*B[0,1] + ...`: each term with its numbers; of a single product its factors."""

    name: str
    tensor: torch.Tensor
    operands: tuple[Operand, ...]
    indexing: Indexing

    def at(self, index: Index) -> CellStory | None:
        """The story of one element; None for an index outside."""
        told = told_alone(self.name, self.tensor, index)
        if told is None:
            return None
        if not self.indexing.summed:
            return replace(told, lines=self._factors(index, 0), conclusion="product")
        count = count_of_terms(self.indexing)
        shown = lines_shown(count)
        lines = tuple(_multiplied(self._factors(index, number)) for number in range(shown))
        return replace(told, lines=lines, conclusion="sum", more=count - shown)

    def _factors(self, index: Index, number: int) -> tuple[StoryLine, ...]:
        """The element of each operand in one term."""
        cells = cells_of_term(self.indexing, index, place_of_term(self.indexing, number))
        return tuple(operand.line(cell) for operand, cell in zip(self.operands, cells, strict=True))


def _multiplied(factors: Sequence[StoryLine]) -> StoryLine:
    """`A[0,0]*B[0,1]` with its numbers, those below zero in brackets; a single factor as it is."""
    if len(factors) == 1:
        return factors[0]
    return StoryLine(
        "*".join(factor.label for factor in factors), "*".join(bracketed_text(factor.value) for factor in factors)
    )


def terms_story(line: Line) -> TermsStory | None:
    """`A @ B`, `A.mv(v)`, `torch.outer(v, w)`, `torch.einsum("ij,jk->ik", A, B)`."""
    equation, parts = _equation_of(line.root)
    operands = tuple(operand for part in parts if (operand := line.operand(part)) is not None)
    if not parts or len(operands) < len(parts):
        return None
    if not equation:
        equation = _of_matrices(operands)
    if _conjugates(line.root):
        operands = (operands[0].conjugated(), *operands[1:])
    try:
        indexing = index_labels(parse_equation(equation), [tuple(operand.tensor.shape) for operand in operands])
    except ProblemError:  # not a product that could be computed: the line itself says why
        return None
    # What einsum makes of one operand without a sum is a view, which is told as one.
    if indexing.is_view or indexing.output_shape != tuple(line.tensor.shape):
        return None
    return TermsStory(line.name, line.tensor, operands, indexing)


def _equation_of(root: ast.expr) -> tuple[str, Sequence[ast.expr]]:
    """The einsum that a line is, and its operands; of matrix products their axes decide, and it is empty."""
    if isinstance(root, ast.BinOp) and isinstance(root.op, ast.MatMult):
        return "", (root.left, root.right)
    call = named_call(root)
    if call is None:
        return "", ()
    if call.name in PRODUCTS and len(call.arguments) == 1:
        return "", (call.owner, *call.arguments)
    if call.name in OUTER and len(call.arguments) == 1:
        return "i,j->ij", (call.owner, *call.arguments)
    if call.name == "einsum" and isinstance(call.owner, ast.Constant) and isinstance(call.owner.value, str):
        match call.arguments:
            case (ast.List(elts=listed) | ast.Tuple(elts=listed),):
                return call.owner.value, listed
        return call.owner.value, call.arguments
    return "", ()


def _of_matrices(operands: Sequence[Operand]) -> str:
    """`...ij,...jk->...ik`, without what a vector does not have; leading axes are batches and broadcast."""
    left, right = (operand.tensor.ndim for operand in operands)
    batch = "..." if max(left, right) > 2 else ""
    before, after = ("i" if left > 1 else "", "k" if right > 1 else "")
    first, second = (batch if rank > 1 else "" for rank in (left, right))
    return f"{first}{before}j,{second}j{after}->{batch}{before}{after}"


def _conjugates(root: ast.expr) -> bool:
    """Whether the first operand goes in conjugated: `torch.vdot(z, w)`."""
    call = named_call(root)
    return call is not None and call.name == "vdot"
