"""Cells that are sums of products, term by term: matrix products, outer products, einsum, layers, and Kronecker's."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch

from playground.models.einsum.equation import parse_equation
from playground.models.einsum.labels import Indexing, index_labels
from playground.models.einsum.terms import cells_of_term, count_of_terms, place_of_term
from playground.models.problem import ProblemError
from playground.models.provenance.calls import ComputedLine, NamedCall, named_call
from playground.models.provenance.story import (
    CellStory,
    Index,
    SourceTensor,
    StoryLine,
    aligned,
    bracketed_text,
    lines_shown,
    told_alone,
)

PRODUCTS = ("matmul", "mm", "mv", "dot", "bmm", "vdot")
OUTER = ("outer", "ger")
ADDED = {"addmm": "", "addmv": "", "baddbmm": "", "addr": "i,j->ij"}
"""Words that add a product to the first tensor, and the product's einsum; for matrices, their axes decide."""


@dataclass(frozen=True, slots=True, eq=False)
class TermsStory:
    """`C[0,1] = A[0,0]*B[0,1] + ...`: each term with its numbers, first the `added` one; for a product, its factors."""

    name: str
    tensor: torch.Tensor
    operands: tuple[SourceTensor, ...]
    indexing: Indexing
    added: SourceTensor | None = None

    def at(self, index: Index) -> CellStory | None:
        """The story of one element; None for an index outside."""
        told = told_alone(self.name, self.tensor, index)
        if told is None:
            return None
        if not self.indexing.summed and self.added is None:
            return replace(told, lines=self._factors(index, 0), conclusion="product")
        first = () if self.added is None else (self.added.line(aligned(index, self.added.tensor.shape)),)
        count = len(first) + count_of_terms(self.indexing)
        shown = lines_shown(count)
        terms = (_multiplied(self._factors(index, number)) for number in range(shown - len(first)))
        return replace(told, lines=(*first, *terms), conclusion="sum", more=count - shown)

    def _factors(self, index: Index, number: int) -> tuple[StoryLine, ...]:
        """The element of each operand in one term."""
        cells = cells_of_term(self.indexing, index, place_of_term(self.indexing, number))
        return tuple(operand.line(cell) for operand, cell in zip(self.operands, cells, strict=True))


class Contraction(NamedTuple):
    """An einsum (empty: for matrices, their axes decide), its operands, and what it is added to."""

    equation: str = ""
    operands: Sequence[ast.expr] = ()
    added: ast.expr | None = None


@dataclass(frozen=True, slots=True, eq=False)
class KroneckerStory:
    """`C[r,c] = A[r // p, c // q] * B[r % p, c % q]` for B of (p, q)."""

    name: str
    tensor: torch.Tensor
    first: SourceTensor
    second: SourceTensor

    def at(self, index: Index) -> CellStory | None:
        """The story of one element; None for an index outside."""
        told = told_alone(self.name, self.tensor, index)
        if told is None:
            return None
        sizes = (*[1] * len(index), *self.second.tensor.shape)[-len(index) :] if index else ()
        pairs = [divmod(place, size) for place, size in zip(index, sizes, strict=True)]
        lines = tuple(
            operand.line(tuple(pair[part] for pair in pairs[len(pairs) - operand.tensor.ndim :]))
            for part, operand in enumerate((self.first, self.second))
        )
        return replace(told, lines=lines, conclusion="product")


def kronecker_story(line: ComputedLine) -> KroneckerStory | None:
    """`torch.kron(A, B)`."""
    call = named_call(line.root)
    if call is None or call.name != "kron" or len(call.arguments) != 1:
        return None
    first, second = line.operand(call.owner), line.operand(call.arguments[0])
    return None if first is None or second is None else KroneckerStory(line.name, line.tensor, first, second)


def _multiplied(factors: Sequence[StoryLine]) -> StoryLine:
    """`A[0,0]*B[0,1]` with its numbers, negative ones in brackets; a single factor as it is."""
    if len(factors) == 1:
        return factors[0]
    return StoryLine(
        "*".join(factor.label for factor in factors), "*".join(bracketed_text(factor.value) for factor in factors)
    )


def terms_story(line: ComputedLine) -> TermsStory | None:
    """`A @ B`, `A.mv(v)`, `torch.outer(v, w)`, `torch.einsum("ij,jk->ik", A, B)`, `torch.addmm(v, A, B)`."""
    equation, parts, front = _equation_of(line.root)
    added = None if front is None else line.operand(front)
    operands = tuple(operand for part in parts if (operand := line.operand(part)) is not None)
    if not parts or len(operands) < len(parts) or (front is not None and added is None):
        return None
    if not equation:
        equation = _of_matrices(operands)
    if _conjugates(line.root):
        operands = (operands[0].conjugated(), *operands[1:])
    try:
        indexing = index_labels(parse_equation(equation), [tuple(operand.tensor.shape) for operand in operands])
    except ProblemError:  # not a valid product: the line itself says why
        return None
    # An einsum of one operand without a sum is a view, and is told as one.
    if indexing.is_view or indexing.output_shape != tuple(line.tensor.shape):
        return None
    return TermsStory(line.name, line.tensor, operands, indexing, added)


def _equation_of(root: ast.expr) -> Contraction:
    """The product of a line; empty if it is not a product."""
    if isinstance(root, ast.BinOp) and isinstance(root.op, ast.MatMult):
        return Contraction("", (root.left, root.right))
    call = named_call(root)
    if call is None:
        return Contraction()
    if call.name in PRODUCTS and len(call.arguments) == 1:
        return Contraction("", (call.owner, *call.arguments))
    if call.name in OUTER and len(call.arguments) == 1:
        return Contraction("i,j->ij", (call.owner, *call.arguments))
    if call.name in ADDED and len(call.arguments) == 2 and not call.keywords:
        return Contraction(ADDED[call.name], call.arguments, call.owner)
    if call.name == "linear":
        return _layer(call)
    if call.name == "einsum" and isinstance(call.owner, ast.Constant) and isinstance(call.owner.value, str):
        match call.arguments:
            case (ast.List(elts=listed) | ast.Tuple(elts=listed),):
                return Contraction(call.owner.value, listed)
        return Contraction(call.owner.value, call.arguments)
    return Contraction()


def _layer(call: NamedCall) -> Contraction:
    """`torch.nn.functional.linear(x, w, b)`: the weight is (fan_out, fan_in)."""
    weight, bias = call.given(0, "weight"), call.given(1, "bias")
    if weight is None:
        return Contraction()
    is_none = isinstance(bias, ast.Constant) and bias.value is None
    return Contraction("...j,kj->...k", (call.owner, weight), None if is_none else bias)


def _of_matrices(operands: Sequence[SourceTensor]) -> str:
    """`...ij,...jk->...ik`, without what a vector does not have; leading axes are batches and broadcast."""
    left, right = (operand.tensor.ndim for operand in operands)
    batch = "..." if max(left, right) > 2 else ""
    before, after = ("i" if left > 1 else "", "k" if right > 1 else "")
    first, second = (batch if rank > 1 else "" for rank in (left, right))
    return f"{first}{before}j,{second}j{after}->{batch}{before}{after}"


def _conjugates(root: ast.expr) -> bool:
    """True if the first operand is conjugated: `torch.vdot(z, w)`."""
    call = named_call(root)
    return call is not None and call.name == "vdot"
