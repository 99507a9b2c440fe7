"""Each operation's effect on memory, recorded while a line is computed, and why it had to copy."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch

from playground.models.formatting import shape_in_words
from playground.models.language.source import ExpressionText
from playground.models.language.vocabulary import Word
from playground.models.language.vocabulary.bounds import tensors
from playground.models.problem import Span

Kind = Literal["view", "copy", "same", "new"]


@dataclass(frozen=True, slots=True)
class Step:
    """One operation: `A.t()`, `.reshape(12)`, `A + …`, or the stretching of an operand.

    `code` is its text in the chain, `suffix` what it appends to its tensor (`.t()`). `shape`, `strides` and `offset`
    count elements, the bytes fields bytes. `source_*` is the layout of the tensor that it works on. `base` names the
    program tensor that owns this storage (empty: its own), `shares_previous` tells whether it is the storage of the
    step before. `reason` says why a copy was necessary.
    """

    code: str
    span: Span
    kind: Kind
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int
    dtype: torch.dtype
    own_bytes: int
    storage_bytes: int
    suffix: str = ""
    word: str = ""
    base: str = ""
    shares_previous: bool = False
    reason: str = ""

    @property
    def is_stretch(self) -> bool:
        """True if this is an operand stretched by broadcasting."""
        return self.suffix == "stretched"


def storage_key(tensor: torch.Tensor) -> int:
    """A key that distinguishes storages of living tensors, real or meta (meta addresses are all 0)."""
    return int(tensor.untyped_storage()._cdata)


def share_storage(left: torch.Tensor, right: torch.Tensor) -> bool:
    """True if two living tensors, real or meta, share a storage."""
    return storage_key(left) == storage_key(right)


def kind_of(result: torch.Tensor, operands: Sequence[torch.Tensor], copies: bool) -> Kind:
    """The kind of a result: one of its operands, a view of one, a copy of its values, or new."""
    if any(result is operand for operand in operands):
        return "same"
    storage = storage_key(result)
    if any(storage_key(operand) == storage for operand in operands):
        return "view"
    return "copy" if copies else "new"


def step_texts(parsed: ExpressionText, node: ast.expr, nodes: Sequence[ast.expr]) -> tuple[str, str]:
    """The code of a call and what it appends to its tensor: `("A.t()", ".t()")`, `("A + …", "A + v[:, None]")`.

    Operands that are separate steps are written as `…`; `nodes` are the arguments, the receiver first.
    """
    known = parsed.codes.get(node)
    if known is None:
        known = parsed.codes[node] = _code(parsed, node, nodes), _suffix(parsed, node)
    return known


def _code(parsed: ExpressionText, node: ast.expr, nodes: Sequence[ast.expr]) -> str:
    whole, receiver, text = parsed.span(node), _receiver(node), parsed.text
    if receiver is not None and _is_step(receiver):
        return _suffix(parsed, node)
    pieces, place = [], whole.start
    for operand in sorted(_opened(nodes), key=lambda operand: parsed.span(operand).start):
        span = parsed.span(operand)
        if operand is not receiver and _is_step(operand) and span.start >= place:
            pieces.append(text[place : span.start] + "…")
            place = span.stop
    pieces.append(text[place : whole.stop])
    return "".join(pieces)


def _suffix(parsed: ExpressionText, node: ast.expr) -> str:
    receiver, whole = _receiver(node), parsed.span(node)
    if receiver is None:
        return whole.of(parsed.text)
    text = parsed.text[parsed.span(receiver).stop : whole.stop]
    return text.lstrip(") ") if text.startswith((")", " ")) else text


def _opened(nodes: Sequence[ast.expr]) -> list[ast.expr]:
    """The arguments with lists and tuples flattened."""
    found: list[ast.expr] = []
    for node in nodes:
        found += _opened(node.elts) if isinstance(node, ast.List | ast.Tuple) else [node]
    return found


def _receiver(node: ast.expr) -> ast.expr | None:
    """The tensor that a method, property or index works on."""
    match node:
        case ast.Call(func=ast.Attribute(value=value)) if not _is_torch(value):
            return value
        case ast.Attribute(value=value) | ast.Subscript(value=value) if not _is_torch(value):
            return value
    return None


def _is_torch(node: ast.expr) -> bool:
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and node.id == "torch"


def _is_step(node: ast.expr) -> bool:
    """True if computing a node makes a tensor, so that it is a separate step."""
    if isinstance(node, ast.Call | ast.Subscript | ast.BinOp | ast.Compare):
        return True
    if isinstance(node, ast.UnaryOp):
        return not isinstance(node.operand, ast.Constant)
    return isinstance(node, ast.Attribute) and node.attr in ("T", "mT", "H", "values", "indices")


def copy_reason(word: Word, source: torch.Tensor, result: torch.Tensor) -> str:
    """One sentence based on the actual layout; empty if the word always copies for its own reason."""
    short = word.short_name
    if word.name == "[]":
        return "A list or mask picks elements that no offset and strides can describe."
    if source.dtype != result.dtype:
        return f"Elements are converted from {_name(source.dtype)} to {_name(result.dtype)}."
    if short == "contiguous":
        order = "Row-major order" if result.is_contiguous() else "Channels last"
        return (
            f"{order} needs strides {shape_in_words(result.stride())}, here they are {shape_in_words(source.stride())}."
        )
    if short in ("reshape", "flatten", "ravel", "reshape_as"):
        return reshape_reason(tuple(source.shape), source.stride(), tuple(result.shape))
    if short in ("flip", "fliplr", "flipud", "rot90"):
        return "Reversed order needs a negative stride, which torch does not have."
    if short == "roll":
        return "The elements that wrap around break the stride."
    if short in ("repeat", "tile", "repeat_interleave"):
        return "Repeated elements are written out; expand would repeat them with stride 0."
    if short in ("cat", "concat", "concatenate", "stack", "hstack", "vstack", "dstack", "column_stack"):
        return "One storage must hold all elements."
    return ""


def reshape_reason(shape: tuple[int, ...], strides: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    """The pair of neighbouring axes that cannot be merged, in numbers."""
    axes = [axis for axis, size in enumerate(shape) if size != 1]
    for left, right in itertools.pairwise(axes):
        needed = strides[right] * shape[right]
        if strides[left] != needed and not _is_boundary(shape, left, wanted):
            return (
                f"Axes {left} and {right} do not merge: stride {left} would have to be stride {right} "
                f"times size {right}, {strides[right]}*{shape[right]} = {needed}, but it is {strides[left]}."
            )
    return ""


def _is_boundary(shape: tuple[int, ...], axis: int, wanted: tuple[int, ...]) -> bool:
    """True if the new shape also starts a new axis after this one."""
    inner = 1
    for size in shape[axis + 1 :]:
        inner *= size
    product = 1
    for size in reversed(wanted):
        if product == inner:
            return True
        product *= size
    return product == inner


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


@dataclass(frozen=True, slots=True, eq=False)
class _Parts:
    """A call that returned several tensors, one of which will be picked."""

    value: Any
    node: ast.expr
    word: Word
    operands: Sequence[torch.Tensor]
    nodes: Sequence[ast.expr]


class StepRecorder:
    """Collects the `Step`s of one line; keeps intermediate tensors only while the line runs."""

    def __init__(self, parsed: ExpressionText, environment: Mapping[str, torch.Tensor]) -> None:
        self.parsed = parsed
        self._bases: dict[int, str] = {}
        for name, tensor in environment.items():
            self._bases.setdefault(storage_key(tensor), name)
        self.steps: list[Step] = []
        self._previous: torch.Tensor | None = None
        self._parts: list[_Parts] = []

    def record(
        self, node: ast.expr, word: Word, positional: Sequence[Any], nodes: Sequence[ast.expr], result: Any
    ) -> None:
        """Add the step of one call, and before it the stretching of its operands.

        A call that returns several tensors gets its step when one of them is picked.
        """
        if not isinstance(result, torch.Tensor):
            if isinstance(result, tuple | list) and tensors(result):
                self._parts.append(_Parts(result, node, word, tensors(positional), nodes))
            return
        if positional and not isinstance(positional[0], torch.Tensor) and word.name in (".values", ".indices"):
            self.record_part(node, positional[0], result)
            return
        operands = tensors(positional)
        if word.stretches and len(operands) > 1:
            self._stretches(nodes, positional, result.shape)
        kind = kind_of(result, operands, word.storage in ("copy", "view or copy"))
        code, suffix = step_texts(self.parsed, node, nodes)
        self._add(code, suffix, self.parsed.span(node), kind=kind, result=result, operands=operands, word=word)

    def record_part(self, node: ast.expr, value: Any, picked: Any) -> None:
        """Add the step of a call that returned several tensors, now that one of them is picked."""
        call = next((parts for parts in self._parts if parts.value is value), None)
        if call is None or not isinstance(picked, torch.Tensor):
            return
        word = call.word
        kind = kind_of(picked, call.operands, word.storage in ("copy", "view or copy"))
        end = self.parsed.text[self.parsed.span(call.node).stop : self.parsed.span(node).stop].lstrip(") ")
        code, suffix = step_texts(self.parsed, call.node, call.nodes)
        self._add(
            code + end,
            suffix + end,
            self.parsed.span(node),
            kind=kind,
            result=picked,
            operands=call.operands,
            word=word,
        )

    def note_alias(self, tensor: torch.Tensor) -> None:
        """Add the step of a line that is a bare name."""
        text = self.parsed.text.strip()
        self._add(
            text, text, self.parsed.span(self.parsed.root), kind="same", result=tensor, operands=[tensor], word=None
        )

    def _stretches(self, nodes: Sequence[ast.expr], positional: Sequence[Any], shape: torch.Size) -> None:
        for node, operand in zip(nodes, positional, strict=False):
            if not isinstance(operand, torch.Tensor) or operand.shape == shape or operand.ndim > len(shape):
                continue
            try:
                stretched = operand.expand(shape)
            except RuntimeError:
                continue
            if operand.ndim:
                self._add(
                    "",
                    "stretched",
                    self.parsed.span(node),
                    kind="view",
                    result=stretched,
                    operands=[operand],
                    word=None,
                )

    def _add(
        self,
        code: str,
        suffix: str,
        span: Span,
        *,
        kind: Kind,
        result: torch.Tensor,
        operands: Sequence[torch.Tensor],
        word: Word | None,
    ) -> None:
        source = operands[0] if operands else None
        storage, previous = storage_key(result), self._previous
        self.steps.append(
            Step(
                code="stretched" if suffix == "stretched" else code,
                span=span,
                kind=kind,
                shape=tuple(result.shape),
                strides=result.stride(),
                offset=int(result.storage_offset()),
                dtype=result.dtype,
                own_bytes=result.nbytes,
                storage_bytes=result.untyped_storage().nbytes(),
                suffix=suffix,
                word=word.name if word else "",
                base=self._bases.get(storage, ""),
                shares_previous=previous is not None and storage_key(previous) == storage,
                reason=copy_reason(word, source, result) if kind == "copy" and word and source is not None else "",
            )
        )
        self._previous = result
