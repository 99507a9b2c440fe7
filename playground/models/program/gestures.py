"""The registered gestures, in the order of the menu; each first checks for what torch would refuse, and says why."""

from __future__ import annotations

import math
from collections.abc import Callable

from playground.models.problem import Problem, refuse
from playground.models.program.gesture import (
    GESTURES,
    Call,
    Cut,
    Field,
    Gesture,
    Index,
    Metadata,
    Operation,
    Shape,
    Values,
    menu_rows,
    preview_gesture,
    typed_sizes,
)


def integers(values: Values, name: str) -> tuple[int, ...]:
    """A field of several sizes."""
    numbers = values[name]
    assert isinstance(numbers, tuple)
    return numbers


def integer(values: Values, name: str) -> int:
    """A field of one number."""
    number = values[name]
    assert isinstance(number, int)
    return number


def reshape_operation(shape: Shape, values: Values) -> Operation:
    """Built from the fields; refuses what does not fit."""
    sizes, count = integers(values, "shape"), math.prod(shape)
    unknown = sizes.count(-1)
    if unknown > 1 or any(size < -1 for size in sizes):
        refuse("One size may be -1, the others must be at least 0.")
    known = math.prod(size for size in sizes if size != -1)
    if unknown and known == 0:
        refuse("Next to a size of 0, -1 could be anything.")
    if unknown and count % known:
        refuse(f"{count} elements are not divisible by {known}.")
    if not unknown and known != count:
        refuse(f"({typed_sizes(sizes)}) has {known} elements, but the tensor has {count}.")
    return Call("reshape", (*sizes,) if sizes else ((),))


def folded_shape(shape: Shape) -> str:
    """The initial proposal: the elements in two rows if possible, otherwise in one."""
    count = math.prod(shape)
    return f"2, {count // 2}" if count and count % 2 == 0 else f"1, {count}"


def permute_operation(shape: Shape, values: Values) -> Operation:
    """Built from the fields; refuses what does not fit."""
    order, rank = integers(values, "order"), len(shape)
    axes = [axis + rank if axis < 0 else axis for axis in order]
    if sorted(axes) != list(range(rank)):
        refuse(f"The order must name each axis from 0 to {rank - 1} once.")
    return Call("permute", order)


def expand_operation(shape: Shape, values: Values) -> Operation:
    """Built from the fields; refuses what does not fit."""
    sizes = integers(values, "sizes")
    new = len(sizes) - len(shape)
    if new < 0:
        refuse(f"expand needs at least as many sizes as there are axes, {len(shape)}.")
    for place, size in enumerate(sizes):
        axis = place - new
        if axis < 0 and size < 0:
            refuse(f"The new axis {place} needs a size of at least 0.")
        if axis >= 0 and size != -1 and size != shape[axis] and shape[axis] != 1:
            refuse(f"Axis {axis} has size {shape[axis]}. Only an axis of size 1 can be stretched.")
        if size < -1:
            refuse(f"Size {size} is below 0.")
    return Call("expand", sizes if sizes else ((),))


def slice_operation(shape: Shape, values: Values) -> Operation:
    """Built from the fields; refuses what does not fit."""
    axis, step = integer(values, "axis"), values["step"]
    if step is not None and isinstance(step, int) and step < 1:
        refuse("A step must be at least 1; to go backwards, use flip, which copies.")
    bounds = [values[name] for name in ("start", "stop")]
    start, stop = (bound if isinstance(bound, int) else None for bound in bounds)
    cut = Cut(start, stop, step if isinstance(step, int) and step != 1 else None)
    return Index((*(Cut() for _ in range(axis)), cut))


def select_operation(shape: Shape, values: Values) -> Operation:
    """Built from the fields; refuses what does not fit."""
    axis, index = integer(values, "axis"), integer(values, "index")
    if not -shape[axis] <= index < shape[axis]:
        refuse(f"Index {index} is outside axis {axis}, which has size {shape[axis]}.")
    return Index((*(Cut() for _ in range(axis)), index))


def unfold_operation(shape: Shape, values: Values) -> Operation:
    """Built from the fields; refuses what does not fit."""
    axis, size, step = (integer(values, name) for name in ("axis", "size", "step"))
    if not 0 <= size <= shape[axis]:
        refuse(f"A window of {size} does not fit axis {axis}, which has size {shape[axis]}.")
    if step < 1:
        refuse("The windows must move by at least 1.")
    return Call("unfold", (axis, size, step))


def repeat_operation(shape: Shape, values: Values) -> Operation:
    """Built from the fields; refuses what does not fit."""
    counts = integers(values, "counts")
    if len(counts) < len(shape):
        refuse(f"repeat needs at least as many counts as there are axes, {len(shape)}.")
    if any(count < 0 for count in counts):
        refuse("A count must be at least 0.")
    return Call("repeat", counts if counts else ((),))


def distinct_axes(method: str) -> Callable[[Shape, Values], Operation]:
    """A method of two axes."""

    def build(shape: Shape, values: Values) -> Operation:
        return Call(method, (integer(values, "first"), integer(values, "second")))

    return build


def diagonal_operation(shape: Shape, values: Values) -> Operation:
    """Built from the fields; refuses what does not fit."""
    first, second = integer(values, "first"), integer(values, "second")
    if first == second:
        refuse("A diagonal needs two different axes.")
    return Call("diagonal", (integer(values, "offset"), first, second))


def squeeze_operation(shape: Shape, values: Values) -> Operation:
    """Built from the fields; refuses what does not fit."""
    axis = integer(values, "axis")
    if shape[axis] != 1:
        refuse(f"Axis {axis} has size {shape[axis]}. Only an axis of size 1 can be squeezed.")
    return Call("squeeze", (axis,))


def unsqueeze_operation(shape: Shape, values: Values) -> Operation:
    """Built from the fields; refuses what does not fit."""
    place = integer(values, "place")
    if not -len(shape) - 1 <= place <= len(shape):
        refuse(f"The place of a new axis must be from 0 to {len(shape)}.")
    return Call("unsqueeze", (place,))


def unflatten_operation(shape: Shape, values: Values) -> Operation:
    """Built from the fields; refuses what does not fit."""
    axis, sizes = integer(values, "axis"), integers(values, "sizes")
    if not sizes or any(size < 0 for size in sizes) or math.prod(sizes) != shape[axis]:
        refuse(f"The sizes multiply to {math.prod(sizes)}, but axis {axis} has size {shape[axis]}.")
    return Call("unflatten", (axis, sizes))


def flatten_operation(shape: Shape, values: Values) -> Operation:
    """Built from the fields; refuses what does not fit."""
    first, last = integer(values, "first"), integer(values, "last")
    if first > last:
        refuse(f"The first axis, {first}, comes after the last, {last}.")
    return Call("flatten", (first, last))


def roll_operation(shape: Shape, values: Values) -> Operation:
    """Built from the fields; refuses what does not fit."""
    return Call("roll", (integer(values, "shift"), integer(values, "axis")))


__all__ = ["GESTURES", "Gesture", "Metadata", "menu_rows", "preview_gesture"]

Quick = Callable[[Shape], tuple[tuple[str, dict[str, str]], ...]]


def _text(value: str) -> Callable[[Shape], str]:
    return lambda shape: value


_ZERO = _text("0")


def _axis(name: str = "axis", label: str = "Axis", default: Callable[[Shape], str] = _ZERO) -> Field:
    return Field(name, label, "axis", default, "the axis, counted from 0; -1 is the last")


def _needs_axes(count: int) -> Callable[[Metadata], Problem | None]:
    def offer(layout: Metadata) -> Problem | None:
        rank = len(layout.shape)
        if rank >= count:
            return None
        need = "an axis" if count == 1 else f"{count} axes"
        return Problem(f"It needs {need}, but the tensor has {rank or 'none'}.")

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
_REVERSED: Callable[[Shape], str] = lambda shape: typed_sizes(tuple(reversed(range(len(shape)))))  # noqa: E731


def _sizes(name: str, label: str, default: Callable[[Shape], str], description: str) -> Field:
    return Field(name, label, "sizes", default, description)


def _number(name: str, label: str, default: Callable[[Shape], str], description: str) -> Field:
    return Field(name, label, "integer", default, description)


def _stretch(shape: Shape) -> str:
    """Size-1 axes stretched to 3; without any, a new axis of size 3 in front."""
    sizes = tuple(3 if size == 1 else size for size in shape)
    return typed_sizes(sizes if 1 in shape else (3, *shape))


def _half(shape: Shape) -> str:
    return str((shape[0] + 1) // 2 if shape else 0)


_ENTRIES = (
    Gesture("ravel", "Flatten", "All elements along one axis.", lambda s, v: Call("flatten"), quick=_always("Flatten")),
    Gesture(
        "transpose",
        "Transpose",
        "Swap two axes. No element moves.",
        distinct_axes("transpose"),
        (_FIRST, _SECOND),
        _TWO,
        lambda s: (("Transpose", {}),) if len(s) == 2 else (("Transpose the last two", {}),),
    ),
    Gesture(
        "flip",
        "Flip",
        "Reverse an axis. torch makes a copy.",
        lambda s, v: Call("flip", (v["axis"],)),
        (_axis(),),
        _ANY,
        _flips,
    ),
    Gesture(
        "contiguous",
        "Contiguous",
        "Row-major order in memory; the same tensor if it already has that.",
        lambda s, v: Call("contiguous"),
        quick=_always("Contiguous"),
    ),
    Gesture(
        "reshape",
        "Reshape",
        "Other sizes, the same elements in row-major order.",
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
        "Merge neighbouring axes into one.",
        flatten_operation,
        (_axis("first", "From axis"), _axis("last", "To axis", lambda s: str(max(0, len(s) - 1)))),
        _ANY,
    ),
    Gesture(
        "unflatten",
        "Unflatten",
        "Split one axis into several.",
        unflatten_operation,
        (
            _axis(),
            _sizes("sizes", "Sizes", lambda s: f"{s[0]}, 1" if s else "1", "sizes that multiply to the axis's size"),
        ),
        _ANY,
    ),
    Gesture(
        "unsqueeze",
        "Insert an axis",
        "A new axis of size 1.",
        unsqueeze_operation,
        (_number("place", "Place", _ZERO, "the place of the new axis"),),
    ),
    Gesture(
        "squeeze",
        "Squeeze",
        "Remove an axis of size 1.",
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
        "Part of an axis, as a view.",
        slice_operation,
        (
            _axis(),
            Field("start", "From", "optional", _text(""), "the first index; empty: 0"),
            Field("stop", "To, excluded", "optional", _half, "one past the last index; empty: the end"),
            Field("step", "Step", "optional", _text(""), "take every n-th element"),
        ),
        _ANY,
    ),
    Gesture(
        "select",
        "Select",
        "One index of an axis, which is removed.",
        select_operation,
        (_axis(), _number("index", "Index", _ZERO, "-1 is the last")),
        lambda layout: (
            _ANY(layout) or (Problem("An axis has size 0, there is nothing to select.") if 0 in layout.shape else None)
        ),
    ),
    Gesture(
        "diagonal",
        "Diagonal",
        "The diagonal of two axes, as a view; it becomes the last axis.",
        diagonal_operation,
        (_number("offset", "Offset", _ZERO, "0 is the main diagonal, 1 the one above"), _FIRST, _SECOND),
        _TWO,
    ),
    Gesture(
        "unfold",
        "Unfold",
        "Sliding windows along an axis: a view with overlapping windows.",
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
        "Copies side by side; unlike expand, it needs memory for them.",
        repeat_operation,
        (_sizes("counts", "Counts", lambda s: typed_sizes((2,) * max(1, len(s))), "how many times along each axis"),),
    ),
    Gesture(
        "roll",
        "Roll",
        "Shift elements along an axis; those shifted out re-enter at the start.",
        roll_operation,
        (_number("shift", "Shift", _text("1"), "negative: towards the start"), _axis()),
        _ANY,
    ),
    Gesture("clone", "Clone", "A copy with the same strides.", lambda s, v: Call("clone"), quick=_always("Clone")),
)

for _entry in _ENTRIES:
    GESTURES.register(_entry)
