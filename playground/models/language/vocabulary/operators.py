"""The operators, and torch's indexing with plans for indices with unknown values."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

import torch

from playground.models.language.vocabulary.bounds import indexed, multiplied, operands, stretched
from playground.models.language.vocabulary.plans import plan_matmul, plan_of_one, plan_of_two
from playground.models.language.vocabulary.word import VOCABULARY, Word


def index_tensor(tensor: torch.Tensor, index: Any) -> torch.Tensor:
    """`tensor[index]`; on the meta device, a mask picks everything it could, an integer tensor any row."""
    return tensor[_planned(index) if tensor.is_meta else index]


def _planned(index: Any) -> Any:
    if isinstance(index, tuple):
        parts: list[Any] = []
        for part in index:
            planned = _planned(part)
            parts.extend(planned) if isinstance(planned, tuple) else parts.append(planned)
        return tuple(parts)
    if isinstance(index, list) and index and all(isinstance(part, bool) for part in index):
        index = torch.tensor(index)
    if isinstance(index, torch.Tensor):
        if index.dtype is torch.bool:
            count = index.numel() if index.is_meta else int(index.sum())
            return tuple(torch.empty(count, dtype=torch.int64, device="meta") for _ in range(index.ndim))
        if index.ndim == 0:
            return 0
        return index.to("meta")
    return index


BINARY: dict[type[ast.operator], Word] = {}
UNARY: dict[type[ast.unaryop], Word] = {}
COMPARISON: dict[type[ast.cmpop], Word] = {}


def register_operators() -> None:
    """Add the operators to the vocabulary, under their signs."""
    for node, sign, call, description in (
        (ast.Add, "+", operator.add, "The sum."),
        (ast.Sub, "-", operator.sub, "The difference."),
        (ast.Mult, "*", operator.mul, "The product, element by element."),
        (ast.Div, "/", operator.truediv, "The quotient."),
        (ast.FloorDiv, "//", operator.floordiv, "The quotient rounded down."),
        (ast.Mod, "%", operator.mod, "The remainder."),
        (ast.Pow, "**", operator.pow, "The power."),
        (ast.BitAnd, "&", operator.and_, "Both, bit by bit."),
        (ast.BitOr, "|", operator.or_, "Either, bit by bit."),
        (ast.BitXor, "^", operator.xor, "Exactly one of the two, bit by bit."),
        (ast.LShift, "<<", operator.lshift, "Bits shifted left."),
        (ast.RShift, ">>", operator.rshift, "Bits shifted right."),
    ):
        BINARY[node] = _add(sign, call, description)
    matmul = Word("@", "", "The matrix product.", "operators", "new", operator.matmul, multiplied, plan=plan_matmul)
    BINARY[ast.MatMult] = VOCABULARY.register(matmul)
    for unary, sign, function, description in (
        (ast.USub, "-x", torch.neg, "The negative."),
        (ast.Invert, "~x", torch.bitwise_not, "Every bit flipped, True and False swapped."),
        (ast.UAdd, "+x", torch.positive, "The tensor itself."),
    ):
        UNARY[unary] = VOCABULARY.register(
            Word(sign, "", description, "operators", "new", function, operands, plan=plan_of_one(sign, function))
        )
    for comparison, sign, call, description in (
        (ast.Eq, "==", operator.eq, "Where they are equal."),
        (ast.NotEq, "!=", operator.ne, "Where they differ."),
        (ast.Lt, "<", operator.lt, "Where the left is less."),
        (ast.LtE, "<=", operator.le, "Where the left is less or equal."),
        (ast.Gt, ">", operator.gt, "Where the left is greater."),
        (ast.GtE, ">=", operator.ge, "Where the left is greater or equal."),
    ):
        COMPARISON[comparison] = _add(sign, call, description)


def _add(sign: str, call: Callable[[Any, Any], Any], description: str) -> Word:
    return VOCABULARY.register(
        Word(sign, "", description, "operators", "new", call, stretched, stretches=True, plan=plan_of_two(sign, call))
    )


INDEX = Word(
    "[]",
    "",
    "The elements at an index: slices, None and integers give views, lists and masks copies.",
    "operators",
    "view or copy",
    index_tensor,
    indexed,
)
