"""What a line of the program says of its elements: which elements of which tensors each was made of."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch

from playground.models.tensors.broadcast_alignment import broadcast_shape
from playground.models.tensors.cell_story import Find, Operand, Story, shares_storage
from playground.models.tensors.program import Expression, Program, source_code
from playground.models.tensors.vocabulary import VOCABULARY

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


@dataclass(frozen=True, slots=True, eq=False)
class _Line:
    """A computed line: its name, tensor, text and syntax tree, the other tensors, and what evaluates parts of it."""

    name: str
    tensor: torch.Tensor
    code: str
    root: ast.expr
    named: tuple[tuple[str, torch.Tensor], ...]
    find: Find

    def text(self, part: ast.expr) -> str:
        """The characters of a part."""
        return ast.get_source_segment(self.code, part) or ""

    def operand(self, part: ast.expr) -> Operand | None:
        """A part as an operand; None where it has no values."""
        text = self.text(part)
        value = None if text == "torch" else self.find(text)
        if value is None and text != "torch":
            value = self.find(f"torch.as_tensor({text})")  # a number
        plain = isinstance(part, ast.Name | ast.Attribute | ast.Call | ast.Subscript | ast.Constant)
        return None if value is None else Operand(text if plain else f"({text})", value, self.named)


def tell_story(program: Program, name: str, tensors: Mapping[str, torch.Tensor], find: Find) -> Story | None:
    """The story of a tensor that was computed; `find` evaluates a part of its line. None without values."""
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
    line = _Line(name, tensor, code, root, named, find)
    return (
        _elementwise(line)
        or _called(line)
        or _reduced(line)
        or _view(line, program)
        or _view_of_operation(line)
        or plain
    )


def _view_of_operation(line: _Line) -> Story | None:
    """`(A + v)[:, :3].t()`: the story of `A + v`, told of the cell that the view looks at."""
    root = line.root
    while isinstance(root, ast.Subscript | ast.Call):
        inner = root.value if isinstance(root, ast.Subscript) else root.func
        if isinstance(root, ast.Call):
            if not isinstance(inner, ast.Attribute):
                return None
            inner = inner.value
        root = inner
        if isinstance(root, ast.BinOp):
            operand = line.operand(root)
            if operand is None or operand.tensor.untyped_storage().nbytes() != line.tensor.untyped_storage().nbytes():
                return None
            base = _Line(line.name, operand.tensor, line.code, root, line.named, line.find)
            told = _elementwise(base)
            return None if told is None else replace(told, tensor=line.tensor, base=operand.tensor)
    return None


def _elementwise(line: _Line) -> Story | None:
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


def _called(line: _Line) -> Story | None:
    """`torch.relu(A)`, `A.clamp(0, 1)`, `torch.maximum(A, v)`, `A > 5`, `-A`: an element made of elements."""
    root, words = line.root, ""
    parts: list[ast.expr] = []
    match root:
        case ast.Compare(left=left, ops=[sign], comparators=[right]) if type(sign) in _COMPARISONS:
            words, parts = _COMPARISONS[type(sign)], [left, right]
        case ast.UnaryOp(op=op, operand=inner) if type(op) in _SIGNS:
            words, parts = _SIGNS[type(op)], [inner]
        case ast.Call(func=ast.Attribute(value=owner, attr=name), args=args):
            owner_text = line.text(owner)
            is_function = owner_text == "torch" or owner_text.startswith("torch.")
            word = VOCABULARY.get(f"{owner_text}.{name}" if is_function else f".{name}")
            if word is not None and (word.family == "mapping" or name == "where"):
                words, parts = name, list(args) if is_function else [owner, *args]
    operands = [line.operand(part) for part in parts]
    found = tuple(operand for operand in operands if operand is not None)
    if not words or not found or len(found) < len(operands):
        return None
    fits = broadcast_shape([tuple(one.tensor.shape) for one in found]) == tuple(line.tensor.shape)
    return Story(line.name, line.tensor, found, words) if fits else None


def _reduced(line: _Line) -> Story | None:
    """`A.sum(1)`, `A.mean((0, 2), keepdim=True)`, `torch.amax(A, -1)`, `A.std()`."""
    root = line.root
    if not isinstance(root, ast.Call) or not isinstance(root.func, ast.Attribute):
        return None
    name, owner, args = root.func.attr, root.func.value, list(root.args)
    if line.text(owner) == "torch" and args:
        owner = args.pop(0)
    operand = line.operand(owner) if name in _REDUCTIONS else None
    if operand is None or operand.tensor.numel() == 0 or operand.tensor.ndim == 0:
        return None
    given = {keyword.arg: keyword.value for keyword in root.keywords}
    if name == "norm" and (args or given.keys() - {"dim", "keepdim"}):
        return None
    shape = tuple(operand.tensor.shape)
    axes = _axes(args[0] if args else given.get("dim"), len(shape))
    if not axes:
        return None
    keeps = tuple(1 if axis in axes else size for axis, size in enumerate(shape))
    drops = tuple(size for axis, size in enumerate(shape) if axis not in axes)
    own = tuple(line.tensor.shape)
    if own not in (keeps, drops):
        return None
    return Story(line.name, line.tensor, (operand,), _REDUCTIONS[name], axes, keeps_axes=own != drops)


def _axes(node: ast.expr | None, rank: int) -> tuple[int, ...]:
    """The axes that a `dim` names, in order; all without one; none where it cannot be read."""
    if node is None:
        return tuple(range(rank))
    parts = node.elts if isinstance(node, ast.Tuple | ast.List) else [node]
    axes = [_integer(part) for part in parts]
    return tuple(sorted(axis % rank for axis in axes if axis is not None)) if None not in axes else ()


def _integer(node: ast.expr | None) -> int | None:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _integer(node.operand)
        return None if inner is None else -inner
    return node.value if isinstance(node, ast.Constant) and type(node.value) is int else None


def _view(line: _Line, program: Program) -> Story | None:
    """The cell of the earlier tensor that a view looks at."""
    earlier = program.names[: program.names.index(line.name)]
    for other, its in line.named:
        if other in earlier and its.dtype == line.tensor.dtype and shares_storage(its, line.tensor) and its.numel():
            return Story(line.name, line.tensor, (Operand(other, line.tensor, ((other, its),)),), "the same cell")
    return None
