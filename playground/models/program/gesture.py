"""A gesture on a tensor's shape: the operation that it writes, the form for its sizes, and its description."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from playground.models.formatting import bytes_in_words
from playground.models.problem import Problem, ProblemError, refuse
from playground.models.registry import Registry


@dataclass(frozen=True, slots=True)
class Call:
    """A method call: `Call("permute", (1, 0)).code == ".permute(1, 0)"`."""

    method: str
    arguments: tuple[Any, ...] = ()

    def outline(self, tensor: torch.Tensor) -> torch.Tensor:
        """A tensor with the result's layout, for a tensor on the meta device.

        There flip, roll and repeat import torch's compiler, which takes a second, so a call of equal layout is used.
        """
        if self.method == "repeat":
            return _repeated(tensor, self.arguments)
        if self.method == "flip":
            return tensor.clone()
        if self.method == "roll":
            return tensor.clone(memory_format=_row_order(tensor))
        return self.apply(tensor)

    @property
    def code(self) -> str:
        """The text appended to the tensor's expression."""
        return f".{self.method}({', '.join(_argument(argument) for argument in self.arguments)})"

    def apply(self, tensor: torch.Tensor) -> torch.Tensor:
        """The result, as torch gives it."""
        result: torch.Tensor = getattr(tensor, self.method)(*self.arguments)
        return result


def _repeated(tensor: torch.Tensor, arguments: tuple[Any, ...]) -> torch.Tensor:
    counts = arguments[0] if arguments and isinstance(arguments[0], tuple) else arguments
    sizes = (1,) * (len(counts) - tensor.ndim) + tuple(tensor.shape)
    shape = tuple(size * count for size, count in zip(sizes, counts, strict=True))
    strides = [1]
    for size in reversed(shape[1:]):
        strides.insert(0, strides[0] * max(1, size))
    return torch.empty_strided(shape, strides[-len(shape) :] if shape else (), dtype=tensor.dtype, device="meta")


def _row_order(tensor: torch.Tensor) -> torch.memory_format:
    """roll concatenates two parts in row-major order, but clones a tensor without elements."""
    return torch.contiguous_format if tensor.numel() else torch.preserve_format


def _argument(value: object) -> str:
    if isinstance(value, tuple):
        inner = ", ".join(_argument(part) for part in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    return str(value)


@dataclass(frozen=True, slots=True)
class Cut:
    """`start:stop:step` along one axis."""

    start: int | None = None
    stop: int | None = None
    step: int | None = None

    @property
    def code(self) -> str:
        """As in an index: `":3"`, `"1:"`, `"::2"`, `":"`."""
        first = f"{'' if self.start is None else self.start}:{'' if self.stop is None else self.stop}"
        return first if self.step is None else f"{first}:{self.step}"


Place = int | Cut | None


@dataclass(frozen=True, slots=True)
class Index:
    """Basic indexing: `Index((Cut(), None)).code == "[:, None]"`."""

    places: tuple[Place, ...]

    def outline(self, tensor: torch.Tensor) -> torch.Tensor:
        """A tensor with the result's layout."""
        return self.apply(tensor)

    @property
    def code(self) -> str:
        """The text appended to the tensor's expression."""
        return f"[{', '.join(place.code if isinstance(place, Cut) else str(place) for place in self.places)}]"

    def apply(self, tensor: torch.Tensor) -> torch.Tensor:
        """The result, as torch gives it."""
        places = (
            slice(place.start, place.stop, place.step) if isinstance(place, Cut) else place for place in self.places
        )
        return tensor[tuple(places)]


Operation = Call | Index


def insert_axis(axis: int, rank: int) -> tuple[Operation, Operation]:
    """The two spellings of a new axis of size 1: `.unsqueeze(1)` and `[:, None]`."""
    places: tuple[Place, ...] = (*(Cut() for _ in range(axis)), None)
    if axis == rank and rank > 1:
        return Call("unsqueeze", (axis,)), _Ellipsis()
    return Call("unsqueeze", (axis,)), Index(places)


class _Ellipsis(Index):
    """`[..., None]`: a new axis at the end."""

    __slots__ = ()

    def __init__(self) -> None:
        Index.__init__(self, (None,))

    @property
    def code(self) -> str:
        """The text appended to the tensor's expression."""
        return "[..., None]"

    def apply(self, tensor: torch.Tensor) -> torch.Tensor:
        """The result, as torch gives it."""
        return tensor[..., None]


def moved_axis(rank: int, axis: int, place: int) -> tuple[int, ...]:
    """The order that moves `axis` to `place` and keeps the others in order: `moved_axis(3, 0, 2) == (1, 2, 0)`."""
    rest = [other for other in range(rank) if other != axis]
    rest.insert(place, axis)
    return tuple(rest)


def inserted_words(name: str, place: int, rank: int) -> str:
    """ "the plus after axis 0 of `v` wrote `v.unsqueeze(1)`, the same as `v[:, None]`"."""
    method, index = insert_axis(place, rank)
    where = f"the plus after axis {place - 1} of `{name}`" if place else f"the first plus of `{name}`"
    return f"{where} wrote `{name}{method.code}`, the same as `{name}{index.code}`"


def squeezed_words(name: str, axis: int, rank: int) -> str:
    """The cross of a size-1 axis, in both spellings."""
    same = f"`{name}[{', '.join([':'] * axis + ['0'])}]`"
    return f"the cross of axis {axis} of `{name}` wrote `{name}.squeeze({axis})`, the same as {same}"


def moved_words(name: str, axis: int, place: int, order: tuple[int, ...]) -> str:
    """A dragged chip; a swap of two axes is also a transpose."""
    words = f"axis {axis} of `{name}` moved to place {place} wrote `{name}.permute({', '.join(map(str, order))})`"
    swapped = [here for here, there in enumerate(order) if here != there]
    if len(swapped) == 2:
        spelled = f"{name}.t()" if len(order) == 2 else f"{name}.transpose({swapped[0]}, {swapped[1]})"
        return f"{words}, the same as `{spelled}`"
    return words


def resized_words(name: str, axis: int, size: int, code: str, *, made: bool) -> str:
    """A dragged or typed size: of a fill, or a slice."""
    verb = "made" if made else "cut to"
    return f"axis {axis} of `{name}` {verb} {size} wrote `{code}`"


def gesture_words(label: str, name: str, code: str) -> str:
    """A gesture from the menu."""
    return f"{label} wrote `{name}{code}`"


Shape = tuple[int, ...]
Values = Mapping[str, object]

_SIZES = re.compile(r"\s*-?[0-9]+\s*", re.ASCII)
_LARGEST = 2**62


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form.

    `kind` is "axis" (a badge to choose), "integer", "optional" (an integer or nothing), or "sizes" (integers with
    commas); `default` gives the initial text for a tensor of some shape, as it would be typed.
    """

    name: str
    label: str
    kind: str
    default: Callable[[Shape], str]
    description: str = ""


def read_fields(fields: tuple[Field, ...], texts: Mapping[str, str], shape: Shape) -> dict[str, object]:
    """The values of all fields; raises a `ProblemError` that names the field."""
    return {field.name: read_field(field, texts.get(field.name, field.default(shape)), shape) for field in fields}


def read_field(field: Field, text: str, shape: Shape) -> object:
    """The value of one field: an int, None, or a tuple of ints."""
    stripped = text.strip()
    if field.kind == "sizes":
        return parse_sizes(stripped, field.label)
    if field.kind == "optional" and not stripped:
        return None
    if not _SIZES.fullmatch(stripped):
        refuse(f"{field.label}: {stripped or 'nothing'} is not a whole number.")
    number = int(stripped[:40])
    if abs(number) > _LARGEST:
        refuse(f"{field.label}: {stripped} exceeds 2^62.")
    if field.kind == "axis":
        rank = len(shape)
        if not -rank <= number < rank:
            refuse(f"{field.label}: there is no axis {number}, the axes are 0 to {rank - 1}.")
        return number % rank if rank else 0
    return number


def parse_sizes(text: str, label: str = "Shape") -> tuple[int, ...]:
    """`parse_sizes("2, 6") == (2, 6)`; brackets and a trailing comma are allowed, an empty text is the shape ()."""
    inner = text.strip()
    for pair in ("()", "[]"):
        if inner.startswith(pair[0]) and inner.endswith(pair[1]):
            inner = inner[1:-1]
    parts = inner.removesuffix(",").split(",") if inner.strip() else []
    for part in parts:
        if not _SIZES.fullmatch(part):
            refuse(f"{label}: {part.strip() or 'nothing'} is not a whole number.")
        if abs(int(part.strip()[:40])) > _LARGEST:
            refuse(f"{label}: {part.strip()} exceeds 2^62.")
    return tuple(int(part) for part in parts)


def typed_sizes(sizes: tuple[int, ...]) -> str:
    """As it is typed: `"2, 6"`."""
    return ", ".join(str(size) for size in sizes)


Strides = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Metadata:
    """Shape, strides and dtype: everything that a gesture's outcome depends on."""

    shape: Shape
    strides: Strides
    dtype: str = "float32"

    def on_meta(self) -> torch.Tensor:
        """A tensor of this layout without values."""
        return torch.empty_strided(self.shape, self.strides, dtype=getattr(torch, self.dtype), device="meta")


def layout_of(tensor: torch.Tensor) -> Metadata:
    """The layout of a tensor."""
    return Metadata(tuple(tensor.shape), tuple(tensor.stride()), str(tensor.dtype).removeprefix("torch."))


@dataclass(frozen=True, slots=True)
class Preview:
    """The outcome of an operation: its code, the layout, and "view", "copy" or "same" with the bytes copied."""

    code: str
    layout: Metadata
    verdict: str
    copied_bytes: int = 0

    @property
    def verdict_text(self) -> str:
        """`"view"`, `"same"`, or `"copy 48 B"`."""
        return f"copy {bytes_in_words(self.copied_bytes)}" if self.verdict == "copy" else self.verdict


@dataclass(frozen=True, slots=True)
class Gesture:
    """A named operation: `offer` says why it does not apply (None if it does), `operation` builds it from fields.

    `quick` lists the choices that appear directly in the menu, as (label, field texts).
    """

    name: str
    label: str
    description: str
    operation: Callable[[Shape, Values], Operation]
    fields: tuple[Field, ...] = ()
    offer: Callable[[Metadata], Problem | None] = lambda layout: None
    quick: Callable[[Shape], tuple[tuple[str, dict[str, str]], ...]] = lambda shape: ()


GESTURES: Registry[Gesture] = Registry("gesture")


def preview_operation(layout: Metadata, operation: Operation) -> Preview | Problem:
    """The operation's outcome, computed on the meta device without touching any element."""
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


def gesture_operation(gesture: Gesture, layout: Metadata, texts: Mapping[str, str]) -> Operation:
    """The operation for a filled form; raises a `ProblemError` for invalid input."""
    problem = gesture.offer(layout)
    if problem is not None:
        raise ProblemError(problem)
    return gesture.operation(layout.shape, read_fields(gesture.fields, texts, layout.shape))


def preview_gesture(gesture: Gesture, layout: Metadata, texts: Mapping[str, str]) -> Preview | Problem:
    """The outcome of the form with its current input, or the problem."""
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


def menu_rows(layout: Metadata) -> tuple[MenuRow, ...]:
    """The menu for a tensor: first the choices without a form, with their outcomes, then one row per form."""
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
