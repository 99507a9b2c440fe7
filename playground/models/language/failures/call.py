"""A call that failed, with its arguments by name."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from playground.models.language.source import ExpressionText
from playground.models.language.vocabulary import Word
from playground.models.problem import Fix, Problem, Span

LONGEST_NAME = 28


@dataclass(frozen=True, slots=True)
class FailedCall:
    """The called word and its arguments; `nodes` are the arguments' syntax trees, the receiver first."""

    parsed: ExpressionText
    node: ast.expr
    word: Word
    nodes: Sequence[ast.expr]
    positional: Sequence[Any]
    keywords: dict[str, Any]

    @property
    def span(self) -> Span:
        """The characters of the call."""
        return self.parsed.span(self.node)

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments by the parameters' names; a method's tensor is `input`, a star parameter takes the rest."""
        parameters = list(self.word.parameters)
        if self.word.name.startswith("."):
            parameters.insert(0, "input")
        given: dict[str, Any] = {}
        for place, value in enumerate(self.positional):
            if place >= len(parameters):
                break
            name = parameters[place]
            if f"*{name}" in self.word.signature:
                rest = tuple(self.positional[place:])
                given[name] = tuple(rest[0]) if len(rest) == 1 and isinstance(rest[0], list | tuple) else rest
                break
            given[name] = value
        return given | self.keywords

    @property
    def tensor_nodes(self) -> list[tuple[ast.expr, torch.Tensor]]:
        """The tensors among the arguments, each with its syntax tree."""
        found: list[tuple[ast.expr, torch.Tensor]] = []
        for node, value in zip(self.nodes, (*self.positional, *self.keywords.values()), strict=False):
            if isinstance(value, torch.Tensor):
                found.append((node, value))
            elif isinstance(value, list | tuple) and isinstance(node, ast.List | ast.Tuple):
                pairs = zip(node.elts, value, strict=False)
                found += [(element, part) for element, part in pairs if isinstance(part, torch.Tensor)]
        return found

    @property
    def tensors(self) -> list[tuple[str, torch.Tensor]]:
        """The tensors among the arguments, each with its text."""
        return [(self.name_of(node), tensor) for node, tensor in self.tensor_nodes]

    def name_of(self, node: ast.expr) -> str:
        """The text of an argument, or "it" if that is long."""
        text = self.parsed.segment(node)
        return text if len(text) <= LONGEST_NAME else "it"

    def postfixed(self, node: ast.expr, method: str) -> str:
        """The text of an argument with a method appended, in brackets if needed."""
        text = self.parsed.segment(node)
        plain = isinstance(node, ast.Name | ast.Call | ast.Subscript | ast.Attribute)
        return f"{text}{method}" if plain else f"({text}){method}"

    def span_of(self, value: object) -> Span:
        """The characters of the argument with this value; those of the call if there is none."""
        for node, given in zip(self.nodes, (*self.positional, *self.keywords.values()), strict=False):
            if given is value:
                return self.parsed.span(node)
        return self.span

    def replaced(self, span: Span, code: str, gives: str = "", meaning: str = "") -> Fix:
        """A fix that replaces `span` with `code`; its button shows `code`."""
        text = self.parsed.text
        return Fix(text[: span.start] + code + text[span.stop :], gives, meaning, code)

    def all_postfixed(self, nodes: Sequence[ast.expr], method: str) -> Fix:
        """A fix that appends the same method to several arguments; its button shows the method."""
        code = self.parsed.text
        for node in sorted(nodes, key=lambda node: -self.parsed.span(node).start):
            span = self.parsed.span(node)
            code = f"{code[: span.start]}{self.postfixed(node, method)}{code[span.stop :]}"
        return Fix(code, target=method)

    def problem(self, message: str, badge: str, span: Span | None = None, fixes: tuple[Fix, ...] = ()) -> Problem:
        """A problem with this call."""
        return Problem(
            message[0].upper() + message[1:] if message.startswith("it ") else message,
            span or self.span,
            fixes,
            badge=badge,
        )
