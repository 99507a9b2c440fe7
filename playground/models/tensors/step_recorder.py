"""Notes the steps of a line while it is computed."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from playground.models.outcome import Span
from playground.models.tensors.copy_reason import copy_reason
from playground.models.tensors.source_text import ExpressionText
from playground.models.tensors.steps import Kind, Step, kind_of, share_storage
from playground.models.tensors.vocabulary import Word
from playground.models.tensors.vocabulary.bounds import tensors


@dataclass(frozen=True, slots=True, eq=False)
class _Parts:
    """A call that gave several tensors, of which one will be picked."""

    value: Any
    node: ast.expr
    word: Word
    operands: Sequence[torch.Tensor]
    nodes: Sequence[ast.expr]


class StepRecorder:
    """Collects the `Step`s of one line; holds on to the tensors in between only while the line runs."""

    def __init__(self, parsed: ExpressionText, environment: Mapping[str, torch.Tensor]) -> None:
        self.parsed, self.environment = parsed, environment
        self.steps: list[Step] = []
        self._previous: torch.Tensor | None = None
        self._parts: list[_Parts] = []

    def record(
        self, node: ast.expr, word: Word, positional: Sequence[Any], nodes: Sequence[ast.expr], result: Any
    ) -> None:
        """Add the step of one call, and before it the stretching of its operands.

        A call that gives several tensors makes its step when one of them is picked.
        """
        if not isinstance(result, torch.Tensor):
            if isinstance(result, tuple | list) and tensors(result):
                self._parts.append(_Parts(result, node, word, tensors(positional), nodes))
            return
        if positional and not isinstance(positional[0], torch.Tensor) and word.name in (".values", ".indices"):
            self.record_part(node, positional[0], result)
            return
        results = [result]
        operands = tensors(positional)
        if word.stretches and len(operands) > 1:
            self._stretches(nodes, positional, results[0].shape)
        copies = word.storage in ("copy", "view or copy")
        kind = kind_of(results[0], operands, copies)
        self._add(
            self._code(node, nodes),
            self._suffix(node),
            self.parsed.span(node),
            kind=kind,
            result=results[0],
            operands=operands,
            word=word,
        )

    def record_part(self, node: ast.expr, value: Any, picked: Any) -> None:
        """Add the step of a call that gives several tensors, now that one of them is picked."""
        call = next((parts for parts in self._parts if parts.value is value), None)
        if call is None or not isinstance(picked, torch.Tensor):
            return
        word = call.word
        kind = kind_of(picked, call.operands, word.storage in ("copy", "view or copy"))
        end = self.parsed.text[self.parsed.span(call.node).stop : self.parsed.span(node).stop].lstrip(") ")
        code, suffix = self._code(call.node, call.nodes) + end, self._suffix(call.node) + end
        self._add(code, suffix, self.parsed.span(node), kind=kind, result=picked, operands=call.operands, word=word)

    def note_alias(self, tensor: torch.Tensor) -> None:
        """Add the step of a line that is a bare name."""
        text = self.parsed.text.strip()
        self._add(
            text, text, self.parsed.span(self.parsed.root), kind="same", result=tensor, operands=[tensor], word=None
        )

    def _stretches(self, nodes: Sequence[ast.expr], positional: Sequence[Any], shape: torch.Size) -> None:
        for node, operand in zip(nodes, positional, strict=False):
            if not isinstance(operand, torch.Tensor) or operand.shape == shape or operand.ndim > len(shape):
                continue
            try:
                stretched = operand.expand(shape)
            except RuntimeError:
                continue
            if operand.ndim:
                self._add(
                    "",
                    "stretched",
                    self.parsed.span(node),
                    kind="view",
                    result=stretched,
                    operands=[operand],
                    word=None,
                )

    def _add(
        self,
        code: str,
        suffix: str,
        span: Span,
        *,
        kind: Kind,
        result: torch.Tensor,
        operands: Sequence[torch.Tensor],
        word: Word | None,
    ) -> None:
        source = operands[0] if operands else None
        base = next((name for name, tensor in self.environment.items() if share_storage(tensor, result)), "")
        previous = self._previous
        self.steps.append(
            Step(
                code="stretched" if suffix == "stretched" else code,
                span=span,
                kind=kind,
                shape=tuple(result.shape),
                strides=result.stride(),
                offset=result.storage_offset(),
                dtype=result.dtype,
                own_bytes=result.nbytes,
                storage_bytes=result.untyped_storage().nbytes(),
                suffix=suffix,
                word=word.name if word else "",
                base=base,
                shares_previous=previous is not None and share_storage(previous, result),
                source_shape=tuple(source.shape) if source is not None else (),
                source_strides=source.stride() if source is not None else (),
                source_dtype=source.dtype if source is not None else None,
                reason=copy_reason(word, source, result) if kind == "copy" and word and source is not None else "",
            )
        )
        self._previous = result

    def _code(self, node: ast.expr, nodes: Sequence[ast.expr]) -> str:
        """The text of a call with the operands that are steps of their own left out: `A + …`, `.reshape(12)`."""
        whole = self.parsed.span(node)
        receiver = _receiver(node)
        text = self.parsed.text
        if receiver is not None and _is_step(receiver):
            return self._suffix(node)
        pieces, place = [], whole.start
        for operand in sorted(_opened(nodes), key=lambda operand: self.parsed.span(operand).start):
            span = self.parsed.span(operand)
            if operand is not receiver and _is_step(operand) and span.start >= place:
                pieces.append(text[place : span.start] + "…")
                place = span.stop
        pieces.append(text[place : whole.stop])
        return "".join(pieces)

    def _suffix(self, node: ast.expr) -> str:
        receiver = _receiver(node)
        whole = self.parsed.span(node)
        if receiver is None:
            return whole.of(self.parsed.text)
        text = self.parsed.text[self.parsed.span(receiver).stop : whole.stop]
        return text.lstrip(") ") if text.startswith((")", " ")) else text


def _opened(nodes: Sequence[ast.expr]) -> list[ast.expr]:
    """The arguments with lists and tuples opened up."""
    found: list[ast.expr] = []
    for node in nodes:
        found += _opened(node.elts) if isinstance(node, ast.List | ast.Tuple) else [node]
    return found


def _receiver(node: ast.expr) -> ast.expr | None:
    """The tensor that a method, property or index works on."""
    match node:
        case ast.Call(func=ast.Attribute(value=value)) if not _is_torch(value):
            return value
        case ast.Attribute(value=value) | ast.Subscript(value=value) if not _is_torch(value):
            return value
    return None


def _is_torch(node: ast.expr) -> bool:
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and node.id == "torch"


def _is_step(node: ast.expr) -> bool:
    """Whether computing a node makes a tensor, so that it has a step of its own."""
    if isinstance(node, ast.Call | ast.Subscript | ast.BinOp | ast.Compare):
        return True
    if isinstance(node, ast.UnaryOp):
        return not isinstance(node.operand, ast.Constant)
    return isinstance(node, ast.Attribute) and node.attr in ("T", "mT", "H", "values", "indices")
