"""Plans a line once more with symbolic sizes, and finds the equalities that only the sizes at hand make true."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from playground.models.broadcasting.chance.meeting import AxesMeeting, Axis, meeting_of
from playground.models.broadcasting.chance.reshaping import ReshapeReading, read_reshape
from playground.models.broadcasting.chance.sizes import SizeOrigin, Sizes, SizesTogether
from playground.models.job import Job
from playground.models.language.budget import Watch, makes
from playground.models.language.interpreter import Interpreter, number_operation
from playground.models.language.source import ExpressionText
from playground.models.language.vocabulary import Word
from playground.models.language.vocabulary.bounds import tensors
from playground.models.language.vocabulary.plans import VALUE_PLANS

RESHAPES = frozenset({"view", "reshape", "unflatten"})
EXPANDS = frozenset({"expand", "broadcast_to"})
TURNS = frozenset({"T", "mT", "H", "t", "transpose", "permute", "swapaxes", "swapdims", "movedim", "moveaxis"})
SQUARE = frozenset({
    "trace", "det", "logdet", "slogdet", "inv", "inverse", "matrix_power", "matrix_exp", "cholesky", "eig", "eigh",
    "eigvals", "eigvalsh", "solve",
})  # fmt: skip
"""Words that are only defined for square matrices: using one says that the matrix is meant to be square."""
JOINS = frozenset({"cat", "concat", "concatenate", "stack", "hstack", "vstack", "dstack", "column_stack"})
MOST_TRIED_MERGES = 60


class UntraceableError(Exception):
    """A call cannot be followed with symbolic sizes."""


@dataclass(frozen=True, slots=True)
class ReducedAxis:
    """An axis that a reduction removed: its size, its number, and the node that names it in a line."""

    size: int
    axis: int
    node: ast.expr
    line: str


@dataclass(frozen=True, slots=True)
class AxisFacts:
    """What is known of a tensor besides its sizes: if the line swaps its axes explicitly, and axes just removed."""

    turned: bool = False
    ghosts: tuple[ReducedAxis, ...] = ()


@dataclass(frozen=True, slots=True)
class Doubt:
    """An equality that a line needs and that holds by chance.

    `shapes` are the operands' symbolic shapes at that moment, `pair` the axes that meet, `other` the axis that could
    meet one of them instead (None: none could), `ghost` the removed axis. `apart`: the two sizes are different axes of
    one tensor, so nothing but chance makes them equal.
    """

    node: ast.expr
    word: Word
    nodes: tuple[ast.expr | None, ...]
    meeting: AxesMeeting
    shapes: tuple[tuple[int, ...], ...]
    pair: tuple[Axis, Axis]
    other: Axis | None = None
    ghost: ReducedAxis | None = None
    apart: SizesTogether | None = None
    reading: ReshapeReading | None = None

    def size(self, axis: Axis) -> int:
        """The symbolic size of an operand's axis."""
        return self.shapes[axis[0]][axis[1]]


@dataclass(slots=True)
class TracedValues:
    """The tensors of a program with symbolic sizes, by name, and what else is known of them."""

    sizes: Sizes
    tensors: dict[str, torch.Tensor] = field(default_factory=dict)
    facts: dict[int, AxisFacts] = field(default_factory=dict)
    kept: list[torch.Tensor] = field(default_factory=list)

    def facts_of(self, tensor: torch.Tensor) -> AxisFacts:
        """What is known of this tensor."""
        return self.facts.get(id(tensor), _NOTHING)

    def note(self, tensor: torch.Tensor, facts: AxisFacts) -> None:
        """Remember facts of a tensor, which is kept so that its identity stays its own."""
        if facts is not _NOTHING:
            self.kept.append(tensor)
            self.facts[id(tensor)] = facts


_NOTHING = AxisFacts()


def meta_tensor(shape: Sequence[int], dtype: torch.dtype) -> torch.Tensor:
    """A tensor without values."""
    return torch.empty(tuple(shape), dtype=dtype, device="meta")


class ChanceTrace(Interpreter):
    """One line on symbolic sizes; `doubts` lists what holds in it by chance.

    `shapes` are the true shapes of the line's steps, by the place of the call in the text.
    """

    def __init__(
        self, parsed: ExpressionText, values: TracedValues, name: str, shapes: Mapping[tuple[int, int], tuple[int, ...]]
    ) -> None:
        super().__init__(parsed, values.tensors, Watch(Job()), "meta")
        self.values, self.sizes, self.name, self.shapes = values, values.sizes, name, shapes
        self.doubts: list[Doubt] = []

    def true_shape(self, node: ast.expr) -> tuple[int, ...] | None:
        """The shape that this part of the line really has; None if it made no step."""
        span = self.parsed.span(node)
        return self.shapes.get((span.start, span.stop))

    def _operator(self, node: ast.expr, word: Word, nodes: Sequence[ast.expr]) -> Any:
        values = [self.visit(operand) for operand in nodes]
        if any(isinstance(value, torch.Tensor) for value in values):
            return self._apply(node, word, values, {}, nodes)
        values = [self.sizes.now(value) if type(value) is int else value for value in values]
        if word.name in ("/", "//") and all(type(value) is int and value > 0 for value in values):
            return self._quotient(word, values, node)
        return number_operation(word, values, self.parsed.span(node))

    def _quotient(self, word: Word, values: list[int], node: ast.expr) -> Any:
        """A size divided by a number or a size: the size becomes a product of two."""
        whole, divisor = values
        true, parts = self.sizes.value(whole), self.sizes.value(divisor)
        if whole % divisor and true % parts == 0 and parts > 1:
            known = divisor if divisor in self.sizes.origins else None
            try:
                left, right = self.sizes.split(whole, parts if known else true // parts, known)
            except ValueError:
                return number_operation(word, values, self.parsed.span(node))
            values = [left, 1] if known else [right, 1]
        return number_operation(word, values, self.parsed.span(node))

    def _element(self, node: ast.Subscript, value: Any, index: Any) -> Any:
        part = value[index]
        return self._followed(part, node, ()) if isinstance(part, torch.Tensor) else part

    def _apply(
        self, node: ast.expr, word: Word, positional: list[Any], keywords: dict[str, Any], nodes: Sequence[ast.expr]
    ) -> Any:
        arguments = (*positional, *keywords.values())
        if word.name in (".shape", ".size", ".ndim", ".dtype", ".numel", ".dim"):
            return word.call(*self._current(positional), **keywords)
        operands = tensors(arguments)
        if word.short_name in RESHAPES and operands and not isinstance(arguments[-1], torch.dtype):
            return self._reshaped(node, word, operands[0], self._current(list(arguments[1:])), nodes)
        if word.short_name in EXPANDS and operands:
            return self._expanded(operands[0], self._current(list(arguments[1:])))
        changed = self._met(node, word, positional, keywords, nodes)
        result = self._result(word, positional, keywords, operands, changed)
        if isinstance(result, torch.Tensor):
            result = self._followed(result, node, operands, fresh=self._is_free(word, positional, keywords, operands))
            self._keep_facts(result, word, arguments, nodes, operands)
        return result

    def _is_free(
        self, word: Word, positional: list[Any], keywords: dict[str, Any], operands: list[torch.Tensor]
    ) -> bool:
        """True if the sizes of a result are written in the call, or depend on values."""
        masks = word.name == "[]" and any(tensor.dtype is torch.bool for tensor in operands[1:])
        return masks or word.plan in VALUE_PLANS or (word.family == "making" and word.storage == "new")

    def _result(
        self,
        word: Word,
        positional: list[Any],
        keywords: dict[str, Any],
        operands: list[torch.Tensor],
        changed: Mapping[int, torch.Tensor],
    ) -> Any:
        given, named = (
            self._current(positional, changed),
            dict(zip(keywords, self._current(list(keywords.values()), changed), strict=True)),
        )
        if makes(word, (*positional, *keywords.values())):
            named = {key: value for key, value in named.items() if key != "generator"} | {"device": "meta"}
        try:
            return (word.plan or word.call)(*given, **named)
        except Exception:
            return self._searched(word, positional, keywords, operands)

    def _current(self, values: list[Any], changed: Mapping[int, torch.Tensor] | None = None) -> list[Any]:
        """The values with sizes as they are now known."""
        return [self._now(value, changed or {}) for value in values]

    def _now(self, value: Any, changed: Mapping[int, torch.Tensor]) -> Any:
        if isinstance(value, torch.Tensor):
            return changed[id(value)] if id(value) in changed else self._tensor_now(value)
        if type(value) is int:
            return self.sizes.now(value)
        if isinstance(value, torch.Size):
            return torch.Size(self.sizes.shape_now(value))
        if type(value) in (list, tuple):
            return type(value)(self._now(part, changed) for part in value)
        if isinstance(value, slice):
            return slice(*(self._now(part, changed) for part in (value.start, value.stop, value.step)))
        return value

    def _tensor_now(self, tensor: torch.Tensor) -> torch.Tensor:
        if not self.sizes.replaced:
            return tensor
        shape = self.sizes.shape_now(tensor.shape)
        return tensor if shape == tuple(tensor.shape) else meta_tensor(shape, tensor.dtype)

    def _met(
        self, node: ast.expr, word: Word, positional: list[Any], keywords: dict[str, Any], nodes: Sequence[ast.expr]
    ) -> dict[int, torch.Tensor]:
        """Judge which axes meet and make them equal; the operands whose shapes this changed, by identity."""
        operands = tensors((*positional, *keywords.values()))
        if word.short_name in SQUARE and operands and operands[0].ndim > 1:
            self.sizes.merge(*operands[0].shape[-2:])
        if len(operands) < 2 or word.short_name in JOINS:
            return {}
        shapes = tuple(self.sizes.shape_now(tensor.shape) for tensor in operands)
        meeting = meeting_of(word, positional, keywords, shapes)
        if meeting is None:
            return {}
        owners = _operand_nodes((*positional, *keywords.values()), nodes)
        self._judge(Doubt(node, word, owners, meeting, shapes, ((0, 0), (0, 0))), operands)
        return self._made_equal(meeting, operands)

    def _made_equal(self, meeting: AxesMeeting, operands: list[torch.Tensor]) -> dict[int, torch.Tensor]:
        """Merge the sizes that meet; what cannot be merged is made equal for this call only."""
        for (one, i), (other, k) in meeting.pairs:
            self.sizes.merge(operands[one].shape[i], operands[other].shape[k])
        local = [list(self.sizes.shape_now(tensor.shape)) for tensor in operands]
        for (one, i), (other, k) in meeting.pairs:
            if 1 not in (local[one][i], local[other][k]):
                local[other][k] = local[one][i] = max(local[one][i], local[other][k])
        return {
            id(tensor): meta_tensor(shape, tensor.dtype)
            for tensor, shape in zip(operands, local, strict=True)
            if tuple(shape) != tuple(tensor.shape)
        }

    def _judge(self, call: Doubt, operands: list[torch.Tensor]) -> None:
        meeting, sizes = call.meeting, self.sizes
        sized = [(pair, call.size(pair[0]), call.size(pair[1])) for pair in meeting.pairs]
        needed = [(pair, left, right) for pair, left, right in sized if left != right and 1 not in (left, right)]
        needed = [one for one in needed if not (sizes.is_loose(one[1]) or sizes.is_loose(one[2]))]
        swapped = {(left, right) for _, left, right in needed}
        if len(swapped) > 1 and swapped == {(right, left) for left, right in swapped}:
            return
        facts = [self.values.facts_of(tensor) for tensor in operands]
        for pair, left, right in needed:
            doubt = self._doubt_of(call, pair, facts, sizes.together(left, right))
            if doubt is not None:
                self.doubts.append(doubt)
                return

    def _doubt_of(
        self, call: Doubt, pair: tuple[Axis, Axis], facts: list[AxisFacts], apart: SizesTogether | None
    ) -> Doubt | None:
        if apart is not None:
            return replace(call, pair=pair, other=self._other(call, pair, facts, apart), apart=apart)
        if not call.meeting.aligned and pair not in call.meeting.quiet:
            other = self._other(call, pair, facts, apart)
            if other is not None:
                return replace(call, pair=pair, other=other)
        ghost = self._ghost(call, pair, facts)
        return None if ghost is None else replace(call, pair=pair, ghost=ghost)

    def _other(
        self, call: Doubt, pair: tuple[Axis, Axis], facts: list[AxisFacts], apart: SizesTogether | None
    ) -> Axis | None:
        """A free axis of equal length that could meet one of the pair in place of the other."""
        sizes = self.sizes
        found: list[tuple[bool, int, Axis]] = []
        for taken, partner in (pair, pair[::-1]):
            for axis in call.meeting.free:
                size = call.size(axis)
                if axis[0] != taken[0] or size == call.size(taken) or facts[axis[0]].turned:
                    continue
                if sizes.value(size) != sizes.value(call.size(taken)) or sizes.is_loose(size):
                    continue
                is_same = size == call.size(partner)
                if apart is not None and not is_same:
                    continue
                if not is_same and sizes.together(size, call.size(partner)):
                    continue
                found.append((not is_same, -axis[0], axis))
        return min(found)[-1] if found else None

    def _ghost(self, call: Doubt, pair: tuple[Axis, Axis], facts: list[AxisFacts]) -> ReducedAxis | None:
        """An axis of equal length that a reduction of one of the operands has just removed."""
        sizes = self.sizes
        for taken, partner in (pair, pair[::-1]):
            for ghost in facts[taken[0]].ghosts:
                size = sizes.now(ghost.size)
                if size == call.size(taken) or sizes.value(size) != sizes.value(call.size(taken)):
                    continue
                if not sizes.is_loose(size) and not sizes.together(size, call.size(partner)):
                    return ghost
        return None

    def _searched(
        self, word: Word, positional: list[Any], keywords: dict[str, Any], operands: list[torch.Tensor]
    ) -> Any:
        """The result after making as few sizes equal as the word needs; nothing is doubted of a word not known."""
        sizes = self.sizes
        present = list(dict.fromkeys(size for tensor in operands for size in sizes.shape_now(tensor.shape) if size > 1))
        pairs = [
            (left, right)
            for left, right in itertools.combinations(present, 2)
            if sizes.value(left) == sizes.value(right)
        ]
        tried = [[pair] for pair in pairs] + [[*two] for two in itertools.combinations(pairs, 2)] + [pairs]
        for merges in tried[:MOST_TRIED_MERGES]:
            names = {right: left for left, right in merges}
            changed = {
                id(tensor): meta_tensor([names.get(size, size) for size in sizes.shape_now(tensor.shape)], tensor.dtype)
                for tensor in operands
            }
            given = self._current(positional, changed)
            named = dict(zip(keywords, self._current(list(keywords.values()), changed), strict=True))
            try:
                result = (word.plan or word.call)(*given, **named)
            except Exception:
                continue
            for left, right in merges:
                sizes.merge(left, right)
            return result
        raise UntraceableError

    def _followed(
        self, result: torch.Tensor, node: ast.expr, operands: Sequence[torch.Tensor], *, fresh: bool = False
    ) -> torch.Tensor:
        """A result with a symbol for each size that is no product of symbols."""
        true = self.true_shape(node)
        shape = list(self.sizes.shape_now(result.shape))
        if true is None or len(true) != len(shape):
            true = None
        for axis, size in enumerate(shape):
            if size in self.sizes.origins or size in (0, 1):
                if true is not None and self.sizes.value(size) != true[axis]:
                    shape[axis] = self._loose(axis, true[axis])
                continue
            if true is None:
                continue
            plain = self.sizes.plain_part(size)
            if self.sizes.value(size) != true[axis]:
                shape[axis] = self.sizes.derived(size, SizeOrigin(self.name, axis, true[axis], fresh))
            elif fresh and plain == size:
                shape[axis] = self._written(axis, size, shape, node)
        self.sizes.seen(shape)
        return result if tuple(shape) == tuple(result.shape) else meta_tensor(shape, result.dtype)

    def _written(self, axis: int, size: int, shape: list[int], node: ast.expr) -> int:
        """The symbol of a size that a call writes; `torch.eye(4)` writes one for both of its axes."""
        is_eye = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "eye"
        if is_eye and axis == 1 and len(node.args) == 1:  # type: ignore[attr-defined]
            return shape[0]
        return self.sizes.fresh(SizeOrigin(self.name, axis, size))

    def _loose(self, axis: int, value: int) -> int:
        return self.sizes.fresh(SizeOrigin(self.name, axis, value, True))

    def _keep_facts(
        self,
        result: torch.Tensor,
        word: Word,
        arguments: Sequence[Any],
        nodes: Sequence[ast.expr],
        operands: list[torch.Tensor],
    ) -> None:
        if len(operands) != 1:
            return
        own = self.values.facts_of(operands[0])
        if word.short_name in TURNS:
            self.values.note(result, AxisFacts(not own.turned))
        elif word.family == "reducing" and result.ndim == operands[0].ndim - 1:
            place = next((k for k, value in enumerate(arguments) if type(value) is int), None)
            if place is not None and place < len(nodes):
                axis = arguments[place] % operands[0].ndim
                ghost = ReducedAxis(operands[0].shape[axis], axis, nodes[place], self.name)
                self.values.note(result, AxisFacts(ghosts=(ghost,)))
        elif result.shape == operands[0].shape and own is not _NOTHING:
            self.values.note(result, own)

    def _reshaped(
        self, node: ast.expr, word: Word, tensor: torch.Tensor, arguments: list[Any], nodes: Sequence[ast.expr]
    ) -> torch.Tensor:
        source = self.sizes.shape_now(tensor.shape)
        if word.short_name == "unflatten":
            axis = int(arguments[0]) % len(source)
            target = [*source[:axis], *arguments[1], *source[axis + 1 :]]
        else:
            target = list(arguments[0]) if len(arguments) == 1 and not isinstance(arguments[0], int) else arguments
        reading = read_reshape(self.sizes, source, target, self.name)
        if reading.is_doubtful:
            shapes = (source, tuple(target))
            owners = (nodes[0], None)
            self.doubts.append(
                Doubt(node, word, owners, AxesMeeting("reshape"), shapes, ((0, 0), (0, 0)), reading=reading)
            )
        shape = self.sizes.shape_now(reading.shape)
        self.sizes.seen(shape)
        return meta_tensor(shape, tensor.dtype)

    def _expanded(self, tensor: torch.Tensor, arguments: list[Any]) -> torch.Tensor:
        target = list(arguments[0]) if len(arguments) == 1 and not isinstance(arguments[0], int) else arguments
        source = self.sizes.shape_now(tensor.shape)
        missing = len(target) - len(source)
        shape: list[int] = []
        for axis, size in enumerate(target):
            own = source[axis - missing] if axis >= missing else 1
            if own != 1:
                shape.append(own)
            elif self.sizes.plain_part(size) == size and size > 1:
                shape.append(self.sizes.fresh(SizeOrigin(self.name, axis, size)))
            else:
                shape.append(abs(size))
        self.sizes.seen(shape)
        return meta_tensor(shape, tensor.dtype)


def _operand_nodes(arguments: Sequence[Any], nodes: Sequence[ast.expr]) -> tuple[ast.expr | None, ...]:
    """The node of each tensor among the arguments; None where it has none of its own."""
    found: list[ast.expr | None] = []
    for place, argument in enumerate(arguments):
        node = nodes[place] if place < len(nodes) else None
        if isinstance(argument, torch.Tensor):
            found.append(node)
        elif isinstance(argument, list | tuple):
            inside = tensors(argument)
            parts = node.elts if isinstance(node, ast.Tuple | ast.List) else []
            named = [part for part, value in zip(parts, argument, strict=False) if isinstance(value, torch.Tensor)]
            found += named if len(named) == len(inside) else [None] * len(inside)
    return tuple(found)


def line_sizes(values: TracedValues, name: str, shape: Sequence[int], tied: bool = False) -> tuple[int, ...]:
    """A symbol for each size of a tensor that is made or imported; one for all if they are `tied`."""
    shared = values.sizes.fresh(SizeOrigin(name, 0, shape[0])) if tied and 0 not in shape else 0
    sizes = tuple(shared or values.sizes.fresh(SizeOrigin(name, axis, size)) for axis, size in enumerate(shape))
    values.sizes.seen(sizes, name)
    return sizes
