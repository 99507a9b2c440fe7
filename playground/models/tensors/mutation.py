"""Statements and methods that change a tensor in place: why they are not lines here, and what to write instead."""

from __future__ import annotations

import ast

from playground.models.outcome import Fix, Problem
from playground.models.tensors.source_text import SourceText
from playground.models.tensors.vocabulary import VOCABULARY

WHERE = "The Memory panel's Write shows every tensor that it would change."

_OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.MatMult: "@",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
    ast.LShift: "<<",
    ast.RShift: ">>",
}


def mutation_problem(source: SourceText, statement: ast.stmt) -> Problem | None:
    """The problem of `x += 1` or `x[0] = 1`, with the line that makes a new tensor; None for other statements."""
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Attribute() as function)) if is_in_place(f".{function.attr}"):
            problem = in_place_problem(source, function)
            base, text = _new_name(function.value), source.segment(statement)
            out = f"{base} = {text.replace(f'.{function.attr}(', f'.{function.attr[:-1]}(', 1)}"
            known = f".{function.attr[:-1]}" in VOCABULARY and function.attr not in _OUT_OF_PLACE
            return Problem(problem.message, problem.span, (Fix(out),) if known else (), badge=problem.badge)
        case ast.AugAssign(target=target, op=operator, value=value):
            symbol = _OPERATORS[type(operator)]
            name, right = source.segment(target), source.segment(value)
            return Problem(
                f"{symbol}= writes into the storage of {name}, and a line here makes a new tensor. {WHERE}",
                source.span(statement),
                (Fix(f"{_new_name(target)} = {name} {symbol} {_bracketed(right, value)}"),),
                badge="in place",
            )
        case ast.Assign(targets=[ast.Subscript() as target], value=value):
            name = source.segment(target.value)
            return Problem(
                f"Assigning to {source.segment(target)} writes into the storage of {name}, and a line here makes a new "
                f"tensor. {WHERE}",
                source.span(statement),
                tuple(Fix(f"{_new_name(target.value)} = {code}") for code in _scattered(source, target, value)),
                badge="in place",
            )
    return None


def _new_name(target: ast.expr) -> str:
    return f"{target.id}2" if isinstance(target, ast.Name) else "T"


def _bracketed(text: str, node: ast.expr) -> str:
    simple = isinstance(node, ast.Name | ast.Constant | ast.Call | ast.Subscript | ast.Attribute)
    return text if simple else f"({text})"


def _scattered(source: SourceText, target: ast.Subscript, value: ast.expr) -> tuple[str, ...]:
    """The out-of-place forms of `x[index] = value`, for the simple indices."""
    name, place, new = source.segment(target.value), source.segment(target), source.segment(value)
    number = isinstance(value, ast.Constant) or (
        isinstance(value, ast.UnaryOp) and isinstance(value.operand, ast.Constant)
    )
    filled = f"torch.full_like({place}, {new})" if number else f"{_bracketed(new, value)}.expand_as({place})"
    match target.slice:
        case ast.Constant(value=int()) | ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int())):
            return (f"{name}.select_scatter({filled}, 0, {source.segment(target.slice)})",)
        case ast.Slice(lower=lower, upper=upper, step=None):
            start = source.segment(lower) if lower else "None"
            stop = source.segment(upper) if upper else "None"
            return (f"{name}.slice_scatter({filled}, 0, {start}, {stop})",)
        case ast.Compare() if number:
            return (f"{name}.masked_fill({source.segment(target.slice)}, {new})",)
    return ()


_OUT_OF_PLACE = {
    "fill_": "torch.full_like({name}, {arguments})",
    "zero_": "torch.zeros_like({name})",
    "requires_grad_": "{name}",
    "bernoulli_": "torch.full_like({name}, {arguments}).bernoulli()",
}
"""In-place methods whose other form is not the same word without the underscore."""

_USUAL_ARGUMENTS = {"bernoulli_": "0.5"}
"""What stands in for the arguments where none are given."""

_LEAVE_STORAGE = (
    "requires_grad_", "detach_", "resize_", "resize_as_", "t_", "transpose_", "squeeze_", "unsqueeze_", "swapaxes_",
    "swapdims_", "as_strided_", "rename_", "share_memory_",
)  # fmt: skip
"""In-place methods that change the tensor and write no element."""


def is_in_place(word: str) -> bool:
    """Whether this is the name of a method that writes into its tensor: `.add_`."""
    return word.startswith(".") and word.endswith("_") and len(word) > 2 and not word.startswith("._")


def in_place_problem(source: SourceText, function: ast.Attribute) -> Problem:
    """The problem of `A.add_(1)` with `A.add(1)` as its fix."""
    span, text = source.span(function), source.text
    name, method = source.segment(function.value), function.attr
    fixes: tuple[Fix, ...] = ()
    if method in _OUT_OF_PLACE:
        call = _enclosing_call(source, function)
        if call is not None:
            place = source.span(call)
            given = (*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "p"))
            arguments = ", ".join(map(source.segment, given)) or _USUAL_ARGUMENTS.get(method, "")
            code = _OUT_OF_PLACE[method].format(name=name, arguments=arguments)
            fixes = (Fix(text[: place.start] + code + text[place.stop :], target=code),)
    elif f".{method[:-1]}" in VOCABULARY:
        fixes = (Fix(text[: span.stop - 1] + text[span.stop :], target=f".{method[:-1]}"),)
    message = f".{method} writes into the storage of {name}, and a line here makes a new tensor. {WHERE}"
    if method in _LEAVE_STORAGE:
        message = f".{method} changes {name} itself and writes no element, and a line here makes a new tensor."
    return Problem(message, span, fixes, badge="in place")


def _enclosing_call(source: SourceText, function: ast.Attribute) -> ast.Call | None:
    root = getattr(source, "root", None)
    if root is None:
        return None
    return next((node for node in ast.walk(root) if isinstance(node, ast.Call) and node.func is function), None)
