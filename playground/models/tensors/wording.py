"""What failed, in one or two sentences with the names and sizes at hand."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

import torch

from playground.models.outcome import Fix, Problem, refuse
from playground.models.tensors.broadcasting import explain_broadcast
from playground.models.tensors.literals import shape_text
from playground.models.tensors.source_text import ExpressionText
from playground.models.tensors.vocabulary import Word


def guard_arguments(
    parsed: ExpressionText, node: ast.expr, word: Word, positional: Sequence[Any], keywords: dict[str, Any]
) -> None:
    """Refuse what torch would not, or would only with a misleading sentence: as_strided outside its storage."""
    if word.short_name == "as_strided":
        _guard_strided(parsed, node, positional, keywords)


def _guard_strided(parsed: ExpressionText, node: ast.expr, positional: Sequence[Any], keywords: dict[str, Any]) -> None:
    given = dict(zip(("input", "size", "stride", "storage_offset"), positional, strict=False)) | keywords
    tensor, sizes, strides = given.get("input"), given.get("size"), given.get("stride")
    offset = given.get("storage_offset")
    if (
        not isinstance(tensor, torch.Tensor)
        or not isinstance(sizes, tuple | list)
        or not isinstance(strides, tuple | list)
    ):
        return
    offset = tensor.storage_offset() if offset is None else offset
    numbers = (*sizes, *strides, offset)
    if len(sizes) != len(strides) or not all(isinstance(n, int) for n in numbers):
        return
    span = parsed.span(node)
    if min(numbers) < 0:
        refuse(f"Sizes, strides and the offset are 0 or more, and one is {min(numbers)}.", span, badge="below 0")
    if 0 in sizes:
        return
    item = tensor.element_size()
    last = offset + sum((size - 1) * stride for size, stride in zip(sizes, strides, strict=True))
    storage = tensor.untyped_storage().nbytes()
    if (last + 1) * item > storage:
        refuse(
            f"That reads bytes {offset * item:,} to {(last + 1) * item:,}, and the storage has {storage:,}.",
            span,
            badge="outside its storage",
        )


def failure_problem(
    parsed: ExpressionText,
    node: ast.expr,
    word: Word,
    nodes: Sequence[ast.expr],
    positional: Sequence[Any],
    keywords: dict[str, Any],
    error: Exception,
) -> Problem:
    """The problem of a call that torch refused."""
    if word.stretches:
        problem = _broadcast_problem(parsed, word, nodes, positional)
        if problem is not None:
            return problem
    return Problem(_cleaned(str(error)), parsed.span(node), badge="cannot be computed")


def _broadcast_problem(
    parsed: ExpressionText, word: Word, nodes: Sequence[ast.expr], positional: Sequence[Any]
) -> Problem | None:
    pairs = [(n, value) for n, value in zip(nodes, positional, strict=False) if isinstance(value, torch.Tensor)]
    if len(pairs) < 2:
        return None
    texts = [parsed.segment(n) for n, _ in pairs]
    explained = explain_broadcast(*(tuple(value.shape) for _, value in pairs), names=texts, spelling="index")
    problem = explained.problem
    if problem is None:
        return None
    fixes = []
    for fix in problem.fixes:
        place = next((parsed.span(n) for (n, _), text in zip(pairs, texts, strict=True) if fix.target == text), None)
        if place is not None:
            line = parsed.text[: place.start] + fix.code + parsed.text[place.stop :]
            fixes.append(Fix(line, fix.gives, fix.meaning, fix.code))
    span = parsed.span(pairs[-1][0])
    return Problem(problem.message, span, tuple(fixes), lead=problem.lead, badge=problem.badge)


def _cleaned(message: str) -> str:
    """The first sentence of a message, without torch's source lines and advice."""
    first = message.strip().split("\n")[0].strip()
    return (first[:1].upper() + first[1:300]) or "torch refuses this."
