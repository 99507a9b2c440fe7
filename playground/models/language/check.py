"""Checks node by node that a line uses only the vocabulary, before anything is computed."""

from __future__ import annotations

import ast
import difflib
import functools
import inspect
from collections.abc import Collection, Iterator

import torch

from playground.models.language.refusals import (
    FORBIDDEN,
    NEEDLESS,
    NEEDLESS_ARGUMENTS,
    NUMPY_NAMES,
    REPLACEMENTS,
    SHORT_NAMES,
    UNAVAILABLE,
    in_place_problem,
    is_in_place,
    replaced,
    unchained,
    without_argument,
    without_call,
)
from playground.models.language.source import ExpressionText, dotted_name, is_float_word
from playground.models.language.vocabulary import VOCABULARY
from playground.models.language.vocabulary.constants import CONSTANTS, DTYPES, NUMBER_FUNCTIONS
from playground.models.language.vocabulary.operators import BINARY, COMPARISON, UNARY
from playground.models.problem import Fix, Span, refuse

_FOLDERS = ("nn.functional.", "linalg.", "fft.")
_GATES = {"unique": torch.functional._unique_impl, "unique_consecutive": torch.functional._unique_consecutive_impl}  # type: ignore[attr-defined, unused-ignore]
"""Words that torch defines as a dispatch between two functions, which hides their arguments."""


@functools.cache
def torch_arguments(word: str) -> frozenset[str]:
    """The argument names that torch's own `word` takes: those of `torch.sort` include "descending"."""
    short = word.removeprefix("torch.").removeprefix(".")
    names = {*_python_names(word, short), *_native_names(short)}
    return frozenset(names - {"self"})


def _python_names(word: str, short: str) -> Iterator[str]:
    found: object = torch.Tensor if word.startswith(".") else torch
    for part in short.split("."):
        found = getattr(found, part, None)
    try:
        signature = inspect.signature(_GATES.get(short, found))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return
    variadic = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    yield from (name for name, parameter in signature.parameters.items() if parameter.kind not in variadic)


def _native_names(short: str) -> Iterator[str]:
    """The arguments in the schemas of torch's operators, except those for plain numbers."""
    operator = short.removeprefix("nn.functional.")
    for folder in _FOLDERS[1:]:
        operator = operator.replace(folder, folder.replace(".", "_"))
    for schema in torch._C._jit_get_schemas_for_operator(f"aten::{operator}"):
        kinds = {str(argument.type) for argument in schema.arguments}
        writes = any(argument.alias_info is not None and argument.alias_info.is_write for argument in schema.arguments)
        if any("Tensor" in kind for kind in kinds) and not writes:
            yield from (argument.name for argument in schema.arguments)


LARGEST_INTEGER = 2**63 - 1


def check_expression(
    parsed: ExpressionText, names: Collection[str], later: Collection[str] = (), own: str = ""
) -> None:
    """Raise a `ProblemError` for the first thing in a line that is not in the vocabulary.

    `names` are the tensors that the line may use, `later` those in later lines, `own` the line's own name.
    """
    _Checker(parsed, names, later, own).visit(parsed.root)


class _Checker:
    def __init__(self, parsed: ExpressionText, names: Collection[str], later: Collection[str], own: str) -> None:
        self.parsed, self.names, self.later, self.own = parsed, names, later, own

    def visit(self, node: ast.expr) -> None:
        match node:
            case ast.Constant():
                self._constant(node)
            case ast.Name():
                self._name(node)
            case ast.Attribute():
                self._attribute(node)
            case ast.Call():
                self._call(node)
            case ast.BinOp(left=left, op=operator, right=right):
                if type(operator) not in BINARY:
                    refuse("This operator has no meaning for tensors.", self.parsed.span(node))
                self.visit(left)
                self.visit(right)
            case ast.UnaryOp(op=operator, operand=operand):
                if type(operator) not in UNARY:
                    self._refuse_not(node, operand)
                self.visit(operand)
            case ast.Compare():
                self._compare(node)
            case ast.BoolOp():
                self._refuse_and_or(node)
            case ast.Subscript(value=value, slice=index):
                self.visit(value)
                self.visit(index)
            case ast.Slice(lower=lower, upper=upper, step=step):
                for part in (lower, upper, step):
                    if part is not None:
                        self.visit(part)
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                for element in elements:
                    self.visit(element)
            case _:
                sentence = FORBIDDEN.get(type(node), "This has no meaning in a line of tensors.")
                refuse(sentence, self.parsed.span(node), badge="not a tensor line")

    def _constant(self, node: ast.Constant) -> None:
        value, span = node.value, self.parsed.span(node)
        if isinstance(value, str | bytes):
            sentence = "A string can only be an einsum equation or a named option of a function."
            refuse(sentence, span, badge="text")
        if isinstance(value, int) and abs(value) > LARGEST_INTEGER:
            refuse("Integers go up to 2**63 - 1 = 9223372036854775807.", span, badge="too large")

    def _name(self, node: ast.Name) -> None:
        span = self.parsed.span(node)
        written = span.of(self.parsed.text)
        if written != node.id:
            odd = next(c for c in written if not c.isascii())
            refuse(
                f"{written!r} contains {odd!r} (U+{ord(odd):04X}), which only looks like a plain letter.",
                span,
                self._with(span, node.id),
                badge="odd character",
            )
        if node.id in self.names:
            return
        if node.id == "torch":
            refuse("torch alone is not a tensor; torch.zeros(3, 4) is, for example.", span, badge="no tensor")
        if node.id == self.own:
            refuse(f"{node.id} cannot use itself: a line can use only the lines above it.", span, badge="uses itself")
        if node.id in self.later:
            refuse(
                f"{node.id} is defined in a later line: a line can use only the lines above it.", span, badge="order"
            )
        if node.id in NUMBER_FUNCTIONS:
            refuse(f"{node.id} is a function: it takes its argument in brackets.", span, badge="no brackets")
        if node.id in SHORT_NAMES:
            whole = SHORT_NAMES[node.id]
            refuse(
                f"A line can use only torch: write {whole} instead of {node.id}.",
                span,
                self._with(span, whole),
                badge="import",
            )
        near = [name for name in self.names if name.lower() == node.id.lower()]
        near += [name for name in difflib.get_close_matches(node.id, list(self.names), cutoff=0.4) if name not in near]
        fixes = tuple(fix for name in near[:3] for fix in self._with(span, name))
        refuse(f"There is no tensor called {node.id}.", span, fixes, badge=f"no {node.id[:20]}")

    def _with(self, span: Span, replacement: str) -> tuple[Fix, ...]:
        return (replaced(self.parsed, span, replacement),)

    def _attribute(self, node: ast.Attribute) -> None:
        self._no_underscores(node)
        name = dotted_name(node)
        if name.startswith("torch.") and "torch" not in self.names:
            if name not in CONSTANTS:
                if name in VOCABULARY:
                    refuse(
                        f"{name} is a function: it takes arguments in brackets.",
                        self.parsed.span(node),
                        badge="no brackets",
                    )
                self._refuse_word(node, name)
            return
        self.visit(node.value)
        word = VOCABULARY.get(f".{node.attr}")
        if word is None:
            self._refuse_word(node, f".{node.attr}")
        elif not word.is_property:
            refuse(
                f".{node.attr} is a method: it is called with brackets, .{node.attr}{word.signature}.",
                self._attribute_span(node),
                badge="no brackets",
            )

    def _no_underscores(self, node: ast.Attribute) -> None:
        if node.attr.startswith("_"):
            refuse(f"{node.attr} is internal to Python or torch.", self._attribute_span(node), badge="internal")

    def _attribute_span(self, node: ast.Attribute) -> Span:
        stop = self.parsed.span(node).stop
        return Span(stop - len(node.attr), stop)

    def _refuse_word(self, node: ast.Attribute, name: str, call: ast.Call | None = None) -> None:
        span = self._attribute_span(node)
        if is_in_place(name):
            problem = in_place_problem(self.parsed, node)
            refuse(problem.message, span, problem.fixes, badge=problem.badge)
        if name in UNAVAILABLE:
            fixes = self._with(self.parsed.span(node), REPLACEMENTS[name]) if name in REPLACEMENTS else ()
            if call is not None and name in NEEDLESS:
                fixes = without_call(self.parsed, call)
            refuse(UNAVAILABLE[name], span, fixes, badge="not here")
        kind = name.split(".", maxsplit=1)[0]
        called = [word.name for word in VOCABULARY.values() if word.is_property == (call is None)]
        others = [word for word in (*called, *(CONSTANTS if call is None else ())) if word.startswith(f"{kind}.")]
        near = difflib.get_close_matches(name, others, n=2, cutoff=0.75)
        fixes = tuple(
            fix
            for word in near
            for fix in self._with(span, word.rsplit(".", 1)[-1])
            if word.count(".") == name.count(".")
        )
        refuse(f"{name} is not in the vocabulary.", span, fixes, badge="unknown word")

    def _call(self, node: ast.Call) -> None:
        word_name = ""
        match node.func:
            case ast.Name(id="float") if is_float_word(node) and "float" not in self.names:
                return
            case ast.Name(id=name) if name in NUMBER_FUNCTIONS and name not in self.names:
                pass
            case ast.Name(id=name):
                if name in self.names:
                    refuse(
                        f"{name} is a tensor, not a function. Elements are taken in square brackets.",
                        self.parsed.span(node),
                        badge="no function",
                    )
                refuse(f"{name} is not in the vocabulary.", self.parsed.span(node.func), badge="unknown word")
            case ast.Attribute() as function:
                self._no_underscores(function)
                word_name = self._called(function, node)
            case _:
                refuse(
                    "A line can call only functions of torch and methods of tensors.",
                    self.parsed.span(node.func),
                    badge="no function",
                )
        for argument in node.args:
            self._argument(argument, word_name, node)
        for keyword in node.keywords:
            self._keyword(keyword, word_name, node)

    def _called(self, function: ast.Attribute, call: ast.Call) -> str:
        name = dotted_name(function)
        if not (name.startswith("torch.") and "torch" not in self.names):
            self.visit(function.value)
            name = f".{function.attr}"
        word = VOCABULARY.get(name)
        if word is None:
            if name in CONSTANTS:
                refuse(
                    f"{name} is a constant, so it takes no brackets.", self.parsed.span(function), badge="no function"
                )
            self._refuse_word(function, name, call)
        elif word.is_property:
            refuse(
                f"{name} is not a method: write it without brackets.",
                self._attribute_span(function),
                badge="no brackets",
            )
        return name

    def _argument(self, argument: ast.expr, word_name: str, call: ast.Call) -> None:
        word = VOCABULARY.get(word_name)
        if isinstance(argument, ast.Starred):
            fixes = (
                self._with(self.parsed.span(argument), self.parsed.segment(argument.value))
                if len(call.args) == 1
                else ()
            )
            refuse(FORBIDDEN[ast.Starred], self.parsed.span(argument), fixes, badge="star")
        if word_name == ".to" and isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            span, dtype = self.parsed.span(argument), f"torch.{argument.value}"
            if dtype in DTYPES:
                refuse(f"Write the dtype as {dtype}.", span, self._with(span, dtype), badge="text")
            refuse("Everything here is on the CPU.", span, without_call(self.parsed, call), badge="not here")
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str) and word is not None and word.strings:
            if word.strings == ("*",) or argument.value in word.strings:
                return
            choices = ", ".join(f'"{choice}"' for choice in word.strings)
            refuse(
                f'{word_name} has no option "{argument.value[:40]}". The options are {choices}.',
                self.parsed.span(argument),
                badge="unknown choice",
            )
        self.visit(argument)

    def _keyword(self, keyword: ast.keyword, word_name: str, call: ast.Call) -> None:
        span = self.parsed.span(keyword)
        if keyword.arg is None:
            refuse("Write the arguments out one by one, without stars.", span, badge="stars")
        if word_name:
            word = VOCABULARY[word_name]
            if keyword.arg in NEEDLESS_ARGUMENTS:
                fix = without_argument(self.parsed, call, keyword)
                refuse(NEEDLESS_ARGUMENTS[keyword.arg], span, (fix,), badge="not here")
            known = (*word.parameters, *NUMPY_NAMES)
            if keyword.arg not in known:
                if keyword.arg in torch_arguments(word_name):
                    sentence = f"The argument {keyword.arg} of {word_name} is not in the vocabulary."
                else:
                    sentence = f"{word_name} has no argument {keyword.arg}."
                listed = f" It takes {word.usage}." if word.parameters else " It takes none."
                refuse(f"{sentence}{listed}", span, badge="unknown argument")
        else:
            refuse("This takes no named arguments.", span, badge="unknown argument")
        self._argument(keyword.value, word_name, call)

    def _compare(self, node: ast.Compare) -> None:
        span = self.parsed.span(node)
        if len(node.ops) > 1:
            both = unchained(self.parsed, node)
            refuse(
                "A chain of comparisons needs a single truth value, but a tensor has many.",
                span,
                self._with(span, both),
                badge="chained",
            )
        if type(node.ops[0]) not in COMPARISON:
            self._refuse_in_and_is(node)
        self.visit(node.left)
        self.visit(node.comparators[0])

    def _refuse_in_and_is(self, node: ast.Compare) -> None:
        span, left, right = self.parsed.span(node), self._bracketed(node.left), self._bracketed(node.comparators[0])
        is_negated = isinstance(node.ops[0], ast.NotIn | ast.IsNot)
        if isinstance(node.ops[0], ast.In | ast.NotIn):
            word, what, code = "in", "== and .any() look through the elements", f"({right} == {left}).any()"
            code = f"~{code}" if is_negated else code
        else:
            word, what, code = "is", "== compares element by element", f"{left} {'!=' if is_negated else '=='} {right}"
        sentence = f"{word} gives a single Python bool, but a line must give a tensor. {what}."
        refuse(sentence, span, self._with(span, code), badge=word)

    def _refuse_not(self, node: ast.UnaryOp, operand: ast.expr) -> None:
        span = self.parsed.span(node)
        sentence = "not needs a single truth value, but a tensor has many. ~ works element by element."
        refuse(sentence, span, self._with(span, f"~{self._bracketed(operand)}"), badge="not")

    def _bracketed(self, node: ast.expr) -> str:
        text = self.parsed.segment(node)
        return (
            text
            if isinstance(node, ast.Name | ast.Constant | ast.Call | ast.Subscript | ast.Attribute)
            else f"({text})"
        )

    def _refuse_and_or(self, node: ast.BoolOp) -> None:
        sign, word = ("&", "and") if isinstance(node.op, ast.And) else ("|", "or")
        span = self.parsed.span(node)
        fix = f" {sign} ".join(self._bracketed(value) for value in node.values)
        refuse(
            f"{word} needs a single truth value, but a tensor has many. {sign} works element by element.",
            span,
            self._with(span, fix),
            badge=word,
        )
