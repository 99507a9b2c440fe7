"""The registered gestures, in the order of the menu."""

from __future__ import annotations

from collections.abc import Callable

from playground.models.outcome import Problem
from playground.models.tensors.gesture import GESTURES, Gesture, Layout, menu_rows, preview_gesture
from playground.models.tensors.gesture_builders import (
    diagonal_operation,
    distinct_axes,
    expand_operation,
    flatten_operation,
    folded_shape,
    permute_operation,
    repeat_operation,
    reshape_operation,
    roll_operation,
    select_operation,
    slice_operation,
    squeeze_operation,
    unflatten_operation,
    unfold_operation,
    unsqueeze_operation,
)
from playground.models.tensors.gesture_fields import Field, Shape, sizes_text
from playground.models.tensors.operation import Call

__all__ = ["GESTURES", "Gesture", "Layout", "menu_rows", "preview_gesture"]

Quick = Callable[[Shape], tuple[tuple[str, dict[str, str]], ...]]


def _text(value: str) -> Callable[[Shape], str]:
    return lambda shape: value


_ZERO = _text("0")


def _axis(name: str = "axis", label: str = "Axis", default: Callable[[Shape], str] = _ZERO) -> Field:
    return Field(name, label, "axis", default, "the axis, counted from 0; -1 is the last")


def _needs_axes(count: int) -> Callable[[Layout], Problem | None]:
    def offer(layout: Layout) -> Problem | None:
        rank = len(layout.shape)
        if rank >= count:
            return None
        need = "an axis" if count == 1 else f"{count} axes"
        return Problem(f"It needs {need}, the tensor has {rank or 'none'}.")

    return offer


def _always(label: str) -> Quick:
    return lambda shape: ((label, {}),)


def _flips(shape: Shape) -> tuple[tuple[str, dict[str, str]], ...]:
    return tuple((f"Flip axis {axis}", {"axis": str(axis)}) for axis in range(min(len(shape), 3)))


def _last_two(place: int) -> Callable[[Shape], str]:
    return lambda shape: str(max(0, len(shape) - 2 + place))


_ANY = _needs_axes(1)
_TWO = _needs_axes(2)
_FIRST = _axis("first", "First axis", _last_two(0))
_SECOND = _axis("second", "Second axis", _last_two(1))
_REVERSED: Callable[[Shape], str] = lambda shape: sizes_text(tuple(reversed(range(len(shape)))))  # noqa: E731


def _sizes(name: str, label: str, default: Callable[[Shape], str], description: str) -> Field:
    return Field(name, label, "sizes", default, description)


def _number(name: str, label: str, default: Callable[[Shape], str], description: str) -> Field:
    return Field(name, label, "integer", default, description)


def _stretch(shape: Shape) -> str:
    """Size-1 axes stretched to 3; where there is none, a new axis of 3 in front."""
    sizes = tuple(3 if size == 1 else size for size in shape)
    return sizes_text(sizes if 1 in shape else (3, *shape))


def _half(shape: Shape) -> str:
    return str((shape[0] + 1) // 2 if shape else 0)


_ENTRIES = (
    Gesture("ravel", "Flatten", "All elements in one axis.", lambda s, v: Call("flatten"), quick=_always("Flatten")),
    Gesture(
        "transpose",
        "Transpose",
        "Two axes change places. No element moves.",
        distinct_axes("transpose"),
        (_FIRST, _SECOND),
        _TWO,
        lambda s: (("Transpose", {}),) if len(s) == 2 else (("Transpose the last two", {}),),
    ),
    Gesture(
        "flip",
        "Flip",
        "The axis in reverse. torch copies it.",
        lambda s, v: Call("flip", (v["axis"],)),
        (_axis(),),
        _ANY,
        _flips,
    ),
    Gesture(
        "contiguous",
        "Contiguous",
        "Row order in memory; the same tensor if it is so already.",
        lambda s, v: Call("contiguous"),
        quick=_always("Contiguous"),
    ),
    Gesture(
        "reshape",
        "Reshape",
        "Other sizes, the same elements in row order.",
        reshape_operation,
        (_sizes("shape", "Shape", folded_shape, "the new sizes; one may be -1"),),
    ),
    Gesture(
        "permute",
        "Permute",
        "The axes in another order.",
        permute_operation,
        (_sizes("order", "Order", _REVERSED, "the old axes in their new order"),),
        _ANY,
    ),
    Gesture(
        "flatten",
        "Flatten axes",
        "A run of axes as one.",
        flatten_operation,
        (_axis("first", "From axis"), _axis("last", "To axis", lambda s: str(max(0, len(s) - 1)))),
        _ANY,
    ),
    Gesture(
        "unflatten",
        "Unflatten",
        "One axis as several.",
        unflatten_operation,
        (_axis(), _sizes("sizes", "Sizes", lambda s: f"{s[0]}, 1" if s else "1", "sizes that multiply to the axis's")),
        _ANY,
    ),
    Gesture(
        "unsqueeze",
        "Insert an axis",
        "A new axis of size 1.",
        unsqueeze_operation,
        (_number("place", "Place", _ZERO, "where the new axis stands"),),
    ),
    Gesture(
        "squeeze",
        "Squeeze",
        "An axis of size 1 goes away.",
        squeeze_operation,
        (_axis(default=lambda s: str(s.index(1)) if 1 in s else "0"),),
        lambda layout: _ANY(layout) or (None if 1 in layout.shape else Problem("No axis has size 1.")),
    ),
    Gesture(
        "expand",
        "Expand",
        "Axes of size 1 are stretched, at no cost: their stride becomes 0.",
        expand_operation,
        (_sizes("sizes", "Sizes", _stretch, "-1 keeps an axis; new axes come in front"),),
    ),
    Gesture(
        "slice",
        "Slice",
        "Part of an axis, a view.",
        slice_operation,
        (
            _axis(),
            Field("start", "From", "optional", _text(""), "the first index; empty: 0"),
            Field("stop", "To, excluded", "optional", _half, "one past the last index; empty: the end"),
            Field("step", "Step", "optional", _text(""), "every so many"),
        ),
        _ANY,
    ),
    Gesture(
        "select",
        "Select",
        "One place along an axis; the axis goes away.",
        select_operation,
        (_axis(), _number("index", "Index", _ZERO, "-1 is the last")),
        lambda layout: (
            _ANY(layout) or (Problem("An axis has size 0, there is nothing to select.") if 0 in layout.shape else None)
        ),
    ),
    Gesture(
        "diagonal",
        "Diagonal",
        "The diagonal of two axes, a view that stands last.",
        diagonal_operation,
        (_number("offset", "Offset", _ZERO, "0 is the main diagonal, 1 the one above"), _FIRST, _SECOND),
        _TWO,
    ),
    Gesture(
        "unfold",
        "Unfold",
        "Sliding windows along an axis: a view whose windows overlap in memory.",
        unfold_operation,
        (
            _axis(),
            _number("size", "Window", lambda s: str(min(2, s[0])) if s else "1", "elements in a window"),
            _number("step", "Step", _text("1"), "from one window to the next"),
        ),
        _ANY,
    ),
    Gesture(
        "repeat",
        "Repeat",
        "Copies side by side; unlike expand, it pays for them.",
        repeat_operation,
        (_sizes("counts", "Counts", lambda s: sizes_text((2,) * max(1, len(s))), "how often along each axis"),),
    ),
    Gesture(
        "roll",
        "Roll",
        "Elements move along an axis; what falls off the end comes in at the start.",
        roll_operation,
        (_number("shift", "Shift", _text("1"), "negative: towards the start"), _axis()),
        _ANY,
    ),
    Gesture("clone", "Clone", "A copy with the same strides.", lambda s, v: Call("clone"), quick=_always("Clone")),
)

for _entry in _ENTRIES:
    GESTURES.register(_entry)
