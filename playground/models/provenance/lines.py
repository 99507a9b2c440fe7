"""Traces a line's elements: the elements of other tensors from which each was computed."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import torch

from playground.models.broadcasting.alignment import broadcast_shape
from playground.models.language.vocabulary import VOCABULARY
from playground.models.program.program import Program, source_code
from playground.models.program.sources import Expression
from playground.models.provenance.calls import (
    ComputedLine,
    NamedCall,
    axes_of,
    axis_story,
    cast_story,
    integer_of,
    named_call,
)
from playground.models.provenance.picking import order_story, pick_story
from playground.models.provenance.story import (
    Find,
    SourceTensor,
    Story,
    TellsCells,
    ViewStory,
    elementwise_arithmetic,
    reads_alike,
    shares_storage,
)
from playground.models.provenance.sums import kronecker_story, terms_story

_OPERATORS: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("+", "sum"),
    ast.Sub: ("-", "difference"),
    ast.Mult: ("*", "product"),
    ast.Div: ("/", "quotient"),
    ast.FloorDiv: ("//", "quotient"),
    ast.Mod: ("%", "remainder"),
    ast.Pow: ("**", "power"),
    ast.BitAnd: ("&", "and"),
    ast.BitOr: ("|", "or"),
    ast.BitXor: ("^", "exclusive or"),
}
_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
}  # fmt: skip
_SIGNS: dict[type[ast.unaryop], str] = {ast.USub: "negated", ast.Invert: "not"}
_REDUCTIONS = {
    "sum": "sum", "mean": "mean", "prod": "product", "amax": "largest", "amin": "smallest", "max": "largest",
    "min": "smallest", "std": "std", "var": "variance", "norm": "norm", "logsumexp": "logsumexp", "all": "all",
    "any": "any", "argmax": "place of the largest", "argmin": "place of the smallest",
}  # fmt: skip


def tell_story(program: Program, name: str, tensors: Mapping[str, torch.Tensor], find: Find) -> TellsCells | None:
    """The story of a computed tensor; `find` evaluates a part of its line. None without values."""
    tensor, binding = tensors.get(name), program.get(name)
    if tensor is None or binding is None:
        return None
    plain = Story(name, tensor)
    if not isinstance(binding.source, Expression):
        return plain
    code = source_code(binding.source).strip()
    try:
        root = ast.parse(code, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return plain
    named = tuple((other, its) for other, its in tensors.items() if other != name)
    line = ComputedLine(name, tensor, code, root, named, find)
    return _operation(line) or _view(line, program) or _view_of_operation(line) or pick_story(line) or plain


def _operation(line: ComputedLine) -> TellsCells | None:
    return next((story for tell in _OPERATIONS if (story := tell(line)) is not None), None)


def _view_of_operation(line: ComputedLine) -> TellsCells | None:
    """`(A + v)[:, :3].t()`, `(A @ B).mT`: the story of `A + v`, told for the cell that the view reads."""
    root = line.root
    while isinstance(root, ast.Subscript | ast.Call | ast.Attribute):
        inner = root.func if isinstance(root, ast.Call) else root.value
        if isinstance(root, ast.Call):
            if not isinstance(inner, ast.Attribute):
                return None
            inner = inner.value
        root = inner
        if not isinstance(root, ast.BinOp | ast.Call):
            continue
        operand = line.operand(root)
        if operand is None or not shares_kept_storage(operand.tensor, line.tensor):
            continue
        told = _operation(replace(line, tensor=operand.tensor, root=root))
        if told is not None:
            return ViewStory(line.name, line.tensor, operand.tensor, told)
    return None


def shares_kept_storage(part: torch.Tensor, whole: torch.Tensor) -> bool:
    """True if a recomputed part has a storage as large as the one that the line views."""
    same_size = part.untyped_storage().nbytes() == whole.untyped_storage().nbytes()
    return same_size and part.dtype == whole.dtype


def _elementwise(line: ComputedLine) -> Story | None:
    root = line.root
    if not isinstance(root, ast.BinOp) or type(root.op) not in _OPERATORS:
        return None
    operands = [line.operand(part) for part in _terms(root, type(root.op))]
    found = tuple(operand for operand in operands if operand is not None and operand.tensor.ndim <= line.tensor.ndim)
    if len(found) < len(operands):
        return None
    return Story(line.name, line.tensor, found, _OPERATORS[type(root.op)][1])


def _terms(root: ast.expr, operator: type[ast.operator]) -> list[ast.expr]:
    """`a + b + c` has three terms; other operators have two."""
    if isinstance(root, ast.BinOp) and type(root.op) is operator:
        if operator in (ast.Add, ast.Mult):
            return [*_terms(root.left, operator), root.right]
        return [root.left, root.right]
    return [root]


def _called(line: ComputedLine) -> Story | None:
    """`torch.relu(A)`, `A.clamp(0, 1)`, `torch.maximum(A, v)`, `A > 5`, `-A`: an element computed from elements."""
    root, words = line.root, ""
    parts: list[ast.expr] = []
    form: Callable[[list[str]], str] | None = None
    call = named_call(root)
    match root:
        case ast.Compare(left=left, ops=[sign], comparators=[right]) if type(sign) in _COMPARISONS:
            words, parts = _COMPARISONS[type(sign)], [left, right]
        case ast.UnaryOp(op=op, operand=inner) if type(op) in _SIGNS:
            words, parts = _SIGNS[type(op)], [inner]
        case ast.Call() if call is not None and _is_elementwise(call.name):
            words, parts = call.name, [call.owner, *call.arguments]
            form = partial(elementwise_arithmetic, words)
            if words in ("clamp", "clip"):
                parts, form = _limits(call)
            elif words == "where":
                parts, form = _where_parts(call, root, line), _chosen
            elif call.keywords:
                form = None
    operands = [line.operand(part) for part in parts]
    found = tuple(operand for operand in operands if operand is not None)
    if not words or not found or len(found) < len(operands):
        return None
    fits = broadcast_shape([tuple(one.tensor.shape) for one in found]) == tuple(line.tensor.shape)
    return Story(line.name, line.tensor, found, words, form=form) if fits else None


def _is_elementwise(name: str) -> bool:
    words = (VOCABULARY.get(f"{prefix}{name}") for prefix in (".", "torch.", "torch.nn.functional."))
    return name in ("where", "conj") or any(word is not None and word.family == "mapping" for word in words)


def _limits(call: NamedCall) -> tuple[list[ast.expr], Callable[[list[str]], str]]:
    """`A.clamp(2, 5)`, `A.clamp(min=0)`: the given limits."""
    limits = (call.given(0, "min"), call.given(1, "max"))
    low, high = (None if _is_none(limit) else limit for limit in limits)

    def form(values: list[str]) -> str:
        text, rest = values[0], values[1:]
        if low is not None:
            text, rest = f"max({text}, {rest[0]})", rest[1:]
        return f"min({text}, {rest[0]})" if high is not None else text

    return [call.owner, *(limit for limit in (low, high) if limit is not None)], form


def _is_none(node: ast.expr | None) -> bool:
    return node is None or (isinstance(node, ast.Constant) and node.value is None)


def _where_parts(call: NamedCall, root: ast.Call, line: ComputedLine) -> list[ast.expr]:
    """Condition, value if true, value if false: `A.where(c, 0)` has its tensor before c."""
    parts = [call.owner, *call.arguments]
    is_method = isinstance(root.func, ast.Attribute) and line.text(root.func.value) != "torch"
    return [parts[1], parts[0], *parts[2:]] if is_method and len(parts) == 3 else parts


def _chosen(values: list[str]) -> str:
    return f"True: {values[1]}" if values[0] == "True" else f"False: {values[2]}"


def _reduced(line: ComputedLine) -> Story | None:
    """`A.sum(1)`, `A.mean((0, 2), keepdim=True)`, `torch.amax(A, -1)`, `A.std()`."""
    call = named_call(line.root)
    if call is None or call.name not in _REDUCTIONS:
        return None
    operand = line.operand(call.owner)
    if operand is None or operand.tensor.numel() == 0 or operand.tensor.ndim == 0:
        return None
    name, given = call.name, call.keywords
    if name == "norm" and (call.arguments or given.keys() - {"dim", "keepdim"}):
        return None
    shape = tuple(operand.tensor.shape)
    axes = axes_of(call.given(0, "dim", "axis"), len(shape))
    if not axes:
        return None
    keeps = tuple(1 if axis in axes else size for axis, size in enumerate(shape))
    drops = tuple(size for axis, size in enumerate(shape) if axis not in axes)
    own = tuple(line.tensor.shape)
    if own not in (keeps, drops):
        return None
    correction = integer_of(given.get("correction", ast.Constant(1)))
    # After the axis, std and var take `unbiased` and then `keepdim`: these are not the formula's number.
    told_otherwise = "unbiased" in given or (name in ("std", "var") and len(call.arguments) > 1)
    word = "" if correction is None or told_otherwise else name
    story = Story(line.name, line.tensor, (operand,), _REDUCTIONS[name], axes, keeps_axes=own != drops)
    return replace(story, correction=correction or 0, word=word)


_OPERATIONS: tuple[Callable[[ComputedLine], TellsCells | None], ...] = (
    _elementwise,
    terms_story,
    kronecker_story,
    _called,
    _reduced,
    axis_story,
    order_story,
    cast_story,
)
"""The storytellers for lines that end with a computation; the first that can handle a line is used."""


def _view(line: ComputedLine, program: Program) -> Story | None:
    """The cell of the earlier tensor that a view reads."""
    earlier = program.names[: program.names.index(line.name)]
    for other, its in line.named:
        if other in earlier and reads_alike(its, line.tensor) and shares_storage(its, line.tensor) and its.numel():
            return Story(line.name, line.tensor, (SourceTensor(other, line.tensor, ((other, its),)),), "the same cell")
    return None
