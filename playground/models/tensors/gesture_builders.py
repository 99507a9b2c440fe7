"""From the fields of a form to the operation: each checks what torch would refuse, and says it by axis and size."""

from __future__ import annotations

import math
from collections.abc import Callable

from playground.models.outcome import refuse
from playground.models.tensors.gesture_fields import Shape, Values, sizes_text
from playground.models.tensors.operation import Call, Cut, Index, Operation


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
        refuse("One size may be -1, the others are 0 or more.")
    known = math.prod(size for size in sizes if size != -1)
    if unknown and known == 0:
        refuse("With a size of 0 beside it, -1 could be anything.")
    if unknown and count % known:
        refuse(f"{count} elements do not divide by {known}.")
    if not unknown and known != count:
        refuse(f"({sizes_text(sizes)}) has {known} elements, the tensor has {count}.")
    return Call("reshape", (*sizes,) if sizes else ((),))


def folded_shape(shape: Shape) -> str:
    """A first proposal: the elements in two rows if they divide, else in one."""
    count = math.prod(shape)
    return f"2, {count // 2}" if count and count % 2 == 0 else f"1, {count}"


def permute_operation(shape: Shape, values: Values) -> Operation:
    """Built from the fields; refuses what does not fit."""
    order, rank = integers(values, "order"), len(shape)
    axes = [axis + rank if axis < 0 else axis for axis in order]
    if sorted(axes) != list(range(rank)):
        refuse(f"The order names each axis from 0 to {rank - 1} once.")
    return Call("permute", order)


def expand_operation(shape: Shape, values: Values) -> Operation:
    """Built from the fields; refuses what does not fit."""
    sizes = integers(values, "sizes")
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


def slice_operation(shape: Shape, values: Values) -> Operation:
    """Built from the fields; refuses what does not fit."""
    axis, step = integer(values, "axis"), values["step"]
    if step is not None and isinstance(step, int) and step < 1:
        refuse("A step is 1 or more; to run backwards there is flip, which copies.")
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
        refuse("The windows move by 1 or more.")
    return Call("unfold", (axis, size, step))


def repeat_operation(shape: Shape, values: Values) -> Operation:
    """Built from the fields; refuses what does not fit."""
    counts = integers(values, "counts")
    if len(counts) < len(shape):
        refuse(f"repeat names at least as many counts as there are axes, {len(shape)}.")
    if any(count < 0 for count in counts):
        refuse("A count is 0 or more.")
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
        refuse("A diagonal runs through two different axes.")
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
        refuse(f"A new axis can stand at 0 to {len(shape)}.")
    return Call("unsqueeze", (place,))


def unflatten_operation(shape: Shape, values: Values) -> Operation:
    """Built from the fields; refuses what does not fit."""
    axis, sizes = integer(values, "axis"), integers(values, "sizes")
    if not sizes or any(size < 0 for size in sizes) or math.prod(sizes) != shape[axis]:
        refuse(f"The sizes multiply to {math.prod(sizes)}, axis {axis} has size {shape[axis]}.")
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
