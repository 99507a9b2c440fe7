"""Syntax that a line cannot use, with the reason and a replacement: unsupported syntax and in-place changes."""

from __future__ import annotations

import ast
import itertools

from playground.models.language.source import ExpressionText, SourceText
from playground.models.language.vocabulary import VOCABULARY
from playground.models.problem import Fix, Problem, Span


def replaced(parsed: ExpressionText, span: Span, code: str) -> Fix:
    """The line with `span` replaced by `code`."""
    text = parsed.text
    return Fix(text[: span.start] + code + text[span.stop :], target=code)


def without_argument(parsed: ExpressionText, call: ast.Call, argument: ast.expr | ast.keyword) -> Fix:
    """The line without one argument of a call and its comma."""
    given: list[ast.expr | ast.keyword] = [*call.args, *call.keywords]
    spans = sorted((parsed.span(one) for one in given), key=lambda span: span.start)
    own = parsed.span(argument)
    place = spans.index(own)
    if place:
        cut = Span(spans[place - 1].stop, own.stop)
    else:
        cut = Span(own.start, spans[1].start if len(spans) > 1 else own.stop)
    return Fix(replaced(parsed, cut, "").code, target=f"without {own.of(parsed.text)}")


def without_call(parsed: ExpressionText, call: ast.Call) -> tuple[Fix, ...]:
    """The line without a method call at the end of a chain: `A.cuda()` becomes `A`."""
    if not isinstance(call.func, ast.Attribute):
        return ()
    receiver, whole = parsed.span(call.func.value), parsed.span(call)
    removed = parsed.text[receiver.stop : whole.stop]
    opening = parsed.text[whole.start : receiver.start]
    if opening.strip("(") or removed.count(")") - removed.count("(") != len(opening):
        return ()
    kept = parsed.text[: whole.start] + parsed.text[whole.start : receiver.stop] + ")" * len(opening)
    return (Fix(kept + parsed.text[whole.stop :], target=f"without {removed.lstrip(') ')}"),)


def unchained(parsed: ExpressionText, node: ast.Compare) -> str:
    """A chain of comparisons as comparisons of two: `1 < A < 3` becomes `(1 < A) & (A < 3)`."""
    parts = [node.left, *node.comparators]
    pieces = []
    for left, right in itertools.pairwise(parts):
        sign = parsed.text[parsed.span(left).stop : parsed.span(right).start].strip(" ()")
        pieces.append(f"({parsed.segment(left)} {sign} {parsed.segment(right)})")
    return " & ".join(pieces)


FORBIDDEN: dict[type[ast.expr], str] = {
    ast.Lambda: "A line is computed once, so it cannot define functions.",
    ast.ListComp: "A line cannot loop. Operations already work on all elements.",
    ast.SetComp: "A line cannot loop. Operations already work on all elements.",
    ast.DictComp: "A line cannot loop. Operations already work on all elements.",
    ast.GeneratorExp: "A line cannot loop. Operations already work on all elements.",
    ast.JoinedStr: "A line makes tensors, not strings.",
    ast.IfExp: "A line cannot branch. torch.where(condition, x, y) chooses element by element.",
    ast.NamedExpr: "A line defines one name, at its start.",
    ast.Await: "A line cannot await.",
    ast.Yield: "A line cannot yield.",
    ast.YieldFrom: "A line cannot yield.",
    ast.Dict: "A line cannot contain dictionaries.",
    ast.Set: "A line cannot contain sets.",
    ast.Starred: "Write the arguments out one by one, without a star.",
}
"""Why some Python syntax is not allowed in a line of tensors."""

UNAVAILABLE = {
    "torch.load": "Files are opened with Open, which reads tensors and runs no code.",
    "torch.save": "Files are written with Export.",
    "torch.empty": "torch.empty gives whatever is in memory, which differs each time.",
    "torch.empty_like": "torch.empty_like gives whatever is in memory, which differs each time.",
    "torch.empty_strided": "torch.empty_strided gives whatever is in memory, which differs each time.",
    "torch.manual_seed": "Each random line carries its own seed: generator=torch.Generator().manual_seed(0).",
    "torch.from_numpy": "Load arrays from files, or pass them to playground.show from Python.",
    ".item": "A line must give a tensor, but .item() gives a number. Point at a cell to read its value.",
    ".tolist": "A line must give a tensor, but .tolist() gives a list. The grid can copy its values as text.",
    ".numpy": "A line must give a tensor. Use Export to write .npy files.",
    ".cpu": "Everything here is on the CPU.",
    ".cuda": "Everything here is on the CPU.",
    "torch.device": "Everything here is on the CPU.",
    ".device": "Everything here is on the CPU.",
    ".is_cuda": "Everything here is on the CPU.",
    ".data": "Lines do not track gradients, so .detach() changes nothing.",
    ".grad": "Lines do not track gradients.",
    ".requires_grad": "Lines do not track gradients.",
    ".storage": "The Memory panel shows the storage.",
    ".untyped_storage": "The Memory panel shows the storage.",
    "torch.FloatTensor": "Use torch.tensor with values: torch.tensor([1., 2.]).",
    "torch.LongTensor": "Use torch.tensor with values: torch.tensor([1, 2]).",
    ".data_ptr": "The address of the storage changes from run to run. The Memory panel shows who shares it.",
    ".backward": "Lines do not track gradients.",
    "torch.Tensor": "torch.Tensor(3, 4) gives whatever is in memory; torch.tensor takes values, torch.zeros sizes.",
    "torch.nn.functional.dropout": "Dropout draws different numbers each time. "
    "A * (torch.rand_like(A, generator=torch.Generator().manual_seed(0)) > 0.5) has a fixed seed.",
    "torch.no_grad": "Lines do not track gradients.",
    "torch.nn.Linear": "Layers are on the Network page; here, use torch.nn.functional.linear(input, weight, bias).",
}
"""Why some words of torch are missing, and what to use instead."""

REPLACEMENTS = {
    "torch.empty": "torch.zeros",
    "torch.empty_like": "torch.zeros_like",
    "torch.FloatTensor": "torch.tensor",
    "torch.LongTensor": "torch.tensor",
}
"""Their replacements."""

NEEDLESS = frozenset({".item", ".tolist", ".numpy", ".cpu", ".cuda", ".storage", ".untyped_storage"})
"""Methods that a line can simply omit."""

_PLAIN = "has no meaning here: everything is a plain tensor on the CPU."
_NEW = "is not in the vocabulary: a line only makes new tensors."
NEEDLESS_ARGUMENTS = {
    **{name: f"{name} {_PLAIN}" for name in ("device", "pin_memory", "layout", "requires_grad")},
    **{name: f"{name} {_NEW}" for name in ("out", "inplace", "non_blocking", "copy", "names")},
}
"""Arguments that a line can simply omit."""

NUMPY_NAMES = ("axis", "keepdims", "input", "self")
"""numpy's argument names that torch also accepts."""

SHORT_NAMES = {"F": "torch.nn.functional", "nn": "torch.nn", "np": "torch", "numpy": "torch", "math": "torch"}
"""Common import aliases and what a line must write instead: it runs with no import except torch."""


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
    """The problem with `x += 1` or `x[0] = 1`, with a line that makes a new tensor; None for other statements."""
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
                f"{symbol}= writes into the storage of {name}, but a line makes a new tensor. {WHERE}",
                source.span(statement),
                (Fix(f"{_new_name(target)} = {name} {symbol} {_bracketed(right, value)}"),),
                badge="in place",
            )
        case ast.Assign(targets=[ast.Subscript() as target], value=value):
            name = source.segment(target.value)
            return Problem(
                f"Assigning to {source.segment(target)} writes into the storage of {name}, but a line makes a new "
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
    """The out-of-place forms of `x[index] = value`, for simple indices."""
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
"""In-place methods with an out-of-place form other than the same word without the underscore."""

_USUAL_ARGUMENTS = {"bernoulli_": "0.5"}
"""The default arguments of that form."""

_LEAVE_STORAGE = (
    "requires_grad_", "detach_", "resize_", "resize_as_", "t_", "transpose_", "squeeze_", "unsqueeze_", "swapaxes_",
    "swapdims_", "as_strided_", "rename_", "share_memory_",
)  # fmt: skip
"""In-place methods that change the tensor without writing an element."""


def is_in_place(word: str) -> bool:
    """True if this names a method that writes into its tensor: `.add_`."""
    return word.startswith(".") and word.endswith("_") and len(word) > 2 and not word.startswith("._")


def in_place_problem(source: SourceText, function: ast.Attribute) -> Problem:
    """The problem with `A.add_(1)`, with `A.add(1)` as its fix."""
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
    message = f".{method} writes into the storage of {name}, but a line makes a new tensor. {WHERE}"
    if method in _LEAVE_STORAGE:
        message = f".{method} changes {name} itself without writing an element, but a line makes a new tensor."
    return Problem(message, span, fixes, badge="in place")


def _enclosing_call(source: SourceText, function: ast.Attribute) -> ast.Call | None:
    root = getattr(source, "root", None)
    if root is None:
        return None
    return next((node for node in ast.walk(root) if isinstance(node, ast.Call) and node.func is function), None)
