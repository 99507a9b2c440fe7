"""Whether a line says only what the vocabulary holds: looked at node by node before anything is computed."""

from __future__ import annotations

import ast
import difflib
import itertools
from collections.abc import Collection

from playground.models.outcome import Fix, Span, refuse
from playground.models.tensors.constants import CONSTANTS, NUMBER_FUNCTIONS
from playground.models.tensors.literals import dotted_name
from playground.models.tensors.mutation import in_place_problem, is_in_place
from playground.models.tensors.refusals import FORBIDDEN, REPLACEMENTS, UNAVAILABLE
from playground.models.tensors.source_text import ExpressionText
from playground.models.tensors.vocabulary import VOCABULARY
from playground.models.tensors.vocabulary.operators import BINARY, COMPARISON, UNARY

LARGEST_INTEGER = 2**63 - 1


def check_expression(
    parsed: ExpressionText, names: Collection[str], later: Collection[str] = (), own: str = ""
) -> None:
    """Raise the `ProblemError` of the first thing in a line that is not in the vocabulary.

    `names` are the tensors that the line may use, `later` those further down, `own` the line's own name.
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
            refuse(
                "A text has a meaning only as an einsum equation or as a named choice of a function.",
                span,
                badge="text",
            )
        if isinstance(value, complex):
            refuse("Complex numbers are not in the vocabulary.", span, badge="complex")
        if isinstance(value, int) and abs(value) > LARGEST_INTEGER:
            refuse("Integers go up to 2**63 - 1 = 9223372036854775807.", span, badge="too large")

    def _name(self, node: ast.Name) -> None:
        span = self.parsed.span(node)
        written = span.of(self.parsed.text)
        if written != node.id:
            odd = next(c for c in written if not c.isascii())
            refuse(
                f"{written!r} holds {odd!r} (U+{ord(odd):04X}), which only looks like a plain letter.",
                span,
                self._with(span, node.id),
                badge="odd character",
            )
        if node.id in self.names:
            return
        if node.id == "torch":
            refuse("torch alone is no tensor: torch.zeros(3, 4) for one.", span, badge="no tensor")
        if node.id == self.own:
            refuse(f"{node.id} cannot use itself: a line uses the lines above it.", span, badge="uses itself")
        if node.id in self.later:
            refuse(f"{node.id} is made further down: a line uses the lines above it.", span, badge="order")
        if node.id in NUMBER_FUNCTIONS:
            refuse(f"{node.id} takes its argument in brackets.", span, badge="no brackets")
        near = difflib.get_close_matches(node.id, list(self.names), n=3, cutoff=0.5)
        fixes = tuple(fix for name in near for fix in self._with(span, name))
        refuse(f"There is no tensor called {node.id}.", span, fixes, badge=f"no {node.id[:20]}")

    def _with(self, span: Span, replacement: str) -> tuple[Fix, ...]:
        text = self.parsed.text
        return (Fix(text[: span.start] + replacement + text[span.stop :], target=replacement),)

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

    def _refuse_word(self, node: ast.Attribute, name: str) -> None:
        span = self._attribute_span(node)
        if is_in_place(name):
            problem = in_place_problem(self.parsed, node)
            refuse(problem.message, span, problem.fixes, badge=problem.badge)
        if name in UNAVAILABLE:
            fixes = self._with(self.parsed.span(node), REPLACEMENTS[name]) if name in REPLACEMENTS else ()
            refuse(UNAVAILABLE[name], span, fixes, badge="not here")
        kind = name.split(".", maxsplit=1)[0]
        others = [word for word in (*VOCABULARY, *CONSTANTS) if word.startswith(f"{kind}.")]
        near = difflib.get_close_matches(name, others, n=3, cutoff=0.7)
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
                word_name = self._called(function)
            case _:
                refuse(
                    "Only functions of torch and methods of tensors can be called.",
                    self.parsed.span(node.func),
                    badge="no function",
                )
        for argument in node.args:
            self._argument(argument, word_name)
        for keyword in node.keywords:
            self._keyword(keyword, word_name)

    def _called(self, function: ast.Attribute) -> str:
        name = dotted_name(function)
        if not (name.startswith("torch.") and "torch" not in self.names):
            self.visit(function.value)
            name = f".{function.attr}"
        word = VOCABULARY.get(name)
        if word is None:
            if name in CONSTANTS:
                refuse(f"{name} is a constant, it takes no brackets.", self.parsed.span(function), badge="no function")
            self._refuse_word(function, name)
        elif word.is_property:
            refuse(f"{name} is read without brackets.", self._attribute_span(function), badge="no brackets")
        return name

    def _argument(self, argument: ast.expr, word_name: str) -> None:
        word = VOCABULARY.get(word_name)
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str) and word is not None and word.strings:
            if word.strings == ("*",) or argument.value in word.strings:
                return
            choices = ", ".join(f'"{choice}"' for choice in word.strings)
            refuse(
                f'{word_name} knows no "{argument.value[:40]}". It knows {choices}.',
                self.parsed.span(argument),
                badge="unknown choice",
            )
        self.visit(argument)

    def _keyword(self, keyword: ast.keyword, word_name: str) -> None:
        span = self.parsed.span(keyword)
        if keyword.arg is None:
            refuse("Arguments are written out one by one, without stars.", span, badge="stars")
        if word_name:
            word = VOCABULARY[word_name]
            if keyword.arg in ("device", "pin_memory", "layout", "memory_format"):
                refuse(
                    f"{keyword.arg} has no meaning here: everything is a plain tensor on the CPU.",
                    span,
                    badge="not here",
                )
            if keyword.arg in ("out", "inplace", "non_blocking", "copy", "requires_grad", "names"):
                refuse(
                    f"{keyword.arg} is not in the vocabulary: a line makes a new tensor and nothing else.",
                    span,
                    badge="not here",
                )
            known = (*word.parameters, *_NUMPY_NAMES)
            if keyword.arg not in known:
                listed = f" It takes {word.usage}." if word.parameters else " It takes none."
                refuse(f"{word_name} has no argument {keyword.arg}.{listed}", span, badge="unknown argument")
        else:
            refuse("This takes no named arguments.", span, badge="unknown argument")
        self._argument(keyword.value, word_name)

    def _compare(self, node: ast.Compare) -> None:
        span = self.parsed.span(node)
        if len(node.ops) > 1:
            parts = [node.left, *node.comparators]
            texts = [self.parsed.segment(part) for part in parts]
            signs = [
                self.parsed.text[self.parsed.span(a).stop : self.parsed.span(b).start].strip()
                for a, b in itertools.pairwise(parts)
            ]
            both = " & ".join(f"({a} {sign} {b})" for a, sign, b in zip(texts, signs, texts[1:], strict=False))
            refuse(
                "A chain of comparisons needs one truth value, and a tensor has many.",
                span,
                self._with(span, both),
                badge="chained",
            )
        if type(node.ops[0]) not in COMPARISON:
            refuse(
                "in and is have no meaning for tensors. == compares element by element.", span, badge="no comparison"
            )
        self.visit(node.left)
        self.visit(node.comparators[0])

    def _refuse_not(self, node: ast.UnaryOp, operand: ast.expr) -> None:
        span = self.parsed.span(node)
        fix = f"~{self._bracketed(operand)}"
        refuse(
            "not needs one truth value, and a tensor has many. ~ works element by element.",
            span,
            self._with(span, fix),
            badge="not",
        )

    def _bracketed(self, node: ast.expr) -> str:
        text = self.parsed.segment(node)
        return text if isinstance(node, ast.Name | ast.Call | ast.Subscript | ast.Attribute) else f"({text})"

    def _refuse_and_or(self, node: ast.BoolOp) -> None:
        sign, word = ("&", "and") if isinstance(node.op, ast.And) else ("|", "or")
        span = self.parsed.span(node)
        fix = f" {sign} ".join(self._bracketed(value) for value in node.values)
        refuse(
            f"{word} needs one truth value, and a tensor has many. {sign} works element by element.",
            span,
            self._with(span, fix),
            badge=word,
        )


_NUMPY_NAMES = ("axis", "keepdims", "input", "self")
"""Names that torch takes besides its own, as numpy calls them."""
