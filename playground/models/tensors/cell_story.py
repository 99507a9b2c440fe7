"""How an element came about: the elements that an elementwise line, a view or a reduction took it from."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import torch

from playground.models.tensors.program import Expression, Program, source_code
from playground.models.tensors.window import TensorReader

Index = tuple[int, ...]
Find = Callable[[str], torch.Tensor | None]
MAXIMUM_TERMS = 6

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
_REDUCTIONS = {"sum": "sum", "mean": "mean", "prod": "product", "amax": "largest", "amin": "smallest"}


@dataclass(frozen=True, slots=True)
class StoryLine:
    """One element that went in: its name as one would write it, and its exact text."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class CellStory:
    """`B[1,2] = 26`, the lines it came from, and what was made of them ("sum"); `more` lines are left out."""

    head: str
    value: str
    lines: tuple[StoryLine, ...] = ()
    conclusion: str = ""
    more: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Operand:
    """A tensor that goes in, with the text that stands for it and the named tensors it may be a view of."""

    text: str
    tensor: torch.Tensor
    named: tuple[tuple[str, torch.Tensor], ...] = ()

    def line(self, index: Index) -> StoryLine:
        """The element at an index of this operand."""
        return StoryLine(self.label(index), TensorReader(self.tensor).text(index))

    def label(self, index: Index) -> str:
        """`v[1]` rather than `v[:, None][1,0]`: the element of the named tensor that lies in the same place."""
        place = int(self.tensor.storage_offset()) + sum(
            i * stride for i, stride in zip(index, self.tensor.stride(), strict=True)
        )
        for name, tensor in self.named:
            if shares_storage(tensor, self.tensor) and tensor.dtype == self.tensor.dtype:
                found = index_at_place(tensor, place)
                if found is not None:
                    return element_label(name, found)
        return element_label(self.text, index)


def shares_storage(first: torch.Tensor, second: torch.Tensor) -> bool:
    """Whether two tensors lie in one storage."""
    return first.untyped_storage().data_ptr() == second.untyped_storage().data_ptr() != 0


def element_label(text: str, index: Index) -> str:
    """`element_label("A", (1, 2)) == "A[1,2]"`; a single number has no index."""
    if not index:
        return text
    return f"{text}[{','.join(map(str, index))}]"


def index_at_place(tensor: torch.Tensor, place: int) -> Index | None:
    """The index whose element lies at this place of the storage; None where there is none or more than one."""
    rest = place - int(tensor.storage_offset())
    index = [0] * tensor.ndim
    strides = tuple(tensor.stride())
    for axis in sorted(range(tensor.ndim), key=lambda a: -strides[a]):
        stride, size = strides[axis], tensor.shape[axis]
        if size == 1:
            continue
        if stride == 0:
            return None
        index[axis] = min(rest // stride, size - 1)
        rest -= index[axis] * stride
    return tuple(index) if rest == 0 else None


@dataclass(frozen=True, slots=True, eq=False)
class Story:
    """Tells of any element of one tensor: `story.at((1, 2))`."""

    name: str
    tensor: torch.Tensor
    operands: tuple[Operand, ...] = ()
    conclusion: str = ""
    reduced: int | None = None
    keeps_axis: bool = False
    base: torch.Tensor | None = None

    def at(self, index: Index) -> CellStory | None:
        """The story of one element; None for an index outside."""
        reader = TensorReader(self.tensor)
        if not reader.holds(index):
            return None
        head, value = element_label(self.name, index), reader.text(index)
        if self.base is not None:
            inner = self._index_in_base(index)
            if inner is None or TensorReader(self.base).text(inner) != value:
                return CellStory(head, value)
            index = inner
        if self.reduced is not None:
            return self._reduction(head, value, index)
        lines = tuple(operand.line(_aligned(index, operand.tensor)) for operand in self.operands)
        return CellStory(head, value, lines, self.conclusion)

    def _index_in_base(self, index: Index) -> Index | None:
        """The element of the operation's result that this view of it looks at."""
        assert self.base is not None
        place = sum(i * stride for i, stride in zip(index, self.tensor.stride(), strict=True))
        return index_at_place(self.base, place + int(self.tensor.storage_offset()))

    def _reduction(self, head: str, value: str, index: Index) -> CellStory:
        operand, axis = self.operands[0], self.reduced or 0
        size = operand.tensor.shape[axis]
        rest = index[:axis] + index[axis + 1 :] if self.keeps_axis else index
        shown = size if size <= MAXIMUM_TERMS else MAXIMUM_TERMS - 1
        lines = tuple(operand.line((*rest[:axis], place, *rest[axis:])) for place in range(shown))
        return CellStory(head, value, lines, self.conclusion, size - shown)


def _aligned(index: Index, tensor: torch.Tensor) -> Index:
    """The element of a broadcast operand that goes into an element of the result."""
    own = index[len(index) - tensor.ndim :] if tensor.ndim else ()
    return tuple(0 if size == 1 else place for place, size in zip(own, tensor.shape, strict=True))


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
    return _elementwise(line) or _reduced(line) or _view(line, program) or _view_of_operation(line) or plain


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


def _reduced(line: _Line) -> Story | None:
    """`A.sum(1)`, `A.mean(0, keepdim=True)`, `A.amax(-1)` over one axis."""
    root = line.root
    if not isinstance(root, ast.Call) or not isinstance(root.func, ast.Attribute):
        return None
    word = _REDUCTIONS.get(root.func.attr)
    operand = line.operand(root.func.value) if word is not None else None
    if word is None or operand is None:
        return None
    source, tensor = operand.tensor, line.tensor
    given = {keyword.arg: keyword.value for keyword in root.keywords}
    axis = _integer(root.args[0] if root.args else given.get("dim"))
    if source.numel() == 0 or source.ndim == 0 or (axis is None and source.ndim != 1):
        return None
    axis = (axis or 0) % source.ndim
    keeps = tensor.ndim == source.ndim
    if tensor.ndim < source.ndim - 1 or (keeps and tensor.shape[axis] != 1):
        return None
    return Story(line.name, tensor, (operand,), word, axis, keeps)


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
