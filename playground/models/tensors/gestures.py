"""The registered gestures, in the order of the menu."""

from __future__ import annotations

import math
from collections.abc import Callable

from playground.models.outcome import Problem, refuse
from playground.models.tensors.gesture import GESTURES, Gesture, Layout, menu_rows, preview_gesture
from playground.models.tensors.gesture_fields import Field, Shape, Values, sizes_text
from playground.models.tensors.operation import Call, Cut, Index, Operation

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


def _integers(values: Values, name: str) -> tuple[int, ...]:
    numbers = values[name]
    assert isinstance(numbers, tuple)
    return numbers


def _integer(values: Values, name: str) -> int:
    number = values[name]
    assert isinstance(number, int)
    return number


def _reshape(shape: Shape, values: Values) -> Operation:
    sizes, count = _integers(values, "shape"), math.prod(shape)
    unknown = sizes.count(-1)
    if unknown > 1 or any(size < -1 for size in sizes):
        refuse("One size may be -1, the others are 0 or more.")
    known = math.prod(size for size in sizes if size != -1)
    if unknown and known == 0:
        refuse("With a size of 0 beside it, -1 could be anything.")
    if unknown and count % known:
        refuse(f"{count} elements do not divide by {known}.")
    if not unknown and known != count:
        refuse(f"({sizes_text(sizes)}) has {known} elements, the tensor has {count}.")
    return Call("reshape", (*sizes,) if sizes else ((),))


def _folded_shape(shape: Shape) -> str:
    """A first proposal: the elements in two rows if they divide, else in one."""
    count = math.prod(shape)
    return f"2, {count // 2}" if count and count % 2 == 0 else f"1, {count}"


def _permute(shape: Shape, values: Values) -> Operation:
    order, rank = _integers(values, "order"), len(shape)
    axes = [axis + rank if axis < 0 else axis for axis in order]
    if sorted(axes) != list(range(rank)):
        refuse(f"The order names each axis from 0 to {rank - 1} once.")
    return Call("permute", order)


def _expand(shape: Shape, values: Values) -> Operation:
    sizes = _integers(values, "sizes")
    new = len(sizes) - len(shape)
    if new < 0:
        refuse(f"expand names at least as many sizes as there are axes, {len(shape)}.")
    for place, size in enumerate(sizes):
        axis = place - new
        if axis < 0 and size < 0:
            refuse(f"The new axis {place} needs a size of 0 or more.")
        if axis >= 0 and size != -1 and size != shape[axis] and shape[axis] != 1:
            refuse(f"Axis {axis} has size {shape[axis]}. Only an axis of size 1 can be stretched.")
        if size < -1:
            refuse(f"Size {size} is below 0.")
    return Call("expand", sizes if sizes else ((),))


def _slice(shape: Shape, values: Values) -> Operation:
    axis, step = _integer(values, "axis"), values["step"]
    if step is not None and isinstance(step, int) and step < 1:
        refuse("A step is 1 or more; to run backwards there is flip, which copies.")
    bounds = [values[name] for name in ("start", "stop")]
    start, stop = (bound if isinstance(bound, int) else None for bound in bounds)
    cut = Cut(start, stop, step if isinstance(step, int) and step != 1 else None)
    return Index((*(Cut() for _ in range(axis)), cut))


def _select(shape: Shape, values: Values) -> Operation:
    axis, index = _integer(values, "axis"), _integer(values, "index")
    if not -shape[axis] <= index < shape[axis]:
        refuse(f"Index {index} is outside axis {axis}, which has size {shape[axis]}.")
    return Index((*(Cut() for _ in range(axis)), index))


def _unfold(shape: Shape, values: Values) -> Operation:
    axis, size, step = (_integer(values, name) for name in ("axis", "size", "step"))
    if not 0 <= size <= shape[axis]:
        refuse(f"A window of {size} does not fit axis {axis}, which has size {shape[axis]}.")
    if step < 1:
        refuse("The windows move by 1 or more.")
    return Call("unfold", (axis, size, step))


def _repeat(shape: Shape, values: Values) -> Operation:
    counts = _integers(values, "counts")
    if len(counts) < len(shape):
        refuse(f"repeat names at least as many counts as there are axes, {len(shape)}.")
    if any(count < 0 for count in counts):
        refuse("A count is 0 or more.")
    return Call("repeat", counts if counts else ((),))


def _distinct_axes(method: str) -> Callable[[Shape, Values], Operation]:
    def build(shape: Shape, values: Values) -> Operation:
        return Call(method, (_integer(values, "first"), _integer(values, "second")))

    return build


def _diagonal(shape: Shape, values: Values) -> Operation:
    first, second = _integer(values, "first"), _integer(values, "second")
    if first == second:
        refuse("A diagonal runs through two different axes.")
    return Call("diagonal", (_integer(values, "offset"), first, second))


def _squeeze(shape: Shape, values: Values) -> Operation:
    axis = _integer(values, "axis")
    if shape[axis] != 1:
        refuse(f"Axis {axis} has size {shape[axis]}. Only an axis of size 1 can be squeezed.")
    return Call("squeeze", (axis,))


def _unsqueeze(shape: Shape, values: Values) -> Operation:
    place = _integer(values, "place")
    if not -len(shape) - 1 <= place <= len(shape):
        refuse(f"A new axis can stand at 0 to {len(shape)}.")
    return Call("unsqueeze", (place,))


def _unflatten(shape: Shape, values: Values) -> Operation:
    axis, sizes = _integer(values, "axis"), _integers(values, "sizes")
    if not sizes or any(size < 0 for size in sizes) or math.prod(sizes) != shape[axis]:
        refuse(f"The sizes multiply to {math.prod(sizes)}, axis {axis} has size {shape[axis]}.")
    return Call("unflatten", (axis, sizes))


def _flatten(shape: Shape, values: Values) -> Operation:
    first, last = _integer(values, "first"), _integer(values, "last")
    if first > last:
        refuse(f"The first axis, {first}, comes after the last, {last}.")
    return Call("flatten", (first, last))


def _roll(shape: Shape, values: Values) -> Operation:
    return Call("roll", (_integer(values, "shift"), _integer(values, "axis")))


def _flips(shape: Shape) -> tuple[tuple[str, dict[str, str]], ...]:
    return tuple((f"Flip axis {axis}", {"axis": str(axis)}) for axis in range(min(len(shape), 3)))


def _last_two(place: int) -> Callable[[Shape], str]:
    return lambda shape: str(max(0, len(shape) - 2 + place))


_ANY = _needs_axes(1)
_TWO = _needs_axes(2)
_FIRST = _axis("first", "First axis", _last_two(0))
_SECOND = _axis("second", "Second axis", _last_two(1))
_REVERSED: Callable[[Shape], str] = lambda shape: sizes_text(tuple(reversed(range(len(shape)))))  # noqa: E731
_AS_IS: Callable[[Shape], str] = sizes_text


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
        _distinct_axes("transpose"),
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
        _reshape,
        (_sizes("shape", "Shape", _folded_shape, "the new sizes; one may be -1"),),
    ),
    Gesture(
        "permute",
        "Permute",
        "The axes in another order.",
        _permute,
        (_sizes("order", "Order", _REVERSED, "the old axes in their new order"),),
        _ANY,
    ),
    Gesture(
        "flatten",
        "Flatten axes",
        "A run of axes as one.",
        _flatten,
        (_axis("first", "From axis"), _axis("last", "To axis", lambda s: str(max(0, len(s) - 1)))),
        _ANY,
    ),
    Gesture(
        "unflatten",
        "Unflatten",
        "One axis as several.",
        _unflatten,
        (_axis(), _sizes("sizes", "Sizes", lambda s: f"{s[0]}, 1" if s else "1", "sizes that multiply to the axis's")),
        _ANY,
    ),
    Gesture(
        "unsqueeze",
        "Insert an axis",
        "A new axis of size 1.",
        _unsqueeze,
        (_number("place", "Place", _ZERO, "where the new axis stands"),),
    ),
    Gesture(
        "squeeze",
        "Squeeze",
        "An axis of size 1 goes away.",
        _squeeze,
        (_axis(default=lambda s: str(s.index(1)) if 1 in s else "0"),),
        lambda layout: _ANY(layout) or (None if 1 in layout.shape else Problem("No axis has size 1.")),
    ),
    Gesture(
        "expand",
        "Expand",
        "Axes of size 1 are stretched, at no cost: their stride becomes 0.",
        _expand,
        (_sizes("sizes", "Sizes", _stretch, "-1 keeps an axis; new axes come in front"),),
    ),
    Gesture(
        "slice",
        "Slice",
        "Part of an axis, a view.",
        _slice,
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
        _select,
        (_axis(), _number("index", "Index", _ZERO, "-1 is the last")),
        lambda layout: (
            _ANY(layout) or (Problem("An axis has size 0, there is nothing to select.") if 0 in layout.shape else None)
        ),
    ),
    Gesture(
        "diagonal",
        "Diagonal",
        "The diagonal of two axes, a view that stands last.",
        _diagonal,
        (_number("offset", "Offset", _ZERO, "0 is the main diagonal, 1 the one above"), _FIRST, _SECOND),
        _TWO,
    ),
    Gesture(
        "unfold",
        "Unfold",
        "Sliding windows along an axis: a view whose windows overlap in memory.",
        _unfold,
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
        _repeat,
        (_sizes("counts", "Counts", lambda s: sizes_text((2,) * max(1, len(s))), "how often along each axis"),),
    ),
    Gesture(
        "roll",
        "Roll",
        "Elements move along an axis; what falls off the end comes in at the start.",
        _roll,
        (_number("shift", "Shift", _text("1"), "negative: towards the start"), _axis()),
        _ANY,
    ),
    Gesture("clone", "Clone", "A copy with the same strides.", lambda s, v: Call("clone"), quick=_always("Clone")),
)

for _entry in _ENTRIES:
    GESTURES.register(_entry)
