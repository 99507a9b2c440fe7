"""Computes a checked line from its syntax tree: calls, plain arithmetic, indexing, random draws."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch

from playground.models.job import CancelledError
from playground.models.language.budget import NeedsPlanError, NoValuesError, Watch, makes
from playground.models.language.failures.axes import reversal_warning
from playground.models.language.failures.call import FailedCall
from playground.models.language.failures.explain import failure_problem, guard_arguments, guard_values
from playground.models.language.source import ExpressionText, dotted_name
from playground.models.language.steps import StepRecorder
from playground.models.language.vocabulary import VOCABULARY, Word
from playground.models.language.vocabulary.bounds import tensors
from playground.models.language.vocabulary.constants import CONSTANTS, NUMBER_FUNCTIONS
from playground.models.language.vocabulary.operators import BINARY, COMPARISON, INDEX, UNARY
from playground.models.problem import Fix, Problem, ProblemError, Span, refuse

LARGEST = 2**63
LONGEST = 10_000
"""The most elements of a tuple or list that repetition or concatenation may produce."""


def number_operation(word: Word, values: list[Any], span: Span) -> Any:
    """The result of an operator on numbers, or of + and * on shapes and lists; `ProblemError` for larger ones."""
    sign = word.name
    if all(isinstance(value, int | float | complex) for value in values):
        return _numbers(word, values, span)
    if (sign == "+" and all(isinstance(value, tuple) for value in values)) or (
        sign == "+" and all(isinstance(value, list) for value in values)
    ):
        _check_length(sum(map(len, values)), span)
        return values[0] + values[1]
    if sign == "*" and isinstance(values[0], tuple | list) and isinstance(values[1], int):
        _check_length(len(values[0]) * values[1], span)
        return values[0] * values[1]
    if sign in ("==", "!="):
        return (values[0] == values[1]) == (sign == "==")
    refuse(
        f"{sign.replace('x', '')} has no meaning between {_kind(values[0])} and {_kind(values[-1])}.",
        span,
        badge="no arithmetic",
    )


def _check_length(length: int, span: Span) -> None:
    if length > LONGEST:
        refuse(
            f"That would be a list of {length:,} entries, the limit is {LONGEST:,}. Use torch.full for long tensors.",
            span,
            badge="too long",
        )


def _numbers(word: Word, values: list[Any], span: Span) -> Any:
    left, right = values[0], values[-1]
    whole = all(isinstance(value, int) for value in values)
    if word.name == "**" and whole and abs(left) > 1 and abs(right) * (abs(left).bit_length() - 1) > 64:
        refuse("The power exceeds 2**63 - 1, the largest integer in torch.", span, badge="too large")
    if word.name == "<<" and whole and right > 63:
        refuse("The shift exceeds 63 bits.", span, badge="too large")
    try:
        result = _operated(word, values)
    except ZeroDivisionError:
        refuse("This divides a number by 0.", span, badge="divided by 0")
    except (OverflowError, TypeError, ValueError) as error:
        refuse(f"The number cannot be computed: {error}.", span, badge="no number")
    if isinstance(result, int) and abs(result) > LARGEST:
        refuse("The number exceeds 2**63 - 1, the largest integer in torch.", span, badge="too large")
    return result


def _operated(word: Word, values: list[Any]) -> Any:
    if len(values) == 2:
        return word.call(*values)
    value = values[0]
    return {"-x": lambda: -value, "+x": lambda: +value, "~x": lambda: ~value}[word.name]()


def _kind(value: Any) -> str:
    if isinstance(value, tuple | list):
        return "a shape" if isinstance(value, tuple) else "a list"
    return {type(None): "None", str: "a text", slice: "a slice"}.get(type(value), f"a {type(value).__name__}")


_FUNCTIONS = ("randn", "rand", "randint", "randperm", "normal", "randn_like", "rand_like", "bernoulli", "multinomial")
RANDOM_WORDS = frozenset({*(f"torch.{name}" for name in _FUNCTIONS), ".bernoulli", ".multinomial"})
SEED_TEXT = "generator=torch.Generator().manual_seed(0)"


def unseeded_calls(parsed: ExpressionText) -> list[ast.Call]:
    """The calls that draw random numbers without a seed."""
    return [
        node
        for node in ast.walk(parsed.root)
        if isinstance(node, ast.Call)
        and _random_word(node)
        and all(keyword.arg != "generator" for keyword in node.keywords)
    ]


def _random_word(call: ast.Call) -> str:
    """The word of a call that draws: `torch.rand`, `.bernoulli`; empty for others."""
    name = dotted_name(call.func)
    method = f".{call.func.attr}" if isinstance(call.func, ast.Attribute) else ""
    return next((word for word in (name, method) if word in RANDOM_WORDS), "")


def seeded_text(parsed: ExpressionText) -> str:
    """The line with a generator in each random call, as computed here for a line without one."""
    text = parsed.text
    for call in sorted(unseeded_calls(parsed), key=lambda call: -parsed.span(call).stop):
        close = parsed.span(call).stop - 1
        before = text[:close].rstrip()
        comma = "" if before.endswith(("(", ",")) else ", "
        text = before + (comma or (" " if before.endswith(",") else "")) + SEED_TEXT + text[close:]
    return text


def unseeded_problem(parsed: ExpressionText) -> Problem | None:
    """The warning for a line that draws without a seed; None if all calls have one."""
    calls = unseeded_calls(parsed)
    if not calls:
        return None
    word = _random_word(calls[0])
    return Problem(
        f"{word} without a generator draws different numbers on each run. Here it uses seed 0.",
        parsed.span(calls[0]),
        (Fix(seeded_text(parsed), meaning="sets the seed", target=SEED_TEXT),),
        badge="seed 0",
        severity="warning",
    )


PASSED_ON = (NeedsPlanError, NoValuesError, CancelledError)


class Interpreter:
    """Computes one line with these tensors; afterwards `steps` records what each operation did.

    With `device="meta"` it computes only shapes, strides and dtypes.
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
            refuse("A line can call only functions of torch and methods of tensors.", self.parsed.span(node.func))
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
                f"There are {len(value)} elements, numbered from 0, so there is no {index}.",
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
