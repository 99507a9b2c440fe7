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
from playground.models.tensors.step_text import step_texts
from playground.models.tensors.steps import Kind, Step, kind_of, storage_key
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
        self.parsed = parsed
        self._bases: dict[int, str] = {}
        for name, tensor in environment.items():
            self._bases.setdefault(storage_key(tensor), name)
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
        operands = tensors(positional)
        if word.stretches and len(operands) > 1:
            self._stretches(nodes, positional, result.shape)
        kind = kind_of(result, operands, word.storage in ("copy", "view or copy"))
        code, suffix = step_texts(self.parsed, node, nodes)
        self._add(code, suffix, self.parsed.span(node), kind=kind, result=result, operands=operands, word=word)

    def record_part(self, node: ast.expr, value: Any, picked: Any) -> None:
        """Add the step of a call that gives several tensors, now that one of them is picked."""
        call = next((parts for parts in self._parts if parts.value is value), None)
        if call is None or not isinstance(picked, torch.Tensor):
            return
        word = call.word
        kind = kind_of(picked, call.operands, word.storage in ("copy", "view or copy"))
        end = self.parsed.text[self.parsed.span(call.node).stop : self.parsed.span(node).stop].lstrip(") ")
        code, suffix = step_texts(self.parsed, call.node, call.nodes)
        self._add(
            code + end,
            suffix + end,
            self.parsed.span(node),
            kind=kind,
            result=picked,
            operands=call.operands,
            word=word,
        )

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
        storage, previous = storage_key(result), self._previous
        self.steps.append(
            Step(
                code="stretched" if suffix == "stretched" else code,
                span=span,
                kind=kind,
                shape=tuple(result.shape),
                strides=result.stride(),
                offset=int(result.storage_offset()),
                dtype=result.dtype,
                own_bytes=result.nbytes,
                storage_bytes=result.untyped_storage().nbytes(),
                suffix=suffix,
                word=word.name if word else "",
                base=self._bases.get(storage, ""),
                shares_previous=previous is not None and storage_key(previous) == storage,
                reason=copy_reason(word, source, result) if kind == "copy" and word and source is not None else "",
            )
        )
        self._previous = result
