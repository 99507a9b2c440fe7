"""The gestures that a hand can make on a tensor's shape: each is one operation, previewed before it is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch

from playground.models.outcome import Problem, ProblemError
from playground.models.registry import Registry
from playground.models.tensors.gesture_fields import Field, Shape, Values, read_fields
from playground.models.tensors.operation import Operation
from playground.models.words import bytes_in_words

Strides = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """Shape, strides and dtype: all that a gesture's outcome depends on."""

    shape: Shape
    strides: Strides
    dtype: str = "float32"

    def on_meta(self) -> torch.Tensor:
        """A tensor of this layout without values."""
        return torch.empty_strided(self.shape, self.strides, dtype=getattr(torch, self.dtype), device="meta")


def layout_of(tensor: torch.Tensor) -> Layout:
    """The layout of a tensor."""
    return Layout(tuple(tensor.shape), tuple(tensor.stride()), str(tensor.dtype).removeprefix("torch."))


@dataclass(frozen=True, slots=True)
class Preview:
    """What an operation would give: its code, the layout, and "view", "copy" or "same" with the bytes copied."""

    code: str
    layout: Layout
    verdict: str
    copied_bytes: int = 0

    @property
    def verdict_text(self) -> str:
        """`"view"`, `"same"`, or `"copy 48 B"`."""
        return f"copy {bytes_in_words(self.copied_bytes)}" if self.verdict == "copy" else self.verdict


@dataclass(frozen=True, slots=True)
class Gesture:
    """A named operation: `offer` says why a tensor cannot have it (None: it can), `operation` builds it from fields.

    `quick` lists the choices that stand in the menu by themselves, as (label, field texts).
    """

    name: str
    label: str
    description: str
    operation: Callable[[Shape, Values], Operation]
    fields: tuple[Field, ...] = ()
    offer: Callable[[Layout], Problem | None] = lambda layout: None
    quick: Callable[[Shape], tuple[tuple[str, dict[str, str]], ...]] = lambda shape: ()


GESTURES: Registry[Gesture] = Registry("gesture")


def preview_operation(layout: Layout, operation: Operation) -> Preview | Problem:
    """What the operation would give, worked out on the meta device: no element is touched."""
    tensor = layout.on_meta()
    try:
        result = operation.outline(tensor)
    except (RuntimeError, IndexError, ValueError, TypeError, OverflowError) as error:
        return Problem(str(error).split("\n", 1)[0])
    size = result.numel() * result.element_size()
    if result is tensor:
        verdict = "same"
    else:
        shared = result.untyped_storage()._cdata == tensor.untyped_storage()._cdata
        verdict = "view" if shared else "copy"
    return Preview(operation.code, layout_of(result), verdict, 0 if verdict != "copy" else size)


def gesture_operation(gesture: Gesture, layout: Layout, texts: Mapping[str, str]) -> Operation:
    """The operation that a filled form stands for; a `ProblemError` says what does not fit."""
    problem = gesture.offer(layout)
    if problem is not None:
        raise ProblemError(problem)
    return gesture.operation(layout.shape, read_fields(gesture.fields, texts, layout.shape))


def preview_gesture(gesture: Gesture, layout: Layout, texts: Mapping[str, str]) -> Preview | Problem:
    """What the form would give as it is filled now, or what does not fit."""
    try:
        return preview_operation(layout, gesture_operation(gesture, layout, texts))
    except ProblemError as error:
        return error.problem


@dataclass(frozen=True, slots=True)
class MenuRow:
    """A row of the menu: a gesture with its fields filled (`form` False), or one that opens its form."""

    gesture: str
    label: str
    texts: tuple[tuple[str, str], ...]
    form: bool
    outcome: Preview | Problem


def menu_rows(layout: Layout) -> tuple[MenuRow, ...]:
    """The menu for a tensor: first what needs no form, with its outcome, then one row a form."""
    quick: list[MenuRow] = []
    forms: list[MenuRow] = []
    for gesture in GESTURES.values():
        refusal = gesture.offer(layout)
        choices = gesture.quick(layout.shape) if refusal is None else ()
        for label, texts in choices:
            outcome = preview_gesture(gesture, layout, texts)
            quick.append(MenuRow(gesture.name, label, tuple(sorted(texts.items())), False, outcome))
        if gesture.fields:
            outcome = refusal or preview_gesture(gesture, layout, {})
            forms.append(MenuRow(gesture.name, f"{gesture.label}…", (), True, outcome))
        elif refusal is not None:
            quick.append(MenuRow(gesture.name, gesture.label, (), False, refusal))
    return (*quick, *forms)
