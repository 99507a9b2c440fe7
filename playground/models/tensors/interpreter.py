"""Walks a checked line's syntax tree and computes it, noting what each operation did."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch

from playground.models.job import CancelledError
from playground.models.outcome import Problem, ProblemError, refuse
from playground.models.tensors.arithmetic import number_operation
from playground.models.tensors.constants import CONSTANTS, NUMBER_FUNCTIONS
from playground.models.tensors.failures import failure_problem, guard_arguments, guard_values, reversal_warning
from playground.models.tensors.failures.call import FailedCall
from playground.models.tensors.literals import dotted_name
from playground.models.tensors.planning import NeedsPlanError, NoValuesError, Watch, makes
from playground.models.tensors.randomness import RANDOM_WORDS
from playground.models.tensors.source_text import ExpressionText
from playground.models.tensors.step_recorder import StepRecorder
from playground.models.tensors.vocabulary import VOCABULARY, Word
from playground.models.tensors.vocabulary.bounds import tensors
from playground.models.tensors.vocabulary.operators import BINARY, COMPARISON, INDEX, UNARY

PASSED_ON = (NeedsPlanError, NoValuesError, CancelledError)


class Interpreter:
    """Computes one line with these tensors; `steps` then holds what each operation did.

    With `device="meta"` it computes shapes, strides and dtypes alone.
    """

    def __init__(
        self, parsed: ExpressionText, environment: Mapping[str, torch.Tensor], watch: Watch, device: str = "cpu"
    ) -> None:
        self.parsed, self.environment, self.watch, self.device = parsed, environment, watch, device
        self.recorder = StepRecorder(parsed, environment)
        self.warning: Problem | None = None

    def run(self) -> Any:
        """The value of the line."""
        return self.visit(self.parsed.root)

    def visit(self, node: ast.expr) -> Any:
        """The value of a node: a tensor, number, shape, slice, dtype, or a tuple or list of them."""
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name):
                return self.environment[name] if name in self.environment else NUMBER_FUNCTIONS[name]
            case ast.Attribute():
                return self._attribute(node)
            case ast.Call():
                return self._call(node)
            case ast.BinOp(left=left, op=operator, right=right):
                return self._operator(node, BINARY[type(operator)], (left, right))
            case ast.UnaryOp(op=operator, operand=operand):
                return self._operator(node, UNARY[type(operator)], (operand,))
            case ast.Compare(left=left, ops=[operator], comparators=[right]):
                return self._operator(node, COMPARISON[type(operator)], (left, right))
            case ast.Subscript(value=value, slice=index):
                return self._subscript(node, self.visit(value), self.visit(index))
            case ast.Slice(lower=lower, upper=upper, step=step):
                return slice(*(None if part is None else self.visit(part) for part in (lower, upper, step)))
            case ast.Tuple(elts=elements):
                return tuple(self.visit(element) for element in elements)
            case ast.List(elts=elements):
                return [self.visit(element) for element in elements]
        refuse("This has no meaning in a line of tensors.", self.parsed.span(node))

    def _attribute(self, node: ast.Attribute) -> Any:
        name = dotted_name(node)
        if name in CONSTANTS and "torch" not in self.environment:
            return CONSTANTS[name]
        word = VOCABULARY[f".{node.attr}"]
        return self._apply(node, word, [self.visit(node.value)], {}, (node.value,))

    def _call(self, node: ast.Call) -> Any:
        positional = [self.visit(argument) for argument in node.args]
        keywords = {keyword.arg: self.visit(keyword.value) for keyword in node.keywords if keyword.arg}
        nodes = (*node.args, *(keyword.value for keyword in node.keywords))
        if isinstance(node.func, ast.Name):
            return self._number_function(node, node.func.id, positional)
        if not isinstance(node.func, ast.Attribute):
            refuse("Only functions of torch and methods of tensors can be called.", self.parsed.span(node.func))
        name = dotted_name(node.func)
        if name in VOCABULARY:
            return self._apply(node, VOCABULARY[name], positional, keywords, nodes)
        receiver = self.visit(node.func.value)
        word = VOCABULARY[f".{node.func.attr}"]
        return self._apply(node, word, [receiver, *positional], keywords, (node.func.value, *nodes))

    def _number_function(self, node: ast.Call, name: str, positional: list[Any]) -> Any:
        if name == "abs" and any(isinstance(value, torch.Tensor) for value in positional):
            return self._apply(node, VOCABULARY[".abs"], positional, {}, tuple(node.args))
        if name != "len" and any(isinstance(value, torch.Tensor) for value in positional):
            refuse(f"{name} of a tensor needs its values. Point at a cell to read its value.", self.parsed.span(node))
        try:
            return NUMBER_FUNCTIONS[name](*positional)
        except (TypeError, ValueError, OverflowError) as error:
            refuse(f"{name}: {error}.", self.parsed.span(node))

    def _operator(self, node: ast.expr, word: Word, nodes: Sequence[ast.expr]) -> Any:
        values = [self.visit(operand) for operand in nodes]
        if not any(isinstance(value, torch.Tensor) for value in values):
            return number_operation(word, values, self.parsed.span(node))
        return self._apply(node, word, values, {}, nodes)

    def _subscript(self, node: ast.Subscript, value: Any, index: Any) -> Any:
        if not isinstance(value, torch.Tensor):
            return self._element(node, value, index)
        return self._apply(node, INDEX, [value, index], {}, (node.value, node.slice))

    def _element(self, node: ast.Subscript, value: Any, index: Any) -> Any:
        if not isinstance(value, tuple | list) or not isinstance(index, int | slice):
            refuse("Only tensors, shapes and lists have elements.", self.parsed.span(node))
        try:
            part = value[index]
        except IndexError:
            refuse(
                f"There are {len(value)}, numbered from 0; there is no {index}.",
                self.parsed.span(node.slice),
                badge=f"{index} of {len(value)}",
            )
        self.recorder.record_part(node, value, part)
        return part

    def _apply(
        self, node: ast.expr, word: Word, positional: list[Any], keywords: dict[str, Any], nodes: Sequence[ast.expr]
    ) -> Any:
        arguments = (*positional, *keywords.values())
        operands = tensors(arguments)
        call = FailedCall(self.parsed, node, word, nodes, positional, keywords)
        guard_arguments(call)
        try:
            self.watch.before(word, positional, keywords, operands)
            guard_values(call)
            result = self._called(word, positional, keywords)
        except ProblemError as error:
            raise ProblemError(replace(error.problem, span=error.problem.span or call.span)) from error
        except PASSED_ON:
            raise
        except Exception as error:
            raise ProblemError(failure_problem(call, error)) from error
        results = tensors(result)
        self.watch.after(word, operands, results)
        self.recorder.record(node, word, positional, nodes, result)
        self.warning = self.warning or reversal_warning(call)
        return result

    def _called(self, word: Word, positional: list[Any], keywords: dict[str, Any]) -> Any:
        if word.name in RANDOM_WORDS and "generator" not in keywords:
            keywords = keywords | {"generator": torch.Generator().manual_seed(0)}
        if self.device == "meta" and makes(word, (*positional, *keywords.values())):
            keywords = {key: value for key, value in keywords.items() if key != "generator"} | {"device": "meta"}
        return self.watch.call(word, positional, keywords)
