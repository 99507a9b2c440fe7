"""Every operation in a watched module's forward pass in which broadcasting stretches an operand."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from playground.models.broadcasting.alignment import Shape, align
from playground.models.broadcasting.operators import axes_text
from playground.models.broadcasting.stretches import StretchedOperand, StretchedOperation, other_places
from playground.models.formatting import shape_in_words
from playground.models.language.vocabulary import VOCABULARY
from playground.models.network.watch.calls import Place, base_name, name_of, place_in_code

STRETCHING = frozenset(word.short_name for word in VOCABULARY.values() if word.stretches) | {
    "radd", "rsub", "rmul", "rdiv", "rtruediv", "rpow", "iadd", "isub", "imul", "idiv", "itruediv", "ipow", "and", "or",
    "xor", "floordiv", "rfloordiv", "mod", "rmod", "truediv",
}  # fmt: skip
"""The functions of torch whose tensors broadcast, without underscores."""


class StretchRecorder(TorchFunctionMode):
    """While it is entered, lists the calls of torch that stretch an operand, each place in the code once."""

    def __init__(self) -> None:
        super().__init__()
        self._found: dict[tuple[object, ...], StretchedOperation] = {}

    @property
    def found(self) -> tuple[StretchedOperation, ...]:
        """What was found, in the order in which it ran."""
        return tuple(self._found.values())

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        if base_name(name_of(func)).strip("_") in STRETCHING and isinstance(result, torch.Tensor):
            tensors = [one for one in (*args, *(kwargs or {}).values()) if isinstance(one, torch.Tensor) and one.dim()]
            shapes = [tuple(map(int, one.shape)) for one in tensors]
            if len(set(shapes)) > 1:
                self._note(name_of(func), shapes, place_in_code(sys._getframe(1)))
        return result

    def _note(self, name: str, shapes: list[Shape], places: tuple[Place, ...]) -> None:
        alignment = align(shapes, [""] * len(shapes))
        if not places or alignment.shape is None:
            return
        key = (places[-1], *shapes)
        if key not in self._found:
            self._found[key] = _operation(name, shapes, places[-1], alignment.shape)


def _operation(name: str, shapes: list[Shape], place: Place, result: Shape) -> StretchedOperation:
    texts, code = _operand_texts(place, len(shapes))
    rows = align(shapes, texts).rows
    stretched = tuple(StretchedOperand(row.name, row.shape, row.stretched) for row in rows if row.stretched)
    return StretchedOperation(
        f"{place.file}:{place.line}",
        code or f"{base_name(name).strip('_')}({', '.join(texts)})",
        tuple(shapes),
        result,
        stretched,
        next((words for one in stretched if (words := _chance(one, shapes))), ""),
    )


def _operand_texts(place: Place, count: int) -> tuple[list[str], str]:
    """The texts of the operands and of the whole operation; letters where the source cannot be read."""
    node = place.expression()
    code = ast.unparse(node) if node is not None else ""
    parts: list[ast.expr] = []
    if isinstance(node, ast.BinOp):
        parts = [node.left, node.right]
    elif isinstance(node, ast.Compare) and len(node.comparators) == 1:
        parts = [node.left, node.comparators[0]]
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        parts = [*([] if _is_module(node.func.value, place) else [node.func.value]), *node.args]
    texts = [ast.unparse(part) for part in parts]
    return (texts, code) if len(texts) == count else ([chr(ord("a") + k) for k in range(count)], code)


def _is_module(node: ast.expr, place: Place) -> bool:
    """True for the `torch` of `torch.where(...)`, by what its first name means there."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and isinstance(place.names.get(node.id), ModuleType)


def _chance(operand: StretchedOperand, shapes: list[Shape]) -> str:
    """What else the operand would fit, with these sizes; empty if it fits one place only."""
    large = max(shapes, key=len)
    for places in other_places(operand.shape, large):
        axes = [place for place, size in zip(places, operand.shape, strict=True) if size != 1]
        own, other = shape_in_words(operand.shape), shape_in_words(large)
        return f"{operand.text} {own} would fit {axes_text(axes)} of {other} too."
    return ""
